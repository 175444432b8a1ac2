"""CSV and Parquet tables of service lines (see ``flat``) -> ClaimSet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.readers.agreement import FIRST, ROW, check_claims
from pumpclaim.readers.delimited import CELLS, parse
from pumpclaim.readers.faults import Faults, unreadable
from pumpclaim.readers.flat import (
    CLAIM_NAMES,
    KEY,
    MODIFIERS,
    REQUIRED,
    STAND_INS,
    claim_columns,
    flat_columns,
)
from pumpclaim.readers.headings import layout_names, squeezed
from pumpclaim.readers.layouts import Layout, recognise
from pumpclaim.readers.sources import check_lines
from pumpclaim.readers.values import is_constant, plain, plain_cells, read_cells
from pumpclaim.tables import CLAIMS, LINES, REJECTED
from pumpclaim.threads import LARGE, each
from pumpclaim.visits import sort_by, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

    from numpy.typing import NDArray

FIRST_ROW = 2
"""Number of a table's first row: its header is row 1."""
MOST_ROWS = 200_000_000
"""Rows of the largest Parquet file that is read: a small file can claim to hold any number."""
MODIFIER_NAMES = [f"modifier_{place}" for place in (1, 2, 3, 4)]
CONTRACTOR_DIGITS = 5
"""Digits of a Medicare contract number, whose first zero spreadsheets drop."""
NOT_THE_HEADER = "cells, the header not as many; put quotes around a text that holds the separator"
_ASTRAY = "?astray"


def read_csv(data: bytes, source: str, most: int | None = None) -> ClaimSet:
    """The claims of a CSV file: comma, semicolon, tab or pipe; UTF-8, UTF-16 or Windows-1252.

    Raises InputError when the file as a whole cannot be used, BeyondError for more than ``most`` rows;
    damaged claims are in ``rejected``.
    """
    names, table = parse(data, source)
    check_lines(table.height, most)
    return read_table(names, table, source, escaped=b"'" in data)


def read_parquet(data: bytes, source: str, most: int | None = None) -> ClaimSet:
    """The claims of a Parquet file in the flat layout; raises InputError as ``read_csv`` does."""
    try:
        frame = pl.scan_parquet(io.BytesIO(data))
        schema = frame.collect_schema()
        rows = frame.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputError(
            "this Parquet file is cut off or damaged; write it again", source=source
        ) from None
    if rows > MOST_ROWS:
        raise InputError(f"the table has more than {MOST_ROWS:,} rows; split it", source=source)
    check_lines(rows, most)
    names = schema.names()
    if layout := recognise(names, source):
        return _read_layout(layout, _collected(frame.select(layout.needed()), source), source)
    known = layout_names(names, source)
    for at, name in known.items():
        dtype = schema.dtypes()[at]
        if dtype.is_nested() and not (
            name in (MODIFIERS, "diagnoses") and isinstance(dtype, pl.List)
        ):
            raise InputError(f"column '{names[at]}' is nested; give one value a row", source=source)
    table = _collected(frame.select(names[at] for at in known), source)
    positions = {name: str(at) for at, name in enumerate(table.columns)}
    return read_table(table.columns, table.rename(positions), source)


def _collected(frame: pl.LazyFrame, source: str) -> pl.DataFrame:
    try:
        return frame.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputError(
            "this Parquet file is cut off or damaged; write it again", source=source
        ) from None


def _read_layout(layout: Layout, table: pl.DataFrame, source: str) -> ClaimSet:
    """The claims of a table in an analysts' layout, its columns under its own names."""
    rows = layout.flat(table.with_row_index(ROW, offset=FIRST_ROW))
    return _not_empty(read_rows(rows, source, layout=layout), source)


def _not_empty(found: ClaimSet, source: str) -> ClaimSet:
    if not found.claims_read:
        raise InputError("the table has a header but no rows", source=source)
    return found


