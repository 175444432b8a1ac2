"""The narratives of a claim set's lines, read as columns: each different text once."""

from __future__ import annotations

import polars as pl

from pumpclaim.drug_text.closer import Reading, Row
from pumpclaim.drug_text.narrative import combine
from pumpclaim.tables import INGREDIENTS

NARRATED = ("J7999", "J7799", "Q9977", "J3490")
"""Codes whose drug only the narrative tells."""
PUMP_MODIFIER = "KD"
_MODIFIERS = ("modifier_1", "modifier_2", "modifier_3", "modifier_4")


def read_ingredients(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: pl.Series | None = None
) -> pl.DataFrame:
    """The table ``ingredients`` of the lines where ``wanted`` is true (P2, C15).

    ``wanted`` is a boolean Series as long as ``lines``; without it, lines of a code that only the
    narrative explains, and lines with modifier KD. A line's narrative is its description (SV101-7)
    and its note (2400 NTE); the claim's note (2300 NTE) stands in for the line's when the line has
    none and is the claim's only wanted one. A line whose text names no drug has no row.
    """
    texts, rows, which = _narratives(claims, lines, wanted)
    readings = [combine(description, note) for description, note in texts]
    return _table(readings, rows, which)


def cartridges(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: pl.Series | None = None
) -> pl.DataFrame:
    """``row`` (UInt32) and ``cartridges`` (UInt16) of the lines that state their number (P3)."""
    texts, rows, which = _narratives(claims, lines, wanted)
    counts = pl.Series([combine(*text).cartridges for text in texts], dtype=pl.UInt16)
    return pl.DataFrame({"row": rows, "cartridges": counts.gather(which)}).drop_nulls()


def _narratives(
    claims: pl.DataFrame, lines: pl.DataFrame, wanted: pl.Series | None
) -> tuple[list[tuple[str | None, str | None]], pl.Series, pl.Series]:
    """The different (description, note) pairs; the wanted rows; which pair each of them has."""
    if wanted is None:
        told = pl.col("hcpcs").is_in(NARRATED)
        for modifier in _MODIFIERS:
            told = told | pl.col(modifier).eq_missing(PUMP_MODIFIER)
        wanted = lines.select(told.fill_null(False)).to_series()
    rows = wanted.fill_null(False).arg_true().cast(pl.UInt32)
    frame = lines.select("claim", "description", "note")[rows]
    note = pl.col("note").str.strip_chars()
    frame = frame.select(
        "claim",
        pl.when(pl.col("description").str.strip_chars() != "")
        .then("description")
        .alias("description"),
        pl.when(note != "").then("note").alias("note"),
    )
    claim_note = pl.Series(claims["note"]) if "note" in claims.columns else None
    if claim_note is not None and claim_note.null_count() < claim_note.len() and frame.height:
        notes = claims.select("claim", pl.col("note").alias("claim_note"))
        frame = frame.join(notes, on="claim", how="left", maintain_order="left").with_columns(
            pl.when(pl.col("note").is_null() & (pl.len().over("claim") == 1))
            .then("claim_note")
            .otherwise("note")
            .alias("note")
        )
    pairs = frame.select("description", "note")
    distinct = pairs.unique(maintain_order=True)
    which = pairs.join(
        distinct.with_row_index("which"),
        on=["description", "note"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["which"]
    texts = list(zip(distinct["description"].to_list(), distinct["note"].to_list(), strict=True))
    return texts, rows, which


def _table(readings: list[Reading], rows: pl.Series, which: pl.Series) -> pl.DataFrame:
    """One row for each ingredient of each line, in the order of the lines."""
    flat: list[Row] = [row for reading in readings for row in reading.rows]
    if not flat:
        return INGREDIENTS.empty()
    counts = pl.Series([len(reading.rows) for reading in readings], dtype=pl.UInt32)
    firsts = counts.cum_sum() - counts
    names = ("text", "name", "drug", "amount", "volume", "concentration", "problem")
    facts = pl.DataFrame(
        [
            pl.Series(name, column, dtype=INGREDIENTS.schema[name])
            for name, column in zip(names, zip(*flat, strict=True), strict=True)
        ]
    )
    lines = pl.DataFrame(
        {"row": rows, "first": firsts.gather(which), "count": counts.gather(which)}
    )
    spread = (
        lines.filter(pl.col("count") > 0)
        .with_columns(at=pl.int_ranges("count", dtype=pl.UInt32))
        .explode("at")
    )
    taken = facts[spread["first"] + spread["at"]]
    return INGREDIENTS.conform(
        pl.concat(
            [spread.select("row", item=(pl.col("at") + 1).cast(pl.UInt16)), taken], how="horizontal"
        )
    )
