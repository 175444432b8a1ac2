"""A review built by hand: its tables written out, so that reports are tested on known figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from pumpclaim.claim_set import ClaimSet, Refusal
from pumpclaim.tables import (
    CLAIMS,
    DETERMINED,
    FINDINGS,
    NANO,
    PRICE_ITEMS,
    PRICES,
    REJECTED,
    Table,
)

DAY = date(2024, 3, 5)


def nano(amount: str) -> int:
    """Dollars as nano-dollars."""
    return int(Decimal(amount) * NANO)


@dataclass
class HandBuilt:
    """What reports use of a Review."""

    claim_set: ClaimSet
    findings: pl.DataFrame
    prices: pl.DataFrame
    price_items: pl.DataFrame
    determinations: pl.DataFrame
    policy: Any

    @property
    def refused(self) -> tuple[Any, ...]:
        return self.claim_set.refused

    @property
    def notices(self) -> tuple[Any, ...]:
        return ()

    @property
    def articles(self) -> tuple[Any, ...]:
        return self.policy.articles

    @property
    def article(self) -> dict[str, str]:
        return {"id": "A55239", "revision": "R3"}

    def summary(self) -> dict[str, Any]:
        allowed = self.prices["allowed"].sum() // (NANO // 100)
        return {
            "claims_read": self.claim_set.claims_read,
            "claims_reviewed": self.claim_set.claims.height,
            "claims_rejected": self.claim_set.rejected.height,
            "findings": self.findings.height,
            "allowed": f"{allowed // 100}.{allowed % 100:02}",
        }

    def worst(self) -> str | None:
        present = set(self.findings["outcome"].cast(pl.String))
        order = ["deny", "reject", "records", "package", "advise"]
        return next((outcome for outcome in order if outcome in present), None)


def table(kind: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        [{name: row.get(name) for name in kind.schema} for row in rows], schema=kind.schema
    )


def policy(**chosen: str) -> Any:
    readings = {
        "compounding-fee": SimpleNamespace(default="per-refill"),
        "kd-on-compound": SimpleNamespace(default="required"),
    }
    return SimpleNamespace(
        articles=(SimpleNamespace(id="A55239", revision="R3", readings=readings),),
        spans=((date(2016, 9, 1), date(9999, 12, 31)),),
        chosen={name: one.default for name, one in readings.items()} | chosen,
    )


def finding(claim: int, rule: str, outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "claim": claim, "claim_id": f"PUMP-{claim}", "source": "morning.837", "line": 2,
        "rule": rule, "title": f"What {rule} says.",
        "outcome": outcome,
        "message": f"{rule} fired here.", "statements": ["C17"], "basis": "article",
        "fix": f"Mend what {rule} names.", **more,
    }  # fmt: skip


def determined(claim: int, determination: str, **more: Any) -> dict[str, Any]:
    return {
        "claim": claim, "claim_id": f"PUMP-{claim}", "source": "morning.837",
        "segment": 20 + 30 * claim, "patient_id": f"1EG4TE5MK7{claim % 10}",
        "billing_provider_npi": "1993999998", "service_date": DAY, "determination": determination,
        "charge": nano("420"), "allowed": None, "findings": 0, **more,
    }  # fmt: skip


def line(claim: int, row: int, number: int, hcpcs: str, **more: Any) -> dict[str, Any]:
    return {
        "claim": claim, "claim_id": f"PUMP-{claim}", "row": row, "line": number, "hcpcs": hcpcs,
        "service_date": DAY, "charge": nano("210"), **more,
    }  # fmt: skip


def review_of(
    determinations: list[dict[str, Any]],
    findings: list[dict[str, Any]],
    prices: list[dict[str, Any]],
    items: list[dict[str, Any]],
    *,
    rejected: list[dict[str, Any]] | None = None,
    refused: tuple[Refusal, ...] = (),
    **readings: str,
) -> HandBuilt:
    claims = table(CLAIMS, [{**row, "form": "professional"} for row in determinations])
    return HandBuilt(
        ClaimSet(claims=claims, rejected=table(REJECTED, rejected or []), refused=refused),
        table(FINDINGS, findings), table(PRICES, prices), table(PRICE_ITEMS, items),
        table(DETERMINED, determinations), policy(**readings),
    )  # fmt: skip


ITEMS = [
    {
        "row": 1,
        "item": item,
        "amount": amount,
        "unit": unit,
        "fee": nano(fee),
        "extended": nano(total),
    }
    for item, amount, unit, fee, total in (
        ("morphine", 360_000_000, "mg", "0.05", "18"),
        ("bupivacaine", 90_500_000, "mg", "0.04", "3.62"),
        ("clonidine", 1_500, "mcg", "0.001", "0.0015"),
        ("compounding fee", 1, "refill", "60", "60"),
    )
]
"""81.6215 dollars, 81.62 in whole cents."""


@pytest.fixture
def review() -> HandBuilt:
    """One claim of every determination, one rejected claim, one refused part of a file."""
    return review_of(
        [
            determined(0, "payable", allowed=nano("81.62")),
            determined(1, "fix", findings=2, segment=50),
            determined(2, "denied", findings=1),
            determined(3, "records", findings=1),
            determined(4, "not-governed", findings=1, service_date=date(2016, 8, 15)),
            determined(5, "payable", findings=1, allowed=nano("60")),
            determined(6, "not-governed", patient_id=None, service_date=None),
        ],
        [
            finding(1, "DRG104", "reject", group="CO", carc="4", title="KD is missing."),
            finding(1, "COD101", "advise", line=None, basis="coding", statements=["V1", "K1"]),
            finding(2, "PRC102", "deny", group="CO", carc="5", rarc="M77", basis="law"),
            finding(3, "DOC101", "records", basis="threshold"),
            finding(4, "JUR201", "advise", line=None, title="Before the article took effect."),
            finding(5, "PRC104", "advise", message="The charge is below the allowance."),
        ],
        [
            line(0, 0, 1, "62370", reason="priced by another schedule"),
            line(0, 1, 2, "J7999", allowed=nano("81.62"), payable=nano("81.62")),
            line(1, 2, 1, "J7999", reason="no narrative of drugs and amounts"),
            line(2, 3, 2, "J7999", allowed=0, payable=0, reason="a hospital's drug"),
            line(3, 4, 1, "62369", reason="priced by another schedule"),
            line(4, 5, 1, "J7999", reason="not reached by the article", service_date=None),
            line(5, 6, 1, "J7999", allowed=nano("60"), payable=nano("50.5"), charge=nano("50.5")),
        ],
        ITEMS,
        rejected=[
            {"source": "morning.837", "segment": 400, "claim_id": "PUMP-9",
             "reason": "CLM02 is 'abc', which is no amount; correct the claim's total charge"},
        ],
        refused=(Refusal("torn.837", 812, "the file ends inside a claim; ask for it again"),),
    )  # fmt: skip


@pytest.fixture
def many() -> HandBuilt:
    """Three hundred claims that need work."""
    count = 300
    return review_of(
        [determined(claim, "fix", findings=1) for claim in range(count)],
        [finding(claim, "DRG104", "reject") for claim in range(count)],
        [line(claim, claim, 2, "J7999") for claim in range(count)],
        [],
    )


@pytest.fixture
def empty() -> HandBuilt:
    """A review of nothing."""
    return review_of([], [], [], [])
