"""The worklist: the table, its filters, exports, and what was done with its claims."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import orjson
import polars as pl
from fastapi import APIRouter, Form, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from pumpclaim.options import ALL_PATIENTS
from pumpclaim.patient_ids import plain_id, plain_ids
from pumpclaim.reports.worklist import FORMS
from pumpclaim.web.batches.access import batch_of
from pumpclaim.web.batches.exporting import write
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.batches.work import WorkStore
from pumpclaim.web.pages import uploads
from pumpclaim.web.pages.listed import ROWS, Listed, listed
from pumpclaim.web.pages.readings import Fields
from pumpclaim.web.pages.selecting import (
    SEALED,
    fields_of,
    query_of,
    read_selection,
    selection_of,
)
from pumpclaim.web.pages.uploads import owners, runner_of
from pumpclaim.web.paging import paged
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.sending import passing_file, sent
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import go_to, is_fragment, page
from pumpclaim.web.workers import lanes
from pumpclaim.worklist import NEEDS_WORK, UNDERCHARGED, choices

if TYPE_CHECKING:
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.services import Services

router = APIRouter()
router.include_router(uploads.router)
EXPORTS = {
    "csv": "CSV of claims", "findings.csv": "CSV of findings", "xlsx": "Excel", "json": "JSON",
}  # fmt: skip
"""The forms in which a worklist is taken away, and what they are called."""
SHOWN = 200
"""Claims that could not be read, of those that are shown."""
SEVERAL = ("outcome", "provider", "first_day", "last_day")
"""Fields that stand behind "more"."""


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
    return _list(request, visitor, listed(request, visitor, batch))


@router.post("/batches/{batch}")
def choose(request: Request, visitor: SignedIn, batch: str, fields: Fields) -> Response:
    """The worklist as a form asks for it; names and ids that are typed stand in no address as they are."""
    batch_of(services_of(request), visitor, batch)
    selection = read_selection(fields)
    query = query_of(request, visitor, selection)
    where = f"/batches/{batch}{'?' if query else ''}{query}"
    if not is_fragment(request):
        return go_to(request, where)
    return _list(request, visitor, listed(request, visitor, batch, selection), pushed=where)


def _list(
    request: Request, visitor: SignedIn, told: Listed, *, pushed: str | None = None
) -> Response:
    services = services_of(request)
    chosen, results = told.chosen, told.results
    at = paged(request, chosen.height, ROWS, pushed)
    rows, rejected = chosen[at.shown], results.rejected.head(0 if pushed else SHOWN)
    claims = rows.select("claim_id", "patient_id").rows()
    claims += [(one, None) for one in rejected["claim_id"]]
    services.audit.record(visitor, "see worklist", batch=told.batch.id, claims=claims)
    nothing = not results.worklist.height
    template = "batch_nothing.html.j2" if nothing else "worklist.html.j2"
    asked = fields_of(told.selection)
    return page(
        request, "parts/worklist_part.html.j2" if pushed else template, visitor,
        headers={"HX-Push-Url": pushed} if pushed else None,
        batch=told.batch, rows=with_findings(rows, results), selection=asked,
        several=any(asked[name] for name in SEVERAL), query=told.query, paged=at,
        judged=None if pushed else _judged(services, told.batch, results), work=_work(told),
        cards=_cards(request, visitor, told),
        chosen=chosen.height, at_stake=_sum(chosen["at_stake"]), unknown=chosen["at_stake"].null_count(),
        left_uncharged=_sum(chosen["left_uncharged"]), undercharged=UNDERCHARGED,
        choices=choices(results.worklist), titles=_titles(),
        rejected=rejected.to_dicts(), rejected_count=results.rejected.height,
        refused=results.refused, notices=results.notices, owners=owners(services, visitor), exports=EXPORTS,
    )  # fmt: skip


def _cards(request: Request, visitor: SignedIn, told: Listed) -> dict[str, str]:
    """The list narrowed to each determination, and to none: the query of its address."""
    names = ("", *choices(told.results.worklist)["determination"])
    return {name: query_of(request, visitor, told.selection, determination=name) for name in names}


def _work(told: Listed) -> dict[str, int]:
    """How many of the claims that need work are done."""
    needs = told.table.filter(pl.col("determination").cast(pl.String).is_in(NEEDS_WORK))
    return {"done": int(needs["done"].sum()), "all": needs.height}


def _judged(services: Services, batch: Batch, results: Results) -> dict[str, Any]:
    """How a batch was judged, and whether the charts are others by now."""
    charts, now = results.chart_documents, services.charts.documents(batch.owner)
    patients = set(plain_ids(results.worklist["patient_id"].drop_nulls()))
    ask_all = batch.options.get("records_of", ALL_PATIENTS) == ALL_PATIENTS
    # Records are asked of everybody only where there is a chart at all, whosever.
    is_asked_anew = ask_all and bool(charts) != bool(now)
    return {
        "charts": len(charts),
        "charted": (batch.summary or {}).get("charted"),
        "ask_all": ask_all,
        "charts_changed": is_asked_anew or _texts(charts, patients) != _texts(now, patients),
    }


def _texts(charts: list[dict[str, Any]], patients: set[str]) -> set[bytes]:
    """The charts of patients (by their plain ids), each as text, in no order."""
    return {orjson.dumps(one) for one in charts if plain_id(one["patient_id"]) in patients}


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


@router.get("/batches/{batch}/export.{form}")
async def export(request: Request, visitor: SignedIn, batch: str, form: str) -> Response:
    """The worklist as it is filtered, as a file."""
    services = services_of(request)
    told = await run_in_threadpool(listed, request, visitor, batch)
    if form not in FORMS:
        raise HTTPException(404, f"a worklist is exported as {', '.join(FORMS)}")
    limits = services.settings.limits
    asked = {
        name: text
        for name, text in fields_of(told.selection).items()
        if text and name not in SEALED
    }
    with passing_file() as file:
        work = partial(
            write, told.results.folder, told.selection, told.work,
            form=form, most=limits.export_claims, to=file,
        )  # fmt: skip
        shown = await services.workers.ask(
            request, lanes.EXPORTS, visitor.id, work, limits.export_seconds
        )
        await run_in_threadpool(
            services.audit.record, visitor, "export worklist", batch=batch, form=form,
            filter=urlencode(asked), claims=shown,
        )  # fmt: skip
        name = f"worklist.{form}" if "." not in form else f"worklist-{form}"
        return sent(file, name, FORMS[form][0])


@router.post("/batches/{batch}/claims/{claim}/work")
def work(
    request: Request,
    visitor: SignedIn,
    batch: str,
    claim: int,
    *,
    done: Annotated[bool | None, Form()] = None,
    note: Annotated[str | None, Form()] = None,
    query: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "list",
) -> Response:
    """Mark a claim done or open again, or note something; then back to list or claim, or to the next."""
    services = services_of(request)
    batch_of(services, visitor, batch, change=True)
    selection = selection_of(request, visitor, query)
    told = listed(request, visitor, batch, selection)
    row = told.row(claim)
    action = "note on claim" if done is None else "claim done" if done else "claim open again"
    concerned = [(row["claim_id"], row["patient_id"])]
    with services.audit.doing(visitor, action, batch=batch, claims=concerned):
        WorkStore(services.engine).change(told.batch, row, visitor, done=done, note=note)
    told = replace(told, work=WorkStore(services.engine).of(batch))
    if is_fragment(request):
        return page(
            request, "parts/work_changed.html.j2", visitor,
            batch=told.batch, row=told.row(claim), query=told.query, work=_work(told),
        )  # fmt: skip
    following = told.neighbours(claim)[1]
    if back == "next" and following is not None:
        return go_to(request, told.claim(following))
    return go_to(request, told.claim(claim) if back == "claim" else told.place(claim))
