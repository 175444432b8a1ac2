"""The audit log: who saw and did what, appended, never changed.

One entry a line, as JSON. ``hash`` is the SHA-256 over the rest of the entry, in which ``previous`` is the
hash of the entry before it: an entry that is changed, removed or moved breaks the chain. A small file beside
it keeps the newest hash, so that the end cannot be cut off unseen either.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = "0" * 64
"""What stands before the first entry."""
RESERVED = frozenset({"time", "who", "action", "previous", "hash"})
LONGEST = 500
"""Characters of one value of an entry."""
BLOCK = 65_536


@dataclass(frozen=True)
class Entry:
    """One entry; ``time`` is UTC in ISO 8601, ``about`` what it concerns (ids, names)."""

    time: str
    who: str
    action: str
    about: dict[str, str]
    previous: str
    hash: str


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the number of the line from 1, and what is wrong with it."""

    line: int
    what: str


class Audit:
    """The audit log in one file, which any number of threads and processes may append to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = path.with_name(path.name + ".head")

    def record(self, who: str, action: str, **about: str) -> None:
        """Append one entry and see it onto the disk; raises InputError where it cannot be written.

        ``about`` holds ids and names, never what a claim says.
        """
        taken = RESERVED & about.keys()
        if taken:
            raise ValueError(f"an entry has {', '.join(sorted(taken))} already")
        said = {name: _plain(value) for name, value in about.items()}
        try:
            with self._locked() as file:
                end = os.fstat(file).st_size
                newest, is_whole = _newest(file, end)
                head = self._read_head()
                # An end that is gone leaves a gap: what comes after it must not close it.
                previous = newest if _has(file, end, head) else head
                entry: dict[str, Any] = {
                    "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "who": _plain(who),
                    "action": action,
                    **said,
                    "previous": previous,
                }
                entry["hash"] = _hash(entry)
                # What a power cut left unfinished stays as it is, on a line of its own.
                line = (b"" if is_whole else b"\n") + orjson.dumps(entry) + b"\n"
                _append(file, line, end)
                self._keep_head(entry["hash"])
        except OSError as error:
            raise InputError(f"the audit log cannot be written ({error.strerror})") from None

    def entries(self, limit: int = 200, *, who: str | None = None) -> list[Entry]:
        """The newest entries first, at most ``limit``; those of one person if ``who`` is given."""
        found: list[Entry] = []
        with self._locked(write=False) as file:
            for line in _backwards(file, os.fstat(file).st_size):
                entry = _entry(line)
                if isinstance(entry, Entry) and who in {None, entry.who}:
                    found.append(entry)
                    if len(found) == limit:
                        break
        return found

    def verify(self) -> Break | None:
        """The first place at which the chain does not hold; null where all of it does."""
        with self._locked(write=False):
            head = self._read_head()
            previous, line, has_head = FIRST, 0, head == FIRST
            for line, entry in self._read():
                if entry is None:
                    continue
                if not isinstance(entry, Entry):
                    return Break(line, "the entry was changed")
                if entry.previous != previous:
                    return Break(line, "an entry before it was removed, moved or changed")
                previous = entry.hash
                has_head = has_head or previous == head
        return None if has_head else Break(line + 1, "entries at the end are gone")

    def _read(self) -> Iterator[tuple[int, Entry | str | None]]:
        """The number of each line and its entry; the text where its hash is wrong, null for a line that
        was never finished (what follows tells whether one is missing)."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, _entry(line)

    @contextmanager
    def _locked(self, *, write: bool = True) -> Iterator[int]:
        """The file, held for this writer alone (readers: against writers)."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        file = os.open(self.path, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX if write else fcntl.LOCK_SH)
            yield file
        finally:
            os.close(file)

    def _read_head(self) -> str:
        """The hash of the entry that was the newest when the last writer ended, or just before."""
        said = self._head.read_text(encoding="ascii").strip() if self._head.exists() else ""
        return said or FIRST

    def _keep_head(self, newest: str) -> None:
        file = os.open(self._head, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(file, newest.encode() + b"\n", 0)
        finally:
            os.close(file)


def _plain(text: str) -> str:
    """Text as JSON can hold it, not too long."""
    return str(text)[:LONGEST].encode("utf-8", "replace").decode()


def _append(file: int, line: bytes, end: int) -> None:
    """Write a whole line and see it onto the disk, or leave nothing of it."""
    try:
        if os.write(file, line) != len(line):
            raise OSError(28, "no space is left")
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


def _newest(file: int, end: int) -> tuple[str, bool]:
    """The hash of the last entry, and whether the file ends with a whole line."""
    is_whole = end == 0 or os.pread(file, 1, end - 1) == b"\n"
    for line in _backwards(file, end):
        entry = _entry(line)
        if entry is not None:
            return (entry.hash if isinstance(entry, Entry) else _said_hash(entry)), is_whole
    return FIRST, is_whole


def _has(file: int, end: int, wanted: str) -> bool:
    """Whether an entry has a hash; almost always it is the last."""
    entries = (_entry(line) for line in _backwards(file, end))
    hashes = (one.hash for one in entries if isinstance(one, Entry))
    return wanted == FIRST or any(one == wanted for one in hashes)


def _backwards(file: int, end: int) -> Iterator[bytes]:
    """The lines of a file from the last to the first."""
    rest = b""
    while end > 0:
        size = min(BLOCK, end)
        end -= size
        rest, *lines = (os.pread(file, size, end) + rest).split(b"\n")
        yield from reversed(lines)
    yield rest


def _entry(line: bytes) -> Entry | str | None:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(read, dict) or not read.keys() >= RESERVED:
        return line.decode(errors="replace")
    said = read.pop("hash")
    if said != _hash(read):
        return line.decode(errors="replace")
    about = {name: str(value) for name, value in read.items() if name not in RESERVED}
    return Entry(read["time"], read["who"], read["action"], about, read["previous"], said)


def _said_hash(text: str) -> str:
    """The hash that a changed entry names: the chain goes on from there, and is found broken there."""
    read = orjson.loads(text)
    return str(read.get("hash", FIRST)) if isinstance(read, dict) else FIRST


def _hash(entry: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)).hexdigest()
