"""A worklist to take away: CSV of its claims or of their findings, JSON, or an Excel workbook with both.

Money stands with the claims alone, one row each, so that the sum of a column is the total.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from pumpclaim._version import __version__
from pumpclaim.errors import InputError
from pumpclaim.reports.amounts import date_texts, dollar_texts
from pumpclaim.reports.tabular import as_csv, as_decimals

if TYPE_CHECKING:
    from collections.abc import Callable

MONEY = ("at_stake", "left_uncharged", "charge", "allowed")
HEAD = (
    "claim_id", "source", "patient_id", "patient_name", "billing_provider_npi", "service_date",
    "determination",
)  # fmt: skip
"""How the rows of claims begin."""
FINDING = (
    "line", "rule", "outcome", "title", "message", "fix", "statements", "basis", "group", "carc", "rarc",
)  # fmt: skip
"""What is told of a finding."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""By which Excel knows that a CSV file is UTF-8."""
LONGEST_CELL, MOST_ROWS = 32_767, 1_048_575
"""Characters of a workbook's cell, and rows of its sheet below the head."""
WIDTHS = {
    "titles": 420,
    "message": 420,
    "fix": 420,
    "title": 300,
    "rules": 160,
    "note": 300,
    "source": 160,
}
WIDTH = 110
"""Widths of a workbook's columns in pixels; the longest texts are folded."""


def render_csv(worklist: pl.DataFrame, findings: pl.DataFrame) -> bytes:
    """One row a claim; text that a spreadsheet would take for a formula is guarded (``reports.tabular``)."""
    return BYTE_ORDER_MARK + as_csv(_claims(worklist, findings))


def render_findings_csv(worklist: pl.DataFrame, findings: pl.DataFrame) -> bytes:
    """One row a finding, in the order of the claims, guarded as well."""
    return BYTE_ORDER_MARK + as_csv(_findings(worklist, findings))


def render_json(worklist: pl.DataFrame, findings: pl.DataFrame) -> bytes:
    """The claims with their findings; money in dollars as text, dates ISO 8601, unknown null."""
    told: dict[int, list[dict[str, object]]] = {}
    for row in findings.select("claim", *FINDING).iter_rows(named=True):
        told.setdefault(row.pop("claim"), []).append(row)
    texts = worklist.with_columns(
        *(pl.Series(name, dollar_texts(worklist[name]), dtype=pl.String) for name in MONEY),
        pl.Series("service_date", date_texts(worklist["service_date"]), dtype=pl.String),
    )
    claims = [
        {**row, "findings": told.get(row["claim"], [])}
        for row in texts.drop("findings", "outcomes").iter_rows(named=True)
    ]
    document = {"version": __version__, "claims": claims}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def render_xlsx(worklist: pl.DataFrame, findings: pl.DataFrame) -> bytes:
    """A workbook of two sheets, claims and findings, whose texts are texts: no formula, no identifier made a
    number. Raises InputError for what no workbook holds."""
    import xlsxwriter  # noqa: PLC0415  (only when a workbook is asked for)

    sheets = {"claims": _claims(worklist, findings), "findings": _findings(worklist, findings)}
    sheets = {name: _fitting(name, as_decimals(table)) for name, table in sheets.items()}
    out = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {**plain, "in_memory": True}) as book:
        for name, table in sheets.items():
            table.write_excel(book, name, **_layout(table))
    return out.getvalue()


FORMS: dict[str, tuple[str, Callable[[pl.DataFrame, pl.DataFrame], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", render_csv),
    "findings.csv": ("text/csv; charset=utf-8", render_findings_csv),
    "json": ("application/json", render_json),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", render_xlsx),
}
"""Ending of each form, its media type, and what makes it of a worklist and the findings of its claims."""


def _claims(worklist: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """One row a claim, with the rules that fired and their titles, worst first."""
    worst_first = findings.sort("outcome", descending=True, maintain_order=True)
    told = worst_first.group_by("claim").agg(
        pl.col("rule").unique(maintain_order=True).alias("rules"),
        titles=pl.col("title").unique(maintain_order=True).str.join("; "),
    )
    rest = worklist.drop("rules", "outcomes", "segment")
    table = rest.join(told, on="claim", how="left", maintain_order="left").drop("claim")
    order = dict.fromkeys((*HEAD, *MONEY, "findings", "rules", "titles", *table.columns))
    return table.select(*order)


def _findings(worklist: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """One row a finding of the worklist's claims, in their order."""
    told = findings.select("claim", *FINDING)
    claims = worklist.select("claim", "claim_id", "source")
    return claims.join(told, on="claim", how="inner", maintain_order="left_right").drop("claim")


def _fitting(sheet: str, table: pl.DataFrame) -> pl.DataFrame:
    """A table as a sheet takes it, lists joined; raises InputError where it takes it not."""
    joined = table.with_columns(pl.col(pl.List(pl.String)).list.join(" "))
    if joined.height > MOST_ROWS:
        raise InputError(
            f"these are {joined.height:,} {sheet}, more than the {MOST_ROWS:,} rows of a workbook's sheet; "
            "filter the list, or take CSV or JSON"
        )
    for name in (name for name, dtype in joined.schema.items() if dtype == pl.String):
        long = joined.filter(pl.col(name).str.len_chars() > LONGEST_CELL)
        if long.height:
            raise InputError(
                f"the {name.replace('_', ' ')} of claim {long['claim_id'][0] or 'without id'} holds "
                f"{len(long[name][0]):,} characters, more than the {LONGEST_CELL:,} of a workbook's cell; "
                "take CSV or JSON"
            )
    return joined


def _layout(table: pl.DataFrame) -> dict[str, Any]:
    """How a sheet looks: its head stays, money has two decimals, long texts are folded."""
    top = {"valign": "top"}
    return {
        "autofilter": True,
        "freeze_panes": (1, 0),
        "header_format": {"bold": True},
        "column_widths": {name: WIDTHS.get(name, WIDTH) for name in table.columns},
        "column_formats": {
            name: {**top, "num_format": "#,##0.00"}
            if name in MONEY
            else {**top, "num_format": "yyyy-mm-dd"}
            if dtype == pl.Date
            else {**top, "text_wrap": WIDTHS.get(name, WIDTH) > WIDTH}
            for name, dtype in table.schema.items()
        },
    }
