"""Layouts of others: read as the same claims in our own, refused in one sentence, and no claim lost."""

from __future__ import annotations

import gzip
import io
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.pricing import NOT_CARRIED, REASONS
from pumpclaim.readers import read, read_data
from pumpclaim.readers.layouts import recognise, states
from pumpclaim.review import Review, check
from pumpclaim.tables import NANO

sys.path.insert(0, str(Path(__file__).parent))

from layout_files import carrier, flat, outpatient, tuva, written

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "claims"
OF_NARRATIVE = {"DRG106", "DRG107", "DRG108", "DRG109", "DRG112", "JUR205"}


def parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """As a warehouse types Tuva's columns."""
    days = [name for name in frame.columns if name.endswith("_date")]
    return frame.with_columns(
        pl.col(days).str.to_date(), pl.col("charge_amount").cast(pl.Decimal(18, 2)),
        pl.col("service_unit_quantity").cast(pl.Float64), pl.col("claim_line_number").cast(pl.Int64),
    )  # fmt: skip


def findings(review: Review) -> set[tuple[object, ...]]:
    return set(review.findings.select("claim_id", "line", "rule", "outcome", "message").rows())


def judged(frame: pl.DataFrame, separator: str = ",") -> Review:
    return check(read_data(written(frame, separator), "x"), contractor="01312")


CARRIER_FILES = {
    "pipe": written(carrier(), "|"),
    "comma": written(carrier()),
    "parquet": parquet(carrier()),
    "capitals of other case": written(carrier().rename(str.lower), "|"),
    "quoted names": carrier().write_csv(separator="|", quote_style="always").encode(),
    "other order": written(carrier().select(sorted(carrier().columns)), "|"),
    "more columns": written(carrier().with_columns(service_form=pl.lit("x"), z=pl.lit("")), "|"),
    "trailing separator": written(carrier(), "|").replace(b"00000000000\n", b"00000000000|\n"),
    "windows": written(carrier(), "|").replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + written(carrier(), "|"),
}
TUVA_FILES = {
    "csv": written(tuva()),
    "snowflake": written(tuva().rename(str.upper), null="\\N"),
    "all quoted": tuva().write_csv(quote_style="always").encode(),
    "parquet": parquet(tuva()),
    "typed parquet": parquet(typed(tuva())),
    "typed parquet in capitals": parquet(typed(tuva()).rename(str.upper)),
    "points in time": written(tuva()).replace(b"2025-03-10,", b"2025-03-10 00:00:00.000,"),
}


def same(one: ClaimSet, other: ClaimSet) -> bool:
    return one.claims.equals(other.claims) and one.lines.equals(other.lines)


@pytest.mark.parametrize("kind", CARRIER_FILES)
def test_every_form_of_a_carrier_file_is_the_same(kind: str) -> None:
    found = read_data(CARRIER_FILES[kind], "x")
    assert found.rejected.height == 0
    assert same(found, read_data(CARRIER_FILES["pipe"], "x"))


@pytest.mark.parametrize("kind", TUVA_FILES)
def test_every_form_of_a_tuva_table_is_the_same(kind: str) -> None:
    found = read_data(TUVA_FILES[kind], "x")
    assert found.rejected.height == 0
    assert same(found, read_data(TUVA_FILES["csv"], "x"))


def test_a_carrier_line_is_read_exactly() -> None:
    found = read_data(CARRIER_FILES["pipe"], "x")
    line = found.lines.row(1, named=True)
    assert (line["hcpcs"], line["modifier_1"], line["modifier_2"]) == ("J7999", "KD", None)
    assert (line["charge"], line["units"], line["ndc"]) == (412_500_000_000, 1000, None)
    assert line["service_from"] == line["service_to"] == date(2025, 3, 10)
    assert (line["service_state"], line["place_of_service"]) == ("NV", "11")
    claim = found.claims.row(0, named=True)
    assert (claim["claim_id"], claim["patient_id"], claim["segment"]) == ("A1", "P1", 2)
    assert (claim["form"], claim["filing_indicator"]) == ("professional", "MB")
    assert (claim["payer_id"], claim["diagnoses"]) == ("01312", ["G894", "M961"])
    assert (claim["billing_provider_npi"], claim["charge"]) == ("1999999984", 622_500_000_000)


