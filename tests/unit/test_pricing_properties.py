"""Pricing against an independent oracle in fractions, and against worked examples."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pumpclaim
from pumpclaim.claim_set import ClaimSet
from pumpclaim.compiled import compile_policy
from pumpclaim.policy import PolicySet, load
from pumpclaim.policy.model import Fee
from pumpclaim.pricing import allowances
from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES, NANO, UNIT

FACTS = Path(pumpclaim.__file__).parent / "policy" / "a55239" / "fees.toml"
TABLE = tomllib.loads(FACTS.read_text())
FEES = {
    row["drug"]: (Fraction(row["fee"]), {"mcg": 10**3, "mg": 10**6}[row["per"]])
    for row in TABLE["fees"]
}
DAY = date(2025, 3, 10)


def oracle(contents: list[tuple[str, int]]) -> Fraction:
    """Dollars of one refill, rounded half up to cents at the total; amounts in nanograms."""
    total = Fraction(60) + sum(
        (FEES[drug][0] * Fraction(amount, FEES[drug][1]) for drug, amount in contents), Fraction(0)
    )
    return Fraction((total * 100 + Fraction(1, 2)).__floor__(), 100)


def refills(contents: list[list[tuple[str, int]]]) -> ClaimSet:
    """One claim and patient a refill, with 62370 and J7999-KD."""
    count = len(contents)
    claims = CLAIMS.conform(pl.DataFrame({
        "claim": range(count), "claim_id": [f"C{n}" for n in range(count)], "patient_id": [f"P{n}" for n in range(count)],
        "form": ["professional"] * count, "payer_id": ["01312"] * count, "filing_indicator": ["MB"] * count,
        "billing_state": ["NV"] * count, "place_of_service": ["11"] * count,
    }))  # fmt: skip
    lines = LINES.conform(pl.DataFrame({
        "claim": [n for n in range(count) for _ in (0, 1)], "line": [1, 2] * count, "hcpcs": ["62370", "J7999"] * count,
        "modifier_1": [None, "KD"] * count, "units": [UNIT] * (2 * count), "service_from": [DAY] * (2 * count),
        "description": [None, "read"] * count, "charge": [10**9 * NANO] * (2 * count),
    }))  # fmt: skip
    rows = [
        (2 * n + 1, k + 1, drug, amount)
        for n, one in enumerate(contents)
        for k, (drug, amount) in enumerate(one)
    ]
    ingredients = INGREDIENTS.conform(
        pl.DataFrame(rows, schema=["row", "item", "drug", "amount"], orient="row")
    )
    return ClaimSet(claims, lines, ingredients=ingredients)


AMOUNT = st.one_of(
    st.integers(0, 10**10), st.integers(0, 10**6), st.sampled_from([1, 499_999, 500_000, 10**10])
)
MIXTURE = st.lists(st.tuples(st.sampled_from(sorted(FEES)), AMOUNT), min_size=1, max_size=12)


@given(st.lists(MIXTURE, min_size=1, max_size=20))
def test_every_allowance_is_the_oracle_to_the_cent(contents: list[list[tuple[str, int]]]) -> None:
    review = pumpclaim.check(refills(contents))
    allowed = review.prices.filter(hcpcs="J7999")["allowed"].to_list()
    assert [Fraction(nano, NANO) for nano in allowed] == [oracle(one) for one in contents]
    for n, one in enumerate(contents):
        items = review.price_items.filter(row=2 * n + 1)
        total = sum(items["extended"].to_list())
        assert items.height == len(one) + 1
        assert Fraction((Fraction(total, NANO) * 100 + Fraction(1, 2)).__floor__(), 100) == oracle(
            one
        )
        for item, fee, amount, extended in (
            items.filter(pl.col("item") != "compounding fee")
            .select("unit", "fee", "amount", "extended")
            .rows()
        ):
            assert Fraction(fee) * Fraction(amount, {"mcg": 10**3, "mg": 10**6}[item]) == extended


OWN_FEES = st.fixed_dictionaries({
    drug: st.tuples(st.decimals("0", "9", places=9), st.sampled_from(["mcg", "mg"]))
    for drug in ("morphine", "clonidine", "fentanyl")
})  # fmt: skip
"""Fees of all kinds, most of them no whole dollars per gram."""
OWN_MIXTURE = st.lists(
    st.tuples(st.sampled_from(["morphine", "clonidine", "fentanyl"]), AMOUNT),
    min_size=1,
    max_size=8,
)


def priced_by(fees: dict[str, tuple[Decimal, str]], compounding: str | None = "60") -> PolicySet:
    """The shipped policy with other fees for drugs, and another for compounding or none."""
    article = load().articles[0]
    own = [Fee(drug, fee, per, "P5") for drug, (fee, per) in fees.items()]
    if compounding is not None:
        own.append(Fee(None, Decimal(compounding), "refill", "P3"))
    return replace(load(), articles=(replace(article, fees=tuple(own)),))


@settings(max_examples=40)
@given(OWN_FEES, st.lists(OWN_MIXTURE, min_size=1, max_size=6))
def test_a_fee_that_is_no_whole_dollars_per_gram_is_exact_too(
    fees: dict[str, tuple[Decimal, str]], contents: list[list[tuple[str, int]]]
) -> None:
    policy = priced_by(fees)
    exact = {
        drug: Fraction(fee) / {"mcg": 10**3, "mg": 10**6}[per] for drug, (fee, per) in fees.items()
    }
    wanted = []
    for one in contents:
        total = Fraction(60) + sum(exact[drug] * amount for drug, amount in one)
        wanted.append((total * 100 + Fraction(1, 2)).__floor__() * (NANO // 100))
    claims = refills(contents)
    review = pumpclaim.check(claims, policy=policy)
    assert review.prices.filter(hcpcs="J7999")["allowed"].to_list() == wanted
    compiled = compile_policy(policy)
    sizes = [len(one) for one in contents]
    found = allowances(
        compiled.fees[0],
        np.full(len(contents), (DAY - date(1970, 1, 1)).days, np.int32),
        np.cumsum(sizes) - sizes,
        compiled.drug_positions(claims.ingredients["drug"]),
        claims.ingredients["amount"].to_numpy(),
    )
    assert found.tolist() == wanted


def test_the_steps_of_a_fee_with_parts_are_told() -> None:
    policy = priced_by({"morphine": (Decimal("0.0515"), "mg")})
    price = pumpclaim.price("morphine 360 mg", on=DAY, policy=policy)
    assert [(one.fee, one.extended) for one in price.items] == [
        (Decimal("0.0515"), Decimal("18.54")), (Decimal(60), Decimal(60)),
    ]  # fmt: skip
    assert price.allowed == Decimal("78.54")


def test_without_a_compounding_fee_the_price_is_not_known() -> None:
    policy = priced_by({"morphine": (Decimal("0.05"), "mg")}, compounding=None)
    price = pumpclaim.price("morphine 360 mg", on=DAY, policy=policy)
    assert (price.allowed, price.reason) == (None, "the article's compounding fee is not known")
    assert [(one.item, one.extended) for one in price.items] == [("Morphine", Decimal(18))]
    compiled = compile_policy(policy)
    found = allowances(
        compiled.fees[0], np.full(1, 20_000, np.int32), np.zeros(1, np.int64),
        np.array([compiled.drugs.index("morphine") + 1], np.uint8), np.array([10**6]),
    )  # fmt: skip
    assert found.tolist() == [-1]


def test_a_half_cent_is_rounded_up() -> None:
    # 0.1 mg of morphine is half a cent.
    review = pumpclaim.check(refills([[("morphine", 100_000)], [("morphine", 99_999)]]))
    assert review.prices.filter(hcpcs="J7999")["allowed"].to_list() == [
        60_010_000_000,
        60_000_000_000,
    ]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("MORPHINE 400MG, BUPIVACAINE 300MG, CLONIDINE 2000MCG", "94.00"),
        ("HYDROMORPHONE 400MG", "112.00"),
        ("ZICONOTIDE 500MCG", "4010.00"),
        ("FENTANYL 20MG, BUPIVACAINE 400MG", "220.00"),
        ("FENT 20,000 MCG; BUPIVACAINE 400 MG", "220.00"),
        ("BACLOFEN 40,000MCG", "180.00"),
        ("CLONIDINE 1234.5MCG, DROPERIDOL 777MCG", "62.24"),
        ("SUFENTANYL 1000MCG, CLONIDINE 4000MCG", "154.00"),
        ("morphine 360 mg, bupivacaine 90 mg", "81.60"),
    ],
)
def test_worked_prices(text: str, allowed: str) -> None:
    price = pumpclaim.price(text, on=DAY)
    assert price.allowed == Decimal(allowed)
    assert price.payable == Decimal(allowed)
    assert price.reason is None
    assert price.problems == ()


def test_the_derivation_of_a_price() -> None:
    price = pumpclaim.price("morphine 360 mg, clonidine 100 mcg", on=DAY, charge=Decimal("70.00"))
    steps = [(one.item, str(one.amount), one.unit, one.fee, one.extended) for one in price.items]
    assert steps == [
        ("Morphine", "360", "mg", Decimal("0.05"), Decimal("18")),
        ("Clonidine", "100", "mcg", Decimal("0.001"), Decimal("0.1")),
        ("compounding fee", "1", "refill", Decimal(60), Decimal(60)),
    ]
    assert (price.allowed, price.payable) == (Decimal("78.10"), Decimal("70.00"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no narrative of drugs and amounts"),
        ("MORPHINE 20MG/ML", "narrative cannot be read whole"),
        (
            "MORPHINE 360MG, VERAPAMIL 2.5MG",
            "verapamil has no fee in the article: the contractor prices it from the invoice",
        ),
    ],
)
def test_what_is_not_known_is_null_and_says_why(text: str, reason: str) -> None:
    price = pumpclaim.price(text, on=DAY)
    assert (price.allowed, price.payable, price.reason) == (None, None, reason)


def test_the_known_drugs_of_an_unpriced_mixture_are_shown() -> None:
    price = pumpclaim.price("MORPHINE 360MG, VERAPAMIL 2.5MG", on=DAY)
    assert [one.item for one in price.items] == ["Morphine"]
    lower = pumpclaim.price(
        "MORPHINE 360MG, VERAPAMIL 2.5MG", on=DAY, policy=load({"unlisted-drug": "known-only"})
    )
    assert (lower.allowed, lower.reason) == (
        Decimal("78.00"),
        "lower bound: verapamil has no fee in the article",
    )


def test_cartridges_count_only_under_their_reading() -> None:
    per_cartridge = load({"compounding-fee": "per-cartridge"})
    assert pumpclaim.price("MORPHINE 360MG", on=DAY, cartridges=2).allowed == Decimal("78.00")
    assert pumpclaim.price(
        "MORPHINE 360MG", on=DAY, cartridges=2, policy=per_cartridge
    ).allowed == Decimal("138.00")
    assert pumpclaim.price(
        "MORPHINE 360MG, X2 SYRINGES", on=DAY, policy=per_cartridge
    ).allowed == Decimal("138.00")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"on": date(2016, 8, 31)}, "effective from 2016-09-01"),
        ({"cartridges": 0}, "from 1 to 100"),
        ({"charge": Decimal("-1")}, "from 0 to"),
        ({"charge": Decimal("1e30")}, "from 0 to"),
    ],
)
def test_a_price_that_cannot_be_asked(more: dict[str, object], said: str) -> None:
    with pytest.raises(pumpclaim.InputError, match=said):
        pumpclaim.price("MORPHINE 360MG", **{"on": DAY, **more})  # type: ignore[arg-type]
