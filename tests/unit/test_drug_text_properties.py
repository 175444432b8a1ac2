"""What holds for every narrative: nothing raised, nothing invented, nothing lost."""

from __future__ import annotations

import re
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.drug_text import Ingredient, read, read_notes, render
from pumpclaim.drug_text.evaluate import LONGEST
from pumpclaim.drug_text.tokens import MASSES, VOLUMES
from pumpclaim.policy.drugs import load_drugs
from pumpclaim.tables import MAX_AMOUNT

DRUGS = load_drugs()
ALIASES = sorted(DRUGS.aliases)
amounts = st.integers(1, MAX_AMOUNT)
decimals = st.decimals("0.001", "9999.999", places=3).map(lambda d: f"{d.normalize():f}")
masses = st.sampled_from(sorted(MASSES))
volumes = st.sampled_from(sorted(VOLUMES))
words = ["PER", "IN", "QS", "NS", "DAY", "HR", "MEQ", "SYRINGES", "LOT", "NDC", "PHARMACY", "FOO"]
marks = ["%", "/", "-", " ", ", ", ";", ":", "=", "X", "+", "(", ")", "\n", "KD", "WASTE"]
figures = ["1", "20", ".5", "1,000", "0.75", "12345-6789-01", "J7999", "5 \u00b5g"]
pieces = st.sampled_from([*ALIASES, *MASSES, *VOLUMES, *words, *marks, *figures])


@given(st.lists(st.tuples(st.sampled_from(sorted(DRUGS.by_id)), amounts), min_size=1, max_size=8))
def test_what_is_rendered_is_read_back(drugs):
    ingredients = [Ingredient("", drug.upper(), drug, amount) for drug, amount in drugs]
    narrative = read(render(ingredients))
    assert not narrative.problems
    assert [(one.drug, one.amount) for one in narrative.ingredients] == drugs


@given(st.sampled_from(ALIASES), decimals, masses)
def test_a_total_is_its_number_times_its_unit(alias, number, unit):
    (one,) = read(f"{alias} {number} {unit}").ingredients
    exact = Fraction(number) * MASSES[unit]
    assert one.drug == DRUGS.aliases[alias]
    if exact.denominator != 1 or exact > MAX_AMOUNT:
        assert one.problem
        assert one.amount is None
    else:
        assert (one.amount, one.problem) == (exact, None)


@given(st.sampled_from(ALIASES), decimals, masses, volumes, decimals, volumes)
def test_a_concentration_times_a_volume_is_exact(alias, number, mass, per, volume, unit):
    (one,) = read(f"{alias} {number} {mass}/{per} X {volume} {unit}").ingredients
    exact = Fraction(number) * MASSES[mass] / VOLUMES[per] * Fraction(volume) * VOLUMES[unit]
    if one.problem is None:
        assert one.amount == exact
        assert one.volume in {None, Fraction(volume) * VOLUMES[unit]}
        assert one.concentration in {None, Fraction(number) * MASSES[mass] * 1000 / VOLUMES[per]}
    else:
        assert one.amount is None
        assert (
            exact.denominator != 1
            or exact > MAX_AMOUNT
            or Fraction(number) * MASSES[mass] * 1000 / VOLUMES[per] > 10**9
            or Fraction(volume) * VOLUMES[unit] > 10**7
        )


def numbers_of(text):
    found = [
        Fraction(n.replace(",", "")) for n in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+", text)
    ]
    return {*found, Fraction(1)}


@settings(max_examples=500)
@given(st.lists(pieces, max_size=14).map(" ".join) | st.lists(pieces, max_size=14).map("".join))
def test_no_amount_is_invented(text):
    numbers = numbers_of(text)
    scales = set(MASSES.values())
    volumes_ = {n * scale for n in numbers for scale in VOLUMES.values()}
    strengths = {
        Fraction(scale, per) * n
        for n in numbers
        for scale in [*scales, 10_000_000]
        for per in [*VOLUMES.values(), *(v for v in volumes_ if v)]
    }
    told = {n * scale for n in numbers for scale in scales}
    for one in read(text).ingredients:
        assert (one.amount is None) == (one.problem is not None)
        if one.amount is not None:
            assert one.text in text
            assert 0 < one.amount <= MAX_AMOUNT
            assert one.amount in told or any(
                one.amount == s * v for s in strengths for v in volumes_
            )


@settings(max_examples=500)
@given(st.text(max_size=200) | st.lists(pieces, max_size=40).map("".join))
def test_any_text_is_read_without_raising_and_in_bounded_time(text):
    start = time.perf_counter()
    narrative = read(text)
    assert time.perf_counter() - start < 1
    for one in narrative.ingredients:
        assert one.text
        for figure in (one.amount, one.volume, one.concentration):
            assert figure is None or 0 <= figure < 2**63


@pytest.mark.parametrize(
    "text",
    [
        "9" * 100_000,
        "1," * 50_000,
        "1.1" * 50_000,
        "MORPHINE " * 20_000,
        "(" * 100_000,
        "MORPHINE 1 MG/" * 10_000,
        "A-" * 50_000,
        "\u00e9" * 100_000,
        "NDC " * 30_000,
        "LOT A" * 30_000,
        "-" * 100_000,
        "X 1 MG " * 20_000,
        "MORPHINEMORPHINE" * 10_000,
        "MGMGMG" * 20_000,
    ],
)
def test_a_hostile_text_takes_bounded_time(text):
    start = time.perf_counter()
    read(text)
    assert time.perf_counter() - start < 1
    assert len(text) > LONGEST


@given(st.text(max_size=90) | st.none(), st.lists(pieces, max_size=10).map(" ".join) | st.none())
def test_two_places_never_raise(description, note):
    for one in read_notes(description, note).ingredients:
        assert (one.amount is None) == (one.problem is not None)


@given(st.lists(st.tuples(st.sampled_from(sorted(DRUGS.by_id)), amounts), min_size=1, max_size=4))
def test_the_same_in_both_places_is_once(drugs):
    text = render([Ingredient("", drug.upper(), drug, amount) for drug, amount in drugs])
    assert sorted(one.amount for one in read_notes(text, text.lower()).ingredients) == sorted(
        amount for _, amount in drugs
    )