def read_table(
    names: list[str], table: pl.DataFrame, source: str, *, escaped: bool = False
) -> ClaimSet:
    """The claims of a table in the flat layout, whose columns ``0``, ``1``... bear ``names``.

    Rows that agree in ``flat.KEY`` are one claim, wherever they stand. ``escaped``: an apostrophe before
    a formula is taken off (see ``flat.write_flat``). Raises InputError when the columns cannot be used.
    """
    if layout := recognise(names, source):
        return _read_layout(
            layout, table.rename(dict(zip(map(str, range(len(names))), names, strict=True))), source
        )
    known = layout_names(names, source)
    cells = table.select(
        *(pl.col(str(at)).alias(name) for at, name in known.items()),
        *([CELLS] if CELLS in table.columns else []),
    )
    cells = cells.with_row_index(ROW, offset=FIRST_ROW)
    if escaped:
        text = [name for name, dtype in cells.schema.items() if dtype == pl.String]
        cells = cells.with_columns(pl.col(text).str.replace(r"^'('*[=+\-@])", "$1"))
    found = read_rows(cells, source, contractor_numbers(names, known))
    return _not_empty(found, source)


def contractor_numbers(names: Sequence[str], known: Mapping[int, str]) -> set[str]:
    """The columns that hold bare contract numbers, whose first zero may be missing."""
    return {name for at, name in known.items() if squeezed(names[at]) == "contractor"}


def read_rows(
    cells: pl.DataFrame,
    source: str,
    contractors: Set[str] = frozenset(),
    locate: Callable[[int], str] = "row {}".format,
    layout: Layout | None = None,
) -> ClaimSet:
    """The claims of rows in the flat layout, under its column names, with their numbers in ``ROW`` (UInt32).

    ``contractors`` are columns of contract numbers; ``locate`` says where a row stands, from its number;
    ``layout`` is the analysts' layout that the rows come from.
    """
    cells = _without_blank_rows(cells if layout is None else layout.services(cells))
    if not cells.height:
        return ClaimSet()
    may_be_empty = layout.may_be_empty if layout is not None else frozenset[str]()
    given = set(cells.columns) & (flat_columns().keys() | {MODIFIERS})
    faults = Faults(locate) if layout is None else Faults(locate, layout.called)
    values = _grouped(_read_values(cells, contractors, may_be_empty, faults))
    starts, lead = _starts(values)
    if "line" not in given:
        number = pl.Series(np.arange(values.height) - lead + 1, dtype=pl.UInt32)
        values = values.with_columns(number.alias("line"))
    check_claims(values, starts, lead, given, faults)
    not_carried = " ".join(layout.not_carried) or None if layout is not None else None
    return _claim_set(values, given, faults, source, not_carried)


def _given(name: str, dtype: pl.DataType) -> pl.Expr:
    """Whether there is anything in the cells of a column."""
    if isinstance(dtype, pl.List):
        return pl.col(name).list.len().fill_null(0) > 0
    return plain(pl.col(name), dtype).is_not_null()


def _begins_with_text(cells: pl.Series) -> bool:
    """Whether each cell begins with a printable ASCII sign, as plain ids do: then none is blank."""
    if cells.dtype != pl.String or cells.null_count() or not len(cells):
        return False
    return bool((cells >= "!").all() and (cells < "\x7f").all())


def _without_blank_rows(cells: pl.DataFrame) -> pl.DataFrame:
    columns = {name: dtype for name, dtype in cells.schema.items() if name not in (ROW, CELLS)}
    if _begins_with_text(cells["claim_id"]):
        return cells
    if cells.select(_given("claim_id", columns["claim_id"]).all()).item():
        return cells
    return cells.filter(pl.any_horizontal(_given(*column) for column in columns.items()))


