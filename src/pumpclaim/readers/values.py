"""Cells of a table -> exact values, by whole columns; null where a cell is empty or cannot be read."""

from __future__ import annotations

import polars as pl

from pumpclaim.tables import MAX_MONEY, NANO, UNIT, Column
from pumpclaim.visits import whole_numbers

LONGEST = 500
"""Characters of the longest text that a cell may hold."""
LONGEST_NOTE = 2_000
"""Characters of the longest note: a claim may carry twenty of 80."""
EARLIEST, LATEST = pl.date(1900, 1, 1), pl.date(2100, 12, 31)
MOST_QUANTITY = 10**15
"""The largest quantity, in thousandths."""
SCALES = {"nano-dollars": (9, MAX_MONEY), "thousandths": (3, MOST_QUANTITY)}
"""Decimals that a unit keeps, and the most of it that a cell may say."""
CODES = frozenset({
    "hcpcs", "modifier_1", "modifier_2", "modifier_3", "modifier_4", "patient_state", "billing_state",
    "facility_state", "service_state", "unit_basis", "ndc_unit", "filing_indicator", "assignment",
})  # fmt: skip
"""Columns of codes, which are written in capitals."""
PADDED = frozenset({"place_of_service", "claim_place_of_service", "type_of_bill"})
"""Columns of codes whose first zero may be missing, or be one too many."""
MANY = 1_000
"""Cells from which on it is worth looking whether they must be read at all."""
CODE_LENGTH = 10
"""Characters of a diagnosis code and the blank behind it, at most."""
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


def read_cells(name: str, column: Column, cells: pl.Series) -> pl.Series:
    """The values of the flat column ``name``.

    Money comes in nano-dollars, quantities in thousandths; both are exact and never negative. A column
    repeats itself, so its distinct cells are read and then looked up; cells that are already as they are
    read, which is most of what a program wrote, are the values.
    """
    if isinstance(cells.dtype, pl.List):
        return cells if _are_codes(cells) else _read(name, column, cells).alias(name)
    typed = _typed(column, cells)
    if typed is not None:
        return typed.alias(name)
    if len(cells) >= MANY and column.dtype == pl.String and cells.dtype == pl.String:
        if _few(cells):
            distinct = _distinct(cells)
            if distinct.equals(_read(name, column, distinct)):
                return cells.alias(name)
        elif name not in PADDED and _is_plain(name, cells):
            return cells.alias(name)
    distinct = _distinct(cells)
    if 2 * len(distinct) > len(cells):
        return _read(name, column, cells).alias(name)
    table = pl.DataFrame({"cell": distinct, "value": _read(name, column, distinct)})
    looked_up = (
        cells.alias("cell")
        .to_frame()
        .join(table, on="cell", how="left", nulls_equal=True, maintain_order="left")
    )
    return looked_up["value"].alias(name)


def _typed(column: Column, cells: pl.Series) -> pl.Series | None:
    """The values of cells whose own type says them exactly; null where they must be read as text."""
    kind = cells.dtype
    if kind == column.dtype == pl.Date:
        inside = not len(cells) or not cells.is_between(EARLIEST, LATEST).not_().any()
        return cells if inside else None
    if kind.is_integer() and column.dtype.is_integer() and column.unit is None:
        return cells.cast(column.dtype, strict=False)
    if kind == pl.String and isinstance(column.dtype, pl.Enum):
        named = cells.cast(column.dtype, strict=False)
        return named if named.null_count() == cells.null_count() else None
    if column.unit in SCALES:
        return _scaled(cells, *SCALES[column.unit])
    return None


