"""Readers: a file of claims in whatever form -> ClaimSet. A reader knows no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from pumpclaim.claim_set import ClaimSet, Refusal
from pumpclaim.errors import InputError
from pumpclaim.readers.probe import Probe
from pumpclaim.readers.sources import (
    MAX_BYTES,
    PARQUET_MARK,
    BeyondError,
    Source,
    find_sources,
    read_bytes,
    repeats,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pumpclaim.readers.sources import Bounds

__all__ = ["read", "read_data", "read_sources"]

X12, CSV, PARQUET = "x12", "csv", "parquet"
GIVE = "give an 837, CSV or Parquet file of claims"
FOREIGN = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"MSH|": "an HL7 version 2 message",
    b"{": "JSON",
    b"[": "JSON",
    b"<": "XML or HTML",
}
"""What a file that is none of ours may be, by its first bytes."""
HEAD = 16_384
"""Bytes at the start of a file by which its kind is told."""
BINARY_SHARE = 0.1
"""A file with more control characters than this is no text."""


def read(
    *paths: str | Path,
    stdin: BinaryIO | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> ClaimSet:
    """The claims of files and folders as one set: 837P, 837I, CSV or Parquet, each also as .gz.

    A folder stands for all files in it, sorted, hidden ones passed over; ``-`` is standard input. A file
    named twice is read once, and so are two that hold the same (``repeated`` names them). Never raises for
    what a path holds or whether it can be opened: what cannot be used is named in ``refused``, one sentence
    each, and the rest goes on. ``progress`` is called before each file with its name, its number from
    1 and how many there are.
    """
    return read_sources(list(find_sources(paths)), stdin=stdin, progress=progress)


def read_sources(
    found: Sequence[Source | InputError],
    *,
    stdin: BinaryIO | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    bounds: Bounds | None = None,
    seen: Callable[[str, bytes], None] | None = None,
) -> ClaimSet:
    """The claims of files that are found already, as one set; see ``read``.

    ``seen`` is called after each file that could be used, with its name and unpacked content. With ``bounds``
    a file with which they hold too many bytes is refused, and too many service lines raise BeyondError.
    """
    sets: list[ClaimSet] = []
    same = repeats([one if isinstance(one, Source) else Source("", None) for one in found])
    left, lines = (MAX_BYTES, None) if bounds is None else (bounds.unpacked_bytes, bounds.lines)
    with Probe() as probe:
        for place, source in enumerate(found):
            if isinstance(source, InputError):
                sets.append(_refused(source))
                continue
            if place in same:
                sets.append(ClaimSet(repeated=((source.name, same[place]),)))
                continue
            if progress is not None:
                progress(source.name, place + 1, len(found))
            try:
                data = read_bytes(source, stdin, left)
                if bounds is not None and len(data) > left:
                    most = f"{bounds.unpacked_bytes >> 20} MB"
                    raise InputError(
                        f"with it the files hold more than {most}; send them in parts",
                        source=source.name,
                    )
                if data.startswith(PARQUET_MARK):
                    probe.check(data, source.name)
                sets.append(read_data(data, source.name, lines))
            except InputError as error:
                if isinstance(error, BeyondError) and bounds is not None:
                    raise BeyondError.of(bounds.lines) from None
                sets.append(_refused(error, source.name))
                continue
            if seen is not None:
                seen(source.name, data)
            if lines is not None:
                left -= len(data)
                lines -= sets[-1].lines.height
    return ClaimSet.concat(sets)


def read_data(data: bytes, source: str, most: int | None = None) -> ClaimSet:
    """The claims of one file's content, told by the content and not by the name.

    Raises InputError when the file cannot be used at all, BeyondError as soon as it is seen to hold more
    than ``most`` service lines.
    """
    # The readers of the other forms are imported only when one of theirs is met.
    form = form_of(data, source)
    if form == PARQUET:
        from pumpclaim.readers.tabular import read_parquet  # noqa: PLC0415

        return read_parquet(data, source, most)
    if form == CSV:
        from pumpclaim.readers.tabular import read_csv  # noqa: PLC0415

        return read_csv(data, source, most)
    from pumpclaim.readers.x12 import read_x12  # noqa: PLC0415

    return read_x12(data, source, most)


def form_of(data: bytes, source: str) -> str:
    """Which of our forms a file's content has; raises InputError, and says what it is, where it has none."""
    if data.startswith(PARQUET_MARK):
        return PARQUET
    head = _head(data)
    if not head and not data.strip():
        raise InputError("the file is empty", source=source)
    for mark, name in FOREIGN.items():
        if head.startswith(mark):
            raise InputError(f"this is {name}; {GIVE}", source=source)
    if not _begins_as_x12(head) and _looks_like_table(head):
        return CSV
    if b"ISA" not in data and not _begins_as_x12(head):
        controls = sum(byte < 0x20 and byte not in b"\t\r\n\f" for byte in head)
        text = controls <= BINARY_SHARE * len(head)
        what = (
            "text, neither X12 nor a table of claims" if text else "a binary file of no known kind"
        )
        raise InputError(f"this is {what}; {GIVE}", source=source)
    return X12


def _head(data: bytes) -> bytes:
    """The first bytes as UTF-8, without a byte order mark and blanks before them."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data[:HEAD].decode("utf-16", errors="replace").encode().lstrip()
    return data[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()


def _begins_as_x12(head: bytes) -> bool:
    return head[:3] == b"ISA" or (head[:2] in (b"GS", b"ST") and not head[2:3].isalnum())


def _looks_like_table(head: bytes) -> bool:
    """A first line with separators, and with a column that we know or with a second line like it."""
    from pumpclaim.readers.delimited import separator_of  # noqa: PLC0415
    from pumpclaim.readers.headings import KNOWN, squeezed  # noqa: PLC0415
    from pumpclaim.readers.layouts import is_told  # noqa: PLC0415

    lines = head.decode("utf-8", errors="replace").replace("\r", "\n").split("\n")
    lines = [line for line in lines if line.strip()]
    mark = separator_of(lines[0])
    names = lines[0].split(mark)
    if any(squeezed(name.strip(' "')) in KNOWN for name in names) or is_told(names):
        return True
    alike = len(lines) > 1 and lines[1].count(mark) == len(names) - 1
    return (
        alike and len(names) > 2 and all(line.isprintable() or "\t" in line for line in lines[:2])
    )


def _refused(error: InputError, source: str | None = None) -> ClaimSet:
    return ClaimSet(refused=(Refusal.of(error, source or ""),))
