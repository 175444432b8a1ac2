"""Facts of articles held against each other: a document against ours, one revision against another."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pumpclaim.articles.lines import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pumpclaim.articles.published import Found, Published
    from pumpclaim.policy.model import Article

KINDS = (
    "article", "date", "contract", "fee", "code", "modifier", "covered diagnosis", "diagnosis not covered",
    "bill type", "revenue code", "revision",
)  # fmt: skip
"""Kinds of facts, in the order in which they are told."""
COMPOUNDING = "compounding fee"
"""Name of the fee that has no drug."""


@dataclass(frozen=True)
class Fact:
    """One fact of one article: its kind, its name, its value as text, and where it was read."""

    kind: str
    name: str
    value: str
    place: str


@dataclass(frozen=True)
class Compared:
    """One fact on both sides. ``state`` is agrees, differs, missing here, or missing there; ``percent`` is
    the change of a fee."""

    kind: str
    name: str
    here: str | None
    there: str | None
    place: str | None
    percent: Decimal | None = None

    @property
    def state(self) -> str:
        """How the two sides stand to each other."""
        if self.here is None:
            return "missing here"
        if self.there is None:
            return "missing there"
        return "agrees" if self.here == self.there else "differs"


def facts_of_document(document: Published) -> list[Fact]:
    """Every fact of a published article."""
    facts = [
        Fact("article", "id", document.id, document.source),
        Fact("article", "title", document.title, document.source),
        Fact("article", "type", document.type, document.source),
        *_dates(document.original_effective, document.revision_effective, document.revision_ending,
                document.retired, document.source),
    ]  # fmt: skip
    facts += [
        Fact("contract", one.number, _contract(one.kind, one.states, one.region), one.place)
        for one in document.contractors
    ]
    facts += [
        Fact(
            "fee",
            one.drug or (one.name if one.unknown else COMPOUNDING),
            _fee(one.fee, one.per),
            one.place,
        )
        for one in document.fees
    ]
    listed = {
        "code": document.codes, "modifier": document.modifiers,
        "covered diagnosis": document.diagnoses_covered,
        "diagnosis not covered": document.diagnoses_not_covered,
        "bill type": document.bill_types, "revenue code": document.revenue_codes,
    }  # fmt: skip
    for kind, found in listed.items():
        facts += [Fact(kind, one.value, "listed", one.place) for one in found]
    facts += [
        Fact("revision", one.number, one.effective.isoformat(), one.place)
        for one in document.revisions
    ]
    return facts


def facts_of_article(article: Article, on: date | None = None) -> list[Fact]:
    """Every fact of an article of ours as of a day; its newest facts where no day is given."""
    ours = f"{article.id} as we hold it"
    newest = article.revisions[-1]
    facts = [
        Fact("article", "id", article.id, ours),
        Fact("article", "title", article.title, ours),
        Fact("article", "type", article.type, ours),
        *_dates(
            article.original_effective, newest.effective, article.ending, article.retired, ours
        ),
    ]
    facts += [
        Fact("contract", one.number, _contract(one.kind, one.states, one.region), ours)
        for one in article.contracts
    ]
    last = max(one.start for one in article.fees) if article.fees else article.original_effective
    facts += [
        Fact("fee", drug or COMPOUNDING, _fee(one.fee, one.per), one.statement)
        for drug, one in article.fees_on(on or last).items()
    ]
    listed = {
        "code": article.listed, "modifier": article.lists.modifiers,
        "covered diagnosis": article.lists.diagnoses_covered,
        "diagnosis not covered": article.lists.diagnoses_not_covered,
        "bill type": article.lists.bill_types, "revenue code": article.lists.revenue_codes,
    }  # fmt: skip
    for kind, found in listed.items():
        facts += [Fact(kind, one, "listed", ours) for one in sorted(found)]
    facts += [
        Fact("revision", one.number, one.effective.isoformat(), ours) for one in article.revisions
    ]
    return facts


def _dates(
    original: date, revision: date | None, ending: date | None, retired: date | None, place: str
) -> list[Fact]:
    days = {
        "original effective": original, "revision effective": revision, "revision ending": ending,
        "retired": retired,
    }  # fmt: skip
    return [
        Fact("date", name, day.isoformat() if day else "none", place) for name, day in days.items()
    ]


def _contract(kind: str | None, states: Sequence[str], region: str | None) -> str:
    part = f"{kind} MAC" if kind else "kind not known"
    return f"{part}, {region or ' '.join(sorted(states)) or 'no state'}"


def _fee(fee: Decimal, per: str) -> str:
    return f"{fee.normalize():f} per {per}"


def compare(here: Sequence[Fact], there: Sequence[Fact]) -> list[Compared]:
    """Every fact that either side has, by kind and then as ``here`` has them; fees with their change."""
    ours = {(one.kind, one.name): one for one in here}
    theirs = {(one.kind, one.name): one for one in there}
    compared = []
    for kind, name in [*ours, *(key for key in theirs if key not in ours)]:
        own, other = ours.get((kind, name)), theirs.get((kind, name))
        compared.append(
            Compared(
                kind, name, own.value if own else None, other.value if other else None,
                other.place if other else None, _percent(own, other) if kind == "fee" else None,
            )
        )  # fmt: skip
    return sorted(compared, key=lambda one: KINDS.index(one.kind))


def _percent(own: Fact | None, other: Fact | None) -> Decimal | None:
    """The change of a fee in percent, rounded to one decimal; null where the units differ."""
    if own is None or other is None or own.value == other.value:
        return None
    (before, unit), (after, other_unit) = (one.value.split(" per ") for one in (own, other))
    if unit != other_unit or not Decimal(before):
        return None
    return ((Decimal(after) / Decimal(before) - 1) * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Passage:
    """A run of words: ``same`` in both, ``gone`` from the first, or ``new`` in the second."""

    kind: str
    text: str


CONTEXT = 12
"""Words that are shown before and after a change."""


def compare_text(here: Sequence[Found], there: Sequence[Found]) -> list[list[Passage]]:
    """The changes of the text, word by word, each with some words around it; none where the words agree.

    Line breaks, bullets and page furniture do not count.
    """
    before, after = words_of(one.value for one in here), words_of(one.value for one in there)
    changes: list[list[Passage]] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(CONTEXT):
        passages = []
        for kind, start, end, other_start, other_end in group:
            if kind == "equal":
                passages.append(Passage("same", " ".join(before[start:end])))
                continue
            if end > start:
                passages.append(Passage("gone", " ".join(before[start:end])))
            if other_end > other_start:
                passages.append(Passage("new", " ".join(after[other_start:other_end])))
        changes.append(passages)
    return changes
