"""From a file's bytes to its segments: text encoding, delimiters of interchanges, line breaks."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.errors import InputError
from pumpclaim.readers.x12_segments import Bytes, Ints, Segments

MOST_BYTES = 2**32 - 1
"""The largest file read at once: positions within a column of text are 32 bits wide."""

_ISA_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_AFTER_ISA = (b"GS", b"TA1", b"IEA", b"ISB")
if TYPE_CHECKING:
    from collections.abc import Sequence

CR, LF = b"\r\n"
_CACHEFUL = 1 << 18
_PADDING = b"\x00\x1a \t\r\n"
_UNUSED_1252 = bytes.maketrans(b"\x81\x8d\x8f\x90\x9d", b"\0" * 5)
_ISA_WITHIN = re.compile(rb"ISA([^A-Za-z0-9 \r\n])[0-9]{2}\1")


@dataclass(frozen=True)
class Delimiters:
    """What an ISA declares: element separator, component separator (ISA16), segment terminator."""

    element: int
    component: int
    terminator: int


def as_utf8(data: bytes, source: str) -> bytes:
    """The file's text as UTF-8, without byte order mark and padding at its ends.

    Text that is not UTF-8 is taken as Windows-1252; bytes that mean nothing there become NUL, so
    that the claim they stand in is rejected.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip(_PADDING):
        raise InputError("the file is empty; give an 837 with at least one claim", source=source)
    if len(data) > MOST_BYTES:
        raise InputError("the file is over 4 GB; split it by interchange", source=source)
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            data = data.translate(_UNUSED_1252).decode("cp1252").encode()
    return data


def split(data: bytes, source: str) -> tuple[Segments, int]:
    """The segments of a file, and how many bytes stand before its first ISA.

    Raises `InputError` when the file has no ISA, or the first one's delimiters cannot be told.
    """
    begin = len(data) - len(data.lstrip(_PADDING))
    found = isa_delimiters(data, begin) if data.startswith(b"ISA", begin) else None
    junk = 0
    if found is None:
        begin, found, junk = _isa_further_on(data, begin, source)
    segments = _tokenised(data, _regions(data, begin, found))
    if _wrapped(data, segments):
        data = data.translate(None, b"\r\n")
        return split(data, source)
    return segments, junk


def isa_delimiters(data: bytes, at: int) -> Delimiters | None:
    """The delimiters of the ISA at ``at``; null when they cannot be told for certain.

    ISA is 106 bytes wide, so they stand at fixed places. Where a writer got the widths wrong, the
    component separator is what follows the sixteenth element separator, the terminator the byte
    after it, and a GS must follow.
    """
    head = data[at : at + 106]
    if len(head) < 24:
        return None
    element = head[3]
    if len(head) == 106 and all(head[place] == element for place in _ISA_SEPARATORS):
        return _checked(element, head[104], head[105])
    parts = data[at : at + 400].split(bytes([element]), 16)
    if len(parts) < 17 or len(parts[16]) < 4:
        return None
    component, terminator = parts[16][0], parts[16][1]
    following = parts[16][2:].lstrip(b" \t\r\n")
    if not following.startswith(_AFTER_ISA):
        return None
    return _checked(element, component, terminator)


def _checked(element: int, component: int, terminator: int) -> Delimiters | None:
    """Three different bytes, none of them a letter, a digit or a blank."""
    three = bytes((element, component, terminator))
    lawful = (
        len(set(three)) == 3
        and three.isascii()
        and not any(chr(byte).isalnum() or byte == 0x20 for byte in three)
    )
    return Delimiters(element, component, terminator) if lawful else None


def _isa_further_on(data: bytes, begin: int, source: str) -> tuple[int, Delimiters, int]:
    if data.startswith(b"ISA", begin):
        raise InputError(
            "the ISA is damaged: its delimiters cannot be told (ISA16 must be the component "
            "separator, the segment terminator right after it); have the file written again",
            source=source,
            segment=1,
        )
    for match in _ISA_WITHIN.finditer(data):
        found = isa_delimiters(data, match.start())
        if found is not None:
            return match.start(), found, match.start() - begin
    head = data[begin : begin + 4096]
    if head[:2] in (b"GS", b"ST") and not head[2:3].isalnum():
        raise InputError(
            f"the file begins with {head[:2].decode()}: the ISA that opens an interchange is "
            "missing, so its delimiters are not known; give the whole interchange, ISA to IEA",
            source=source,
            segment=1,
        )
    if sum(byte < 32 and byte not in b"\t\r\n" for byte in head) > len(head) // 50:
        raise InputError("this is a binary file, not X12 text; give the 837 itself", source=source)
    raise InputError("this is not an X12 file: it has no ISA segment; give an 837", source=source)


