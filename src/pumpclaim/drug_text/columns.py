"""The narratives of a claim set's lines, read as columns: each different text once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.drug_text.narrative import combine
from pumpclaim.tables import INGREDIENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pumpclaim.drug_text.closer import Reading, Row

FACTS = ("text", "name", "drug", "amount", "volume", "concentration", "problem")
"""Columns of an ingredient that a reading gives, in the order of its rows."""


def read_ingredients(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]
) -> pl.DataFrame:
    """The table ``ingredients`` of the lines where ``wanted`` (one answer a line) is true (P2, C15).

    A line's narrative is its description (SV101-7) and its note (2400 NTE); the claim's note (2300 NTE)
    stands in for the line's when the line has none and is the claim's only wanted one. A line whose text
    names no drug has no row.
    """
    rows: list[int] = []
    items: list[int] = []
    facts: list[Row] = []
    for row, reading in _readings(claims, lines, wanted):
        count = len(reading.rows)
        rows.extend([row] * count)
        items.extend(range(1, count + 1))
        facts.extend(reading.rows)
    if not facts:
        return INGREDIENTS.empty()
    columns = [
        pl.Series("row", rows, dtype=pl.UInt32),
        pl.Series("item", items, dtype=pl.UInt16),
        *(
            pl.Series(name, column, dtype=INGREDIENTS.schema[name])
            for name, column in zip(FACTS, zip(*facts, strict=True), strict=True)
        ),
    ]
    return pl.DataFrame(columns)


def cartridges(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]
) -> pl.DataFrame:
    """``row`` (UInt32) and ``cartridges`` (UInt16) of the wanted lines that state their number (P3)."""
    stated = [
        (row, reading.cartridges)
        for row, reading in _readings(claims, lines, wanted)
        if reading.cartridges is not None
    ]
    return pl.DataFrame(stated, schema={"row": pl.UInt32, "cartridges": pl.UInt16}, orient="row")


def _readings(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]
) -> Iterator[tuple[int, Reading]]:
    """Row and reading of every wanted line that has a text; each different text is read once."""
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return
    descriptions = _texts(lines["description"], rows)
    notes = _texts(lines["note"], rows)
    if claims["note"].null_count() < claims.height:
        claim_of = lines["claim"].to_numpy()[rows]
        of_claim = dict(zip(claims["claim"].to_list(), claims["note"].to_list(), strict=True))
        lone = Counter(claim_of.tolist())
        notes = [
            of_claim[claim] if note is None and lone[claim] == 1 else note
            for claim, note in zip(claim_of.tolist(), notes, strict=True)
        ]
    known: dict[tuple[str | None, str | None], Reading] = {}
    for row, pair in zip(rows.tolist(), zip(descriptions, notes, strict=True), strict=True):
        if pair == (None, None):
            continue
        reading = known.get(pair)
        if reading is None:
            reading = known[pair] = combine(*pair)
        yield row, reading


def _texts(column: pl.Series, rows: NDArray[np.int64]) -> list[str | None]:
    """The texts of these rows; null for those that are blank."""
    if column.null_count() == column.len():
        return [None] * len(rows)
    texts = column[rows].to_list()
    return [text if text and not text.isspace() else None for text in texts]
