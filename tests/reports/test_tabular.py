"""CSV and Parquet: exact decimals, lists joined, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pumpclaim.errors import InputError
from pumpclaim.reports.tabular import as_csv, as_decimals, findings_csv, write
from pumpclaim.tables import MAX_MONEY, PRICE_ITEMS, PRICES, REJECTED

from .conftest import HandBuilt, finding, line, review_of, table

TABLES = ("findings", "prices", "price_items", "determinations", "rejected")


def read_csv(text: bytes | str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode() if isinstance(text, bytes) else text)))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_writes_every_table_into_a_new_folder(review: HandBuilt, tmp_path: Path, kind: str) -> None:
    files = write(review, tmp_path / "deep" / "out", kind)
    assert [file.name for file in files] == [f"{name}.{kind}" for name in TABLES]
    assert all(file.stat().st_size for file in files)


def test_csv_of_prices(review: HandBuilt, tmp_path: Path) -> None:
    write(review, tmp_path, "csv")
    rows = read_csv((tmp_path / "prices.csv").read_text())
    assert list(rows[0]) == list(PRICES.schema)
    assert rows[1]["allowed"] == rows[1]["payable"] == "81.62"
    assert rows[1]["charge"] == "210.00"
    assert rows[0]["allowed"] == ""
    assert rows[3]["allowed"] == "0.00"
    assert rows[1]["service_date"] == "2024-03-05"


def test_csv_of_derivations_tells_claim_and_line(review: HandBuilt, tmp_path: Path) -> None:
    write(review, tmp_path, "csv")
    rows = read_csv((tmp_path / "price_items.csv").read_text())
    assert {(row["claim_id"], row["line"]) for row in rows} == {("PUMP-0", "2")}
    assert [
        (row["item"], row["amount"], row["unit"], row["fee"], row["extended"]) for row in rows
    ] == [
        ("morphine", "360", "mg", "0.0500", "18.00"),
        ("bupivacaine", "90.5", "mg", "0.0400", "3.62"),
        ("clonidine", "1.5", "mcg", "0.0010", "0.0015"),
        ("compounding fee", "1", "refill", "60.0000", "60.00"),
    ]


def test_csv_of_findings_joins_lists(review: HandBuilt) -> None:
    rows = read_csv(findings_csv(review))
    assert rows[1]["statements"] == "V1 K1"
    assert rows[1]["line"] == ""
    assert rows[0]["outcome"] == "reject"


def test_csv_of_rejected_and_determinations(review: HandBuilt, tmp_path: Path) -> None:
    write(review, tmp_path, "csv")
    assert read_csv((tmp_path / "rejected.csv").read_text())[0]["segment"] == "400"
    kinds = [
        row["determination"] for row in read_csv((tmp_path / "determinations.csv").read_text())
    ]
    assert kinds == [
        "payable",
        "fix",
        "denied",
        "records",
        "not-governed",
        "payable",
        "not-governed",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_guards_against_formulas(start: str) -> None:
    evil = start + "HYPERLINK(1)"
    one = review_of([], [finding(0, "DRG104", "reject", claim_id=evil, message=evil)], [], [])
    row = read_csv(findings_csv(one))[0]
    assert row["claim_id"] == row["message"] == "'" + evil


def test_csv_leaves_harmless_text_alone() -> None:
    text = 'He said "2 + 2", and\nleft; µg'
    frame = table(REJECTED, [{"source": "a=b.837", "segment": 1, "reason": text}])
    row = read_csv(as_csv(frame))[0]
    assert (row["source"], row["reason"], row["claim_id"]) == ("a=b.837", text, "")


def test_parquet_types_and_values(review: HandBuilt, tmp_path: Path) -> None:
    write(review, tmp_path, "parquet")
    prices = pl.read_parquet(tmp_path / "prices.parquet")
    assert prices.schema["allowed"] == pl.Decimal(18, 2)
    assert prices.schema["charge"] == pl.Decimal(38, 9)
    assert prices["allowed"].to_list()[1] == Decimal("81.62")
    assert prices["service_date"].to_list()[1] == date(2024, 3, 5)
    items = pl.read_parquet(tmp_path / "price_items.parquet")
    assert items["amount"].to_list() == [Decimal(360), Decimal("90.5"), Decimal("1.5"), Decimal(1)]
    assert items["fee"].to_list()[2] == Decimal("0.001")
    assert items["extended"].to_list()[2] == Decimal("0.0015")
    findings = pl.read_parquet(tmp_path / "findings.parquet")
    assert findings["statements"].to_list()[1] == ["V1", "K1"]
    assert findings.schema["outcome"] == pl.String


@pytest.mark.parametrize(
    "value", [MAX_MONEY, MAX_MONEY - 1, 1, 0, 123_456_789_987_654_321, 1_003_000_007]
)
def test_decimals_are_exact_at_the_edges(value: int) -> None:
    frame = table(PRICES, [line(0, 0, 1, "J7999", charge=value)])
    assert as_decimals(frame)["charge"].item() == Decimal(value).scaleb(-9)
    items = table(
        PRICE_ITEMS, [{"row": 0, "item": "x", "amount": value, "unit": "mcg", "extended": value}]
    )
    assert as_decimals(items)["amount"].item() == Decimal(value).scaleb(-3)
    assert Decimal(read_csv(as_csv(items))[0]["extended"]) == Decimal(value).scaleb(-9)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_nothing_at_all_still_has_headers(empty: HandBuilt, tmp_path: Path, kind: str) -> None:
    write(empty, tmp_path, kind)
    read = pl.read_csv if kind == "csv" else pl.read_parquet
    assert read(tmp_path / f"prices.{kind}").columns == list(PRICES.schema)


def test_a_file_in_the_place_of_the_folder(review: HandBuilt, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("kept")
    with pytest.raises(InputError, match="give a folder"):
        write(review, taken, "csv")
    assert taken.read_text() == "kept"
