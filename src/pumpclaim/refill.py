"""The plan of one refill: its fill, when the next is due, and what the article allows for it."""

from __future__ import annotations

from dataclasses import dataclass
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
    from collections.abc import Iterator, Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from pumpclaim.policy import PolicySet
    from pumpclaim.quote import Price


@dataclass(frozen=True)
class Contents:
    """What is put into a reservoir. ``volume`` is mL; ``names`` and ``strengths`` (nanograms per mL) are the
    drugs', an empty name where one is not told.

    ``price`` is null where a drug is not named, ``doubts`` are sentences on what can hardly be.
    """

    pump: Pump | None
    volume: Fraction
    names: tuple[str, ...]
    strengths: tuple[Fraction, ...]
    price: Price | None
    doubts: tuple[str, ...]

    @property
    def amounts(self) -> tuple[str, ...]:
        """The amount of each drug, as text."""
        return tuple(_mass(self.volume * strength) for strength in self.strengths)

    @property
    def allowed(self) -> Decimal | None:
        """Dollars that the article allows; null with a ``reason`` when they are not known."""
        return None if self.price is None else self.price.allowed

    @property
    def reason(self) -> str | None:
        """Why the allowance is not known; null without drugs."""
        if not self.names or self.allowed is not None:
            return None
        if self.price is None:
            return "name the drug with its concentration, as morphine 20 mg/mL"
        return self.price.reason


@dataclass(frozen=True)
class Refill:
    """A planned refill. ``flow`` is in ``fill``, ``alarm`` mL."""

    contents: Contents
    fill: Fill
    due: Due
    residual_from: str
    alarm: Fraction | None

    @property
    def drugs(self) -> tuple[tuple[str, str, str], ...]:
        """Name, amount and daily dose of each drug, as text."""
        held, flow = self.contents, self.fill.flow
        doses = (_mass(flow * strength) for strength in held.strengths)
        named = (name or "drug" for name in held.names)
        return tuple(zip(named, held.amounts, doses, strict=True))


def contents_of(
    *,
    on: date,
    policy: PolicySet,
    volume: str | None = None,
    concentrations: Sequence[str] = (),
    pump: str | None = None,
    own_pumps: Path | None = None,
) -> Contents:
    """What a fill holds and what the article allows for it, whatever its dose, from what a person writes.

    Raises InputError as ``plan``.
    """
    pumps = load_pumps(own_pumps)
    model = None if pump is None else find_pump(pump, pumps)
    held = volume_of(volume) if volume is not None else None
    if held is None:
        if model is None:
            raise InputError("say how much is in the reservoir: --volume, or the pump with --pump")
        held = Fraction(model.reservoir)
    if held <= 0:
        raise InputError("the volume must be more than zero")
    if model is not None and held > Fraction(model.reservoir):
        raise InputError(f"{model.label} holds {model.reservoir} mL, not {plain(held)}")
    named = [_named(one) for one in concentrations]
    names = tuple(name for name, _ in named)
    strengths = tuple(concentration_of(strength) for _, strength in named)
    if any(strength <= 0 for strength in strengths):
        raise InputError("the concentration must be more than zero")
    amounts = [_mass(held * strength) for strength in strengths]
    told = None
    if names and all(names):
        text = ", ".join(f"{name} {amount}" for name, amount in zip(names, amounts, strict=True))
        told = price(text, on=on, policy=policy)
    doubts = tuple(_doubts(names, strengths, policy))
    return Contents(model, held, names, strengths, told, doubts)


def plan(
    *,
    on: date,
    policy: PolicySet,
    volume: str | None = None,
    residual: str | None = None,
    concentrations: Sequence[str] = (),
    doses: Sequence[str | None] = (),
    flow: str | None = None,
    pump: str | None = None,
    own_pumps: Path | None = None,
) -> Refill:
    """The plan of a refill from what a person writes: volumes in mL, "morphine 20 mg/mL", "3 mg/day".

    ``doses`` are in the order of the concentrations, null where one is not known: the drugs of a mixture
    leave together, so that one dose tells the flow, and the flow the others. Raises InputError for what is
    missing, zero, without unit, or does not agree.
    """
    held = contents_of(
        on=on, policy=policy, volume=volume, concentrations=concentrations, pump=pump,
        own_pumps=own_pumps,
    )  # fmt: skip
    model = held.pump
    left, left_from = _residual(residual, model, policy)
    fill = Fill(held.volume, left, _flow(held, doses, flow))
    alarm = Fraction(model.low_reservoir_alarm) if model and model.low_reservoir_alarm else None
    longest = model.longest_refill_interval if model else None
    return Refill(
        held, fill, due(fill, on, policy, alarm=alarm, longest=longest), left_from, alarm
    )  # fmt: skip


def _flow(held: Contents, doses: Sequence[str | None], flow: str | None) -> Fraction:
    """Millilitres a day, as given or by the doses that are known."""
    known = [dose for dose in doses if dose is not None]
    if flow is not None:
        if known:
            raise InputError("give the dose or the flow, not both")
        return flow_rate_of(flow)
    if not held.strengths or not known:
        raise InputError("say how fast it leaves: --concentration and --dose, or --flow")
    if len(doses) > len(held.strengths):
        raise InputError(
            "there are more doses than concentrations; give a concentration for each drug"
        )
    pairs = [
        (strength, dose_of(_named(dose)[1]))
        for strength, dose in zip(held.strengths, doses, strict=False)
        if dose is not None
    ]
    return flow_of([strength for strength, _ in pairs], [dose for _, dose in pairs])


def _doubts(
    names: Sequence[str], strengths: Sequence[Fraction], policy: PolicySet
) -> Iterator[str]:
    """A sentence on each concentration that is higher than is plausible."""
    for name, strength in zip(names, strengths, strict=True):
        drug = policy.drugs.by_id.get(policy.drugs.names.get(name.lower(), ""))
        highest = drug.highest_concentration if drug else None
        if highest is not None and strength > highest:
            yield (
                f"{name} {_mass(strength)}/mL can hardly be: the highest plausible concentration is "
                f"{_mass(Fraction(highest))}/mL (a threshold of ours); check the unit"
            )


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
