"""Claims held against the article: ``pumpclaim check`` over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pumpclaim.web.api import work
from pumpclaim.web.api.asked import CheckOptions
from pumpclaim.web.api.judging import bounds, json, worked
from pumpclaim.web.api.uploads import received
from pumpclaim.web.api.work import Switches
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE
from pumpclaim.web.services import services_of
from pumpclaim.web.workers.lanes import API

router = APIRouter(tags=["claims"])
BODIES = {
    "application/edi-x12": "An 837 file.",
    "text/csv": "A table of claim lines.",
    "application/vnd.apache.parquet": "A table of claim lines.",
    "application/gzip": "Any of these, packed.",
    "application/octet-stream": "Any of these; its content tells which it is.",
}
"""Content types of a body that is one file of claims."""


@router.post("/check", operation_id="check", summary="Hold claims against the article")
async def check(
    request: Request, visitor: SignedIn, asked: Annotated[CheckOptions, Query()]
) -> Response:
    """Reads 837, CSV or Parquet files (each also as .gz) as one set and judges every claim.

    Send one file as the body, or several as parts `files` of a form, with charts of the medical record as
    parts `charts` where there are any. Files are told by their content. A file that cannot be used is listed
    under `refused`, a claim that cannot be read under `rejected`, and the others are judged all the same;
    only when nothing at all can be read is the answer 422.

    The same JSON as `pumpclaim check --format json`. Nothing is kept: no history is asked or added to.
    """
    require(visitor, JUDGE)
    services = services_of(request)
    limits = services.settings.limits
    sent = await received(
        request, parts=("files", "charts"), bodies=BODIES, name=asked.name, limits=limits
    )

    switches = Switches(
        asked.reading, asked.threshold, asked.contractor, asked.select, asked.ignore
    )
    judged = partial(work.check, sent["files"], sent.get("charts"), switches, bounds(limits))
    content, shown = await worked(request, visitor, API, judged)
    await run_in_threadpool(services.audit.record, visitor, "check by API", claims=shown)
    return json(content)
