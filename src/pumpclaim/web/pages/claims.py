"""One claim with its lines, findings, prices, reservoir, chart and segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from fastapi import APIRouter, HTTPException, Request, Response

from pumpclaim.errors import InputError
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
from pumpclaim.web.batches.patient import review_claim, segments_of
from pumpclaim.web.pages.worklist import query_of, selection_of
from pumpclaim.web.pictures import svg
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

if TYPE_CHECKING:
    from pumpclaim.review import Review
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.worklist import Selection

router = APIRouter()


@router.get("/batches/{batch}/claims/{claim}")
def claim_page(request: Request, visitor: SignedIn, batch: str, claim: int) -> Response:
    """The claim, what was found on it, and what it rests on."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    one = review_claim(found, results, claim)
    told = claim_document(one.review, one.position)
    seen = [(told["claim_id"], told["patient_id"])]
    services.audit.record(visitor, "see claim", batch=batch, claims=seen)
    selection = selection_of(request)
    past = past_document(one.review, told["patient_id"])
    row = results.worklist.row(by_predicate=pl.col("claim") == claim, named=True)
    segments, rows = _own_text(found, results, one.review, one.position, told)
    return page(
        request, "claim.html.j2", visitor,
        batch=found, claim=claim, told=told, at_stake=row["at_stake"], past=past,
        picture=_picture_words(one.review, told["patient_id"]) if past else None,
        charts=chart_documents(one.review, one.position), segments=segments, rows=rows,
        has_charts=one.review.charts is not None,
        neighbours=_neighbours(results, selection, claim), query=query_of(selection),
    )  # fmt: skip


def _own_text(
    batch: Batch, results: Results, review: Review, position: int, told: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The claim's segments with marks, or the rows of its table; one of the two is empty."""
    try:
        segments = segments_of(batch, results, told["source"], told["segment"])
    except (InputError, OSError):
        segments = None
    if segments is None:
        return [], row_documents(review, position, told)
    return segment_documents(segments, told), []


def _neighbours(
    results: Results, selection: Selection, claim: int
) -> tuple[int | None, int | None]:
    """The claims before and after in the worklist as it is filtered."""
    order = selection.of(results.worklist)["claim"].to_list()
    if claim not in order:
        return None, None
    at = order.index(claim)
    return (order[at - 1] if at else None), (order[at + 1] if at + 1 < len(order) else None)


def _picture_words(review: Review, patient_id: str) -> str:
    return patient_history(of_review(review), patient_id).words


@router.get("/batches/{batch}/claims/{claim}/reservoir.svg")
def reservoir(request: Request, visitor: SignedIn, batch: str, claim: int) -> Response:
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
    return svg(patient_history(measured, patient))
