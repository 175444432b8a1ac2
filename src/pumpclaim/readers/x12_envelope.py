"""Interchanges, groups and transactions of an X12 file: which are whole, and which are refused.

A transaction is believed when it is an 837 of version 5010, opened by ST, closed by an SE with the
right count and control number, inside an interchange. A group or interchange that is not closed as
it should be is reported, its whole transactions are read all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.claim_set import Refusal
from pumpclaim.readers.x12_delimiters import isa_delimiters
from pumpclaim.readers.x12_segments import ENVELOPE, KIND, KINDS

if TYPE_CHECKING:
    from pumpclaim.readers.x12_segments import Segments

OTHER_KINDS = {
    "270": "a 270 eligibility inquiry",
    "271": "a 271 eligibility response",
    "275": "a 275 attachment",
    "276": "a 276 claim status request",
    "277": "a 277 claim status response or acknowledgment",
    "278": "a 278 authorization request",
    "820": "an 820 premium payment",
    "834": "an 834 enrollment file",
    "835": "an 835 remittance",
    "997": "a 997 acknowledgment",
    "999": "a 999 acknowledgment",
}
GUIDES = {"005010X222": False, "005010X223": True}
"""The implementation guides that are read, and whether each is institutional."""
_OTHER_GUIDES = {
    "005010X224": "a dental claim (837D)",
    "005010X298": "post-adjudicated professional data",
    "005010X299": "post-adjudicated institutional data",
    "005010X300": "post-adjudicated dental data",
}


@dataclass
class Transaction:
    """One ST to its SE, or to where it breaks off.

    ``first`` and ``last`` are places of segments, ``institutional`` is null where the version does
    not say it, ``reason`` says why the transaction is refused.
    """

    first: int
    control: str
    kind: str
    version: str
    last: int = -1
    institutional: bool | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        """The transaction as a biller finds it in the file."""
        return f"transaction {shortened(self.control)}" if self.control else "the transaction"


@dataclass
class Envelope:
    """What the walk over the envelope segments found."""

    transactions: list[Transaction] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    strays: list[tuple[int, int]] = field(default_factory=list)


def shortened(text: str, most: int = 24) -> str:
    """A value for a message: never more than the element, and not all of a long one."""
    clean = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def segment_name(segments: Segments, row: int) -> str:
    """A segment's id for a message."""
    return shortened(segments.elements(row)[0], 8)