def test_a_gz_file(tmp_path: Path) -> None:
    (tmp_path / "carrier.csv.gz").write_bytes(gzip.compress(CARRIER_FILES["pipe"]))
    found = read(tmp_path / "carrier.csv.gz")
    assert found.claims.height == 5
    assert not found.refused


@pytest.mark.parametrize(
    ("written_as", "state"), [("NV", "NV"), ("29", "NV"), ("5", "CA"), ("54", None), ("", None)]
)
def test_states(written_as: str, state: str | None) -> None:
    found = read_data(written(carrier(state=written_as), "|"), "x")
    assert found.lines["service_state"].unique().to_list() == [state]


@pytest.mark.parametrize(
    ("number", "contract"), [("01312", "01312"), ("1312", "01312"), ("312", None), ("013123", None)]
)
def test_contract_numbers(number: str, contract: str | None) -> None:
    found = read_data(written(carrier(contract=number), "|"), "x")
    assert found.claims["payer_id"].unique().to_list() == [contract]


def test_the_codes_of_states_are_two_digits_and_known() -> None:
    assert len(states()) == 58
    assert all(len(code) == 2 and code.isdigit() for code in states())
    assert len(set(states().values())) == 56  # Guam and the Northern Marianas have two codes


@pytest.mark.parametrize("name", ["carrier", "tuva"])
def test_findings_are_those_of_our_own_layout(name: str) -> None:
    """But for those that need a narrative, and what only they could say."""
    ours = judged(flat())
    theirs = judged(carrier(), "|") if name == "carrier" else judged(tuva())
    expected = {one for one in findings(ours) if one[2] not in OF_NARRATIVE}
    assert {"DRG104", "DRG105", "DRG111", "COD106"} <= {str(one[2]) for one in expected}
    assert "DRG107" in {one[2] for one in findings(ours)}
    assert findings(theirs) == expected


@settings(max_examples=25)
@given(st.data())
def test_findings_agree_whatever_is_billed(data: st.DataObject) -> None:
    rows = flat().height
    codes = data.draw(st.lists(st.sampled_from(
        ["62370", "62369", "62368", "95990", "J7999", "J2274", "J0735", "J3490", "62362", "99213"]
    ), min_size=rows, max_size=rows))  # fmt: skip
    marks = data.draw(st.lists(st.sampled_from(["", "KD", "59"]), min_size=rows, max_size=rows))
    units = data.draw(st.lists(st.sampled_from(["1", "2", "0.5"]), min_size=rows, max_size=rows))
    ours = flat().with_columns(
        hcpcs=pl.Series(codes), modifiers=pl.Series(marks), units=pl.Series(units)
    )
    theirs = carrier().with_columns(
        HCPCS_CD=pl.Series(codes),
        HCPCS_1ST_MDFR_CD=pl.Series(marks),
        LINE_SRVC_CNT=pl.Series(units),
    )
    expected = {one for one in findings(judged(ours)) if one[2] not in OF_NARRATIVE}
    assert findings(judged(theirs, "|")) == expected


def test_a_drug_without_a_narrative_says_why_it_has_no_price() -> None:
    prices = judged(carrier(), "|").prices.filter(hcpcs="J7999")
    assert prices["allowed"].to_list() == [None, None]
    assert prices["reason"].unique().to_list() == [REASONS[NOT_CARRIED]]
    ours = judged(flat()).prices.filter(hcpcs="J7999")
    assert ours["reason"].unique().to_list() == ["no narrative of drugs and amounts"]


