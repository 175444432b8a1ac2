"""What the article allows for the drugs of a refill: exact, with its derivation (P1 to P5).

Allowance = sum over drugs of fee times amount, plus one compounding fee for the refill, rounded once to
whole cents, half up, at the line's total. Amounts are nanograms, fees nano-dollars per nanogram, and parts of
such (``contents.drug_dollars``), so every sum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.figures import figure
from pumpclaim.policy import INGREDIENTS_AT_MOST, PARTS
from pumpclaim.policy.model import Role
from pumpclaim.tables import CENT, MAX_AMOUNT, UNIT
from pumpclaim.visits import NO_DAY, is_known, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pumpclaim.context import Context
    from pumpclaim.fee_tables import FeeTable
    from pumpclaim.policy import PolicySet

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

REASONS = (
    None,
    "the article does not reach this line",
    "priced by another schedule",
    "a hospital's or facility's drug: not the physician's to bill",
    "packaged under OPPS: paid with the other services of the claim",
    "institutional claim that OPPS does not reach: priced by another schedule",
    "not billed as J7999: priced by another schedule",
    "date of service not known",
    "no narrative of drugs and amounts",
    "narrative cannot be read whole",
    "a drug has no fee in the article: the contractor prices it from the invoice",
    "units of service are no whole number, or too many",
    "lower bound: a drug has no fee in the article",
    "more drugs on one line than can be summed",
    "the file's layout carries no narrative of drugs",
    "the article's compounding fee is not known",
)
"""Why a line has no allowance, or why it is zero; the place in this tuple is the code in ``Prices``."""
(PRICED, NOT_REACHED, OTHER_SCHEDULE, HOSPITAL, PACKAGED, INSTITUTIONAL, OTHER_CODE, NO_DATE,
 NO_NARRATIVE, UNREAD, NO_FEE, PART_UNITS, LOWER_BOUND, TOO_MANY, NOT_CARRIED, NO_COMPOUNDING_FEE,
) = range(16)  # fmt: skip
TABLED = (PRICED, UNREAD, NO_FEE, PART_UNITS, LOWER_BOUND, NO_COMPOUNDING_FEE)
"""Reasons of lines that the fee table prices, in whole or in part."""


@dataclass(frozen=True, eq=False)
class Prices:
    """One value a service line; ``allowed`` in nano-dollars, whole cents, -1 when not known.

    ``reason`` is a position in REASONS; ``fees`` the number of compounding fees in the allowance.
    """

    allowed: Ints
    reason: NDArray[np.uint8]
    fees: Ints
    compounding_fee: Ints

    @staticmethod
    def in_order(lines: int, parts: Iterable[tuple[Ints, Prices]]) -> Prices:
        """The prices of ``lines`` lines put together from parts, each with the rows it stands for.

        Lines in none are those that the article cannot reach.
        """
        whole = Prices(
            np.full(lines, -1, np.int64), np.full(lines, NOT_REACHED, np.uint8),
            np.zeros(lines, np.int64), np.zeros(lines, np.int64),
        )  # fmt: skip
        for rows, part in parts:
            for one in fields(Prices):
                getattr(whole, one.name)[rows] = getattr(part, one.name)
        return whole

    def first(self, lines: int) -> Prices:
        """The prices of the first lines; those after them stand for claims of the past."""
        if len(self.allowed) == lines:
            return self
        return Prices(*(getattr(self, one.name)[:lines] for one in fields(Prices)))

    @property
    def columns(self) -> tuple[pl.Series, pl.Series]:
        """Allowances, null where not known, and reasons as text."""
        names = pl.Series(REASONS, dtype=pl.String)
        texts = names[self.reason] if len(self.reason) else names.clear()
        return nullable(self.allowed), texts

    @property
    def is_drug(self) -> Bools:
        """Lines that are drugs given through the pump, on claims that the article reaches."""
        drug: Bools = (self.reason != OTHER_SCHEDULE) & (self.reason != NOT_REACHED)
        return drug


@figure("compounding fee of a refill", statements=("P3",))
def compounding(context: Context, at: Ints, cartridges: Ints | None) -> tuple[Ints, Ints]:
    """Number of compounding fees of the lines ``at``, and what one is on their day, in nano-dollars, -1
    where the article names none.

    One fee a refill, on its first J7999 line (readings compounding-fee and several-compound-lines);
    ``cartridges`` are those that each line of the lines table states, 0 for none.
    """
    policy = context.compiled.policy
    number = context.columns["compound_number"][at]
    every = policy.reading("several-compound-lines") == "fee-each"
    fees = ((number >= 1) if every else (number == 1)).astype(np.int64)
    if policy.reading("compounding-fee") == "per-cartridge" and cartridges is not None:
        fees *= np.maximum(cartridges[context.rows[at]], 1)
    return fees, context.compiled.article_fees.compounding[context.reach.article[at]]


@figure("packaged under OPPS", statements=("P4",))
def unpaid(context: Context, at: Ints) -> NDArray[np.uint8]:
    """Why the drug lines ``at`` are not priced by the table, as positions in REASONS; PRICED where they are.

    The later a reason stands here, the more it weighs.
    """
    columns, reach = context.columns, context.reach
    by_table = context.compiled.policy.reading("own-code-price") == "by-table"
    tabled = Role.COMPOUNDED | Role.OWN_DRUG if by_table else Role.COMPOUNDED
    reason = np.where(columns["roles"][at] & np.uint32(tabled), PRICED, OTHER_CODE).astype(np.uint8)
    reason[context.lines.days[at] == NO_DAY] = NO_DATE
    reason[reach.institutional[at]] = INSTITUTIONAL
    reason[reach.opps[at]] = PACKAGED
    reason[(columns["is_hospital_outpatient"] | columns["is_hospital_other"])[at]] = HOSPITAL
    return reason


def price_lines(context: Context, cartridges: Ints | None = None) -> Prices:
    """The allowance of every line of the context; ``cartridges`` as for ``compounding``."""
    policy, columns = context.compiled.policy, context.columns
    at = np.flatnonzero(columns["is_governed"] & ((columns["roles"] & Role.PUMP_DRUG) != 0))
    drugs, unread, unpriced = (columns[name][at] for name in ("ingredients", "unread", "unpriced"))
    reason = unpaid(context, at)
    tabled = reason == PRICED
    reason[tabled & (unpriced > 0)] = NO_FEE
    reason[tabled & (unread > 0)] = UNREAD
    reason[tabled & (drugs == 0) & (unread == 0)] = NO_NARRATIVE
    reason[tabled & (drugs > INGREDIENTS_AT_MOST)] = TOO_MANY
    reason[tabled & ~context.lines.text_known[at]] = NOT_CARRIED
    known = reason == PRICED
    total = context.lines.drug_dollars[at]
    if policy.reading("unlisted-drug") == "known-only":
        bound = (reason == NO_FEE) & (drugs > unpriced)
        reason[bound] = LOWER_BOUND
        known |= bound
    if policy.reading("amount-priced") == "times-units":
        units = context.lines.units[at]
        times = units // UNIT
        whole = (units > 0) & (units % UNIT == 0) & (total <= 2**62 // np.maximum(times, 1))
        reason[known & ~whole] = PART_UNITS
        known &= whole
        total = np.where(known, total * np.where(whole, times, 1), total)
    fees, fee = compounding(context, at, cartridges)
    fees = np.where(known & ((columns["roles"][at] & Role.COMPOUNDED) != 0), fees, 0)
    without = (fees > 0) & (fee < 0)
    reason[without] = NO_COMPOUNDING_FEE
    known &= ~without
    fees[without], fee = 0, np.maximum(fee, 0)
    total = to_cents(np.where(known, total, 0) + fees * fee)
    paid_with_others = (reason == PACKAGED) | (reason == HOSPITAL)
    total = np.where(known, total, np.where(paid_with_others, 0, -1))
    nothing = np.zeros(len(context.rows), np.int64)
    every = Prices(
        np.full(len(nothing), -1, np.int64),
        np.where(columns["is_governed"], OTHER_SCHEDULE, NOT_REACHED).astype(np.uint8),
        nothing,
        nothing.copy(),
    )
    for whole_of, part in zip(vars(every).values(), (total, reason, fees, fee), strict=True):
        whole_of[at] = part
    return every


REFILLS_AT_A_TIME = 1 << 17
"""Refills that are priced together in ``allowances``: what they need stays in a processor's cache."""


