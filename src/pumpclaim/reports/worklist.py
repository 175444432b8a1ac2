"""A worklist to take away: CSV, JSON, or an Excel workbook."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import orjson
import polars as pl

from pumpclaim._version import __version__
from pumpclaim.reports.amounts import date_texts, dollar_texts
from pumpclaim.reports.tabular import as_csv, as_decimals

if TYPE_CHECKING:
    from collections.abc import Callable

MONEY = ("at_stake", "charge", "allowed")
FINDING = ("rule", "outcome", "line", "message", "fix")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""By which Excel knows that a CSV file is UTF-8."""


def render_csv(worklist: pl.DataFrame, findings: pl.DataFrame) -> bytes:
    """One row a finding beside its claim (claims without findings have one row); text that a spreadsheet
    would take for a formula stands behind a quote (see ``reports.tabular``)."""
    return BYTE_ORDER_MARK + as_csv(_rows(worklist, findings))


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
    """The rows of the CSV as a workbook whose texts are texts: no formula, no identifier made a number."""
    table = as_decimals(_rows(worklist, findings)).with_columns(
        pl.col(pl.List(pl.String)).list.join(" ")
    )
    out = io.BytesIO()
    import xlsxwriter  # noqa: PLC0415  (only when a workbook is asked for)

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {**plain, "in_memory": True}) as book:
        table.write_excel(
            book, "worklist", autofilter=True, freeze_panes=(1, 0), autofit=True,
            header_format={"bold": True}, dtype_formats={pl.Date: "yyyy-mm-dd"},
        )  # fmt: skip
    return out.getvalue()


FORMS: dict[str, tuple[str, Callable[[pl.DataFrame, pl.DataFrame], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", render_csv),
    "json": ("application/json", render_json),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", render_xlsx),
}
"""Ending of each form, its media type, and what makes it of a worklist and the findings of its claims."""


def _rows(worklist: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    claims = worklist.drop("findings", "rules", "outcomes", "segment")
    told = findings.select("claim", *FINDING).with_columns(pl.col("outcome").cast(pl.String))
    return claims.join(told, on="claim", how="left", maintain_order="left_right").drop("claim")
