"""The reservoir of a pump: how long a fill lasts, when it warns, when it is empty. Exact arithmetic.

A pump empties at a steady flow: the dose per day over the concentration, or its own rate where it is a
constant-flow pump. All drugs of a mixture leave together, so their doses must agree with one flow.
Volumes are millilitres, masses nanograms, time days, all as fractions; nothing is rounded before a date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.errors import InputError
from pumpclaim.tables import NANOGRAMS
from pumpclaim.utilization.refills import due_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.policy import PolicySet

AGREE = Fraction(1, 50)
"""Flows of a mixture's drugs that differ by no more (2 percent) are one flow, rounded by the programmer."""
_QUANTITY = re.compile(r"\s*(?P<value>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[^\d\s].*?)\s*")
_MASSES = {"mcg": "mcg", "ug": "mcg", "µg": "mcg", "μg": "mcg", "mg": "mg", "g": "g"}
_DAYS = {"day": 1, "d": 1, "24h": 1, "hr": 24, "h": 24, "hour": 24}
LONGEST_TEXT = 60
"""Characters of one quantity, far more than any needs."""
LONGEST_SUPPLY = 36_500
"""Days: a supply beyond a hundred years is a slip."""


@dataclass(frozen=True)
class Fill:
    """What went into a reservoir and how it leaves. Volumes in mL, flow in mL a day."""

    volume: Fraction
    residual: Fraction
    flow: Fraction

    def __post_init__(self) -> None:
        if self.volume <= 0:
            raise InputError("the volume must be more than zero")
        if self.residual < 0:
            raise InputError("the residual volume cannot be negative")
        if self.residual >= self.volume:
            raise InputError(
                f"the residual volume, {plain(self.residual)} mL, leaves nothing of {plain(self.volume)} mL"
            )
        if self.flow <= 0:
            raise InputError("the dose or flow must be more than zero")
        if self.days > LONGEST_SUPPLY:
            raise InputError("the fill would last more than a hundred years; check the units")

    @property
    def days(self) -> Fraction:
        """Days until only the residual volume is left."""
        return (self.volume - self.residual) / self.flow

    @property
    def days_to_dry(self) -> Fraction:
        """Days until nothing is left at all."""
        return self.volume / self.flow

    def days_to(self, volume: Fraction) -> Fraction:
        """Days until ``volume`` is reached; 0 when it is so from the start."""
        return max(self.volume - volume, Fraction(0)) / self.flow

    def level(self, days: Fraction) -> Fraction:
        """Millilitres left after so many days, never below zero."""
        return max(self.volume - self.flow * days, Fraction(0))


@dataclass(frozen=True)
class Due:
    """When the next refill is due, and by which thresholds."""

    filled: date
    supply_days: int
    capped: bool
    earliest: date
    latest: date
    alarm: date | None
    dry: date


def due(
    fill: Fill,
    filled: date,
    policy: PolicySet,
    *,
    alarm: Fraction | None = None,
    longest: int | None = None,
) -> Due:
    """The window of the next refill: from the day on which it is not early to the end of the supply.

    The supply is whole days, rounded down, at most ``longest`` (else the threshold
    ``longest_refill_interval``). A refill is early before ``refill_due_share`` of the supply is used,
    unless ``refill_due_days`` or fewer are left. ``alarm`` is the volume at which the pump warns.
    Raises InputError when the fill would last beyond the calendar.
    """
    if fill.days_to_dry > (date.max - filled).days:
        raise InputError(f"a fill on {filled} would last beyond the calendar; check the day")
    most = longest if longest is not None else int(policy.thresholds["longest_refill_interval"])
    whole = floor(fill.days)
    supply = min(whole, most)
    return Due(
        filled,
        supply,
        whole > most,
        filled + timedelta(days=not_early_from(supply, policy)),
        filled + timedelta(days=supply),
        None if alarm is None else filled + timedelta(days=floor(fill.days_to(alarm))),
        filled + timedelta(days=floor(fill.days_to_dry)),
    )


