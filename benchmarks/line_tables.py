"""Invented service lines as tables, made by whole columns: a million in about a second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from pumpclaim.claim_set import ClaimSet
from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES, NANO, NANOGRAMS, UNIT

VISITS = 30
"""Claims of one patient: a trial, an implant, then refills with analyses and office visits between."""
FIRST_DAY, LAST_DAY = 17_169, 20_453
"""2017-01-03 and 2025-12-31, in days since 1970."""
TRIAL, IMPLANT, REFILL, ANALYSIS, VISIT, DRUG_ALONE = range(6)
SLOTS = {
    TRIAL: ("62327", None, None),
    IMPLANT: ("62362", "62350", None),
    REFILL: ("62370", "J7999", None),
    ANALYSIS: ("62368", None, None),
    VISIT: ("99213", "80305", None),
    DRUG_ALONE: ("J7999", None, None),
}
"""Codes of each kind of claim, up to three lines."""
CODES = [
    "62327",
    "62362",
    "62350",
    "62370",
    "J7999",
    "62368",
    "99213",
    "80305",
    "62369",
    "95991",
    "95990",
]
FEES = {
    "J7999": 0,
    "62362": 2200,
    "62350": 900,
    "62327": 650,
    "62368": 90,
    "99213": 95,
    "80305": 12,
}
"""What the clinics charge, in dollars; any other code 180, a drug more by what is in it."""
DRUGS = [
    ("morphine", "mg", 50, 800), ("hydromorphone", "mg", 20, 600), ("fentanyl", "mcg", 2_000, 40_000),
    ("sufentanil", "mcg", 100, 2_000), ("ziconotide", "mcg", 50, 500), ("meperidine", "mg", 50, 800),
    ("methadone", "mg", 20, 200), ("baclofen", "mcg", 10_000, 60_000),
    ("bupivacaine", "mg", 50, 800), ("ropivacaine", "mg", 50, 400), ("lidocaine", "mg", 20, 400),
    ("tetracaine", "mg", 10, 200),
    ("clonidine", "mcg", 500, 20_000), ("ketamine", "mcg", 1_000, 20_000), ("midazolam", "mg", 5, 60),
    ("droperidol", "mcg", 200, 2_000), ("verapamil", "mg", 1, 10),
]  # fmt: skip
"""Drug, unit, least and most in one refill; the last is in no fee table."""
GROUPS = [(0, 8), (8, 12), (12, 16)]
"""A compound has one drug of the first group, then perhaps one of the second and one of the third."""
ZICONOTIDE, CLONIDINE, VERAPAMIL = 4, 12, 16


def lines_table(n: int, seed: int = 1) -> ClaimSet:
    """``n`` service lines of claims with one to three lines, with ``ingredients`` read.

    Patients have a trial, an implant and a refill every month to every quarter since 2017. About one claim in
    twenty has a fault: no KD, a drug alone, two units, codes that exclude each other, mg for mcg, a drug
    without a fee, a hospital's place of service, a state outside the article.
    """
    return _Made(n, np.random.default_rng(seed)).claim_set()


@dataclass
class _Made:
    n: int
    rng: np.random.Generator

    def chance(self, size: int, share: float) -> Any:
        return self.rng.random(size) < share

    @cached_property
    def kind(self) -> Any:
        """Kind of each claim, in order of patient and visit, before the claims are put in any order."""
        size = self.n // 3 * 2 + VISITS
        visit = np.arange(size) % VISITS
        kinds = self.rng.choice(
            [REFILL, ANALYSIS, VISIT, DRUG_ALONE], size, p=[0.8, 0.1, 0.096, 0.004]
        )
        return np.where(visit == 0, TRIAL, np.where(visit == 1, IMPLANT, kinds))

    @cached_property
    def day(self) -> Any:
        size = len(self.kind)
        patients = size // VISITS + 1
        interval = self.rng.choice([28, 30, 42, 60, 90], patients)
        begin = self.rng.integers(FIRST_DAY, LAST_DAY - VISITS * interval - 10, patients)
        patient, visit = np.divmod(np.arange(size), VISITS)
        return begin[patient] + visit * interval[patient] + self.rng.integers(0, 8, size)

    @cached_property
    def codes(self) -> Any:
        """Code of each claim's up to three lines, as a position in ``CODES``; -1 is none."""
        slots = np.array([
            [-1 if code is None else CODES.index(code) for code in SLOTS[kind]] for kind in sorted(SLOTS)
        ])  # fmt: skip
        codes = slots[self.kind]
        size, refill = len(codes), self.kind == REFILL
        first = self.rng.choice([CODES.index(c) for c in ("62369", "62370", "95991")], size)
        codes[refill, 0] = first[refill]
        beside = np.where(self.chance(size, 0.1), CODES.index("99213"), -1)
        beside[self.chance(size, 0.008) & (codes[:, 0] != CODES.index("95991"))] = CODES.index(
            "95990"
        )
        codes[refill, 2] = beside[refill]
        return codes

    def claim_set(self) -> ClaimSet:
        order = self.rng.permutation(len(self.kind))
        codes = self.codes[order]
        of_claim, slot = np.nonzero(codes >= 0)
        of_claim, slot = of_claim[: self.n], slot[: self.n]
        made = order[: of_claim[-1] + 1 if self.n else 0]
        code = codes[of_claim, slot]
        drug = code == CODES.index("J7999")
        ingredients, text, worth = self.ingredients(np.flatnonzero(drug))
        return ClaimSet(
            self.claims(made),
            self.lines(code, of_claim, slot, made, text, worth),
            ingredients=ingredients,
        )

    def claims(self, made: Any) -> pl.DataFrame:
        size, patient = len(made), made // VISITS
        place = np.where(np.isin(self.kind[made], [TRIAL, IMPLANT]), 2, 0)
        place = np.where((place == 0) & self.chance(size, 0.01), 1, place)
        away = self.chance(size, 0.008)
        number = pl.Series(patient)
        return CLAIMS.conform(pl.DataFrame({
            "claim": np.arange(size, dtype=np.uint32),
            "source": pl.repeat("generated", size, eager=True),
            "segment": np.arange(1, size + 1, dtype=np.uint32),
            "claim_id": "G" + pl.Series(made).cast(pl.String),
            "form": pl.repeat("professional", size, eager=True),
            "patient_id": "P" + number.cast(pl.String),
            "filing_indicator": pl.repeat("MB", size, eager=True),
            "payer_id": pl.Series(["01112", "01312", "01212"])[patient % 3],
            "billing_provider_npi": (1_000_000_000 + number % 997).cast(pl.String),
            "billing_state": pl.Series(["CA", "NV", "HI", "AZ"])[np.where(away, 3, patient % 3)],
            "place_of_service": pl.Series(["11", "22", "24"])[place],
            "frequency_code": pl.repeat("1", size, eager=True),
            "assignment": pl.repeat("A", size, eager=True),
            "diagnoses": pl.Series([["G894", "M961"]]).new_from_index(0, size),
        }))  # fmt: skip

    def lines(
        self, code: Any, of_claim: Any, slot: Any, made: Any, text: pl.Series, worth: Any
    ) -> pl.DataFrame:
        size = len(code)
        drug = code == CODES.index("J7999")
        fee = np.array([FEES.get(name, 180) for name in CODES])[code] * NANO
        fee[drug] += worth
        described = np.full(size, len(text), np.int64)
        described[drug] = np.arange(len(text))
        day = pl.Series(self.day[made][of_claim], dtype=pl.Int32).cast(pl.Date)
        marked = drug & ~self.chance(size, 0.01)
        return LINES.conform(pl.DataFrame({
            "claim": of_claim.astype(np.uint32),
            "line": (slot + 1).astype(np.uint32),
            "segment": np.arange(1, size + 1, dtype=np.uint32),
            "hcpcs": pl.Series(CODES)[code],
            "modifier_1": pl.Series([None, "KD"])[marked.astype(np.uint32)],
            "description": pl.concat([text, pl.Series([None], dtype=pl.String)])[described],
            "charge": fee,
            "units": np.where(drug & self.chance(size, 0.008), 2 * UNIT, UNIT),
            "unit_basis": pl.repeat("UN", size, eager=True),
            "service_from": day,
            "service_to": day,
        }))  # fmt: skip

    def ingredients(self, rows: Any) -> tuple[pl.DataFrame, pl.Series, Any]:
        """The drugs of the lines ``rows``, the narrative and the charge in nano-dollars of each."""
        size = len(rows)
        count = self.rng.choice([1, 2, 3], size, p=[0.35, 0.4, 0.25])
        units = np.array([NANOGRAMS[unit] for _, unit, _, _ in DRUGS])
        least, most = (
            np.array([low for *_, low, _ in DRUGS]),
            np.array([high for *_, high in DRUGS]),
        )
        which = np.stack([self.rng.integers(low, high, size) for low, high in GROUPS])
        which[2, self.chance(size, 0.008)] = VERAPAMIL
        amount = self.rng.integers(least[which], most[which])
        ng = amount * units[which]
        slip = (which[2] == CLONIDINE) & (amount[2] <= 8_000) & self.chance(size, 0.03)
        ng[2, slip] *= NANOGRAMS["mg"] // NANOGRAMS["mcg"]
        names = pl.Series([name for name, *_ in DRUGS])
        written = pl.Series([unit.upper() for _, unit, _, _ in DRUGS])
        texts = []
        for item in range(3):
            unit = written[which[item]]
            if item == 2:
                unit = unit.zip_with(~pl.Series(slip), pl.repeat("MG", size, eager=True))
            texts.append(
                names[which[item]].str.to_uppercase()
                + " "
                + pl.Series(amount[item]).cast(pl.String)
                + unit
            )
        joined = texts[0]
        for item in (1, 2):
            longer = joined + ", " + texts[item]
            joined = longer.zip_with(pl.Series(count > item), joined)
        held = np.arange(3)[:, None] < count
        at, item = np.nonzero(held.T)
        chosen = which[item, at]
        table = pl.DataFrame({
            "row": rows[at].astype(np.uint32),
            "item": (item + 1).astype(np.uint16),
            "text": pl.concat(texts)[item * size + at],
            "name": names[chosen].str.to_uppercase(),
            "drug": pl.Series([*(name for name, *_ in DRUGS[:VERAPAMIL]), None])[chosen],
            "amount": ng[item, at],
        })  # fmt: skip
        costly = np.where(which[0] == ZICONOTIDE, 4_500, 1_000) + np.where(slip, 9_000, 0)
        charge = (costly + self.rng.integers(0, 800, size)) * NANO
        return INGREDIENTS.conform(table), joined.alias("description"), charge
