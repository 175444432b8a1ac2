"""A data set: Parquet files that together are one table of service lines, and their rows piece by piece.

Its files are found by a folder (with everything below it), a pattern such as ``claims/year=*/*.parquet``,
single names, or an address in a cloud as Polars takes it (``s3://...``). Names of folders such as
``year=2024`` are columns (hive partitions).
"""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np
import polars as pl

from pumpclaim.claim_set import Refusal
from pumpclaim.errors import InputError
from pumpclaim.readers.agreement import ROW
from pumpclaim.readers.headings import KNOWN, squeezed
from pumpclaim.readers.sources import PARQUET_MARK, Source, find_sources, is_pattern
from pumpclaim.readers.tabular import FIRST_ROW
from pumpclaim.streams.kernel import FILE, Columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DAMAGED = "this Parquet file is cut off or damaged; write it again"
NO_PARQUET = "this is no Parquet file; check 837 and CSV files without --engine"
UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What Polars raises for a file that cannot be read."""
MANY = 0.3
"""The share of a slice's rows from which on all of it is read."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""How a hive partition writes null."""


class BadFileError(Exception):
    """A file of the set that could not be read; ``number`` is its place in the set."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class File:
    """One file of the set: its name for people and for Polars, its rows and columns.

    ``stamp`` changes when the file changes (size and time; of a file in a cloud its rows). ``keys`` are
    the values that its folders' names give.
    """

    name: str
    rows: int
    columns: Columns
    stamp: tuple[int, ...]
    keys: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Slice:
    """Rows of one file, by its number in the set, from ``start`` on."""

    file: int
    start: int
    rows: int


@dataclass(frozen=True)
class DataSet:
    """The files that can be read, in order of names, and what was refused."""

    name: str
    files: tuple[File, ...]
    refused: tuple[Refusal, ...]

    @property
    def rows(self) -> int:
        """Service lines in all."""
        return sum(file.rows for file in self.files)

    def slices(self, size: int) -> list[Slice]:
        """The whole set in slices of at most ``size`` rows, in order; each of one file."""
        return [
            Slice(number, start, min(size, file.rows - start))
            for number, file in enumerate(self.files)
            for start in range(0, file.rows, size)
        ]

    def read(self, one: Slice, flat: Sequence[str] | None = None) -> pl.DataFrame:
        """These rows under their flat names with FILE and ROW; of all columns, or of some.

        Raises BadFileError.
        """
        frame = self._collect(one, self._wanted(one, flat))
        return self._named(one, frame, np.arange(one.rows))

    def read_some(self, one: Slice, at: NDArray[np.int64]) -> pl.DataFrame:
        """The same of the rows ``at`` alone, which are all rows of their patients in the slice."""
        first, last = int(at[0]), int(at[-1])
        near = Slice(one.file, one.start + first, last - first + 1)
        if len(at) > MANY * near.rows:
            return self.read(near)[at - first]
        file = self.files[one.file]
        if one.rows == file.rows:
            # Polars passes pages over only in whole files.
            near, first = one, 0
        own = file.columns.needed(["patient_id"])
        if len(own) > 1 or own[0] in file.keys:
            return self.read(near)[at - first]
        column = own[0]
        # Only pages of the other columns are decoded in which there is one of these patients.
        patients = self._collect(near, [column])[column].gather(pl.Series(at - first)).unique()
        of_them = pl.col(column).is_in(patients.drop_nulls().implode())
        if patients.null_count():
            of_them |= pl.col(column).is_null()
        frame = self._collect(near, self._wanted(one, None), of_them)
        if frame.height != len(at):
            raise BadFileError(one.file)
        return self._named(one, frame, at)

    def _wanted(self, one: Slice, flat: Sequence[str] | None) -> list[str]:
        """The stored columns of a file that are read."""
        file = self.files[one.file]
        return [own for own in file.columns.needed(flat) if own not in file.keys]

    def _collect(self, one: Slice, stored: list[str], only: pl.Expr | None = None) -> pl.DataFrame:
        file = self.files[one.file]
        scan = pl.scan_parquet(file.name, hive_partitioning=False, glob=False).select(stored)
        if (one.start, one.rows) != (0, file.rows):
            scan = scan.slice(one.start, one.rows)
        try:
            frame = (scan if only is None else scan.filter(only)).collect()
        except UNREADABLE:
            raise BadFileError(one.file) from None
        if only is None and stored and frame.height != one.rows:
            raise BadFileError(one.file)
        return frame

    def _named(self, one: Slice, frame: pl.DataFrame, at: NDArray[np.int64]) -> pl.DataFrame:
        file, count = self.files[one.file], len(at)
        whole = frame.select(
            pl.repeat(one.file, count, dtype=pl.UInt32).alias(FILE),
            pl.Series(ROW, at + (one.start + FIRST_ROW), dtype=pl.UInt32),
            pl.all(),
            *(
                pl.repeat(text, count, dtype=pl.String).alias(key)
                for key, text in file.keys.items()
            ),
        )
        return file.columns.flat(whole)


def united(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames of one set below each other; a column whose type differs from file to file becomes text."""
    if len(frames) == 1:
        return frames[0]
    try:
        return pl.concat(frames, how="diagonal_relaxed")
    except pl.exceptions.PolarsError:
        kinds: dict[str, set[pl.DataType]] = {}
        for frame in frames:
            for name, dtype in frame.schema.items():
                kinds.setdefault(name, set()).add(dtype)
        mixed = {name for name, dtypes in kinds.items() if len(dtypes) > 1}
        return pl.concat(
            [
                frame.with_columns(pl.col(mixed & set(frame.columns)).cast(pl.String))
                for frame in frames
            ],
            how="diagonal",
        )


