"""One claim's own segments in the file it was read from, and the elements that stand for a column.

For whoever mends a claim: where in his file a fault stands. Nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.readers.x12_delimiters import as_utf8, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pumpclaim.readers.x12_segments import Segments

BILLING, SUBSCRIBER, PATIENT, CLAIM, LINE = (
    "billing provider",
    "subscriber",
    "patient",
    "claim",
    "line",
)
LEVELS = {"20": BILLING, "22": SUBSCRIBER, "23": PATIENT}
"""What a hierarchical level (HL03) holds."""
PIECE = 2**20
"""Bytes of a piece of a file that is looked at for one claim."""
MOST_SEGMENTS = 2_000
"""Segments of one claim that are shown."""


@dataclass(frozen=True)
class Place:
    """Where a column stands: the loop, the segment's id, whose it is, element and component from 1.

    ``whose`` is the value of the element that tells it: NM101 of the name before, DTP01 of a date.
    ``component`` is null for the whole element.
    """

    loop: str
    segment: str
    element: int
    component: int | None = None
    whose: str | None = None


PLACES: dict[str, tuple[Place, ...]] = {
    "claim_id": (Place(CLAIM, "CLM", 1),),
    "patient_id": (Place(SUBSCRIBER, "NM1", 9, whose="IL"), Place(PATIENT, "NM1", 3, whose="QC")),
    "patient_name": tuple(
        Place(loop, "NM1", number, whose=whose)
        for loop, whose in ((SUBSCRIBER, "IL"), (PATIENT, "QC"))
        for number in (3, 4)
    ),
    "patient_birth_date": (Place(SUBSCRIBER, "DMG", 2), Place(PATIENT, "DMG", 2)),
    "filing_indicator": (Place(SUBSCRIBER, "SBR", 9),),
    "payer_id": (Place(SUBSCRIBER, "NM1", 9, whose="PR"),),
    "billing_provider_npi": (Place(BILLING, "NM1", 9, whose="85"),),
    "billing_state": (Place(BILLING, "N4", 2, whose="85"),),
    "facility_npi": (Place(CLAIM, "NM1", 9, whose="77"),),
    "facility_state": (Place(CLAIM, "N4", 2, whose="77"),),
    "type_of_bill": (Place(CLAIM, "CLM", 5, 1), Place(CLAIM, "CLM", 5, 3)),
    "frequency_code": (Place(CLAIM, "CLM", 5, 3),),
    "payer_claim_control_number": (Place(CLAIM, "REF", 2, whose="F8"),),
    "statement_from": (Place(CLAIM, "DTP", 3, whose="434"),),
    "statement_to": (Place(CLAIM, "DTP", 3, whose="434"),),
    "diagnoses": tuple(Place(CLAIM, "HI", number) for number in range(1, 13)),
    "place_of_service": (Place(CLAIM, "CLM", 5, 1), Place(LINE, "SV1", 5)),
    "note": (Place(CLAIM, "NTE", 2), Place(LINE, "NTE", 2)),
    "hcpcs": (Place(LINE, "SV1", 1, 2), Place(LINE, "SV2", 2, 2)),
    **{
        f"modifier_{number}": (
            Place(LINE, "SV1", 1, 2 + number), Place(LINE, "SV2", 2, 2 + number),
        )
        for number in (1, 2, 3, 4)
    },
    "description": (Place(LINE, "SV1", 1, 7), Place(LINE, "SV2", 2, 7)),
    "charge": (Place(LINE, "SV1", 2), Place(LINE, "SV2", 3)),
    "units": (Place(LINE, "SV1", 4), Place(LINE, "SV2", 5)),
    "service_from": (Place(LINE, "DTP", 3, whose="472"), Place(CLAIM, "DTP", 3, whose="434")),
    "service_to": (Place(LINE, "DTP", 3, whose="472"),),
    "service_state": (Place(LINE, "N4", 2, whose="77"),),
    "revenue_code": (Place(LINE, "SV2", 1),),
    "ndc": (Place(LINE, "LIN", 3),),
}  # fmt: skip
"""Columns of the claims and lines tables, and where an 837 has them."""
WHOSE = {"NM1": 1, "DTP": 1, "REF": 1}
"""Elements that tell whose or what kind a segment is; N4 and DMG are of the NM1 before."""


@dataclass(frozen=True)
class ClaimSegment:
    """One segment. ``number`` counts from 1 in the file; ``line`` is the place of its service line on the
    claim, from 0, else null; ``elements`` are lists of components, the segment's id first."""

    number: int
    loop: str
    line: int | None
    whose: str | None
    elements: tuple[tuple[str, ...], ...]
    component_mark: str = ":"
    element_mark: str = "*"
    end_mark: str = "~"

    @property
    def id(self) -> str:
        """The segment's id, such as SV1."""
        return self.elements[0][0]

    def marks(self, columns: Iterable[str], line: int | None) -> set[tuple[int, int | None]]:
        """The elements (and components, from 1) in which these columns of a line, or of the claim, stand."""
        return {
            (place.element, place.component)
            for column in columns
            for place in PLACES.get(column, ())
            if (place.loop, place.segment) == (self.loop, self.id)
            and place.whose in (None, self.whose)
            and (self.line is None or line is None or self.line == line)
            and self._has(place)
        }

    def _has(self, place: Place) -> bool:
        if place.element >= len(self.elements):
            return False
        parts = self.elements[place.element]
        return place.component is None or place.component <= len(parts)


