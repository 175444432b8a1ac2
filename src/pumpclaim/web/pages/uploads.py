"""Uploads: files sent to be judged, how far that is, judged again, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.datastructures import UploadFile

from pumpclaim.options import ALL_PATIENTS, CHARTED_PATIENTS, contract_number
from pumpclaim.web.batches.access import batch_of
from pumpclaim.web.batches.removal import remove as remove_batch
from pumpclaim.web.batches.removal import stays_in
from pumpclaim.web.batches.work import WorkStore
from pumpclaim.web.pages.given import files_of, given
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE, SEE_ALL, Visitor
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import go_to, page

if TYPE_CHECKING:
    from pumpclaim.web.batches.runner import Runner
    from pumpclaim.web.services import Services

router = APIRouter()
Files = Annotated[list[tuple[str, UploadFile]], Depends(files_of)]
AskAll = Annotated[bool, Form(alias="ask_all")]
"""Whether the records of every patient are asked for, or of those alone of whom there is a chart."""


def runner_of(request: Request) -> Runner:
    """What judges the batches of the server that a request came to."""
    found: Runner = request.app.state.runner
    return found


@router.get("/")
def start(request: Request, visitor: SignedIn) -> Response:
    """Where files are dropped, and what was dropped before."""
    services = services_of(request)
    all_of = None if visitor.may(SEE_ALL) else visitor.id
    return page(
        request, "start.html.j2", visitor,
        batches=services.batches.of(all_of), owners=owners(services, visitor),
        switched=services.preferences.of(visitor.id), limits=services.settings.limits,
        charts=len(services.charts.judging(visitor.id)), done=WorkStore(services.engine).done(),
    )  # fmt: skip


def owners(services: Services, visitor: Visitor) -> dict[str, str]:
    """Names of the owners of what the visitor sees, by id."""
    return {one.id: one.name for one in services.users.all()} if visitor.may(SEE_ALL) else {}


@router.post("/batches")
def upload(
    request: Request,
    visitor: SignedIn,
    files: Files,
    contractor: Annotated[str, Form()] = "",
    ask_all: AskAll = False,
) -> Response:
    """Keep files and have them judged; on to their worklist."""
    require(visitor, JUDGE)
    services = services_of(request)
    options = _options(services, visitor, ask_all=ask_all)
    number = given(contract_number, contractor)
    if number is not None:
        options["contractor"] = number
    named = ((name, one.file) for name, one in files)
    with services.batches.arriving(visitor.id, named, services.settings.limits) as arrived:
        count = str(len(arrived.files))
        with services.audit.doing(visitor, "upload", batch=arrived.id, files=count):
            batch = services.batches.admit(arrived, options)
    runner_of(request).submit(batch.id)
    return go_to(request, f"/batches/{batch.id}")


def _options(services: Services, visitor: Visitor, *, ask_all: bool) -> dict[str, Any]:
    switched = services.preferences.of(visitor.id)
    return {
        "readings": dict(switched.readings),
        "thresholds": dict(switched.thresholds),
        "records_of": ALL_PATIENTS if ask_all else CHARTED_PATIENTS,
    }


@router.get("/batches/{batch}/state")
def state(request: Request, visitor: SignedIn, batch: str) -> Response:
    """How far an upload is, for the page that waits; once it has ended, the page is loaded anew."""
    found = batch_of(services_of(request), visitor, batch)
    if found.is_ended:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return page(
        request, "parts/progress.html.j2", visitor,
        batch=found, progress=runner_of(request).progress(found),
    )  # fmt: skip


@router.post("/batches/{batch}/judge")
def judge_again(
    request: Request,
    visitor: SignedIn,
    batch: str,
    ask_all: AskAll = False,
) -> Response:
    """Judge an upload once more, with today's charts and the readings that the visitor has switched."""
    services = services_of(request)
    found = batch_of(services, visitor, batch, change=True)
    if found.is_ended:
        options = {**found.options, **_options(services, visitor, ask_all=ask_all)}
        with services.audit.doing(visitor, "judge again", batch=batch):
            if services.batches.judge_again(batch, options):
                runner_of(request).submit(batch)
    return go_to(request, f"/batches/{batch}")


@router.get("/batches/{batch}/remove")
def ask_remove(request: Request, visitor: SignedIn, batch: str) -> Response:
    """Ask before an upload is removed."""
    services = services_of(request)
    found = batch_of(services, visitor, batch, change=True)
    return page(
        request, "batch_remove.html.j2", visitor, batch=found, stays_in=stays_in(services, found)
    )


@router.post("/batches/{batch}/remove")
def remove(request: Request, visitor: SignedIn, batch: str) -> Response:
    """Remove an upload: its files, what was found in them, and its claims from the history."""
    services = services_of(request)
    batch_of(services, visitor, batch, change=True)
    with services.audit.doing(visitor, "remove upload", batch=batch):
        runner_of(request).end(batch)
        # Until then a judging may begin, which adds its claims to a history.
        remove_batch(services, batch_of(services, visitor, batch, change=True))
    return go_to(request, "/")
