"""Makes the example files anew: python examples/make.py. Every person and number in them is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from writer import Claim, Line, npi, write_837

from pumpclaim.readers import read
from pumpclaim.readers.flat import write_flat

HERE = Path(__file__).parent
CLINIC = {
    "provider": "HIGH DESERT PAIN CLINIC",
    "provider_npi": npi(123_456_780),
    "rendering": ("EXAMPLE", "ROBIN", npi(155_555_555)),
    "diagnoses": ("G894", "M961"),
}
JAN = date(2026, 1, 5)


def refill(day: date = JAN, code: str = "62370") -> Line:
    return Line(code, Decimal("180.00"), day)


def drug(
    text: str, charge: str = "900.00", modifiers: tuple[str, ...] = ("KD",), units: str = "1"
) -> Line:
    return Line("J7999", Decimal(charge), JAN, modifiers, text, units=units)


PEOPLE = [
    ("QUILL", "AVERY", date(1951, 3, 2), "F"), ("MOSS", "JORDAN", date(1948, 7, 19), "M"),
    ("FINCH", "CASEY", date(1955, 11, 30), "F"), ("RIVERS", "TAYLOR", date(1943, 1, 8), "M"),
    ("STONE", "MORGAN", date(1960, 5, 21), "F"), ("HAZEL", "RILEY", date(1957, 9, 14), "M"),
    ("LARK", "QUINN", date(1949, 12, 3), "F"), ("BIRCH", "ROWAN", date(1962, 2, 27), "M"),
    ("WREN", "SKYLER", date(1946, 6, 6), "F"), ("VALE", "EMERSON", date(1953, 10, 17), "M"),
    ("FERN", "HARPER", date(1958, 4, 25), "F"), ("COVE", "PARKER", date(1950, 8, 11), "M"),
]  # fmt: skip


def claim(claim_id: str, person: int, lines: list[Line], **more: Any) -> Claim:
    last, first, birth, sex = PEOPLE[person]
    usual = {
        **CLINIC,
        "patient_id": f"9XX{person:04d}YY{person:02d}",
        "street": f"{12 + 7 * person} MADE UP STREET",
        **more,
    }
    return Claim(
        claim_id, last_name=last, first_name=first, birth=birth, sex=sex, lines=lines, **usual
    )


def clinic() -> list[Claim]:
    """A morning's claims of a Nevada clinic: every determination, and the faults that happen most."""
    return [
        claim("R-1001", 0, [refill(), drug("MORPHINE 400MG, BUPIVACAINE 300MG, CLONIDINE 2000MCG")]),
        claim("R-1002", 1, [refill()]),
        claim("R-1003", 1, [drug("HYDROMORPHONE 10MG/ML X 18ML")]),
        claim("R-1004", 2, [refill(), drug("FENTANYL 20,000 MCG; BUPIVACAINE 400 MG", modifiers=())]),
        claim("R-1005", 3, [refill(), drug("COMPOUNDED DRUG")]),
        claim("R-1006", 4, [refill(), drug("MORPHINE 400MG, CLONIDINE 4000 MG", charge="5200.00")]),
        claim("R-1007", 5, [refill(code="62369"), Line("95990", Decimal("120.00"), JAN), drug("MORPHINE 30MG/ML X 20ML")]),
        claim("R-1008", 6, [refill(), drug("MORPHINE 400MG, VERAPAMIL 2.5MG")]),
        claim(
            "R-1009", 7, [refill(), drug("HYDROMORPHONE 400MG")], place_of_service="22",
            facility="SAGEBRUSH GENERAL HOSPITAL", facility_npi=npi(198_765_430),
            facility_city="RENO", facility_state="NV", facility_zip="895020001",
        ),
        claim("I-1010", 8, [Line("62362", Decimal("2200.00"), JAN), Line("62350", Decimal("900.00"), JAN)]),
        claim("T-1011", 8, [Line("62327", Decimal("650.00"), date(2025, 12, 1))]),
        claim("P-1012", 9, [Line("62361", Decimal("1900.00"), date(2025, 11, 3))]),
        claim("R-1013", 9, [refill(), drug("MORPHINE 400MG", units="2", charge="70.00")]),
        claim("Q-1016", 10, [Line("62368", Decimal("90.00"), date(2025, 12, 15), note="DOSE RAISED, PAIN AT NIGHT")]),
        claim("V-1014", 10, [Line("99213", Decimal("95.00"), JAN)]),
        claim(
            "R-1015", 11, [refill(), drug("BACLOFEN 40,000 MCG")], payer_id="03102",
            provider="SAGUARO PAIN CENTER", provider_npi=npi(145_678_900), provider_city="TUCSON",
            provider_state="AZ", provider_zip="857010001", state="AZ", city="TUCSON", zip_code="857010001",
        ),
    ]  # fmt: skip


def hospital() -> list[Claim]:
    """A hospital paid under OPPS, a critical access hospital, and one in Guam, which OPPS does not reach."""
    lines = [
        replace(refill(), revenue_code="0510"),
        replace(drug("MORPHINE 400MG, BUPIVACAINE 300MG"), revenue_code="0636"),
    ]
    usual = {
        "type_of_bill": "13", "payer_id": "01311", "filing_indicator": "MA", "rendering": None,
        "provider": "SAGEBRUSH GENERAL HOSPITAL", "provider_npi": npi(198_765_430),
    }  # fmt: skip
    critical = {
        "type_of_bill": "85", "provider": "COLD CREEK CRITICAL ACCESS", "provider_npi": npi(176_543_210),
        "provider_city": "ELY", "provider_zip": "893010001",
    }  # fmt: skip
    guam = {
        "payer_id": "01211", "provider": "TAMUNING ISLAND HOSPITAL", "provider_npi": npi(187_654_320),
        "provider_city": "TAMUNING", "provider_state": "GU", "provider_zip": "969130001",
        "city": "TAMUNING", "state": "GU", "zip_code": "969130001",
    }  # fmt: skip
    return [
        claim("H-2001", 0, lines, patient_id="9XX1001YY01", **usual),
        claim("H-2002", 1, lines, patient_id="9XX1002YY02", **{**usual, **critical}),
        claim("H-2003", 2, lines, patient_id="9XX1003YY03", **{**usual, **guam}),
    ]


if __name__ == "__main__":
    (HERE / "clinic.837").write_text(write_837(clinic()))
    (HERE / "hospital.837").write_text(write_837(hospital(), institutional=True))
    write_flat(read(HERE / "clinic.837"), HERE / "clinic.csv")
