"""Delimited text -> a table of text cells, whatever its encoding, separator and quoting."""

from __future__ import annotations

import codecs
import csv
import io

import numpy as np
import polars as pl

from pumpclaim.errors import InputError

SEPARATORS = ",;\t|"
QUOTE, NEWLINE, RETURN = b'"\n\r'
CELLS = "?cells"
"""Name of the column with the number of cells of each row that has not as many as the header."""


def parse(data: bytes, source: str) -> tuple[list[str], pl.DataFrame]:
    """The header's names and the rows as text: columns ``0``, ``1``... and ``CELLS``.

    Empty lines are rows of nulls, so that the row numbers are those of a spreadsheet. Raises InputError
    for text that is no table: a quote that is not closed, NUL characters.
    """
    text = decode(data)
    if "\0" in text:
        raise InputError("the table holds NUL characters; save it again as CSV", source=source)
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    text = text.lstrip("\r\n")
    separator = separator_of(text.split("\n", 1)[0])
    plain = text.encode()
    if _is_regular(plain, separator):
        rows = pl.read_csv(plain, separator=separator, has_header=False, infer_schema=False)
        names = ["" if cell is None else cell for cell in rows.row(0)]
        table = rows.slice(1).rename({c: str(at) for at, c in enumerate(rows.columns)})
        return names, table.with_columns(pl.lit(None, pl.UInt32).alias(CELLS))
    return _parse_row_by_row(text, separator, source)


def decode(data: bytes) -> str:
    """UTF-8 with or without a byte order mark, UTF-16 with one, else Windows-1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def separator_of(header: str) -> str:
    """The separator that stands most often in the header."""
    return max(SEPARATORS, key=header.count)


def _is_regular(data: bytes, separator: str) -> bool:
    """Every row has as many cells as the header, and quotes stand only around whole cells."""
    mark = ord(separator)
    bytes_ = np.frombuffer(data, np.uint8)
    is_separator, is_newline, is_quote = bytes_ == mark, bytes_ == NEWLINE, bytes_ == QUOTE
    quotes = np.flatnonzero(is_quote)
    if quotes.size:
        if quotes.size % 2:
            return False
        before = bytes_[np.maximum(quotes[::2] - 1, 0)]
        after = bytes_[np.minimum(quotes[1::2] + 1, len(bytes_) - 1)]
        opens = np.isin(before, (mark, NEWLINE, QUOTE)) | (quotes[::2] == 0)
        closes = np.isin(after, (mark, NEWLINE, RETURN, QUOTE)) | (quotes[1::2] + 1 == len(bytes_))
        if not (opens.all() and closes.all()):
            return False
        # The count of quotes so far runs over at 256, which leaves it odd or even as it was.
        outside = np.cumsum(is_quote, dtype=np.uint8) % 2 == 0
        is_separator &= outside
        is_newline &= outside
    separators, newlines = np.flatnonzero(is_separator), np.flatnonzero(is_newline)
    if not len(bytes_) or bytes_[-1] != NEWLINE:
        newlines = np.append(newlines, len(bytes_))
    counts = np.diff(np.searchsorted(separators, newlines), prepend=0)
    odd = np.flatnonzero(counts != counts[0])
    begins = np.append(0, newlines[:-1] + 1)[odd]
    return all(
        not data[start:end].strip() for start, end in zip(begins, newlines[odd], strict=True)
    )


def _parse_row_by_row(text: str, separator: str, source: str) -> tuple[list[str], pl.DataFrame]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise InputError(
            f"the table cannot be read as CSV: near line {reader.line_num}, {error}; check that every "
            "quote is closed, and doubled inside a quoted text",
            source=source,
        ) from None
    names, rows = rows[0], rows[1:]
    width = len(names)
    cells = [len(row) if row and len(row) != width else None for row in rows]
    columns = {
        str(at): pl.Series([row[at] if at < len(row) else None for row in rows], dtype=pl.String)
        for at in range(width)
    }
    return names, pl.DataFrame({**columns, CELLS: pl.Series(cells, dtype=pl.UInt32)})
