"""The narratives of a claim set's lines, read as columns: each different text once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.drug_text.by_shape import read_texts, rows_frame
from pumpclaim.drug_text.narrative import combine
from pumpclaim.tables import INGREDIENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pumpclaim.drug_text.closer import Reading, Row

MANY = 256
"""Lines with a text from which on they are read as columns."""


def read_ingredients(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]
) -> pl.DataFrame:
    """The table ``ingredients`` of the lines where ``wanted`` (one answer a line) is true (P2, C15).

    A line's narrative is its description (SV101-7) and its note (2400 NTE); the claim's note (2300 NTE)
    stands in for the line's when the line has none and is the claim's only wanted one. A line whose text
    names no drug has no row.
    """
    pairs = _pairs(claims, lines, wanted)
    if pairs.height >= MANY:
        return _by_column(pairs)
    rows: list[int] = []
    items: list[int] = []
    facts: list[Row] = []
    for row, reading in _readings(pairs):
        count = len(reading.rows)
        rows.extend([row] * count)
        items.extend(range(1, count + 1))
        facts.extend(reading.rows)
    return INGREDIENTS.conform(rows_frame(rows, items, facts).rename({"of": "row"}))


def _by_column(pairs: pl.DataFrame) -> pl.DataFrame:
    """The ingredients of many lines: different texts by their shapes, different pairs one by one."""
    alone = pairs.filter(pl.any_horizontal(pl.col("description", "note").is_null()))
    text = alone.select(pl.coalesce("description", "note")).to_series()
    coded = text.cast(pl.Categorical(pl.Categories.random()))
    number = coded.to_physical().to_numpy().astype(np.int64)
    place, which = np.unique(number, return_index=True, return_inverse=True)[1:]
    found = read_texts(text.gather(pl.Series(place)))
    table = _of_lines(alone["row"], which, len(place), found)
    both = pairs.filter(pl.all_horizontal(pl.col("description", "note").is_not_null()))
    if not both.height:
        return table
    rows: list[int] = []
    items: list[int] = []
    facts: list[Row] = []
    for row, reading in _readings(both):
        rows.extend([row] * len(reading.rows))
        items.extend(range(1, len(reading.rows) + 1))
        facts.extend(reading.rows)
    other = INGREDIENTS.conform(rows_frame(rows, items, facts).rename({"of": "row"}))
    return pl.concat([table, other]).sort("row", "item")


def _of_lines(
    rows: pl.Series, which: NDArray[np.int64], texts: int, found: pl.DataFrame
) -> pl.DataFrame:
    """Each line with the ingredients of its text; ``which`` is the place of the text of each of ``rows``."""
    sizes = np.bincount(found["of"].to_numpy(), minlength=texts)
    starts = np.cumsum(sizes) - sizes
    own = sizes[which]
    ends = np.cumsum(own)
    at = np.repeat(starts[which] - (ends - own), own) + np.arange(int(own.sum()))
    row = pl.Series("row", np.repeat(rows.to_numpy(), own), dtype=pl.UInt32)
    return INGREDIENTS.conform(found.drop("of")[at].insert_column(0, row))


def cartridges(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]
) -> pl.DataFrame:
    """``row`` (UInt32) and ``cartridges`` (UInt16) of the wanted lines that state their number (P3)."""
    stated = [
        (row, reading.cartridges)
        for row, reading in _readings(_pairs(claims, lines, wanted))
        if reading.cartridges is not None
    ]
    return pl.DataFrame(stated, schema={"row": pl.UInt32, "cartridges": pl.UInt16}, orient="row")


def _pairs(claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]) -> pl.DataFrame:
    """``row``, ``description`` and ``note`` of every wanted line that has a text; blank is null."""
    rows = np.flatnonzero(wanted)
    descriptions, notes = lines["description"], lines["note"]
    columns = [pl.Series("row", rows, dtype=pl.UInt32)]
    columns += [_texts(one, rows) for one in (descriptions, notes)]
    pairs = pl.DataFrame(columns)
    if claims["note"].null_count() < claims.height:
        claim_of = lines["claim"][rows]
        lone = claim_of.is_unique()
        of_claim = claims["note"].gather(claim_of).set(~lone, None)
        pairs = pairs.with_columns(
            note=pl.Series(pl.select(pl.coalesce(pairs["note"], of_claim)).to_series())
        )
    return pairs.filter(pl.any_horizontal(pl.col("description", "note").is_not_null()))


def _readings(pairs: pl.DataFrame) -> Iterator[tuple[int, Reading]]:
    """Row and reading of every line; each different pair is read once."""
    known: dict[tuple[str | None, str | None], Reading] = {}
    for row, *pair in pairs.iter_rows():
        key = (pair[0], pair[1])
        reading = known.get(key)
        if reading is None:
            reading = known[key] = combine(*key)
        yield row, reading


def _texts(column: pl.Series, rows: NDArray[np.int64]) -> pl.Series:
    """The texts of these rows; null for those that are blank."""
    if column.null_count() == column.len():
        return pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, len(rows))
    texts = column[rows]
    return texts.set(~texts.str.contains(r"\S").fill_null(value=True), None)
