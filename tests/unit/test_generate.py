"""The generators of measurements: valid files, exact numbers of lines, a few faults among right claims."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import polars as pl
import pytest

import pumpclaim
from pumpclaim.claim_set import ClaimSet
from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from generate import write_837p
from line_tables import DRUGS, VERAPAMIL, lines_table


@pytest.mark.parametrize("n", [0, 1, 2, 7, 1000])
def test_the_table_has_the_lines_asked_for(n: int) -> None:
    made = lines_table(n, seed=n)
    assert made.lines.height == n
    assert (
        made.claims["claim"].to_list() == made.lines["claim"].unique(maintain_order=True).to_list()
    )
    assert made.claims["claim_id"].n_unique() == made.claims.height
    assert made.lines.group_by("claim").len()["len"].is_between(1, 3).all()


def test_the_tables_are_those_of_the_model() -> None:
    made = lines_table(3000)
    assert made.ingredients is not None
    for frame, table in (
        (made.claims, CLAIMS),
        (made.lines, LINES),
        (made.ingredients, INGREDIENTS),
    ):
        assert frame.schema == table.empty().schema
    drugs = {name for name, *_ in DRUGS[:VERAPAMIL]}
    assert set(made.ingredients["drug"].drop_nulls()) == drugs
    assert made.lines["service_from"].min().year >= 2017  # type: ignore[union-attr]
    assert made.lines["service_from"].max().year <= 2025  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same() -> None:
    assert lines_table(500, 4).lines.equals(lines_table(500, 4).lines)
    assert not lines_table(500, 4).lines.equals(lines_table(500, 5).lines)


def test_its_narratives_say_what_its_ingredients_say() -> None:
    made = lines_table(5000)
    given = pumpclaim.check(made)
    read = pumpclaim.check(ClaimSet(made.claims, made.lines))
    assert given.prices["allowed"].equals(read.prices["allowed"])


def test_a_few_claims_are_wrong() -> None:
    made = lines_table(20_000)
    review = pumpclaim.check(made)
    found = set(review.findings["rule"])
    assert {"DRG101", "DRG104", "DRG109", "DRG111", "DRG112", "COD103", "PRC102", "JUR101"} <= found
    wrong = review.findings.filter(pl.col("outcome") != "advise")
    assert 0.03 < wrong["claim"].n_unique() / made.claims.height < 0.1


def test_the_837_is_valid_and_read_whole(tmp_path: Path) -> None:
    from pyx12.params import params
    from pyx12.x12n_document import x12n_document

    path = tmp_path / "small.837"
    size = write_837p(path, claims=60, seed=3)
    assert size == path.stat().st_size
    assert x12n_document(params(), str(path), io.StringIO(), None)
    read = pumpclaim.read(path)
    assert (read.refused, read.rejected.height, read.claims.height) == ((), 0, 60)
    assert read.claims["billing_provider_npi"].n_unique() == 40


def test_its_claims_are_of_a_real_size(tmp_path: Path) -> None:
    assert 450 < write_837p(tmp_path / "a.837", claims=1000) / 1000 < 750
