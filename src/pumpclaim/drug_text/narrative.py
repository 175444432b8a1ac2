"""One narrative: what it holds, how it is read from a claim's places, how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.drug_text.closer import Reading, Row
from pumpclaim.drug_text.evaluate import evaluate
from pumpclaim.policy.drugs import load_drugs
from pumpclaim.tables import NANOGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterable

DESCRIPTION_LENGTH = 80
"""Characters that SV101-7 and NTE02 hold (005010X222); a longer text is cut off there."""


@dataclass(frozen=True)
class Ingredient:
    """One drug of a narrative, or one part of it that cannot be read.

    ``amount`` is in nanograms, ``volume`` in microlitres, ``concentration`` in nanograms per
    millilitre. ``drug`` is an id of drugs.toml, None for a drug that is not known there. With a
    ``problem`` there is no amount.
    """

    text: str
    name: str | None
    drug: str | None
    amount: int | None = None
    volume: int | None = None
    concentration: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Narrative:
    """What a narrative says. ``volume`` (microlitres) is the mixture's, where there is one.

    A drug that stands twice with two amounts is two ingredients: both were put in.
    """

    ingredients: tuple[Ingredient, ...]
    volume: int | None = None
    cartridges: int | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """Why parts could not be read; empty when the narrative was read whole."""
        return tuple(one.problem for one in self.ingredients if one.problem)


def read(text: str) -> Narrative:
    """What one text says (P2). Never raises; a text without drugs or amounts has no ingredients."""
    return _narrative(evaluate(text))


def read_notes(description: str | None, note: str | None) -> Narrative:
    """What a line says in SV101-7 and in its note together (``combine``)."""
    return _narrative(combine(description, note))


def _narrative(reading: Reading) -> Narrative:
    return Narrative(
        tuple(Ingredient(*row) for row in reading.rows), reading.volume, reading.cartridges
    )


def combine(description: str | None, note: str | None) -> Reading:
    """SV101-7 and the note read together.

    A description without an amount gives way to the note. When both tell amounts, those of the
    same drug must agree, else that drug is a problem; drugs that only one of them has are added. A
    description that is cut off at its 80 characters goes on in the note.
    """
    if not note or not note.strip():
        return evaluate(description or "")
    if not description or not description.strip():
        return evaluate(note)
    first, second = evaluate(description), evaluate(note)
    if not first.rows:
        return _with_cartridges(second, first)
    if not second.rows:
        return _with_cartridges(first, second)
    if (_broken(first) or _broken(second)) and (
        joined := _joined(description, note, first, second)
    ):
        return joined
    return _merged(first, second)


def _joined(description: str, note: str, first: Reading, second: Reading) -> Reading | None:
    """One reading of two texts of which one does not stand alone, or None."""
    told = {_key(row) for row in second.rows}
    cut = len(description) >= DESCRIPTION_LENGTH
    amounts = [row for row in first.rows if row[3] is not None]
    if (
        cut
        and not _broken(second)
        and first.rows[-1][6]
        and all(_in(row, second) for row in amounts)
    ):
        return second
    if cut:
        found = [
            one
            for one in (evaluate(description + note), evaluate(f"{description} {note}"))
            if one.rows and not _broken(one)
        ]
        if found and all(one.rows == found[0].rows for one in found[1:]):
            return found[0]
    if not amounts and not any(row[1] and _key(row) not in told for row in first.rows):
        if _broken(second):
            whole = evaluate(f"{description}; {note}")
            return second if _broken(whole) else whole
        return second
    return None


def _merged(first: Reading, second: Reading) -> Reading:
    """The rows of both; a drug that both have must have the same amounts in both."""
    rows: list[Row] = []
    met: set[str] = set()
    others = _by_key(second)
    for key, mine in _by_key(first).items():
        theirs = others.get(key, [])
        met.add(key)
        if not theirs:
            rows += mine
        elif not any(row[3] is not None for row in mine):
            rows += theirs
        elif not any(row[3] is not None for row in theirs) or _amounts(mine) == _amounts(theirs):
            rows += mine
        else:
            text, name, drug = mine[0][:3]
            here, there = _texts(mine), _texts(theirs)
            problem = f"SV101-7 and NTE disagree about {name}: {here} and {there}"
            rows.append((text, name, drug, None, None, None, problem))
    for key, theirs in others.items():
        if key not in met:
            rows += theirs
    volume = first.volume if second.volume in {None, first.volume} else None
    if first.volume is None:
        volume = second.volume
    return _with_cartridges(Reading(rows, volume, first.cartridges), second)


def _with_cartridges(reading: Reading, other: Reading) -> Reading:
    mine, theirs = reading.cartridges, other.cartridges
    if mine is None or theirs is None or mine == theirs:
        return reading._replace(cartridges=mine if mine is not None else theirs)
    return reading._replace(cartridges=None)


def _broken(reading: Reading) -> bool:
    return any(row[6] for row in reading.rows)


def _key(row: Row) -> str:
    """What two rows of one drug share: its id, else its name, else the text itself."""
    return row[2] or (row[1] or row[0]).upper()


def _by_key(reading: Reading) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in reading.rows:
        found.setdefault(_key(row), []).append(row)
    return found


def _in(row: Row, reading: Reading) -> bool:
    return any(_key(one) == _key(row) and one[3] == row[3] for one in reading.rows)


def _amounts(rows: Iterable[Row]) -> list[int]:
    return sorted(-1 if row[3] is None else row[3] for row in rows)


def _texts(rows: Iterable[Row]) -> str:
    return " + ".join(row[0] for row in rows)


def render(ingredients: Iterable[Ingredient]) -> str:
    """A narrative that says the same: ``MORPHINE 360MG;CLONIDINE 2000MCG``.

    Each drug has its total in the largest of mg and mcg in which it is a whole number, else in mcg
    with decimals. Ingredients without an amount are left out. A known drug has its id as its name
    where the words otherwise exceed the 80 characters of SV101-7.
    """
    rows = [one for one in ingredients if one.amount is not None]
    text = ";".join(f"{_name(one)} {_amount(one.amount)}" for one in rows if one.amount is not None)
    if len(text) > DESCRIPTION_LENGTH:
        text = ";".join(
            f"{_name(one, short=True)} {_amount(one.amount)}"
            for one in rows
            if one.amount is not None
        )
    return text


def _name(one: Ingredient, *, short: bool = False) -> str:
    drug = load_drugs().by_id.get(one.drug or "")
    if drug is None:
        return (one.name or "").upper()
    if not short:
        return drug.id.upper()
    return min(
        (alias for alias in drug.aliases if len(alias) > 3), key=len, default=drug.id.upper()
    )


def _amount(nanograms: int) -> str:
    for unit in ("mg", "mcg"):
        whole, rest = divmod(nanograms, NANOGRAMS[unit])
        if not rest:
            return f"{whole}{unit.upper()}"
    whole, rest = divmod(nanograms, NANOGRAMS["mcg"])
    return f"{whole}.{rest:03d}".rstrip("0") + "MCG"