class _Walk:
    """One pass over the ISA, GS, ST, SE, GE and IEA segments."""

    def __init__(self, segments: Segments, source: str) -> None:
        self.segments = segments
        self.source = source
        self.found = Envelope()
        self.isa: tuple[int, str] | None = None
        self.isa_usable = True
        self.groups = 0
        self.gs: tuple[int, str, str] | None = None
        self.count = 0
        self.open: Transaction | None = None

    def refuse(self, row: int | None, reason: str) -> None:
        """Record a part that cannot be used."""
        place = None if row is None else row + 1
        self.found.refused.append(Refusal(self.source, place, reason))

    def run(self) -> Envelope:
        """Walk, and say what was still open at the end."""
        segments = self.segments
        steps = {
            KIND["ISA"]: self.on_isa, KIND["GS"]: self.on_gs, KIND["ST"]: self.on_st,
            KIND["SE"]: self.on_se, KIND["GE"]: self.on_ge, KIND["IEA"]: self.on_iea,
        }  # fmt: skip
        rows = np.flatnonzero((segments.kind > 0) & (segments.kind <= max(ENVELOPE)))
        for row, kind in zip(rows.tolist(), segments.kind[rows].tolist(), strict=True):
            steps[kind](row, [*segments.elements(row), *[""] * 16])
        self.on_end()
        self.found.strays = self.strays(rows.tolist())
        return self.found

    def on_isa(self, row: int, parts: list[str]) -> None:
        """ISA13 is the interchange's control number."""
        self.break_off(row, "a new ISA")
        self.drop_group(row)
        if self.isa:
            self.refuse(
                row,
                f"the interchange {shortened(self.isa[1])} (ISA at segment {self.isa[0] + 1}) has "
                "no IEA before this ISA; have the sender write one IEA for each ISA",
            )
        self.isa, self.groups = (row, parts[13]), 0
        begin = int(self.segments.start[row])
        self.isa_usable = isa_delimiters(self.segments.data, begin) == self.segments.delimiters(row)
        if not self.isa_usable:
            self.refuse(
                row,
                "this ISA is damaged: its delimiters cannot be told, so its interchange is not "
                "read; have it written again",
            )

    def on_gs(self, row: int, parts: list[str]) -> None:
        """GS06 is the group's control number, GS08 its version."""
        self.break_off(row, "a new GS")
        self.drop_group(row)
        if not self.isa:
            self.refuse(row, "this GS belongs to no interchange: the ISA before it is missing")
        self.gs, self.count = (row, parts[6], parts[8]), 0
        self.groups += 1

    def on_st(self, row: int, parts: list[str]) -> None:
        """ST01 is the transaction's kind, ST02 its control number, ST03 its version."""
        self.break_off(row, "a new ST")
        version = self.gs[2] if self.gs else ""
        self.open = Transaction(row, parts[2], parts[1], parts[3] or version)
        self.found.transactions.append(self.open)
        self.count += 1
        if not self.isa:
            self.open.reason = "it stands outside any interchange (no ISA before it)"
        elif not self.isa_usable:
            self.open.reason = "its interchange's ISA is damaged"
        elif not self.gs:
            self.refuse(
                row,
                f"{self.open.name} stands outside any group: the GS is missing; it is read by its"
                " own ST and SE",
            )
        elif parts[3] and version and parts[3][:10] != version[:10]:
            self.open.reason = (
                f"GS08 says {shortened(version)} and ST03 says {shortened(parts[3])}; "
                "both must name the same guide"
            )

    def on_se(self, row: int, parts: list[str]) -> None:
        """SE01 counts the segments from ST to SE, SE02 repeats ST02."""
        one, self.open = self.open, None
        if one is None:
            self.refuse(row, "this SE closes no transaction: the ST before it is missing")
            return
        one.last = row
        count = row - one.first + 1
        if one.reason:
            pass
        elif parts[2] != one.control:
            one.reason = (
                f'SE02 is "{shortened(parts[2])}" and ST02 (segment {one.first + 1}) is '
                f'"{shortened(one.control)}"; they must be the same, so a part may be missing, write it anew'
            )
        elif not parts[1].isdecimal() or int(parts[1][:18]) != count:
            one.reason = (
                f'SE01 says "{shortened(parts[1])}" segments and there are {count} '
                f"(segments {one.first + 1} to {row + 1}); a part may be missing, have the file written anew"
            )

    def on_ge(self, row: int, parts: list[str]) -> None:
        """GE01 counts the transactions, GE02 repeats GS06."""
        self.break_off(row, "GE")
        gs, self.gs = self.gs, None
        if gs is None:
            self.refuse(row, "this GE closes no group: the GS before it is missing")
            return
        if not _same_number(parts[1], str(self.count)):
            self.refuse(
                row,
                f'GE01 says "{shortened(parts[1])}" transactions and there are {self.count} since '
                f"the GS (segment {gs[0] + 1}); what is whole is read, but one may be missing; ask",
            )
        if not _same_number(parts[2], gs[1]):
            self.refuse(
                row,
                f'GE02 is "{shortened(parts[2])}" and GS06 (segment {gs[0] + 1}) is '
                f'"{shortened(gs[1])}"; what is whole is read, but a part may be missing; ask the sender',
            )

    def on_iea(self, row: int, parts: list[str]) -> None:
        """IEA01 counts the groups, IEA02 repeats ISA13."""
        self.break_off(row, "IEA")
        self.drop_group(row)
        isa, self.isa = self.isa, None
        if isa is None:
            self.refuse(row, "this IEA closes no interchange: the ISA before it is missing")
            return
        if not _same_number(parts[1], str(self.groups)):
            self.refuse(
                row,
                f'IEA01 says "{shortened(parts[1])}" groups and there are {self.groups} since the '
                f"ISA (segment {isa[0] + 1}); what is whole is read, but one may be missing; ask the sender",
            )
        if not _same_number(parts[2], isa[1]):
            self.refuse(
                row,
                f'IEA02 is "{shortened(parts[2])}" and ISA13 (segment {isa[0] + 1}) is '
                f'"{shortened(isa[1])}"; what is whole is read, but a part may be missing; ask the sender',
            )

    def on_end(self) -> None:
        """Nothing may be open at the end of the file."""
        end = len(self.segments)
        name = segment_name(self.segments, end - 1)
        missing = [
            what
            for what, still in (("SE", self.open), ("GE", self.gs), ("IEA", self.isa))
            if still is not None
        ]
        if self.open is not None:
            self.open.last = end - 1
            self.open.reason = self.open.reason or (
                f"the file breaks off after segment {end} ({name}): {', '.join(missing)} missing; "
                "have the whole file sent again"
            )
        elif missing:
            self.refuse(
                end - 1,
                f"the file ends with {name}: {' and '.join(missing)} missing; what is whole is "
                "read, but a part may be missing; ask the sender",
            )

    def break_off(self, row: int, before: str) -> None:
        """An open transaction ends where another envelope segment stands."""
        one, self.open = self.open, None
        if one is not None:
            one.last = row - 1
            name = segment_name(self.segments, row - 1)
            one.reason = one.reason or (
                f"it has no SE before {before} (segment {row + 1}), its last segment is {row} "
                f"({name}); a part is missing, have it sent again"
            )

    def drop_group(self, row: int) -> None:
        """An open group ends where another group, or the interchange's end, stands."""
        gs, self.gs = self.gs, None
        if gs is not None:
            self.refuse(
                row,
                f"the group {shortened(gs[1])} (GS at segment {gs[0] + 1}) has no GE before this "
                f"{KINDS[self.segments.kind[row]]}; what is whole is read, but a part may be "
                "missing",
            )

    def strays(self, envelope: list[int]) -> list[tuple[int, int]]:
        """Runs of segments (first, last) that belong to no transaction."""
        within = {one.first: one.last for one in self.found.transactions}
        runs = []
        edges = [-1, *envelope, len(self.segments)]
        for left, right in pairwise(edges):
            if right - left > 1 and left not in within:
                rows = [r for r in range(left + 1, right) if self.segments.kind[r] != KIND["TA1"]]
                if rows:
                    runs.append((rows[0], rows[-1]))
        return runs