def _read_values(
    cells: pl.DataFrame, contractors: Set[str], may_be_empty: Set[str], faults: Faults
) -> pl.DataFrame:
    """Every column of the layout; what cannot be read is null and told to ``faults``."""
    schema, columns, rows = cells.schema, flat_columns(), cells[ROW]
    names = [name for name in columns if name in schema]
    found = each(
        lambda name: read_cells(name, columns[name], cells[name]), names, large=len(rows) > LARGE
    )
    read = dict(zip(names, found, strict=True))
    for name in contractors:
        read[name] = read[name].str.pad_start(CONTRACTOR_DIGITS, "0")
    values = pl.DataFrame([rows, *read.values()])
    if CELLS in schema:
        counts = cells[CELLS]
        faults.add(counts.is_not_null(), rows, lambda at: f"it has {counts[at]} {NOT_THE_HEADER}")
    astray = pl.repeat(value=False, n=cells.height, eager=True)
    for name in read:
        if values[name].null_count() > cells[name].null_count():
            lost = values[name].is_null() & cells.select(_given(name, schema[name])).to_series()
            faults.add(
                lost, rows, unreadable(name, columns[name], cells[name], faults.called(name))
            )
            astray |= lost if name in KEY else False
    for name in (one for one in REQUIRED if one not in may_be_empty):
        empty = values[name].is_null()
        stand_in = STAND_INS.get(name, "")
        if stand_in in read:
            empty &= values[stand_in].is_null()
        faults.add(
            empty, rows, f"column '{faults.called(name)}' is empty; every service line needs one"
        )
        astray |= empty if name in KEY else False
    for begin, end in (("service_from", "service_to"), ("statement_from", "statement_to")):
        if begin in read and end in read:
            reversed_ = (values[end] < values[begin]).fill_null(value=False)
            faults.add(
                reversed_, rows, f"column '{faults.called(end)}' is before '{faults.called(begin)}'"
            )
    if MODIFIERS in schema:
        values = _split_modifiers(cells, values, faults)
    return values.with_columns(
        astray.alias(_ASTRAY),
        *(
            pl.lit(None, dtype=column.dtype).alias(name)
            for name, column in columns.items()
            if name not in values.columns
        ),
    )


