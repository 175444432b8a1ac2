"""Fees as arrays: of every article of a policy, and of one through its revisions (P3, P5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.policy import days, fee_rate
from pumpclaim.policy.model import NATIONAL_DATES
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.policy import PolicySet

NO_ROW = -1
"""Stands for no revision in force."""


@dataclass(frozen=True, eq=False)
class ArticleFees:
    """Fees of every article of a policy, one row an article, one column a drug's position in the compiled
    policy.

    ``rates`` are whole nano-dollars per nanogram, -1 for none, and ``parts`` what a rate has beyond in
    PARTS of one; null where all are whole. ``compounding`` is nano-dollars per refill, -1 where it is not
    known. ``units`` is the unit in which the article prices the drug, empty for none.
    """

    rates: NDArray[np.int64]
    parts: NDArray[np.int64] | None
    compounding: NDArray[np.int64]
    units: NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class FeeTable:
    """Fees of one article through its revisions: ``rates[period, drug]``, ``parts`` and
    ``compounding[period]`` as in ``ArticleFees``; ``starts`` are the first days of the periods."""

    starts: NDArray[np.int32]
    rates: NDArray[np.int64]
    parts: NDArray[np.int64] | None
    compounding: NDArray[np.int64]

    @cached_property
    def charged(self) -> NDArray[np.int64]:
        """The rates with 0 where there is none, and one more position of which there is none."""
        return np.pad(np.maximum(self.rates, 0), ((0, 0), (0, 1)))

    def period(self, day: NDArray[np.int32]) -> NDArray[np.int64]:
        """The period of each day, -1 before the first."""
        if len(self.starts) == 1:
            return np.where(day >= self.starts[0], 0, -1)
        return np.searchsorted(self.starts, day, side="right").astype(np.int64) - 1

    def look_up(self, day: NDArray[np.int32], drug: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The whole rate of each drug on each day, -1 where there is none."""
        period = self.period(day)
        if len(self.starts) == 1:
            return np.where(period < 0, -1, self.rates[0][drug])
        return np.where(period < 0, -1, self.rates[np.maximum(period, 0), drug])


def article_fees(policy: PolicySet, drugs: Sequence[str]) -> ArticleFees:
    """The fees of every article of the policy; ``drugs`` in order of their positions."""
    shape = len(policy.articles), len(drugs) + 1
    rates, parts = np.full(shape, -1, np.int64), np.zeros(shape, np.int64)
    compounding = np.full(len(policy.articles), -1, np.int64)
    units = np.full(shape, "", object)
    for row, article in enumerate(policy.articles):
        for fee in article.fees:
            if fee.drug is None:
                compounding[row] = int(fee.fee * NANO)
            else:
                place = drugs.index(fee.drug) + 1
                rates[row, place], parts[row, place] = fee_rate(fee)
                units[row, place] = fee.per
    return ArticleFees(rates, parts if parts.any() else None, compounding, units)


def through_revisions(policy: PolicySet, fees: ArticleFees, article: str) -> FeeTable:
    """The fees of one article: a period for each revision, and for the days after one when none is in
    force."""
    row_from: dict[int, int] = {}
    for row, (one, (first, last)) in enumerate(zip(policy.articles, policy.spans, strict=True)):
        if one.id == article and first <= last:
            row_from[days(first)] = row
            if last < NATIONAL_DATES[1]:
                row_from.setdefault(days(last) + 1, NO_ROW)
    starts = sorted(row_from)
    rows = np.array([row_from[one] for one in starts])
    none = rows == NO_ROW
    rates, compounding = fees.rates[rows], fees.compounding[rows]
    rates[none], compounding[none] = -1, -1
    parts = None if fees.parts is None else fees.parts[rows] * ~none[:, None]
    return FeeTable(np.array(starts, np.int32), rates, parts, compounding)
