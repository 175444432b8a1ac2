"""What a published article says, as facts that keep the place they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

DRAFT = "D"
"""Before the id of an article whose text is a draft."""
FEE, CONTRACT, CODES, DATE, REVISION, DOCUMENT = (
    "fee", "contract", "code list", "date", "revision", "document",
)  # fmt: skip
"""What a problem is about."""


@dataclass(frozen=True)
class Line:
    """One line of text, or one row of a table with its cells parted by tabs, and where it stood."""

    text: str
    place: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of a row; one for plain text."""
        return tuple(" ".join(cell.split()) for cell in self.text.split("\t"))

    @property
    def plain(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())


@dataclass(frozen=True)
class Found:
    """One value and its place: a page and line, an element, or a table's row."""

    value: str
    place: str


@dataclass(frozen=True)
class Problem(Found):
    """What could not be understood, where, and what it is about."""

    about: str


@dataclass(frozen=True)
class Prose:
    """A line of the text that people read, tables left out, and the section in which it stands."""

    section: str
    text: str
    place: str


@dataclass(frozen=True)
class Contractor:
    """One contract: the contractor's name, its number, kind (A or B; null for others), states it serves.

    ``states`` is empty where they are not known; ``jurisdiction`` is null where the form does not tell it.
    """

    name: str
    number: str
    kind: str | None
    jurisdiction: str | None
    states: tuple[str, ...]
    region: str | None
    place: str


@dataclass(frozen=True)
class PublishedFee:
    """One fee: the drug as it is written, dollars per unit (mcg, mg or refill).

    ``drug`` is our id of it; null for the compounding fee, and for a drug that we do not know (then
    ``unknown`` is true). ``written`` is the unit as it is written (refill, cartridge).
    """

    name: str
    drug: str | None
    fee: Decimal
    per: str
    place: str
    written: str
    unknown: bool = False


@dataclass(frozen=True)
class CodeGroup:
    """A group of codes. A descriptor is kept only with a licence."""

    number: int
    codes: tuple[Found, ...]
    descriptors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishedRevision:
    """One row of the revision history."""

    number: str
    effective: date
    explanation: str
    place: str


@dataclass(frozen=True)
class Head:
    """What an article says of itself; what it does not say is null or empty.

    ``places`` tells where each was read, by the names of these fields.
    """

    id: str
    title: str
    type: str
    original_effective: date
    revision_effective: date | None = None
    revision_ending: date | None = None
    retired: date | None = None
    version: str | None = None
    places: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """One article as published. ``compounding`` is the fee for compounding wherever a row or a sentence
    names it; ``prose`` is its text in order, section by section, tables left out; ``problems`` is what
    could not be understood. Codes stand in their normal forms (``policy.code_lists``).
    """

    source: str
    head: Head
    contractors: tuple[Contractor, ...]
    prose: tuple[Prose, ...]
    fees: tuple[PublishedFee, ...]
    compounding: tuple[PublishedFee, ...]
    groups: tuple[CodeGroup, ...]
    modifiers: tuple[Found, ...]
    diagnoses_covered: tuple[Found, ...]
    diagnoses_not_covered: tuple[Found, ...]
    bill_types: tuple[Found, ...]
    revenue_codes: tuple[Found, ...]
    revisions: tuple[PublishedRevision, ...]
    related: tuple[Found, ...]
    keywords: tuple[Found, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def id(self) -> str:
        """The id of the article, of a draft that of the article it would change."""
        return self.head.id.removeprefix(DRAFT)

    @property
    def is_draft(self) -> bool:
        """Whether the text is a draft."""
        return self.head.id.startswith(DRAFT)

    @property
    def revision(self) -> str:
        """The number of the newest revision; R0 where the history is empty."""
        numbers = [int(one.number[1:]) for one in self.revisions]
        return f"R{max(numbers, default=0)}"

    @property
    def effective(self) -> date:
        """The day from which this revision holds."""
        return self.head.revision_effective or self.head.original_effective

    @property
    def codes(self) -> tuple[Found, ...]:
        """Every code of every group, each once, in order."""
        seen: dict[str, Found] = {}
        for group in self.groups:
            for one in group.codes:
                seen.setdefault(one.value, one)
        return tuple(seen.values())

    @property
    def issuer(self) -> str:
        """The contractors by name, each once."""
        return ", ".join(dict.fromkeys(one.name for one in self.contractors if one.name))

    @property
    def jurisdiction(self) -> str | None:
        """The jurisdictions of the contracts; null where the form does not tell them."""
        told = [one.jurisdiction for one in self.contractors if one.jurisdiction is not None]
        return " ".join(dict.fromkeys(told)) or None

    @property
    def is_about_pumps(self) -> bool:
        """Whether the article lists a code by which a pump is put in, refilled or managed, and has fees."""
        from pumpclaim.policy import load  # noqa: PLC0415  (no adopted folder is needed to read an article)

        known = load().codes
        roles = Role.MANAGEMENT | Role.DEVICE_IMPLANT
        listed = any(one.value in known and known[one.value].roles & roles for one in self.codes)
        return listed and bool(self.fees)
