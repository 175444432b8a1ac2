"""How patient ids are compared, wherever claims, charts and histories meet: without case, blanks, hyphens."""

from __future__ import annotations

import polars as pl

APART = r"[\s-]"


def plain_ids(ids: pl.Series) -> pl.Series:
    """Patient ids as they are compared: in capitals, without blanks and hyphens."""
    if ids.str.contains(APART).any():
        ids = ids.str.replace_all(APART, "")
    return ids.str.to_uppercase()


def plain_column(name: str) -> pl.Expr:
    """The same of a column of a table."""
    return pl.col(name).str.replace_all(APART, "").str.to_uppercase()


def plain_id(patient: str) -> str:
    """One patient id as it is compared."""
    return "".join(patient.replace("-", "").split()).upper()
