"""An X12 file as columns: where each segment, element and component begins and ends.

Nothing is copied: a value is a pair of byte positions (`Spans`) until the last step, which turns
all spans of a table into strings at once.
"""

from __future__ import annotations

from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pumpclaim.readers.x12_delimiters import Delimiters

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
A = TypeVar("A")
B = TypeVar("B")

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


def _slot(code: NDArray[np.uint32]) -> NDArray[np.uint32]:
    slot = (code & 63) | (code >> 2 & 0xFC0) | (code >> 4 & 0x3F000)
    return slot.astype(np.uint32, copy=False)


_CODES = np.array([packed(name) for name in KINDS], np.uint32)
_PLACES = np.zeros(1 << 18, np.uint8)
_PLACES[_slot(_CODES)] = np.arange(len(KINDS))
_MASKS = np.array([0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF], np.uint32)
_MASKS_8 = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
_CASE = np.uint64(0x4040404040404040)
_ROOM = 24
_NOTHING = pl.Series([None], dtype=pl.String)
FEW = 2_000
"""Below so many values Python's own loop is quicker than starting a query."""


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

    def divided(self, sizes: list[int]) -> list[Spans]:
        """These values as consecutive columns of the given sizes."""
        ends = [0, *accumulate(sizes)]
        return [Spans(self.start[a:b], self.end[a:b]) for a, b in pairwise(ends)]


