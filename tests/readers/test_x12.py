"""What is read from whole 837 files, element by element."""

from __future__ import annotations

import datetime as dt
import itertools

import polars as pl
import pytest
import x12_text as x

from pumpclaim.claim_set import ClaimSet
from pumpclaim.readers.x12 import read_x12
from pumpclaim.tables import CLAIMS, LINES, NANO


def read(text: str | bytes) -> ClaimSet:
    found = read_x12(text if isinstance(text, bytes) else text.encode(), "morning.837")
    assert dict(found.claims.schema) == CLAIMS.schema
    assert dict(found.lines.schema) == LINES.schema
    return found


def clean(text: str | bytes) -> ClaimSet:
    found = read(text)
    assert found.rejected.rows() == []
    assert found.refused == ()
    return found


def test_every_element_of_a_professional_claim() -> None:
    more = [
        "REF*F8*ICN99",
        "NTE*ADD*FIRST",
        "NTE*DGN*SECOND",
        "NM1*82*1*REED*IVO****XX*1982736450",
        "NM1*77*2*HARBOR ANNEX*****XX*1093817465",
        "N3*3 PIER",
        "N4*HILO*HI*96720",
    ]
    lines = [
        "LX*1",
        "SV1*HC:J7999:KD:JW:RT:59:COMPOUNDED DRUG*600.25*UN*2.5*12**1:3",
        "DTP*472*RD8*20250310-20250312",
        "NTE*ADD*ONE",
        "NTE*ADD*TWO",
        "LIN**N4*00409181201",
        "CTP****20.5*ML",
        "NM1*82*1*WARD*UMA****XX*1679576722",
        "NM1*77*2*HOME*****XX*1093817465",
        "N3*4 PIER",
        "N4*GUAM*GU*96910",
    ]
    found = clean(x.professional(x.claim(lines=lines, more=more)))
    assert found.claims.to_dicts() == [
        {
            "claim": 0, "source": "morning.837", "segment": 18, "claim_id": "PCN1",
            "form": "professional", "patient_id": "1EG4TE5MK73",
            "patient_name": "OAKES, ALMA",
            "patient_birth_date": dt.date(1948, 2, 29), "patient_state": "NV",
            "filing_indicator": "MB", "payer_id": "01112",
            "billing_provider_npi": "1234567893", "billing_state": "NV",
            "rendering_provider_npi": "1982736450", "facility_npi": "1093817465",
            "facility_state": "HI", "place_of_service": "11", "type_of_bill": None,
            "frequency_code": "1", "payer_claim_control_number": "ICN99", "assignment": "A",
            "charge": 780_500_000_000, "statement_from": None, "statement_to": None,
            "diagnoses": ["G894", "M961"], "note": "FIRST; SECOND",
            "not_carried": None,
        }
    ]  # fmt: skip
    assert found.lines.to_dicts() == [
        {
            "claim": 0, "line": 1, "segment": 27, "hcpcs": "J7999", "modifier_1": "KD",
            "modifier_2": "JW", "modifier_3": "RT", "modifier_4": "59",
            "description": "COMPOUNDED DRUG", "note": "ONE; TWO", "charge": 600_250_000_000,
            "units": 2500, "unit_basis": "UN", "service_from": dt.date(2025, 3, 10),
            "service_to": dt.date(2025, 3, 12), "place_of_service": "12", "service_state": "GU",
            "rendering_provider_npi": "1679576722", "revenue_code": None, "ndc": "00409181201",
            "ndc_units": 20_500, "ndc_unit": "ML", "diagnosis_pointers": "1 3",
        }
    ]  # fmt: skip


