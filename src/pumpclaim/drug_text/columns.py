"""The narratives of a claim set's lines, read as columns: each different text once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.drug_text.by_shape import number_distinct, read_by_shape, spread
from pumpclaim.drug_text.narrative import combine
from pumpclaim.tables import INGREDIENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pumpclaim.drug_text.closer import Reading, Row

    Ints = NDArray[np.int64]

FACTS = ("text", "name", "drug", "amount", "volume", "concentration", "problem")
"""Columns of an ingredient that a reading gives, in the order of its rows."""
MANY = 256
"""From this many lines on narratives are read by whole columns."""
PIECE = 2**17
"""Different narratives that are read at once, so that memory stays bounded."""


def read_ingredients(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: NDArray[np.bool_]
) -> pl.DataFrame:
    """The table ``ingredients`` of the lines where ``wanted`` (one answer a line) is true (P2, C15).

    A line's narrative is its description (SV101-7) and its note (2400 NTE); the claim's note (2300 NTE)
    stands in for the line's when the line has none and is the claim's only wanted one. A line whose text
    names no drug has no row.
    """
    if np.count_nonzero(wanted) >= MANY:
        return _by_columns(claims, lines, np.flatnonzero(wanted))
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
    return (
        _facts(facts)
        .insert_column(0, pl.Series("row", rows, dtype=pl.UInt32))
        .insert_column(1, pl.Series("item", items, dtype=pl.UInt16))
    )


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


def _facts(rows: list[Row]) -> pl.DataFrame:
    """The rows of readings as a table."""
    columns = zip(*rows, strict=True) if rows else [()] * len(FACTS)
    return pl.DataFrame([
        pl.Series(name, column, dtype=INGREDIENTS.schema[name])
        for name, column in zip(FACTS, columns, strict=True)
    ])  # fmt: skip


def _by_columns(claims: pl.DataFrame, lines: pl.DataFrame, rows: Ints) -> pl.DataFrame:
    """As ``read_ingredients``, for many lines."""
    narratives, which = number_distinct(_narratives(claims, lines, rows))
    pieces: list[pl.DataFrame] = []
    first, count = np.zeros(len(narratives), np.int64), np.zeros(len(narratives), np.int64)
    height = 0
    for begin in range(0, len(narratives), PIECE):
        facts, of = _of_narratives(narratives[begin : begin + PIECE])
        held = np.bincount(of, minlength=min(PIECE, len(narratives) - begin))
        count[begin : begin + PIECE] = held
        first[begin : begin + PIECE] = height + np.cumsum(held) - held
        pieces.append(facts)
        height += facts.height
    if not height:
        return INGREDIENTS.empty()
    at, of = spread(first[which], count[which])
    item = at - first[which][of] + 1
    return pl.concat(pieces)[at].select(
        pl.Series("row", rows[of], dtype=pl.UInt32),
        pl.Series("item", item, dtype=pl.UInt16),
        pl.all(),
    )


def _of_narratives(narratives: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The ingredients of different narratives in their order, and the narrative of each."""
    alone = narratives["note"].is_null().to_numpy() & narratives["text"].is_not_null().to_numpy()
    lone = np.flatnonzero(alone)
    quick = read_by_shape(narratives["text"].filter(alone))
    if len(lone) == narratives.height and not quick.left.any():
        return quick.rows, quick.of
    left = np.flatnonzero(narratives["text"].is_not_null().to_numpy())
    left = np.setdiff1d(left, lone[~quick.left], assume_unique=True)
    readings = [combine(*pair) for pair in narratives[left].iter_rows()]
    facts = pl.concat([quick.rows, _facts([row for one in readings for row in one.rows])])
    of = np.concatenate([lone[quick.of], np.repeat(left, [len(one.rows) for one in readings])])
    order = np.argsort(of, kind="stable")
    return facts[order], of[order]


def _narratives(claims: pl.DataFrame, lines: pl.DataFrame, rows: Ints) -> pl.DataFrame:
    """``text`` and ``note`` of each line; the note is null where there is one text, both where none."""
    of_line = lines.select("claim", *map(_not_blank, ("description", "note")))[rows]
    if claims["note"].null_count() < claims.height:
        lone = (pl.len().over("claim") == 1) & pl.col("note").is_null()
        of_line = of_line.join(
            claims.select("claim", of_claim=_not_blank("note")), on="claim", how="left",
            maintain_order="left",
        ).with_columns(note=pl.when(lone).then("of_claim").otherwise("note"))  # fmt: skip
    return of_line.select(
        text=pl.coalesce("description", "note"),
        note=pl.when(pl.col("description").is_not_null()).then("note"),
    )


def _not_blank(column: str) -> pl.Expr:
    """The column's texts that are not blank, else null; as ``str.isspace`` tells."""
    return pl.when(pl.col(column).str.contains(r"[^\s\x1C-\x1F]")).then(column)


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
