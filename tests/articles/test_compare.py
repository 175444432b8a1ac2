"""Verify and compare: every change of a document shows up, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpclaim.articles.compare import (
    compare,
    compare_text,
    facts_of_article,
    facts_of_document,
)
from pumpclaim.articles.published import Found, Published
from pumpclaim.articles.text import read_text
from pumpclaim.policy import load

from .invented import article

REAL = Path(__file__).parents[3] / "shared" / "article" / "A55239.txt"
real = pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not there")


def read(text: str) -> Published:
    return read_text(text.encode(), "article.txt")


def states(here: str, there: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What does not agree between two texts: state and change of each fact."""
    compared = compare(facts_of_document(read(here)), facts_of_document(read(there)))
    return {
        (one.kind, one.name): (one.state, None if one.percent is None else str(one.percent))
        for one in compared
        if one.state != "agrees"
    }


@pytest.mark.shared
@real
def test_every_fact_of_the_real_text_agrees() -> None:
    ours = facts_of_article(load().articles[0])
    compared = compare(ours, facts_of_document(read_text(REAL.read_bytes(), "A55239.txt")))
    assert [one for one in compared if one.state != "agrees"] == []
    kinds = [one.kind for one in compared]
    assert {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)} == {
        "article": 3, "date": 4, "contract": 8, "fee": 17, "code": 16, "revision": 3,
    }  # fmt: skip


MUTATIONS = [
    ("0.1300 per mg", "0.1500 per mg", ("fee", "hydromorphone"), "differs"),
    ("0.1300 per mg", "0.1300 per mcg", ("fee", "hydromorphone"), "differs"),
    ("Ketamine\t\\$0.0048 per mcg\n", "", ("fee", "ketamine"), "missing there"),
    ("\\$60.000 per cartridge", "\\$65.000 per cartridge", ("fee", "compounding fee"), "differs"),
    ("01312 - MAC B\tJ - E\tNevada", "01312 - MAC B\tJ - E\tArizona", ("contract", "01312"), "differs"),
    ("01312 - MAC B", "01313 - MAC B", ("contract", "01312"), "missing there"),
    ("J7999\tCOMPOUNDED", "J7998\tCOMPOUNDED", ("code", "J7998"), "missing here"),
    ("62365\tREMOVAL", "\tREMOVAL", ("code", "62365"), "missing there"),
    ("Original Effective Date\n\n09/01/2016", "Original Effective Date\n\n10/01/2016", ("date", "original effective"), "differs"),
    ("09/01/2016\tR3\t", "05/01/2020\tR3\t", ("revision", "R3"), "differs"),
    ("Revision Ending Date\n\nN/A", "Revision Ending Date\n\n12/31/2024", ("date", "revision ending"), "differs"),
    ("Retirement Date\n\nN/A", "Retirement Date\n\n12/31/2024", ("date", "retired"), "differs"),
    ("ICD-10 Codes that Support Medical Necessity\n\nN/A", "ICD-10 Codes that Support Medical Necessity\n\nG89.4\tOURS", ("covered diagnosis", "G89.4"), "missing here"),
]  # fmt: skip


@pytest.mark.shared
@real
@pytest.mark.parametrize(("old", "new", "fact", "state"), MUTATIONS)
def test_a_change_of_the_real_text_shows_up(
    old: str, new: str, fact: tuple[str, str], state: str
) -> None:
    text = REAL.read_text()
    assert old in text
    document = read_text(text.replace(old, new).encode(), "changed.txt")
    compared = compare(facts_of_article(load().articles[0]), facts_of_document(document))
    found = {(one.kind, one.name): one.state for one in compared if one.state != "agrees"}
    assert found[fact] == state


def test_nothing_differs_from_itself_however_its_lines_break() -> None:
    text = article()
    assert states(text, text) == {}
    wrapped = text.replace("the reservoir runs low", "the reservoir\nruns\nlow").replace(
        "\n", "\r\n"
    )
    assert states(text, wrapped) == {}
    assert compare_text(read(text).paragraphs, read(wrapped).paragraphs) == []


def test_a_fee_changes_by_percent() -> None:
    there = article(
        fees="Morphine\t$0.0770 per mg\nClonidine\t$0.0015 per mcg\nCompounding Fee\t$45 per refill"
    )
    assert states(article(), there) == {
        ("fee", "morphine"): ("differs", "10.0"),
        ("fee", "clonidine"): ("differs", "-25.0"),
    }


def test_words_that_changed_are_shown_with_those_around_them() -> None:
    there = article(prose="A pump may be filled when the reservoir runs dry and the chart of that day says so.\n\n"
    "Every fill is written down by whoever gave it, on the day on which it was given, in plain words.")  # fmt: skip
    changes = compare_text(read(article()).paragraphs, read(there).paragraphs)
    assert [
        [(one.kind, one.text) for one in change if one.kind != "same"] for change in changes
    ] == [[("gone", "low"), ("new", "dry")]]
    assert changes[0][0].text.endswith("the reservoir runs")


WORDS = st.lists(
    st.sampled_from(["a", "pump", "is", "filled", "when", "the", "reservoir", "runs", "low"]),
    max_size=40,
)


@given(WORDS, WORDS)
def test_the_passages_of_a_comparison_give_back_both_texts_where_they_differ(
    here: list[str], there: list[str]
) -> None:
    changes = compare_text([Found(" ".join(here), "1")], [Found(" ".join(there), "1")])
    assert bool(changes) == (here != there)
    for kinds, words in ((("same", "gone"), here), (("same", "new"), there)):
        for change in changes:
            shown = " ".join(one.text for one in change if one.kind in kinds)
            assert shown in " ".join(words)
