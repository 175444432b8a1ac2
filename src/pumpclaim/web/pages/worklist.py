"""The worklist: the table, its filters, exports."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response

from pumpclaim.errors import InputError
from pumpclaim.options import ALL_PATIENTS
from pumpclaim.reports.worklist import FORMS
from pumpclaim.web.batches.access import batch_of, results_of
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.pages import uploads
from pumpclaim.web.pages.uploads import owners, runner_of
from pumpclaim.web.paging import paged
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import is_fragment, page
from pumpclaim.worklist import UNDERCHARGED, Selection, choices

if TYPE_CHECKING:
    import polars as pl

    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.services import Services

router = APIRouter()
router.include_router(uploads.router)
EXPORTS = {
    "csv": "CSV of claims", "findings.csv": "CSV of findings", "xlsx": "Excel", "json": "JSON",
}  # fmt: skip
"""The forms in which a worklist is taken away, and what they are called."""
ROWS = 50
"""Claims on one page of the worklist."""
DAYS = ("first_day", "last_day")


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
    at = paged(request, chosen.height, ROWS)
    rows = chosen[at.shown]
    services.audit.record(
        visitor.name,
        "see worklist",
        batch=batch,
        claims=" ".join(map(str, rows["claim"].to_list())),
    )
    part = is_fragment(request)
    return page(
        request, "parts/worklist_table.html.j2" if part else "worklist.html.j2", visitor,
        batch=found, rows=with_findings(rows, results), selection=asdict(selection),
        query=query_of(selection), paged=at, judged=_judged(services, found, results),
        chosen=chosen.height, at_stake=_sum(chosen["at_stake"]), unknown=chosen["at_stake"].null_count(),
        left_uncharged=_sum(chosen["left_uncharged"]), undercharged=UNDERCHARGED,
        choices=choices(results.worklist), titles=_titles(),
        rejected=results.rejected.head(200).to_dicts(), rejected_count=results.rejected.height,
        refused=results.refused, notices=results.notices, owners=owners(services, visitor), exports=EXPORTS,
    )  # fmt: skip


def _judged(services: Services, batch: Batch, results: Results) -> dict[str, Any]:
    """How a batch was judged, and whether the charts are others by now."""
    charts = results.chart_documents
    return {
        "charts": len(charts),
        "charted": (batch.summary or {}).get("charted"),
        "ask_all": batch.options.get("records_of", ALL_PATIENTS) == ALL_PATIENTS,
        "charts_changed": charts != services.charts.documents(batch.owner),
    }


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
def export(request: Request, visitor: SignedIn, batch: str, form: str) -> Response:
    """The worklist as it is filtered, as a file."""
    services = services_of(request)
    _, results = results_of(services, visitor, batch)
    if form not in FORMS:
        raise HTTPException(404, f"a worklist is exported as {', '.join(FORMS)}")
    chosen = selection_of(request).of(results.worklist)
    media_type, render = FORMS[form]
    services.audit.record(
        visitor.name, "export worklist", batch=batch, form=form, claims=str(chosen.height)
    )
    name = f"worklist.{form}" if "." not in form else f"worklist-{form}"
    return Response(
        render(chosen, results.findings_of(chosen["claim"])),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
