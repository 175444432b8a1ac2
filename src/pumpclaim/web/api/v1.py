"""Version 1 of the HTTP API."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Response

from pumpclaim.reports.written import json_bytes
from pumpclaim.web.api import articles, charts, claims, described, quotes
from pumpclaim.web.api.judging import json

router = APIRouter(prefix="/api/v1")
for part in (claims, charts, quotes, articles):
    router.include_router(part.router)


@cache
def openapi() -> bytes:
    """The OpenAPI document; docs/openapi.json is the same."""
    return json_bytes(described.document(router))


@router.get("/openapi.json", include_in_schema=False)
def show_openapi() -> Response:
    """What this API takes and answers; open to everybody."""
    return json(openapi())
