"""What was put into the pump: the ingredients of each line against the article's drugs (P2, P5, C15)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.visits import NO_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from pumpclaim.compiled import CompiledPolicy

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

KEYS = 256
"""Drugs are numbered below this, so that a drug and a concentration make one key."""


@dataclass(frozen=True, eq=False)
class Sold:
    """Concentrations sold nationally between two days: ``keys`` are concentration * KEYS + drug."""

    keys: Ints
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Contents:
    """Ingredients as arrays, in order of their line's row; one value an ingredient.

    ``place`` is the line's place in visit order, ``drug`` its position in the compiled policy (0 when
    it is not known), ``amount`` nanograms and ``concentration`` nanograms per millilitre (-1 when not
    known), ``unread`` a part of the narrative that could not be read, ``rate`` nano-dollars per nanogram
    on the day of service (-1 without a fee). ``days`` has one value a service line, in visit order.
    """

    compiled: CompiledPolicy
    days: NDArray[np.int32]
    place: Ints
    drug: NDArray[np.uint8]
    amount: Ints
    concentration: Ints
    unread: Bools
    rate: Ints

    def _count(self, which: Bools) -> NDArray[np.uint16]:
        counts = np.bincount(self.place[which], minlength=len(self.days))
        return np.minimum(counts, 65_535).astype(np.uint16)

    @cached_property
    def ingredients(self) -> NDArray[np.uint16]:
        """Drugs of each line that could be read."""
        return self._count(~self.unread)

    @cached_property
    def unread_parts(self) -> NDArray[np.uint16]:
        """Parts of each line's narrative that could not be read."""
        return self._count(self.unread)

    @cached_property
    def priced(self) -> NDArray[np.uint16]:
        """Drugs of each line that have a fee in the article on that day."""
        return self._count(~self.unread & (self.rate >= 0))

    @cached_property
    def unpriced(self) -> NDArray[np.uint16]:
        """Drugs of each line that have none (P5)."""
        return self._count(~self.unread & (self.rate < 0))

    @cached_property
    def is_implausible(self) -> Bools:
        """Ingredients of which more is billed than the largest reservoir can hold (our threshold)."""
        return ~self.unread & (self.amount > self.compiled.highest[self.drug])

    @cached_property
    def implausible(self) -> NDArray[np.uint16]:
        """Number of those of each line."""
        return self._count(self.is_implausible)

    def sold(self, catalogue: Sequence[Sold]) -> Bools:
        """Lines of one drug whose stated concentration stands in ``catalogue`` on that day (C15)."""
        key = self.concentration * KEYS + self.drug
        day = self.days[self.place]
        match = np.zeros(len(key), bool)
        for one in catalogue:
            match |= np.isin(key, one.keys) & (day >= one.start) & (day <= one.end)
        match &= ~self.unread & (self.concentration > 0)
        return (self._count(match) == 1) & (self.ingredients == 1) & (self.unread_parts == 0)


def match_contents(
    ingredients: pl.DataFrame,
    rows: Ints,
    compiled: CompiledPolicy,
    article: NDArray[np.int8],
    days: NDArray[np.int32],
) -> Contents:
    """The ingredients against the fees of each line's article and day.

    ``rows``, ``article`` and ``days`` have one value a line in visit order.
    """
    frame = ingredients if ingredients["row"].is_sorted() else ingredients.sort("row", "item")
    place_of = np.empty(len(rows), np.int64)
    place_of[rows] = np.arange(len(rows))
    place = place_of[frame["row"].to_numpy()] if frame.height else np.zeros(0, np.int64)
    drug = compiled.drug_positions(frame["drug"])
    rate = np.full(len(drug), -1, np.int64)
    for position, fees in enumerate(compiled.fees):
        period = fees.period(days[place])
        here = (article[place] == position) & (period >= 0) & (days[place] != NO_DAY)
        rate[here] = fees.rates[period[here], drug[here]]
    return Contents(
        compiled=compiled,
        days=days,
        place=place,
        drug=drug,
        amount=frame["amount"].fill_null(-1).to_numpy(),
        concentration=frame["concentration"].fill_null(-1).to_numpy(),
        unread=(frame["problem"].is_not_null() | frame["amount"].is_null()).to_numpy(),
        rate=rate,
    )
