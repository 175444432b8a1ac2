"""What a policy is made of: one frozen record for each kind of fact, each with its source."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import IntFlag
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError, nearest

if TYPE_CHECKING:
    from pumpclaim.policy.chart import ChartDefinition
    from pumpclaim.policy.drugs import Drugs

NATIONAL_DATES = (date(1900, 1, 1), date(9999, 12, 31))
"""From and to of a code whose dates are not narrowed by a fact."""

STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA",
    "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM",
    "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA",
    "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI",
)  # fmt: skip
"""Postal abbreviations of states and territories."""


class Role(IntFlag):
    """What a code is for us; a service line's roles are the bits of its code."""

    NONE = 0
    TRIAL = 1 << 0
    CATHETER_IMPLANT = 1 << 1
    RESERVOIR_IMPLANT = 1 << 2
    CONSTANT_FLOW_IMPLANT = 1 << 3
    PROGRAMMABLE_IMPLANT = 1 << 4
    REMOVAL = 1 << 5
    ANALYSIS = 1 << 6
    PROGRAMMED_REFILL_BY_STAFF = 1 << 7
    PROGRAMMED_REFILL_BY_PHYSICIAN = 1 << 8
    PLAIN_REFILL_BY_STAFF = 1 << 9
    PLAIN_REFILL_BY_PHYSICIAN = 1 << 10
    COMPOUNDED = 1 << 11
    SUPERSEDED_COMPOUND = 1 << 12
    UNCLASSIFIED_DRUG = 1 << 13
    OWN_DRUG = 1 << 14
    PUMP_DRUG = 1 << 15
    """Set by the context, line by line: a drug given through the implanted pump."""

    EVALUATION = 1 << 16
    """An evaluation and management visit, which may hold the reassessment of D4."""

    PROGRAMMED_REFILL = PROGRAMMED_REFILL_BY_STAFF | PROGRAMMED_REFILL_BY_PHYSICIAN
    PLAIN_REFILL = PLAIN_REFILL_BY_STAFF | PLAIN_REFILL_BY_PHYSICIAN
    REFILL = PROGRAMMED_REFILL | PLAIN_REFILL
    UNPROGRAMMABLE_IMPLANT = RESERVOIR_IMPLANT | CONSTANT_FLOW_IMPLANT
    DEVICE_IMPLANT = RESERVOIR_IMPLANT | CONSTANT_FLOW_IMPLANT | PROGRAMMABLE_IMPLANT
    IMPLANT = DEVICE_IMPLANT | CATHETER_IMPLANT
    MANAGEMENT = REFILL | ANALYSIS
    PUMP_SERVICE = MANAGEMENT | DEVICE_IMPLANT | CATHETER_IMPLANT | TRIAL | REMOVAL
    NARRATED = COMPOUNDED | SUPERSEDED_COMPOUND | UNCLASSIFIED_DRUG
    DRUG = COMPOUNDED | SUPERSEDED_COMPOUND | UNCLASSIFIED_DRUG | OWN_DRUG
    PROGRAMMABLE_ONLY = ANALYSIS | PROGRAMMED_REFILL
    CONCERNS = PUMP_SERVICE | COMPOUNDED | SUPERSEDED_COMPOUND
    """One line of these makes the article concern its patient, whatever else is billed; with modifier KD
    so does one of DRUG. Nothing can be found on the claims of other patients."""


@dataclass(frozen=True)
class Code:
    """A HCPCS or CPT code: our own short label, its roles, the dates between which it is valid."""

    code: str
    label: str
    roles: Role
    source: str
    valid_from: date = NATIONAL_DATES[0]
    valid_to: date = NATIONAL_DATES[1]
    replaced_by: tuple[str, ...] = ()
    drug: str | None = None
    confidence: str = "H"


@dataclass(frozen=True)
class Contract:
    """A Medicare contract of an article: number, kind A or B, the states it serves (J1)."""

    number: str
    kind: str
    states: tuple[str, ...]
    region: str | None = None


@dataclass(frozen=True)
class Revision:
    """A row of an article's revision history: the date from which it binds, those on which its text
    appeared."""

    number: str
    effective: date
    statements: tuple[str, ...]
    written: date | None = None
    published: date | None = None


