"""Two documents held against each other: facts with percent, words in their sections, places of both sides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pumpclaim.articles.compare import compare, disagreeing, facts_of_document
from pumpclaim.articles.compare_text import compare_text
from pumpclaim.articles.published import Prose, Published
from pumpclaim.articles.text import read_text

from .invented import article


def read(text: str) -> Published:
    return read_text(text.encode(), "article.txt")


def states(here: str, there: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What does not agree between two texts: state and change of each fact."""
    compared = compare(facts_of_document(read(here)), facts_of_document(read(there)))
    return {
        (one.kind, one.name): (one.state, None if one.percent is None else str(one.percent))
        for one in disagreeing(compared)
    }


def test_nothing_differs_from_itself_however_its_lines_break() -> None:
    text = article()
    assert states(text, text) == {}
    wrapped = text.replace("the reservoir runs low", "the reservoir\nruns\nlow").replace(
        "\n", "\r\n"
    )
    assert states(text, wrapped) == {}
    assert compare_text(read(text).prose, read(wrapped).prose) == []


def test_a_fee_changes_by_percent() -> None:
    there = article(
        fees="Morphine\t$0.0770 per mg\nClonidine\t$0.0015 per mcg\nCompounding Fee\t$45 per refill"
    )
    assert states(article(), there) == {
        ("fee", "morphine"): ("differs", "10.0"),
        ("fee", "clonidine"): ("differs", "-25.0"),
    }


def test_a_difference_tells_the_places_of_both_sides() -> None:
    there = article(fees="Clonidine\t$0.0020 per mcg\nMorphine\t$0.0770 per mg\nCompounding Fee\t$45 per refill")  # fmt: skip
    (one,) = disagreeing(
        compare(facts_of_document(read(article())), facts_of_document(read(there)))
    )
    lines = [text.split("\n") for text in (article(), there)]
    places = (one.place_here, one.place_there)
    assert [
        text[int(place.removeprefix("line ")) - 1].split("\t")[0]
        for text, place in zip(lines, places, strict=True)
    ] == ["Morphine", "Morphine"]
    assert places[0] != places[1]


def test_words_that_changed_are_shown_with_those_around_them_and_where_they_stand() -> None:
    there = article(prose="A pump may be filled when the reservoir runs dry and the chart of that day says so.\n\n"
    "Every fill is written down by whoever gave it, on the day on which it was given, in plain words.")  # fmt: skip
    (change,) = compare_text(read(article()).prose, read(there).prose)
    assert [(one.kind, one.text) for one in change.parts if one.kind != "same"] == [
        ("gone", "low"), ("new", "dry"),
    ]  # fmt: skip
    assert change.parts[0].text.endswith("the reservoir runs")
    line = article().split("\n").index("A pump may be filled when the reservoir runs low and the chart of that day says so.") + 1  # fmt: skip
    assert (change.section, change.here, change.there) == ("Article Text", f"line {line}", f"line {line}")  # fmt: skip


def test_prose_is_compared_section_by_section() -> None:
    there = article(history="01/01/2018\tR1\tOther words.")
    (change,) = compare_text(read(article()).prose, read(there).prose)
    assert change.section == "Revision History Information"
    assert states(article(), there) == {}


WORDS = st.lists(
    st.sampled_from(["a", "pump", "is", "filled", "when", "the", "reservoir", "runs", "low"]),
    max_size=40,
)


@given(WORDS, WORDS)
def test_the_parts_of_a_comparison_give_back_both_texts_where_they_differ(
    here: list[str], there: list[str]
) -> None:
    changes = compare_text(
        [Prose("Text", " ".join(here), "1")], [Prose("Text", " ".join(there), "1")]
    )
    assert bool(changes) == (here != there)
    for kinds, words in ((("same", "gone"), here), (("same", "new"), there)):
        for change in changes:
            shown = " ".join(one.text for one in change.parts if one.kind in kinds)
            assert shown in " ".join(words)
