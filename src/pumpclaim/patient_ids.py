"""How patient ids are compared, wherever claims, charts and histories meet: without case, blanks, hyphens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def plain_ids(ids: pl.Series) -> pl.Series:
    """Patient ids as they are compared: in capitals, without blanks and hyphens."""
    if ids.str.contains(r"[\s-]").any():
        ids = ids.str.replace_all(r"[\s-]", "")
    return ids.str.to_uppercase()


def plain_id(patient: str) -> str:
    """One patient id as it is compared."""
    return "".join(patient.replace("-", "").split()).upper()