@dataclass(frozen=True)
class Fee:
    """A fee of the article, in dollars per unit (P3, P5).

    ``per`` is ``mcg`` or ``mg`` for a drug and ``refill`` for the compounding fee, whose ``drug`` is null;
    ``written`` is the unit as the article's table words it, where that is another.
    """

    drug: str | None
    fee: Decimal
    per: str
    statement: str
    written: str | None = None


@dataclass(frozen=True)
class Statement:
    """One statement of an article in our words, and where the article makes it.

    ``lists`` are those of whose emptiness it speaks (names of ``Lists``), and ``filled`` what it says where
    one is not empty.
    """

    id: str
    summary: str
    where: str
    decided_from: tuple[str, ...]
    reason: str | None = None
    lists: tuple[str, ...] = ()
    filled: str | None = None


@dataclass(frozen=True)
class Passage:
    """A passage of an article's text: its section, how many words, and their SHA-256.

    ``statement`` is the one that rests on it; null for words on which none does. See ``articles.passages``;
    no word of the article is kept.
    """

    statement: str | None
    section: str
    words: int
    sha256: str


@dataclass(frozen=True)
class Reading:
    """A place where the article can be read two ways: our choice and the others."""

    number: int
    id: str
    statements: tuple[str, ...]
    question: str
    default: str
    choices: dict[str, str]
    planned: bool = False


@dataclass(frozen=True)
class Lists:
    """The lists of an article that restrict what is billed with its codes (K2 to K5), in the normal forms of
    ``policy.code_lists``; an empty one restricts nothing."""

    modifiers: frozenset[str] = frozenset()
    diagnoses_covered: frozenset[str] = frozenset()
    diagnoses_not_covered: frozenset[str] = frozenset()
    bill_types: frozenset[str] = frozenset()
    revenue_codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Article:
    """One article as one revision of it has it: all its facts, which hold from ``effective`` on.

    They hold until a later revision's first day, and not beyond ``ending`` or ``retired`` (last days).
    ``revision_effective`` is that day as the text has it.
    ``revisions`` is the history that the text tells, to this revision. Statements whose text is not the one
    that our rules were made for stand in ``changed`` (an earlier revision had it) or ``absent`` (no revision
    did) until a person has read what that means.
    """

    id: str
    title: str
    type: str
    issuer: str
    jurisdiction: str
    original_effective: date
    effective: date
    revisions: tuple[Revision, ...]
    contracts: tuple[Contract, ...]
    listed: frozenset[str]
    kd_examples: tuple[tuple[str, str], ...]
    fees: tuple[Fee, ...]
    statements: dict[str, Statement]
    readings: dict[str, Reading]
    chart: ChartDefinition
    later_revision_known: str | None = None
    lists: Lists = Lists()
    revision_effective: date | None = None
    ending: date | None = None
    retired: date | None = None
    changed: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    passages: tuple[Passage, ...] = ()
    related: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return hash((self.id, self.effective, self.revisions, self.fees))

    @property
    def revision(self) -> str:
        """Number of this revision; R0 where its history is empty."""
        return self.revisions[-1].number if self.revisions else "R0"

    @property
    def states(self) -> frozenset[str]:
        """States that any contract of the article serves (J1)."""
        return frozenset(state for contract in self.contracts for state in contract.states)

    @property
    def unreviewed(self) -> frozenset[str]:
        """Statements of which nobody has read yet what became of them."""
        return self.changed | self.absent

    @property
    def fee_of(self) -> dict[str | None, Fee]:
        """The fees by drug; the compounding fee stands under null."""
        return {fee.drug: fee for fee in self.fees}

    def contract(self, number: str) -> Contract | None:
        """The contract of that number, or null when the article does not name it."""
        return next((one for one in self.contracts if one.number == number), None)

    def doubt(self, statements: Iterable[str]) -> str:
        """One sentence, or two, on those of the statements that are unreviewed; empty when none is."""
        asked = list(dict.fromkeys(statements))
        changed = ", ".join(name for name in asked if name in self.changed)
        absent = ", ".join(name for name in asked if name in self.absent)
        said = []
        if changed:
            said.append(
                f"The text behind {changed} changed with {self.revision} of {self.id} and is not reviewed."
            )
        if absent:
            said.append(f"{self.id} has no text for {absent} that we know; that is not reviewed.")
        return " ".join(said)


