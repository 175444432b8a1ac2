"""Which claim, service line and hierarchical level each segment of an 837 belongs to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pumpclaim.readers.x12_segments import (
    ENVELOPE,
    KIND,
    Bools,
    Bytes,
    Ints,
    Segments,
    filled,
    first_of_each,
    last_before,
    owner,
    packed,
)

if TYPE_CHECKING:
    from pumpclaim.readers.x12_envelope import Transaction

OUTSIDE, LEVEL, CLAIM, OTHER_PAYER, LINE = range(5)
"""Zones: header and envelope, after HL, after CLM, after an SBR within the claim, after LX."""

_BILLING, _SUBSCRIBER, _DEPENDENT = packed("20"), packed("22"), packed("23")
_ANSWERABLE = [packed(code) for code in ("85", "IL", "QC")]


_HEAD, _WITHIN = 1, 2
_MARK = np.zeros(len(KIND), np.int8)
_MARK[[*ENVELOPE, KIND["HL"], KIND["CLM"]]] = _HEAD
_MARK[[KIND["LX"], KIND["SV1"], KIND["SV2"], KIND["SV3"], KIND["SBR"]]] = _WITHIN
_ZONE = np.zeros(len(KIND), np.int8)
_ZONE[KIND["HL"]], _ZONE[KIND["CLM"]] = LEVEL, CLAIM
_SERVICE = np.zeros(len(KIND), bool)
_SERVICE[[KIND["SV1"], KIND["SV2"], KIND["SV3"]]] = True


def _carried(values: NDArray[np.int8], settled: Bools) -> NDArray[np.int8]:
    """Each value where it is settled, elsewhere the last settled one before it; else 0."""
    place = np.maximum.accumulate(np.where(settled, np.arange(values.size), -1))
    return np.where(place >= 0, values[place], 0).astype(np.int8)


def _opens_line(of: Bytes, is_service: Bools, is_subscriber: Bools) -> Bools:
    """LX opens a service line, and so does an SV1 or SV2 that has no LX of its own."""
    opens = of == KIND["LX"]
    known = np.flatnonzero(~is_subscriber)
    before = np.zeros(known.size, np.uint8)
    before[1:] = of[known[:-1]]
    opens[known] |= is_service[known] & (before != KIND["LX"])
    found: Bools = opens
    return found


class Loops:
    """The claims and service lines of the believed transactions, and who is who around them.

    ``claims`` are places of CLM segments, ``lines`` of the segments that open a service line: LX, or
    an SV1 or SV2 that has no LX of its own.
    """

    def __init__(self, segments: Segments, transactions: list[Transaction]) -> None:
        self.segments = segments
        kind = segments.kind
        size = len(segments)
        self.starts = np.array([one.first for one in transactions], np.int64)
        ends = np.array([one.last + 1 for one in transactions], np.int64)
        edge = np.zeros(size + 1, np.int8)
        edge[self.starts] = 1
        edge[ends] -= 1
        self.believed: Bools = np.cumsum(edge[:size], dtype=np.int8).astype(bool)

        marks = np.flatnonzero(_MARK[kind])
        of = kind[marks]
        is_head = _MARK[of] == _HEAD
        base = _carried(_ZONE[of], is_head)
        is_service, is_subscriber = _SERVICE[of], of == KIND["SBR"]
        opens = _opens_line(of, is_service, is_subscriber) & (base == CLAIM)
        plain = np.where(is_head, base, LINE).astype(np.int8)
        other_payer = is_subscriber & (_carried(plain, is_head | opens) == CLAIM)
        plain[other_payer] = OTHER_PAYER
        settled = is_head | opens | other_payer
        self.zone: NDArray[np.int8] = filled(size, marks[settled], plain[settled])
        self.zone[~self.believed] = OUTSIDE
        self.marks: Ints = marks[settled]
        believed = self.believed[marks]
        self.orphans: Ints = marks[is_service & (base != CLAIM) & believed]
        self.claims: Ints = marks[(of == KIND["CLM"]) & believed]
        self.lines: Ints = marks[opens & believed]
        self.claim_of_line: Ints = owner(self.claims, self.lines)
        self.count = self.claims.size
        self.line_count = self.lines.size
        self._find_levels()

    def _find_levels(self) -> None:
        """For each claim the HL segments above it, by HL03; -1 where there is none."""
        self.transaction: Ints = owner(self.starts, self.claims)
        begin = self.starts[self.transaction]
        levels = self.rows("HL")
        level = self.segments.code(levels, 3)
        self.level = last_before(levels, self.claims, begin)
        self.billing_level = last_before(levels[level == _BILLING], self.claims, begin)
        since = np.maximum(self.billing_level, begin)
        self.subscriber_level = last_before(levels[level == _SUBSCRIBER], self.claims, since)
        since = np.maximum(self.subscriber_level, since)
        self.dependent_level = last_before(levels[level == _DEPENDENT], self.claims, since)
        known = (level == _BILLING) | (level == _SUBSCRIBER) | (level == _DEPENDENT)
        self.unknown_level = last_before(levels[~known], self.claims, begin)
        self.unknown_level[self.unknown_level < self.level] = -1

    @cached_property
    def names(self) -> tuple[Ints, Ints]:
        """Places of the NM1 segments of believed transactions, and their NM101."""
        rows = self.rows("NM1")
        return rows, self.segments.code(rows, 1)

    def rows(self, kind: str) -> Ints:
        """Places of the segments of one kind within believed transactions."""
        rows = self.segments.of(kind)
        mine: Ints = rows[self.believed[rows]]
        return mine

    def named(self, code: str, zone: int) -> Ints:
        """Places of NM1 segments by NM101, in one zone."""
        rows, codes = self.names
        found: Ints = rows[(codes == packed(code)) & (self.zone[rows] == zone)]
        return found

    def last_named(self, code: str, since: Ints) -> Ints:
        """For each claim the last such NM1 among the levels above it; -1 where there is none."""
        return last_before(self.named(code, LEVEL), self.claims, since)

    def first_in_claim(self, rows: Ints) -> Ints:
        """For each claim the first of ``rows`` that it owns; -1 where it has none."""
        return first_of_each(owner(self.claims, rows), rows, self.count)

    def first_in_line(self, rows: Ints) -> Ints:
        """For each service line the first of ``rows`` that it owns; -1 where it has none."""
        return first_of_each(owner(self.lines, rows), rows, self.line_count)

    def in_claim(self, kind: str) -> Ints:
        """Segments of one kind that speak of a whole claim."""
        rows = self.segments.of(kind)
        zone = self.zone[rows]
        mine: Ints = rows[(zone == CLAIM) | (zone == OTHER_PAYER)]
        return mine

    def in_line(self, kind: str) -> Ints:
        """Segments of one kind that speak of a service line."""
        rows = self.segments.of(kind)
        mine: Ints = rows[self.zone[rows] == LINE]
        return mine

    @cached_property
    def _addresses(self) -> tuple[Ints, Ints]:
        """N4 segments, first of each name, and the NM1 they belong to."""
        names, _ = self.names
        rows = self.rows("N4")
        opens = np.zeros(len(self.segments), bool)
        opens[names] = opens[self.marks] = True
        openers = np.flatnonzero(opens)
        if not openers.size or not rows.size:
            return rows[:0], rows[:0]
        opener = openers[np.maximum(owner(openers, rows), 0)]
        belongs = self.segments.kind[opener] == KIND["NM1"]
        rows, opener = rows[belongs], opener[belongs]
        fresh = np.ones(opener.size, bool)
        fresh[1:] = opener[1:] != opener[:-1]
        return rows[fresh], opener[fresh]

    def address(self, names: Ints) -> Ints:
        """For each NM1 its N4; -1 where it has none."""
        rows, opener = self._addresses
        if not rows.size:
            return np.full(names.size, -1, np.int64)
        place = np.minimum(np.searchsorted(opener, names), opener.size - 1)
        return np.where((names >= 0) & (opener[place] == names), rows[place], -1)

    @cached_property
    def displaced(self) -> Ints:
        """Segments of a level (subscriber, provider, patient) that stand among service lines.

        They show that an HL is missing, so the claims after them have no known patient or provider.
        """
        subscribers = self.in_line("SBR")
        names, codes = self.names
        among = names[(self.zone[names] == LINE) & np.isin(codes, _ANSWERABLE)]
        both: Ints = np.union1d(subscribers, among)
        return both

    @cached_property
    def empty_claims(self) -> Bools:
        """Claims without any service line."""
        counts = np.bincount(self.claim_of_line, minlength=self.count)
        empty: Bools = counts == 0
        return empty