def allowances(
    table: FeeTable, days: NDArray[np.int32], starts: Ints, drug: NDArray[Any], amount: Ints
) -> Ints:
    """What refills alone come to, each one J7999 line with one compounding fee, in nano-dollars (P1, P2, P3).

    ``table`` is an article's compiled fees. ``days`` (since 1970-01-01) and ``starts`` (the place of its
    first drug, of which it has one at least) have one value a refill; ``drug`` (position in the compiled
    policy) and ``amount`` (nanograms) one value a drug. -1 where a drug or the refill has no fee on the
    day, or where an amount or the number of drugs is none that can be priced. The arithmetic is that of
    ``price_lines``, without the questions of a claim.
    """
    refills = len(starts)
    total, room = np.empty(refills, np.int64), _Room()
    for first in range(0, refills, REFILLS_AT_A_TIME):
        after = min(first + REFILLS_AT_A_TIME, refills)
        drugs = slice(starts[first], starts[after] if after < refills else len(drug))
        _allowances(
            table, days[first:after], starts[first:after], drug[drugs], amount[drugs],
            room=room, total=total[first:after],
        )  # fmt: skip
    return total


class _Room:
    """Where it is reckoned, part after part: memory that is asked for anew costs more than the sums."""

    def __init__(self) -> None:
        self._bounds = self._till = self._running = np.empty(0, np.int64)

    def of(self, refills: int, drugs: int) -> tuple[Ints, Ints, Ints]:
        """Two places for each refill and one of the drugs, each with one more."""
        if len(self._bounds) <= refills:
            self._bounds, self._till = np.empty((2, refills + 1), np.int64)
        if len(self._running) <= drugs:
            self._running = np.empty(drugs + drugs // 8 + 1, np.int64)
        return self._bounds[: refills + 1], self._till[: refills + 1], self._running[: drugs + 1]


def _allowances(
    table: FeeTable,
    days: NDArray[np.int32],
    starts: Ints,
    drug: NDArray[Any],
    amount: Ints,
    *,
    room: _Room,
    total: Ints,
) -> None:
    """The allowances of one part, put into ``total``; ``starts`` count from where they like."""
    bounds, till, running = room.of(len(starts), len(drug))
    np.subtract(starts, starts[0], out=bounds[:-1])
    bounds[-1] = len(drug)
    counts = np.subtract(bounds[1:], bounds[:-1], out=total)
    most = int(counts.max())
    early, late = table.period(np.array([days.min(), days.max()]))
    running[0], extended = 0, running[1:]
    fee: Any
    if early == late >= 0:
        # A position that no drug has is clipped to the last one, which has no rate.
        table.charged[late].take(drug, mode="clip", out=extended)
        fee = table.compounding[late]
    else:
        period = np.maximum(table.period(days), 0)
        extended[:] = table.charged[np.repeat(period, counts), drug]
        fee = table.compounding[period]
    extended *= amount
    is_plain = extended.min() > 0 and amount.max() <= MAX_AMOUNT
    # The running sum over all drugs may run over; its differences, the sum of each refill, hold.
    np.cumsum(extended, out=extended)
    running.take(bounds, mode="clip", out=till)
    np.subtract(till[1:], till[:-1], out=total)
    if not is_plain or table.parts is not None or most > INGREDIENTS_AT_MOST:
        counts = np.diff(bounds)
    if table.parts is not None:
        period = np.repeat(np.maximum(table.period(days), 0), counts)
        total += np.add.reduceat(table.parts[period, drug] * amount, bounds[:-1]) // PARTS
    total += fee
    to_cents(total, out=total)
    if not is_plain:
        rate = table.look_up(np.repeat(days, counts), drug)
        without = (rate < 0) | (amount < 0) | (amount > MAX_AMOUNT)
        total[np.logical_or.reduceat(without, bounds[:-1])] = -1
    if np.any(fee < 0):
        total[np.broadcast_to(fee < 0, total.shape)] = -1
    if early < 0:
        total[table.period(days) < 0] = -1
    if most > INGREDIENTS_AT_MOST:
        total[counts > INGREDIENTS_AT_MOST] = -1


def to_cents(nano_dollars: Ints, out: Ints | None = None) -> Ints:
    """Rounded once to whole cents, half up, still in nano-dollars; amounts are never negative."""
    cents = np.add(nano_dollars, CENT // 2, out=out)
    np.floor_divide(cents, CENT, out=cents)
    cents *= CENT
    return cents


@figure("payable: the lower of charge and allowance", statements=("P2",))
def payable(policy: PolicySet, allowed: pl.Series, charge: pl.Series) -> pl.Series:
    """The lower of charge and allowance (reading lower-of-charge), null where either is not known."""
    if policy.reading("lower-of-charge") == "allowance":
        return allowed.alias("payable")
    allowance, charged = whole_numbers(allowed), whole_numbers(charge)
    nothing = allowance == 0
    known = nothing | (is_known(allowed) & is_known(charge))
    lower = pl.Series("payable", np.where(nothing, 0, np.minimum(allowance, charged)))
    return lower if known.all() else lower.set(pl.Series(~known), None)


def nullable(values: Ints) -> pl.Series:
    """Integers with null for -1."""
    series = pl.Series(values)
    return series if not len(values) or int(values.min()) >= 0 else series.set(series < 0, None)
