"""What messages say of refills: intervals, supplies and where they come from, thresholds by name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.utilization.refills import not_early_from
from pumpclaim.utilization.supply import FROM_RECORD, UNKNOWN
from pumpclaim.visits import NO_DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pumpclaim.facts import Facts

SHOWN_REFILLS = 6
MANY = 256
"""Lines from which on the days are put into words by whole columns."""


def refill_timing(facts: Facts) -> list[str]:
    """When the refill came, how long the fill before lasts, and where that is known from."""
    refills = facts.context.lines.refills
    texts = []
    for place in facts.places.tolist():
        before = _day_before(facts, place)
        source = (
            "the record of that visit"
            if refills.supply_from[place] == FROM_RECORD
            else f"the claim's note and the dose on record of {_day(int(refills.dose_day[place]))}"
        )
        texts.append(
            f"The refill came {refills.interval[place]} days after that of {before}, whose fill lasts "
            f"{refills.supply_before[place]} days by {source}"
        )
    return texts


def _day_before(facts: Facts, place: int) -> str:
    return _day(
        int(facts.context.lines.days[place]) - int(facts.context.lines.refills.interval[place])
    )


def _day(day: int) -> str:
    return "an unknown day" if day in (NO_DAY, UNKNOWN) else str(date.fromordinal(719_163 + day))


def early_from(facts: Facts) -> list[str]:
    """The day after the fill from which a refill is not early."""
    supply = facts.context.lines.refills.supply_before[facts.places]
    return [str(day) for day in not_early_from(supply, facts.context.compiled.policy)]


def thresholds(*names: str) -> Callable[[Facts], list[str]]:
    """Thresholds by name and value, the same on every finding."""

    def told(facts: Facts) -> list[str]:
        known = facts.context.compiled.policy.thresholds
        words = ("our threshold " if len(names) == 1 else "our thresholds ") + ", ".join(
            f"{name} {known[name]}" for name in names
        )
        return [words] * len(facts.places)

    return told


def threshold(*names: str) -> Callable[[Facts], list[str]]:
    """The bare values of thresholds, joined by *to*."""

    def told(facts: Facts) -> list[str]:
        known = facts.context.compiled.policy.thresholds
        return [" to ".join(str(known[name]) for name in names)] * len(facts.places)

    return told


def number(name: str) -> Callable[[Facts], list[str]]:
    """A fact of the refills as a number."""

    def told(facts: Facts) -> list[str]:
        values = getattr(facts.context.lines.refills, name)[facts.places]
        return [str(value) for value in values.tolist()]

    return told


def past_refills(facts: Facts) -> list[str]:
    """The days of the newest refills up to each line's, oldest first."""
    rows = facts.context.rows[facts.places]
    if len(rows) >= MANY:
        return _past_refills(facts, rows)
    texts = []
    for row in rows.tolist():
        days = _days_to(facts, row)
        shown = [_day(day) for day in days[-SHOWN_REFILLS:]]
        texts.append(("…, " if len(days) > SHOWN_REFILLS else "") + ", ".join(shown))
    return texts


def _past_refills(facts: Facts, rows: NDArray[np.int64]) -> list[str]:
    """The same of many lines: all of them go back one refill at a time."""
    whole = facts.whole
    assert whole is not None  # noqa: S101
    before, days = whole.lines.refills.record_before, whole.lines.days
    text: pl.Series | None = None
    for _ in range(SHOWN_REFILLS):
        there = pl.Series(rows >= 0)
        day = pl.Series(days[np.maximum(rows, 0)]).cast(pl.Date).cast(pl.String).set(~there, None)
        if text is None:
            text = day
        else:
            longer = pl.select(pl.concat_str(day, text, separator=", ")).to_series()
            text = longer.zip_with(there, text)
        rows = np.where(rows >= 0, before[np.maximum(rows, 0)], -1)
    assert text is not None  # noqa: S101
    return ("…, " + text).zip_with(pl.Series(rows >= 0), text).to_list()


def _days_to(facts: Facts, row: int) -> list[int]:
    """Days of the newest refills up to the line at ``row`` of the lines table, oldest first."""
    whole = facts.whole
    assert whole is not None  # noqa: S101
    days: list[int] = []
    while row >= 0 and len(days) <= SHOWN_REFILLS:
        days.insert(0, int(whole.lines.days[row]))
        row = int(whole.lines.refills.record_before[row])
    return days


def visit_reason(facts: Facts) -> list[str]:
    """What the record of the visit gives as its reason."""
    charts = facts.charts
    return ["" if charts is None else charts.reason(place) for place in facts.places.tolist()]


REFILL_FACTS: dict[str, Callable[[Facts], list[str]]] = {
    "refill_timing": refill_timing,
    "not_early_from": early_from,
    "early_thresholds": thresholds("refill_due_share", "refill_due_days", "residual_volume"),
    "monthly_thresholds": threshold("monthly_from", "monthly_to"),
    "long_supply": threshold("long_supply"),
    "pattern_thresholds": thresholds("monthly_from", "monthly_to", "monthly_run", "long_supply"),
    "analysis_thresholds": thresholds("analyses_within"),
    "run_thresholds": thresholds("monthly_from", "monthly_to", "monthly_run"),
    "repeat_thresholds": thresholds("repeated_refills"),
    "monthly_long_run": number("monthly_long"),
    "monthly_run": number("monthly"),
    "supply_before": number("supply_before"),
    "dry_before": number("dry_before"),
    "analysis_interval": number("analysis_interval"),
    "refill_number": number("refill_number"),
    "past_refills": past_refills,
    "visit_reason": visit_reason,
}
"""Every name of this module that a message may use."""
