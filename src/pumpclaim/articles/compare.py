"""Facts of articles held against each other: a document against ours, one revision against another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pumpclaim.articles.passages import passages_in
from pumpclaim.articles.published import CONTRACT, DATE, FEE, REVISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pumpclaim.articles.published import Published
    from pumpclaim.policy.model import Article

AGREES, DIFFERS, MISSING_HERE, MISSING_THERE = "agrees", "differs", "missing here", "missing there"
PASSAGE = "passage"
KINDS = (
    "article", DATE, CONTRACT, FEE, "code", "modifier", "covered diagnosis", "diagnosis not covered",
    "bill type", "revenue code", REVISION, "related document", PASSAGE,
)  # fmt: skip
"""Kinds of facts, in the order in which they are told."""
COMPOUNDING = "compounding fee"
"""Name of the fee that has no drug."""
UNTOLD = "not told"
"""Value of a fact that a form of documents does not tell; it agrees with whatever the other side says."""


@dataclass(frozen=True)
class Fact:
    """One fact of one article: its kind, its name, its value as text, and where it was read."""

    kind: str
    name: str
    value: str
    place: str


@dataclass(frozen=True)
class Compared:
    """One fact on both sides, with the place of each. ``state`` is agrees, differs, missing here, or missing
    there; ``percent`` is the change of a fee."""

    kind: str
    name: str
    here: str | None
    there: str | None
    place_here: str | None
    place_there: str | None
    percent: Decimal | None = None

    @property
    def state(self) -> str:
        """How the two sides stand to each other."""
        if UNTOLD in (self.here, self.there):
            return AGREES
        if self.here is None:
            return MISSING_HERE
        if self.there is None:
            return MISSING_THERE
        return AGREES if self.here == self.there else DIFFERS


def facts_of_document(document: Published) -> list[Fact]:
    """Every fact of a published article but its prose."""
    head = document.head

    def place(name: str) -> str:
        return head.places.get(name, document.source)

    contracts = document.contractors
    facts = [
        Fact("article", "id", head.id, place("id")),
        Fact("article", "title", head.title, place("title")),
        Fact("article", "type", head.type, place("type")),
        Fact("article", "issuer", document.issuer, contracts[0].place if contracts else place("")),
        Fact(
            "article", "jurisdiction", document.jurisdiction or UNTOLD,
            contracts[0].place if contracts else place(""),
        ),
    ]  # fmt: skip
    days = {
        "original effective": "original_effective", "revision effective": "revision_effective",
        "revision ending": "revision_ending", "retired": "retired",
    }  # fmt: skip
    facts += [_day(name, getattr(head, field), place(field)) for name, field in days.items()]
    facts += [
        Fact(CONTRACT, one.number, _contract(one.kind, one.states, one.region), one.place)
        for one in contracts
    ]
    facts += [
        Fact(
            FEE,
            one.drug or (one.name if one.unknown else COMPOUNDING),
            _fee(one.fee, one.written),
            one.place,
        )
        for one in document.fees
    ]
    listed = {
        "code": document.codes, "modifier": document.modifiers,
        "covered diagnosis": document.diagnoses_covered,
        "diagnosis not covered": document.diagnoses_not_covered,
        "bill type": document.bill_types, "revenue code": document.revenue_codes,
        "related document": document.related,
    }  # fmt: skip
    for kind, found in listed.items():
        facts += [Fact(kind, one.value, "listed", one.place) for one in found]
    facts += [
        Fact(REVISION, one.number, one.effective.isoformat(), one.place)
        for one in document.revisions
    ]
    return facts


def facts_of_article(article: Article) -> list[Fact]:
    """Every fact of a revision of ours but its prose."""
    ours = f"{article.id} {article.revision} as we hold it"
    facts = [
        Fact("article", "id", article.id, ours),
        Fact("article", "title", article.title, ours),
        Fact("article", "type", article.type, ours),
        Fact("article", "issuer", article.issuer, ours),
        Fact("article", "jurisdiction", article.jurisdiction or UNTOLD, ours),
        _day("original effective", article.original_effective, ours),
        _day("revision effective", article.revision_effective, ours),
        _day("revision ending", article.ending, ours),
        _day("retired", article.retired, ours),
    ]
    facts += [
        Fact(CONTRACT, one.number, _contract(one.kind, one.states, one.region), ours)
        for one in article.contracts
    ]
    facts += [
        Fact(FEE, one.drug or COMPOUNDING, _fee(one.fee, one.written or one.per), one.statement)
        for one in article.fees
    ]
    listed = {
        "code": article.listed, "modifier": article.lists.modifiers,
        "covered diagnosis": article.lists.diagnoses_covered,
        "diagnosis not covered": article.lists.diagnoses_not_covered,
        "bill type": article.lists.bill_types, "revenue code": article.lists.revenue_codes,
        "related document": article.related,
    }  # fmt: skip
    for kind, found in listed.items():
        facts += [Fact(kind, one, "listed", ours) for one in sorted(found)]
    facts += [
        Fact(REVISION, one.number, one.effective.isoformat(), ours) for one in article.revisions
    ]
    return facts


def _day(name: str, day: date | None, place: str) -> Fact:
    return Fact(DATE, name, day.isoformat() if day else "none", place)


def _contract(kind: str | None, states: Sequence[str], region: str | None) -> str:
    part = f"{kind} MAC" if kind else "kind not known"
    told = f"{part}, {' '.join(sorted(states)) or 'no state'}"
    return f"{told} ({region})" if region else told


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
                kind,
                name,
                own.value if own else None,
                other.value if other else None,
                own.place if own else None,
                other.place if other else None,
                _percent(own, other) if kind == FEE else None,
            )
        )
    return sorted(compared, key=lambda one: KINDS.index(one.kind))


def _percent(own: Fact | None, other: Fact | None) -> Decimal | None:
    """The change of a fee in percent, rounded to one decimal; null where the units differ."""
    if own is None or other is None or own.value == other.value:
        return None
    (before, unit), (after, other_unit) = (one.value.split(" per ") for one in (own, other))
    if unit != other_unit or not Decimal(before):
        return None
    return ((Decimal(after) / Decimal(before) - 1) * 100).quantize(Decimal("0.1"))


def compare_passages(article: Article, document: Published) -> list[Compared]:
    """The passages of ours that a document has or has not, and its words that are none of ours."""
    standing = passages_in(article.passages, document.prose)
    missing = {id(one): place for one, place in standing.missing}
    names = Counter[str]()
    compared = []
    for one in article.passages:
        label = one.statement or one.section
        names[label] += 1
        name = label if names[label] == 1 else f"{label} ({names[label]})"
        words = f"{one.words} words"
        place = missing.get(id(one))
        there = words if place is None else "other words"
        compared.append(Compared(PASSAGE, name, words, there, one.section, place))
    for number, run in enumerate(standing.new, start=1):
        name = f"new words {number}"
        compared.append(Compared(PASSAGE, name, None, run.text, run.section, run.place))
    return compared


def verify(article: Article, document: Published) -> list[Compared]:
    """Every fact and every passage of ours against a document."""
    facts = compare(facts_of_article(article), facts_of_document(document))
    return facts + compare_passages(article, document)


def disagreeing(compared: Iterable[Compared]) -> list[Compared]:
    """Those that do not agree."""
    return [one for one in compared if one.state != AGREES]
