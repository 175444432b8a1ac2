"""What a published article says, as facts that keep the place they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal


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
class Contractor:
    """One contract: the contractor's name, its number, kind (A or B; null for others), states it serves."""

    name: str
    number: str
    kind: str | None
    jurisdiction: str
    states: tuple[str, ...]
    region: str | None
    place: str


@dataclass(frozen=True)
class PublishedFee:
    """One fee: the drug as it is written, dollars as text of the document, its unit (mcg, mg or refill).

    ``drug`` is our id of it; null for the compounding fee, and for a drug that we do not know (then
    ``unknown`` is true).
    """

    name: str
    drug: str | None
    fee: Decimal
    per: str
    place: str
    unknown: bool = False


@dataclass(frozen=True)
class CodeGroup:
    """A group of codes with the paragraph above it. A descriptor is kept only with a licence."""

    number: int
    paragraph: str
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
class Published:
    """One article as published. Dates that it does not give are null; ``problems`` is what could not be
    understood, each with its place. ``paragraphs`` are the article's text in order, tables left out."""

    source: str
    id: str
    version: str | None
    title: str
    type: str
    original_effective: date
    revision_effective: date | None
    revision_ending: date | None
    retired: date | None
    contractors: tuple[Contractor, ...]
    paragraphs: tuple[Found, ...]
    fees: tuple[PublishedFee, ...]
    groups: tuple[CodeGroup, ...]
    modifiers: tuple[Found, ...]
    diagnoses_covered: tuple[Found, ...]
    diagnoses_not_covered: tuple[Found, ...]
    bill_types: tuple[Found, ...]
    revenue_codes: tuple[Found, ...]
    revisions: tuple[PublishedRevision, ...]
    related: tuple[Found, ...]
    keywords: tuple[Found, ...]
    problems: tuple[Found, ...] = ()

    @property
    def codes(self) -> tuple[Found, ...]:
        """Every code of every group, each once, in order."""
        seen: dict[str, Found] = {}
        for group in self.groups:
            for one in group.codes:
                seen.setdefault(one.value, one)
        return tuple(seen.values())

    @property
    def is_about_pumps(self) -> bool:
        """Whether the article lists a code by which a pump is put in, refilled or managed, and has fees."""
        from pumpclaim.policy import load  # noqa: PLC0415  (the policy is not needed to read an article)
        from pumpclaim.policy.model import Role  # noqa: PLC0415

        known = load().codes
        roles = Role.MANAGEMENT | Role.DEVICE_IMPLANT
        listed = any(one.value in known and known[one.value].roles & roles for one in self.codes)
        return listed and bool(self.fees)