def _scaled(cells: pl.Series, places: int, most: int) -> pl.Series | None:
    """Whole numbers or decimals times 10 to the ``places``, null below 0 and above ``most``; else null."""
    scale = 0
    if isinstance(cells.dtype, pl.Decimal):
        scale, cells = cells.dtype.scale, cells.to_physical()
    if not cells.dtype.is_integer() or scale > places:
        return None
    factor = 10 ** (places - scale)
    whole = cells.cast(pl.Int64, strict=False)
    scaled: pl.Series = whole.set(~whole.is_between(0, most // factor), None) * factor
    return scaled


def is_constant(cells: pl.Series) -> bool:
    """Whether every cell is the same; a quick look, which lists and columns with some nulls do not pass."""
    if cells.null_count() or not len(cells) or cells.dtype.is_nested():
        return bool(len(cells)) and cells.null_count() == len(cells)
    return bool((cells == cells[0]).all())


def _distinct(cells: pl.Series) -> pl.Series:
    return cells.head(1) if is_constant(cells) else cells.unique()


def _few(cells: pl.Series) -> bool:
    """Whether the first cells repeat themselves."""
    return 2 * cells.head(MANY).n_unique() < MANY


def _is_plain(name: str, cells: pl.Series) -> bool:
    """Printable ASCII without blanks around it, not too long, codes in capitals: read, it is the same."""
    if whole_numbers(cells.str.len_bytes()).max(initial=0) > LONGEST:
        return False
    odd = r"^ | $|^$|[^ -~]" + ("|[a-z]" if name in CODES else "")
    return not cells.str.contains(odd).any()


def _are_codes(cells: pl.Series) -> bool:
    """A list column that holds codes alone, in capitals and without points."""
    if cells.dtype != pl.List(pl.String):
        return False
    sizes = whole_numbers(cells.list.len(), 0)
    if not len(sizes) or sizes.max() * CODE_LENGTH > LONGEST or sizes.min() == 0:
        return False
    inside = cells.explode()
    odd = inside.is_null() | ~inside.str.contains(rf"^[A-Z0-9]{{1,{CODE_LENGTH - 1}}}$")
    return not odd.any()


def _read(name: str, column: Column, cells: pl.Series) -> pl.Series:
    if column.unit == "nano-dollars":
        return money_of(cells)
    if column.unit == "thousandths":
        return _fixed(plain_cells(cells), UNIT, *SCALES["thousandths"])
    cell = pl.col(cells.name)
    if column.dtype == pl.Date:
        value = date_of(cell, cells.dtype)
    elif column.name == "diagnoses":
        value = _diagnoses(cell, cells.dtype)
    else:
        value = _text(column, plain(cell, cells.dtype))
    return cells.to_frame().select(value.alias(name)).to_series()


def _text(column: Column, cell: pl.Expr) -> pl.Expr:
    text = _printable(cell, LONGEST_NOTE if column.name == "note" else LONGEST)
    if isinstance(column.dtype, pl.Enum):
        return text.str.to_lowercase().cast(column.dtype, strict=False)
    if column.dtype != pl.String:
        return text.cast(column.dtype, strict=False)
    if column.name in CODES:
        return text.str.to_uppercase()
    if column.name == "place_of_service":
        return text.str.pad_start(2, "0")
    if column.name == "type_of_bill":
        return pl.when(text.str.len_bytes() == 4).then(text.str.strip_prefix("0")).otherwise(text)
    return text


def money_of(cells: pl.Series) -> pl.Series:
    """Dollars as nano-dollars: ``412.50``, ``$1,412.50``, or a number by its shortest decimal text.

    A comma must stand before three digits, so that a decimal comma is never read as thousands.
    """
    text = plain_cells(cells)
    if cells.dtype == pl.String:
        text = text.str.strip_prefix("$").str.strip_chars_start()
        grouped = text.str.contains(r"^\d{1,3}(,\d{3})+(\.\d*)?$")
        if grouped.any():
            text = text.str.replace_all(",", "", literal=True).zip_with(
                grouped.fill_null(value=False), text
            )
    return _fixed(text, NANO, *SCALES["nano-dollars"])


def date_of(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A date as 2025-03-10, 03/10/2025, 20250310 or 10-MAR-2025, from 1900 to 2100."""
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        day = cell.cast(pl.Date)
    else:
        text = plain(cell, dtype)
        size = text.str.len_bytes()
        compact = pl.when((size == 8) & text.str.contains(r"^\d+$")).then(text)
        # A moment, as databases export dates, counts by its day.
        midnight = r"[T ]00:00(:00(\.0+)?)?Z?$"
        text = pl.when(text.str.contains(midnight)).then(text.str.slice(0, 10)).otherwise(text)
        size = text.str.len_bytes()
        iso = pl.when((size == 10) & ~text.str.contains("/", literal=True)).then(text)
        named = pl.when(text.str.contains(r"^\d{1,2}-[A-Za-z]{3}-\d{4}$")).then(
            text.str.to_titlecase()
        )
        slashed = pl.when(text.str.contains("/", literal=True)).then(text)
        day = pl.coalesce(
            iso.str.to_date("%Y-%m-%d", strict=False),
            slashed.str.to_date("%m/%d/%Y", strict=False),
            compact.str.to_date("%Y%m%d", strict=False),
            named.str.to_date("%d-%b-%Y", strict=False),
        )
    return pl.when(day.is_between(EARLIEST, LATEST)).then(day)


def plain(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A cell as text without blanks around it; null when it is empty or not a number (NaN)."""
    if dtype.is_float():
        cell = cell.fill_nan(None)
        whole = cell.cast(pl.Int64, strict=False)
        text = pl.when(whole == cell).then(whole.cast(pl.String)).otherwise(cell.cast(pl.String))
    else:
        text = cell if dtype == pl.String else cell.cast(pl.String, strict=False)
        text = text.str.strip_chars()
    return pl.when(text != "").then(text)


def plain_cells(cells: pl.Series) -> pl.Series:
    """As ``plain``, for a column of its own."""
    return cells.to_frame().select(plain(pl.col(cells.name), cells.dtype)).to_series()


def _printable(text: pl.Expr, longest: int) -> pl.Expr:
    return pl.when((text.str.len_chars() <= longest) & ~text.str.contains(CONTROL)).then(text)


def _diagnoses(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Codes without points, from a list or from text with spaces, commas or semicolons."""
    if isinstance(dtype, pl.List):
        text = cell.cast(pl.List(pl.String)).list.join(" ")
    else:
        text = plain(cell, dtype).str.replace_all(r"[\s,;]+", " ")
    text = text.str.replace_all(".", "", literal=True).str.strip_chars().str.to_uppercase()
    fine = pl.when(text != "").then(_printable(text, LONGEST))
    return fine.str.split(" ")


def _fixed(text: pl.Series, scale: int, places: int, most: int) -> pl.Series:
    """A plain decimal number times ``scale``, exact; null when it has more decimals or is too large."""
    fine = text.str.contains(rf"^(\d{{1,15}}(\.\d{{0,{places}}}0*)?|\.\d{{1,{places}}}0*)$")
    parts = text.set(~fine, None).str.splitn(".", 2).struct.unnest()
    whole = parts["field_0"].replace("", "0").cast(pl.Int64, strict=False)
    fraction = parts["field_1"].fill_null("").str.slice(0, places).str.pad_end(places, "0")
    fits = pl.DataFrame({"whole": whole, "fraction": fraction.cast(pl.Int64)}).select(
        pl.when(pl.col("whole") <= most // scale).then(pl.col("whole")) * scale + pl.col("fraction")
    ).to_series()  # fmt: skip
    return fits.set(fits > most, None)
