"""The tables that a stream writes: those of a review, each row told by its claim and not by positions.

A stream is judged in parts, so a position in "the set" means nothing in it. A claim is told by ``source``
and ``segment``, the file and the row where it begins, and by its ids; where rows have no files (Spark),
by its ids alone. Money is in dollars, as exact decimals.
"""

from __future__ import annotations

import polars as pl

from pumpclaim.reports.tabular import EXACT, WHOLE_CENTS
from pumpclaim.tables import CLAIMS, DETERMINED, FINDINGS, PRICES, REJECTED, Column, Table

_POSITIONS = frozenset({"claim", "row"})
_WHERE = tuple(
    column for column in CLAIMS if column.name in ("claim_id", "patient_id", "source", "segment")
)
_MONEY = {"allowed": WHOLE_CENTS, "payable": WHOLE_CENTS, "charge": EXACT}


def _streamed(table: Table) -> Table:
    own = {column.name for column in _WHERE}
    rest = tuple(c for c in table if c.name not in _POSITIONS | own)
    return Table(table.name, table.row, (*_WHERE, *map(_written, rest)))


def _written(column: Column) -> Column:
    """The column as it stands in a file: money as decimals, enumerations as text."""
    if column.name in _MONEY:
        return Column(column.name, _MONEY[column.name], column.meaning, "dollars")
    if isinstance(column.dtype, pl.Enum):
        return Column(column.name, pl.String, column.meaning, column.unit)
    return column


STREAMED = {
    **{table.name: _streamed(table) for table in (FINDINGS, PRICES, DETERMINED)},
    REJECTED.name: REJECTED,
}
"""Name -> table, of all that a stream writes."""
