"""Charts held against the article: ``pumpclaim assess`` over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import orjson
from fastapi import APIRouter, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pumpclaim.web.api import work
from pumpclaim.web.api.asked import AssessOptions
from pumpclaim.web.api.judging import bounds, json, worked
from pumpclaim.web.api.uploads import JSON, received
from pumpclaim.web.api.work import Switches
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE
from pumpclaim.web.services import services_of
from pumpclaim.web.workers.lanes import API

router = APIRouter(tags=["charts"])


@router.post("/assess", operation_id="assess", summary="Hold charts against the article")
async def assess(
    request: Request, visitor: SignedIn, asked: Annotated[AssessOptions, Query()]
) -> Response:
    """Says of each chart of the medical record what is met, what is not, and what is still to be obtained.

    Send one chart or a list of charts as JSON, or files of charts (YAML, JSON, FHIR QuestionnaireResponse,
    CSV, Parquet, each also as .gz) as parts `charts` of a form. A chart that cannot be used is listed under
    `refused`; when none can be used the answer is 422.

    The same JSON as `pumpclaim assess --format json`. Nothing is kept.
    """
    require(visitor, JUDGE)
    services = services_of(request)
    limits = services.settings.limits
    sent = await received(
        request, parts=("charts",), bodies=(JSON,), name=asked.name, limits=limits
    )
    charts = sent["charts"]
    if request.headers["content-type"].lower().startswith(JSON):
        _demand_json(charts[0][1])
    switches = Switches(asked.reading)
    judged = partial(work.assess, charts, switches, bounds(limits))
    content, shown = await worked(request, visitor, API, judged)
    await run_in_threadpool(services.audit.record, visitor, "assess by API", charts=shown)
    return json(content)


def _demand_json(content: bytes) -> None:
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"the body is no JSON ({error})") from None