def test_files_of_both_kinds_in_one_call_are_judged_each_by_what_they_carry() -> None:
    theirs = read_data(written(carrier(), "|"), "theirs")
    ours = read_data(written(flat().with_columns(patient_id="Q" + pl.col("patient_id"))), "ours")
    review = check(ClaimSet.concat([theirs, ours]))
    assert review.findings.filter(rule="DRG107")["source"].unique().to_list() == ["ours"]
    assert [one.source for one in review.notices] == ["theirs"]


def test_kd_may_stand_in_a_place_that_the_file_does_not_carry() -> None:
    drug = carrier().filter(pl.col("CLM_ID") == "A2")
    full = drug.with_columns(HCPCS_1ST_MDFR_CD=pl.lit("59"), HCPCS_2ND_MDFR_CD=pl.lit("GC"))
    assert "DRG104" in {one[2] for one in findings(judged(drug, "|"))}
    assert "DRG104" not in {one[2] for one in findings(judged(full, "|"))}
    wider = full.with_columns(HCPCS_3RD_MDFR_CD=pl.lit(""), HCPCS_4TH_MDFR_CD=pl.lit(""))
    assert "DRG104" in {one[2] for one in findings(judged(wider, "|"))}


def test_a_line_without_a_code_or_a_charge_stays() -> None:
    bare = carrier().with_columns(
        HCPCS_CD=pl.lit(""),
        LINE_SBMTD_CHRG_AMT=pl.when(pl.col("CLM_ID") == "A3").then(pl.lit("")).otherwise("LINE_SBMTD_CHRG_AMT"),
    )  # fmt: skip
    found = read_data(written(bare, "|"), "x")
    assert (found.lines.height, found.rejected.height) == (9, 0)
    assert found.lines["hcpcs"].null_count() == 9
    assert found.claims["charge"].null_count() == 1
    assert check(found).findings.height == 0


def test_dates_fall_back_on_those_of_the_claim() -> None:
    bare = carrier().with_columns(LINE_1ST_EXPNS_DT=pl.lit(""), LINE_LAST_EXPNS_DT=pl.lit(""))
    assert same(read_data(written(bare, "|"), "x"), read_data(CARRIER_FILES["pipe"], "x"))
    members = tuva().with_columns(person_id=pl.lit(None), claim_line_start_date=pl.lit(None))
    found = read_data(written(members), "x")
    assert found.claims["patient_id"].to_list() == ["MP1", "MP2", "MP1", "MP3", "MP4"]
    assert found.lines["service_from"][0] == date(2025, 3, 10)


@pytest.mark.parametrize(
    ("column", "value"), [("DML_IND", "DELETE"), ("FINAL_ACTION", "N")]
)  # fmt: skip
def test_what_does_not_stand_is_withdrawn(column: str, value: str) -> None:
    found = read_data(written(carrier().with_columns(pl.lit(value).alias(column)), "|"), "x")
    assert found.claims["frequency_code"].unique().to_list() == ["8"]
    assert {"JUR206"} == set(check(found).findings["rule"])


def test_an_outpatient_claim() -> None:
    rows = outpatient(
        {"CLM_LINE_NUM": "1"},
        {"CLM_LINE_NUM": "2", "REV_CNTR": "250", "HCPCS_CD": "", "REV_CNTR_TOT_CHRG_AMT": "5",
         "REV_CNTR_DT": ""},
        {"CLM_LINE_NUM": "3", "REV_CNTR": "1", "HCPCS_CD": "", "REV_CNTR_TOT_CHRG_AMT": "215.00"},
    )  # fmt: skip
    found = read_data(written(rows, "|"), "x")
    claim = found.claims.row(0, named=True)
    assert (claim["form"], claim["type_of_bill"], claim["frequency_code"]) == (
        "institutional",
        "131",
        "1",
    )
    assert (claim["payer_id"], claim["billing_state"]) == ("01311", "NV")
    assert claim["charge"] == 215 * NANO
    assert found.lines["revenue_code"].to_list() == ["0510", "0250"]
    assert found.lines["charge"].to_list() == [210 * NANO, 5 * NANO]
    assert found.lines["service_from"].unique().to_list() == [date(2025, 3, 10)]
    assert check(found).determinations["determination"].to_list() == ["payable"]


