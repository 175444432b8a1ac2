"""Files, folders, standard input and .gz -> bytes, each with the name it is listed under."""

from __future__ import annotations

import io
import sys
import zlib
from dataclasses import dataclass
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
_CHUNK = 1024**2


@dataclass(frozen=True)
class Source:
    """One file to read: its name for people, and its path (null for standard input)."""

    name: str
    path: Path | None
    in_folder: bool = False


def find_sources(paths: Sequence[str | Path]) -> Iterator[Source | InputError]:
    """Every file that ``paths`` name, folders in order of names, each file once.

    What does not exist, and a folder without files, comes as the InputError that says so.
    """
    seen: set[Path] = set()
    for given in paths:
        if str(given) == STANDARD_INPUT:
            yield Source("standard input", None)
            continue
        path = Path(given)
        if path.is_dir():
            inside = [
                one
                for one in sorted(path.rglob("*"))
                if one.is_file() and not any(p.startswith(".") for p in one.relative_to(path).parts)
            ]
            if not inside:
                yield InputError("there is no file in this folder", source=str(given))
            files = [Source(str(one), one, in_folder=True) for one in inside]
        elif path.exists():
            files = [Source(str(given), path)]
        else:
            yield InputError("there is no such file or folder; check the name", source=str(given))
            continue
        for file in files:
            whole = file.path.resolve() if file.path else Path()
            if whole not in seen:
                seen.add(whole)
                yield file


def read_bytes(source: Source, stdin: BinaryIO | None = None) -> bytes:
    """The source's content, unpacked when it is gzip; raises InputError when it cannot be had."""
    try:
        if source.path is None:
            data = (stdin or sys.stdin.buffer).read()
        elif source.path.stat().st_size > MAX_BYTES:
            raise InputError(f"the file is larger than {MAX_BYTES >> 30} GB; split it", source=source.name)
        else:
            data = source.path.read_bytes()
    except OSError as error:
        raise InputError(f"the file cannot be opened ({error.strerror})", source=source.name) from None
    return _unpack(data, source.name) if data[:2] == b"\x1f\x8b" else data


def _unpack(packed: bytes, name: str) -> bytes:
    limit = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * len(packed)))
    out, size, rest = io.BytesIO(), 0, packed
    try:
        while rest:
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                piece = member.decompress(rest, _CHUNK)
                rest = member.unconsumed_tail
                size += len(piece)
                if size > limit:
                    raise InputError(
                        f"the .gz file unpacks to more than {limit >> 20} MB, {MAX_RATIO} times its size; "
                        "unpack it yourself if it is what it should be", source=name,
                    )  # fmt: skip
                out.write(piece)
                if not piece and not rest and not member.eof:
                    raise InputError("the .gz file is cut off; copy it again", source=name)
            rest = member.unused_data.lstrip(b"\0")
    except zlib.error:
        raise InputError("the .gz file is damaged; copy it again", source=name) from None
    return out.getvalue()
