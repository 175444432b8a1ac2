"""Invented claims in bulk, for measuring: an 837 professional file, and tables of service lines.

python benchmarks/generate.py OUT.837 --claims 20000
"""

from __future__ import annotations

import argparse
import random
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from writer import Claim, Line, npi, write_837

from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES, NANO, UNIT, ClaimSet

STATES = {
    "CA": ("01112", "SACRAMENTO", "958140001"),
    "NV": ("01312", "RENO", "895010001"),
    "HI": ("01212", "HONOLULU", "968130001"),
}
DRUGS = [
    "MORPHINE",
    "HYDROMORPHONE",
    "BUPIVACAINE",
    "FENTANYL",
    "CLONIDINE",
    "BACLOFEN",
    "ZICONOTIDE",
    "ROPIVACAINE",
]
IN_MCG = {"FENTANYL", "CLONIDINE", "BACLOFEN", "ZICONOTIDE"}
NAMES = [
    "QUILL",
    "MOSS",
    "FINCH",
    "RIVERS",
    "STONE",
    "HAZEL",
    "LARK",
    "BIRCH",
    "WREN",
    "VALE",
    "FERN",
    "COVE",
]
FIRST = [
    "AVERY",
    "JORDAN",
    "CASEY",
    "TAYLOR",
    "MORGAN",
    "RILEY",
    "QUINN",
    "ROWAN",
    "SKYLER",
    "EMERSON",
]


OPIOIDS = ["MORPHINE", "HYDROMORPHONE", "FENTANYL"]
WITH = [[], ["BUPIVACAINE"], ["CLONIDINE"], ["BUPIVACAINE", "CLONIDINE"], ["ROPIVACAINE"], ["BACLOFEN"]]
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
        parts.append(f"{drug} {amount // 10}{unit}/ML" if concentrated else f"{drug} {amount}{unit}")
    text = ", ".join(parts)
    return f"{text} X {volume}ML" if concentrated and len(parts) == 1 else f"{text}, {volume}ML"


