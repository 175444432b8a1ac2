"""The criteria of a visit's record: D1 to D6 and L1 (A55239), under the chosen readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.charts.implant import MONTHS
from pumpclaim.charts.logic import All, Check, Criterion, Note, When, answer
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from pumpclaim.charts.logic import Condition
    from pumpclaim.policy import PolicySet


def encounter_criteria(policy: PolicySet) -> tuple[Criterion, ...]:
    """Every criterion of a visit's record, in the order of the article."""
    by_visit = policy.reading("visit-records") == "by-visit"
    after = _status("after")
    status = _status("before")
    reason = answer("change_reason_documented", "the record gives no reason for the change")
    proof = answer("incident_to_proven", "the incident-to requirements are not proven")
    cost = answer("drug_cost_proven", "there is no proof that the drug was a cost to the practice")
    refill = Check(("services",), pl.col("services").list.contains("refill"), "")
    criteria = [
        Criterion("D1", All((status, When(refill, after) if by_visit else after))),
        Criterion(
            "D2",
            answer("response_documented", "the response to dose and rate is not on record"),
        ),
        _asked_when(by_visit, "D3", "dose_or_drug_changed", reason),
        Criterion(
            "D4",
            answer("reassessed", "condition and goals were not reassessed"),
            notes=(
                Note(
                    ~pl.col("reassessed"),
                    "an evaluation and management visit of that day may hold the reassessment",
                ),
            ),
        ),
        _asked_when(by_visit, "D5", "performed_by_staff", proof),
        _asked_when(by_visit, "D6", "drug_billed", cost),
        Criterion("L1", answer("legible", "the record is not legible")),
    ]
    if policy.reading("life-expectancy") == "at-each-service":
        months = pl.col("life_expectancy_months")
        lives = Check(
            ("life_expectancy_months",),
            months >= MONTHS * NANO,
            "life expectancy is under three months",
        )
        criteria.insert(0, Criterion("C3", lives))
    return tuple(criteria)


def _status(side: str) -> Check:
    """The pump's status on one side of the service: said to be on record, or shown by its volume."""
    volume = pl.when(pl.col(f"volume_{side}").is_not_null()).then(statement=True)
    return Check(
        (f"status_{side}",),
        pl.coalesce(f"status_{side}", volume),
        f"the status of the pump {side} the service is not on record",
    )


def _asked_when(by_visit: bool, statement: str, gate: str, requires: Condition) -> Criterion:
    return Criterion(statement, requires, gate=answer(gate, "") if by_visit else None)
