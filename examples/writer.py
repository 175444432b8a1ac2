"""Writes invented 837 files, valid by the implementation guide, for the examples, tests and measurements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby


@dataclass
class Line:
    """One service line; ``description`` is SV101-7 or SV202-7, ``note`` an NTE of the line."""

    hcpcs: str
    charge: Decimal
    day: date
    modifiers: tuple[str, ...] = ()
    description: str = ""
    note: str = ""
    units: str = "1"
    revenue_code: str = "0510"
    place_of_service: str = ""


@dataclass
class Claim:
    """One claim with the subscriber, who is the patient; one provider's claims follow each other.

    ``rendering`` is the rendering provider's last name, first name and NPI.
    """

    claim_id: str
    patient_id: str
    last_name: str
    first_name: str
    birth: date
    sex: str
    lines: list[Line]
    state: str = "NV"
    city: str = "RENO"
    zip_code: str = "895010001"
    payer_id: str = "01312"
    filing_indicator: str = "MB"
    place_of_service: str = "11"
    type_of_bill: str = ""
    frequency: str = "1"
    diagnoses: tuple[str, ...] = ("G894",)
    note: str = ""
    provider: str = "HIGH DESERT PAIN CLINIC"
    provider_npi: str = ""
    provider_city: str = "RENO"
    provider_state: str = "NV"
    provider_zip: str = "895010001"
    facility: str = ""
    facility_npi: str = ""
    facility_state: str = ""
    facility_city: str = ""
    facility_zip: str = ""
    original: str = ""
    street: str = "12 MADE UP STREET"
    rendering: tuple[str, str, str] | None = None
    medical_record: str = ""
    payer_address: tuple[str, ...] = ()
    line_numbers: bool = False


def npi(nine_digits: int) -> str:
    """A provider number of ten digits whose last one checks (Luhn with the prefix 80840)."""
    base = f"{nine_digits:09d}"
    total = 24
    for place, digit in enumerate(reversed(base)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return base + str(-total % 10)


def write_837(claims: list[Claim], *, institutional: bool = False, end: str = "~\n") -> str:
    """The whole interchange; a provider's neighbouring claims share one billing loop."""
    version = "005010X223A2" if institutional else "005010X222A1"
    body = [
        f"ST*837*0001*{version}",
        "BHT*0019*00*1001*20260105*0800*CH",
        "NM1*41*2*DESERT BILLING SERVICE*****46*DBS100",
        "PER*IC*BILLING OFFICE*TE*7755550100",
        "NM1*40*2*NORIDIAN*****46*01312",
    ]
    level = 0
    for provider, group in groupby(claims, key=lambda one: (one.provider, one.provider_npi)):
        first, *_ = members = list(group)
        level += 1
        parent = level
        body += [
            f"HL*{level}**20*1",
            f"NM1*85*2*{provider[0]}*****XX*{provider[1]}",
            "N3*100 INVENTED WAY",
            f"N4*{first.provider_city}*{first.provider_state}*{first.provider_zip}",
            "REF*EI*880000001",
        ]
        for claim in members:
            level += 1
            body += _claim(claim, level, parent, institutional)
    body.append(f"SE*{len(body) + 1}*0001")
    sender, receiver = "DBS100".ljust(15), "01312".ljust(15)
    head = [
        f"ISA*00*{' ' * 10}*00*{' ' * 10}*ZZ*{sender}*ZZ*{receiver}*260105*0800*^*00501*000000101*0*T*:",
        f"GS*HC*DBS100*01312*20260105*0800*101*X*{version}",
    ]
    return end.join([*head, *body, "GE*1*101", "IEA*1*000000101", ""])


def _claim(claim: Claim, level: int, parent: int, institutional: bool) -> list[str]:
    total = sum((line.charge for line in claim.lines), Decimal(0))
    place = (
        f"{claim.type_of_bill}:A:{claim.frequency}"
        if institutional
        else f"{claim.place_of_service}:B:{claim.frequency}"
    )
    out = [
        f"HL*{level}*{parent}*22*0",
        f"SBR*P*18*******{claim.filing_indicator}",
        f"NM1*IL*1*{claim.last_name}*{claim.first_name}****MI*{claim.patient_id}",
        f"N3*{claim.street}",
        f"N4*{claim.city}*{claim.state}*{claim.zip_code}",
        f"DMG*D8*{claim.birth:%Y%m%d}*{claim.sex}",
        f"NM1*PR*2*NORIDIAN*****PI*{claim.payer_id}",
        *claim.payer_address,
        f"CLM*{claim.claim_id}*{total}***{place}*Y*A*Y*Y"
        if not institutional
        else f"CLM*{claim.claim_id}*{total}***{place}**A*Y*Y",
    ]
    if institutional:
        day = min(line.day for line in claim.lines)
        out += [f"DTP*434*RD8*{day:%Y%m%d}-{day:%Y%m%d}", "CL1*3*1*01"]
    if claim.original:
        out.append(f"REF*F8*{claim.original}")
    if claim.medical_record:
        out.append(f"REF*EA*{claim.medical_record}")
    if claim.note:
        out.append(f"NTE*ADD*{claim.note}")
    if institutional:
        out.append(f"HI*ABK:{claim.diagnoses[0]}")
        out += [f"HI*ABF:{code}" for code in claim.diagnoses[1:]]
        out += ["NM1*71*1*EXAMPLE*ROBIN****XX*" + npi(155_555_555)]
    else:
        out.append(
            "HI*"
            + "*".join(
                f"{'ABK' if n == 0 else 'ABF'}:{code}" for n, code in enumerate(claim.diagnoses)
            )
        )
    if claim.rendering:
        last, first, number = claim.rendering
        out += [f"NM1*82*1*{last}*{first}****XX*{number}", "PRV*PE*PXC*208VP0014X"]
    if claim.facility:
        out += [
            f"NM1*77*2*{claim.facility}*****XX*{claim.facility_npi}",
            "N3*200 INVENTED WAY",
            f"N4*{claim.facility_city}*{claim.facility_state}*{claim.facility_zip}",
        ]
    for number, line in enumerate(claim.lines, start=1):
        out.append(f"LX*{number}")
        codes = ":".join(["HC", line.hcpcs, *line.modifiers])
        if line.description:
            codes += ":" * (5 - len(line.modifiers)) + line.description
        if institutional:
            out.append(f"SV2*{line.revenue_code}*{codes}*{line.charge}*UN*{line.units}")
        else:
            out.append(f"SV1*{codes}*{line.charge}*UN*{line.units}*{line.place_of_service}**1")
        out.append(f"DTP*472*D8*{line.day:%Y%m%d}")
        if claim.line_numbers:
            out.append(f"REF*6R*{claim.claim_id}L{number}")
        if line.note:
            out.append(f"NTE*ADD*{line.note}")
    return out
