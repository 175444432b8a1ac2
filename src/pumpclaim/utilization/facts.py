"""What messages say of refills: intervals, supplies and where they come from, thresholds by name."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.utilization.refills import not_early_from
from pumpclaim.utilization.supply import FROM_RECORD, UNKNOWN
from pumpclaim.visits import FAR_FUTURE, NO_DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.facts import Facts

SHOWN_REFILLS = 6
OLDER = "…"
"""Stands for refills before those that are shown."""
MANY = 256
"""From this many lines on the days of past refills are put into words by whole columns."""


def refill_timing(facts: Facts) -> list[str]:
    """When the refill came, how long the fill before lasts, and where that is known from."""
    lines, places = facts.context.lines, facts.places
    refills = lines.refills
    interval = refills.interval[places]
    values = (
        interval,
        lines.days[places].astype(np.int64) - interval,
        refills.supply_before[places],
        refills.supply_from[places] == FROM_RECORD,
        refills.dose_day[places],
    )
    return [
        f"The refill came {passed} days after that of {_day(before)}, whose fill lasts {supply} days by "
        + (
            "the record of that visit"
            if on_record
            else f"the claim's note and the dose on record of {_day(dose_day)}"
        )
        for passed, before, supply, on_record, dose_day in zip(
            *(column.tolist() for column in values), strict=True
        )
    ]


@lru_cache(maxsize=65_536)
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


def past_refills(facts: Facts) -> list[str] | pl.Series:
    """The days of the newest refills up to each line's, oldest first."""
    if len(facts.places) >= MANY:
        return _past_by_columns(facts)
    texts = []
    for row in facts.context.rows[facts.places].tolist():
        days = _days_to(facts, row)
        shown = [_day(day) for day in days[-SHOWN_REFILLS:]]
        texts.append((f"{OLDER}, " if len(days) > SHOWN_REFILLS else "") + ", ".join(shown))
    return texts


def _past_by_columns(facts: Facts) -> pl.Series:
    """As ``past_refills``, for many lines: all go back from refill to refill in step."""
    whole = facts.whole
    assert whole is not None  # noqa: S101
    lines = whole.lines
    steps = [facts.context.rows[facts.places]]
    for _ in range(SHOWN_REFILLS):
        at = steps[-1]
        steps.append(np.where(at >= 0, lines.refills.record_before[at], -1))
    oldest, *shown = steps[::-1]
    of_steps = [np.where(rows >= 0, lines.days[rows], FAR_FUTURE) for rows in shown]
    distinct = pl.concat(map(pl.Series, of_steps)).unique().to_list()
    told = {day: None if day == FAR_FUTURE else _day(day) for day in distinct}
    days = pl.Series(list(told), dtype=pl.Int32).sort()
    words = pl.Series([told[day] for day in days.to_list()], dtype=pl.String)
    columns = [
        pl.Series([None, OLDER], dtype=pl.String)[(oldest >= 0).astype(np.int64)].alias("older"),
        *(
            words[np.searchsorted(days.to_numpy(), of_step)].alias(str(step))
            for step, of_step in enumerate(of_steps)
        ),
    ]
    return pl.select(pl.concat_str(columns, separator=", ", ignore_nulls=True)).to_series()


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


REFILL_FACTS: dict[str, Callable[[Facts], list[str] | pl.Series]] = {
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
