"""Codes of the coverage database's tables: one a row, ranges marked at their ends, placeholders for none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.articles.published import CODES, Found, Problem
from pumpclaim.policy.code_lists import DIAGNOSIS, is_placeholder, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

ALONE = ("", "N")
"""Marks in the column ``range`` of a code that stands for itself."""
BEGIN, MIDDLE, END = "B", "M", "E"
"""Marks of the first code of a range, of one within it, and of the last."""


@dataclass(frozen=True)
class Ranged:
    """One row: the code, its mark in the column ``range``, its description, whether it points to a note."""

    code: str
    mark: str
    description: str
    place: str
    has_note: bool = False


def read_codes(rows: Sequence[Ranged], kind: str, problems: list[Problem]) -> list[Found]:
    """The codes of rows in their normal forms, each once; what is not understood is listed."""
    found: dict[str, Found] = {}
    begun: Ranged | None = None

    def say(what: str, row: Ranged) -> None:
        problems.append(Problem(what, row.place, CODES))

    for row in rows:
        if is_placeholder(row.code, row.description):
            continue
        mark = row.mark.upper()
        entry = row.code + "*" if row.has_note and kind == DIAGNOSIS else row.code
        if begun is not None and mark not in (MIDDLE, END):
            say(f"the range that begins with {begun.code} has no end", begun)
            begun = None
        if mark == BEGIN:
            begun = row
        elif mark == END and begun is not None:
            entry, begun = f"{begun.code} - {row.code}", None
        elif mark == MIDDLE and begun is not None:
            continue
        elif mark not in ALONE:
            say(
                f"the mark '{row.mark}' of a range on {row.code or '(blank)'} is not understood",
                row,
            )
        if mark == BEGIN:
            continue
        codes = normal(kind, entry)
        if codes is None:
            say(f"'{entry or '(blank)'}' is no {kind} that we understand", row)
            continue
        for code in codes:
            found.setdefault(code, Found(code, row.place))
    if begun is not None:
        say(f"the range that begins with {begun.code} has no end", begun)
    return list(found.values())
