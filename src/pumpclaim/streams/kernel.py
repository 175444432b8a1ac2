"""Some patients' rows, whole -> their findings, prices and determinations.

The one function behind the stream and Spark: rows become claims as in any file (``readers.tabular``), claims
are judged as in any call (``review.check``), and what comes out bears ids in the place of positions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.readers.agreement import ROW
from pumpclaim.readers.headings import layout_names
from pumpclaim.readers.layouts import Layout, recognise
from pumpclaim.readers.tabular import contractor_numbers, read_rows
from pumpclaim.reports.tabular import as_decimals
from pumpclaim.review import Review, check
from pumpclaim.streams.tables import STREAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pumpclaim.policy import PolicySet

FILE = "?file"
"""Column with the number of the file of each row; ``ROW`` is then its number there."""


@dataclass(frozen=True)
class Job:
    """What every part of a data set is judged by; small, and the same for all of them.

    ``names`` are the files' names, to which FILE points; none where rows have no files. ``select`` and
    ``ignore`` are rules or families, ``contractor`` the contract that judges, as for ``review.check``.
    """

    policy: PolicySet
    source: str
    names: tuple[str, ...] = ()
    contractor: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """The tables of one part, by name (``streams.tables.STREAMED``), and what they come to.

    ``counts`` are claims and findings, ``allowed`` nano-dollars.
    """

    tables: dict[str, pl.DataFrame]
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Columns:
    """How a data set's columns are read.

    ``sources`` is name in the flat layout -> the data's columns that it is read from; ``layout`` is the
    analysts' layout, null for the flat one.
    """

    sources: dict[str, tuple[str, ...]]
    contractors: frozenset[str]
    layout: Layout | None = None

    @staticmethod
    def of(names: Sequence[str], source: str) -> Columns:
        """Raises InputError, as ``layout_names`` does, for columns that are no table of claims."""
        if layout := recognise(names, source):
            return Columns(layout.sources, frozenset(), layout)
        known = layout_names(names, source)
        sources: dict[str, tuple[str, ...]] = {name: (names[at],) for at, name in known.items()}
        return Columns(sources, frozenset(contractor_numbers(names, known)))

    def needed(self, flat: Sequence[str] | None = None) -> list[str]:
        """The data's columns that are read, for all flat columns or for some, each once."""
        if self.layout is not None:
            return self.layout.needed(flat)
        wanted = self.sources if flat is None else [one for one in flat if one in self.sources]
        return [own for one in wanted for own in self.sources[one]]

    def flat(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The data's columns, as far as they are there, under their flat names; ROW and FILE stay."""
        if self.layout is not None:
            return self.layout.flat(frame)
        kept = [name for name in (FILE, ROW) if name in frame.columns]
        there = {name: own for name, (own,) in self.sources.items() if own in frame.columns}
        return frame.select(*kept, *(pl.col(own).alias(name) for name, own in there.items()))


def judge(rows: pl.DataFrame, columns: Columns, job: Job) -> Judged:
    """Judge whole patients' rows in the flat layout (``Columns.flat``); with FILE and ROW or neither.

    Rows without places in files are put in order of claim and line, so that their order does not matter.
    """
    places = rows.select(FILE, ROW) if FILE in rows.columns else None
    if places is None:
        rows = _in_order(rows)
    # Rows are picked from columns of one chunk many times faster than from several.
    cells = rows.drop(FILE, ROW, strict=False).rechunk().with_row_index(ROW)
    claims = read_rows(cells, job.source, columns.contractors, _locate(places, job), columns.layout)
    review = check(
        claims, policy=job.policy, contractor=job.contractor, select=job.select, ignore=job.ignore
    )
    return _told(review, places, job)


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    if "line" not in rows.columns:
        raise InputError(
            "rows without files have no order: give each its line number in a column 'line'"
        )
    key = ("claim_id", "patient_id", "billing_provider_npi", "frequency_code", "type_of_bill")
    number = pl.col("line").cast(pl.Int64, strict=False)
    return rows.sort(*(name for name in key if name in rows.columns), number)


def _locate(places: pl.DataFrame | None, job: Job) -> Callable[[int], str]:
    if places is None:
        return lambda _: "a row"
    files, rows = places[FILE], places[ROW]
    return lambda at: f"row {rows[at]} of {job.names[files[at]]}"


def _told(review: Review, places: pl.DataFrame | None, job: Job) -> Judged:
    """The tables of a review with ids and places in files in the place of positions."""
    claims = review.claim_set.claims
    where = _placed(claims.select("claim_id", "patient_id", "source", "segment"), places, job)
    rejected = _placed(review.claim_set.rejected, places, job)
    tables = {"rejected": rejected}
    for name, table in (
        ("findings", review.findings),
        ("prices", review.prices),
        ("determinations", review.determinations),
    ):
        wanted = STREAMED[name].schema
        own = where[table["claim"]] if name != "determinations" else where
        rest = table.select(one for one in wanted if one not in where.columns)
        whole = as_decimals(pl.concat([own, rest], how="horizontal"))
        tables[name] = whole.select(list(wanted))
    summary = review.summary()
    del summary["allowed"]
    counts = {name: int(count) for name, count in summary.items()}
    counts["lines"] = review.claim_set.lines.height
    counts["allowed"] = int(np.maximum(review.line_prices.allowed, 0).sum())
    return Judged(tables, counts)


def _placed(table: pl.DataFrame, places: pl.DataFrame | None, job: Job) -> pl.DataFrame:
    """``source`` and ``segment`` (the number of a row of the part) as file and row of the data set."""
    if places is None:
        return table.with_columns(source=pl.lit(None, pl.String), segment=pl.lit(None, pl.UInt32))
    at = table["segment"].fill_null(0)
    names = pl.Series(job.names, dtype=pl.String)
    return table.with_columns(source=names[places[FILE][at]], segment=places[ROW][at])
