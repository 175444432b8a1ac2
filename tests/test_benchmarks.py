"""The benchmarks still work: each section at its smallest, and ours is exact against whole numbers."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pumpclaim
from pumpclaim.compiled import compile_policy
from pumpclaim.policy import INGREDIENTS_AT_MOST, days, load
from pumpclaim.pricing import allowances
from pumpclaim.tables import CENT

ROOT = Path(__file__).parents[1]
HERE = [str(ROOT / "benchmarks"), str(ROOT / "examples")]


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in HERE:
        monkeypatch.syspath_prepend(folder)


def need(*modules: str) -> None:
    for name in modules:
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed; it comes with the extra bench")


@pytest.mark.parametrize(
    ("peer", "module"),
    [
        ("numpy_floats", "numpy"), ("decimals", "decimal"), ("duckdb_sql", "duckdb"),
        ("openfisca", "openfisca_core"), ("zen", "zen"),
    ],
)  # fmt: skip
def test_every_peer_prices_nearly_alike(benchmarks: None, peer: str, module: str) -> None:
    need(module)
    refills = import_module("refills").Refills(50)
    pricing = import_module(f"peers.{peer}")
    found = pricing.cents(pricing.price(pricing.prepare(refills)))
    assert np.abs(found - refills.exact_cents).max() <= 1


def test_the_section_on_pricing(benchmarks: None) -> None:
    need("duckdb", "openfisca_core", "zen")
    written = import_module("pricing").section((20,))
    assert sum(line.startswith("| pumpclaim | 20 |") for line in written) == 1


def test_plain_functions_find_and_price_what_the_rules_do(benchmarks: None) -> None:
    checking = import_module("checking")
    claims = checking.faulty(import_module("line_tables").lines_table(20_000, seed=5))
    plain = checking.check(checking.objects(claims), checking.article_of(load()))
    tables = checking.ours(claims)
    found, priced = checking.same(tables, plain)
    assert found > 200
    assert priced > 7_000
    assert set(tables[0]["rule"]) == set(checking.RULES)


@pytest.mark.parametrize(
    ("reader", "module"),
    [("split", "re"), ("openx12", "openx12"), ("x12sdk", "x12sdk"), ("pyx12", "pyx12"), ("hccinfhir", "hccinfhir")],
)  # fmt: skip
def test_every_reader_reads(benchmarks: None, reader: str, module: str) -> None:
    need(module)
    reading = import_module("reading")
    claims = import_module("generate").professional(3)
    assert getattr(reading, reader)(import_module("writer").write_837(claims, end="~"))


def test_the_section_on_one_claim(benchmarks: None) -> None:
    latencies = import_module("one_claim")._latencies(lambda: None, 5)
    assert len(latencies) == 5


def test_check_prices_as_allowances_do(benchmarks: None) -> None:
    """One arithmetic: a line that ``check`` prices has what ``allowances`` says of its drugs."""
    claims = import_module("line_tables").lines_table(3_000, seed=2)
    prices = pumpclaim.check(claims).prices.with_row_index()
    assert claims.ingredients is not None
    compiled = compile_policy(load())
    row = claims.ingredients["row"].to_numpy()
    starts = np.flatnonzero(np.diff(row, prepend=-1)).astype(np.int64)
    own = prices[row[starts]]
    found = allowances(
        compiled.fees[0],
        own["service_date"].cast(pl.Int32).to_numpy(),
        starts,
        compiled.drug_positions(claims.ingredients["drug"]),
        claims.ingredients["amount"].to_numpy(),
    )
    priced = (own["reason"].is_null() & own["allowed"].is_not_null()).to_numpy()
    assert priced.sum() > 1_000
    assert (found[priced] == own["allowed"].to_numpy()[priced]).all()
    no_fee = own["reason"].str.contains("a drug has no fee").fill_null(False).to_numpy()
    assert (found[no_fee] == -1).all()


def test_amounts_that_cannot_be_priced() -> None:
    table = compile_policy(load()).fees[0]
    day = days(load().articles[0].original_effective)
    most = INGREDIENTS_AT_MOST
    amount = np.array([-1, 10**10 + 1, 10**10, *[1] * most, *[1] * (most + 1)], np.int64)
    starts = np.array([0, 1, 2, 3, 3 + most])
    drug = np.ones(len(amount), np.uint8)
    found = allowances(table, np.full(5, day, np.int32), starts, drug, amount)
    assert found[[0, 1, 4]].tolist() == [-1, -1, -1]
    assert (found[[2, 3]] > 0).all()
    assert allowances(table, np.zeros(0, np.int32), starts[:0], drug[:0], amount[:0]).tolist() == []


def test_blocks_of_refills_are_priced_alike(
    benchmarks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    refills = import_module("refills").Refills(1_000)
    given = (refills.compiled.fees[0], refills.days, refills.starts, refills.drug, refills.amount)
    monkeypatch.setattr("pumpclaim.pricing.REFILLS_AT_A_TIME", 64)
    assert (allowances(*given) == refills.exact_cents * CENT).all()


def test_data_sets_have_the_asked_lines(benchmarks: None, tmp_path: Path) -> None:
    data_sets = import_module("data_sets")
    for by in ("patient", "year"):
        paths = data_sets.make(tmp_path / by, 2_000, pumps=0.5, by=by)
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