@dataclass(frozen=True)
class Medicare:
    """Law and manuals beside the article (policy/medicare.toml), each with its source there."""

    filing_indicators: tuple[str, ...]
    opps_bill_types: tuple[str, ...]
    opps_first_bill_type: tuple[str, ...]
    opps_excluded_states: tuple[str, ...]
    opps_text_from: date
    hospital_outpatient: tuple[str, ...]
    hospital_other: tuple[str, ...]
    surgical_center: tuple[str, ...]
    coinsurance_percent: Decimal
    deductible: dict[int, Decimal]
    sequestration: tuple[tuple[date, Decimal], ...]
    other_contracts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PolicySet:
    """Everything the rules may ask: articles, codes, drugs, law, thresholds and the readings chosen.

    Each revision of an article is an entry of its own in ``articles``, the newest first. A policy is equal
    only to itself, so that what is made of it may be cached by it.
    """

    articles: tuple[Article, ...]
    codes: dict[str, Code]
    drugs: Drugs
    medicare: Medicare
    thresholds: dict[str, Decimal]
    chosen: dict[str, str] = field(default_factory=dict)

    @property
    def chart(self) -> ChartDefinition:
        """The chart of the first article."""
        return self.articles[0].chart

    @cached_property
    def spans(self) -> tuple[tuple[date, date], ...]:
        """First and last day on which the facts of each article hold; the last before the first where on
        none.

        Of two revisions of an article the later, which stands before the other, takes over on its first day.
        """
        spans = []
        taken: dict[str, date] = {}
        for one in self.articles:
            last = min(one.ending or NATIONAL_DATES[1], one.retired or NATIONAL_DATES[1])
            if one.id in taken:
                last = min(last, taken[one.id] - timedelta(days=1))
            taken[one.id] = min(one.effective, taken.get(one.id, one.effective))
            spans.append((one.effective, last))
        return tuple(spans)

    def article(self, article_id: str) -> Article:
        """The newest revision of an article; raises InputError, naming the nearest, when there is none."""
        found = next((one for one in self.articles if one.id == article_id), None)
        if found is None:
            known = dict.fromkeys(one.id for one in self.articles)
            raise InputError(f"there is no article {article_id} here{nearest(article_id, known)}")
        return found

    def on(self, day: date) -> tuple[Article, ...]:
        """Of each article the revision that is in force on that day."""
        return tuple(
            article
            for article, (first, last) in zip(self.articles, self.spans, strict=True)
            if first <= day <= last
        )

    def of_day(self, article_id: str, day: date) -> Article:
        """The revision of an article that is in force on that day; its newest where none is."""
        found = (one for one in self.on(day) if one.id == article_id)
        return next(found, self.article(article_id))

    def in_force(self, contractor: str, day: date) -> Article | None:
        """The article that holds for the contract number on that day, or null."""
        return next((one for one in self.on(day) if one.contract(contractor) is not None), None)

    def reading(self, name: str) -> str:
        """The choice that holds for the reading ``name``; unknown names raise KeyError."""
        return self.chosen[name]

    @property
    def trial_codes(self) -> frozenset[str]:
        """Codes of a catheter trial (C12): all, or those the article lists and their forerunners."""
        trials = {code.code for code in self.codes.values() if code.roles & Role.TRIAL}
        if self.reading("trial-catheter") == "listed-codes-only":
            listed = self.articles[0].listed
            return frozenset(
                code
                for code in trials
                if code in listed or listed & set(self.codes[code].replaced_by)
            )
        return frozenset(trials)


def _read_only(known: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(known)


# A policy goes to other processes and machines whole; a view of a dictionary cannot, until it is told how.
copyreg.pickle(MappingProxyType, lambda view: (_read_only, (dict(view),)))
