"""What makes a claim unreadable: found by columns, then said of each claim in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.readers.x12_envelope import segment_name, shortened
from pumpclaim.readers.x12_segments import KINDS, Bools, Ints, Segments
from pumpclaim.readers.x12_values import (
    ABSENT,
    NEGATIVE,
    NO_DATE,
    NO_FORMAT,
    NO_NUMBER,
    REVERSED,
    TOO_FINE,
    TOO_LARGE,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_ELEMENT = 5_000
"""The longest element that is believed; the longest text element of an 837 has 256 characters."""
MOST_CLAIM_ID = 64
"""The longest CLM01 that is read; the guide allows 20, payers return up to 38."""

NUMBER_FAULTS = {
    NO_NUMBER: "is not a number",
    NEGATIVE: "is negative",
    TOO_FINE: "has more decimals than can be kept",
    TOO_LARGE: "is too large to be true",
}
DATE_FAULTS = {
    NO_FORMAT: "has a date format that is not read here (D8, RD8 or DT are)",
    NO_DATE: "is not a date",
    REVERSED: "ends before it begins",
}


@dataclass(frozen=True)
class _Fault:
    claims: Ints
    rows: Ints
    say: Callable[[int], str]


class Damage:
    """Faults of claims. For each claim the first one in the file counts."""

    def __init__(self, segments: Segments, count: int) -> None:
        self.segments = segments
        self.count = count
        self.faults: list[_Fault] = []

    def add(self, claims: Ints, rows: Ints, say: Callable[[int], str]) -> None:
        """``claims`` are damaged at the segments ``rows``; ``say`` makes the sentence for a row."""
        if claims.size:
            self.faults.append(_Fault(claims, rows, say))

    def add_where(self, bad: Bools, claims: Ints, rows: Ints, say: Callable[[int], str]) -> None:
        """As `add`, for those claims where ``bad`` holds."""
        if bad.any():
            self.add(claims[bad], rows[bad], say)

    def add_numbers(self, state: NDArray[np.int8], claims: Ints, rows: Ints, element: int) -> None:
        """Numbers that cannot be used."""
        for value, fault in NUMBER_FAULTS.items() if (state > ABSENT).any() else ():
            say = self.of_element(element, f"{fault}; correct it and resubmit")
            self.add_where(state == value, claims, rows, say)

    def add_dates(self, state: NDArray[np.int8], claims: Ints, rows: Ints, element: int) -> None:
        """Dates that cannot be used."""
        for value, fault in DATE_FAULTS.items() if (state > ABSENT).any() else ():
            say = self.of_element(element, f"{fault}; give a date as CCYYMMDD")
            self.add_where(state == value, claims, rows, say)

    def of_element(self, element: int, fault: str) -> Callable[[int], str]:
        """A sentence that names an element and shows its value."""

        def say(row: int) -> str:
            parts = self.segments.elements(row)
            name = f"{KINDS[self.segments.kind[row]]}{element:02d}"
            value = parts[element] if element < len(parts) else ""
            return f'{name} "{shortened(value)}" {fault}'

        return say

    def of_segment(self, fault: str) -> Callable[[int], str]:
        """A sentence that names a segment."""
        return lambda row: f"{segment_name(self.segments, row)} {fault}"

    def of_composite(self, element: int) -> Callable[[int], str]:
        """Why a composite cannot be taken apart: mostly another separator than ISA16."""

        def say(row: int) -> str:
            value = self.segments.elements(row)[element]
            ours = chr(self.segments.delimiters(row).component)
            name = f"{KINDS[self.segments.kind[row]]}{element:02d}"
            odd = next((c for c in value if not c.isalnum() and c not in " .-"), None)
            if odd is None:
                return (
                    f'{name} "{shortened(value)}" is not split into qualifier and code by "{ours}" '
                    "(ISA16); have the file written again"
                )
            return (
                f'{name} "{shortened(value)}" is split by "{odd}", but ISA16 says that the component '
                f'separator is "{ours}"; have the file written with one of them'
            )

        return say

    @property
    def claims(self) -> Ints:
        """Positions of the damaged claims, in order."""
        if not self.faults:
            return np.zeros(0, np.int64)
        return np.unique(np.concatenate([fault.claims for fault in self.faults]))

    def first(self) -> tuple[Ints, Ints, list[str]]:
        """For each damaged claim, in order: its position, the segment's place, the sentence."""
        if not self.faults:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), []
        claims = np.concatenate([fault.claims for fault in self.faults])
        rows = np.concatenate([fault.rows for fault in self.faults])
        which = np.repeat(np.arange(len(self.faults)), [f.claims.size for f in self.faults])
        order = np.lexsort((which, rows, claims))
        fresh = np.ones(order.size, bool)
        fresh[1:] = claims[order][1:] != claims[order][:-1]
        chosen = order[fresh]
        sentences = [
            self.faults[place].say(row)
            for place, row in zip(which[chosen].tolist(), rows[chosen].tolist(), strict=True)
        ]
        return claims[chosen], rows[chosen], sentences