def test_every_element_of_an_institutional_claim() -> None:
    body = [
        "CLM*PCN2*1000***13:A:7*Y*A*Y*Y",
        "DTP*434*RD8*20250301-20250331",
        "CL1*3**01",
        "HI*ABK:G894",
        "HI*APR:R52",
        "HI*ABJ:M545",
        "HI*ABN:W19XXXA",
        "HI*ABF:M961*ABF:Z451",
        "HI*BBR:3E0R3BZ:D8:20250310",
        "NM1*71*1*REED*IVO****XX*1982736450",
        "NM1*77*2*ANNEX*****XX*1093817465",
        "N4*HILO*HI*96720",
        "LX*1",
        "SV2*0636*HC:J7999:KD*1000*UN*1",
        "LX*2",
        "SV2*0270**0*UN*3",
        "DTP*472*D8*20250310",
    ]
    found = clean(x.institutional(body))
    claim = found.claims.row(0, named=True)
    assert claim["form"] == "institutional"
    assert (claim["type_of_bill"], claim["place_of_service"]) == ("137", None)
    assert claim["frequency_code"] == "7"
    assert claim["diagnoses"] == ["G894", "M961", "Z451", "M545", "R52"]
    assert (claim["facility_state"], claim["rendering_provider_npi"]) == ("HI", None)
    assert (claim["statement_from"], claim["statement_to"]) == (
        dt.date(2025, 3, 1),
        dt.date(2025, 3, 31),
    )
    lines = found.lines.to_dicts()
    assert [line["revenue_code"] for line in lines] == ["0636", "0270"]
    assert [line["hcpcs"] for line in lines] == ["J7999", None]
    assert [line["modifier_1"] for line in lines] == ["KD", None]
    assert [line["units"] for line in lines] == [1000, 3000]
    assert [line["charge"] for line in lines] == [1000 * NANO, 0]
    days = [(line["service_from"], line["service_to"]) for line in lines]
    assert days[0] == (dt.date(2025, 3, 1), dt.date(2025, 3, 31))
    assert days[1] == (dt.date(2025, 3, 10), dt.date(2025, 3, 10))


def test_a_professional_line_without_a_date_has_none() -> None:
    found = clean(x.professional(x.claim(lines=["LX*1", "SV1*HC:62370*180*UN*1"])))
    assert found.lines["service_from"].to_list() == [None]


DELIMITERS = [
    {"element": "|", "component": ">", "end": "'"},
    {"element": "\x1d", "component": "\x1f", "end": "\x1c", "line_break": ""},
    {"element": "~", "component": "^", "end": "_"},
    {"end": "\n", "line_break": ""},
    {"end": "\r", "line_break": "\n"},
    {"end": "\r", "line_break": ""},
    {"line_break": ""},
    {"line_break": "\r\n"},
    {"line_break": "\n\n"},
    {"line_break": "  \n"},
]


@pytest.mark.parametrize("delimiters", DELIMITERS)
def test_any_delimiters_and_line_breaks(delimiters: dict[str, str]) -> None:
    plain = clean(x.professional(x.claim()))
    swap = str.maketrans({"*": "*", ":": ":"})
    other = clean(x.professional([s.translate(swap) for s in x.claim()], **delimiters))
    assert other.claims.equals(plain.claims)
    assert other.lines.equals(plain.lines)


@pytest.mark.parametrize("before", ["\ufeff", " \n", "\r\n\r\n", "\ufeff \n"])
def test_mark_and_blanks_before_and_after(before: str) -> None:
    text = before + x.professional(x.claim()) + "\n \x1a"
    assert clean(text).claims.height == 1


def test_the_last_terminator_may_be_missing() -> None:
    assert clean(x.professional(x.claim()).rstrip("~\n")).claims.height == 1


def test_utf_16_is_read() -> None:
    assert clean(x.professional(x.claim()).encode("utf-16")).claims.height == 1


def test_lines_of_one_width_are_joined() -> None:
    flat = x.professional(x.claim(), line_break="")
    wrapped = (
        "\r\n".join("".join(part) for part in itertools.batched(flat, 80))
        if hasattr(itertools, "batched")
        else "\r\n".join(flat[at : at + 80] for at in range(0, len(flat), 80))
    )
    assert clean(wrapped).lines.equals(clean(flat).lines)


def test_an_isa_with_wrong_widths() -> None:
    text = x.professional(x.claim()).replace("HARBOR         ", "HARBOR  ", 1)
    assert clean(text).claims.height == 1


