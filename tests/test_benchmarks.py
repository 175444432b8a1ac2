"""The benchmarks still work: each section at its smallest, and ours is exact against whole numbers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpclaim.compiled import compile_policy
from pumpclaim.policy import days, load
from pumpclaim.pricing import allowances
from pumpclaim.tables import CENT

ROOT = Path(__file__).parents[1]
HERE = [str(ROOT / "benchmarks"), str(ROOT / "examples")]


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in HERE:
        monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize("peer", ["numpy_floats", "decimals", "duckdb_sql", "openfisca", "zen"])
def test_every_peer_prices_nearly_alike(benchmarks: None, peer: str) -> None:
    needs = {"duckdb_sql": "duckdb", "openfisca": "openfisca_core", "zen": "zen"}.get(peer)
    if needs and find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed; it comes with the extra bench")
    import importlib

    refills = importlib.import_module("refills").Refills(50)
    module = importlib.import_module(f"peers.{peer}")
    found = module.cents(module.price(module.prepare(refills)))
    assert np.abs(found - refills.exact_cents).max() <= 1
    ours = (
        importlib.import_module("pricing")
        if all(map(find_spec, ("duckdb", "openfisca_core", "zen")))
        else None
    )
    if ours is not None:
        assert (ours.ours(refills) == refills.exact_cents * CENT).all()


def test_plain_functions_find_what_the_rules_find(benchmarks: None) -> None:
    import checking

    (row,) = [line for line in checking.section((2_000,)) if line.startswith("| 2,000")]
    ours, theirs = row.split("|")[-2].strip().split(" and ")
    assert int(ours) == int(theirs) > 0


def test_data_sets_have_the_asked_lines(benchmarks: None, tmp_path: Path) -> None:
    import data_sets

    for by in ("patient", "year"):
        paths = data_sets.make(tmp_path / by, 2_000, pumps=0.5, by=by)
        import polars as pl

        table = pl.concat(
            [pl.read_parquet(path, hive_partitioning=False) for path in paths],
            how="diagonal_relaxed",
        )
        assert table.height == 2_000
        assert table["claim_id"].null_count() == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9_000),
            st.lists(st.tuples(st.integers(1, 25), st.integers(0, 10**10)), min_size=1, max_size=6),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_allowances_are_exact(given_refills: list[tuple[int, list[tuple[int, int]]]]) -> None:
    compiled = compile_policy(load())
    table = compiled.fees[0]
    first = days(load().articles[0].original_effective)
    top = len(compiled.drugs)
    day = np.array([first - 1_000 + one for one, _ in given_refills], np.int32)
    sizes = [len(drugs) for _, drugs in given_refills]
    starts = np.cumsum(sizes) - sizes
    drug = np.array([min(one, top) for _, drugs in given_refills for one, _ in drugs], np.uint8)
    amount = np.array([one for _, drugs in given_refills for _, one in drugs], np.int64)
    found = allowances(table, day, starts, drug, amount)
    rates = table.look_up(np.repeat(day, sizes), drug).tolist()
    for at, (start, size) in enumerate(zip(starts.tolist(), sizes, strict=True)):
        own = range(start, start + size)
        if day[at] < table.starts[0] or any(rates[one] < 0 for one in own):
            assert found[at] == -1
        else:
            total = sum(rates[one] * int(amount[one]) for one in own) + int(table.compounding[0])
            assert found[at] == (total + CENT // 2) // CENT * CENT
