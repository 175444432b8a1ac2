"""The columns that rules use of the charts beside the claims: what each line's chart shows."""

from __future__ import annotations

import polars as pl

from pumpclaim.tables import Column, Table

STATEMENTS = (
    "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C13", "C14", "C16",
    "X1", "X2", "X3", "H2", "D1", "D2", "D3", "D4", "D5", "D6", "L1",
)  # fmt: skip
"""Statements of which a chart shows something."""


def shown_column(statement: str) -> str:
    """Name of the column that says what a line's chart shows of a statement."""
    return f"shows_{statement.lower()}"


SHOWN = Table(
    "shown",
    "one service line with what its charts show; an implant's of the implant, another line's of its visit",
    (
        Column("is_asked", pl.Boolean, "records of the line's patient are asked for"),
        Column("has_chart", pl.Boolean, "there is a chart of the implant, or a record of the visit"),
        Column("claim_is_open", pl.Boolean, "a line of the claim lacks its chart, or a statement"),
        Column("has_record", pl.Boolean, "there is a record of the visit"),
        Column("has_reason", pl.Boolean, "the record tells of a change of dose or drug, or a symptom"),
        Column("has_remark", pl.Boolean, "the chart raises a point that decides nothing"),
        *(
            Column(shown_column(one), pl.Boolean, f"{one} is met or not asked; null when not documented")
            for one in STATEMENTS
        ),
    ),
)  # fmt: skip
CHART_COLUMNS = frozenset(column.name for column in SHOWN)
