"""One claim with its lines, findings, prices, reservoir, chart and segments."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import polars as pl
from fastapi import APIRouter, HTTPException, Request, Response

from pumpclaim.errors import InputError
from pumpclaim.patient_ids import plain_id
from pumpclaim.pictures import patient_history
from pumpclaim.reports.claim import (
    chart_documents,
    claim_document,
    past_document,
    row_documents,
    segment_documents,
)
from pumpclaim.utilization.measure import of_review
from pumpclaim.web.batches.access import results_of
from pumpclaim.web.batches.across import again
from pumpclaim.web.batches.patient import review_claim, segments_of
from pumpclaim.web.charts.access import charts_of
from pumpclaim.web.charts.store import day_of
from pumpclaim.web.pages.listed import listed
from pumpclaim.web.pictures import svg, width_of
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.security.visitors import JUDGE, Visitor
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

if TYPE_CHECKING:
    from datetime import date

    from pumpclaim.review import Review
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.charts.store import Chart
    from pumpclaim.web.services import Services

router = APIRouter()


@router.get("/batches/{batch}/claims/{claim}")
def claim_page(request: Request, visitor: SignedIn, batch: str, claim: int) -> Response:
    """The claim, what was found on it, and what it rests on."""
    services = services_of(request)
    within = listed(request, visitor, batch)
    found, results, row = within.batch, within.results, within.row(claim)
    one = review_claim(found, results, claim)
    told = claim_document(one.review, one.position)
    patient = told["patient_id"]
    past = past_document(one.review, patient)
    segments, rows = _own_text(found, results, one.review, one.position, told)
    earlier, later = again(services, found, row)
    own = _own_charts(services, visitor, patient)
    charts = chart_documents(one.review, one.position)
    services.audit.record(
        visitor, "see claim", batch=batch,
        claims=dict.fromkeys((one, patient) for one in (told["claim_id"], *(r["claim_id"] for r in past))),
        charts=_charts_seen(charts, own),
        batches=dict.fromkeys(other.batch.id for other in (*earlier, *later)),
    )  # fmt: skip
    before, after = within.neighbours(claim)
    return page(
        request, "claim.html.j2", visitor,
        batch=found, claim=claim, told=told, row=row, past=past, query=within.query,
        numbers=dict(enumerate(one.numbers)), claims=_claims(results, patient),
        picture_words=_picture_words(one.review, patient) if past else None,
        charts=charts, segments=segments, rows=rows,
        has_charts=one.review.charts is not None, patient_charts=own,
        part_titles={part.id: part.title for part in one.review.policy.chart.parts.values()},
        days={part.id: part.day for part in one.review.policy.chart.parts.values()},
        to_begin=_to_begin(told["asked_charts"], own) if visitor.may(JUDGE) and patient else [],
        service_days={str(line["service_date"]) for line in told["lines"]},
        earlier=earlier, later=later, place=within.place(claim),
        neighbours=[None if number is None else within.claim(number) for number in (before, after)],
    )  # fmt: skip


def _to_begin(
    asked: list[tuple[str, date]], own: list[tuple[Chart, str]]
) -> list[tuple[str, date]]:
    """The charts that the claim's services ask for and that the patient has not: kind and day.

    One chart of an implant is enough, whatever its day; a visit has a record of its own.
    """
    parts = {chart.part for chart, _ in own}
    visits = {day for chart, day in own if chart.part == "encounter"}
    return [
        (part, day)
        for part, day in asked
        if (str(day) not in visits if part == "encounter" else part not in parts)
    ]


def _own_charts(
    services: Services, visitor: Visitor, patient: str | None
) -> list[tuple[Chart, str]]:
    """The patient's charts that the visitor may see, each with its day, in their order."""
    plain = plain_id(patient or "")
    seen = charts_of(services, visitor) if plain else []
    own = [
        (chart, str(day_of(chart) or "")) for chart in seen if plain_id(chart.patient_id) == plain
    ]
    return sorted(own, key=itemgetter(1))


def _charts_seen(
    judged_with: list[dict[str, Any]], own: list[tuple[Chart, str]]
) -> dict[tuple[str, str], None]:
    """The charts that a claim's page shows or leads to, each once, with their patient."""
    shown = [(one["file"], one["patient"]) for one in judged_with]
    return dict.fromkeys([*shown, *((chart.id, chart.patient_id) for chart, _ in own)])


def _claims(results: Results, patient: str | None) -> dict[str, int]:
    """The patient's claims of the upload by their ids."""
    own = results.worklist.filter(pl.col("patient_id") == patient, pl.col("claim_id").is_not_null())
    return dict(own.select("claim_id", "claim").iter_rows())


def _own_text(
    batch: Batch, results: Results, review: Review, position: int, told: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The claim's segments with marks, or the rows of its table; one of the two is empty."""
    source = told["source"]
    try:
        segments = segments_of(batch, results, source, told["segment"])
        names = {} if segments else results.own_names(source)
    except (InputError, OSError):
        segments, names = None, {}
    if segments is None:
        return [], row_documents(review, position, told, names)
    return segment_documents(segments, told), []


def _picture_words(review: Review, patient_id: str) -> str:
    return patient_history(of_review(review), patient_id).words


@router.get("/batches/{batch}/claims/{claim}/reservoir.svg")
def reservoir(
    request: Request, visitor: SignedIn, batch: str, claim: int, narrow: str = ""
) -> Response:
    """The days of supply left over time, of the claim's patient."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    one = review_claim(found, results, claim)
    patient = one.review.claim_set.claims["patient_id"][one.position]
    measured = of_review(one.review)
    if patient is None or not measured.refills.filter(patient_id=patient).height:
        raise HTTPException(404, "no refill of this patient is known, so there is no picture")
    seen = [(one.review.claim_set.claims["claim_id"][one.position], patient)]
    services.audit.record(visitor, "see picture of claim", batch=batch, claims=seen)
    return svg(patient_history(measured, patient, width_of(narrow)))
