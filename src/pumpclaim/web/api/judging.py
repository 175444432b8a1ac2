"""Where requests to the API are worked on, and how documents are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from fastapi import Response

from pumpclaim.readers.sources import Bounds
from pumpclaim.reports.written import json_bytes
from pumpclaim.web.services import services_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.settings import Limits
    from pumpclaim.web.workers.lanes import Lane

    Result = TypeVar("Result")


async def worked(
    request: Request, visitor: Visitor, lane: Lane, work: Callable[[], Result]
) -> Result:
    """What ``work`` gives, a partial of one of the functions of ``work``; see ``Workers.ask``."""
    services = services_of(request)
    seconds = services.settings.limits.judging_seconds
    return await services.workers.ask(request, lane, visitor.id, work, seconds)


def bounds(limits: Limits) -> Bounds:
    """How much one request may have read."""
    return Bounds(limits.unpacked_bytes, limits.lines)


def json(content: bytes) -> Response:
    """A document that is rendered already."""
    return Response(content, media_type="application/json")


def document(value: object) -> Response:
    """A document, as the command line writes it."""
    return json(json_bytes(value))
