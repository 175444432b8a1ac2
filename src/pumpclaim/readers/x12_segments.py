"""An X12 file as columns: where each segment, element and component begins and ends.

Nothing is copied: a value is a pair of byte positions (`Spans`) until the last step, which turns all
spans of a table into strings at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.readers.x12_delimiters import Delimiters

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

KINDS = (
    "", "ISA", "GS", "ST", "SE", "GE", "IEA", "TA1", "HL", "CLM", "LX", "SV1", "SV2", "SV3", "SBR",
    "PAT", "NM1", "N4", "DMG", "REF", "DTP", "HI", "NTE", "LIN", "CTP",
)  # fmt: skip
"""The segments that are asked for; a segment's kind is its place here, 0 for every other."""

KIND = {name: place for place, name in enumerate(KINDS)}
ENVELOPE = tuple(KIND[name] for name in ("ISA", "GS", "ST", "SE", "GE", "IEA"))

BLANK, POINT, MINUS, ZERO, NINE = b" .-09"
_SPACE = np.zeros(256, bool)
_SPACE[list(b" \t\r\n")] = True


def packed(text: str) -> int:
    """A short code as one number, so that columns of codes compare as numbers."""
    return int.from_bytes(text.encode(), "little")


def _slot(code: Ints) -> Ints:
    return (code & 63) | (code >> 2 & 0xFC0) | (code >> 4 & 0x3F000)


_CODES = np.array([packed(name) for name in KINDS], np.int64)
_PLACES = np.zeros(1 << 18, np.uint8)
_PLACES[_slot(_CODES)] = np.arange(len(KINDS))


@dataclass(frozen=True)
class Spans:
    """Values as byte positions: ``start`` to ``end``, equal where the value is absent."""

    start: Ints
    end: Ints

    @property
    def size(self) -> Ints:
        """Bytes of each value."""
        return self.end - self.start

    def __getitem__(self, rows: Ints | Bools) -> Spans:
        return Spans(self.start[rows], self.end[rows])

    def where(self, condition: Bools, other: Spans) -> Spans:
        """These values where ``condition`` holds, ``other``'s elsewhere."""
        return Spans(
            np.where(condition, self.start, other.start), np.where(condition, self.end, other.end)
        )


class Segments:
    """All segments of one file, in order; empty ones are left out.

    ``kind`` is a place in `KINDS`; ``start`` the first byte of the segment's id; ``first`` and
    ``last`` the places in ``bounds`` of the delimiter after the id and of the terminator.
    """

    def __init__(
        self,
        data: bytes,
        bounds: Ints,
        last: Ints,
        start: Ints,
        separators: Ints,
        regions: list[tuple[int, Delimiters]],
    ) -> None:
        self.data = data
        self.bytes: Bytes = np.frombuffer(data, np.uint8)
        self.bounds = bounds
        self.separators = separators
        self.regions = regions
        end = bounds[last]
        first = np.empty_like(last)
        first[1:] = last[:-1] + 1
        first[:1] = 0
        self.raw_start = start
        start = self._without_leading_space(start, end)
        full = start < end
        if not full.all():
            start, first, last, end = start[full], first[full], last[full], end[full]
        self.start, self.first, self.last, self.end = start, first, last, end
        self.kind = self._kinds()

    def __len__(self) -> int:
        return self.start.size

    def _without_leading_space(self, start: Ints, end: Ints) -> Ints:
        while True:
            space = (start < end) & _SPACE[self.bytes[np.minimum(start, self.bytes.size - 1)]]
            if not space.any():
                return start
            start = start + space

    def _kinds(self) -> Bytes:
        size = self.bounds[self.first] - self.start
        code = self._pack(self.start, size, 3)
        kind = _PLACES[_slot(code)]
        return np.where(_CODES[kind] == code, kind, 0).astype(np.uint8)

    def _pack(self, start: Ints, size: Ints, most: int) -> Ints:
        """The values of up to ``most`` bytes as numbers; longer ones -1, absent ones 0."""
        code = np.zeros(start.size, np.int64)
        end = self.bytes.size - 1
        for place in range(most):
            byte = self.bytes[np.minimum(start + place, end)].astype(np.int64)
            code |= np.where(place < size, byte, 0) << (8 * place)
        code[size > most] = -1
        return code

    def of(self, kind: str) -> Ints:
        """Places of all segments of this kind."""
        return np.flatnonzero(self.kind == KIND[kind])

    def element(self, rows: Ints, number: int) -> Spans:
        """Element ``number`` (from 1) of the segments ``rows``; absent where the row is negative."""
        last = self.last[rows]
        place = self.first[rows] + number
        absent = (place > last) | (rows < 0)
        place = np.minimum(place, last)
        start = self.bounds[place - 1] + 1
        end = self.bounds[place]
        start[absent] = 0
        end[absent] = 0
        return self.trimmed(Spans(start, end))

    def trimmed(self, spans: Spans) -> Spans:
        """The values without blanks at either end."""
        start, end = spans.start, spans.end
        while True:
            blank = (start < end) & (self.bytes[end - 1] == BLANK)
            if not blank.any():
                break
            end = end - blank
        while True:
            blank = (start < end) & (self.bytes[np.minimum(start, self.bytes.size - 1)] == BLANK)
            if not blank.any():
                return Spans(start, end)
            start = start + blank

    def code(self, rows: Ints, number: int) -> Ints:
        """Element ``number`` as a number (`packed`), for comparing; 0 absent, -1 over four bytes."""
        return self.codes(self.element(rows, number))

    def codes(self, spans: Spans) -> Ints:
        """Values as numbers (`packed`), for comparing; 0 absent, -1 over four bytes."""
        return self._pack(spans.start, spans.size, 4)

    def parts(self, spans: Spans) -> Composite:
        """Composite elements, ready to be taken apart."""
        return Composite(self, spans)

    def any_lower(self, spans: Spans, most: int) -> bool:
        """Whether one of the first ``most`` bytes of any value is a small letter."""
        end = self.bytes.size - 1
        return any(
            bool(
                (
                    (place < spans.size) & (self.bytes[np.minimum(spans.start + place, end)] >= 97)
                ).any()
            )
            for place in range(most)
        )

    def delimiters(self, row: int) -> Delimiters:
        """The delimiters in force at a segment."""
        at = self.start[row]
        return next(d for begin, d in reversed(self.regions) if begin <= at)

    def text(self, row: int) -> str:
        """One segment, for looking at it closely."""
        return self.data[self.start[row] : self.end[row]].decode("utf-8", "replace")

    def elements(self, row: int) -> list[str]:
        """The elements of one segment, its id first, without trailing blanks."""
        places = range(self.first[row], self.last[row] + 1)
        ends = [int(self.bounds[place]) for place in places]
        starts = [int(self.start[row]), *(end + 1 for end in ends[:-1])]
        return [
            self.data[start:end].decode("utf-8", "replace").strip(" ")
            for start, end in zip(starts, ends, strict=True)
        ]

    def strings(self, spans: dict[str, Spans]) -> dict[str, pl.Series]:
        """Values as columns of strings; empty ones null. One pass for all columns."""
        sizes = [column.start.size for column in spans.values()]
        start = np.concatenate([column.start for column in spans.values()])
        size = np.concatenate([column.size for column in spans.values()])
        whole = pl.lit(pl.Series([self.data], dtype=pl.Binary))
        text = (
            pl.DataFrame({"start": start, "size": size})
            .select(
                pl.when(pl.col("size") > 0)
                .then(whole.bin.slice(pl.col("start"), pl.col("size")))
                .cast(pl.String)
            )
            .to_series()
        )
        ends = np.cumsum(sizes).tolist()
        return {
            name: text.slice(end - size, size).alias(name)
            for name, end, size in zip(spans, ends, sizes, strict=True)
        }


