"""Verify shows every change of a fact or of a word of the prose, and nothing where none changed."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pumpclaim.articles.compare import Compared, disagreeing, facts_of_article, verify
from pumpclaim.articles.passages import cover
from pumpclaim.articles.published import Published
from pumpclaim.articles.reading import read_article_data
from pumpclaim.policy import Article, load
from pumpclaim.policy.model import Contract, Fee, Lists, Revision

from .downloaded import download
from .real import FACTS, REAL, real, with_prose
from .rendered import HEADINGS, REGIONS, STATES, Invented, Print, iso, page, pdf, saved, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORMS: dict[str, Callable[[Invented], bytes]] = {
    "text": text, "page": page, "saved": saved, "download": download, "pdf": pdf,
    "pdf of narrow columns": lambda a: pdf(a, Print(narrow=True, middle=True, running=True)),
    "pdf of ligatures": lambda a: pdf(a, Print(rows_before=25, middle=True, ligatures=True)),
}  # fmt: skip
A55239 = load().articles[0]


def read(data: bytes) -> Published:
    return read_article_data(data, "given")


def told(compared: list[Compared]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.name, one.state) for one in disagreeing(compared)]


def test_the_shipped_facts_are_those_written_by_hand() -> None:
    ours = {(one.kind, one.name, one.value) for one in facts_of_article(A55239)}
    assert ours == FACTS.facts() | {("article", "jurisdiction", "J-E")}


@pytest.mark.shared
@real
@pytest.mark.parametrize("form", FORMS)
def test_the_real_facts_and_words_agree_in_every_form(form: str) -> None:
    document = read(FORMS[form](with_prose()))
    compared = verify(A55239, document)
    assert told(compared) == []
    assert document.problems == ()


@pytest.mark.shared
@real
def test_the_real_text_agrees_whole() -> None:
    document = read(REAL.read_bytes())
    compared = verify(A55239, document)
    assert told(compared) == []
    assert document.problems == ()
    kinds = [one.kind for one in compared]
    assert {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)} == {
        "article": 5, "date": 4, "contract": 8, "fee": 17, "code": 16, "revision": 3, "passage": 51,
    }  # fmt: skip


def held(a: Invented) -> Article:
    """An invented article as we would hold it, made of what it was written from; its passages cover its prose."""
    contracts = tuple(
        Contract(
            number, kind, tuple(STATES[one][1] for one in states),
            "; ".join(REGIONS[one] for one in states if one in REGIONS) or None,
        )
        for number, kind, states in a.contracts
    )  # fmt: skip
    from datetime import date
    from decimal import Decimal

    lists = {
        field: frozenset(code for _, normal in getattr(a, name) for code in normal)
        for field, name in zip(
            ("modifiers", "diagnoses_covered", "diagnoses_not_covered", "bill_types", "revenue_codes"),
            (name for _, _, name in HEADINGS), strict=True,
        )
    }  # fmt: skip
    days = {number: date.fromisoformat(iso(day)) for day, number, _ in a.history}
    return replace(
        A55239, id=a.id, title=a.title, issuer=a.issuer, jurisdiction=a.jurisdiction, contracts=contracts,
        original_effective=date.fromisoformat(iso(a.original)),
        revision_effective=date.fromisoformat(iso(a.revision)),
        revisions=tuple(Revision(number, days[number], ()) for number in sorted(days)),
        listed=frozenset(a.codes), lists=Lists(**lists), related=frozenset(),
        fees=tuple(
            Fee(drug, Decimal(fee), "refill" if drug is None else per, "P5", per) for _, fee, per, drug in a.fees
        ),
        passages=tuple(cover((), read(text(a)).prose)),
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_an_invented_article_agrees_with_itself_in_every_form(form: str) -> None:
    assert told(verify(held(Invented()), read(FORMS[form](Invented())))) == []


def without(rows: list, at: int) -> list:
    return rows[:at] + rows[at + 1 :]


def put(rows: list, at: int, row: object) -> list:
    return [*rows[:at], row, *rows[at + 1 :]]


Change = tuple[Invented, tuple[str, str]]
OTHER_UNIT = {"mg": "mcg", "mcg": "mg", "cartridge": "refill", "refill": "cartridge"}
NEW = {
    "modifiers": "JW",
    "bill_types": "012x",
    "revenue_codes": "0490",
    "covered": "C79.52",
    "not_covered": "C79.52",
}


def changes(a: Invented) -> Iterator[Change]:
    """The article with one fact changed, for every fact, and the kind and name of that fact."""
    for at, (name, fee, per, drug) in enumerate(a.fees):
        fact = ("fee", drug or "compounding fee")
        yield replace(a, fees=without(a.fees, at)), fact
        yield replace(a, fees=put(a.fees, at, (name, "1" + fee, per, drug))), fact
        yield replace(a, fees=put(a.fees, at, (name, fee, OTHER_UNIT[per], drug))), fact
    for at, code in enumerate(a.codes):
        yield replace(a, codes=without(a.codes, at)), ("code", code)
    yield replace(a, codes=[*a.codes, "0232T"]), ("code", "0232T")
    for at, (number, kind, states) in enumerate(a.contracts):
        fact = ("contract", number)
        yield (
            replace(a, contracts=put(a.contracts, at, (number, "BA"["AB".index(kind)], states))),
            fact,
        )
        yield (
            replace(a, contracts=put(a.contracts, at, (number, kind, [*states, "West Virginia"]))),
            fact,
        )
        yield replace(a, contracts=put(a.contracts, at, (number, kind, ["Montana"]))), fact
        if len(a.contracts) > 1:
            yield replace(a, contracts=without(a.contracts, at)), fact
    # Of a download the newest revision's day is that of the article, too: the oldest is changed.
    _, number, words = a.history[-1]
    row = ("05/05/2014", number, words)
    yield replace(a, history=[*a.history[:-1], row]), ("revision", number)
    yield replace(a, original="02/03/2015"), ("date", "original effective")
    yield replace(a, title=a.title + " and More"), ("article", "title")
    yield replace(a, issuer="Somebody Else"), ("article", "issuer")
    for kind, _, name in HEADINGS:
        listed = getattr(a, name)
        yield replace(a, **{name: [*listed, (NEW[name], [NEW[name]])]}), (kind, NEW[name])
        for at, (_, normal) in enumerate(listed):
            if len(normal) == 1:
                yield replace(a, **{name: without(listed, at)}), (kind, normal[0])


def shows(form: str, ours: Article, change: Change) -> None:
    after, fact = change
    shown = told(verify(ours, read(FORMS[form](after))))
    assert {(one[0], one[1]) for one in shown} == {fact}, shown


def test_every_changed_fact_shows_and_no_other_does() -> None:
    for before, ours in ((Invented(), _invented()), (FACTS, _by_hand())):
        for change in changes(before):
            shows("text", ours, change)


@pytest.mark.parametrize("form", ["pdf", "page", "download"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_fact_shows_in_every_form(form: str, data: st.DataObject) -> None:
    for before, ours in ((Invented(), _invented()), (FACTS, _by_hand())):
        shows(form, ours, data.draw(st.sampled_from(list(changes(before)))))


@cache
def _invented() -> Article:
    return held(Invented())


@cache
def _by_hand() -> Article:
    """Our own facts of the real article, over prose that is ours."""
    return replace(A55239, passages=tuple(cover((), read(text(FACTS)).prose)))


WORDS = st.sampled_from(["may", "must", "never", "75", "other"])


@pytest.mark.parametrize("form", ["text", "pdf", "page", "download"])
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_word_shows_with_its_place_and_no_fact_does(
    form: str, data: st.DataObject
) -> None:
    a = Invented()
    at = data.draw(st.integers(0, len(a.prose) - 1))
    words = a.prose[at].split()
    which = data.draw(st.integers(2, len(words) - 1))
    word = data.draw(WORDS)
    assume(words[which].strip(".,)").isalpha() and words[which] != word)
    what = data.draw(st.sampled_from(["change", "drop", "add"]))
    put_in = {"change": [word], "drop": [], "add": [words[which], word]}[what]
    line = " ".join([*words[:which], *put_in, *words[which + 1 :]])
    shown = disagreeing(
        verify(_invented(), read(FORMS[form](replace(a, prose=put(a.prose, at, line)))))
    )
    assert shown
    assert {one.kind for one in shown} == {"passage"}
    assert all(one.place_there for one in shown)


PAGE_BREAK = "Created on 05/08/2020. Page 3 of 9\n\nDrug Name\tDrug Fee Measure\n"


def fee_rows(whole: str) -> list[str]:
    return re.findall(r"^\t?[A-Z][A-Za-z ]+[\t ]\\?\$[\d.]+ per \w+$", whole, re.MULTILINE)


@st.composite
def same(draw: st.DrawFn, whole: str) -> str:
    """A text that says the same otherwise: a row moved, a page break, a ligature, a broken line."""
    rows = fee_rows(whole)
    row, other = draw(st.sampled_from(rows)), draw(st.sampled_from(rows))
    what = draw(st.sampled_from(["move", "page", "ligature", "break", "wrap", "bold"]))
    if what == "move":
        assume(row != other)
        return whole.replace(f"{row}\n", "", 1).replace(other, f"{other}\n{row}", 1)
    if what == "page":
        return whole.replace(row, PAGE_BREAK + row, 1)
    if what == "ligature":
        return whole.replace("fi", "ﬁ").replace("fl", "ﬂ")
    if what == "break":
        return whole.replace(
            row, row.replace("\t", "\n", 1) if not row.startswith("\t") else row, 1
        )
    if what == "bold":
        return whole.replace(row, f"**{row.strip()}**", 1)
    at = draw(st.integers(0, len(whole) - 1))
    start = whole.index("Article Text:")
    end = whole.index("Drug Name\t")
    blanks = [n for n in range(start + 20, end) if whole[n] == " " and whole[n - 1].islower() and whole[n + 1].islower()]  # fmt: skip
    cut = blanks[at % len(blanks)]
    return whole[:cut] + "\n" + whole[cut + 1 :]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_same_said_otherwise_shows_nothing(data: st.DataObject) -> None:
    whole = text(Invented()).decode()
    assert told(verify(_invented(), read(data.draw(same(whole)).encode()))) == []


@pytest.mark.shared
@real
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_real_text_said_otherwise_shows_nothing(data: st.DataObject) -> None:
    changed = data.draw(same(REAL.read_text()))
    assert told(verify(A55239, read(changed.encode()))) == []


@pytest.mark.shared
@real
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_word_of_the_real_text_shows(data: st.DataObject) -> None:
    """Any word of the prose, of the sources and of the history: changed, it shows."""
    whole = REAL.read_text()
    spans = [(whole.index("Article Text:") + 13, whole.index("Drug Name\t"))]
    spans.append((whole.index("Resources\n") + 10, whole.index("Coding Information")))
    words = [
        one
        for start, end in spans
        for one in re.compile(r"[A-Za-z]{2,}").finditer(whole, start, end)
        if whole[one.end()] in " ,.;)" and whole[one.start() - 1] == " "
    ]
    one = data.draw(st.sampled_from(words))
    word = data.draw(WORDS)
    assume(one[0].casefold() != word)
    changed = whole[: one.start()] + word + whole[one.end() :]
    shown = told(verify(A55239, read(changed.encode())))
    assert shown
    assert {kind for kind, _, _ in shown} <= {"passage"} | ({"fee"} if word == "75" else set())


@pytest.mark.shared
@real
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_digit_of_a_fee_of_the_real_text_shows(data: st.DataObject) -> None:
    whole = REAL.read_text()
    row = data.draw(st.sampled_from(fee_rows(whole)))
    digits = [at for at, mark in enumerate(row) if mark.isdigit()]
    at, digit = data.draw(st.sampled_from(digits)), data.draw(st.sampled_from("0123456789"))
    assume(row[at] != digit)
    changed = whole.replace(row, row[:at] + digit + row[at + 1 :], 1)
    document = read(changed.encode())
    shown = told(verify(A55239, document))
    assert [(kind, state) for kind, _, state in shown] == [("fee", "differs")] or document.problems
    assert shown
