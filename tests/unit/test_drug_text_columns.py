"""Narratives read by whole columns give the same table as narratives read one by one."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.drug_text import columns, read_ingredients
from pumpclaim.drug_text.by_shape import read_by_shape
from pumpclaim.drug_text.evaluate import LONGEST, evaluate
from pumpclaim.drug_text.tokens import FOLD, MASSES, VOLUMES
from pumpclaim.policy.drugs import load_drugs
from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES

NAMES = [*sorted(load_drugs().aliases), "FOO", "morphine", "Baclofen"]
numbers = st.one_of(
    st.sampled_from(["ONE", "TWO", "four"]),
    st.integers(0, 99_999).map(str),
    st.sampled_from(
        ["0", "00", "0.0", ".5", "1.", "1.5.2", "1,000", "1,00", "1.000", "0.0000000001", "20.000"]
    ),
    st.decimals(0, 9_999, places=3).map(str),
    st.integers(10**8, 10**21).map(str),
    st.integers(0, 10**17).map(lambda n: f".{n:017d}"),
    st.integers(0, 10**17).map(lambda n: f"{n}.0"),
)
masses = st.sampled_from([*sorted(MASSES), "mg", "mcg", "\u00b5g", "\u03bcg", "MEQ"])
volumes = st.sampled_from([*sorted(VOLUMES), "ml", "cc", "\u00b5L"])
gaps = st.sampled_from(["", " ", "\u00a0", "  "])
names = st.sampled_from(NAMES)
totals = st.tuples(names, gaps, numbers, gaps, masses).map("".join)
concentrations = st.tuples(names, gaps, numbers, gaps, masses, st.just("/"), volumes).map("".join)
mixtures = st.tuples(
    st.lists(totals | concentrations, min_size=1, max_size=3).map("; ".join),
    st.sampled_from([" ", ", ", " X ", " IN ", "; "]),
    numbers, gaps, volumes,
).map("".join)  # fmt: skip
garbage = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="9A.,\0\n\x1f \u00b5\u2003\u0660\U0001f600", max_size=12),
    st.sampled_from(["", " ", "\x1c", "\u2003", "NDC 12345-6789-01", "SYRINGES X 2"]),
    totals.map(lambda text: text + " " * LONGEST + text),
    totals.map(lambda text: "x" * (LONGEST - len(text)) + text),
)
narratives = st.one_of(
    totals, concentrations, mixtures, st.lists(totals, max_size=4).map(", ".join), garbage
)
likely = st.one_of(totals, mixtures, st.lists(totals, max_size=4).map(", ".join))


def tables(texts, notes, claim_of, claim_notes):
    claims = CLAIMS.conform(
        pl.DataFrame(
            {"claim": range(len(claim_notes)), "note": claim_notes},
            schema={"claim": pl.UInt32, "note": pl.String},
        )
    )
    lines = LINES.conform(
        pl.DataFrame(
            {"claim": claim_of, "description": texts, "note": notes},
            schema={"claim": pl.UInt32, "description": pl.String, "note": pl.String},
        )
    )
    return claims, lines


def both_ways(claims, lines, wanted):
    found = []
    for many in (0, lines.height + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(columns, "MANY", many)
            found.append(read_ingredients(claims, lines, wanted))
    return found


def assert_the_same(texts, notes=None, claim_of=None, claim_notes=None, wanted=None):
    count = len(texts)
    claims, lines = tables(
        texts,
        notes if notes is not None else [None] * count,
        claim_of if claim_of is not None else list(range(count)),
        claim_notes if claim_notes is not None else [None] * count,
    )
    every = np.ones(count, dtype=bool)
    by_columns, one_by_one = both_ways(claims, lines, every if wanted is None else wanted)
    assert by_columns.schema == INGREDIENTS.schema
    assert by_columns.equals(one_by_one)


def texts_of_tests():
    found = set()
    for module in ("test_drug_text.py", "test_drug_text_properties.py"):
        for node in ast.walk(ast.parse((Path(__file__).parent / module).read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return sorted(found)


def test_the_texts_of_all_other_tests():
    texts = texts_of_tests()
    assert len(texts) > 200
    assert_the_same(texts)
    assert_the_same([None] * len(texts), texts)
    assert_the_same(texts, texts[::-1])


@settings(max_examples=150, deadline=None)
@given(st.lists(narratives | st.none(), max_size=30))
def test_any_narratives(texts):
    assert_the_same(texts)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_many_texts_of_one_shape(data):
    text = data.draw(likely)
    digit = st.sampled_from("0123456789")
    texts = ["".join(data.draw(digit) if "0" <= c <= "9" else c for c in text) for _ in range(12)]
    assert_the_same([*texts, *texts[::3]])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_descriptions_and_notes_of_lines_and_claims(data):
    some = data.draw(st.lists(narratives | st.none(), min_size=1, max_size=6))
    place = st.sampled_from([*some, None])
    count = data.draw(st.integers(1, 12))

    def drawn(what, size):
        return data.draw(st.lists(what, min_size=size, max_size=size))

    assert_the_same(
        drawn(place, count),
        drawn(place, count),
        drawn(st.integers(0, count - 1), count),
        drawn(place, count),
        np.array(drawn(st.booleans(), count), dtype=bool),
    )


def test_every_character_that_may_be_blank():
    blanks = [chr(c) for c in range(0x3100) if chr(c).isspace()] + ["\u200b", "\x00", "\x85", "A"]
    count = len(blanks)
    assert_the_same(
        ["MORPHINE 5MG"] * count, [*blanks], list(range(count)), ["CLONIDINE 1MG"] * count
    )
    assert_the_same([*blanks], [None] * count, list(range(count)), ["CLONIDINE 1MG"] * count)


def test_every_character_that_stands_for_another():
    assert_the_same([f"MORPHINE{chr(c)}5{chr(c)}MG; CLONIDINE 5{chr(c)}G" for c in FOLD])


def test_bounds():
    powers = [10**n for n in range(20)]
    near = sorted({n + d for n in (*powers, 2**31, 2**53, 2**63, 2**64) for d in (-1, 0, 1)})
    texts = [
        text
        for n in near
        for unit in ("NG", "MCG", "MG", "G")
        for text in (
            f"MORPHINE {n}{unit}",
            f"MORPHINE {n}.0{unit}",
            f"MORPHINE .{n:018d}{unit}",
            f"MORPHINE {n}{unit} IN 20ML",
            f"MORPHINE 20{unit} IN {n}UL",
            f"MORPHINE {n}{unit}/ML X 20ML",
            f"MORPHINE {n}.5{unit}/UL X 9L",
            f"MORPHINE 1{unit}/L X {n}L",
            f"MORPHINE {n}%; 10ML",
        )
    ]
    assert_the_same(texts)


def test_few_texts_are_left_to_be_read_by_themselves():
    texts = pl.Series([
        f"{drug} {n}MG, CLONIDINE {n}.5MCG{volume}"
        for drug in ("MORPHINE", "FENTANYL") for n in range(1, 99) for volume in ("", " IN 20 ML")
    ])  # fmt: skip
    facts = read_by_shape(texts)
    assert not facts.left.any()
    assert facts.of.tolist() == [text for text in range(len(texts)) for _ in range(2)]
    rows = [row for text in texts for row in evaluate(text).rows]
    assert facts.rows.rows() == rows


def test_pieces_follow_each_other(monkeypatch):
    monkeypatch.setattr(columns, "PIECE", 7)
    texts = [f"{name} {n}MG" for n in range(5) for name in NAMES[:9]]
    mixed = [one for pair in pairwise([*texts, None, "\u00b5", "FOO"]) for one in pair]
    assert_the_same(mixed)


def test_what_takes_a_closer_look_is_left():
    texts = pl.Series(["MORPHINE", "MORPHINE 5MG", "MORPHINE 0MG", "FENTANYL TWO MG", "", "A\0"])
    assert read_by_shape(texts).left.tolist() == [True, False, True, True, False, True]


def test_a_table_without_texts():
    assert_the_same([None, "", None])
    assert_the_same([])
