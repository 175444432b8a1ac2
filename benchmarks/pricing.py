"""Pricing refills: ours against OpenFisca-core, zen-engine, DuckDB, Decimal and NumPy, on the same refills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from measure import once, table, timed
from peers import decimals, duckdb_sql, numpy_floats, openfisca, zen
from pumpclaim.pricing import allowances
from pumpclaim.tables import CENT
from refills import Refills

SIZES = (1, 100, 10_000, 1_000_000)
PEERS = {
    "NumPy, float64": numpy_floats,
    "DuckDB, SQL by hand": duckdb_sql,
    "OpenFisca-core": openfisca,
    "Python with Decimal": decimals,
    "zen-engine": zen,
}
OURS, RUNS = "pumpclaim", 7
PATIENCE = 5.0
"""Seconds up to which a peer is run again."""
LONGEST = 60.0
"""Seconds beyond which a peer is not run, by what it took for the size before."""


def ours(refills: Refills) -> np.ndarray:
    fees = refills.compiled.fees[0]
    return allowances(fees, refills.days, refills.starts, refills.drug, refills.amount)


def section(sizes: tuple[int, ...] = SIZES) -> list[str]:
    """The tables of this section."""
    speeds: dict[str, list[str]] = {name: [] for name in (OURS, *PEERS)}
    largest: dict[str, Measured] = {}
    for size in sizes:
        refills = Refills(size)
        if not np.array_equal(ours(refills), refills.exact_cents * CENT):
            raise AssertionError("our allowances are not exact")
        slow = [name for name in largest if largest[name].expected(size) > LONGEST]
        measured = _measured(refills, [name for name in PEERS if name not in slow])
        largest |= measured
        for name, cells in speeds.items():
            cells.append("not run: minutes" if name in slow else f"{measured[name].speed:,.0f}")
    best = largest[OURS].speed
    return [
        "Each refill is one J7999 line of one to three drugs, their amounts with three decimals; the answer is "
        "the sum of fee times amount and one compounding fee, rounded once to the cent. What each needs is "
        "prepared before the clock starts, in the shape that its users have it. Ours and the SQL take the fees of "
        "each refill's day, and ours refuses amounts and drugs that have no price; the others take the fees of one "
        f"day. Those that take less than {PATIENCE:.0f} s take turns, the others run once.",
        "",
        *table(
            ["refills a second", *(f"{size:,} at once" for size in sizes)],
            [[name, *cells] for name, cells in speeds.items()],
        ),
        "",
        "The most refills that each was asked for, against whole numbers worked out one by one:",
        "",
        *table(
            ["", "refills", "seconds", "refills a second", "times ours, a refill", "wrong on", "by at most, cents"],
            [[name, *one.cells(best)] for name, one in largest.items()],
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One pricing of ``size`` refills: its seconds, how many answers are wrong and by how many cents at most."""

    size: int
    seconds: float
    wrong: int
    most: int

    @property
    def speed(self) -> float:
        return self.size / self.seconds

    def expected(self, size: int) -> float:
        """Seconds for so many refills."""
        return size / self.speed

    def cells(self, best: float) -> list[str]:
        return [
            f"{self.size:,}", f"{self.seconds:.3f}", f"{self.speed:,.0f}", f"{best / self.speed:,.1f}",
            f"{self.wrong:,}", str(self.most),
        ]  # fmt: skip


def _measured(refills: Refills, peers: list[str]) -> dict[str, Measured]:
    works: dict[str, Callable[[], object]] = {OURS: partial(ours, refills)}
    measured = {}
    for name in peers:
        peer = PEERS[name]
        work = partial(peer.price, peer.prepare(refills))
        spent, found = once(work)
        off = np.abs(peer.cents(found) - refills.exact_cents)
        measured[name] = Measured(refills.n, spent, int((off > 0).sum()), int(off.max()))
        if spent < PATIENCE:
            works[name] = work
    for name, spent in zip(works, timed(*works.values(), runs=RUNS), strict=True):
        told = measured.get(name, Measured(refills.n, spent, 0, 0))
        measured[name] = replace(told, seconds=spent)
    return {name: measured[name] for name in (OURS, *peers)}
