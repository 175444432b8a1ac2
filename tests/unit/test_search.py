"""Search: by code, by a drug's names and mistakes in them, by words."""

from __future__ import annotations

import pytest

from pumpclaim.policy import load
from pumpclaim.reports.article import (
    drug_documents,
    fee_statements,
    question_documents,
    rule_families,
    statement_document,
    statement_families,
    threshold_documents,
)
from pumpclaim.rules import RULES
from pumpclaim.search import KINDS, LONGEST, Hit, marked, rules_found, search
from pumpclaim.trace import trace


def found(text: str) -> list[Hit]:
    return search(load(), text)


def first(text: str) -> tuple[str, str]:
    hit = found(text)[0]
    return hit.kind, hit.id


@pytest.mark.parametrize(
    ("text", "kind", "id_"),
    [
        ("C5", "statement", "C5"),
        ("c5", "statement", "C5"),
        ("drg104", "rule", "DRG104"),
        ("missing_kd_modifier", "rule", "DRG104"),
        ("62370", "code", "62370"),
        ("j7999", "code", "J7999"),
        ("CARC 16", "remittance", "CARC 16"),
        ("n822", "remittance", "RARC N822"),
        ("Prialt", "drug", "ziconotide"),
        ("morphine sulfate", "drug", "morphine"),
        ("compounding fee", "fee", "compounding-fee"),
        ("kd-on-compound", "reading", "kd-on-compound"),
        ("residual volume", "threshold", "residual_volume"),
        ("life_expectancy_months", "question", "life_expectancy_months"),
    ],
)
def test_a_whole_name_comes_first(text: str, kind: str, id_: str) -> None:
    assert first(text) == (kind, id_)


def test_each_statement_rule_code_and_drug_is_found_by_its_own_name() -> None:
    policy = load()
    for kind, names in (
        ("statement", policy.articles[0].statements),
        ("rule", RULES),
        ("code", policy.codes),
        ("reading", policy.articles[0].readings),
        ("threshold", policy.thresholds),
        ("drug", {alias: one for one in policy.drugs.by_id.values() for alias in one.aliases}),
    ):
        for name in names:
            hits = search(policy, name)
            wanted = policy.drugs.names[name.lower()] if kind == "drug" else name
            assert (kind, wanted) in [(hit.kind, hit.id) for hit in hits[:3]], name
            assert hits[0].taken_for is None


def test_the_beginning_of_a_code_finds_all_that_begin_so() -> None:
    codes = {hit.id for hit in found("6236") if hit.kind == "code"}
    assert codes == {code for code in load().codes if code.startswith("6236")}
    assert [hit.id for hit in found("UTL1")][:5] == [
        "UTL101",
        "UTL102",
        "UTL103",
        "UTL104",
        "UTL105",
    ]


@pytest.mark.parametrize(
    ("text", "drug", "label"),
    [
        ("morfine", "morphine", "morphine"),
        ("zikonotid", "ziconotide", "ziconotide"),
        ("hidromorfone", "hydromorphone", "hydromorphone"),
        ("dillaudid", "hydromorphone", "hydromorphone"),
        ("bupivocaine", "bupivacaine", "bupivacaine"),
    ],
)
def test_a_drug_is_found_in_spite_of_a_mistake_in_typing(text: str, drug: str, label: str) -> None:
    hits = found(text)
    assert ("drug", drug) in [(hit.kind, hit.id) for hit in hits]
    assert ("fee", drug) in [(hit.kind, hit.id) for hit in hits]
    assert {hit.taken_for for hit in hits} == {label}


def test_another_word_with_a_mistake_is_taken_for_the_nearest() -> None:
    hits = found("cartrige")
    assert hits[0].taken_for == "cartridge"
    assert ("reading", "compounding-fee") in [(hit.kind, hit.id) for hit in hits]


def test_a_name_of_a_drug_finds_what_is_said_of_the_drug() -> None:
    assert ("statement", "P5") in [(hit.kind, hit.id) for hit in found("dilaudid")]


def test_all_words_must_occur_and_a_beginning_is_enough() -> None:
    assert ("rule", "UTL104") in [(hit.kind, hit.id) for hit in found("pump dry")]
    assert ("statement", "C3") in [(hit.kind, hit.id) for hit in found("intract pain")]
    narrower, wider = found("compounding fee cartridge"), found("compounding fee")
    assert {(h.kind, h.id) for h in narrower} < {(h.kind, h.id) for h in wider}
    assert found("compounding giraffe") == []


@pytest.mark.parametrize(
    "text",
    ["", "   ", "!?;--", "<script>", "' OR 1=1 --", "x" * 100, "a" * 100_000, "\x00", "(((" * 33],
)
def test_nothing_and_hostile_texts_end_without_a_fault(text: str) -> None:
    for hit in found(text):
        assert hit.kind in KINDS


def test_of_a_long_text_only_the_beginning_is_looked_at() -> None:
    assert found("C5" + " " * (LONGEST - 2) + "giraffe")[0].id == "C5"


def test_at_most_limit_hits() -> None:
    assert len(search(load(), "c", 7)) == 7


def test_search_follows_the_readings_and_thresholds_chosen() -> None:
    switched = load({"compounding-fee": "per-cartridge"}, {"residual_volume": "3"})
    reading = next(hit for hit in search(switched, "compounding-fee") if hit.kind == "reading")
    assert "each cartridge" in reading.snippet
    assert reading.snippet.endswith("(switched from the default)")
    assert search(switched, "residual volume")[0].title == "Residual volume: 3 mL"
    assert search(load(), "residual volume")[0].title == "Residual volume: 2 mL"


def test_marked_loses_nothing_and_marks_whole_words() -> None:
    text = "Morphine & <b>amorphous</b> MORPH, Straße morph."
    pieces = marked(text, ["morph"])
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, is_match in pieces if is_match] == ["Morphine", "MORPH", "morph"]
    assert marked(text, []) == [(text, False)]


def test_rules_found_by_words_and_family() -> None:
    assert rules_found("") == list(RULES)
    assert rules_found("", ["PRC"]) == [code for code in RULES if code.startswith("PRC")]
    assert "DRG104" in rules_found("modifier kd")
    assert rules_found("carc b15") == ["DRG101"]
    assert rules_found("modifier", ["UTL"]) == []


def test_documents_of_the_article_are_whole() -> None:
    policy = load()
    entries = [one for family in statement_families(policy) for one in family["statements"]]
    assert entries == trace(policy)
    assert all(len(family["title"]) > 1 for family in statement_families(policy))
    assert set(rule_families(RULES.values())) == {code[:3] for code in RULES}
    assert {one["threshold"] for one in threshold_documents(policy)} == set(policy.thresholds)
    assert {one["drug"] for one in drug_documents(policy)} == set(policy.drugs.by_id)
    assert len(question_documents(policy)) == sum(
        len(part.questions) for part in policy.chart.parts.values()
    )
    some_day = policy.articles[0].original_effective
    assert fee_statements(policy, some_day)["compounding fee"] == "P3"
    assert fee_statements(policy, some_day)["Morphine"] == "P5"


def test_a_statement_knows_its_neighbours_and_questions() -> None:
    told = statement_document("c3", load())
    assert (told["previous"], told["next"]) == ("C2", "C4")
    assert "life_expectancy_months" in [one["question"] for one in told["questions"]]
    assert told["readings"] == ["life-expectancy"]
    assert statement_document("J1", load())["previous"] is None
