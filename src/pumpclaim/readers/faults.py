"""What is wrong with single rows of a table, in words, found column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.readers.values import LONGEST, LONGEST_NOTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.tables import Column

SHOWN = 40
"""Characters of a cell that a message repeats."""
WANTED = {
    "nano-dollars": "write dollars from 0 up, as 412.50 or 1,412.50",
    "thousandths": "write a quantity from 0 up, with at most three decimals",
    "date": "write a date that exists, as 2025-03-10, 03/10/2025 or 20250310",
    "form": "write professional or institutional",
    "line": "write a whole number",
    "modifiers": "write at most four, separated by spaces",
}
"""What a cell should be, by the column's unit, type or name."""


class Faults:
    """Rows that cannot be used, each with its number and the reason.

    ``locate`` says where a row stands, from its number, ``called`` what the file calls a flat column.
    """

    def __init__(
        self,
        locate: Callable[[int], str] = "row {}".format,
        called: Callable[[str], str] = "{}".format,
    ) -> None:
        self.locate, self.called = locate, called
        self._found = [pl.DataFrame(schema={"row": pl.UInt32, "reason": pl.String})]

    def add(self, bad: pl.Series, rows: pl.Series, say: str | Callable[[int], str]) -> None:
        """Every row where ``bad`` holds; ``rows`` are the row numbers, ``say`` gets the position."""
        at = bad.arg_true()
        if not len(at):
            return
        told = [say] * len(at) if isinstance(say, str) else [say(place) for place in at]
        numbers = rows.gather(at)
        reasons = [
            f"{self.locate(row)}: {reason}" for row, reason in zip(numbers, told, strict=True)
        ]
        frame = pl.DataFrame({"row": numbers, "reason": pl.Series(reasons, dtype=pl.String)})
        self._found.append(frame)

    def first(self) -> pl.DataFrame:
        """``row`` and ``reason``: the first reason that was found for each row, in order of rows."""
        found = pl.concat(self._found)
        return found.unique("row", keep="first", maintain_order=True).sort("row")


def unreadable(
    name: str, column: Column | None, cells: pl.Series, called: str | None = None
) -> Callable[[int], str]:
    """Says of a cell of the flat column ``name``, ``called`` so in the file, what stands there and should."""
    longest = LONGEST_NOTE if column and column.name == "note" else LONGEST
    kind = (
        "date" if column and column.dtype == pl.Date else (column.unit or name) if column else name
    )
    wanted = WANTED.get(kind, f"write plain text of at most {longest:,} characters")
    return lambda at: f"column '{called or name}' cannot be '{shown(cells[at])}'; {wanted}"


def shown(cell: object) -> str:
    """The beginning of a cell, without what would not print."""
    text = "".join(char if char.isprintable() else "?" for char in str(cell)[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
