"""The plan of one refill: its fill, when the next is due, and what the article allows for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from pumpclaim.errors import InputError
from pumpclaim.policy.pumps import Pump, find_pump, load_pumps
from pumpclaim.quote import price
from pumpclaim.reservoir import (
    Due,
    Fill,
    concentration_of,
    dose_of,
    due,
    flow_of,
    flow_rate_of,
    plain,
    volume_of,
)
from pumpclaim.tables import NANOGRAMS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from pumpclaim.policy import PolicySet


@dataclass(frozen=True)
class Refill:
    """A planned refill. ``drugs`` are name, amount and daily dose as text; ``alarm`` is mL.

    ``allowed`` is dollars, null with a ``reason`` when it is not known.
    """

    pump: Pump | None
    fill: Fill
    due: Due
    residual_from: str
    alarm: Fraction | None
    drugs: tuple[tuple[str, str, str], ...]
    allowed: Decimal | None
    reason: str | None


def plan(
    *,
    on: date,
    policy: PolicySet,
    volume: str | None = None,
    residual: str | None = None,
    concentrations: Sequence[str] = (),
    doses: Sequence[str] = (),
    flow: str | None = None,
    pump: str | None = None,
    own_pumps: Path | None = None,
) -> Refill:
    """The plan of a refill from what a person writes: volumes in mL, "morphine 20 mg/mL", "3 mg/day".

    Raises InputError for what is missing, zero, without unit, or does not agree.
    """
    pumps = load_pumps(own_pumps)
    model = None if pump is None else find_pump(pump, pumps)
    held = volume_of(volume) if volume is not None else None
    if held is None:
        if model is None:
            raise InputError("say how much is in the reservoir: --volume, or the pump with --pump")
        held = Fraction(model.reservoir)
    if model is not None and held > Fraction(model.reservoir):
        raise InputError(f"{model.label} holds {model.reservoir} mL, not {plain(held)}")
    left, left_from = _residual(residual, model, policy)
    named = [_named(one) for one in concentrations]
    strengths = [concentration_of(strength) for _, strength in named]
    if flow is not None:
        if doses:
            raise InputError("give the dose or the flow, not both")
        rate = flow_rate_of(flow)
    else:
        if not concentrations or not doses:
            raise InputError("say how fast it leaves: --concentration and --dose, or --flow")
        rate = flow_of(strengths, [dose_of(_named(one)[1]) for one in doses])
    fill = Fill(held, left, rate)
    alarm = Fraction(model.low_reservoir_alarm) if model and model.low_reservoir_alarm else None
    longest = model.longest_refill_interval if model else None
    drugs = tuple(
        (name or "drug", _mass(held * strength), _mass(rate * strength))
        for (name, _), strength in zip(named, strengths, strict=True)
    )
    allowed, reason = _allowed(drugs, [name for name, _ in named], on, policy)
    return Refill(
        model, fill, due(fill, on, policy, alarm=alarm, longest=longest), left_from, alarm, drugs,
        allowed, reason,
    )  # fmt: skip


def _residual(residual: str | None, model: Pump | None, policy: PolicySet) -> tuple[Fraction, str]:
    if residual is not None:
        return volume_of(residual), "as given"
    if model is not None and model.residual is not None:
        return Fraction(model.residual), f"of the pump: {model.source}"
    return Fraction(policy.thresholds["residual_volume"]), "a threshold of ours"


def _named(text: str) -> tuple[str, str]:
    """Drug and quantity of "morphine 20 mg/mL"; an empty name where there is none."""
    words = text.split()
    name = []
    while words and words[0][:1].isalpha():
        name.append(words.pop(0))
    return " ".join(name), " ".join(words)


def _mass(nanograms: Fraction) -> str:
    unit = "mg" if nanograms >= NANOGRAMS["mg"] else "mcg"
    return f"{plain(nanograms / NANOGRAMS[unit])} {unit}"


def _allowed(
    drugs: Sequence[tuple[str, str, str]], names: Sequence[str], on: date, policy: PolicySet
) -> tuple[Decimal | None, str | None]:
    if not drugs:
        return None, None
    if not all(names):
        return None, "name the drug with its concentration, as morphine 20 mg/mL"
    told = price(", ".join(f"{name} {amount}" for name, amount, _ in drugs), on=on, policy=policy)
    return told.allowed, None if told.allowed is not None else "a drug has no fee in the article"
