"""The flat layout: one row a service line, which carries its claim's facts as well.

Columns are those of the claims and lines tables under the same names. A name that both tables have is
the line's; the claim's has ``claim_`` before it and may be left out (see ``CLAIM_NAMES``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.tables import CLAIMS, LINES, NANO, UNIT, Column

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = frozenset({"claim", "source", "segment", "not_carried"})
"""Columns that a reader fills itself."""
CLAIM_NAMES = {
    name: f"claim_{name}"
    for name in ("charge", "note", "place_of_service", "rendering_provider_npi")
}
"""Names that both tables have -> name of the claim's column.

Without them the claim's charge is the sum of its lines, its place of service and rendering provider are
those of its first row, and it has no note.
"""
REQUIRED = ("claim_id", "patient_id", "hcpcs", "service_from", "charge")
"""Columns without which a service line says too little."""
STAND_INS = {"hcpcs": "revenue_code", "service_from": "statement_from"}
"""Cell that may be empty in an institutional row -> the one that then stands for it."""
ALIASES = {"service_date": "service_from", "contractor": "payer_id", "procedure_code": "hcpcs"}
"""Other names that are understood."""
MODIFIERS = "modifiers"
"""One column for all modifiers, separated by spaces, instead of modifier_1 to modifier_4."""
MONEY_PLACES = len(str(NANO)) - 1
"""Decimals of a dollar amount."""
KEY = ("claim_id", "patient_id", "billing_provider_npi", "frequency_code")
"""Rows that agree in these are one claim; a claim and its replacement are two."""


def claim_columns() -> dict[str, Column]:
    """Flat name -> column of the claims table, for all that a file may give."""
    return {CLAIM_NAMES.get(c.name, c.name): c for c in CLAIMS if c.name not in OURS}


def line_columns() -> dict[str, Column]:
    """Flat name -> column of the lines table, for all that a file may give."""
    return {c.name: c for c in LINES if c.name not in OURS}


def flat_columns() -> dict[str, Column]:
    """Flat name -> column, the claim's first, in the order in which they are written."""
    return {**claim_columns(), **line_columns()}


def known_names() -> list[str]:
    """Every column name that the layout knows, aliases included, in order."""
    return [*flat_columns(), *ALIASES, MODIFIERS]


def flatten(claim_set: ClaimSet) -> pl.DataFrame:
    """One row a service line with its claim's facts, money and quantities as exact decimals.

    Raises InputError when the layout cannot tell the claims apart again: two claims with one key
    (see ``KEY``), or a claim without service lines.
    """
    claims, lines = claim_set.claims, claim_set.lines
    keys = claims.select(pl.col(KEY[:-1]), pl.col(KEY[-1]).fill_null("1"))
    if keys.is_duplicated().any():
        twice = claims.filter(keys.is_duplicated())["claim_id"][0]
        raise InputError(f"two claims have the id {twice}, so the flat layout cannot hold both")
    bare = claims.filter(~pl.col("claim").is_in(lines["claim"].implode()))
    if bare.height:
        raise InputError(
            f"claim {bare['claim_id'][0]} has no service line, so the flat layout cannot hold it"
        )
    of_claim = claims.select(
        pl.col(column.name).alias(flat) for flat, column in claim_columns().items()
    )[lines["claim"]]
    of_line = lines.select(list(line_columns()))
    table = pl.concat([of_claim, of_line], how="horizontal")
    return table.with_columns(_decimals(table))


def write_flat(claim_set: ClaimSet, path: str | Path) -> None:
    """Write the flat layout as Parquet, or as CSV when ``path`` ends in .csv; ``read`` gives it back.

    Columns of which nothing is known are left out of a CSV. Raises InputError as ``flatten`` does, and for
    any other ending of the name.
    """
    path, table = Path(path), flatten(claim_set)
    if path.suffix == ".parquet":
        table.write_parquet(path)
    elif path.suffix == ".csv":
        kept = [name for name in table.columns if name in REQUIRED or table[name].count()]
        # Left out, these would be taken from the line's column of the same name.
        kept += [own for name, own in CLAIM_NAMES.items() if name in kept and own not in kept]
        table.select(kept).select(_texts(table.select(kept))).write_csv(path)
    else:
        raise InputError("name the file .csv or .parquet", source=str(path))


def _decimals(table: pl.DataFrame) -> Iterator[pl.Expr]:
    for name, column in flat_columns().items():
        scale = {"nano-dollars": NANO, "thousandths": UNIT}.get(column.unit or "")
        if scale:
            places = len(str(scale)) - 1
            whole = (pl.col(name) // scale).cast(pl.String)
            fraction = (pl.col(name) % scale).cast(pl.String).str.pad_start(places, "0")
            text = pl.concat_str(whole, pl.lit("."), fraction)
            yield text.cast(pl.Decimal(38, places)).alias(name)


def _texts(table: pl.DataFrame) -> Iterator[pl.Expr]:
    """Every column as text; what a spreadsheet would run as a formula has an apostrophe before it."""
    for name, dtype in table.schema.items():
        cell = pl.col(name)
        if isinstance(dtype, pl.Decimal):
            text = cell.cast(pl.String).str.strip_chars_end("0")
            if dtype.scale == MONEY_PLACES:
                cents = text.str.replace(r"\.$", ".00").str.replace(r"(\.\d)$", "${1}0")
                yield cents.alias(name)
            else:
                yield text.str.strip_suffix(".").alias(name)
        elif isinstance(dtype, pl.List):
            yield cell.list.join(" ").alias(name)
        elif dtype == pl.String:
            yield cell.str.replace(r"^('*[=+\-@])", "'$1").alias(name)
        else:
            yield cell.cast(pl.String).alias(name)