def test_text_that_is_not_utf8_is_windows_1252() -> None:
    text = x.professional(x.claim(more=["NTE*ADD*DOSE 20 µG, MUÑOZ"]))
    for encoding in ("utf-8", "cp1252"):
        assert clean(text.encode(encoding)).claims["note"].to_list() == ["DOSE 20 µG, MUÑOZ"]


def test_interchanges_groups_and_transactions() -> None:
    def one(name: str, number: str) -> list[str]:
        return x.transaction([*x.BILLING, *x.subscriber(), *x.claim(name)], number)

    first = x.interchange(
        x.group(one("A", "0001"), one("B", "0002")), x.group(one("C", "0001"), control="2")
    )
    second = x.interchange(
        x.group(one("D", "0001")), control="000000002", element="|", component=">", end="'"
    )
    third = x.interchange(x.group(one("E", "0001")), control="000000003", end="\n", line_break="")
    found = clean(first + second + third + first)
    assert found.claims["claim_id"].to_list() == [*"ABCDE", *"ABC"]
    assert found.claims["claim"].to_list() == list(range(8))
    assert found.lines["claim"].to_list() == [c for c in range(8) for _ in (1, 2)]
    assert found.lines["hcpcs"].to_list() == ["62370", "J7999"] * 8
    assert found.lines["diagnosis_pointers"].to_list() == ["1", "1 2"] * 8


def test_two_patients_and_two_billing_providers() -> None:
    body = [
        *x.BILLING,
        *x.subscriber(2, "AAA"),
        *x.claim("A"),
        *x.subscriber(3, "BBB"),
        *x.claim("B"),
        *x.claim("C"),
        "HL*4**20*1",
        "NM1*85*2*OTHER*****XX*1679576722",
        "N4*HILO*HI*96720",
        "NM1*87*2",
        "N4*ELSEWHERE*TX*75001",
        *x.subscriber(5, "CCC"),
        *x.claim("D"),
    ]
    claims = clean(x.interchange(x.group(x.transaction(body)))).claims
    assert claims["patient_id"].to_list() == ["AAA", "BBB", "BBB", "CCC"]
    assert claims["billing_provider_npi"].to_list() == ["1234567893"] * 3 + ["1679576722"]
    assert claims["billing_state"].to_list() == ["NV"] * 3 + ["HI"]


def dependent(name: str) -> list[str]:
    return ["HL*3*2*23*0", "PAT*19", name, "N4*HILO*HI*96720", "DMG*D8*20010203*M"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NM1*QC*1*Oakes*Tim", "1EG4TE5MK73/OAKES TIM/2001-02-03"),
        ("NM1*QC*1*OAKES", "1EG4TE5MK73/OAKES/2001-02-03"),
        ("NM1*QC*1*OAKES*TIM****MI*OWN7", "OWN7"),
    ],
)
def test_a_dependent_is_the_patient(name: str, expected: str) -> None:
    body = [*x.BILLING, *x.subscriber(), *x.claim("A"), *dependent(name), *x.claim("B"),
            *x.subscriber(4, "ZZZ"), *x.claim("C")]  # fmt: skip
    claims = clean(x.interchange(x.group(x.transaction(body)))).claims
    assert claims["patient_id"].to_list() == ["1EG4TE5MK73", expected, "ZZZ"]
    assert claims["patient_name"][1].startswith(("Oakes", "OAKES"))
    assert claims["patient_state"].to_list() == ["NV", "HI", "NV"]
    assert claims["patient_birth_date"].to_list()[1] == dt.date(2001, 2, 3)
    assert claims["payer_id"].to_list() == ["01112"] * 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NM1*IL*1*OAKES*ALMA", "OAKES, ALMA"), ("NM1*IL*1*OAKES*", "OAKES"), ("NM1*IL*1*OAKES*ALMA*J", "OAKES, ALMA"),
        ("NM1*IL*1**ALMA", "ALMA"), ("NM1*IL*1* DE LA CRUZ * ANA MARIA ", "DE LA CRUZ, ANA MARIA"),
        ("NM1*IL*1*OAKES, JR*ALMA", "OAKES, JR, ALMA"), ("NM1*IL*1**", None), ("NM1*IL*1*ÖZ*ÅSA", "ÖZ, ÅSA"),
    ],
)  # fmt: skip
def test_the_patients_name(name: str, expected: str | None) -> None:
    own = name + "*" * (8 - name.count("*")) + "MI*1EG4TE5MK73"
    text = x.professional(x.claim()).replace("NM1*IL*1*OAKES*ALMA****MI*1EG4TE5MK73", own)
    assert own in text
    assert clean(text).claims["patient_name"].to_list() == [expected]


