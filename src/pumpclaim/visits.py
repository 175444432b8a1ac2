"""Lines in order of patient, day and claim, and arithmetic over runs of neighbouring lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.tables import FEW

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Runs of a block of lines: where each patient, each of his days, and each visit begins.

    A visit is the lines of one claim on one day. ``count`` is the number of lines.
    """

    count: int
    patient_starts: Ints
    day_starts: Ints
    visit_starts: Ints

    @property
    def alone(self) -> bool:
        """Every visit is the only one of its patient's day."""
        return len(self.day_starts) == len(self.visit_starts)

    def lengths(self, starts: Ints) -> Ints:
        """Lines of each run."""
        return np.diff(starts, append=self.count)

    def over(self, starts: Ints, values: NDArray[Any], how: np.ufunc) -> NDArray[Any]:
        """``how`` reduced over each run, given to each of its lines."""
        if not self.count or len(starts) == self.count:
            return values
        return np.repeat(how.reduceat(values, starts), self.lengths(starts))

    def number(self, starts: Ints) -> Ints:
        """The number of each line's run, from 0."""
        return np.repeat(np.arange(len(starts)), self.lengths(starts))

    def run(self, starts: Ints, line: int) -> range:
        """Places of the run in which a line lies."""
        at = int(np.searchsorted(starts, line, side="right"))
        return range(int(starts[at - 1]), int(starts[at]) if at < len(starts) else self.count)


@dataclass(frozen=True, eq=False)
class Part:
    """Lines that are judged together. ``rows`` of the lines table, in order, ``starts`` of patients in it.

    ``counts`` says which of them are judged here; null for all.
    """

    rows: slice | Ints
    starts: Ints
    counts: NDArray[np.bool_] | None = None

    def up_to(self, lines: int) -> Part:
        """The same, of which only the first ``lines`` of the lines table are judged."""
        judged = self.positions < lines
        return Part(self.rows, self.starts, judged if self.counts is None else judged & self.counts)

    @property
    def positions(self) -> Ints:
        """The rows, one by one."""
        if isinstance(self.rows, slice):
            return np.arange(self.rows.start, self.rows.stop)
        return self.rows


@dataclass(frozen=True, eq=False)
class Order:
    """Which lines are judged; which of them need their patient's other claims, by patient, day and claim.

    Most claims are alone on their patient's day and need no past; they are judged as they stand, and
    each is a patient of its own there. ``bound`` says which lines are not so (null when none is);
    ``rows`` are those in order, with the ``patient_starts`` among them, and ``claim_starts`` is where
    claims begin in the lines table (null when its claims do not stand together, or when few are judged).
    """

    count: int
    bound: NDArray[np.bool_] | None
    rows: Ints
    patient_starts: Ints
    claim_starts: Ints | None

    def parts(self, size: int) -> Iterator[Part]:
        """Parts of about ``size`` lines, whole claims and where it matters whole patients."""
        if self.claim_starts is not None:
            for begin, end, starts in _cut(self.claim_starts, self.count, size):
                counts = None if self.bound is None else ~self.bound[begin:end]
                yield Part(slice(begin, end), starts, counts)
        for begin, end, starts in _cut(self.patient_starts, len(self.rows), size):
            yield Part(self.rows[begin:end], starts)


def _cut(starts: Ints, count: int, size: int) -> Iterator[tuple[int, int, Ints]]:
    """Begin and end of neighbouring runs of about ``size`` together, and their starts from there."""
    first = 0
    while first < len(starts):
        begin = int(starts[first])
        last = max(int(np.searchsorted(starts, begin + size)), first + 1)
        end = int(starts[last]) if last < len(starts) else count
        yield begin, end, starts[first:last] - begin
        first = last


MOSTLY = 0.4
"""From this share of lines that need others on, all are put in order."""


