"""A closer look: what each drug amounts to, in whole numbers only, and what is wrong with a part.

A figure's value is a fraction (numerator, denominator) of ints: a mass in nanograms, a
concentration in nanograms per millilitre, a volume in microlitres. Nothing is rounded; what does
not come out as a whole number of nanograms is a problem.
"""

from __future__ import annotations

from typing import NamedTuple

from pumpclaim.drug_text.figures import MILLILITRE, Item
from pumpclaim.drug_text.grammar import Part, Recipe
from pumpclaim.drug_text.tokens import Place
from pumpclaim.tables import MAX_AMOUNT, NANO

DIGITS = 18
"""A number with more digits is absurd and not read."""
MAX_VOLUME = 10_000_000
"""The largest volume that is read, in microlitres (10 litres)."""
_PROCEDURES = frozenset(
    ["62360", "62361", "62362", "62365", "62367", "62368", "62369", "62370", "95990", "95991"]
)

Value = tuple[int, int]
Row = tuple[str, str | None, str | None, int | None, int | None, int | None, str | None]
"""text, name, drug, amount, volume, concentration, problem."""


class Reading(NamedTuple):
    """Rows of the ingredients, volume of the mixture, count of cartridges, where each is known."""

    rows: list[Row]
    volume: int | None
    cartridges: int | None


class _Unreadable(Exception):  # noqa: N818 - a state of a part, not an error of ours
    """What is wrong with a part."""


class Plan(NamedTuple):
    """A part with its figures sorted by kind."""

    part: Part
    masses: tuple[Item, ...]
    concs: tuple[Item, ...]
    ratios: tuple[Item, ...]
    volumes: tuple[Item, ...]
    soft: tuple[Item, ...]
    others: tuple[Item, ...]


def plan_of(part: Part) -> Plan:
    def of(*kinds: str) -> tuple[Item, ...]:
        return tuple(item for item in part.figures if item.kind in kinds)

    masses, concs, ratios, volumes = of("mass"), of("conc"), of("ratio"), of("volume")
    others = of("bad", "bare", "dosing", "pieces", "count")
    return Plan(part, masses, concs, ratios, volumes, tuple(part.soft), others)


