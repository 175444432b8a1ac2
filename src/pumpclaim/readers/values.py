"""Cells of a table -> exact values, as expressions; null where a cell cannot be read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.tables import MAX_MONEY, NANO, UNIT

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 500
"""Characters of the longest text that a cell may hold."""
EARLIEST, LATEST = pl.date(1900, 1, 1), pl.date(2100, 12, 31)


def money_of(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Dollars as nano-dollars: ``412.50``, ``$1,412.50``, or a number; never through floats."""
    text = _plain(cell, dtype).str.replace(r"^\$", "").str.replace_all(",", "")
    return _fixed(text, 9, NANO, MAX_MONEY)


def quantity_of(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A quantity in thousandths."""
    return _fixed(_plain(cell, dtype), 3, UNIT, 10**15)


def date_of(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A date as 2025-03-10, 03/10/2025 or 20250310, from 1900 to 2100."""
    if dtype == pl.Date:
        day = cell
    elif isinstance(dtype, pl.Datetime):
        day = cell.cast(pl.Date)
    else:
        text = _plain(cell, dtype)
        day = pl.coalesce(
            text.str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d")
        )
    return pl.when(day.is_between(EARLIEST, LATEST)).then(day)


def diagnoses_of(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Diagnosis codes without points, from a list or from text with spaces, commas or semicolons."""
    if isinstance(dtype, pl.List):
        return cell.cast(pl.List(pl.String)).list.eval(pl.element().str.replace_all(r"\.", ""))
    text = _plain(cell, dtype).str.replace_all(r"\.", "").str.replace_all(r"[\s,;]+", " ")
    return pl.when(text.str.len_chars() <= LONGEST).then(text.str.split(" "))


def text_of(dtype: pl.DataType | type[pl.DataType]) -> Callable[[pl.Expr, pl.DataType], pl.Expr]:
    """A reader of text of that type: stripped, null when empty, too long or not text."""
    return partial(_text, target=dtype)


def _text(cell: pl.Expr, dtype: pl.DataType, target: pl.DataType | type[pl.DataType]) -> pl.Expr:
    text = _plain(cell, dtype)
    fine = (text.str.len_chars() <= LONGEST) & ~text.str.contains(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
    value = pl.when(fine).then(text)
    if isinstance(target, pl.Enum):
        value = value.str.to_lowercase()
    return value if target == pl.String else value.cast(target, strict=False)


def _plain(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    text = (cell if dtype == pl.String else cell.cast(pl.String)).str.strip_chars()
    return pl.when(text != "").then(text)


def _fixed(text: pl.Expr, places: int, scale: int, most: int) -> pl.Expr:
    """A plain decimal number times ``scale``, exact; null when it has more decimals or is too large."""
    fine = text.str.contains(rf"^\d{{1,10}}(\.\d{{0,{places}}}0*)?$|^\.\d{{1,{places}}}0*$")
    parts = pl.when(fine).then(text).str.splitn(".", 2).struct
    whole = parts.field("field_0").replace("", "0").cast(pl.Int64, strict=False)
    fraction = (
        parts.field("field_1").fill_null("").str.slice(0, places).str.pad_end(places, "0").cast(pl.Int64, strict=False)
    )
    value = whole * scale + fraction
    return pl.when(value <= most).then(value)
