"""Do the rows of a claim agree: each claim's facts, its line numbers, the sum of its charges."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.readers.faults import Faults, shown
from pumpclaim.readers.flat import claim_columns, line_columns
from pumpclaim.readers.values import is_constant
from pumpclaim.tables import MAX_MONEY, NANO
from pumpclaim.threads import LARGE, each
from pumpclaim.visits import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROW, FIRST = "?row", "?first"
"""Columns with the number of each row, and with that of its claim's first row."""


def check_claims(
    values: pl.DataFrame,
    starts: NDArray[np.int64],
    lead: NDArray[np.int64],
    given: set[str],
    faults: Faults,
) -> None:
    """What can be wrong with a claim although each of its cells can be read."""
    rows = values[ROW]
    again = lead != np.arange(values.height)
    names = sorted(claim_columns().keys() - line_columns().keys() & given)
    vary = each(lambda name: _varies(values[name], again), names, large=values.height > LARGE)
    for name in compress(names, vary):
        own, first = values[name], values[name].gather(lead)
        differs = own.is_not_null() & own.ne_missing(first)
        faults.add(
            differs, rows, _told(faults.called(name), own, first, rows.gather(lead), faults.locate)
        )
    if "line" in given and not _ascends(values["line"], again):
        twice = ~values.select(pl.struct(FIRST, "line").is_first_distinct()).to_series()
        faults.add(
            twice & values["line"].is_not_null(),
            rows,
            lambda at: f"line {values['line'][at]} of the claim is there twice",
        )
    dollars = np.add.reduceat(values["charge"].fill_null(0).to_numpy() // NANO, starts)
    large = np.zeros(values.height, bool)
    large[starts[dollars >= MAX_MONEY // NANO]] = True
    faults.add(
        pl.Series(large), rows, "the charges of the claim's lines sum to more than any claim"
    )


def _varies(cells: pl.Series, again: NDArray[np.bool_]) -> bool:
    """Whether a row's cell may differ from that of the row before it of the same claim."""
    if is_constant(cells):
        return False
    if isinstance(cells.dtype, pl.List):
        sizes = whole_numbers(cells.list.len(), 0)
        width = int(sizes[0])
        if width and (sizes == width).all():
            inside = cells.explode()
            differs = inside.ne_missing(inside.shift(width)).to_numpy().reshape(-1, width)
            return bool((differs.any(axis=1) & again).any())
    return bool((cells.ne_missing(cells.shift(1)).to_numpy() & again).any())


def _ascends(line: pl.Series, again: NDArray[np.bool_]) -> bool:
    """Whether each row's line number is above that of the row before it of the same claim."""
    numbers = line.fill_null(0).to_numpy()
    return bool((numbers[1:] > numbers[:-1])[again[1:]].all()) and line.null_count() == 0


def _told(
    name: str,
    own: pl.Series,
    first: pl.Series,
    first_rows: pl.Series,
    locate: Callable[[int], str],
) -> Callable[[int], str]:
    return lambda at: (
        f"column '{name}' is '{shown(own[at])}' here and '{shown(first[at])}' in {locate(first_rows[at])} of "
        "the same claim; they must agree"
    )
