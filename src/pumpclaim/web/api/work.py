"""What a worker does: the same calls as the commands', from plain values to bytes and text.

Each function raises InputError, as the command does, for what cannot be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pumpclaim.charts.assessment import assess as hold_charts_against_article
from pumpclaim.errors import InputError, UnusableError
from pumpclaim.estimate import estimate as reckon
from pumpclaim.options import pairs
from pumpclaim.policy import load
from pumpclaim.quote import price as quote
from pumpclaim.readers import read_sources
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.readers.sources import Source
from pumpclaim.refill import plan
from pumpclaim.reports import quote as quote_report
from pumpclaim.reports import refill as refill_report
from pumpclaim.reports.assessment import json as assessment_report
from pumpclaim.reports.json import render
from pumpclaim.reports.written import json_bytes
from pumpclaim.review import check as hold_against_article

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from decimal import Decimal

    from pumpclaim.claim_set import ClaimSet, Refusal
    from pumpclaim.policy import PolicySet
    from pumpclaim.readers.sources import Bounds

    Value = TypeVar("Value")
    Sent = tuple[str, bytes]


@dataclass(frozen=True)
class Switches:
    """How to judge, as options say it. ``reading`` and ``threshold`` are ``ID=CHOICE`` texts."""

    reading: Sequence[str] = ()
    threshold: Sequence[str] = ()
    contractor: str | None = None
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()


Told = tuple[bytes, list[tuple[str | None, str | None]]]
"""An answer, and which claims or charts it shows: each with its patient, as the audit log keeps it."""


def check(
    files: Sequence[Sent], charts: Sequence[Sent] | None, switches: Switches, bounds: Bounds
) -> Told:
    """Claims, with charts where there are any, held against the article."""
    policy = _policy(switches)
    chart_set = None
    if charts is not None:
        chart_set = read_chart_data(charts, policy, bounds.unpacked_bytes)
    review = hold_against_article(
        _claims(files, bounds),
        policy=policy,
        contractor=switches.contractor,
        select=switches.select,
        ignore=switches.ignore,
        charts=chart_set,
    )
    claims = review.claim_set
    shown = claims.claims.select("claim_id", "patient_id").rows()
    return render(review), shown + [(one, None) for one in claims.rejected["claim_id"]]


def assess(charts: Sequence[Sent], switches: Switches, bounds: Bounds) -> Told:
    """Charts held against the article."""
    policy = _policy(switches)
    chart_set = read_chart_data(charts, policy, bounds.unpacked_bytes)
    assessment = hold_charts_against_article(chart_set, policy=policy)
    if chart_set.refused and not assessment.charts:
        raise _unusable(chart_set.refused, "charts")
    shown = [(f"{one.source} {one.place}", one.patient_id) for one in assessment.charts]
    return assessment_report.render(assessment), list(shown)


def price(
    text: str,
    *,
    on: date,
    cartridges: int | None,
    charge: Decimal | None,
    deductible_left: Decimal | None,
    estimate: bool,
    reading: Sequence[str],
) -> bytes:
    """The price of one refill's drugs; the deductible that is left brings the estimate too."""
    policy = _policy(Switches(reading))
    priced = quote(text, on=on, cartridges=cartridges, charge=charge, policy=policy)
    estimated = None
    if (estimate or deductible_left is not None) and priced.payable is not None:
        estimated = reckon(priced.payable, on, deductible_left)
    return json_bytes(quote_report.price_document(priced, estimated))


def refill(*, switches: Switches, **asked: Any) -> bytes:
    """The plan of one fill; ``asked`` is what ``pumpclaim.refill.plan`` takes."""
    policy = _policy(switches)
    return json_bytes(refill_report.document(plan(policy=policy, **asked)))


def _policy(switches: Switches) -> PolicySet:
    """The policy as it is switched; what cannot be switched is told by its option."""
    readings, thresholds = pairs(switches.reading), pairs(switches.threshold)
    _said_of("query.reading", partial(load, readings))
    return _said_of("query.threshold", partial(load, readings, thresholds))


def _said_of(where: str, read: Callable[[], Value]) -> Value:
    """What ``read`` gives; what is wrong with it is said of an option."""
    try:
        return read()
    except InputError as error:
        raise UnusableError(str(error), [{"where": where, "what": error.what}]) from None


def _claims(files: Sequence[Sent], bounds: Bounds) -> ClaimSet:
    """The claims of files as one set."""
    claims = read_sources([Source(name, None, packed) for name, packed in files], bounds=bounds)
    if claims.refused and not claims.claims_read:
        raise _unusable(claims.refused, "files")
    return claims


def _unusable(refused: Sequence[Refusal], what: str) -> UnusableError:
    """What is raised when nothing that was sent can be used."""
    errors = [{"where": _place(one), "what": one.reason} for one in refused]
    first = refused[0].sentence
    if len(refused) > 1:
        first = f"none of these {what} can be used: {first} (and {len(refused) - 1:,} more)"
    return UnusableError(first, errors)


def _place(refusal: Refusal) -> str:
    at = f", segment {refusal.segment}" if refusal.segment is not None else ""
    at += f", line {refusal.line}" if refusal.line is not None else ""
    return f"{refusal.source}{at}"