def not_early_from(supply_days: int, policy: PolicySet) -> int:
    """Days after a fill from which its refill is not early (see ``utilization.refills.due_from``)."""
    return int(due_from(np.array([supply_days]), policy)[0])


def flow_of(concentrations: Sequence[Fraction], doses: Sequence[Fraction]) -> Fraction:
    """The flow in mL a day at which drugs of these concentrations (per mL) give these doses (per day).

    Raises InputError when a concentration or dose is zero, or the drugs of a mixture do not agree.
    """
    if not concentrations or len(concentrations) != len(doses):
        raise InputError("give a concentration and a dose for each drug")
    flows = []
    for concentration, dose in zip(concentrations, doses, strict=True):
        if concentration <= 0:
            raise InputError("the concentration must be more than zero")
        if dose <= 0:
            raise InputError("the dose must be more than zero")
        flows.append(dose / concentration)
    lowest, highest = min(flows), max(flows)
    if highest - lowest > AGREE * highest:
        raise InputError(
            "the doses do not fit one mixture: by one drug it runs at "
            f"{plain(lowest)} mL a day, by another at {plain(highest)}; check doses and concentrations"
        )
    return highest


def volume_of(text: str) -> Fraction:
    """Millilitres of "20 mL", "20 cc" or "20"; raises InputError for what is none."""
    value, unit = _quantity(text, "a volume", "20 mL", unit_needed=False)
    if unit not in ("", "ml", "cc"):
        raise InputError(f"'{text}' is no volume; write it in mL, as 20 mL")
    return value


def concentration_of(text: str) -> Fraction:
    """Nanograms per mL of "20 mg/mL"; raises InputError for what is none, and without a unit."""
    value, unit = _quantity(text, "a concentration", "20 mg/mL")
    mass, _, volume = unit.partition("/")
    if mass not in _MASSES or volume not in ("ml", "cc"):
        raise InputError(f"'{text}' is no concentration; write it with its unit, as 20 mg/mL")
    return value * NANOGRAMS[_MASSES[mass]]


def dose_of(text: str) -> Fraction:
    """Nanograms a day of "3 mg/day" or "125 mcg/h"; raises InputError for what is none."""
    value, unit = _quantity(text, "a dose", "3 mg/day")
    mass, _, time = unit.partition("/")
    if mass not in _MASSES or time not in _DAYS:
        raise InputError(f"'{text}' is no dose; write it with its unit, as 3 mg/day")
    return value * NANOGRAMS[_MASSES[mass]] * _DAYS[time]


def flow_rate_of(text: str) -> Fraction:
    """Millilitres a day of "0.5 mL/day"; raises InputError for what is none."""
    value, unit = _quantity(text, "a flow", "0.5 mL/day")
    volume, _, time = unit.partition("/")
    if volume not in ("ml", "cc") or time not in _DAYS:
        raise InputError(f"'{text}' is no flow; write it with its unit, as 0.5 mL/day")
    return value * _DAYS[time]


def _quantity(
    text: str, what: str, example: str, *, unit_needed: bool = True
) -> tuple[Fraction, str]:
    if len(text) > LONGEST_TEXT:
        raise InputError(f"{what} of {len(text)} characters cannot be; write {what} as {example}")
    given = " ".join(text.replace(" per ", "/").split())
    if not unit_needed and re.fullmatch(r"\d+(\.\d+)?|\.\d+", given):
        return Fraction(given), ""
    found = _QUANTITY.fullmatch(given)
    if found is None:
        negative = given.startswith("-")
        why = (
            "is negative"
            if negative
            else "has no unit"
            if re.fullmatch(r"[\d.]+", given)
            else f"is not {what}"
        )
        raise InputError(f"'{text}' {why}; write {what} as {example}")
    return Fraction(found["value"]), found["unit"].replace(" ", "").lower()


def plain(value: Fraction, places: int = 3) -> str:
    """A fraction as a short decimal text, rounded half up for reading."""
    scaled = floor(value * 10**places + Fraction(1, 2))
    return f"{(Decimal(scaled) / 10**places).normalize():f}"
