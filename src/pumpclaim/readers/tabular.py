"""CSV and Parquet tables of service lines (see ``flat``) -> ClaimSet."""

from __future__ import annotations

import io
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.readers.flat import (
    ALIASES,
    CLAIM_NAMES,
    MODIFIERS,
    REQUIRED,
    claim_columns,
    known_names,
    line_columns,
)
from pumpclaim.readers.values import LONGEST, date_of, diagnoses_of, money_of, quantity_of, text_of
from pumpclaim.tables import CLAIMS, LINES, REJECTED, Column, ClaimSet

if TYPE_CHECKING:
    from collections.abc import Callable

SEPARATORS = ",;\t|"
DUPLICATED = re.compile(r"_duplicated_\d+$")
"""What Polars adds to the name of a column that stands twice."""
FIRST_ROW = 2
"""Number of a table's first row: its header is row 1."""
SHOWN = 40
"""Characters of a cell that a message repeats."""
MONEY = frozenset({"charge", "claim_charge"})


def read_csv(data: bytes, source: str) -> ClaimSet:
    """The claims of a CSV file: comma, semicolon, tab or pipe; UTF-8, else cp1252.

    Raises InputError when the file as a whole cannot be used; damaged claims are in ``rejected``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise InputError("the table holds NUL characters; save it again as plain CSV", source=source)
    header = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(SEPARATORS, key=header.count)
    try:
        table = pl.read_csv(io.BytesIO(text.encode()), separator=separator, infer_schema=False)
    except pl.exceptions.NoDataError:
        raise InputError("the table is empty", source=source) from None
    except pl.exceptions.PolarsError as error:
        first = str(error).strip().split("\n", 1)[0]
        raise InputError(
            f"the table cannot be read as CSV ({first}); check for rows with more cells than the header and "
            "for quotes that are not closed", source=source,
        ) from None  # fmt: skip
    return read_table(table, source)


def read_parquet(data: bytes, source: str) -> ClaimSet:
    """The claims of a Parquet file in the flat layout; raises InputError as ``read_csv`` does."""
    try:
        table = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError):
        raise InputError("this Parquet file is cut off or damaged; write it again", source=source) from None
    return read_table(table, source)


def read_table(table: pl.DataFrame, source: str) -> ClaimSet:
    """The claims of a table in the flat layout.

    Rows with one claim_id, patient_id and billing_provider_npi are one claim, wherever they stand.
    """
    table = _named(table, source)
    if not table.height:
        raise InputError("the table has a header but no rows", source=source)
    values, problems = _read_values(table)
    key = ["claim_id", "patient_id", "billing_provider_npi"]
    values = values.with_columns(
        _row=pl.int_range(FIRST_ROW, table.height + FIRST_ROW, dtype=pl.UInt32)
    ).with_columns(_first=pl.col("_row").first().over(key))
    bad = _first_problem(table, values, problems)
    rejected = REJECTED.conform(
        values.select("_first", "claim_id").unique("_first", maintain_order=True).join(bad, on="_first")
        .sort("segment").with_columns(source=pl.lit(source))
    )  # fmt: skip
    good = values.join(bad, on="_first", how="anti", maintain_order="left") if bad.height else values
    good = good.sort("_first", maintain_order=True).with_columns(
        claim=(pl.col("_first").rank("dense") - 1).cast(pl.UInt32)
    )
    return ClaimSet(claims=_claims(good, source), lines=_lines(good), rejected=rejected)


def _named(table: pl.DataFrame, source: str) -> pl.DataFrame:
    """The table under the layout's names; raises InputError naming the nearest of what is missing."""
    clean = [name.strip().lower().replace(" ", "_") for name in table.columns]
    clean = [DUPLICATED.sub("", name) for name in clean]
    renamed = [ALIASES.get(name, name) for name in clean]
    twice = sorted({name for name in renamed if renamed.count(name) > 1})
    known = known_names()
    problems = [f"column '{name}' is there twice" for name in twice]
    missing = [name for name in REQUIRED if name not in renamed]
    unknown = [name for name in renamed if name not in known]
    for name in unknown:
        near = get_close_matches(name, [one for one in known if one not in renamed], n=1, cutoff=0.8)
        if near:
            problems.append(f"column '{name}' is not known; did you mean '{near[0]}'?")
            missing = [one for one in missing if one != near[0]]
    for name in missing:
        near = get_close_matches(name, unknown, n=1, cutoff=0.5)
        problems.append(f"column '{name}' is missing" + (f"; is it '{near[0]}'?" if near else ""))
    if problems:
        raise InputError("; ".join(problems) + " (see docs/tables.md)", source=source)
    table = table.rename(dict(zip(table.columns, renamed, strict=True)))
    if MODIFIERS in renamed:
        table = _split_modifiers(table)
    return table


def _split_modifiers(table: pl.DataFrame) -> pl.DataFrame:
    """The column of all modifiers as modifier_1 to modifier_4, where those are not given."""
    parts = pl.col(MODIFIERS).cast(pl.String).str.strip_chars().str.split(" ").list
    return table.with_columns(
        parts.get(place - 1, null_on_oob=True).alias(f"modifier_{place}")
        for place in (1, 2, 3, 4)
        if f"modifier_{place}" not in table.columns
    )


