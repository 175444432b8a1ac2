"""Exact numbers and dates out of an X12 file's bytes, a column at a time. Never through a float."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pumpclaim.readers.x12_segments import MINUS, POINT, ZERO, Segments, Spans, packed

if TYPE_CHECKING:
    from pumpclaim.readers.x12_segments import Bools, Ints

GOOD, ABSENT, NO_NUMBER, NEGATIVE, TOO_FINE, TOO_LARGE = range(6)
"""What can be said of a number (the order is that of `NUMBER_FAULTS`)."""
NO_FORMAT, NO_DATE, REVERSED = 2, 3, 4
"""What else can be said of a date."""

FEW = 64
"""Numbers that are read one by one sooner than a column at a time."""
_VECTOR_DIGITS = 18
_NUMBER = re.compile(rb"(\d*)(?:\.(\d*))?")
_D8, _RD8, _DT, _DTS = (packed(code) for code in ("D8", "RD8", "DT", "DTS"))
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_MONTHS = (
    np.arange(f"{_FIRST_YEAR}-01", f"{_LAST_YEAR + 1}-02", dtype="datetime64[M]")
    .astype("datetime64[D]")
    .astype(np.int64)
)
_ZEROS, _SIX, _NIBBLES = (np.uint64(0x0101010101010101 * byte) for byte in (0x30, 0x06, 0xF0))


def numbers(
    segments: Segments, spans: Spans, places: int | Ints, most: int | Ints
) -> tuple[Ints, NDArray[np.int8]]:
    """Decimal numbers as whole ones, ``places`` decimals kept, and what is to be said of each.

    Values: int64, the number times 10 to the power of ``places``; 0 unless `GOOD`. A number is
    `TOO_FINE` when it has digits other than zero beyond ``places``, `TOO_LARGE` above ``most``.
    """
    size = spans.size
    state = np.where(size > 0, GOOD, ABSENT).astype(np.int8)
    widest = int(size.max(initial=0))
    if not widest:
        return np.zeros(size.size, np.int64), state
    negative = (segments.bytes[spans.start] == MINUS) & (size > 0)
    start = spans.start + negative
    size = size - negative
    value = np.zeros(size.size, np.int64)
    if size.size < FEW:
        alone = np.flatnonzero(state == GOOD)
    else:
        _by_column(segments, start, size, places, most, state=state, value=value)
        alone = np.flatnonzero(size > _VECTOR_DIGITS)
    if alone.size:
        kept, limit = np.broadcast_to(places, size.shape), np.broadcast_to(most, size.shape)
        for row in alone.tolist():
            text = segments.data[start[row] : start[row] + size[row]]
            value[row], state[row] = _number(text, int(kept[row]), int(limit[row]))
    state[(state != ABSENT) & (state != NO_NUMBER) & negative & (value != 0)] = NEGATIVE
    value[state != GOOD] = 0
    return value, state


def _by_column(
    segments: Segments,
    start: Ints,
    size: Ints,
    places: int | Ints,
    most: int | Ints,
    *,
    state: NDArray[np.int8],
    value: Ints,
) -> None:
    """Read all numbers at once, digit by digit, into ``value`` and ``state``."""
    widest = int(size.max(initial=0))
    whole = np.zeros(size.size, np.int64)
    decimals = np.zeros(size.size, np.int64)
    digits = np.zeros(size.size, np.int64)
    point = np.zeros(size.size, bool)
    clean = np.ones(size.size, bool)
    for place in range(min(widest, _VECTOR_DIGITS)):
        live = place < size
        byte = segments.bytes[start + place]
        digit = byte - np.uint8(ZERO)
        is_digit = live & (digit <= 9)
        is_point = live & (byte == POINT) & ~point
        clean &= ~live | is_digit | is_point
        whole = np.where(is_digit, whole * 10 + digit, whole)
        decimals += is_digit & point
        digits += is_digit
        point |= is_point
    state[(state == GOOD) & (~clean | (digits == 0))] = NO_NUMBER
    shift = places - decimals
    up = 10 ** np.maximum(shift, 0)
    down = 10 ** np.maximum(-shift, 0)
    state[(state == GOOD) & (whole % down != 0)] = TOO_FINE
    state[(state == GOOD) & (whole // down > most // up)] = TOO_LARGE
    value[:] = np.where(state == GOOD, whole // down * np.where(state == GOOD, up, 1), 0)


def _number(text: bytes, places: int, most: int) -> tuple[int, int]:
    found = _NUMBER.fullmatch(text) if len(text) <= 100 else None
    if not found or text in (b"", b"."):
        return 0, NO_NUMBER
    left, right = found[1].lstrip(b"0"), (found[2] or b"").rstrip(b"0")
    if len(right) > places:
        return 0, TOO_FINE
    value = int(left + right.ljust(places, b"0") or b"0")
    return (value, GOOD) if value <= most else (0, TOO_LARGE)


def dates(segments: Segments, kinds: Spans, spans: Spans) -> tuple[Ints, Ints, NDArray[np.int8]]:
    """First and last day (days since 1970) and what is to be said of each date or range.

    ``kinds`` holds the format qualifiers: D8 (CCYYMMDD), RD8 (two of them with a hyphen), DT and
    DTS (CCYYMMDD with a time of day, which is left out).
    """
    kind = segments.codes(kinds)
    size = spans.size
    state = np.where(size > 0, GOOD, ABSENT).astype(np.int8)
    live = state == GOOD
    ranged = kind == _RD8
    timed = (kind == _DT) | (kind == _DTS)
    known = ranged | timed | (kind == _D8)
    if not live.any():
        return np.zeros(size.size, np.int64), np.zeros(size.size, np.int64), state
    first, good = _days(segments, spans.start)
    last = first.copy()
    fits = np.where(ranged, size == 17, np.where(timed, (size == 12) | (size == 14), size == 8))
    if ranged.any():
        at = np.flatnonzero(ranged & fits)
        last[at], last_good = _days(segments, spans.start[at] + 9)
        good[at] &= last_good & (segments.bytes[spans.start[at] + 8] == MINUS)
    state[live & ~(fits & good)] = NO_DATE
    state[live & ~known] = NO_FORMAT
    state[(state == GOOD) & (last < first)] = REVERSED
    return first, last, state


def _days(segments: Segments, start: Ints) -> tuple[Ints, Bools]:
    """Eight digits CCYYMMDD as days since 1970, and whether there is such a day."""
    digits = segments.eights[start] ^ _ZEROS
    good = (digits | (digits + _SIX)) & _NIBBLES == 0
    number = np.where(good, digits, 0).astype(np.uint64)
    number = number * np.uint64(10) + (number >> np.uint64(8))
    number &= np.uint64(0x00FF00FF00FF00FF)
    number = number * np.uint64(100) + (number >> np.uint64(16))
    number &= np.uint64(0x0000FFFF0000FFFF)
    year = (number & np.uint64(0xFFFF)).astype(np.int64)
    rest = (number >> np.uint64(32)).astype(np.int64)
    month, day = rest // 100, rest % 100
    good &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (year - _FIRST_YEAR) * 12 + month - 1, 0)
    good &= day <= _MONTHS[months + 1] - _MONTHS[months]
    return _MONTHS[months] + day - 1, good
