"""Utilization as text, JSON, CSV and Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
from rich.table import Table
from rich.text import Text

from pumpclaim._version import __version__
from pumpclaim.reports.amounts import dollars, with_commas
from pumpclaim.reports.words import clean, count
from pumpclaim.tables import CENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from pumpclaim.utilization.measure import Utilization

MONEY = ("allowed", "above_supply")


def show(found: Utilization, by: str, console: Console, limit: int = 50) -> None:
    """Print the table by provider or patient, most refills first, and what it rests on."""
    table = found.by(by)
    refills = found.refills
    known = refills["supply"].drop_nulls().len()
    console.print(
        Text(
            f"pumpclaim {__version__}: {count(refills.height, 'refill')}, "
            f"supply known of {known:,} (records and claims' notes, never intervals)",
            "bold",
        )
    )
    narrow = console.width < WIDE
    columns = [one for one in COLUMNS if one[1] is None or one[1] == by]
    columns = [one for one in columns if not (narrow and one[2])]
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for number, (head, *_) in enumerate(columns):
        grid.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    for row in table.head(limit).iter_rows(named=True):
        grid.add_row(*(cell(row) for *_, cell in columns))
    console.print()
    console.print(grid)
    if table.height > limit:
        console.print(Text(f"… and {table.height - limit:,} more (--limit)", "italic"))
    console.print()
    rests = ", ".join(f"{name} {value}" for name, value in found.thresholds.items())
    console.print(
        Text(f"Median days. Rests on thresholds of ours, not the article's: {rests}", "dim italic")
    )


def _days(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _money(value: int | None) -> str:
    return "–" if value is None else with_commas(dollars(value))


def _early(row: dict[str, Any]) -> str:
    return (
        f"{row['early_refills']:,} of {row['refills_judged']:,}" if row["refills_judged"] else "–"
    )


COLUMNS: tuple[tuple[str, str | None, bool, Callable[[dict[str, Any]], str]], ...] = (
    ("Provider", "provider", False, lambda row: clean(row["billing_provider_npi"])),
    ("Patient", "patient", False, lambda row: clean(row["patient_id"])),
    ("Patients", "provider", True, lambda row: f"{row['patients']:,}"),
    ("Refills", None, False, lambda row: f"{row['refills']:,}"),
    ("Interval", None, False, lambda row: _days(row["median_interval"])),
    ("Supply", None, False, lambda row: _days(row["median_supply"])),
    ("Monthly", None, False, lambda row: _share(row["share_monthly"])),
    ("Early", None, False, _early),
    ("Dry", None, True, lambda row: f"{row['ran_dry']:,}" if row["refills_judged"] else "–"),
    ("Allowed", None, True, lambda row: _money(row["allowed"])),
    ("Above supply", None, False, lambda row: _money(row["above_supply"])),
)
"""Heading, whose table it is in (null: both), whether a narrow terminal leaves it out, and its text."""
WIDE = 100


def render_json(found: Utilization, by: str) -> bytes:
    """Thresholds, the table, and every refill, as UTF-8 JSON; money in dollars as text."""
    document: dict[str, Any] = {
        "version": __version__,
        "basis": "threshold",
        "thresholds": found.thresholds,
        "by": by,
        "table": _plain(found.by(by)).to_dicts(),
        "refills": _plain(found.refills).to_dicts(),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_tables(found: Utilization, by: str, folder: Path, form: str) -> None:
    """``utilization`` and ``refills`` as CSV or Parquet files in ``folder``, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("utilization", found.by(by)), ("refills", found.refills)):
        if form == "csv":
            _plain(table).write_csv(folder / f"{name}.csv")
        else:
            decimals = [
                (pl.col(one).cast(pl.Decimal(38, 9)) / pl.lit(10**9).cast(pl.Decimal(38, 0)))
                .cast(pl.Decimal(18, 2)).alias(one)
                for one in MONEY
            ]  # fmt: skip
            table.with_columns(decimals).write_parquet(folder / f"{name}.parquet")


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    """Money as dollars and cents in text: it is whole cents."""
    cents = {one: pl.col(one) // CENT for one in MONEY}
    return table.with_columns(
        (
            (amount // 100).cast(pl.String)
            + "."
            + (amount % 100).cast(pl.String).str.pad_start(2, "0")
        ).alias(one)
        for one, amount in cents.items()
    )
