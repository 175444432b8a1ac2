"""Invented claims in bulk, for measurements and tests.

python benchmarks/generate.py 837p OUT.837 --claims 20000
python benchmarks/generate.py table OUT.parquet --lines 1000000
"""

from __future__ import annotations

import argparse
import random
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from writer import Claim, Line, npi, write_837

from line_tables import lines_table
from pumpclaim.readers.flat import write_flat

CLINICS = 40
PLACES = [
    ("CA", "01112", "SACRAMENTO", "958140001"), ("CA", "01182", "LOS ANGELES", "900120001"),
    ("NV", "01312", "RENO", "895010001"), ("HI", "01212", "HONOLULU", "968130001"),
]  # fmt: skip
"""State, contract number, town and postal code of the clinics."""
NAMES = ["QUILL", "MOSS", "FINCH", "RIVERS", "STONE", "HAZEL", "LARK", "BIRCH", "WREN", "VALE"]
FIRST = ["AVERY", "JORDAN", "CASEY", "TAYLOR", "MORGAN", "RILEY", "QUINN", "ROWAN", "SKYLER"]
TITRATED = ["DOSE RAISED, PAIN AT NIGHT", "RATE LOWERED FOR DROWSINESS", "BOLUS LOCKOUT CHANGED"]
IN_MCG = {"FENTANYL", "CLONIDINE", "BACLOFEN", "ZICONOTIDE"}


OPIOIDS = ["MORPHINE", "HYDROMORPHONE", "FENTANYL"]
WITH = [
    [],
    ["BUPIVACAINE"],
    ["CLONIDINE"],
    ["BUPIVACAINE", "CLONIDINE"],
    ["ROPIVACAINE"],
    ["BACLOFEN"],
]
"""What stands after the opioid of a mixture; pharmacies write the opioid first."""


def narrative(rng: random.Random) -> str:
    """An opioid alone or in a mixture, or ziconotide, as totals or as concentration and volume."""
    drugs = ["ZICONOTIDE"] if rng.random() < 0.05 else [rng.choice(OPIOIDS), *rng.choice(WITH)]
    volume = rng.choice([18, 20, 38, 40])
    concentrated = rng.random() < 0.4
    parts = []
    for drug in drugs:
        unit = "MCG" if drug in IN_MCG else "MG"
        amount = rng.randint(20, 2000) if unit == "MCG" else rng.randint(10, 400)
        parts.append(
            f"{drug} {amount // 10}{unit}/ML" if concentrated else f"{drug} {amount}{unit}"
        )
    text = ", ".join(parts)
    return f"{text} X {volume}ML" if concentrated and len(parts) == 1 else f"{text}, {volume}ML"


def professional(claims: int, seed: int = 1) -> list[Claim]:
    """``claims`` claims of 40 clinics: refills with compounds, interrogations, office visits."""
    rng = random.Random(seed)
    clinics = [
        (f"INVENTED PAIN CLINIC {n}", npi(100_000_000 + n * 7919), rng.choice(PLACES))
        for n in range(CLINICS)
    ]
    doctor = npi(155_555_555)
    made = []
    for number in range(claims):
        clinic, clinic_npi, (state, payer, city, zip_code) = clinics[number * CLINICS // claims]
        day = date(2024, 1, 2) + timedelta(days=rng.randint(0, 700))
        person = rng.randint(0, claims // 3)
        elsewhere = rng.random() < 0.2
        made.append(Claim(
            f"PC{number:07d}", f"7A{person:06d}ZZ{person % 90:02d}", NAMES[person % 10], FIRST[person % 9],
            date(1940 + person % 30, 1 + person % 12, 1 + person % 28), "FM"[person % 2],
            _lines(rng, day), state=state, city=city, zip_code=zip_code, payer_id=payer,
            diagnoses=("G894", "M961", "Z451")[: rng.randint(1, 3)], street=f"{person % 997 + 1} MADE UP STREET",
            provider=clinic, provider_npi=clinic_npi, provider_city=city, provider_state=state,
            provider_zip=zip_code, rendering=("EXAMPLE", "ROBIN", doctor),
            payer_address=("N3*900 MADE UP PLAZA*SUITE 42", f"N4*{city}*{state}*{zip_code}"),
            line_numbers=True, medical_record=f"MR{person:07d}", note="SEEN WITH CAREGIVER" if rng.random() < 0.05 else "",
            facility=f"{clinic} ANNEX" if elsewhere else "", facility_npi=clinic_npi,
            facility_state=state, facility_city=city, facility_zip=zip_code,
        ))  # fmt: skip
    return made


def _lines(rng: random.Random, day: date) -> list[Line]:
    kind = rng.random()
    if kind < 0.75:
        modifiers = ("KD",) if rng.random() < 0.97 else ()
        charge = Decimal(rng.randint(20_000, 200_000)) / 100
        lines = [
            Line(rng.choice(["62369", "62370", "62370", "95991"]), Decimal("180.00"), day),
            Line("J7999", charge, day, modifiers, narrative(rng)),
        ]
        return [*lines, Line("99213", Decimal("95.00"), day, ("25",))] if kind < 0.15 else lines
    if kind < 0.9:
        return [Line("62368", Decimal("90.00"), day, note=rng.choice(TITRATED))]
    return [Line("99213", Decimal("95.00"), day), Line("80305", Decimal("12.50"), day)]


def write_837p(path: Path, claims: int = 20_000, seed: int = 1) -> int:
    """Write an 837 professional file of ``claims`` claims; gives its size in bytes."""
    text = write_837(professional(claims, seed), end="~")
    path.write_text(text)
    return len(text)


def main() -> None:
    """Write invented claims: an 837 file, or a table of service lines."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("kind", choices=["837p", "table"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--claims", type=int, default=20_000, help="claims of the 837 file")
    parser.add_argument("--lines", type=int, default=1_000_000, help="service lines of the table")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.kind == "837p":
        write_837p(asked.out, asked.claims, asked.seed)
    else:
        write_flat(lines_table(asked.lines, asked.seed), asked.out)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
