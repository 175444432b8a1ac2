"""Readers: a file of claims in whatever form -> ClaimSet. A reader knows no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from pumpclaim.errors import InputError
from pumpclaim.readers.sources import find_sources, read_bytes
from pumpclaim.tables import ClaimSet, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["read", "read_data"]

FOREIGN = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"{": "JSON",
    b"[": "JSON",
    b"<": "XML or HTML",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
}
"""What a file that is none of ours may be, by its first bytes."""


def read(
    *paths: str | Path,
    stdin: BinaryIO | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> ClaimSet:
    """The claims of files and folders as one set: 837P, 837I, CSV or Parquet, also as .gz.

    ``-`` is standard input. A file named twice is read once. What cannot be used is named in
    ``refused`` and the rest goes on, so this never raises for content; ``progress`` is called before
    each file with its name, its number and how many there are.
    """
    found = list(find_sources(paths))
    sets: list[ClaimSet] = []
    for number, source in enumerate(found, start=1):
        if isinstance(source, InputError):
            sets.append(_refused(source))
            continue
        if progress is not None:
            progress(source.name, number, len(found))
        try:
            sets.append(read_data(read_bytes(source, stdin), source.name))
        except InputError as error:
            sets.append(_refused(error, source.name))
    return ClaimSet.concat(sets)


def read_data(data: bytes, source: str) -> ClaimSet:
    """The claims of one file's content, told by the content and not by the name.

    Raises InputError when the file cannot be used at all.
    """
    # The readers of the other forms are imported only when one of theirs is met.
    if data[:4] == b"PAR1":
        from pumpclaim.readers.tabular import read_parquet  # noqa: PLC0415

        return read_parquet(data, source)
    head = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not data.strip():
        raise InputError("the file is empty", source=source)
    for mark, name in FOREIGN.items():
        if head.startswith(mark):
            raise InputError(f"this is {name}, not a file of claims (837, CSV or Parquet)", source=source)
    if _looks_like_table(head):
        from pumpclaim.readers.tabular import read_csv  # noqa: PLC0415

        return read_csv(data, source)
    from pumpclaim.readers.x12 import read_x12  # noqa: PLC0415

    return read_x12(data, source)


def _looks_like_table(head: bytes) -> bool:
    """A first line of words with separators between, at least one of which is a column we know."""
    from pumpclaim.readers.flat import known_names  # noqa: PLC0415

    if head[:3] in (b"ISA", b"GS*", b"ST*"):
        return False
    first = head.split(b"\n", 1)[0].decode("latin-1").lower()
    for mark in ",;\t|":
        first = first.replace(mark, "\n")
    words = [word.strip().strip('"').replace(" ", "_") for word in first.split("\n")]
    return len(words) > 1 and (
        bool(set(words) & set(known_names())) or all(word.replace("_", "").isalnum() for word in words if word)
    )


def _refused(error: InputError, source: str | None = None) -> ClaimSet:
    return ClaimSet(refused=(Refusal(error.source or source or "", error.segment, error.what),))
