"""Of whom records are asked for: with some patients' charts alone, the others are judged as without any."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pumpclaim
from pumpclaim.errors import InputError

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of, claims_of

DAY = date(2025, 3, 10)


def claims(*patients: str | None) -> pumpclaim.ClaimSet:
    """A refill, an implant and two interrogations of each patient."""
    lines = {
        "R": ["62370", "J7999-KD MORPHINE 400MG"],
        "I": ["62362"],
        "A": ["62368"],
        "B": ["62368"],
    }
    days = {"R": DAY, "I": date(2025, 1, 6), "A": date(2025, 3, 12), "B": date(2025, 3, 14)}
    return claims_of([
        {"id": f"{kind}-{patient}", "patient_id": patient, "date": days[kind], "lines": own}
        for patient in patients
        for kind, own in lines.items()
    ])  # fmt: skip


def found(review: pumpclaim.Review, patient: str | None) -> tuple[list[Any], list[Any]]:
    """Determinations and findings of one patient's claims."""
    own = review.determinations.filter(pl.col("patient_id").eq_missing(patient))
    findings = review.findings.filter(pl.col("claim").is_in(own["claim"].to_list()))
    return own.select("claim_id", "determination").rows(), findings.drop("claim", "source").rows()


@pytest.mark.parametrize("part", ["encounter", "implant"])
def test_only_patients_with_a_chart_are_asked(part: str) -> None:
    some = claims("P1", "P2", None)
    charts = charts_of([{"chart": part, "patient_id": "p-1"}])
    every, charted, none = (
        pumpclaim.check(some, charts=charts),
        pumpclaim.check(some, charts=charts, records_of="charted"),
        pumpclaim.check(some),
    )
    assert found(charted, "P1") == found(every, "P1") != found(none, "P1")
    for other in ("P2", None):
        assert found(charted, other) == found(none, other) != found(every, other)
    assert charted.determinations.select("findings").sum().item() == charted.findings.height


def test_charts_of_nobody_among_the_claims_change_nothing() -> None:
    review = pumpclaim.check(
        claims("P1", "P2"), charts=charts_of([{"patient_id": "P9"}]), records_of="charted"
    )
    assert review.findings.equals(pumpclaim.check(claims("P1", "P2")).findings)


def test_without_charts_it_means_nothing_and_other_words_are_refused() -> None:
    assert pumpclaim.check(claims("P1"), records_of="charted").findings.equals(
        pumpclaim.check(claims("P1")).findings
    )
    with pytest.raises(InputError, match="all or charted, not of 'some'"):
        pumpclaim.check(claims("P1"), records_of="some")