def _read_values(table: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Expr]]:
    """The table with every known column read, and for each "the cell could not be read"."""
    read: list[pl.Expr] = []
    problems: dict[str, pl.Expr] = {}
    columns = {**claim_columns(), **line_columns()}
    for name, column in columns.items():
        if name not in table.columns:
            read.append(pl.lit(None, dtype=column.dtype).alias(name))  # type: ignore[arg-type]
            continue
        value = _reader_of(name, column)(pl.col(name), table.schema[name])
        read.append(value.alias(name))
        given = pl.col(name).is_not_null()
        if table.schema[name] == pl.String:
            given = pl.col(name).str.strip_chars() != ""
        problems[name] = given & value.is_null()
    for name in REQUIRED:
        problems[f"{name} missing"] = _reader_of(name, columns[name])(pl.col(name), table.schema[name]).is_null()
    flags = table.select(expr.fill_null(value=False).alias(f"?{name}") for name, expr in problems.items())
    values = table.select(read)
    return pl.concat([values, flags], how="horizontal"), problems


def _reader_of(name: str, column: Column) -> Callable[[pl.Expr, pl.DataType], pl.Expr]:
    if name in MONEY:
        return money_of
    if column.name in ("units", "ndc_units"):
        return quantity_of
    if column.dtype == pl.Date:
        return date_of
    if column.name == "diagnoses":
        return diagnoses_of
    return text_of(column.dtype)


def _first_problem(
    table: pl.DataFrame, values: pl.DataFrame, problems: dict[str, pl.Expr]
) -> pl.DataFrame:
    """``_first``, ``segment`` and ``reason`` of each claim with a cell that could not be read."""
    found = [pl.DataFrame(schema={"_first": pl.UInt32, "segment": pl.UInt32, "reason": pl.String})]
    for name in problems:
        rows = values[f"?{name}"].arg_true()
        if not len(rows):
            continue
        column = name.removesuffix(" missing")
        at = values[rows].select("_first", "_row")
        if name == column:
            wanted = WANTED.get(column, f"write plain text of at most {LONGEST} characters")
            cells = [_shown(cell) for cell in table[column].gather(rows).to_list()]
            told = [f"column '{column}' cannot be '{cell}'; {wanted}" for cell in cells]
        else:
            told = [f"column '{column}' is empty; every service line needs one"] * len(rows)
        reasons = [f"row {row}: {reason}" for row, reason in zip(at["_row"], told, strict=True)]
        found.append(at.select("_first", segment="_row", reason=pl.Series(reasons)))
    return pl.concat(found).sort("segment", maintain_order=True).unique("_first", keep="first", maintain_order=True)


def _shown(cell: object) -> str:
    """The beginning of a cell, without what would not print."""
    text = "".join(char if char.isprintable() else "?" for char in str(cell))
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


_A_DATE = "write a date that exists, as 2025-03-10, 03/10/2025 or 20250310"
_AN_AMOUNT = "write dollars from 0 up, as 412.50"
_A_QUANTITY = "write a quantity from 0 up, with at most three decimals"
WANTED = {
    "charge": _AN_AMOUNT, "claim_charge": _AN_AMOUNT, "units": _A_QUANTITY, "ndc_units": _A_QUANTITY,
    "service_from": _A_DATE, "service_to": _A_DATE, "statement_from": _A_DATE, "statement_to": _A_DATE,
    "patient_birth_date": _A_DATE, "form": "write professional or institutional",
    "line": "write a whole number", "diagnoses": "write codes separated by spaces",
}  # fmt: skip
"""What a cell of each column should be."""


def _claims(good: pl.DataFrame, source: str) -> pl.DataFrame:
    back = {flat: column.name for flat, column in claim_columns().items()}
    first = good.group_by("claim", maintain_order=True).agg(
        *(
            pl.col(flat).first().alias(f"claim.{name}")
            for flat, name in back.items()
            if flat not in CLAIM_NAMES.values()
        ),
        pl.col("_row").min().alias("segment"),
        pl.col("claim_charge").first().fill_null(
            pl.when(pl.col("charge").is_not_null().all()).then(pl.col("charge").sum())
        ).alias("claim.charge"),
        pl.col("claim_note").first().alias("claim.note"),
    )  # fmt: skip
    first = first.rename({name: name.removeprefix("claim.") for name in first.columns if name.startswith("claim.")})
    bill = pl.col("type_of_bill")
    form = pl.when(bill.is_not_null()).then(pl.lit("institutional")).otherwise(pl.lit("professional"))
    return CLAIMS.conform(
        first.with_columns(
            form=pl.coalesce(pl.col("form").cast(pl.String), form),
            source=pl.lit(source),
            frequency_code=pl.coalesce("frequency_code", bill.str.strip_chars_start("0").str.slice(2, 1).replace("", None)),
        )
    )


def _lines(good: pl.DataFrame) -> pl.DataFrame:
    number = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("claim")
    return LINES.conform(
        good.with_columns(
            line=pl.coalesce("line", number),
            segment=pl.col("_row"),
            service_to=pl.coalesce("service_to", "service_from"),
        )
    )
