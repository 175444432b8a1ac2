"""The example files obey the implementation guide, are made by their script, and show what they should."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import polars as pl
import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document

import pumpclaim
from pumpclaim.tables import DETERMINATIONS

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*.837"))
sys.path.insert(0, str(EXAMPLES))

import make
from writer import write_837


def is_valid(path: Path) -> bool:
    return bool(x12n_document(params(), str(path), io.StringIO(), None))


def test_there_are_examples() -> None:
    assert [path.name for path in FILES] == ["clinic.837", "hospital.837"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_valid_by_the_guide(path: Path) -> None:
    assert is_valid(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [("NM1*85*2", "NM1*99*2"), ("*20260105~", "*20260230~"), ("HL*2*1*22*0~\n", "")],
)
def test_the_validator_would_have_told(tmp_path: Path, old: str, new: str) -> None:
    text = (EXAMPLES / "clinic.837").read_text()
    assert old in text
    damaged = tmp_path / "damaged.837"
    damaged.write_text(text.replace(old, new))
    assert not is_valid(damaged)


def test_they_are_what_the_script_makes() -> None:
    assert (EXAMPLES / "clinic.837").read_text() == write_837(make.clinic())
    assert (EXAMPLES / "hospital.837").read_text() == write_837(make.hospital(), institutional=True)


def test_the_csv_holds_the_same_claims() -> None:
    from_837, from_csv = (
        pumpclaim.read(EXAMPLES / "clinic.837"),
        pumpclaim.read(EXAMPLES / "clinic.csv"),
    )
    assert from_csv.refused == ()
    for mine, its in ((from_837.claims, from_csv.claims), (from_837.lines, from_csv.lines)):
        assert mine.drop("source", "segment", strict=False).equals(
            its.drop("source", "segment", strict=False)
        )


def test_numbers_of_providers_check() -> None:
    both = pumpclaim.read(*FILES).claims
    for number in {*both["billing_provider_npi"], *both["rendering_provider_npi"].drop_nulls()}:
        assert number == make.npi(int(number[:9]))


def test_no_patient_is_in_both() -> None:
    clinic, hospital = (set(pumpclaim.read(path).claims["patient_id"]) for path in FILES)
    assert not clinic & hospital


def test_every_determination_is_shown() -> None:
    review = pumpclaim.check(pumpclaim.read(EXAMPLES / "clinic.837"))
    assert set(review.determinations["determination"]) == set(DETERMINATIONS.categories)
    assert {
        "COD103", "COD107", "DRG101", "DRG103", "DRG104", "DRG107", "DRG109", "DRG111", "DRG112", "PRC102",
    } <= set(review.findings["rule"])  # fmt: skip


def test_a_right_refill_is_payable_to_the_cent() -> None:
    review = pumpclaim.check(pumpclaim.read(EXAMPLES / "clinic.837"))
    shown = review.determinations.filter(claim_id="R-1001").row(0, named=True)
    assert (shown["determination"], shown["allowed"], shown["findings"]) == (
        "payable",
        94_000_000_000,
        1,
    )
    told = review.findings.filter(claim_id="R-1001")
    assert told.select("rule", "outcome").rows() == [("DOC100", "advise")]


def test_opps_reaches_one_of_the_three_hospitals() -> None:
    review = pumpclaim.check(pumpclaim.read(EXAMPLES / "hospital.837"))
    found = review.findings.filter(pl.col("rule") != "DOC100")
    assert found.select("claim_id", "rule").rows() == [("H-2001", "PRC101")]
