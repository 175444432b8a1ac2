"""Refills of patients in order of days: intervals, supplies, monthly runs, and interrogations between.

Arithmetic over narrow arrays of the refill and analysis lines alone; 1,000,000 refills in a second.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from pumpclaim.past import DAY_BITS, keys_of, order_of
from pumpclaim.policy.model import Role
from pumpclaim.utilization.supply import (
    FROM_NOTE,
    FROM_RECORD,
    UNKNOWN,
    doses_of,
    note_supply,
    record_supply,
)
from pumpclaim.visits import NO_DAY

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from pumpclaim.compiled import CompiledPolicy
    from pumpclaim.contents import Contents
    from pumpclaim.policy import PolicySet

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Days = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Refills:
    """Refill visits by patient and day, each patient's day once; one value a visit.

    ``row`` is its first line in the lines table, ``interval`` days since the refill before (-1 for the
    first), ``number`` which refill of the patient it is (from 1). ``supply`` and ``dry`` are days that
    this fill lasts, ``supply_before`` and ``dry_before`` those of the fill before it (-1 when not known).
    ``monthly`` is how many monthly intervals in a row end here, ``monthly_long`` those of them after fills
    of two months and more.
    """

    row: Ints
    patient: Ints
    day: Days
    interval: Days
    number: Days
    supply: Days
    dry: Days
    supply_before: Days
    dry_before: Days
    monthly: Days
    monthly_long: Days

    @property
    def count(self) -> int:
        """Refill visits."""
        return len(self.row)


def find_refills(
    rows: Ints, patients: Ints, days: Days, fills: Fills, policy: PolicySet
) -> tuple[Refills, Ints]:
    """The refill visits of lines, and the visit of each line.

    ``rows`` are those of the lines table, the others have one value a row. Of several lines of one
    patient's day the longest known supply counts.
    """
    supply, dry = fills.supply, fills.dry
    keys = keys_of(patients, days)
    order = None
    if not bool((keys[1:] >= keys[:-1]).all()):
        order = order_of(keys)
        rows, patients, days, keys = rows[order], patients[order], days[order], keys[order]
        supply, dry = supply[order], dry[order]
    new = np.ones(len(keys), bool)
    new[1:] = keys[1:] != keys[:-1]
    visit = np.cumsum(new) - 1
    if order is not None:
        placed = np.empty(len(keys), np.int64)
        placed[order] = visit
        visit = placed
    starts = np.flatnonzero(new)
    if len(starts) < len(keys):
        supply = np.maximum.reduceat(supply, starts)
        dry = np.maximum.reduceat(dry, starts)
        rows, patients, days = rows[starts], patients[starts], days[starts]
    count = len(rows)
    same = np.zeros(count, bool)
    same[1:] = patients[1:] == patients[:-1]
    interval = np.full(count, UNKNOWN, np.int32)
    interval[1:] = np.where(same[1:], days[1:] - days[:-1], UNKNOWN)
    lasts: Days = supply.astype(np.int32)
    empty: Days = dry.astype(np.int32)
    before, dry_before = np.full(count, UNKNOWN, np.int32), np.full(count, UNKNOWN, np.int32)
    before[1:] = np.where(same[1:], lasts[:-1], UNKNOWN)
    dry_before[1:] = np.where(same[1:], empty[:-1], UNKNOWN)
    shortest, longest = (int(policy.thresholds[f"monthly_{end}"]) for end in ("from", "to"))
    monthly = (interval >= shortest) & (interval <= longest)
    long = monthly & (before >= int(policy.thresholds["long_supply"]))
    refills = Refills(
        rows, patients, days, interval, _run(same) + np.int32(1), lasts, empty, before, dry_before,
        _run(monthly), _run(long),
    )  # fmt: skip
    return refills, visit


def _run(holds: Bools) -> Days:
    """How many in a row, ending here, hold."""
    places = np.arange(len(holds), dtype=np.int32)
    broken = np.where(holds, np.int32(-1), places)
    run: Days = (places - np.maximum.accumulate(broken)).astype(np.int32)
    return run


def due_from(supply: Days | Ints, policy: PolicySet) -> Days:
    """Days after a fill from which its refill is not early, of whole days of supply.

    A refill is early before the share ``refill_due_share`` of the supply is used, unless
    ``refill_due_days`` or fewer are left (thresholds of ours).
    """
    top, bottom = policy.thresholds["refill_due_share"].as_integer_ratio()
    grace = int(policy.thresholds["refill_due_days"])
    used = -((-supply.astype(np.int64) * top) // bottom)
    first: Days = np.maximum(np.minimum(used, supply - grace), 0).astype(np.int32)
    return first


def not_early_from(supply: Days, policy: PolicySet) -> Days:
    """The same of fills that are refilled in time: none counts for longer than the longest interval."""
    return due_from(np.minimum(supply, int(policy.thresholds["longest_refill_interval"])), policy)


@dataclass(frozen=True, eq=False)
class RefillFacts:
    """What the rules ask of refills and interrogations, one value a line; -1 for other lines and unknown."""

    interval: Days
    refill_number: Days
    supply_before: Days
    dry_before: Days
    monthly: Days
    monthly_long: Days
    analysis_interval: Days
    supply_from: NDArray[np.uint8]
    dose_day: Days
    record_before: Ints

    def __getitem__(self, rows: slice | Ints) -> RefillFacts:
        """The same for some lines, in the order of ``rows``."""
        return RefillFacts(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True, eq=False)
class Fills:
    """What is known of the fills, one value a line: days of supply and until dry, -1 where not known.

    ``source`` is where from (0, FROM_RECORD, FROM_NOTE), ``dose_day`` the day of the dose of a note.
    """

    supply: Ints
    dry: Ints
    source: NDArray[np.uint8]
    dose_day: Ints

    @staticmethod
    def unknown(count: int) -> Fills:
        """Fills of which nothing is known."""
        none = np.full(count, UNKNOWN, np.int64)
        return Fills(none, none, np.zeros(count, np.uint8), none)

    def __getitem__(self, rows: Ints) -> Fills:
        return Fills(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True, eq=False)
class Stay:
    """Patients, days and codes of every line, and whether it stands (no withdrawn claim's does)."""

    patients: Ints
    days: Days
    codes: NDArray[np.uint8]
    stands: Bools


def refill_facts(stay: Stay, fills: Fills, compiled: CompiledPolicy) -> tuple[RefillFacts, Refills]:
    """The facts of every line, and the refill visits behind them."""
    days, count = stay.days, len(stay.days)
    stands = stay.stands & (days != NO_DAY)
    is_refill = ((compiled.code_roles & np.uint32(Role.REFILL)) != 0)[stay.codes]
    at = np.flatnonzero(is_refill & stands)
    known = fills[at]
    refills, visit = find_refills(at, stay.patients[at], days[at], known, compiled.policy)

    def of_lines(values: NDArray[Any], dtype: Any = np.int32) -> NDArray[Any]:
        spread = np.full(count, UNKNOWN, dtype)
        spread[at] = values[visit]
        return spread

    before = np.full(refills.count, UNKNOWN, np.int64)
    before[1:] = np.where(refills.interval[1:] >= 0, refills.row[:-1], UNKNOWN)
    source, dosed = np.zeros(count, np.uint8), np.full(count, UNKNOWN, np.int32)
    if (known.source != 0).any():
        seen = np.flatnonzero(before >= 0)
        of_visit, dose_of_visit = np.zeros(refills.count, np.uint8), before.astype(np.int32)
        of_visit[seen] = fills.source[before[seen]]
        dose_of_visit[seen] = fills.dose_day[before[seen]]
        source[at], dosed[at] = of_visit[visit], dose_of_visit[visit]
    return RefillFacts(
        of_lines(refills.interval), of_lines(refills.number), of_lines(refills.supply_before),
        of_lines(refills.dry_before), of_lines(refills.monthly), of_lines(refills.monthly_long),
        _analysis_intervals(stay, stands, compiled), source, dosed, of_lines(before, np.int64),
    ), refills  # fmt: skip


def _analysis_intervals(stay: Stay, stands: Bools, compiled: CompiledPolicy) -> Days:
    """Days since the patient's last interrogation or reprogramming, of each line of one; -1 for others."""
    intervals = np.full(len(stay.days), UNKNOWN, np.int32)
    is_analysis = ((compiled.code_roles & np.uint32(Role.ANALYSIS)) != 0)[stay.codes]
    at = np.flatnonzero(is_analysis & stands)
    if len(at) < 2:
        return intervals
    keys = keys_of(stay.patients[at], stay.days[at])
    order = order_of(keys)
    ordered = keys[order]
    step = np.zeros(len(ordered), np.int64)
    step[1:] = ordered[1:] - ordered[:-1]
    # Lines of one day share the step of its first.
    starts = np.flatnonzero(np.concatenate((np.ones(1, bool), step[1:] != 0)))
    step = np.repeat(step[starts], np.diff(starts, append=len(step)))
    same = (
        (step > 0)
        & (step < (1 << DAY_BITS))
        & ((ordered - step) >> np.int64(DAY_BITS) == ordered >> np.int64(DAY_BITS))
    )
    intervals[at[order]] = np.where(same, step, UNKNOWN).astype(np.int32)
    return intervals


def facts_of_lines(
    contents: Contents | None, stay: Stay, compiled: CompiledPolicy, records: Records | None
) -> tuple[RefillFacts, Refills, Fills]:
    """The facts of every line; ``records`` are the visits' records, without them no supply is known."""
    fills = Fills.unknown(len(stay.days))
    if records is not None and contents is not None:
        supply, dry, dose_day = (fills.supply.copy() for _ in range(3))
        of_line = records.of_line
        known_supply, known_dry = record_supply(records.encounters, compiled.policy)
        at = np.flatnonzero(of_line >= 0)
        supply[at], dry[at] = known_supply[of_line[at]], known_dry[of_line[at]]
        fills.source[supply >= 0] = FROM_RECORD
        is_refill = ((compiled.code_roles & np.uint32(Role.REFILL)) != 0)[stay.codes]
        rows = np.flatnonzero(is_refill & stay.stands & (supply < 0) & (stay.days != NO_DAY))
        if len(rows):
            doses = doses_of(records.encounters, records.claims, records.numbers)
            supply[rows], dry[rows], dose_day[rows] = note_supply(
                contents, rows, stay, doses, compiled.policy
            )
            fills.source[rows[supply[rows] >= 0]] = FROM_NOTE
        fills = Fills(supply, dry, fills.source, dose_day)
    return *refill_facts(stay, fills, compiled), fills


@dataclass(frozen=True, eq=False)
class Records:
    """The visits' records beside the lines: ``of_line`` is the record of each line's day, -1 for none.

    ``claims`` is the claims table and ``numbers`` the patient's number of each claim.
    """

    encounters: pl.DataFrame
    of_line: Ints
    claims: pl.DataFrame
    numbers: Ints
