"""The page on tables: every column, its type, unit, meaning and X12 element, and the flat layout."""

from __future__ import annotations

import polars as pl

from pumpclaim.policy import load
from pumpclaim.policy.chart import EVIDENCE
from pumpclaim.readers.flat import ALIASES, MODIFIERS, REQUIRED, claim_columns, line_columns
from pumpclaim.tables import JUDGED, READ, Column, Table
from pumpclaim.utilization.measure import REFILLS

HEAD = """# Tables

What readers give, what a review gives, and the flat layout that `check` reads from CSV and Parquet.
Inside, money is int64 nano-dollars and amounts of drugs are int64 nanograms; the files that `check`
writes have decimal dollars instead. Null means not known.
"""


def tables_page() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD, _flat()]
    parts += [_table(table) for table in (*READ, *JUDGED)]
    charts = (part.table for part in load().chart.parts.values())
    parts += [_table(table) for table in (*charts, EVIDENCE, REFILLS)]
    return "\n".join(parts)


def _flat() -> str:
    claim, line = claim_columns(), line_columns()
    rows = [_flat_row(name, column) for name, column in {**claim, **line}.items()]
    aliases = ", ".join(f"`{other}` for `{name}`" for other, name in ALIASES.items())
    return "\n".join([
        "## The flat layout (CSV, Parquet)",
        "",
        "One row a service line, which bears its claim's columns as well. Rows with one `claim_id`, "
        "`patient_id`, `billing_provider_npi` and `frequency_code` (empty counts as 1) are one claim, "
        "wherever they stand; rows that disagree about their claim reject it. Where a claim and its lines "
        "have a column of one name, the claim's begins with `claim_`. CSV may be separated by comma, "
        "semicolon, tab or pipe, in UTF-8, UTF-16 or cp1252.",
        "",
        f"Needed: {', '.join(f'`{name}`' for name in REQUIRED)}. Understood as well: {aliases}; and "
        f"`{MODIFIERS}`, all modifiers in one column, separated by spaces. An institutional row may leave "
        "`hcpcs` empty when it has a `revenue_code`, and `service_from` when it has `statement_from`.",
        "",
        "Money is dollars (`412.50`, `$1,412.50`), dates are `2025-03-10`, `03/10/2025` or `20250310`, "
        "quantities have at most three decimals, `diagnoses` are codes separated by spaces, commas or "
        "semicolons. A column whose name is nearly one of these is refused, so that none is lost by a slip; "
        "other columns are passed over. Without `form` a row with a `type_of_bill` is institutional.",
        "",
        "| column | meaning |",
        "|---|---|",
        *rows,
        "",
    ])  # fmt: skip


def _flat_row(name: str, column: Column) -> str:
    return f"| `{name}` | {column.meaning} |"


def _table(table: Table) -> str:
    return "\n".join([
        f"## {table.name}",
        "",
        f"One row: {table.row}.",
        "",
        "| column | type | unit | meaning | X12 |",
        "|---|---|---|---|---|",
        *(
            f"| `{c.name}` | {_type(c)} | {c.unit or ''} | {c.meaning} | {c.x12 or ''} |"
            for c in table.columns
        ),
        "",
    ])  # fmt: skip


def _type(column: Column) -> str:
    if isinstance(column.dtype, pl.Enum):
        return "one of " + ", ".join(column.dtype.categories.to_list())
    if isinstance(column.dtype, pl.List):
        return "list of text"
    if column.dtype == pl.String:
        return "text"
    return str(column.dtype).lower()