class Segments:
    """All segments of one file, in order; empty ones are left out.

    ``kind`` is a place in `KINDS`; ``start`` and ``end`` are the segment's first byte and its
    terminator; ``first`` and ``last`` the places in ``bounds`` of the delimiter after the id and of
    the terminator; ``separators`` are the places of component separators in the file, ``controls``
    those of control characters. ``bytes`` has room behind it, so that any value may be read eight
    bytes wide.
    """

    def __init__(
        self,
        data: bytes,
        *,
        bounds: Ints,
        last: Ints,
        start: Ints,
        separators: Ints,
        controls: Ints,
        regions: list[tuple[int, Delimiters]],
    ) -> None:
        self.data = data
        self.controls = controls
        self.bounds = bounds
        self.separators = separators
        self.regions = regions
        padded = data + bytes(_ROOM)
        self.bytes: Bytes = np.frombuffer(padded, np.uint8)
        self.fours: NDArray[np.uint32] = np.ndarray(
            len(data) + _ROOM - 4, "<u4", buffer=padded, strides=(1,)
        )
        self.eights: NDArray[np.uint64] = np.ndarray(
            len(data) + _ROOM - 8, "<u8", buffer=padded, strides=(1,)
        )
        end = bounds[last]
        first = np.empty_like(last)
        first[1:] = last[:-1] + 1
        first[:1] = 0
        start = self._without_leading_space(start, end)
        full = start < end
        if not full.all():
            start, first, last, end = start[full], first[full], last[full], end[full]
        self.start, self.first, self.last, self.end = start, first, last, end
        size = bounds[first] - start
        code = self.fours[start] & _MASKS[np.minimum(size, 4)]
        kind = _PLACES[_slot(code)]
        kind[(_CODES[kind] != code) | (size > 3)] = 0
        self.kind: Bytes = kind

    def __len__(self) -> int:
        return self.start.size

    def _without_leading_space(self, start: Ints, end: Ints) -> Ints:
        while True:
            space = _SPACE[self.bytes[start]] & (start < end)
            if not space.any():
                return start
            start = start + space

    def of(self, kind: str) -> Ints:
        """Places of all segments of this kind."""
        return np.flatnonzero(self.kind == KIND[kind])

    def element(self, rows: Ints, number: int | Ints) -> Spans:
        """Element ``number`` (from 1) of the segments ``rows``; absent where a row is negative."""
        place = self.first[rows] + number
        return self._between(
            (place <= self.last[rows]) & (rows >= 0),
            lambda live: (self.bounds[place[live] - 1] + 1, self.bounds[place[live]]),
        )

    def run_of_elements(self, rows: Ints, begin: int, end: int) -> Spans:
        """Elements ``begin`` to ``end`` as one value with the separators between them; as `element`."""
        head, last = self.first[rows], self.last[rows]
        place, to = head + begin, np.minimum(head + end, last)
        return self._between(
            (place <= last) & (rows >= 0),
            lambda live: (self.bounds[place[live] - 1] + 1, self.bounds[to[live]]),
        )

    def elements_of(self, *wanted: tuple[Ints, int | Ints]) -> list[Spans]:
        """Several elements of as many rows each, in one pass; each as `element` gives it.

        Row by row, because the segments of one claim lie side by side in memory.
        """
        size = wanted[0][0].size
        there = [place for place, (one, _) in enumerate(wanted) if one.max(initial=-1) >= 0]
        rows = np.empty((size, len(there)), np.int64)
        number = np.empty((size, len(there)), np.int64)
        for column, place in enumerate(there):
            rows[:, column], number[:, column] = wanted[place]
        live = self.element(rows.ravel(), number.ravel())
        start = np.ascontiguousarray(live.start.reshape(rows.shape).T)
        end = np.ascontiguousarray(live.end.reshape(rows.shape).T)
        found = [absent(size)] * len(wanted)
        for column, place in enumerate(there):
            found[place] = Spans(start[column], end[column])
        return found

    def _between(self, there: Bools, bounds: Callable[[Ints], tuple[Ints, Ints]]) -> Spans:
        """Values without blanks at either end, zero where not ``there``."""
        live = np.flatnonzero(there)
        start, end = self._trimmed(*bounds(live))
        if live.size == there.size:
            return Spans(start, end)
        starts, ends = np.zeros(there.size, np.int64), np.zeros(there.size, np.int64)
        starts[live], ends[live] = start, end
        return Spans(starts, ends)

    def _trimmed(self, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        while (blank := (self.bytes[end - 1] == BLANK) & (start < end)).any():
            end = end - blank
        while (blank := (self.bytes[start] == BLANK) & (start < end)).any():
            start = start + blank
        return start, end

    def code(self, rows: Ints, number: int) -> Ints:
        """Element ``number`` as a number (`packed`) to compare; 0 absent, -1 over four bytes."""
        return self.codes(self.element(rows, number))

    def codes(self, spans: Spans) -> Ints:
        """Values as numbers (`packed`) to compare; 0 absent, -1 over four bytes."""
        size = spans.size
        code = (self.fours[spans.start] & _MASKS[np.minimum(size, 4)]).astype(np.int64)
        code[size > 4] = -1
        return code

    def parts(self, spans: Spans) -> Composite:
        """Composite elements, ready to be taken apart."""
        return Composite(self, spans)

    def any_lower(self, spans: Spans) -> bool:
        """Whether one of the first eight bytes of any value is a small letter."""
        spans = spans[spans.size > 0]
        value = self.eights[spans.start] & _MASKS_8[np.minimum(spans.size, 8)]
        return bool((value & (value << np.uint64(1)) & _CASE).any())

    @cached_property
    def _region_starts(self) -> list[int]:
        return [begin for begin, _ in self.regions]

    def delimiters(self, row: int) -> Delimiters:
        """The delimiters in force at a segment."""
        if len(self.regions) == 1:
            return self.regions[0][1]
        return self.regions[bisect_right(self._region_starts, int(self.start[row])) - 1][1]

    def elements(self, row: int) -> list[str]:
        """The elements of one segment, its id first, without blanks around them."""
        text = self.data[self.start[row] : self.end[row]].decode("utf-8", "replace")
        return [part.strip(" ") for part in text.split(chr(self.delimiters(row).element))]

    @cached_property
    def _whole(self) -> pl.Expr:
        return pl.lit(pl.Series([self.data], dtype=pl.Binary))

    def strings(self, spans: dict[str, Spans]) -> dict[str, pl.Series]:
        """Values as columns of strings; empty ones null. One pass for all columns."""
        found: dict[str, pl.Series] = {}
        long: dict[str, Spans] = {}
        places: dict[str, Ints] = {}
        for name, column in spans.items():
            size = column.start.size
            if not column.end.any():
                found[name] = empty_column(size)
            elif size < FEW:
                long[name] = column
            elif column.size.max() <= 2:
                found[name] = self._short(column)
            else:
                fresh = np.ones(size, bool)
                np.not_equal(column.start[1:], column.start[:-1], out=fresh[1:])
                if np.count_nonzero(fresh) < size // 2:
                    places[name] = np.cumsum(fresh) - 1
                    long[name] = column[fresh]
                else:
                    long[name] = column
        if long:
            text, begin = self._text(joined(list(long.values()))), 0
            for name, column in long.items():
                found[name] = text.slice(begin, column.start.size)
                begin += column.start.size
        for name, place in places.items():
            found[name] = found[name].gather(place)
        return found

    def _short(self, spans: Spans) -> pl.Series:
        """Codes of one or two bytes: each distinct one is made once."""
        code = self.fours[spans.start] & _MASKS[spans.size]
        distinct = np.flatnonzero(np.bincount(code, minlength=1))
        names = [int(one).to_bytes(2, "little").rstrip(b"\0").decode() or None for one in distinct]
        column = pl.Series(names, dtype=pl.String)
        if distinct.size == 1:
            return column.new_from_index(0, code.size)
        place = np.zeros(1 << 16, np.uint32)
        place[distinct] = np.arange(distinct.size)
        return column.gather(place[code])

    def _text(self, spans: Spans) -> pl.Series:
        if spans.start.size < FEW:
            data = self.data
            pairs = zip(spans.start.tolist(), spans.end.tolist(), strict=True)
            return pl.Series(
                [data[start:end].decode() if start < end else None for start, end in pairs],
                dtype=pl.String,
            )
        size = spans.size
        text = self._whole.bin.slice(pl.col("start"), pl.col("size"))
        if not size.all():
            text = pl.when(pl.col("size") > 0).then(text)
        frame = pl.DataFrame({"start": spans.start, "size": size})
        return frame.select(text.cast(pl.String)).to_series()


class Composite:
    """Composite elements and where their components lie."""

    def __init__(self, segments: Segments, spans: Spans) -> None:
        self.segments = segments
        self.spans = spans
        self.first = np.searchsorted(segments.separators, spans.start)
        self.count = np.searchsorted(segments.separators, spans.end) - self.first + 1
        self.count[spans.size == 0] = 0
        self.most = int(self.count.max(initial=0))

    def part(self, number: int) -> Spans:
        """Component ``number`` (from 1); absent where the composite is shorter."""
        whole, separators = self.spans, self.segments.separators
        if number > self.most:
            return absent(self.count.size)

        def bounds(live: Ints) -> tuple[Ints, Ints]:
            start, end = whole.start[live], whole.end[live]
            if number > 1:
                start = separators[self.first[live] + number - 2] + 1
            inner = np.flatnonzero(self.count[live] > number)
            end[inner] = separators[self.first[live[inner]] + number - 1]
            return start, end

        return self.segments._between(number <= self.count, bounds)

    def parts(self, *numbers: int) -> list[Spans]:
        """Several components, each as `part` gives it."""
        return [self.part(number) for number in numbers]


def absent(size: int) -> Spans:
    """Values none of which is there."""
    nothing = np.zeros(size, np.int64)
    return Spans(nothing, nothing)


def empty_column(size: int) -> pl.Series:
    """A column of strings without any value."""
    return _NOTHING.new_from_index(0, size)


def side_by_side(one: Callable[[], A], other: Callable[[], B], *, worthwhile: bool) -> tuple[A, B]:
    """The results of two independent calls, on two cores where that is worth it."""
    if not worthwhile:
        return one(), other()
    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(other)
        first = one()
        return first, later.result()


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
