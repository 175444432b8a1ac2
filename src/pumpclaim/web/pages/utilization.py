"""How often pumps are refilled: practices, down to the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from fastapi import APIRouter, HTTPException, Request, Response

from pumpclaim.pictures import patient_history, practice
from pumpclaim.policy import load
from pumpclaim.utilization.measure import BY
from pumpclaim.web.batches.access import results_of
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.pictures import svg
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.security.visitors import SEE_ALL
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

if TYPE_CHECKING:
    from pumpclaim.utilization.measure import Utilization
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch

router = APIRouter()
ROWS = 200
"""Providers or patients that one page lists."""


@router.get("/utilization")
def practices(request: Request, visitor: SignedIn, batch: str | None = None) -> Response:
    """The practices of an upload, most refills first; without one, the uploads to choose from."""
    services = services_of(request)
    mine = None if visitor.may(SEE_ALL) else visitor.id
    judged = [one for one in services.batches.of(mine) if one.state == DONE]
    if not batch:
        return page(request, "utilization_choose.html.j2", visitor, batches=judged)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    services.audit.record(visitor, "see utilization", batch=batch)
    return page(
        request, "utilization.html.j2", visitor,
        batch=found, table=_numbered(measured, "provider")[:ROWS], thresholds=measured.thresholds,
        refills=measured.refills.height, known=measured.refills["supply"].drop_nulls().len(),
    )  # fmt: skip


@router.get("/utilization/{batch}/practices/{number}")
def one_practice(request: Request, visitor: SignedIn, batch: str, number: int) -> Response:
    """One practice: its picture and its patients."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    provider = _named(measured, "provider", number)
    own = measured.refills.filter(billing_provider_npi=provider)
    keep = set(own["patient_id"].to_list())
    table = [row for row in _numbered(measured, "patient") if row["patient_id"] in keep][:ROWS]
    services.audit.record(
        visitor, "see practice", batch=batch, practice=provider,
        patients=[str(row["patient_id"]) for row in table],
    )  # fmt: skip
    return page(
        request, "practice.html.j2", visitor,
        batch=found, number=number, provider=provider, words=practice(measured, provider).words,
        table=table,
        thresholds=measured.thresholds,
    )  # fmt: skip


@router.get("/utilization/{batch}/practices/{number}/picture.svg")
def practice_picture(request: Request, visitor: SignedIn, batch: str, number: int) -> Response:
    """The picture of one practice among the others of the upload."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    provider = _named(measured, "provider", number)
    services.audit.record(visitor, "see picture of practice", batch=batch, practice=provider)
    return svg(practice(measured, provider))


@router.get("/utilization/{batch}/patients/{number}")
def one_patient(request: Request, visitor: SignedIn, batch: str, number: int) -> Response:
    """One patient: the picture of the reservoir, every refill, and the claims they stand on."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    patient = _named(measured, "patient", number)
    claims = dict(
        results.worklist.filter(patient_id=patient).select("claim_id", "claim").iter_rows()
    )
    services.audit.record(
        visitor, "see patient", batch=batch, patients=[patient],
        claims=[(one, patient) for one in claims],
    )  # fmt: skip
    return page(
        request, "patient.html.j2", visitor,
        batch=found, number=number, patient=patient, claims=claims,
        words=patient_history(measured, patient).words,
        past=measured.refills.filter(patient_id=patient).sort("service_date").to_dicts(),
    )  # fmt: skip


@router.get("/utilization/{batch}/patients/{number}/reservoir.svg")
def patient_picture(request: Request, visitor: SignedIn, batch: str, number: int) -> Response:
    """The picture of one patient's reservoir."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    patient = _named(measured, "patient", number)
    services.audit.record(visitor, "see picture of patient", batch=batch, patients=[patient])
    return svg(patient_history(measured, patient))


def _measured(batch: Batch, results: Results) -> Utilization:
    policy = load(batch.options.get("readings"), batch.options.get("thresholds"))
    return results.utilization(policy)


def _numbered(measured: Utilization, what: str) -> list[dict[str, object]]:
    """The table by provider or patient, each row with the number by which its page is found."""
    table = measured.by(what).filter(pl.col(BY[what]).is_not_null())
    return [{"number": at, **row} for at, row in enumerate(table.iter_rows(named=True))]


def _named(measured: Utilization, what: str, number: int) -> str:
    names = measured.by(what)[BY[what]].drop_nulls()
    if not 0 <= number < len(names):
        raise HTTPException(404, f"this upload has no such {what}")
    return str(names[number])
