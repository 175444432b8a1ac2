"""What would change, for a person, as JSON and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from rich.table import Table
from rich.text import Text

from pumpclaim._version import __version__
from pumpclaim.reports.amounts import date_texts, dollar_texts, dollars, with_commas
from pumpclaim.reports.tabular import as_csv
from pumpclaim.reports.words import DETERMINATIONS, clean, count
from pumpclaim.reports.written import json_bytes
from pumpclaim.rules import RULES

if TYPE_CHECKING:
    from rich.console import Console

    from pumpclaim.articles.impact import Impact

MONEY = ("allowed_before", "allowed_after")
APART = ("lost", "gained")
"""Dollars known under one side alone."""


def document(found: Impact) -> dict[str, Any]:
    """Counts, dollars, the tables by determination, provider and rule, and every claim that changes.

    Money is dollars as text, dates ISO 8601, unknown null.
    """
    return {
        "version": __version__,
        "claims": found.claims.height,
        "changed": found.changed.height,
        "determinations": found.determinations().with_columns(pl.col(pl.Enum).cast(pl.String)).to_dicts(),
        "dollars": {name: dollars(amount) for name, amount in _totals(found).items()},
        "by_provider": _dollars(found.by_provider(), (*MONEY, *APART, "difference")).to_dicts(),
        "by_rule": found.by_rule().to_dicts(),
        "changes": _dollars(
            found.changed.with_columns(
                pl.col(pl.Enum).cast(pl.String),
                pl.Series("service_date", date_texts(found.changed["service_date"]), dtype=pl.String),
            ),
            MONEY,
        ).to_dicts(),
    }  # fmt: skip


def render_json(found: Impact) -> bytes:
    """The document as UTF-8 JSON."""
    return json_bytes(document(found))


def render_csv(found: Impact) -> bytes:
    """The claims that change as CSV, money in dollars, no text that a spreadsheet takes for a formula."""
    return as_csv(_dollars(found.changed.with_columns(pl.col(pl.Enum).cast(pl.String)), MONEY))


def _dollars(table: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    return table.with_columns(
        pl.Series(name, dollar_texts(table[name]), dtype=pl.String) for name in names
    )


def show(found: Impact, console: Console, limit: int = 30) -> None:
    """Print how many claims change, which way, and for whom."""
    totals = _totals(found)
    before, after = (totals[name] for name in MONEY)
    console.print(
        Text(
            f"{count(found.changed.height, 'claim')} of {found.claims.height:,} change; drugs whose "
            f"allowance is known under both: {with_commas(dollars(before))} before, "
            f"{with_commas(dollars(after))} after ({_signed(after - before)})",
            "bold",
        )
    )
    for name, words in (
        ("lost", "under the first side alone"),
        ("gained", "under the second alone"),
    ):
        claims = int(found.by_provider()[f"{name}_claims"].sum())
        if claims:
            amount = with_commas(dollars(totals[name]))
            console.print(Text(f"known {words}: {amount}, of {count(claims, 'claim')}", "yellow"))
    moved = found.determinations().filter(pl.col("before") != pl.col("after"))
    _table(
        console, "Determinations", ("Before", "After", "Claims"),
        [(DETERMINATIONS[str(a)], DETERMINATIONS[str(b)], f"{n:,}") for a, b, n in moved.iter_rows()], limit,
    )  # fmt: skip
    _table(
        console, "Rules", ("Rule", "", "No more on", "Anew on"),
        [
            (row["rule"], RULES[row["rule"]].title, f"{row['no_more']:,}", f"{row['anew']:,}")
            for row in found.by_rule().iter_rows(named=True)
        ], limit,
    )  # fmt: skip
    _table(
        console, "Billing providers",
        ("Provider", "Claims", "Change", "Before", "After", "Difference", "Lost", "Gained"),
        [
            (
                clean(row["billing_provider_npi"]), f"{row['claims']:,}", f"{row['changed']:,}",
                with_commas(dollars(row["allowed_before"])), with_commas(dollars(row["allowed_after"])),
                _signed(row["difference"]), with_commas(dollars(row["lost"])),
                with_commas(dollars(row["gained"])),
            )
            for row in found.by_provider().iter_rows(named=True)
            if row["changed"]
        ], limit,
    )  # fmt: skip


def _totals(found: Impact) -> dict[str, int]:
    """Nano-dollars of all claims: under both sides where both are known, and under one alone."""
    table = found.by_provider()
    return {name: int(table[name].sum()) for name in (*MONEY, *APART)}


def _signed(nano_dollars: int) -> str:
    sign = "+" if nano_dollars > 0 else "-" if nano_dollars < 0 else ""
    return sign + with_commas(dollars(abs(nano_dollars)))


def _table(
    console: Console, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]], limit: int
) -> None:
    if not rows:
        return
    console.print(Text(f"\n{title}", "bold underline"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number < 2 else "right")
    for row in rows[:limit]:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    if len(rows) > limit:
        console.print(Text(f"… and {len(rows) - limit:,} more (--limit)", "italic"))
