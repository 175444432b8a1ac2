"""The coverage database's download: a zip of zips of CSV tables, taken apart with care."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 2 * 1024**3
"""The most that all files of a download may hold, unpacked."""
MOST_RATIO = 200
"""The most that one file may unpack to, as a multiple of its size, beyond the first 64 MB."""
FREE_BYTES = 64 * 1024**2
MOST_FILES = 5_000
DEEPEST = 3
"""Zips in zips."""


def tables_of(data: bytes, source: str) -> dict[str, pl.DataFrame]:
    """Every CSV table of a download by its name without ending, all columns as text, blanks null.

    Raises InputError for a zip that is damaged, encrypted, holds paths that climb, unpacks to too much, or
    holds no table.
    """
    found: dict[str, pl.DataFrame] = {}
    for name, content in _Unpacking(source).files(data, source, 1):
        if not name.lower().endswith(".csv"):
            continue
        table = PurePosixPath(name).stem.lower()
        if table in found:
            raise InputError(f"the download holds two tables called {table}", source=source)
        found[table] = _table(content, table, source)
    if not found:
        raise InputError(
            "this zip holds no CSV table; give current_article.zip of the coverage database",
            source=source,
        )
    return found


class _Unpacking:
    """The files of zips in zips, and how much was unpacked so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.bytes = 0
        self.count = 0

    def files(self, data: bytes, place: str, depth: int) -> Iterator[tuple[str, bytes]]:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for entry in archive.infolist():
                    if entry.is_dir():
                        continue
                    self.check(entry, depth)
                    content = self.read(archive, entry)
                    if entry.filename.lower().endswith(".zip"):
                        yield from self.files(content, entry.filename, depth + 1)
                    else:
                        yield entry.filename, content
        except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, NotImplementedError,
                ValueError, RuntimeError) as error:  # fmt: skip
            where = "" if place == self.source else f" ({place})"
            what = "encrypted" if "encrypted" in str(error) else "damaged"
            raise InputError(
                f"the zip{where} is {what}; download it again", source=self.source
            ) from None

    def check(self, entry: zipfile.ZipInfo, depth: int) -> None:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        self.count += 1
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
            raise InputError(
                f"the zip holds a path that leaves its folder ('{entry.filename[:80]}'); it is not used",
                source=self.source,
            )
        if depth > DEEPEST or self.count > MOST_FILES:
            raise InputError("the zip holds too many files or zips in zips", source=self.source)

    def read(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
        limit = min(MOST_BYTES - self.bytes, max(FREE_BYTES, MOST_RATIO * entry.compress_size))
        with archive.open(entry) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise InputError(
                f"'{entry.filename[:80]}' in the zip unpacks to more than {limit >> 20} MB; it is not used",
                source=self.source,
            )
        self.bytes += len(content)
        return content


def _table(content: bytes, name: str, source: str) -> pl.DataFrame:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if not text.strip():
        return pl.DataFrame()
    try:
        table = pl.read_csv(text.encode(), infer_schema=False, truncate_ragged_lines=False)
    except (pl.exceptions.PolarsError, ValueError) as error:
        what = str(error).split("\n")[0][:120]
        raise InputError(
            f"the table {name} cannot be read as CSV ({what})", source=source
        ) from None
    return table.rename({column: column.strip().strip('"').lower() for column in table.columns})
