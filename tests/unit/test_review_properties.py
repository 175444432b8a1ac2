"""Reviews of random claims: plain Python as oracle; neither order, parts nor size of a set matter."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pumpclaim
from pumpclaim import compiled, lines, review, visits
from pumpclaim.claim_set import ClaimSet

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

CODES = [
    "62361",
    "62362",
    "62367",
    "62368",
    "62369",
    "62370",
    "95990",
    "95991",
    "99213",
    "J7999-KD MORPHINE 360MG",
    "J7999 CLONIDINE 20MCG",
    "J0735-KD",
    "J2274",
]
DAYS = [date(2025, 3, 10), date(2025, 3, 11), date(2025, 6, 1)]
CLAIM = st.fixed_dictionaries({
    "patient_id": st.sampled_from(["P1", "P2", "P3", None]),
    "date": st.sampled_from(DAYS),
    "frequency_code": st.sampled_from(["1", "1", "1", "1", "8"]),
    "billing_state": st.sampled_from(["NV", "NV", "AZ"]),
    "lines": st.lists(st.sampled_from(CODES), min_size=1, max_size=4),
})  # fmt: skip
SITUATION = st.lists(CLAIM, min_size=1, max_size=7).map(
    lambda claims: [{**one, "id": f"C{n}"} for n, one in enumerate(claims)]
)
REFILLS = {"62369", "62370", "95990", "95991"}
MANAGEMENT = REFILLS | {"62367", "62368"}
IMPLANTS = {"62360", "62361", "62362"}
DRUGS = {"J7999", "J0735", "J2274"}


def found(claims: ClaimSet, *rules: str) -> list[tuple[Any, ...]]:
    table = pumpclaim.check(claims).findings
    if rules:
        table = table.filter(pl.col("rule").is_in(rules))
    return sorted(table.select("claim_id", pl.col("line").fill_null(0), "rule", "message").rows())


def oracle(situation: list[dict[str, Any]]) -> set[tuple[str, int, str]]:
    """Findings on codes of one day and on split refills, worked out claim by claim."""
    flat = []
    for claim in situation:
        bare = [line.split(" ")[0].split("-")[0] for line in claim["lines"]]
        for number, line in enumerate(claim["lines"], start=1):
            code = bare[number - 1]
            refilled = bool(set(bare) & (REFILLS | {"62361", "62362"}))
            drug = code in DRUGS and (
                "-KD" in line or code == "J7999" or (refilled and "J7999" not in bare)
            )
            flat.append((claim, number, code, drug))

    def day(claim: dict[str, Any]) -> list[tuple[dict[str, Any], int, str, bool]]:
        same = lambda other: other is claim or (  # noqa: E731
            claim["patient_id"] is not None and other["patient_id"] == claim["patient_id"]
            and other["date"] == claim["date"] and other["frequency_code"] != "8"
        )  # fmt: skip
        return [one for one in flat if same(one[0])]

    told = set()
    for claim, number, code, drug in flat:
        if claim["frequency_code"] == "8":
            continue
        codes = [one[2] for one in day(claim)]
        own = [one for one in day(claim) if one[0] is claim]
        rules = {
            "COD103": code in ("95990", "95991")
            and bool({"62367", "62368", "62369", "62370"} & set(codes)),
            "COD104": code in ("62367", "62368") and bool({"62369", "62370"} & set(codes)),
            "COD105": (code == "62369" and "62370" in codes)
            or (code == "95990" and "95991" in codes),
            "COD106": code in MANAGEMENT and codes.count(code) > 1,
            "DRG101": drug and not {one[2] for one in own} & (MANAGEMENT | IMPLANTS),
            "DRG103": (
                drug and not {one[2] for one in own} & REFILLS and bool(set(codes) & REFILLS)
            )
            or (
                code in REFILLS
                and not any(one[3] for one in own)
                and any(one[3] for one in day(claim))
            ),
        }
        told |= {(claim["id"], number, rule) for rule, fires in rules.items() if fires}
        if code in ("62367", "62368", "62369", "62370"):
            past = [
                (other["date"], one) for other, _, one, _ in flat
                if one in IMPLANTS and other["frequency_code"] != "8" and other["date"] <= claim["date"]
                and (other is claim or (claim["patient_id"] is not None and other["patient_id"] == claim["patient_id"]))
            ]  # fmt: skip
            newest = {one for when, one in past if when == max(past)[0]}
            if newest and "62362" not in newest:
                told.add((claim["id"], number, "COD107"))
    return told


RULES = ("COD103", "COD104", "COD105", "COD106", "COD107", "DRG101", "DRG103")


@settings(max_examples=200, deadline=None)
@given(SITUATION)
def test_findings_are_the_oracle(situation: list[dict[str, Any]]) -> None:
    assert {row[:3] for row in found(claims_of(situation), *RULES)} == oracle(situation)


@settings(max_examples=60, deadline=None)
@given(SITUATION, st.randoms())
def test_the_order_of_claims_does_not_matter(situation: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(situation)
    random.shuffle(shuffled)
    first, second = pumpclaim.check(claims_of(situation)), pumpclaim.check(claims_of(shuffled))
    assert found(claims_of(situation)) == found(claims_of(shuffled))
    for table, keys in (("prices", ["claim_id", "line"]), ("determinations", ["claim_id"])):
        left, right = (
            getattr(one, table).drop("claim", "segment", "row", strict=False).sort(keys)
            for one in (first, second)
        )
        assert left.equals(right)


@pytest.fixture(
    params=[
        (lines, "LARGE", 0),
        (review, "BLOCK", 2),
        (compiled, "FEW", 0),
        (visits, "MOSTLY", 0.0),
        (visits, "MOSTLY", 2.0),
    ],
    ids=str,
)
def another_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paths that large sets take, on small ones."""
    module, name, value = request.param
    monkeypatch.setattr(module, name, value)
    if name in ("LARGE", "FEW"):
        for other in (lines, review):
            if hasattr(other, name):
                monkeypatch.setattr(other, name, value)


@pytest.mark.usefixtures("another_way")
def test_every_path_gives_the_same(request: pytest.FixtureRequest) -> None:
    @settings(max_examples=40, deadline=None)
    @given(SITUATION)
    def same(situation: list[dict[str, Any]]) -> None:
        assert {row[:3] for row in found(claims_of(situation), *RULES)} == oracle(situation)

    same()


def test_a_claim_of_several_days_is_several_visits() -> None:
    claims = claims_of(
        [
            {
                "lines": [
                    "62370",
                    {"line": "J7999-KD MORPHINE 360MG", "date": DAYS[2]},
                    {"line": "62370", "date": DAYS[2]},
                    "J7999-KD MORPHINE 360MG",
                ]
            }
        ]
    )
    assert {row[2] for row in found(claims)} == {"DOC100"}


def test_nothing_at_all() -> None:
    told = pumpclaim.check(ClaimSet())
    assert told.summary() == {
        "claims_read": 0,
        "claims_reviewed": 0,
        "claims_rejected": 0,
        "findings": 0,
        "allowed": "0.00",
    }
    assert (
        told.findings.height
        == told.prices.height
        == told.price_items.height
        == told.determinations.height
        == 0
    )
    assert told.worst() is None
