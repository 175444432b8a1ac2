"""The worklist: upload, progress, the table, its filters, exports."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from pumpclaim.errors import InputError
from pumpclaim.reports.worklist import FORMS
from pumpclaim.web.batches.access import batch_of, results_of
from pumpclaim.web.batches.exporting import write
from pumpclaim.web.batches.removal import remove as remove_batch
from pumpclaim.web.batches.removal import stays_in
from pumpclaim.web.batches.store import DONE, Batch
from pumpclaim.web.pages.given import files_of
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE, SEE_ALL, Visitor
from pumpclaim.web.sending import passing_file, sent
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import is_fragment, page
from pumpclaim.web.workers.lanes import EXPORTS
from pumpclaim.worklist import Selection, choices

if TYPE_CHECKING:
    import polars as pl

    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.runner import Runner
    from pumpclaim.web.services import Services

router = APIRouter()
Files = Annotated[list[tuple[str, UploadFile]], Depends(files_of)]
ROWS = 50
"""Claims on one page of the worklist."""
DAYS = ("first_day", "last_day")
CONTRACT_DIGITS = 5


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
) -> Response:
    """Keep files and have them judged; on to their worklist."""
    require(visitor, JUDGE)
    services = services_of(request)
    options = _options(services, visitor)
    if contractor.strip():
        options["contractor"] = _contract(contractor.strip())
    named = ((name, one.file) for name, one in files)
    with services.batches.arriving(visitor.id, named, services.settings.limits) as arrived:
        count = str(len(arrived.files))
        with services.audit.doing(visitor, "upload", batch=arrived.id, files=count):
            batch = services.batches.admit(arrived, options)
    runner_of(request).submit(batch.id)
    return go_to(request, f"/batches/{batch.id}")


def _contract(number: str) -> str:
    if not (len(number) == CONTRACT_DIGITS and number.isascii() and number.isdigit()):
        raise InputError("a contract number has five digits, such as 01312")
    return number


def _options(services: Services, visitor: Visitor) -> dict[str, Any]:
    switched = services.preferences.of(visitor.id)
    return {"readings": dict(switched.readings), "thresholds": dict(switched.thresholds)}


def go_to(request: Request, where: str) -> Response:
    """On to another page, whether htmx or the browser asks."""
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


@router.get("/batches/{batch}")
def worklist(request: Request, visitor: SignedIn, batch: str) -> Response:
    """The worklist of one upload, or how far its judging is."""
    services = services_of(request)
    found = batch_of(services, visitor, batch)
    if found.state != DONE:
        return page(
            request, "batch_waiting.html.j2", visitor,
            batch=found, progress=runner_of(request).progress(found),
        )  # fmt: skip
    results = results_of(services, visitor, batch)[1]
    selection = selection_of(request)
    chosen = selection.of(results.worklist)
    number = _page_number(request, chosen.height)
    rows = chosen.slice((number - 1) * ROWS, ROWS)
    services.audit.record(
        visitor, "see worklist", batch=batch, claims=rows.select("claim_id", "patient_id").rows()
    )
    part = is_fragment(request)
    return page(
        request, "parts/worklist_table.html.j2" if part else "worklist.html.j2", visitor,
        batch=found, rows=with_findings(rows, results), selection=asdict(selection),
        query=query_of(selection), number=number, pages=max(1, -(-chosen.height // ROWS)),
        chosen=chosen.height, at_stake=_sum(chosen["at_stake"]), unknown=chosen["at_stake"].null_count(),
        choices=choices(results.worklist), titles=_titles(),
        rejected=results.rejected.head(200).to_dicts(), rejected_count=results.rejected.height,
        refused=results.refused, notices=results.notices, owners=owners(services, visitor), forms=FORMS,
        headers={"Vary": "HX-Request"},
    )  # fmt: skip


def selection_of(request: Request) -> Selection:
    """What of a worklist the query asks for; raises InputError for a day that is none."""
    asked: dict[str, Any] = {}
    for name in Selection.__dataclass_fields__:
        text = request.query_params.get(name, "").strip()[:100]
        if text and name in DAYS:
            try:
                asked[name] = date.fromisoformat(text)
            except ValueError:
                raise InputError(f"'{text}' is no date; write it as 2026-03-05") from None
        elif text:
            asked[name] = text
    return Selection(**asked)


def query_of(selection: Selection) -> str:
    """A selection as the query of a URL, without the question mark."""
    return urlencode({name: str(value) for name, value in asdict(selection).items() if value})


def _page_number(request: Request, rows: int) -> int:
    text = request.query_params.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return max(1, min(number, -(-rows // ROWS)))


def with_findings(rows: pl.DataFrame, results: Results) -> list[dict[str, Any]]:
    """Rows of a worklist, each with its findings, worst first."""
    told: dict[int, list[dict[str, Any]]] = {}
    findings = results.findings_of(rows["claim"]).sort(
        "outcome", "line", descending=[True, False], maintain_order=True
    )
    for one in findings.iter_rows(named=True):
        told.setdefault(one["claim"], []).append(one)
    return [{**row, "told": told.get(row["claim"], [])} for row in rows.iter_rows(named=True)]


def _titles() -> dict[str, str]:
    from pumpclaim.rules import RULES  # noqa: PLC0415  (rules load with the first worklist)

    return {code: rule.title for code, rule in RULES.items()}


def _sum(column: pl.Series) -> int:
    return int(column.fill_null(0).sum())


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


@router.get("/batches/{batch}/export.{form}")
async def export(request: Request, visitor: SignedIn, batch: str, form: str) -> Response:
    """The worklist as it is filtered, as a file."""
    services = services_of(request)
    _, results = await run_in_threadpool(results_of, services, visitor, batch)
    if form not in FORMS:
        raise HTTPException(404, f"a worklist is exported as {', '.join(FORMS)}")
    selection, limits = selection_of(request), services.settings.limits
    with passing_file() as file:
        work = partial(write, results.folder, selection, form, limits.export_claims, file)
        shown = await services.workers.ask(
            request, EXPORTS, visitor.id, work, limits.export_seconds
        )
        await run_in_threadpool(
            services.audit.record, visitor, "export worklist", batch=batch, form=form,
            filter=query_of(selection), claims=shown,
        )  # fmt: skip
        return sent(file, f"worklist.{form}", FORMS[form][0])


@router.post("/batches/{batch}/judge")
def judge_again(request: Request, visitor: SignedIn, batch: str) -> Response:
    """Judge an upload once more, with today's charts and the readings that the visitor has switched."""
    services = services_of(request)
    found = batch_of(services, visitor, batch, change=True)
    if found.is_ended:
        options = {**found.options, **_options(services, visitor)}
        with services.audit.doing(visitor, "judge again", batch=batch):
            if services.batches.judge_again(batch, options):
                runner_of(request).submit(batch)
    return go_to(request, f"/batches/{batch}")


@router.get("/batches/{batch}/remove")
def ask_remove(request: Request, visitor: SignedIn, batch: str) -> Response:
    """Ask before an upload is removed."""
    services = services_of(request)
    found: Batch = batch_of(services, visitor, batch, change=True)
    return page(
        request, "batch_remove.html.j2", visitor, batch=found, stays_in=stays_in(services, found)
    )


@router.post("/batches/{batch}/remove")
def remove(request: Request, visitor: SignedIn, batch: str) -> Response:
    """Remove an upload: its files, what was found in them, and its claims from the history."""
    services = services_of(request)
    found = batch_of(services, visitor, batch, change=True)
    with services.audit.doing(visitor, "remove upload", batch=batch):
        runner_of(request).end(batch)
        remove_batch(services, found)
    return go_to(request, "/")
