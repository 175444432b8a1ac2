"""The review as a folder of tables, in CSV or Parquet.

Columns are those of ``pumpclaim.tables``, with money in dollars and drug amounts in the unit that
stands beside them. Parquet keeps them as exact decimals: DECIMAL(18, 2) for what is in whole cents
(``allowed``, ``payable``), DECIMAL(38, 9) for the rest. CSV writes the shortest exact decimals,
lists joined by a space, null as nothing, and a single quote before what a spreadsheet would take for a
formula: ``=``, ``+``, ``-``, ``@`` or one of their full-width forms, behind blanks and quotes too, at the
beginning of a text or behind a semicolon, bar, tab or line break, at which a spreadsheet may split it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.reports.amounts import FEE_PLACES, MASS_DIGITS, amount_texts, dollar_texts

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.review import Review

WHOLE_CENTS = pl.Decimal(18, 2)
EXACT = pl.Decimal(38, 9)
"""Its digits are nano-dollars, so that the engine's whole numbers are taken as they stand."""
MONEY = {
    "charge": EXACT,
    "allowed": WHOLE_CENTS,
    "payable": WHOLE_CENTS,
    "fee": EXACT,
    "extended": EXACT,
    "at_stake": EXACT,
    "left_uncharged": EXACT,
}
"""Columns of money, and their type in Parquet."""
FORMULA = r"""(^|[;|\t\r\n])([ \p{Z}\p{Cf}"']*[=+\-@＝＋－＠])"""
"""Where a text begins or is split, and what then begins a formula."""
LEADING = r"^[\t\r\n]"


def write(review: Review, path: Path, kind: str) -> list[Path]:
    """Write every table, as ``csv`` or ``parquet``, into the folder ``path``, made if missing.

    Returns the files. Raises InputError when ``path`` is a file, OSError when it cannot be written.
    """
    if path.exists() and not path.is_dir():
        raise InputError(
            f"{kind} writes several tables into a folder; give a folder", source=str(path)
        )
    path.mkdir(parents=True, exist_ok=True)
    files = []
    for name, table in tables(review).items():
        file = path / f"{name}.{kind}"
        if kind == "csv":
            file.write_bytes(as_csv(table))
        else:
            as_decimals(table).write_parquet(file)
        files.append(file)
    return files


def findings_csv(review: Review) -> bytes:
    """The findings alone as CSV, for standard output."""
    return as_csv(review.findings)


def tables(review: Review) -> dict[str, pl.DataFrame]:
    """The tables of a review by name; ``price_items`` also tells claim and line."""
    lines = review.prices.select("row", "claim", "claim_id", "line")
    items = review.price_items.join(lines, on="row", how="left", maintain_order="left")
    return {
        "findings": review.findings,
        "prices": review.prices,
        "price_items": items.select("claim", "claim_id", "line", *review.price_items.columns),
        "determinations": review.determinations,
        "rejected": review.claim_set.rejected,
    }


def as_decimals(table: pl.DataFrame) -> pl.DataFrame:
    """Money in dollars and amounts in their unit as exact decimals, enumerations as text."""
    changed = [
        pl.col(name).cast(pl.Int128).reinterpret(dtype=EXACT).cast(dtype).alias(name)
        for name, dtype in MONEY.items()
        if name in table.columns
    ]
    if "amount" in table.columns:
        amount = pl.col("amount").cast(EXACT)
        for unit, digits in MASS_DIGITS.items():
            in_unit = (pl.col("amount").cast(EXACT) / 10**digits).cast(EXACT)
            amount = pl.when(pl.col("unit") == unit).then(in_unit).otherwise(amount)
        changed.append(amount.alias("amount"))
    return table.with_columns(*changed).with_columns(pl.col(pl.Enum).cast(pl.String))


def as_csv(table: pl.DataFrame) -> bytes:
    """The table as UTF-8 CSV with a header."""
    texts = {
        name: dollar_texts(table[name], *((FEE_PLACES,) if name == "fee" else ()))
        for name in MONEY
        if name in table.columns
    }
    if "amount" in table.columns:
        texts["amount"] = amount_texts(table["amount"], table["unit"])
    guarded = [
        pl.when(pl.col(name).str.contains(f"{FORMULA}|{LEADING}"))
        .then(pl.col(name).str.replace_all(FORMULA, "${1}'${2}").str.replace(LEADING, "'$0"))
        .otherwise(pl.col(name))
        .alias(name)
        for name, dtype in table.schema.items()
        if dtype in (pl.String, pl.List(pl.String))
    ]
    joined = table.with_columns(pl.col(pl.List(pl.String)).list.join(" "))
    written = joined.with_columns(guarded).with_columns(
        pl.Series(name, values, dtype=pl.String) for name, values in texts.items()
    )
    return written.write_csv().encode()
