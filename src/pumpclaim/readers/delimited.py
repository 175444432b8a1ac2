"""Delimited text -> a table of text cells, whatever its encoding, separator and quoting."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SEPARATORS = ",;\t|"
QUOTE, NEWLINE, RETURN = b'"\n\r'
PIECE = 2**20
"""Bytes that are looked through at a time."""
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


def header(data: bytes) -> list[str]:
    """The header's names alone, of the beginning of a file."""
    begin = data[:PIECE]
    text = decode(begin[: begin.rfind(b"\n") + 1] or begin).lstrip("\r\n")
    first = text.replace("\r", "\n").split("\n", 1)[0]
    return next(csv.reader([first], delimiter=separator_of(first)), [])


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
    mark, start, width = ord(separator), 0, None
    while start < len(data):
        end = start + PIECE
        while True:  # to the end of a row: a line break inside quotes is none
            end = data.find(b"\n", end) + 1 or len(data)
            piece = data[start:end]
            if end == len(data) or piece.count(b'"') % 2 == 0:
                break
        counts = _separators(piece, mark)
        if counts is None:
            return False
        width = counts[0][0] if width is None else width
        for row in np.flatnonzero(counts[0] != width):
            if piece[slice(*counts[1][row : row + 2])].strip():
                return False
        start = end
    return True


def _separators(piece: bytes, mark: int) -> tuple[Ints, Ints] | None:
    """Separators in each row of whole rows, and where rows begin; None where quotes are irregular."""
    bytes_ = np.frombuffer(piece, np.uint8)
    is_separator, is_newline, is_quote = bytes_ == mark, bytes_ == NEWLINE, bytes_ == QUOTE
    quotes = np.flatnonzero(is_quote)
    if quotes.size:
        if quotes.size % 2:
            return None
        opening, closing = quotes[::2], quotes[1::2]
        before = bytes_[np.maximum(opening - 1, 0)]
        after = bytes_[np.minimum(closing + 1, len(bytes_) - 1)]
        opens = np.isin(before, (mark, NEWLINE, QUOTE)) | (opening == 0)
        closes = np.isin(after, (mark, NEWLINE, RETURN, QUOTE)) | (closing + 1 == len(bytes_))
        if not (opens.all() and closes.all()):
            return None
        # The count of quotes so far runs over at 256, which leaves it odd or even as it was.
        outside = np.cumsum(is_quote, dtype=np.uint8) % 2 == 0
        is_separator &= outside
        is_newline &= outside
    begins = np.append(0, np.flatnonzero(is_newline[:-1]) + 1)
    return np.add.reduceat(is_separator, begins, dtype=np.int64), np.append(begins, len(bytes_))


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
    for row in rows:
        # A separator at the end of a row is no cell more.
        while len(row) > width and not row[-1]:
            row.pop()
    cells = [len(row) if row and len(row) != width else None for row in rows]
    columns = {
        str(at): pl.Series([row[at] if at < len(row) else None for row in rows], dtype=pl.String)
        for at in range(width)
    }
    return names, pl.DataFrame({**columns, CELLS: pl.Series(cells, dtype=pl.UInt32)})