def _same_number(one: str, other: str) -> bool:
    """Control numbers of groups and interchanges are numbers: leading zeros mean nothing."""
    return one == other or (
        one.isdecimal() and other.isdecimal() and one.lstrip("0") == other.lstrip("0")
    )


def read_envelope(segments: Segments, source: str) -> Envelope:
    """Interchanges, groups and transactions of a file, each judged by its own envelope."""
    found = _Walk(segments, source).run()
    for one in found.transactions:
        _judge(one)
        if one.reason:
            found.refused.append(
                Refusal(source, one.first + 1, f"{one.name} is not read: {one.reason}")
            )
    for first, last in found.strays:
        span = f"segment {first + 1}" if first == last else f"segments {first + 1} to {last + 1}"
        found.refused.append(
            Refusal(
                source,
                first + 1,
                f"{span} ({segment_name(segments, first)}"
                + (f" to {segment_name(segments, last)}" if first != last else "")
                + ") stand outside any transaction and are not read; have the file written again",
            )
        )
    found.refused.sort(key=lambda refusal: refusal.segment or 0)
    return found


def _judge(one: Transaction) -> None:
    """Whether a transaction's kind and version are read here."""
    guide = one.version[:10]
    if one.kind != "837":
        what = OTHER_KINDS.get(one.kind, f'of the kind "{shortened(one.kind)}"')
        one.reason = f"it is {what}, not a claim"
    elif guide in _OTHER_GUIDES:
        one.reason = f"it is {_OTHER_GUIDES[guide]}; 837P and 837I are read"
    elif guide in GUIDES:
        one.institutional = GUIDES[guide]
    elif one.version and guide[:6] != "005010":
        one.reason = (
            f'it is of version "{shortened(one.version)}"; version 5010 is needed '
            "(005010X222 or 005010X223), have it written in that"
        )