def test_a_total_line_with_a_code_keeps_its_charge() -> None:
    rows = outpatient({"REV_CNTR": "0001", "ORG_NPI_NUM": "0000000000"})
    found = read_data(written(rows, "|"), "x")
    assert found.lines["charge"].to_list() == [210 * NANO]
    assert found.claims["billing_provider_npi"].to_list() == [None]


def test_kinds_of_tuva_claims() -> None:
    kinds = (
        tuva()
        .head(1)
        .with_columns(claim_type=pl.lit("institutional"), bill_type_code=pl.lit("0137"))
    )
    claim = read_data(written(kinds), "x").claims.row(0, named=True)
    assert (claim["form"], claim["type_of_bill"], claim["frequency_code"]) == (
        "institutional",
        "137",
        "7",
    )
    dental = tuva().head(1).with_columns(claim_type=pl.lit("dental"))
    assert read_data(written(dental), "x").rejected.height == 0


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("LINE_1ST_EXPNS_DT", "31-FEB-2025", "column 'LINE_1ST_EXPNS_DT' cannot be '31-FEB-2025'"),
        ("LINE_1ST_EXPNS_DT", "10-MRZ-2025", "cannot be '10-MRZ-2025'"),
        ("LINE_SBMTD_CHRG_AMT", "-5.00", "column 'LINE_SBMTD_CHRG_AMT' cannot be '-5.00'"),
        ("LINE_SBMTD_CHRG_AMT", "9" * 40, "column 'LINE_SBMTD_CHRG_AMT' cannot be '9999"),
        ("LINE_SRVC_CNT", "1.23456", "column 'LINE_SRVC_CNT' cannot be '1.23456'"),
        ("LINE_NUM", "x", "column 'LINE_NUM' cannot be 'x'"),
        ("BENE_ID", "", "column 'BENE_ID' is empty"),
        ("LINE_LAST_EXPNS_DT", "01-MAR-2025", "'LINE_LAST_EXPNS_DT' is before 'LINE_1ST_EXPNS_DT'"),
    ],
)  # fmt: skip
def test_a_bad_cell_rejects_its_claim_by_the_files_own_names(
    column: str, value: str, words: str
) -> None:
    first = (pl.col("CLM_ID") == "A1") & (pl.col("LINE_NUM") == "1")
    broken = carrier().with_columns(
        pl.when(first).then(pl.lit(value)).otherwise(column).alias(column)
    )
    found = read_data(written(broken, "|"), "x")
    assert found.rejected["claim_id"].to_list() == ["A1"]
    assert found.rejected["reason"][0].startswith("row 2: ")
    assert words in found.rejected["reason"][0]
    assert (found.claims.height, found.claims_read) == (4, 5)


def test_a_line_that_is_cut_off_rejects_its_claim() -> None:
    cut = CARRIER_FILES["pipe"].rsplit(b"|", 9)[0] + b"\n"
    found = read_data(cut, "x")
    assert found.rejected["claim_id"].to_list() == ["A5"]
    assert "14 cells" in found.rejected["reason"][0]
    assert found.claims.height == 4


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (carrier().drop("LINE_SBMTD_CHRG_AMT"), "CCW RIF carrier, but column 'LINE_SBMTD_CHRG_AMT' is missing"),
        (carrier().drop("HCPCS_CD"), "column 'HCPCS_CD' is missing"),
        (tuva().drop("person_id", "member_id"), "column 'person_id' is missing"),
        (carrier().head(0), "a header but no rows"),
        (carrier().drop("LINE_NUM"), "names no column"),
        (carrier().with_columns(DMERC_LINE_MTUS_CNT=pl.lit("")), "a file of durable medical equipment claims"),
        (outpatient({}).with_columns(CLM_HHA_TOT_VISIT_CNT=pl.lit("")), "a file of home health claims"),
    ],
)  # fmt: skip
def test_files_that_are_refused(frame: pl.DataFrame, words: str) -> None:
    for data in (written(frame, "|"), parquet(frame)):
        with pytest.raises(InputError, match=r"^x: ") as told:
            read_data(data, "x")
        assert words in str(told.value)
        assert "\n" not in str(told.value)