def professional(count: int, seed: int = 1) -> list[Claim]:
    """``count`` claims of 40 clinics: refills with compounds, interrogations, office visits."""
    rng = random.Random(seed)
    providers = []
    for number in range(40):
        state = rng.choice(list(STATES))
        providers.append(
            (f"INVENTED PAIN CLINIC {number}", npi(100_000_000 + number * 7919), state)
        )
    claims = []
    for number in range(count):
        provider, provider_npi, state = providers[number * 40 // count]
        payer, city, zip_code = STATES[state]
        day = date(2024, 1, 2) + timedelta(days=rng.randint(0, 700))
        kind = rng.random()
        if kind < 0.7:
            modifiers = ("KD",) if rng.random() < 0.97 else ()
            drug = Line("J7999", Decimal(rng.randint(200, 2000)), day, modifiers, narrative(rng))
            lines = [Line(rng.choice(["62369", "62370", "95991"]), Decimal("180.00"), day), drug]
        elif kind < 0.85:
            lines = [Line("62368", Decimal("90.00"), day, note="DOSE INCREASED FOR PAIN")]
        else:
            lines = [Line("99213", Decimal("95.00"), day), Line("80305", Decimal("12.50"), day)]
        claims.append(Claim(
            f"PC{number:07d}", f"7A{rng.randint(0, count // 3):06d}ZZ{number % 90:02d}", rng.choice(NAMES), rng.choice(FIRST),
            date(1940 + rng.randint(0, 30), rng.randint(1, 12), rng.randint(1, 28)), rng.choice("FM"), lines,
            state=state, city=city, zip_code=zip_code, payer_id=payer, diagnoses=("G894", "M961", "Z451"),
            provider=provider, provider_npi=provider_npi, provider_city=city, provider_state=state, provider_zip=zip_code,
            facility=f"{provider} ANNEX", facility_npi=provider_npi, facility_state=state, facility_city=city, facility_zip=zip_code,
            extra=[f"NM1*82*1*EXAMPLE*ROBIN****XX*{provider_npi}", "PRV*PE*PXC*208VP0014X"],
        ))  # fmt: skip
    return claims


def lines_table(count: int, seed: int = 1) -> ClaimSet:
    """About ``count`` service lines as tables, ingredients read: monthly to quarterly refills since 2017.

    A patient has about thirty claims; some have no KD, a split refill, another state or two units.
    """
    rng = np.random.default_rng(seed)
    claims = count * 10 // 19
    kind = rng.random(claims)
    refill, analysis = kind < 0.75, (kind >= 0.75) & (kind < 0.9)
    patient = np.sort(rng.integers(0, max(claims // 30, 1), claims))
    day = 17_200 + rng.integers(0, 3_200, claims)
    states = np.array(["CA", "NV", "HI"])[patient % 3]
    payers = np.array(["01112", "01312", "01212"])[patient % 3]
    shuffle = rng.permutation(claims)
    table = CLAIMS.conform(pl.DataFrame({
        "claim": np.arange(claims, dtype=np.uint32),
        "source": pl.Series(["generated"]).new_from_index(0, claims),
        "segment": np.arange(1, claims + 1),
        "claim_id": pl.int_range(claims, eager=True).cast(pl.String),
        "form": pl.Series(["professional"]).new_from_index(0, claims),
        "patient_id": pl.Series(patient[shuffle]).cast(pl.String),
        "filing_indicator": pl.Series(["MB"]).new_from_index(0, claims),
        "payer_id": payers[shuffle],
        "billing_provider_npi": pl.Series(patient[shuffle] % 997).cast(pl.String),
        "billing_state": np.where(rng.random(claims) < 0.01, "AZ", states[shuffle]),
        "place_of_service": np.where(rng.random(claims) < 0.02, "22", "11"),
        "frequency_code": pl.Series(["1"]).new_from_index(0, claims),
    }))  # fmt: skip
    per_claim = np.where(analysis, 1, 2)
    of_claim = np.repeat(np.arange(claims), per_claim)
    second = np.concatenate(([False], of_claim[1:] == of_claim[:-1]))
    refilled = refill[of_claim]
    first_code = np.where(
        refilled,
        np.array(["62369", "62370", "95991"])[of_claim % 3],
        np.where(analysis[of_claim], "62368", "99213"),
    )
    code = np.where(second, np.where(refilled, "J7999", "80305"), first_code)
    drug = code == "J7999"
    total = len(of_claim)
    lines = LINES.conform(pl.DataFrame({
        "claim": of_claim.astype(np.uint32),
        "line": np.where(second, 2, 1),
        "segment": np.arange(1, total + 1),
        "hcpcs": code,
        "modifier_1": pl.Series(np.where(drug & (rng.random(total) > 0.02), "KD", "")).replace("", None),
        "description": pl.Series(np.where(drug, "read already", "")).replace("", None),
        "charge": np.where(drug, rng.integers(60, 2_000, total), 180) * NANO,
        "units": np.where(rng.random(total) < 0.005, 2 * UNIT, UNIT),
        "service_from": pl.Series(day[of_claim]).cast(pl.Int32).cast(pl.Date),
        "service_to": pl.Series(day[of_claim]).cast(pl.Int32).cast(pl.Date),
    }))  # fmt: skip
    rows = np.flatnonzero(drug)
    many = rng.integers(1, 4, len(rows))
    row = np.repeat(rows, many)
    which = rng.integers(0, 8, len(row))
    ids = np.array([name.lower() for name in DRUGS])
    ingredients = INGREDIENTS.conform(pl.DataFrame({
        "row": row.astype(np.uint32),
        "item": np.ones(len(row), np.uint16),
        "name": ids[which],
        "drug": ids[which],
        "amount": np.where(np.isin(ids, ["morphine", "hydromorphone", "bupivacaine", "ropivacaine"])[which], 1_000_000, 1_000) * rng.integers(10, 400, len(row)),
    }))  # fmt: skip
    return ClaimSet(table, lines, ingredients=ingredients)


def main() -> None:
    """Write an 837 file of invented claims."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--claims", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    text = write_837(professional(asked.claims, asked.seed), end="~")
    asked.out.write_text(text)
    print(f"{asked.out}: {asked.claims} claims, {len(text) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
