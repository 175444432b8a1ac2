"""Visits: the lines of one claim on one day, and arithmetic over a patient's day and past.

Lines stay in the order of their table, in which those of a claim are neighbours. What a rule asks of a
visit is reduced over neighbouring lines; what it asks of a day or of the past is reduced over visits put
in order of patient and day once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

NO_DAY = -(2**31)
"""Stands for an unknown date in the arrays of days since 1970-01-01."""
FAR_PAST, FAR_FUTURE = -(2**31) + 1, 2**31 - 1
"""Days before and after every date."""
DAY_ZERO = 2**15
"""Added to days so that sorting keys are not negative: the keys reach back to 1880."""


@dataclass(frozen=True, eq=False)
class Visits:
    """``starts``: where each visit's lines begin among ``lines`` (positions in the lines table, or null
    when that is simply every line in order). ``order``: the visits in order of patient and day;
    ``day_starts`` and ``patient_starts``: where days and patients begin in that order.
    """

    count: int
    lines: Ints | None
    starts: Ints
    order: Ints
    day_starts: Ints
    patient_starts: Ints

    def of_visit(self, values: NDArray[Any], how: np.ufunc) -> NDArray[Any]:
        """``how`` reduced over the lines of each visit; one value a visit."""
        if not self.count:
            return values
        return how.reduceat(values if self.lines is None else values[self.lines], self.starts)

    @cached_property
    def shared(self) -> tuple[Ints, Ints]:
        """Visits whose patient has another one that day, in order, and where their days begin."""
        lengths = np.diff(self.day_starts, append=len(self.order))
        several = np.flatnonzero(lengths > 1)
        if not len(several):
            return self.order[:0], several
        many = lengths[several]
        starts = np.cumsum(many) - many
        places = np.repeat(self.day_starts[several] - starts, many) + np.arange(int(many.sum()))
        return self.order[places], starts

    def of_day(self, values: NDArray[Any], how: np.ufunc) -> NDArray[Any]:
        """``how`` reduced over the visits of each patient's day; one value a visit.

        Most visits are alone on their day, so only the others are reduced.
        """
        visits, starts = self.shared
        if not len(visits):
            return values
        days = how.reduceat(values[visits], starts)
        result = values.copy()
        result[visits] = np.repeat(days, np.diff(starts, append=len(visits)))
        return result

    def visits_of_days(self, days: NDArray[Any]) -> NDArray[Any]:
        """One value a day (in order) given to each of its visits."""
        visits = np.empty(len(self.starts), days.dtype)
        visits[self.order] = np.repeat(days, np.diff(self.day_starts, append=len(self.order)))
        return visits

    def day_numbers(self, lines: Ints) -> Ints:
        """A number for the patient and day of each of these lines."""
        numbers = np.arange(len(self.starts))
        visits, starts = self.shared
        if len(visits):
            numbers[visits] = np.repeat(visits[starts], np.diff(starts, append=len(visits)))
        at = lines if self.lines is None else self._place_of_line[lines]
        return numbers[np.searchsorted(self.starts, at, side="right") - 1]

    @cached_property
    def _place_of_line(self) -> Ints:
        place = np.empty(self.count, np.int64)
        place[self.lines] = np.arange(self.count)
        return place

    def to_lines(self, visits: NDArray[Any]) -> NDArray[Any]:
        """One value a visit given to each of its lines."""
        if not self.count:
            return visits
        spread = np.repeat(visits, np.diff(self.starts, append=self.count))
        if self.lines is None:
            return spread
        lines = np.empty_like(spread)
        lines[self.lines] = spread
        return lines

    def lines_of(self, visits: Ints) -> Ints:
        """Positions of the lines of these visits."""
        ends = np.append(self.starts, self.count)
        places = np.concatenate([np.arange(ends[v], ends[v + 1]) for v in visits.tolist()])
        return places if self.lines is None else self.lines[places]


def find_visits(patients: Ints, days: NDArray[np.int32], claims: Ints) -> Visits:
    """Visits of lines, each given its patient (a number), its day and its claim, claims in order."""
    count = len(claims)
    none = np.zeros(0, np.int64)
    if not count:
        return Visits(0, None, none, none, none, none)
    lines = None
    new = (claims[1:] != claims[:-1]) | (days[1:] != days[:-1])
    if not _apart(claims, new):
        lines = np.lexsort((days, claims))
        claims, days, patients = claims[lines], days[lines], patients[lines]
        new = (claims[1:] != claims[:-1]) | (days[1:] != days[:-1])
    starts = starts_of(new)
    patient = patients[starts]
    # Visits whose day is not known share it with no other visit.
    day = days[starts].astype(np.int64) + DAY_ZERO
    unknown = days[starts] == NO_DAY
    if unknown.any():
        day = np.where(unknown, 2**20 + np.arange(len(day)), day)
    day = np.maximum(day, 0)
    order = sort_by(patient, day)
    patient, day = patient[order], day[order]
    new_patient = patient[1:] != patient[:-1]
    return Visits(
        count, lines, starts, order,
        starts_of(new_patient | (day[1:] != day[:-1])), starts_of(new_patient),
    )  # fmt: skip


def _apart(claims: Ints, new: NDArray[np.bool_]) -> bool:
    """Whether claims are in order, each with all its lines on one day."""
    return bool((claims[1:] >= claims[:-1]).all()) and not (new & (claims[1:] == claims[:-1])).any()


def sort_by(*keys: Ints) -> Ints:
    """The stable order by several non-negative keys, packed into one number where they fit."""
    bits = [int(key.max()).bit_length() for key in keys]
    if sum(bits) > 63:
        return np.lexsort(keys[::-1])
    packed = keys[0]
    for key, width in zip(keys[1:], bits[1:], strict=True):
        packed = (packed << width) | key
    series = pl.Series(packed)
    if series.is_sorted():
        return np.arange(len(packed))
    order = series.arg_sort().to_numpy().astype(np.int64)
    ordered = packed[order]
    if ((ordered[1:] == ordered[:-1]) & (order[1:] < order[:-1])).any():
        order = np.argsort(packed, kind="stable")
    return order


def starts_of(new: NDArray[np.bool_]) -> Ints:
    """Where runs begin, from "differs from the one before" of every value but the first."""
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(new) + 1))


def whole_numbers(column: pl.Series, unknown: int = -1) -> Ints:
    """An integer column as an array, ``unknown`` for null."""
    if column.null_count() == column.len():
        return np.full(column.len(), unknown, np.int64)
    return (column.fill_null(unknown) if column.null_count() else column).to_numpy()