def pieces(data: bytes, source: str, size: int = PIECE) -> pl.DataFrame:
    """An 837 cut between its transactions into pieces of about so many bytes; a claim stands in one of them.

    Columns ``first``, the number in the file of the first segment behind the ISA with which every piece
    begins, and ``text``. Raises InputError for what is no X12.
    """
    segments, _ = split(as_utf8(data, source), source)
    opens = segments.of("ST")
    begins = np.append(segments.start[opens], len(segments.data))
    cuts = [0] if opens.size else []
    for place in range(1, opens.size):
        if begins[place] - begins[cuts[-1]] >= size:
            cuts.append(place)
    heads = segments.of("ISA")
    heads = heads[np.searchsorted(heads, opens[cuts], "right") - 1]
    ends = begins[[*cuts[1:], opens.size]] if cuts else begins[:0]
    text = [
        segments.data[segments.start[head] : segments.end[head] + 1] + segments.data[start:end]
        for head, start, end in zip(heads, begins[cuts], ends, strict=True)
    ]
    return pl.DataFrame(
        {"first": opens[cuts] + 1, "text": text}, schema={"first": pl.UInt32, "text": pl.Binary}
    )


def claim_segments(
    data: bytes, source: str, segment: int, first: int | None = None
) -> list[ClaimSegment]:
    """The segments of the claim whose CLM is number ``segment`` (from 1): its provider, its subscriber and
    patient, and its own, in the order of the file.

    ``data`` is the unpacked 837, or the piece of it whose ``first`` is given (see ``pieces``). Raises
    InputError when it is none, or no claim stands there.
    """
    segments, _ = split(as_utf8(data, source), source)
    before = 0 if first is None else first - 2
    at = segment - 1 - before
    if not 0 <= at < len(segments) or at not in segments.of("CLM"):
        raise InputError(
            "no claim stands there; the file has changed", source=source, segment=segment
        )
    found: list[ClaimSegment] = []
    for row, level in _levels(segments, at):
        found += _described(segments, row, _end(segments, row + 1, ("CLM", "HL", "SE")), level)
    found += _described(segments, at, _end(segments, at + 1, ("CLM", "HL", "SE")), CLAIM)
    return [replace(one, number=one.number + before) for one in found[:MOST_SEGMENTS]]


def _levels(segments: Segments, at: int) -> list[tuple[int, str]]:
    """The HL segments above a claim, outermost first, and what each holds."""
    rows = segments.of("HL")
    rows = rows[rows < at]
    starts = segments.of("ST")
    first = int(starts[starts < at][-1]) if (starts < at).any() else -1
    levels: list[tuple[int, str]] = []
    wanted: str | None = None
    for row in rows[rows > first][::-1].tolist():
        parts = [*segments.elements(row), "", "", ""]
        if wanted is not None and parts[1] != wanted:
            continue
        levels.append((row, LEVELS.get(parts[3], "level")))
        if not parts[2]:
            break
        wanted = parts[2]
    return levels[::-1]


def _end(segments: Segments, start: int, kinds: tuple[str, ...]) -> int:
    """The first segment from ``start`` on of one of these kinds."""
    ends = []
    for kind in kinds:
        rows = segments.of(kind)
        at = int(np.searchsorted(rows, start))
        ends += rows[at : at + 1].tolist()
    return min(ends, default=len(segments))


def _described(segments: Segments, first: int, end: int, loop: str) -> Iterator[ClaimSegment]:
    whose, line = None, -1
    for row in range(first, min(end, first + MOST_SEGMENTS)):
        mark = segments.delimiters(row)
        elements = segments.elements(row)
        kind = elements[0]
        if loop == CLAIM and kind == "LX":
            line, whose = line + 1, None
        own = None
        if kind in WHOSE and len(elements) > WHOSE[kind]:
            own = elements[WHOSE[kind]]
        if kind == "NM1":
            whose = own
        yield ClaimSegment(
            number=row + 1,
            loop=LINE if line >= 0 else loop,
            line=line if line >= 0 else None,
            whose=own or whose,
            elements=tuple(tuple(part.split(chr(mark.component))) for part in elements),
            component_mark=chr(mark.component),
            element_mark=chr(mark.element),
            end_mark=chr(mark.terminator),
        )
