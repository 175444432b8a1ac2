"""Pricing refills: ours against OpenFisca-core, zen-engine, DuckDB, Decimal and NumPy, on the same refills."""

from __future__ import annotations

from functools import partial
from types import ModuleType

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
PATIENCE = 5.0
"""Seconds up to which a peer is run again."""
LONGEST = 60.0
"""Seconds beyond which a peer is not run, by what it took for the size before."""


def ours(refills: Refills) -> np.ndarray:
    fees = refills.compiled.fees[0]
    return allowances(fees, refills.days, refills.starts, refills.drug, refills.amount)


def section(sizes: tuple[int, ...] = SIZES) -> list[str]:
    """The tables of this section."""
    seconds: dict[str, list[str]] = {name: [] for name in ("pumpclaim", *PEERS)}
    largest: dict[str, tuple[int, float, int, int]] = {}
    for size in sizes:
        refills = Refills(size)
        exact = refills.exact_cents
        (mine,) = timed(partial(ours, refills), runs=9)
        if not np.array_equal(ours(refills), exact * CENT):
            raise AssertionError("our allowances are not exact")
        seconds["pumpclaim"].append(_shown(mine, size))
        largest["pumpclaim"] = (size, mine, 0, 0)
        for name, peer in PEERS.items():
            if name in largest and largest[name][1] * size / largest[name][0] > LONGEST:
                seconds[name].append("not run: minutes")
                continue
            spent, off, most = _peer(peer, refills, exact)
            seconds[name].append(_shown(spent, size))
            largest[name] = (size, spent, off, most)
    best = largest["pumpclaim"][1] / sizes[-1]
    return [
        "Each refill is one J7999 line of one to three drugs with three decimals; the answer is the sum of fee "
        "times amount and one compounding fee, rounded once to the cent. What each needs is prepared before the "
        "clock starts, in the shape that its users have it.",
        "",
        *table(
            ["refills a second", *(f"{size:,} at once" for size in sizes)],
            [[name, *cells] for name, cells in seconds.items()],
        ),
        "",
        "The most that each was asked, against whole numbers worked out one by one:",
        "",
        *table(
            ["", "refills", "seconds", "times ours, a refill", "wrong on", "by at most, cents"],
            [
                [
                    name,
                    f"{size:,}",
                    f"{spent:.3f}",
                    f"{spent / size / best:,.1f}",
                    f"{off:,}",
                    str(most),
                ]
                for name, (size, spent, off, most) in largest.items()
            ],
        ),
    ]


def _peer(peer: ModuleType, refills: Refills, exact: np.ndarray) -> tuple[float, int, int]:
    """Seconds, how many answers are wrong, and by how many cents at most."""
    prepared = peer.prepare(refills)
    spent, found = once(lambda: peer.price(prepared))
    if spent < PATIENCE:
        (spent,) = timed(lambda: peer.price(prepared), runs=3)
    off = np.abs(peer.cents(found) - exact)
    return spent, int((off > 0).sum()), int(off.max())


def _shown(seconds: float, size: int) -> str:
    return f"{size / seconds:,.0f}"
