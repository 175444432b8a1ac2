"""CSV and Parquet: what is read, what is refused and how, and that no claim is lost."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.errors import InputError
from pumpclaim.readers import read_data
from pumpclaim.tables import NANO, UNIT

HEADER = "claim_id,patient_id,hcpcs,service_date,charge,units,modifiers,description\n"
ROW = "A1,P1,J7999,2025-03-10,412.50,1,KD,MORPHINE 360MG\n"


def table(text: str) -> bytes:
    return text.encode()


def test_a_row_is_read_exactly() -> None:
    claims = read_data(table(HEADER + ROW), "x.csv")
    line = claims.lines.row(0, named=True)
    assert line["charge"] == int(Decimal("412.50") * NANO)
    assert line["units"] == UNIT
    assert line["service_from"] == line["service_to"] == date(2025, 3, 10)
    assert (line["modifier_1"], line["modifier_2"]) == ("KD", None)
    assert line["segment"] == 2
    claim = claims.claims.row(0, named=True)
    assert (claim["claim_id"], claim["form"], claim["source"]) == ("A1", "professional", "x.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(separator: str) -> None:
    text = (HEADER + ROW).replace(",", separator)
    assert read_data(table(text), "x").lines["hcpcs"].to_list() == ["J7999"]


@pytest.mark.parametrize("encoded", [(HEADER + ROW).encode("utf-8-sig"), (HEADER + ROW.replace("MORPHINE", "µ")).encode("cp1252")])
def test_encodings(encoded: bytes) -> None:
    claims = read_data(encoded, "x")
    assert claims.claims["claim_id"].to_list() == ["A1"]
    assert claims.lines["description"][0] in ("MORPHINE 360MG", "µ 360MG")


@pytest.mark.parametrize(
    ("written", "nano"),
    [("412.5", 412_500_000_000), ("$1,412.50", 1_412_500_000_000), (".5", 500_000_000), ("0", 0), ("7.123456789", 7_123_456_789)],
)
def test_money(written: str, nano: int) -> None:
    claims = read_data(table(HEADER + ROW.replace("412.50", f'"{written}"')), "x")
    assert claims.lines["charge"].to_list() == [nano]


@pytest.mark.parametrize("written", ["2025-03-10", "03/10/2025", "20250310"])
def test_dates(written: str) -> None:
    claims = read_data(table(HEADER + ROW.replace("2025-03-10", written)), "x")
    assert claims.lines["service_from"].to_list() == [date(2025, 3, 10)]


def test_rows_of_one_claim_need_not_be_neighbours() -> None:
    text = HEADER + ROW + "A2,P2,62370,2025-03-10,180,1,,\n" + "A1,P1,62370,2025-03-10,180,1,,\n"
    claims = read_data(table(text), "x")
    assert claims.claims["claim_id"].to_list() == ["A1", "A2"]
    assert claims.lines.select("claim", "line", "hcpcs").rows() == [(0, 1, "J7999"), (0, 2, "62370"), (1, 1, "62370")]
    assert claims.claims["charge"].to_list() == [592_500_000_000, 180_000_000_000]


def test_a_type_of_bill_makes_the_claim_institutional() -> None:
    text = HEADER.replace("units", "type_of_bill") + ROW.replace(",1,", ",0131,")
    claim = read_data(table(text), "x").claims.row(0, named=True)
    assert (claim["form"], claim["type_of_bill"], claim["frequency_code"]) == ("institutional", "0131", "1")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("2025-03-10", "2025-02-30", "row 2: column 'service_from' cannot be '2025-02-30'"),
        ("2025-03-10", "", "row 2: column 'service_from' is empty"),
        ("412.50", "-412.50", "column 'charge' cannot be '-412.50'"),
        ("412.50", "a lot", "column 'charge' cannot be 'a lot'"),
        ("412.50", "99999999999", "column 'charge' cannot be '99999999999'"),
        (",1,", ",-1,", "column 'units' cannot be '-1'"),
        (",1,", ",1.0005,", "column 'units' cannot be '1.0005'"),
        ("MORPHINE", "M" * 600, "column 'description' cannot be"),
        ("MORPHINE", "MOR\x01PHINE", "column 'description' cannot be"),
        ("J7999", "", "column 'hcpcs' is empty"),
    ],
)
def test_a_damaged_row_rejects_its_claim_alone(old: str, new: str, reason: str) -> None:
    text = HEADER + ROW.replace(old, new, 1) + "A2,P2,62370,2025-03-10,180,1,,\n"
    claims = read_data(table(text), "x")
    assert claims.claims["claim_id"].to_list() == ["A2"]
    assert claims.rejected["claim_id"].to_list() == ["A1"]
    assert reason in claims.rejected["reason"][0]
    assert claims.claims_read == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER.replace("hcpcs", "hcpc") + ROW, "column 'hcpc' is not known; did you mean 'hcpcs'?"),
        (HEADER.replace("charge", "amount") + ROW, "column 'charge' is missing"),
        (HEADER.replace("units", "unitss") + ROW, "did you mean 'units'?"),
        (HEADER.replace("units", "charge") + ROW, "'charge' is there twice"),
        (HEADER, "has a header but no rows"),
        (HEADER + ROW.replace("KD", "KD,extra,cells"), "more cells than the header"),
        (HEADER + ROW + "\0", "NUL"),
    ],
)
def test_a_table_that_cannot_be_used(text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"x\.csv") as caught:
        read_data(table(text), "x.csv")
    assert said in str(caught.value)


def test_other_columns_are_passed_over() -> None:
    text = HEADER.replace("description", "internal_remark") + ROW
    assert read_data(table(text), "x").lines["description"].to_list() == [None]


def test_parquet_with_its_own_types() -> None:
    frame = pl.DataFrame({
        "claim_id": ["A1"], "patient_id": ["P1"], "hcpcs": ["J7999"], "service_from": [date(2025, 3, 10)],
        "charge": [412.5], "units": [Decimal("1.5")], "diagnoses": [["G89.4", "M96.1"]], "line": [7],
    })  # fmt: skip
    out = io.BytesIO()
    frame.write_parquet(out)
    claims = read_data(out.getvalue(), "x.parquet")
    assert claims.lines.select("charge", "units", "line").row(0) == (412_500_000_000, 1500, 7)
    assert claims.claims["diagnoses"].to_list() == [["G894", "M961"]]


def test_a_parquet_file_cut_off() -> None:
    out = io.BytesIO()
    pl.DataFrame({"claim_id": ["A1"]}).write_parquet(out)
    with pytest.raises(InputError, match="cut off or damaged"):
        read_data(out.getvalue()[:-20], "x.parquet")


CELL = st.text(st.characters(blacklist_characters='"\r\n\0', blacklist_categories=("Cs",)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDE"), CELL, CELL, CELL), min_size=1, max_size=12))
def test_every_claim_is_read_or_rejected(rows: list[tuple[str, str, str, str]]) -> None:
    text = HEADER + "".join(
        f'{claim},P1,62370,"{day or "2025-03-10"}","{charge or "5"}","{units}",,\n' for claim, day, charge, units in rows
    )
    claims = read_data(text.encode(), "x.csv")
    met = {row[0] for row in rows}
    assert set(claims.claims["claim_id"]) | set(claims.rejected["claim_id"]) == met
    assert claims.claims_read == len(met)
    assert set(claims.lines["claim"]) == set(claims.claims["claim"])