class Composite:
    """Composite elements and where their components lie."""

    def __init__(self, segments: Segments, spans: Spans) -> None:
        self.segments = segments
        self.spans = spans
        self.first = np.searchsorted(segments.separators, spans.start)
        self.count = np.searchsorted(segments.separators, spans.end) - self.first + 1
        self.count[spans.size == 0] = 0

    def part(self, number: int) -> Spans:
        """Component ``number`` (from 1); absent where the composite is shorter."""
        start, end = self.spans.start, self.spans.end
        separators = self.segments.separators
        if separators.size:
            most = separators.size - 1
            place = self.first + number - 2
            if number > 1:
                start = separators[np.clip(place, 0, most)] + 1
            end = np.where(number < self.count, separators[np.clip(place + 1, 0, most)], end)
        absent = number > self.count
        return self.segments.trimmed(Spans(np.where(absent, 0, start), np.where(absent, 0, end)))


def last_before(rows: Ints, at: Ints, since: Ints) -> Ints:
    """For each place ``at``, the last of ``rows`` before it and not before ``since``; else -1."""
    if not rows.size:
        return np.full(at.size, -1, np.int64)
    place = np.searchsorted(rows, at) - 1
    found = rows[np.maximum(place, 0)]
    return np.where((place >= 0) & (found >= since), found, -1)


def owner(heads: Ints, rows: Ints) -> Ints:
    """For each of ``rows`` the position of the last of ``heads`` at or before it; -1 if none."""
    return np.searchsorted(heads, rows, "right") - 1


def first_of_each(owners: Ints, rows: Ints, count: int) -> Ints:
    """For each of ``count`` owners the first of its ``rows``; -1 where it has none."""
    first = np.full(count, -1, np.int64)
    first[owners[::-1]] = rows[::-1]
    return first


def filled(size: int, at: Ints, values: NDArray[np.int8]) -> NDArray[np.int8]:
    """A column that takes each of ``values`` at its place and keeps it until the next; 0 before."""
    edges = np.concatenate([[0], at, [size]])
    return np.repeat(np.concatenate([np.zeros(1, np.int8), values]), np.diff(edges))


def joined(spans: Sequence[Spans]) -> Spans:
    """Several columns of values, one after the other."""
    return Spans(
        np.concatenate([one.start for one in spans]), np.concatenate([one.end for one in spans])
    )