def order_lines(
    patients: Ints,
    days: NDArray[np.int32],
    claims: Ints,
    concerns: NDArray[np.bool_],
    past: NDArray[np.bool_],
) -> Order:
    """The order of lines, given the patient (a number) of each claim, and day and claim of each line.

    ``concerns`` marks lines that make the article concern their patients; where these are few only their
    lines are judged, as nothing can be found on others. ``past`` marks lines whose patients' claims depend
    on each other on whatever day. Lines of one visit keep the order in which they stand on their claim.
    """
    none = np.zeros(0, np.int64)
    if not len(claims):
        return Order(0, None, none, none, none)
    day = np.maximum(days.astype(np.int64) + DAY_ZERO, 0)
    judged = _among(patients, claims, concerns)[claims]
    rows = np.flatnonzero(judged)
    if len(rows) < MOSTLY * len(claims):
        ordered, patient_starts = _by_patient(patients, day, claims, rows)
        return Order(len(claims), None, ordered, patient_starts, None)
    starts = starts_of(claims[1:] != claims[:-1])
    together = bool((claims[1:] >= claims[:-1]).all())
    new = starts_of((claims[1:] != claims[:-1]) | (days[1:] != days[:-1]))
    bits = int(day.max()).bit_length()
    if together and int(patients.max()).bit_length() + bits <= 63:
        keys = np.sort((patients[claims[new]] << bits) | day[new])
        again = keys[1:] == keys[:-1]
        entangled = _among(patients, claims, past, keys[1:][again] >> bits)
        if not entangled.any():
            return Order(len(claims), None, none, none, starts)
        bound = entangled[claims]
        rows = np.flatnonzero(bound)
        if len(rows) < MOSTLY * len(claims):
            ordered, patient_starts = _by_patient(patients, day, claims, rows)
            return Order(len(claims), bound, ordered, patient_starts, starts)
    rows, patient_starts = _by_patient(patients, day, claims, np.arange(len(claims)))
    return Order(len(claims), None, rows, patient_starts, None)


def _among(
    patients: Ints, claims: Ints, marked: NDArray[np.bool_], more: Ints | None = None
) -> NDArray[np.bool_]:
    """The claims of patients of whom a line is ``marked``, and of those in ``more``."""
    own = np.zeros(int(patients.max()) + 1, bool)
    own[patients[claims[marked]]] = True
    if more is not None:
        own[more] = True
    return own[patients]


def _by_patient(patients: Ints, day: Ints, claims: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """``rows`` by patient, day and claim, and where patients begin among them."""
    if not len(rows):
        return rows, rows
    ordered = rows[sort_by(patients[claims[rows]], day[rows], claims[rows])]
    patient = patients[claims[ordered]]
    return ordered, starts_of(patient[1:] != patient[:-1])


def find_visits(patient_starts: Ints, days: NDArray[np.int32], claims: Ints) -> Visits:
    """The runs of a block of lines in order of patient, day and claim.

    A visit whose day is not known is a day of its own.
    """
    count = len(claims)
    new_visit = np.ones(count, bool)
    new_visit[1:] = (claims[1:] != claims[:-1]) | (days[1:] != days[:-1])
    new_day = np.ones(count, bool)
    new_day[1:] = (days[1:] != days[:-1]) | ((days[1:] == NO_DAY) & new_visit[1:])
    new_day[patient_starts] = True
    return Visits(
        count, patient_starts, np.flatnonzero(new_day), np.flatnonzero(new_visit | new_day)
    )


def sort_by(*keys: Ints) -> Ints:
    """The stable order by several non-negative keys, packed into one number where they fit."""
    bits = [int(key.max()).bit_length() for key in keys]
    if sum(bits) > 63:
        return np.lexsort(keys[::-1])
    packed = keys[0]
    for key, width in zip(keys[1:], bits[1:], strict=True):
        packed = (packed << width) | key
    if bool((packed[1:] >= packed[:-1]).all()):
        return np.arange(len(packed))
    order = pl.Series(packed).arg_sort().to_numpy().astype(np.int64)
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
    if column.null_count() == 0:
        return column.to_numpy()
    if column.len() < FEW:
        return np.array([unknown if one is None else one for one in column.to_list()], np.int64)
    return column.fill_null(unknown).to_numpy()


def is_known(column: pl.Series) -> NDArray[np.bool_]:
    """Where a column is not null."""
    if column.null_count() in (0, column.len()):
        return np.full(column.len(), column.null_count() == 0)
    if column.len() < FEW:
        return np.array([one is not None for one in column.to_list()], bool)
    return column.is_not_null().to_numpy()
