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
from pumpclaim.web.pages.listed import listed
from pumpclaim.web.paging import paged
from pumpclaim.web.pictures import svg, width_of
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.security.visitors import SEE_ALL
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import go_to, page

if TYPE_CHECKING:
    from pumpclaim.utilization.measure import Utilization
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch

router = APIRouter()
ROWS = 100
"""Providers or patients on one page of a table."""


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
    table = _numbered(measured, "provider", measured.by("provider"))
    at = paged(request, len(table), ROWS)
    return page(
        request, "utilization.html.j2", visitor,
        batch=found, table=table[at.shown], paged=at, thresholds=measured.thresholds,
        refills=measured.refills.height, known=measured.refills["supply"].drop_nulls().len(),
        unnamed=measured.refills["billing_provider_npi"].null_count(),
    )  # fmt: skip


@router.get("/utilization/{batch}/practices/{number}")
def one_practice(request: Request, visitor: SignedIn, batch: str, number: int) -> Response:
    """One practice: its picture and its patients."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    provider = _named(measured, "provider", number)
    table = _numbered(measured, "patient", measured.patients_of(provider))
    at = paged(request, len(table), ROWS)
    shown = table[at.shown]
    services.audit.record(
        visitor, "see practice", batch=batch, practice=provider,
        patients=[str(row["patient_id"]) for row in shown],
    )  # fmt: skip
    return page(
        request, "practice.html.j2", visitor,
        batch=found, number=number, provider=provider, words=practice(measured, provider).words,
        table=shown, paged=at, thresholds=measured.thresholds, names=_patients(results),
    )  # fmt: skip


@router.get("/utilization/{batch}/practices/{number}/picture.svg")
def practice_picture(
    request: Request, visitor: SignedIn, batch: str, number: int, narrow: str = ""
) -> Response:
    """The picture of one practice among the others of the upload."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    provider = _named(measured, "provider", number)
    services.audit.record(visitor, "see picture of practice", batch=batch, practice=provider)
    return svg(practice(measured, provider, width_of(narrow)))


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
    past = measured.refills.filter(patient_id=patient).sort("service_date").to_dicts()
    return page(
        request, "patient.html.j2", visitor,
        batch=found, number=number, patient=patient, name=_patients(results).get(patient),
        claims=claims, past=past,
        words=patient_history(measured, patient).words,
        practices=_numbers(measured, "provider", {one["billing_provider_npi"] for one in past}),
    )  # fmt: skip


@router.get("/utilization/{batch}/of-claim/{claim}")
def patient_of_claim(request: Request, visitor: SignedIn, batch: str, claim: int) -> Response:
    """On to the page of a claim's patient. Raises 404 where no refill of his is known."""
    told = listed(request, visitor, batch)
    measured = _measured(told.batch, told.results)
    numbers = _numbers(measured, "patient", {told.row(claim)["patient_id"]})
    if not numbers:
        raise HTTPException(404, "no refill of this claim's patient is known")
    return go_to(request, f"/utilization/{batch}/patients/{numbers.popitem()[1]}")


@router.get("/utilization/{batch}/patients/{number}/reservoir.svg")
def patient_picture(
    request: Request, visitor: SignedIn, batch: str, number: int, narrow: str = ""
) -> Response:
    """The picture of one patient's reservoir."""
    services = services_of(request)
    found, results = results_of(services, visitor, batch)
    measured = _measured(found, results)
    patient = _named(measured, "patient", number)
    services.audit.record(visitor, "see picture of patient", batch=batch, patients=[patient])
    return svg(patient_history(measured, patient, width_of(narrow)))


def _patients(results: Results) -> dict[str, str]:
    """Names of the patients of an upload, by their ids, where its files carry them."""
    known = results.worklist.filter(pl.col("patient_name").is_not_null())
    return dict(known.select("patient_id", "patient_name").unique().iter_rows())


def _measured(batch: Batch, results: Results) -> Utilization:
    policy = load(batch.options.get("readings"), batch.options.get("thresholds"))
    return results.utilization(policy)


def _numbered(measured: Utilization, what: str, table: pl.DataFrame) -> list[dict[str, object]]:
    """A table by provider or patient, each row with the number by which its page is found."""
    rows = table.filter(pl.col(BY[what]).is_not_null()).to_dicts()
    numbers = _numbers(measured, what, {row[BY[what]] for row in rows})
    return [{"number": numbers[row[BY[what]]], **row} for row in rows]


def _numbers(measured: Utilization, what: str, wanted: set[str | None]) -> dict[str, int]:
    """The numbers by which the pages of some providers or patients are found."""
    names = enumerate(_names(measured, what))
    return {name: number for number, name in names if name in wanted}


def _named(measured: Utilization, what: str, number: int) -> str:
    names = _names(measured, what)
    if not 0 <= number < len(names):
        raise HTTPException(404, f"this upload has no such {what}")
    return names[number]


def _names(measured: Utilization, what: str) -> list[str]:
    return [str(one) for one in measured.by(what)[BY[what]].drop_nulls()]
