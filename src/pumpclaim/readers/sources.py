"""Files, folders, standard input and .gz -> bytes, each with the name it is listed under."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import sys
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STANDARD_INPUT = "-"
MAX_BYTES = 2 * 1024**3
"""The most that one file may hold, unpacked."""
MAX_RATIO = 200
"""The most that a .gz file may unpack to, as a multiple of its size, beyond the first 64 MB."""
FREE_BYTES = 64 * 1024**2
GZIP = b"\x1f\x8b"
"""How a gzip file begins."""
PARQUET_MARK = b"PAR1"
"""How a Parquet file begins."""
_CHUNK = 1024**2


@dataclass(frozen=True)
class Source:
    """One file to read: its name for people, and its path (null for standard input), or its content."""

    name: str
    path: Path | None
    content: bytes | None = field(default=None, repr=False)

    @property
    def size(self) -> int | None:
        """Bytes as it lies, perhaps packed; null where that is not known before it is read."""
        if self.content is not None:
            return len(self.content)
        with suppress(OSError):
            if self.path is not None and self.path.is_file():
                return self.path.stat().st_size
        return None

    def digest(self) -> bytes | None:
        """What tells its content from any other; null where it cannot be had."""
        if self.content is not None:
            return hashlib.sha256(self.content).digest()
        with suppress(OSError):
            if self.path is not None:
                with self.path.open("rb") as file:
                    return hashlib.file_digest(file, "sha256").digest()
        return None


@dataclass(frozen=True)
class Bounds:
    """How much all files of one set may hold together: bytes when they are unpacked, and service lines."""

    unpacked_bytes: int
    lines: int


class BeyondError(InputError):
    """More service lines than may be read at once: the other files need not be looked at."""

    @classmethod
    def of(cls, most: int) -> BeyondError:
        """That there are more than ``most``."""
        return cls(
            f"these are more than the {most:,} service lines that are judged at once; send them in parts, or "
            "use pumpclaim check"
        )


def check_lines(lines: int, most: int | None) -> None:
    """Raise BeyondError for more than ``most`` lines; null is no limit."""
    if most is not None and lines > most:
        raise BeyondError.of(most)


def repeats(sources: Sequence[Source]) -> dict[int, str]:
    """The places of files that hold the same, byte for byte, as one before them, and the name of that one."""
    sizes = [source.size for source in sources]
    often = Counter(sizes)
    first: dict[bytes, str] = {}
    found: dict[int, str] = {}
    for place, (source, size) in enumerate(zip(sources, sizes, strict=True)):
        if size is None or often[size] == 1 or (digest := source.digest()) is None:
            continue
        if digest in first:
            found[place] = first[digest]
        first.setdefault(digest, source.name)
    return found


def is_pattern(path: str) -> bool:
    """A pattern for names that no shell has replaced by names."""
    return any(mark in path for mark in "*?[") and not Path(path).exists()


def find_sources(paths: Sequence[str | Path]) -> Iterator[Source | InputError]:
    """Every file that ``paths`` name, folders in order of names, each file once.

    What does not exist, and a folder without files, comes as the InputError that says so.
    """
    seen: set[Path | None] = set()
    for given in paths:
        try:
            files = list(_files(given))
        except InputError as error:
            yield error
            continue
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "no lawful name"
            yield InputError(f"this cannot be opened ({said})", source=str(given))
            continue
        for file in files:
            whole = file.path.resolve() if file.path else None
            if whole not in seen:
                seen.add(whole)
                yield file


def _files(given: str | Path) -> Iterator[Source]:
    if str(given) == STANDARD_INPUT:
        yield Source("standard input", None)
        return
    path = Path(given)
    if not path.exists():
        raise InputError("there is no such file or folder; check the name", source=str(given))
    if not path.is_dir():
        yield Source(str(given), path)
        return
    inside = sorted(_inside(path))
    if not inside:
        raise InputError("there is no file in this folder", source=str(given))
    yield from (Source(str(one), one) for one in inside)


def _inside(folder: Path) -> Iterator[Path]:
    """Every regular file below ``folder`` that is not hidden; raises OSError for what is closed to us."""

    def stop(error: OSError) -> None:
        raise error

    for at, folders, names in os.walk(folder, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = (Path(at, name) for name in names if not name.startswith("."))
        yield from (file for file in files if file.is_file())


def read_bytes(source: Source, stdin: BinaryIO | None = None, most: int = MAX_BYTES) -> bytes:
    """The source's content, unpacked when it is gzip; raises InputError when it cannot be had.

    ``most`` is how many bytes it may unpack to.
    """
    try:
        if source.content is not None:
            data = source.content
        elif source.path is None:
            data = (stdin or sys.stdin.buffer).read(MAX_BYTES + 1)
        elif source.path.is_file() and source.path.stat().st_size <= MAX_BYTES:
            data = source.path.read_bytes()
        else:
            with source.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the file cannot be opened ({error.strerror})", source=source.name
        ) from None
    if len(data) > MAX_BYTES:
        raise InputError(
            f"it holds more than {MAX_BYTES >> 30} GB; split it, or if it is Parquet use --engine stream",
            source=source.name,
        )
    return unpacked(data, source.name, most)


def unpacked(packed: bytes, name: str, most: int = MAX_BYTES) -> bytes:
    """The content of a gzip file, all its members; what is no gzip file as it is.

    Raises InputError for a damaged one, and one that unpacks to more than ``most`` bytes or MAX_RATIO.
    """
    if packed[:2] != GZIP:
        return packed
    limit = min(most, max(FREE_BYTES, MAX_RATIO * len(packed)))
    out = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            while piece := file.read(_CHUNK):
                out.write(piece)
                if out.tell() > limit:
                    raise InputError(
                        f"the .gz file unpacks to more than {limit >> 20} MB, the most that is read of it; "
                        "unpack it yourself if it is what it should be",
                        source=name,
                    )
    except EOFError:
        raise InputError("the .gz file is cut off; copy it again", source=name) from None
    except (zlib.error, gzip.BadGzipFile):
        raise InputError("the .gz file is damaged; copy it again", source=name) from None
    return out.getvalue()