class Closer:
    """One text, its recipe as plans, and where its numbers stand."""

    __slots__ = ("cuts", "plans", "recipe", "text", "volume", "volumes")

    def __init__(
        self, text: str, plans: tuple[Plan, ...], recipe: Recipe, cuts: tuple[int, ...]
    ) -> None:
        self.text = text
        self.plans = plans
        self.recipe = recipe
        self.cuts = cuts
        self.volume: Value | None = None
        self.volumes: list[Value] = []

    def reading(self) -> Reading:
        """The rows, the mixture's volume and the count of cartridges."""
        for item in self.recipe.volumes:
            if (value := self._volume(item)) and not any(_same(value, one) for one in self.volumes):
                self.volumes.append(value)
        if len(self.volumes) == 1:
            self.volume = self.volumes[0]
        whole = _whole(self.volume) if self.volume else None
        rows: list[Row] = []
        for plan in self.plans:
            if not self._procedure(plan):
                rows.append(self._row(plan))
        return Reading(rows, whole, self._cartridges())

    def _procedure(self, plan: Plan) -> bool:
        """Whether a number without a unit is a procedure code of the refill."""
        part = plan.part
        return (
            part.name is None
            and not part.figures
            and self._cut(part.start, part.end).strip(" -") in _PROCEDURES
        )

    def _row(self, plan: Plan) -> Row:
        part = plan.part
        text = self._cut(part.start, part.end)
        name = self._cut(*part.name) if part.name else None
        amount = volume = concentration = None
        problem: str | None = None
        try:
            if part.problem:
                raise _Unreadable(f"{text} {part.problem}")
            strength = self._strength(plan)
            held = self._held(plan, strength)
            amount, problem = self._amount(plan, text, strength, held)
            volume = _whole(held) if held else None
            if strength:
                concentration = _whole(strength)
            elif amount and volume:
                concentration, rest = divmod(amount * MILLILITRE, volume)
                concentration = None if rest else concentration
            if concentration is not None and concentration > NANO:
                concentration = None
                amount = None
                problem = f"{text}: no solution has more than a gram in a millilitre"
        except _Unreadable as unreadable:
            problem = str(unreadable)
            amount = None
        return (text, name, part.drug, amount, volume, concentration, problem)

    def _strength(self, plan: Plan) -> Value | None:
        """The one concentration of a part; raises _Unreadable when two are given."""
        found: list[tuple[Value, Item]] = []
        for item in plan.concs:
            numerator, denominator = self._number(item)
            value = (numerator * item.scale * MILLILITRE, denominator * item.per)
            found.append((value, item))
        for item in plan.ratios:
            mass, volume = self._ratio(item)
            if item.repeated or volume[0] == MILLILITRE * volume[1]:
                found.append(((mass[0] * volume[1] * MILLILITRE, mass[1] * volume[0]), item))
        for value, item in found[1:]:
            if not _same(value, found[0][0]):
                first = self._figure(found[0][1])
                raise _Unreadable(
                    f"two concentrations that differ: {first} and {self._figure(item)}"
                )
        return found[0][0] if found else None

    def _held(self, plan: Plan, strength: Value | None) -> Value | None:
        """The volume that a part's drug is dissolved in: its own, or the mixture's, or None."""
        own = [(self._volume(item), item) for item in plan.volumes]
        own += [
            (self._volume(item), item)
            for item in plan.ratios
            if not item.repeated and not self._is_strength(item)
        ]
        if not own and plan.soft and len(self.volumes) > 1 and self._all_soft():
            own = [(self._volume(item), item) for item in plan.soft]
        for value, item in own:
            if value is None:
                raise _Unreadable(f"{self._figure(item)} is no volume that can be read")
            first = own[0][0]
            if first is not None and not _same(value, first):
                raise _Unreadable(
                    f"two volumes that differ: {self._figure(own[0][1])} and {self._figure(item)}"
                )
        if own:
            return own[0][0]
        if self.volume is None and len(self.volumes) > 1 and strength and not plan.masses:
            which = " or ".join(
                self._figure(item) for item in self.recipe.volumes if item.kind != "ratio"
            )
            raise _Unreadable(f"a concentration, and it is not clear in which volume: {which}")
        return self.volume

    def _all_soft(self) -> bool:
        return all(not plan.volumes and not plan.ratios for plan in self.plans) and not any(
            item.kind == "mixture" for item in self.recipe.volumes
        )

    def _amount(
        self, plan: Plan, text: str, strength: Value | None, held: Value | None
    ) -> tuple[int | None, str | None]:
        """The total in nanograms, or None and what is wrong."""
        for item in plan.others:
            self._objection(item, plan)
        totals = self._totals(plan)
        if strength and held:
            product = (strength[0] * held[0], strength[1] * held[1] * MILLILITRE)
            if totals and not _same(product, totals[0][0]):
                raise _Unreadable(
                    f"the total {totals[0][1]} is not concentration times volume, "
                    f"{_milligrams(product)}"
                )
            totals.append((product, text))
        if not totals:
            raise _Unreadable(self._missing(plan, text, strength))
        numerator, denominator = totals[0][0]
        amount, rest = divmod(numerator, denominator)
        if rest:
            raise _Unreadable(f"{totals[0][1]} is no whole number of nanograms")
        if amount == 0:
            raise _Unreadable(f"{totals[0][1]}: the amount is zero")
        if amount > MAX_AMOUNT:
            raise _Unreadable(
                f"{totals[0][1]} is more than the {MAX_AMOUNT // NANO} g that are read at most"
            )
        return amount, None

    def _totals(self, plan: Plan) -> list[tuple[Value, str]]:
        """The totals that are written, which must be one; raises _Unreadable when they differ."""
        totals: list[tuple[Value, str]] = []
        for item in plan.masses:
            numerator, denominator = self._number(item)
            totals.append(((numerator * item.scale, denominator), self._figure(item)))
        for item in plan.ratios:
            if not item.repeated and not self._is_strength(item):
                totals.append((self._ratio(item)[0], self._figure(item)))
        for value, written in totals[1:]:
            if not _same(value, totals[0][0]):
                raise _Unreadable(f"two amounts that differ: {totals[0][1]} and {written}")
        return totals

    def _missing(self, plan: Plan, text: str, strength: Value | None) -> str:
        """Why a part without a total has none."""
        if strength:
            return f"{text}: a concentration, but no volume is given"
        if plan.volumes or plan.soft:
            return f"{text}: a volume, but neither an amount nor a concentration"
        rate = next((item for item in plan.others if item.kind == "dosing"), None)
        if rate:
            return f"{self._figure(rate)} is a dose rate, not what was put into the pump"
        return f"{text}: no amount is given"

    def _objection(self, item: Item, plan: Plan) -> None:
        """Raises _Unreadable when a figure beside a part's amount puts that amount in doubt."""
        if item.kind == "bad":
            raise _Unreadable(f"{self._figure(item)} {item.why}")
        if item.kind == "bare":
            written = self._figure(item)
            if written in _PROCEDURES and (plan.masses or plan.concs or plan.ratios):
                return
            raise _Unreadable(f"{written} is a number without a unit")
        if item.kind in {"count", "pieces"}:
            value = self._count(item)
            if value != 1 and (item.repeated or item.kind == "pieces"):
                raise _Unreadable(
                    f"{self._figure(item)}: it is not clear whether the amount is in each of them "
                    "or in all"
                )

    def _number(self, item: Item, other: bool = False) -> Value:
        """A figure's number as a fraction; raises _Unreadable when it is no readable number.

        ONE to FOUR in words are kept as -2 to -5 in the number's place.
        """
        place = item.other if other else item.number
        if place < -1:
            return -place - 1, 1
        written = self.text[self.cuts[2 * place + 1] : self.cuts[2 * place + 2]]
        if "," in written:
            head = written.split(".")[0].split(",")
            if (
                head[0].startswith("0")
                or not 1 <= len(head[0]) <= 3
                or any(len(g) != 3 for g in head[1:])
            ):
                raise _Unreadable(f"{written} is no readable number")
            plain = written.replace(",", "")
        else:
            plain = written
        if len(plain) > DIGITS:
            raise _Unreadable(f"{written} has more digits than any amount has")
        whole, point, decimals = plain.partition(".")
        if "." in decimals or (point and not decimals):
            raise _Unreadable(f"{written} is no readable number")
        return int(whole + decimals), 10 ** len(decimals)

    def _ratio(self, item: Item) -> tuple[Value, Value]:
        """Mass in nanograms and volume in microlitres of ``400MG/20ML``."""
        numerator, denominator = self._number(item)
        volume, parts = self._number(item, other=True)
        if not volume:
            raise _Unreadable(f"{self._figure(item)}: the volume is zero")
        return (numerator * item.scale, denominator), (volume * item.per, parts)

    def _is_strength(self, item: Item) -> bool:
        volume = self._ratio(item)[1]
        return volume[0] == MILLILITRE * volume[1]

    def _volume(self, item: Item) -> Value | None:
        """A volume in microlitres; None when unreadable, zero, or a strength's 1 mL."""
        try:
            if item.kind == "ratio":
                volume = self._ratio(item)[1]
                if item.repeated or volume[0] == MILLILITRE * volume[1]:
                    return None
            else:
                numerator, denominator = self._number(item)
                volume = (numerator * item.scale, denominator)
        except _Unreadable:
            return None
        return volume if 0 < volume[0] <= MAX_VOLUME * volume[1] else None

    def _count(self, item: Item) -> int | None:
        if item.number < -1:
            return -item.number - 1
        try:
            numerator, denominator = self._number(item)
        except _Unreadable:
            return None
        return numerator if denominator == 1 and 0 < numerator < 100 else None

    def _cartridges(self) -> int | None:
        """The count of cartridges or syringes; None when none or two different ones are stated."""
        counts = {self._count(item) for item in self.recipe.counts}
        return counts.pop() if len(counts) == 1 else None

    def _figure(self, item: Item) -> str:
        return self._cut(item.start, item.end)

    def _cut(self, start: Place, end: Place) -> str:
        cuts = self.cuts
        return self.text[cuts[2 * start[0]] + start[1] : cuts[2 * end[0]] + end[1]]


def _same(one: Value, other: Value) -> bool:
    return one[0] * other[1] == other[0] * one[1]


def _whole(value: Value) -> int | None:
    whole, rest = divmod(value[0], value[1])
    return None if rest else whole


def _milligrams(value: Value) -> str:
    """A mass for a message, exact where six decimals of a milligram can tell it."""
    nanograms, rest = divmod(value[0], value[1])
    whole, decimals = divmod(nanograms, 1_000_000)
    point = f".{decimals:06d}".rstrip("0").rstrip(".")
    return ("about " if rest else "") + f"{whole}{point} mg"
