"""Lines in order of patient, day and claim, and arithmetic over runs of neighbouring lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_DAY = -(2**31)
"""Stands for an unknown date in the arrays of days since 1970-01-01."""
DAY_ZERO = 2**15
"""Added to days so that sorting keys are not negative: the keys reach back to 1880."""


@dataclass(frozen=True, eq=False)
class Visits:
    """``order`` gives each place's row in the lines table; ``..._starts`` are where runs begin.

    A patient's run holds days, a day's run holds visits (the lines of one claim on one day).
    """

    order: NDArray[np.int64]
    patient_starts: NDArray[np.int64]
    day_starts: NDArray[np.int64]
    visit_starts: NDArray[np.int64]

    def lengths(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lines of each run."""
        return np.diff(starts, append=len(self.order))

    def over(self, starts: NDArray[np.int64], values: NDArray[Any], how: np.ufunc) -> NDArray[Any]:
        """``how`` reduced over each run, given to each of its lines."""
        if not len(values):
            return values
        return np.repeat(how.reduceat(values, starts), self.lengths(starts))

    def number(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of each line's run, from 0."""
        return np.repeat(np.arange(len(starts)), self.lengths(starts))


def order_visits(
    patients: NDArray[np.int64], days: NDArray[np.int32], claims: NDArray[np.int64]
) -> Visits:
    """Put lines in order; each argument has one number a line, in the order of the lines table.

    Lines of one visit keep the order in which they stand on their claim.
    """
    if not len(claims):
        none = np.zeros(0, np.int64)
        return Visits(none, none, none, none)
    day = np.maximum(days.astype(np.int64) + DAY_ZERO, 0)
    keys = (patients, day, claims)
    bits = [int(key.max()).bit_length() for key in keys]
    if sum(bits) <= 63:
        packed = (((patients << bits[1]) | day) << bits[2]) | claims
        order = _argsort(packed)
    else:
        order = np.lexsort(keys[::-1])
    patient, day, claim = (key[order] for key in keys)
    new_patient = patient[1:] != patient[:-1]
    new_day = new_patient | (day[1:] != day[:-1])
    new_visit = new_day | (claim[1:] != claim[:-1])
    return Visits(order, _starts(new_patient), _starts(new_day), _starts(new_visit))


def _argsort(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """A stable sort; Polars is faster, and where it put equal keys out of order numpy sorts again."""
    series = pl.Series(keys)
    if series.is_sorted():
        return np.arange(len(keys))
    order = series.arg_sort().to_numpy().astype(np.int64)
    ordered = keys[order]
    if ((ordered[1:] == ordered[:-1]) & (order[1:] < order[:-1])).any():
        order = np.argsort(keys, kind="stable")
    return order


def _starts(new: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(new) + 1))