def test_names_of_files_with_other_separators() -> None:
    one = x.professional(x.claim())
    other = one.replace("*", "|")
    assert clean(other).claims["patient_name"].to_list() == ["OAKES, ALMA"]
    assert clean(one + other).claims["patient_name"].to_list() == ["OAKES, ALMA"] * 2


def test_a_subscriber_without_a_member_id_goes_by_name_and_birth_date() -> None:
    text = x.professional(x.claim()).replace("****MI*1EG4TE5MK73", "")
    assert clean(text).claims["patient_id"].to_list() == ["OAKES ALMA/1948-02-29"]
    text = text.replace("DMG*D8*19480229*F", "DMG***F")
    assert clean(text).claims["patient_id"].to_list() == [None]


def test_other_payers_within_the_claim_are_not_the_claims_own() -> None:
    more = [
        "NM1*82*1*REED*IVO****XX*1982736450",
        "SBR*S*01*******CI",
        "OI***Y***Y",
        "NM1*IL*1*OAKES*JOHN****MI*OTHER",
        "N4*AUSTIN*TX*78701",
        "NM1*PR*2*SECOND*****PI*99999",
        "REF*F8*OTHERICN",
        "NM1*82*1",
        "NM1*77*2*X*****XX*1111111111",
        "N4*AUSTIN*TX*78701",
    ]
    claim = clean(x.professional(x.claim(more=more), x.claim("B"))).claims.rows(named=True)
    for one in claim:
        assert one["patient_id"] == "1EG4TE5MK73"
        assert (one["payer_id"], one["filing_indicator"]) == ("01112", "MB")
        assert (one["facility_npi"], one["payer_claim_control_number"]) == (None, None)
        assert one["patient_state"] == "NV"
    assert claim[0]["rendering_provider_npi"] == "1982736450"


def test_an_id_that_is_no_npi_is_not_taken_for_one() -> None:
    text = x.professional(x.claim()).replace("*XX*1234567893", "*24*123456789")
    assert clean(text).claims["billing_provider_npi"].to_list() == [None]


@pytest.mark.parametrize(
    ("amount", "nano"),
    [
        ("0", 0),
        ("180", 180 * NANO),
        ("180.", 180 * NANO),
        (".5", NANO // 2),
        ("0.000000001", 1),
        ("000000000000000000000180.500000000000000", 180_500_000_000),
        ("1234567.89", 1_234_567_890_000_000),
        ("9000000000", 9_000_000_000 * NANO),
        ("-0", 0),
        (" 180 ", 180 * NANO),
    ],
)
def test_money_is_exact(amount: str, nano: int) -> None:
    lines = ["LX*1", f"SV1*HC:62370*{amount}*UN*1"]
    assert clean(x.professional(x.claim(lines=lines))).lines["charge"].to_list() == [nano]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("D8*20240229", (2024, 2, 29), (2024, 2, 29)),
        ("RD8*20241231-20250101", (2024, 12, 31), (2025, 1, 1)),
        ("DT*202503101455", (2025, 3, 10), (2025, 3, 10)),
        ("D8*19000101", (1900, 1, 1), (1900, 1, 1)),
        ("D8*21001231", (2100, 12, 31), (2100, 12, 31)),
    ],
)
def test_dates(period: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    lines = ["LX*1", "SV1*HC:62370*1*UN*1", f"DTP*472*{period}"]
    line = clean(x.professional(x.claim(lines=lines))).lines.row(0, named=True)
    assert (line["service_from"], line["service_to"]) == (dt.date(*first), dt.date(*last))


def test_absent_and_blank_elements_are_null() -> None:
    lines = ["LX*1", "SV1*HC:62370:  :*180*  ***", "NTE*ADD*  ", "NTE*ADD*TEXT  "]
    line = clean(x.professional(x.claim(lines=lines))).lines.row(0, named=True)
    assert line["modifier_1"] is None
    assert line["units"] is None
    assert line["unit_basis"] is None
    assert line["note"] == "TEXT"


def test_small_letters_in_codes() -> None:
    line = clean(
        x.professional(x.claim(lines=["LX*1", "SV1*HC:j7999:kd::::Morphine*1*UN*1"]))
    ).lines
    assert line.select("hcpcs", "modifier_1", "description").row(0) == ("J7999", "KD", "Morphine")


def test_only_hcpcs_stands_in_the_column_hcpcs() -> None:
    lines = ["LX*1", "SV1*WK:ABCDE*1*UN*1", "LX*2", "SV1*:62370*1*UN*1"]
    assert clean(x.professional(x.claim(lines=lines))).lines["hcpcs"].to_list() == [None, "62370"]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [((1, 2), [1, 2]), ((3, 7), [3, 7]), ((1, 1), [1, 2]), (("", "X"), [1, 2]), ((2, 1), [1, 2])],
)
def test_line_numbers(numbers: tuple[object, object], expected: list[int]) -> None:
    lines = [f"LX*{numbers[0]}", "SV1*HC:62370*1*UN*1", f"LX*{numbers[1]}", "SV1*HC:J7999*1*UN*1"]
    assert clean(x.professional(x.claim(lines=lines))).lines["line"].to_list() == expected


