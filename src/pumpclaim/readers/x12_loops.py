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


class Loops:
    """The claims and service lines of the transactions that are believed, and who is who around them.

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

        heads = np.zeros(len(KIND), np.int8)
        heads[[*ENVELOPE, KIND["HL"], KIND["CLM"]]] = 1
        heads[[KIND["LX"], KIND["SV1"], KIND["SV2"], KIND["SV3"], KIND["SBR"]]] = 2
        marks = np.flatnonzero(heads[kind])
        of = kind[marks]
        is_head = heads[of] == 1
        zone_of = np.zeros(len(KIND), np.int8)
        zone_of[KIND["HL"]], zone_of[KIND["CLM"]] = LEVEL, CLAIM
        head_place = np.maximum.accumulate(np.where(is_head, np.arange(of.size), -1))
        base = np.where(head_place >= 0, zone_of[of[np.maximum(head_place, 0)]], OUTSIDE)

        is_service = (of == KIND["SV1"]) | (of == KIND["SV2"]) | (of == KIND["SV3"])
        is_subscriber = of == KIND["SBR"]
        known = np.flatnonzero(~is_subscriber)
        before = np.zeros(known.size, np.uint8)
        before[1:] = of[known[:-1]]
        opens = np.zeros(of.size, bool)
        opens[known] = (of[known] == KIND["LX"]) | (is_service[known] & (before != KIND["LX"]))
        opens &= base == CLAIM
        self.orphans: Ints = marks[is_service & (base != CLAIM) & self.believed[marks]]

        plain = np.where(is_head, base, LINE).astype(np.int8)
        settled = is_head | opens
        place = np.maximum.accumulate(np.where(settled, np.arange(of.size), -1))
        current = np.where(place >= 0, plain[np.maximum(place, 0)], OUTSIDE)
        other_payer = is_subscriber & (current == CLAIM)
        plain[other_payer] = OTHER_PAYER
        settled |= other_payer
        self.zone: NDArray[np.int8] = filled(size, marks[settled], plain[settled])
        self.zone[~self.believed] = OUTSIDE
        self.marks: Ints = marks[settled]

        self.claims: Ints = marks[(of == KIND["CLM"]) & self.believed[marks]]
        self.lines: Ints = marks[opens & self.believed[marks]]
        self.claim_of_line: Ints = owner(self.claims, self.lines)
        self.count = self.claims.size
        self.line_count = self.lines.size

        self.transaction: Ints = owner(self.starts, self.claims)
        begin = self.starts[self.transaction]
        levels = segments.of("HL")
        levels = levels[self.believed[levels]]
        level = segments.code(levels, 3)
        self.level = last_before(levels, self.claims, begin)
        self.billing_level = last_before(levels[level == _BILLING], self.claims, begin)
        since = np.maximum(self.billing_level, begin)
        self.subscriber_level = last_before(levels[level == _SUBSCRIBER], self.claims, since)
        since = np.maximum(self.subscriber_level, since)
        self.dependent_level = last_before(levels[level == _DEPENDENT], self.claims, since)
        known_level = np.isin(level, (_BILLING, _SUBSCRIBER, _DEPENDENT))
        self.unknown_level = last_before(levels[~known_level], self.claims, begin)
        self.unknown_level[self.unknown_level < self.level] = -1

    @cached_property
    def names(self) -> tuple[Ints, Ints]:
        """Places of the NM1 segments of believed transactions, and their NM101."""
        rows = self.rows("NM1")
        return rows, self.segments.code(rows, 1)

    def rows(self, kind: str) -> Ints:
        """Places of the segments of one kind within believed transactions."""
        rows = self.segments.of(kind)
        return rows[self.believed[rows]]

    def named(self, code: str, zone: int) -> Ints:
        """Places of NM1 segments by NM101, in one zone."""
        rows, codes = self.names
        return rows[(codes == packed(code)) & (self.zone[rows] == zone)]

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
        return rows[(zone == CLAIM) | (zone == OTHER_PAYER)]

    def in_line(self, kind: str) -> Ints:
        """Segments of one kind that speak of a service line."""
        rows = self.segments.of(kind)
        return rows[self.zone[rows] == LINE]

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
        return np.union1d(subscribers, among)

    @cached_property
    def empty_claims(self) -> Bools:
        """Claims without any service line."""
        counts = np.bincount(self.claim_of_line, minlength=self.count)
        return counts == 0