def _split_modifiers(cells: pl.DataFrame, values: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """The column of all modifiers as modifier_1 to modifier_4."""
    given, rows = cells[MODIFIERS], cells[ROW]
    if isinstance(given.dtype, pl.List):
        text = given.cast(pl.List(pl.String)).list.join(" ")
    else:
        text = plain_cells(given)
    parts = text.str.to_uppercase().str.extract_all(r"[^\s,;:]+")
    many = (parts.list.len() > len(MODIFIER_NAMES)).fill_null(value=False)
    faults.add(many, rows, unreadable(MODIFIERS, None, given))
    columns: list[pl.Series] = []
    for place, name in enumerate(MODIFIER_NAMES):
        part = parts.list.get(place, null_on_oob=True).alias(name)
        if name in values.columns:
            own = values[name]
            differs = own.is_not_null() & own.ne_missing(part) & (parts.list.len().fill_null(0) > 0)
            faults.add(differs, rows, f"columns '{name}' and '{MODIFIERS}' do not say the same")
            part = pl.select(pl.coalesce(own, part)).to_series().alias(name)
        columns.append(part)
    return values.with_columns(columns)


def _grouped(values: pl.DataFrame) -> pl.DataFrame:
    """The rows claim by claim, each claim where its first row stands; ``FIRST`` is that row's number.

    Rows of a claim stand in order of their line numbers.

    A row whose key is damaged is put with every row of its claim id and patient, and where the patient is
    not known with every row of its claim id, so that no claim goes on without it.
    """
    bill = pl.col("type_of_bill").str.slice(2, 1).replace("", None)
    values = values.with_columns(frequency_code=pl.coalesce("frequency_code", bill))
    values = values.with_columns(_first_rows(values).alias(FIRST))
    if values[_ASTRAY].any():
        whose = values.filter(_ASTRAY).select("claim_id", "patient_id").unique()
        of_nobody = whose.filter(pl.col("patient_id").is_null())["claim_id"].drop_nulls()
        together = (
            pl.when(pl.col("claim_id").is_in(of_nobody.implode()))
            .then(pl.col(ROW).first().over("claim_id"))
            .when(pl.struct("claim_id", "patient_id").is_in(whose.to_struct().implode()))
            .then(pl.col(ROW).first().over("claim_id", "patient_id"))
            .otherwise(FIRST)
        )
        alone = pl.when(pl.col("claim_id").is_null()).then(ROW).otherwise(together)
        values = values.with_columns(alone.alias(FIRST))
    first = values[FIRST].to_numpy()
    if not (first[1:] >= first[:-1]).all():
        values = values[np.argsort(first, kind="stable")]
        first = values[FIRST].to_numpy()
    if values["line"].null_count() < values.height:
        line = whole_numbers(values["line"].cast(pl.Int64), MOST_ROWS)
        if not ((line[1:] >= line[:-1]) | (first[1:] > first[:-1])).all():
            values = values[sort_by(first.astype(np.int64), line)]
    return values


def _first_rows(values: pl.DataFrame) -> pl.Series:
    """Of each row the number of the first row that agrees with it in KEY.

    Rows of a claim mostly stand together: only where such a run begins is it asked who agrees.
    """
    key = values.select(*KEY[:-1], pl.col(KEY[-1]).fill_null("1"))
    differs = np.zeros(values.height, bool)
    for cells in key.get_columns():
        if not is_constant(cells):
            differs |= cells.ne_missing(cells.shift(1)).to_numpy()
    differs[0] = True
    runs = np.flatnonzero(differs)
    of_runs = key[runs].with_columns(values[ROW].gather(pl.Series(runs)))
    first = of_runs[ROW]
    if of_runs["claim_id"].n_unique() < of_runs.height:
        first = of_runs.select(pl.col(ROW).first().over(KEY)).to_series()
    return pl.Series(np.repeat(first.to_numpy(), np.diff(runs, append=values.height)))


def _starts(values: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Position of each claim's first row, and for each row that of its claim's."""
    first = values[FIRST].to_numpy()
    is_start = np.concatenate(([True], first[1:] != first[:-1]))
    starts = np.flatnonzero(is_start)
    return starts, starts[np.cumsum(is_start) - 1]


def _claim_set(
    values: pl.DataFrame, given: set[str], faults: Faults, source: str, not_carried: str | None
) -> ClaimSet:
    bad = faults.first()
    if bad.height:
        bad = bad.join(values.select(ROW, FIRST, "claim_id"), left_on="row", right_on=ROW)
        bad = bad.sort("row").unique(FIRST, keep="first", maintain_order=True)
        values = values.filter(~pl.col(FIRST).is_in(bad[FIRST].implode()))
    rejected = bad.select(
        pl.lit(source).alias("source"), segment="row", reason="reason",
        claim_id=pl.col("claim_id") if "claim_id" in bad.columns else pl.lit(None, pl.String),
    )  # fmt: skip
    if not values.height:
        return ClaimSet(rejected=REJECTED.conform(rejected))
    starts, lead = _starts(values)
    of_claim = pl.Series(np.searchsorted(starts, lead), dtype=pl.UInt32)
    return ClaimSet(
        claims=_claims(values, starts, given, source).with_columns(
            not_carried=pl.lit(not_carried, pl.String)
        ),
        lines=LINES.conform(
            values.with_columns(
                claim=of_claim,
                segment=ROW,
                service_to=pl.coalesce("service_to", "service_from"),
            )
        ),
        rejected=REJECTED.conform(rejected),
    )


def _claims(
    values: pl.DataFrame, starts: NDArray[np.int64], given: set[str], source: str
) -> pl.DataFrame:
    needed = {*CLAIMS.schema, *claim_columns(), FIRST} & set(values.columns)
    first = values.select(needed)[starts]
    sums = pl.Series(np.add.reduceat(whole_numbers(values["charge"], 0), starts))
    if values["charge"].null_count():
        unknown = values["charge"].is_null().to_numpy()
        sums = sums.set(pl.Series(np.logical_or.reduceat(unknown, starts)), None)
    charge = pl.coalesce("claim_charge", sums)
    own = {
        name: flat if flat in given or name in ("charge", "note") else name
        for name, flat in CLAIM_NAMES.items()
    }
    institutional = pl.col("type_of_bill").is_not_null()
    form = pl.when(institutional).then(pl.lit("institutional")).otherwise(pl.lit("professional"))
    return CLAIMS.conform(
        first.with_columns(
            *(pl.col(flat).alias(name) for name, flat in own.items() if name != "charge"),
            charge.alias("charge"),
            claim=pl.int_range(len(starts), dtype=pl.UInt32),
            source=pl.lit(source),
            segment=FIRST,
            form=pl.coalesce(pl.col("form").cast(pl.String), form),
        )
    )