def is_remote(path: str) -> bool:
    """An address in a cloud."""
    return "://" in path


def find_data_set(paths: Sequence[str]) -> DataSet:
    """The data set at ``paths``. What is no Parquet file of claims is in ``refused``, one sentence each."""
    files: list[File] = []
    refused: list[Refusal] = []
    for found in _names(paths):
        if isinstance(found, InputError):
            refused.append(Refusal.of(found))
            continue
        try:
            files.append(_file(found))
        except InputError as error:
            refused.append(Refusal.of(error, found))
    return DataSet(", ".join(paths), tuple(files), tuple(refused))


def _names(paths: Sequence[str]) -> Iterator[str | InputError]:
    for path in paths:
        if is_remote(path):
            yield from _remote(path)
        elif is_pattern(path):
            inside = sorted(glob.glob(path, recursive=True))  # noqa: PTH207  (the pattern may be absolute)
            if not inside:
                yield InputError("no file has such a name; check the pattern", source=path)
            yield from _local(inside)
        else:
            yield from _local([path])


def _local(paths: Sequence[str]) -> Iterator[str | InputError]:
    for found in find_sources(paths):
        if isinstance(found, Source):
            # A folder that a writer left behind holds notes of its own beside the data.
            if not Path(found.name).name.startswith(("_", ".")):
                yield found.name
        else:
            yield found


def _remote(path: str) -> Iterator[str | InputError]:
    try:
        whole = pl.scan_parquet(path, include_file_paths="?path", hive_partitioning=False)
        yield from sorted(whole.select(pl.col("?path").unique()).collect()["?path"].to_list())
    except (*UNREADABLE, ValueError) as error:
        said = str(error).split("\n", 1)[0][:200]
        yield InputError(f"this cannot be opened ({said})", source=path)


def _file(name: str) -> File:
    keys = _keys(name)
    if not is_remote(name) and Path(name).is_file() and not _begins_as_parquet(name):
        raise InputError(NO_PARQUET, source=name)
    try:
        scan = pl.scan_parquet(name, hive_partitioning=False, glob=False)
        schema = scan.collect_schema()
        rows = int(scan.select(pl.len()).collect().item())
        stamp: tuple[int, ...] = (rows,)
        if not is_remote(name):
            status = Path(name).stat()
            stamp = (rows, status.st_size, status.st_mtime_ns)
    except UNREADABLE:
        raise InputError(DAMAGED, source=name) from None
    names = [*schema.names(), *(key for key in keys if key not in schema)]
    columns = Columns.of(names, name)
    for flat in columns.sources:
        for own in columns.needed([flat]):
            dtype = schema.get(own, pl.String())
            lists = isinstance(dtype, pl.List) and flat in ("modifiers", "diagnoses")
            if dtype.is_nested() and not lists:
                raise InputError(f"column '{own}' is nested; give one value a row", source=name)
    return File(
        name, rows, columns, stamp, {key: text for key, text in keys.items() if key not in schema}
    )


def _begins_as_parquet(name: str) -> bool:
    try:
        with Path(name).open("rb") as file:
            return file.read(len(PARQUET_MARK)) == PARQUET_MARK
    except OSError:
        return True  # Polars says what is wrong with it


def _keys(name: str) -> dict[str, str | None]:
    """What the names of the folders say, of those that are columns of the layout."""
    found = {}
    for folder in name.split("/")[:-1]:
        key, equals, text = folder.partition("=")
        if equals and squeezed(key) in KNOWN:
            found[key] = None if text == NO_VALUE else unquote(text)
    return found
