"""Columns that claims and service lines have in common: days, numbers, NPIs, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.readers.x12_segments import Spans, empty_column, packed
from pumpclaim.readers.x12_values import GOOD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.readers.x12_segments import Ints, Segments
    from pumpclaim.tables import Table

_XX = packed("XX")


def day_column(days: Ints, state: NDArray[np.int8]) -> pl.Series:
    """Days since 1970 as dates; null unless `GOOD`."""
    column = pl.Series(days.astype(np.int32)).cast(pl.Date)
    return _known(column, state)


def number_column(values: Ints, state: NDArray[np.int8]) -> pl.Series:
    """Whole numbers; null unless `GOOD`."""
    return _known(pl.Series(values), state)


def _known(column: pl.Series, state: NDArray[np.int8]) -> pl.Series:
    good = state == GOOD
    return column if good.all() else column.set(pl.Series(~good), None)


def npi(segments: Segments, rows: Ints) -> Spans:
    """NM109 where NM108 says that it is an NPI (XX)."""
    spans, kinds = segments.elements_of((rows, 9), (rows, 8))
    is_npi = segments.codes(kinds) == _XX
    return Spans(np.where(is_npi, spans.start, 0), np.where(is_npi, spans.end, 0))


def notes(segments: Segments, rows: Ints, owners: Ints, count: int) -> pl.Series:
    """NTE02 of each owner, several joined by a semicolon. Shape (count,)."""
    if not rows.size:
        return empty_column(count)
    spans = segments.element(rows, 2)
    full = spans.size > 0
    rows, owners, spans = rows[full], owners[full], spans[full]
    alone = np.zeros(count, np.int64), np.zeros(count, np.int64)
    alone[0][owners], alone[1][owners] = spans.start, spans.end
    text = segments.strings({"note": Spans(*alone)})["note"]
    times = np.bincount(owners, minlength=count)
    if not (times > 1).any():
        return text
    several = times[owners] > 1
    parts = pl.DataFrame(
        {"owner": owners[several], "note": segments.strings({"n": spans[several]})["n"]}
    )
    joined = parts.group_by("owner", maintain_order=True).agg(pl.col("note").str.join("; "))
    return text.scatter(joined["owner"], joined["note"])


def table(kind: Table, columns: dict[str, pl.Series]) -> pl.DataFrame:
    """These columns as a table, in its order."""
    return pl.DataFrame([columns[column.name].alias(column.name) for column in kind])
