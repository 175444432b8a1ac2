"""Small invented 837 texts, built with a right envelope unless a test breaks it."""

from __future__ import annotations

from collections.abc import Iterable

PROFESSIONAL, INSTITUTIONAL = "005010X222A1", "005010X223A3"
BILLING = [
    "HL*1**20*1",
    "NM1*85*2*HARBOR PAIN CLINIC*****XX*1234567893",
    "N3*1 QUAY",
    "N4*RENO*NV*89501",
]
REFILL = ["LX*1", "SV1*HC:62370*180.5*UN*1***1", "DTP*472*D8*20250310"]
DRUG = [
    "LX*2",
    "SV1*HC:J7999:KD::::MORPHINE 400MG*600*UN*1***1:2",
    "DTP*472*D8*20250310",
    "NTE*ADD*MORPHINE 20MG/ML X 20ML",
]


def isa(
    control: str = "000000001", element: str = "*", component: str = ":", end: str = "~"
) -> str:
    """An ISA of 106 bytes, terminator and all."""
    parts = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "HARBOR".ljust(15), "ZZ", "01112".ljust(15),
             "250310", "1200", "^", "00501", control, "0", "P", component]  # fmt: skip
    return element.join(parts) + end


def subscriber(number: int = 2, member: str = "1EG4TE5MK73", name: str = "OAKES*ALMA") -> list[str]:
    """HL 22 with subscriber, birth date and payer."""
    return [
        f"HL*{number}*1*22*0",
        "SBR*P*18*******MB",
        f"NM1*IL*1*{name}****MI*{member}",
        "N3*2 ELM",
        "N4*ELKO*NV*89801",
        "DMG*D8*19480229*F",
        "NM1*PR*2*CONTRACTOR*****PI*01112",
    ]


def claim(
    name: str = "PCN1", *, lines: Iterable[str] = (*REFILL, *DRUG), more: Iterable[str] = ()
) -> list[str]:
    """CLM, diagnoses and service lines."""
    return [
        f"CLM*{name}*780.5***11:B:1*Y*A*Y*Y",
        "HI*ABK:G89.4*ABF:M961",
        *more,
        *lines,
    ]


def transaction(
    body: Iterable[str], control: str = "0001", version: str = PROFESSIONAL
) -> list[str]:
    """ST to SE with the right count."""
    inner = [
        f"ST*837*{control}*{version}",
        f"BHT*0019*00*{control}*20250310*1200*CH",
        "NM1*41*2*HARBOR PAIN CLINIC*****46*12345",
        "NM1*40*2*CONTRACTOR*****46*01112",
        *body,
    ]
    return [*inner, f"SE*{len(inner) + 1}*{control}"]


def group(*transactions: list[str], control: str = "1", version: str = PROFESSIONAL) -> list[str]:
    """GS to GE."""
    return [
        f"GS*HC*HARBOR*01112*20250310*1200*{control}*X*{version}",
        *(segment for one in transactions for segment in one),
        f"GE*{len(transactions)}*{control}",
    ]


def interchange(
    *groups: list[str],
    control: str = "000000001",
    element: str = "*",
    component: str = ":",
    end: str = "~",
    line_break: str = "\n",
) -> str:
    """ISA to IEA, with any delimiters."""
    inner = [segment for one in groups for segment in one]
    inner.append(f"IEA*{len(groups)}*{control}")
    swap = str.maketrans({"*": element, ":": component})
    body = "".join(line_break + segment.translate(swap) + end for segment in inner)
    return isa(control, element, component, end) + body + line_break


def professional(*claims: list[str], **delimiters: str) -> str:
    """A whole file with one subscriber and these claims."""
    body = [*BILLING, *subscriber(), *(segment for one in claims for segment in one)]
    return interchange(group(transaction(body)), **delimiters)


def institutional(*claims: list[str]) -> str:
    """A whole 837I with one subscriber and these claims."""
    body = [*BILLING, *subscriber(), *(segment for one in claims for segment in one)]
    return interchange(group(transaction(body, version=INSTITUTIONAL), version=INSTITUTIONAL))
