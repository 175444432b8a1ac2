"""What was put into the pump: the ingredients of each line against the article's drugs (P2, P5, C15)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.compiled import KEYS
from pumpclaim.figures import figure
from pumpclaim.policy import PARTS
from pumpclaim.tables import MAX_AMOUNT, NANOGRAMS
from pumpclaim.visits import NO_DAY, is_known, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.compiled import CompiledPolicy, Sold

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Contents:
    """Ingredients as arrays, in order of their lines; one value an ingredient.

    ``place`` is the line's position in the lines table, ``drug`` its position in the compiled policy (0 when
    it is not known), ``amount`` nanograms and ``concentration`` nanograms per millilitre (-1 when not
    known), ``unread`` a part of the narrative that could not be read, ``rate`` whole nano-dollars per
    nanogram on the day of service (-1 without a fee), ``parts`` what the fee has beyond in PARTS of one
    (null where all are whole), ``article`` the position of the one whose fee it is. ``days`` has one value
    a service line; ``ingredient_rows`` are the ingredients themselves (tables.INGREDIENTS).
    """

    compiled: CompiledPolicy
    ingredient_rows: pl.DataFrame
    days: NDArray[np.int32]
    place: Ints
    drug: NDArray[np.uint8]
    amount: Ints
    concentration: Ints
    unread: Bools
    rate: Ints
    parts: Ints | None
    article: NDArray[np.int8] | int

    @cached_property
    def starts(self) -> Ints:
        """Where the ingredients of each line begin."""
        if not len(self.place):
            return np.zeros(0, np.int64)
        new = self.place[1:] != self.place[:-1]
        return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(new) + 1))

    def of_lines(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum of ``values`` (one an ingredient) over each line; 0 for lines without ingredients."""
        total = np.zeros(len(self.days), values.dtype)
        if len(values):
            total[self.place[self.starts]] = np.add.reduceat(values, self.starts)
        return total

    @cached_property
    def is_implausible(self) -> Bools:
        """Ingredients of which more is billed than the largest reservoir can hold (our threshold)."""
        return ~self.unread & (self.amount > self.compiled.highest[self.drug])

    @cached_property
    def counts(self) -> NDArray[np.uint64]:
        """Drugs read, parts unread, drugs without a fee, implausible amounts of each line.

        The four counts stand in one number, 16 bits each from the lowest. Nearly every ingredient is a
        drug with a fee, so lines are counted by their lengths and only the others one by one.
        """
        counts = np.zeros(len(self.days), np.uint64)
        counts[self.place[self.starts]] = np.diff(self.starts, append=len(self.place))
        odd = np.flatnonzero(self.unread | (self.rate < 0) | self.is_implausible)
        unread = self.unread[odd]
        drug = ((self.rate[odd] < 0).astype(np.uint64) << np.uint64(32)) | (
            self.is_implausible[odd].astype(np.uint64) << np.uint64(48)
        )
        np.add.at(
            counts, self.place[odd], np.where(unread, np.uint64(1 << 16) - np.uint64(1), drug)
        )
        return counts

    def sold(self, catalogue: Sequence[Sold]) -> Bools:
        """Lines of one drug whose stated concentration stands in ``catalogue`` on that day (C15)."""
        alone = np.zeros(len(self.days), bool)
        stated = np.flatnonzero((self.concentration > 0) & ~self.unread)
        if not len(stated):
            return alone
        stated = stated[self.counts[self.place[stated]] & np.uint64(0xFFFFFFFF) == 1]
        key = self.concentration[stated] * KEYS + self.drug[stated]
        day = self.days[self.place[stated]]
        for one in catalogue:
            nearest = one.keys.take(one.keys.searchsorted(key), mode="clip")
            match = (nearest == key) & (day >= one.start) & (day <= one.end)
            alone[self.place[stated[match]]] = True
        return alone


def extended(contents: Contents) -> Ints:
    """Fee times amount of each ingredient, in nano-dollars rounded down; 0 where there is no fee."""
    amount = _priced_amount(contents)
    whole: Ints = amount * np.maximum(contents.rate, 0)
    return whole if contents.parts is None else whole + amount * contents.parts // PARTS


@figure("allowance of a compounded drug line", statements=("C14", "P1", "P2", "P5"))
def drug_dollars(contents: Contents) -> Ints:
    """The sum of fee times amount over each line's drugs, in nano-dollars.

    Parts of a nano-dollar are summed apart and rounded down once, for the line: where the sum is then
    rounded to cents, half up, the result is that of the exact sum.
    """
    amount = _priced_amount(contents)
    total: Ints = contents.of_lines(amount * np.maximum(contents.rate, 0))
    if contents.parts is not None:
        total += contents.of_lines(amount * contents.parts) // PARTS
    return total


def _priced_amount(contents: Contents) -> Ints:
    return np.where(contents.unread | (contents.rate < 0), 0, contents.amount)


def fees_by_unit(contents: Contents, at: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Of the ingredients ``at`` the unit in which their article prices them, and the fee in nano-dollars
    per unit."""
    article = contents.article if isinstance(contents.article, int) else contents.article[at]
    units = contents.compiled.article_fees.units[article, contents.drug[at]]
    size = np.where(units == "mg", NANOGRAMS["mg"], NANOGRAMS["mcg"])
    fee: Ints = contents.rate[at] * size
    return units, fee if contents.parts is None else fee + contents.parts[at] * size // PARTS


def count(counts: NDArray[np.uint64], place: int) -> NDArray[np.uint16]:
    """One of the four counts of ``Contents.counts``, from 0."""
    return (counts >> np.uint64(16 * place)).astype(np.uint16)


def match_contents(
    ingredients: pl.DataFrame,
    compiled: CompiledPolicy,
    articles: NDArray[np.int8] | None,
    days: NDArray[np.int32],
) -> Contents:
    """The ingredients against the fees of each line's article and day.

    ``articles`` is the article that judges each line (null when there is only one), ``days`` its day.
    """
    frame = ingredients if ingredients["row"].is_sorted() else ingredients.sort("row", "item")
    place = frame["row"].to_numpy().astype(np.int64)
    drug = compiled.drug_positions(frame["drug"])
    amount = whole_numbers(frame["amount"])
    fees, periods = compiled.article_fees, compiled.periods
    article = 0 if articles is None else articles[place]
    # A line whose day is not known has no price, but it is known which drugs have a fee today.
    day = days[place]
    has_fee = (day == NO_DAY) | ((day >= periods.first[article]) & (day <= periods.last[article]))
    if articles is not None:
        has_fee &= articles[place] >= 0
    rate = np.where(has_fee, fees.rates[article, drug], -1)
    parts = None if fees.parts is None else fees.parts[article, drug]
    return Contents(
        compiled=compiled,
        ingredient_rows=frame,
        days=days,
        place=place,
        drug=drug,
        amount=amount,
        concentration=whole_numbers(frame["concentration"]),
        unread=is_known(frame["problem"]) | (amount < 0) | (amount > MAX_AMOUNT),
        rate=rate,
        parts=parts,
        article=article,
    )