def test_a_column_that_is_there_twice() -> None:
    with pytest.raises(InputError, match="column 'hcpcs_cd' is there twice"):
        recognise([*carrier().columns, "hcpcs_cd"], "x")


def test_our_own_layout_is_none_of_these() -> None:
    assert recognise(flat().columns) is None
    assert read_data(written(flat()), "x").claims["not_carried"].null_count() > 0


def test_rows_keep_the_columns_of_whoever_reads_them() -> None:
    layout = recognise(carrier().columns)
    assert layout is not None
    numbered = carrier().with_row_index("?row")
    assert layout.flat(numbered)["?row"].to_list() == list(range(9))
    only = numbered.select("?row", *layout.needed())
    assert layout.flat(only).equals(layout.flat(numbered))
    assert layout.flat(only.head(0)).columns == layout.flat(only).columns


def test_a_notice_is_said_once_a_file() -> None:
    theirs = read_data(written(carrier(), "|"), "carrier.csv")
    other = read_data(written(tuva()), "claims.csv")
    one, two = check(ClaimSet.concat([theirs, other])).notices
    assert (one.source, two.source) == ("carrier.csv", "claims.csv")
    assert OF_NARRATIVE - {"JUR205"} <= set(one.rules)
    assert "no drug narrative, no third and fourth modifier" in one.sentence
    assert "compounded drugs have no price" in one.sentence
    assert "JUR204" in two.rules
    assert "no contract and no state" in two.sentence
    assert "--contractor" in two.sentence
    assert "JUR204" not in set(check(ClaimSet.concat([theirs, other])).findings["rule"])


def test_a_notice_names_only_rules_that_are_run() -> None:
    claims = read_data(written(carrier(), "|"), "x")
    assert check(claims, select=["DRG107"]).notices[0].rules == ("DRG107",)
    assert check(claims, select=["UTL"]).notices[0].rules == ()


def test_a_kept_batch_knows_what_its_files_do_not_carry(tmp_path: Path) -> None:
    from pumpclaim.web.batches.results import Results, save

    review = judged(carrier(), "|")
    save(review, None, tmp_path)
    kept = Results(tmp_path)
    claims, _ = kept.of_patients(pl.col("claim") == 0)
    assert set(claims.claims["not_carried"]) == set(review.claim_set.claims["not_carried"])
    assert kept.notices == [one.sentence for one in review.notices]
    assert "DRG107" not in set(check(claims).findings["rule"])


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["bfd-rif", "synpuf", "tuva"])
def test_files_of_others_are_read_or_refused_in_one_sentence(folder: str) -> None:
    if not (SAMPLES / folder).is_dir():
        pytest.skip(f"the files that others wrote (../shared/samples/claims/{folder}) are not here")
    for file in sorted((SAMPLES / folder).iterdir()):
        found = read(file)
        if found.claims_read:
            assert "carrier" in file.name or "outpatient" in file.name, file.name
            assert check(found).notices or not found.claims.height, file.name
        else:
            assert len(found.refused) == 1, file.name
            assert "\n" not in found.refused[0].sentence


@pytest.mark.shared
def test_counts_of_the_synthetic_samples() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the files that others wrote (../shared/samples/claims) are not here")
    lines = read(SAMPLES / "bfd-rif" / "rif-synthea__carrier.csv")
    assert (lines.claims.height, lines.lines.height, lines.rejected.height) == (37, 221, 0)
    assert lines.lines["hcpcs"].null_count() == 209
    bills = read(SAMPLES / "bfd-rif" / "rif-synthea__outpatient.csv")
    assert (bills.claims.height, bills.lines.height, bills.rejected.height) == (19, 19, 0)
    assert bills.claims["billing_state"].unique().to_list() == ["MA"]
    assert bills.lines["charge"].null_count() == 0