def test_a_service_without_an_lx_is_a_line_of_its_own() -> None:
    lines = ["SV1*HC:62370*1*UN*1", "DTP*472*D8*20250310", "SV1*HC:J7999*2*UN*1"]
    found = clean(x.professional(x.claim(lines=lines))).lines
    assert found["hcpcs"].to_list() == ["62370", "J7999"]
    assert found["line"].to_list() == [1, 2]
    assert found["service_from"].to_list() == [dt.date(2025, 3, 10), None]


def test_only_the_first_drug_code_counts_and_other_identifiers_do_not() -> None:
    lines = [
        *x.REFILL,
        "LIN**UP*12345",
        "LIN**N4*00409181201",
        "CTP****1*ML",
        "LIN**N4*11111111111",
    ]
    line = clean(x.professional(x.claim(lines=lines))).lines.row(0, named=True)
    assert (line["ndc"], line["ndc_units"], line["ndc_unit"]) == ("00409181201", 1000, "ML")


def test_unknown_segments_and_wrong_child_codes_are_passed_over() -> None:
    more = ["ZZZ*1", "K3*FREE", "PWK*OZ*BM***AC*77", "AMT*F5*10", "CRC*07*Y*01"]
    text = x.professional(x.claim(more=more)).replace("HL*2*1*22*0", "HL*2*9*22*1")
    assert clean(text).claims.height == 1


def test_a_version_that_does_not_say_the_form() -> None:
    text = x.institutional(["CLM*A*10***13:A:1*Y*A*Y*Y", "LX*1", "SV2*0636*HC:J7999*10*UN*1"])
    assert clean(text.replace(x.INSTITUTIONAL, "005010")).claims["form"].to_list() == [
        "institutional"
    ]
    text = x.professional(x.claim()).replace(x.PROFESSIONAL, "")
    assert clean(text).claims["form"].to_list() == ["professional"]


def test_many_claims_equal_few_claims() -> None:
    """The columns of a large file are those of a small one, over and over."""
    notes = ["NTE*ADD*ONE", "NTE*ADD*TWO"]
    one = [*x.claim("A", more=notes), *x.claim("B.Ñ", lines=[*x.REFILL, "NTE*ADD*A", "NTE*ADD*B"])]
    few = clean(x.professional(one))
    times = 1500
    many = clean(x.professional(one * times))
    assert many.claims.height == 2 * times
    for small, large in ((few.claims, many.claims), (few.lines, many.lines)):
        drop = ["claim", "segment"]
        assert large.drop(drop).equals(pl.concat([small.drop(drop)] * times))
    assert many.lines["claim"].to_list() == [c for c in range(2 * times) for _ in range(2 - c % 2)]