def _regions(data: bytes, begin: int, found: Delimiters) -> list[tuple[int, Delimiters]]:
    """Where the delimiters change: an interchange may declare others than the one before."""
    regions = [(begin, found)]
    at = data.find(b"ISA", begin + 3)
    while at >= 0:
        if not data[at + 3 : at + 4].isalnum():
            before = (
                data[:at].rstrip(b" \t\r\n")[-1:]
                if at < 400
                else (data[at - 400 : at].rstrip(b" \t\r\n")[-1:])
            )
            opened = regions[-1][1]
            apart = before == bytes([opened.terminator]) or data[at - 1] == opened.terminator
            other = isa_delimiters(data, at)
            if other is not None and (other != opened or not apart) and _strict(data, at, apart):
                regions.append((at, other))
        at = data.find(b"ISA", at + 3)
    return regions


def _strict(data: bytes, at: int, apart: bool) -> bool:
    """An ISA within another segment is believed only when every width is right."""
    return apart or all(data[at + place] == data[at + 3] for place in _ISA_SEPARATORS)


def _tokenised(data: bytes, regions: list[tuple[int, Delimiters]]) -> Segments:
    everything = np.frombuffer(data, np.uint8)
    bounds, lasts, starts, separators, controls = [], [], [], [], []
    count = 0
    ends = [begin for begin, _ in regions[1:]] + [len(data)]
    for (begin, delimiters), end in zip(regions, ends, strict=True):
        at, separated, low = _found(everything, begin, end, delimiters)
        last = np.flatnonzero(everything[at] == delimiters.terminator)
        tail = int(at[last[-1]]) + 1 if last.size else begin
        if data[tail:end].strip(_PADDING):
            rest = begin + len(data[begin:end].rstrip(_PADDING))
            at = np.append(at, rest)
            last = np.append(last, at.size - 1)
        else:
            at = at[: int(last[-1]) + 1] if last.size else at[:0]
        start = np.empty_like(last)
        start[:1] = begin
        start[1:] = at[last[:-1]] + 1
        bounds.append(at)
        lasts.append(last + count if count else last)
        starts.append(start)
        separators.append(separated)
        controls.append(low)
        count += at.size
    return Segments(
        data,
        bounds=_all(bounds),
        last=_all(lasts),
        start=_all(starts),
        separators=_all(separators),
        controls=_all(controls),
        regions=regions,
    )


def _found(everything: Bytes, begin: int, end: int, delimiters: Delimiters) -> tuple[Ints, ...]:
    """Where delimiters, component separators and control characters stand, a cacheful at a time."""

    def search(left: int) -> tuple[Ints, Ints, Ints]:
        part = everything[left : min(left + _CACHEFUL, end)]
        mask = part == delimiters.element
        mask |= part == delimiters.terminator
        bounds = np.flatnonzero(mask) + left
        np.equal(part, delimiters.component, out=mask)
        separators = np.flatnonzero(mask) + left
        np.less(part, 32, out=mask)
        mask |= part == 127
        return bounds, separators, np.flatnonzero(mask) + left

    parts = range(begin, end, _CACHEFUL)
    if len(parts) < 8:
        found = [search(left) for left in parts]
    else:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(search, parts))
    bounds, separators, controls = zip(*found, strict=True)
    return _all(bounds), _all(separators), _all(controls)


def _all(parts: Sequence[Ints]) -> Ints:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _wrapped(data: bytes, segments: Segments) -> bool:
    """Whether the file was cut into lines of one width, without regard to its segments."""
    if any(d.terminator in b"\r\n" for _, d in segments.regions):
        return False
    first = data.find(b"\n")
    if first < 0 or first + 1 >= len(data):
        return False
    width = data.find(b"\n", first + 1) - first
    if width != first + 1 or data.count(b"\n") < len(data) // width - 1:
        return False
    lines = data.rstrip(_PADDING).split(b"\n")
    return (
        len({len(line) for line in lines[:-1]}) == 1
        and len(lines[-1]) <= width
        and dirty_segments(segments).size > 0
    )


def _but_line_ends(everything: Bytes, at: Ints, terminator: int) -> Ints:
    """Without terminators and without the line break (LF or CR LF) right after each."""
    byte, before = everything[at], everything[at - 1]
    after = before == terminator
    after |= (byte == LF) & (before == CR) & (everything[at - 2] == terminator)
    rest: Ints = at[(byte != terminator) & ~(after & ((byte == LF) | (byte == CR)))]
    return rest


def dirty_segments(segments: Segments) -> Ints:
    """Segments that hold a control character which is no delimiter, in order."""
    everything, at = segments.bytes, segments.controls
    if not at.size:
        return at
    if len(segments.regions) == 1:
        at = _but_line_ends(everything, at, segments.regions[0][1].terminator)
    row = np.searchsorted(segments.start, at, "right") - 1
    within = (row >= 0) & (at < segments.end[np.maximum(row, 0)])
    at, row = at[within], row[within]
    region = np.searchsorted([begin for begin, _ in segments.regions], at, "right") - 1
    for which in ("element", "component"):
        lawful = np.array([getattr(one, which) for _, one in segments.regions])
        other = everything[at] != lawful[region]
        at, row, region = at[other], row[other], region[other]
    return np.unique(row)
