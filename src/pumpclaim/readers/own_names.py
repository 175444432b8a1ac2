"""What a table calls its columns, for whoever mends a claim in his own file."""

from __future__ import annotations

import io

import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.readers.delimited import header
from pumpclaim.readers.headings import layout_names
from pumpclaim.readers.layouts import recognise
from pumpclaim.readers.sources import PARQUET_MARK


def own_names(data: bytes, source: str) -> dict[str, str]:
    """Flat column (``readers.flat``) -> the file's columns that it is read from; empty if it tells none."""
    try:
        names = (
            pl.read_parquet_schema(io.BytesIO(data))
            if data.startswith(PARQUET_MARK)
            else header(data)
        )
        given = list(names)
        if layout := recognise(given, source):
            return {flat: ", ".join(own) for flat, own in layout.sources.items()}
        return {flat: given[at].strip() for at, flat in layout_names(given, source).items()}
    except (InputError, pl.exceptions.PolarsError, OSError):
        return {}
