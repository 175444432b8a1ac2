"""CSV and Parquet: what is read, what is refused and how, and that no claim is lost."""

from __future__ import annotations

import io
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.readers import read_data
from pumpclaim.readers.flat import flatten, write_flat
from pumpclaim.readers.probe import Probe
from pumpclaim.tables import CLAIMS, LINES, MAX_MONEY, NANO, UNIT

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


@pytest.mark.parametrize(
    "encoded",
    [(HEADER + ROW).encode("utf-8-sig"), (HEADER + ROW.replace("MORPHINE", "µ")).encode("cp1252")],
)
def test_encodings(encoded: bytes) -> None:
    claims = read_data(encoded, "x")
    assert claims.claims["claim_id"].to_list() == ["A1"]
    assert claims.lines["description"][0] in ("MORPHINE 360MG", "µ 360MG")


@pytest.mark.parametrize(
    ("written", "nano"),
    [
        ("412.5", 412_500_000_000),
        ("$1,412.50", 1_412_500_000_000),
        (".5", 500_000_000),
        ("0", 0),
        ("7.123456789", 7_123_456_789),
    ],
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
    assert claims.lines.select("claim", "line", "hcpcs").rows() == [
        (0, 1, "J7999"),
        (0, 2, "62370"),
        (1, 1, "62370"),
    ]
    assert claims.claims["charge"].to_list() == [592_500_000_000, 180_000_000_000]


def test_a_type_of_bill_makes_the_claim_institutional() -> None:
    text = HEADER.replace("units", "type_of_bill") + ROW.replace(",1,", ",0131,")
    claim = read_data(table(text), "x").claims.row(0, named=True)
    assert (claim["form"], claim["type_of_bill"], claim["frequency_code"]) == (
        "institutional",
        "131",
        "1",
    )


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
        (
            HEADER.replace("hcpcs", "hcpc") + ROW,
            "column 'hcpc' is not known; did you mean 'hcpcs'?",
        ),
        (HEADER.replace("charge", "amount") + ROW, "column 'charge' is missing"),
        (HEADER.replace("units", "unitss") + ROW, "did you mean 'units'?"),
        (HEADER.replace("units", "charge") + ROW, "'charge' is there twice"),
        (HEADER, "has a header but no rows"),
        (HEADER + ROW + '"A2,P2', "near line"),
        ("A1,P1,J7999\nA2,P2,J7999\n", "names no column"),
        (HEADER.replace("charge", "chagre") + ROW, "did you mean 'charge'?"),
        (
            HEADER.replace("description", "place_of_servce") + ROW,
            "did you mean 'place_of_service'?",
        ),
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


@pytest.mark.parametrize(
    "name", ["facility_name", "billing_provider_name", "patient_sex", "line_id", "x"]
)
def test_names_that_are_no_slips(name: str) -> None:
    text = HEADER.replace("description", name) + ROW
    assert read_data(table(text), "x").claims.height == 1


@pytest.mark.parametrize("name", ["Modifier1", "modifier 1", "MODIFIER-1", " modifier_1 "])
def test_names_may_differ_in_case_and_spacing(name: str) -> None:
    text = HEADER.replace("modifiers", name) + ROW
    assert read_data(table(text), "x").lines["modifier_1"].to_list() == ["KD"]


def test_a_decimal_comma_is_never_a_thousand() -> None:
    text = (HEADER + ROW).replace(",", ";").replace("412.50", "412,50")
    rejected = read_data(table(text), "x").rejected
    assert "cannot be '412,50'" in rejected["reason"][0]


def test_rows_with_other_numbers_of_cells_reject_their_claims() -> None:
    text = (
        HEADER
        + ROW
        + ROW.replace("A1", "A2").replace("360MG", "360MG, CLONIDINE 1MG")
        + "A3,P1,62370\n"
    )
    claims = read_data(table(text), "x")
    assert claims.claims["claim_id"].to_list() == ["A1"]
    assert claims.rejected["claim_id"].to_list() == ["A2", "A3"]
    assert [r.split(",")[0] for r in claims.rejected["reason"]] == [
        "row 3: it has 9 cells",
        "row 4: it has 3 cells",
    ]


def test_a_quote_inside_a_text_is_a_quote() -> None:
    text = HEADER + ROW.replace("MORPHINE 360MG", 'PUMP 5" WIDE') + ROW.replace("A1", "A2")
    claims = read_data(table(text), "x")
    assert claims.lines["description"].to_list() == ['PUMP 5" WIDE', "MORPHINE 360MG"]


def test_blank_rows_count_but_are_no_claims() -> None:
    text = (
        HEADER + "\n" + ROW + ",,,,,,,\n" + ROW.replace("A1", "A2").replace("412.50", "x") + "\n\n"
    )
    claims = read_data(table(text), "x")
    assert claims.lines["segment"].to_list() == [3]
    assert claims.rejected["segment"].to_list() == [5]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends(end: str) -> None:
    text = (HEADER + ROW + ROW.replace("A1", "A2")).replace("\n", end)
    assert read_data(text.encode(), "x").claims["claim_id"].to_list() == ["A1", "A2"]


def test_a_row_without_its_patient_takes_its_claim_along() -> None:
    text = HEADER + ROW + ROW.replace("P1", "").replace("J7999", "62370") + ROW.replace("A1", "A2")
    claims = read_data(table(text), "x")
    assert claims.claims["claim_id"].to_list() == ["A2"]
    assert claims.rejected.select("claim_id", "segment").rows() == [("A1", 3)]
    assert "'patient_id' is empty" in claims.rejected["reason"][0]


def test_rows_of_a_claim_must_agree_about_it() -> None:
    header = HEADER.replace("units", "billing_state")
    nevada, arizona, silent = (ROW.replace(",1,", f",{state},") for state in ("NV", "AZ", ""))
    agreed = read_data(table(header + nevada + silent), "x")
    assert agreed.claims["billing_state"].to_list() == ["NV"]
    apart = read_data(table(header + nevada + arizona), "x")
    assert "'AZ' here and 'NV' in row 2" in apart.rejected["reason"][0]
    assert apart.claims_read == 1


def test_a_claim_and_its_replacement_are_two() -> None:
    header = HEADER.replace("units", "frequency_code")
    text = header + ROW + ROW.replace(",1,", ",7,")
    assert read_data(table(text), "x").claims["frequency_code"].to_list() == ["1", "7"]


def test_a_line_number_stands_once() -> None:
    header = HEADER.replace("units", "line")
    assert (
        "line 1 of the claim is there twice"
        in read_data(table(header + ROW * 2), "x").rejected["reason"][0]
    )


def test_sums_that_no_claim_has() -> None:
    text = HEADER + ROW.replace("412.50", str(MAX_MONEY // NANO)) * 3
    claims = read_data(table(text), "x")
    assert (claims.claims.height, claims.rejected.height) == (0, 1)
    assert "sum to more" in claims.rejected["reason"][0]


def test_days_in_the_wrong_order() -> None:
    text = HEADER.replace("units", "service_to") + ROW.replace(",1,", ",2025-03-09,")
    assert (
        "'service_to' is before 'service_from'" in read_data(table(text), "x").rejected["reason"][0]
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [("kd", ["KD", None]), ("KD 25", ["KD", "25"]), ("KD,25", ["KD", "25"]), ("1 2 3 4 5", None)],
)
def test_modifiers_in_one_column(written: str, read: list[str | None] | None) -> None:
    claims = read_data(table(HEADER + ROW.replace(",KD,", f',"{written}",')), "x")
    if read is None:
        assert "at most four" in claims.rejected["reason"][0]
    else:
        assert [claims.lines["modifier_1"][0], claims.lines["modifier_2"][0]] == read


def test_modifiers_beside_modifier_1() -> None:
    header = HEADER.replace("units", "modifier_1")
    assert read_data(table(header + ROW.replace(",1,", ",KD,")), "x").claims.height == 1
    assert (
        "do not say the same"
        in read_data(table(header + ROW.replace(",1,", ",25,")), "x").rejected["reason"][0]
    )


def test_what_spreadsheets_do_to_numbers() -> None:
    text = HEADER.replace("units", "contractor").replace("description", "place_of_service")
    claim = read_data(table(text + "A1,P1,J7999,2025-03-10,5,1112,KD,2\n"), "x").claims.row(
        0, named=True
    )
    assert (claim["payer_id"], claim["place_of_service"]) == ("01112", "02")


def test_a_revenue_line_needs_no_code_and_no_day_of_its_own() -> None:
    text = (
        "claim_id,patient_id,hcpcs,service_from,charge,revenue_code,statement_from,type_of_bill\n"
    )
    claims = read_data(table(text + "A1,P1,,,5,0258,2025-03-10,131\nA2,P1,,,5,,,131\n"), "x")
    assert claims.lines.select("hcpcs", "service_from", "revenue_code").rows() == [
        (None, None, "0258")
    ]
    assert claims.rejected["claim_id"].to_list() == ["A2"]


def test_a_parquet_from_pandas() -> None:
    frame = pl.DataFrame({
        "claim_id": [17.0, None], "patient_id": [1, None], "hcpcs": ["J7999", None], "service_from": [20250310, None],
        "charge": [0.1 + 0.2, float("nan")], "billing_provider_npi": [1234567893.0, float("nan")],
        "modifiers": [["KD", "25"], None],
    })  # fmt: skip
    out = io.BytesIO()
    frame.write_parquet(out)
    claims = read_data(out.getvalue(), "x.parquet")
    assert claims.rejected.height == 1
    assert "0.30000000000000004" in claims.rejected["reason"][0]
    out = io.BytesIO()
    frame.with_columns(charge=pl.Series([0.3, None])).write_parquet(out)
    claims = read_data(out.getvalue(), "x.parquet")
    assert claims.claims.select("claim_id", "patient_id", "billing_provider_npi").row(0) == (
        "17",
        "1",
        "1234567893",
    )
    assert claims.lines.select("charge", "modifier_1", "modifier_2").row(0) == (
        300_000_000,
        "KD",
        "25",
    )


def test_a_nested_column() -> None:
    out = io.BytesIO()
    pl.DataFrame({
        "claim_id": ["A"], "patient_id": ["P"], "hcpcs": [["J7999"]], "service_from": ["2025-01-01"], "charge": [1],
    }).write_parquet(out)  # fmt: skip
    with pytest.raises(InputError, match="'hcpcs' is nested"):
        read_data(out.getvalue(), "x.parquet")


PROBE = Probe()


@settings(max_examples=100, deadline=None)
@given(st.integers(4, 4000), st.binary(min_size=1, max_size=8))
def test_a_damaged_parquet_is_read_or_refused(at: int, piece: bytes) -> None:
    out = io.BytesIO()
    pl.DataFrame({
        "claim_id": ["A1", "A2"], "patient_id": ["P", "P"], "hcpcs": ["J7999"] * 2,
        "service_from": ["2025-01-01"] * 2, "charge": [1, 2],
    }).write_parquet(out)  # fmt: skip
    data = bytearray(out.getvalue())
    at %= len(data)
    data[at : at + len(piece)] = piece
    whole = b"PAR1" + bytes(data[4:])
    try:
        PROBE.check(whole, "x.parquet")
        claims = read_data(whole, "x.parquet")
    except InputError:
        return
    assert set(claims.lines["claim"]) == set(claims.claims["claim"])


CELL = st.text(
    st.characters(blacklist_characters='"\r\n\0', blacklist_categories=("Cs",)), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDE"), CELL, CELL, CELL), min_size=1, max_size=12))
def test_every_claim_is_read_or_rejected(rows: list[tuple[str, str, str, str]]) -> None:
    text = HEADER + "".join(
        f'{claim},P1,62370,"{day or "2025-03-10"}","{charge or "5"}","{units}",,\n'
        for claim, day, charge, units in rows
    )
    claims = read_data(text.encode(), "x.csv")
    met = {row[0] for row in rows}
    assert set(claims.claims["claim_id"]) | set(claims.rejected["claim_id"]) == met
    assert claims.claims_read == len(met)
    assert set(claims.lines["claim"]) == set(claims.claims["claim"])


ID = st.text("ABCXYZ0189-", min_size=1, max_size=8).filter(lambda text: text.strip() == text)
CODE = st.sampled_from(["62370", "J7999", "62368"])
TEXT = st.none() | st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1
).map(str.strip).filter(bool)
DAY = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MONEY = st.integers(0, 10**6 * NANO)
LINE = st.fixed_dictionaries({
    "hcpcs": CODE, "modifier_1": st.none() | st.just("KD"), "description": TEXT, "note": TEXT, "charge": MONEY,
    "units": st.none() | st.integers(0, 10**9), "service_from": DAY, "place_of_service": st.none() | st.just("11"),
    "rendering_provider_npi": st.none() | ID, "ndc_units": st.none() | st.integers(0, 10**9),
})  # fmt: skip
CLAIM = st.fixed_dictionaries({
    "claim_id": ID, "patient_id": ID, "billing_provider_npi": st.none() | ID, "charge": MONEY, "note": TEXT,
    "form": st.sampled_from(["professional", "institutional"]), "frequency_code": st.sampled_from([None, "1", "7"]),
    "patient_birth_date": st.none() | DAY, "place_of_service": st.none() | st.just("22"),
    "diagnoses": st.none() | st.lists(st.sampled_from(["G894", "M961"]), min_size=1, max_size=3),
    "rendering_provider_npi": st.none() | ID, "payer_id": st.none() | st.just("01112"),
    "lines": st.lists(LINE, min_size=1, max_size=4),
})  # fmt: skip


def key_of(claim: dict[str, object]) -> tuple[object, ...]:
    return (
        *(claim[name] for name in ("claim_id", "patient_id", "billing_provider_npi")),
        claim["frequency_code"] or "1",
    )


def as_set(claims: list[dict[str, object]]) -> ClaimSet:
    facts = [
        {k: v for k, v in one.items() if k != "lines"} | {"claim": at}
        for at, one in enumerate(claims)
    ]
    lines = [
        line | {"claim": at, "line": number, "service_to": line["service_from"]}
        for at, one in enumerate(claims)
        for number, line in enumerate(one["lines"], start=1)  # type: ignore[arg-type, var-annotated]
    ]
    return ClaimSet(
        CLAIMS.conform(
            pl.DataFrame(
                facts, schema_overrides={"diagnoses": pl.List(pl.String)}, infer_schema_length=None
            )
        ),
        LINES.conform(pl.DataFrame(lines, infer_schema_length=None)),
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@settings(max_examples=40, deadline=None)
@given(claims=st.lists(CLAIM, min_size=1, max_size=5, unique_by=key_of))
def test_what_is_written_is_read_back(suffix: str, claims: list[dict[str, object]]) -> None:
    made = as_set(claims)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"claims{suffix}"
        write_flat(made, path)
        read = read_data(path.read_bytes(), "x")
    assert read.rejected.rows() == []
    for mine, its in ((made.claims, read.claims), (made.lines, read.lines)):
        assert its.drop("source", "segment", strict=False).equals(
            mine.drop("source", "segment", strict=False)
        )


def test_what_a_spreadsheet_would_run_is_escaped(tmp_path: Path) -> None:
    text = HEADER + ROW.replace("MORPHINE 360MG", "=1+1")
    write_flat(read_data(table(text), "x"), tmp_path / "x.csv")
    written = (tmp_path / "x.csv").read_bytes()
    assert b",'=1+1," in written
    assert read_data(written, "x").lines["description"].to_list() == ["=1+1"]


def test_what_the_layout_cannot_hold() -> None:
    made = read_data(table(HEADER + ROW), "x")
    with pytest.raises(InputError, match="two claims have the id A1"):
        flatten(ClaimSet.concat([made, made]))
    with pytest.raises(InputError, match="no service line"):
        flatten(ClaimSet(made.claims, LINES.empty()))
    with pytest.raises(InputError, match=r"name the file \.csv or \.parquet"):
        write_flat(made, "x.xlsx")
