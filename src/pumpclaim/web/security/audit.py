"""The audit log: who saw and did what, appended, never changed.

One entry a line, as JSON, numbered from 1. ``hash`` is the HMAC-SHA256 over the rest of the entry, in which
``previous`` is the hash of the entry before it: an entry that is changed, removed or moved breaks the chain,
and who does not have the server's key cannot mend it. A small file beside the log keeps the newest number and
hash, so that the end cannot be cut off unseen either. Against who has the folder with its key stands the
anchor: number and hash of an entry, kept elsewhere, against which the log can be held later.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    Pair = tuple[str | None, str | None]
    """The id of a claim or chart, and that of its patient."""

FIRST = "0" * 64
"""What stands before the first entry."""
RESERVED = frozenset({"number", "time", "who", "who_id", "action", "previous", "hash"})
LONGEST = 500
"""Characters of one value of an entry."""
MOST_NAMED = 500
"""Claims, charts, patients or uploads that one entry names; of more there are several entries."""
ANCHOR = re.compile(r"([1-9][0-9]{0,17})-([0-9a-f]{64})")
BLOCK = 65_536


class UnwritableError(OSError):
    """The log cannot be written, so that nothing may be shown or done."""

    @property
    def sentence(self) -> str:
        """What to tell who asked for something."""
        return f"the audit log cannot be written ({self.strerror}), so nothing is shown or done"


class Known(Protocol):
    """A person with an id: a visitor, a user."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Entry:
    """One entry; ``time`` is UTC in ISO 8601, ``who_id`` null for who is no user, ``about`` what it concerns:
    ids and names; under ``claims`` and ``charts`` pairs with that of the patient."""

    number: int
    time: str
    who: str
    who_id: str | None
    action: str
    about: dict[str, Any]
    previous: str
    hash: str

    @property
    def anchor(self) -> str:
        """What can be written down elsewhere to hold the log against."""
        return f"{self.number}-{self.hash}"


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the number of the line from 1, and what is wrong with it."""

    line: int
    what: str


class Audit:
    """The audit log in one file, which any number of threads and processes may append to."""

    def __init__(self, path: Path, secret: bytes) -> None:
        self.path = path
        self._head = path.with_name(path.name + ".head")
        self._key = hmac.digest(secret, b"audit log", "sha256")

    def record(
        self,
        who: Known | str,
        action: str,
        *,
        claims: Iterable[Pair] = (),
        charts: Iterable[Pair] = (),
        patients: Iterable[str] = (),
        batches: Iterable[str] = (),
        **about: str,
    ) -> None:
        """Append an entry (or several, for what names many) and see it onto the disk.

        ``about`` holds ids and names, never what a claim says. Raises UnwritableError where it cannot be
        written.
        """
        taken = RESERVED & about.keys()
        if taken:
            raise ValueError(f"an entry has {', '.join(sorted(taken))} already")
        name, who_id = (who, None) if isinstance(who, str) else (who.name, who.id)
        said = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": _plain(name),
            "who_id": who_id,
            "action": action,
            **{name: _plain(value) for name, value in about.items()},
        }
        named: dict[str, list[Any]] = {
            "claims": [[_plain(one or "-"), _plain(patient or "-")] for one, patient in claims],
            "charts": [[_plain(one or "-"), _plain(patient or "-")] for one, patient in charts],
            "patients": [_plain(one) for one in patients],
            "batches": [_plain(one) for one in batches],
        }
        parts = _parts(named)
        numbered = [{"part": f"{n} of {len(parts)}"} for n in range(1, len(parts) + 1)]
        entries = [
            {**said, **(number if len(parts) > 1 else {}), **part}
            for number, part in zip(numbered, parts, strict=True)
        ]
        try:
            self._append(entries)
        except OSError as error:
            raise UnwritableError(error.errno, error.strerror, str(self.path)) from None

    @contextmanager
    def doing(self, who: Known | str, action: str, **about: Any) -> Iterator[None]:
        """Record an act before it is done; and that it was not done, where it comes to nothing."""
        self.record(who, action, **about)
        try:
            yield
        except Exception:
            self.record(who, f"not done: {action}", **about)
            raise

    def _append(self, entries: Sequence[dict[str, Any]]) -> None:
        with self._locked() as file:
            end = os.fstat(file).st_size
            newest, is_whole = self._newest(file, end)
            head = self._read_head()
            # An end that is gone leaves a gap: what comes after it must not close it.
            number, previous = newest if self._has(file, end, head) else head
            # What a power cut left unfinished stays as it is, on a line of its own.
            lines = b"" if is_whole else b"\n"
            for said in entries:
                number += 1
                entry = {"number": number, **said, "previous": previous}
                entry["hash"] = previous = self._hash(entry)
                lines += orjson.dumps(entry) + b"\n"
            _write(file, lines, end)
            self._keep_head(number, previous)

    def entries(self, limit: int = 200, *, who: str | None = None) -> list[Entry]:
        """The newest entries first, at most ``limit``; those of one person, by name or id, if ``who`` is
        given."""
        found: list[Entry] = []
        # What is there now is looked at; who writes meanwhile does not wait.
        with self._locked(write=False) as file:
            end = os.fstat(file).st_size
        with self.path.open("rb") as log:
            for line in _backwards(log.fileno(), end):
                entry = self._entry(line)
                if isinstance(entry, Entry) and who in {None, entry.who, entry.who_id}:
                    found.append(entry)
                    if len(found) == limit:
                        break
        return found

    def anchor(self) -> str | None:
        """Number and hash of the newest entry, to be kept elsewhere; null for an empty log."""
        newest = self.entries(1)
        return newest[0].anchor if newest else None

    def verify(self, anchor: str | None = None) -> Break | None:
        """The first place at which the chain does not hold; null where all of it does, and ends no earlier
        than the entry of the anchor, which stands in it. Raises InputError for a text that is no anchor."""
        wanted = None if anchor is None else _parsed(anchor)
        # What is there now is looked at; who writes meanwhile does not wait.
        with self._locked(write=False) as file:
            end, head = os.fstat(file).st_size, self._read_head()
        previous, line, has_head = (0, FIRST), 0, head[1] == FIRST
        for line, entry in self._read(end):
            if entry is None:
                continue
            if not isinstance(entry, Entry):
                return Break(line, "the entry was changed")
            if (entry.number - 1, entry.previous) != previous:
                return Break(line, "an entry before it was removed, moved or changed")
            previous = (entry.number, entry.hash)
            has_head = has_head or previous == head
            if wanted is not None and wanted[0] == entry.number and wanted != previous:
                return Break(line, "it is not the entry of the anchor; the log was written anew")
        if not has_head:
            return Break(line + 1, "entries at the end are gone")
        if wanted is not None and wanted[0] > previous[0]:
            return Break(line + 1, "the entry of the anchor is gone, with all that came after it")
        return None

    def _read(self, end: int) -> Iterator[tuple[int, Entry | str | None]]:
        """The number of each line and its entry; the text where its hash is wrong, null for a line that
        was never finished (what follows tells whether one is missing)."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                end -= len(line)
                if end < 0:
                    return
                yield number, self._entry(line)

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

    def _read_head(self) -> tuple[int, str]:
        """Number and hash of the entry that was the newest when the last writer ended, or just before."""
        said = self._head.read_text(encoding="ascii").strip() if self._head.exists() else ""
        found = ANCHOR.fullmatch(said)
        return (int(found[1]), found[2]) if found else (0, FIRST)

    def _keep_head(self, number: int, newest: str) -> None:
        file = os.open(self._head, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(file, f"{number}-{newest}\n".encode(), 0)
        finally:
            os.close(file)

    def _newest(self, file: int, end: int) -> tuple[tuple[int, str], bool]:
        """Number and hash of the last entry, and whether the file ends with a whole line."""
        is_whole = end == 0 or os.pread(file, 1, end - 1) == b"\n"
        for line in _backwards(file, end):
            entry = self._entry(line)
            if isinstance(entry, Entry):
                return (entry.number, entry.hash), is_whole
            if entry is not None:
                return _said(entry), is_whole
        return (0, FIRST), is_whole

    def _has(self, file: int, end: int, wanted: tuple[int, str]) -> bool:
        """Whether there is an entry with this number and hash; almost always it is the last."""
        entries = (self._entry(line) for line in _backwards(file, end))
        known = ((one.number, one.hash) for one in entries if isinstance(one, Entry))
        return wanted == (0, FIRST) or wanted in known

    def _entry(self, line: bytes) -> Entry | str | None:
        try:
            read = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(read, dict) or not read.keys() >= RESERVED:
            return line.decode(errors="replace")
        said = read.pop("hash")
        if not hmac.compare_digest(str(said).encode(), self._hash(read).encode()):
            return line.decode(errors="replace")
        about = {name: read.pop(name) for name in read.keys() - RESERVED}
        return Entry(**read, about={name: about[name] for name in sorted(about)}, hash=said)

    def _hash(self, entry: dict[str, Any]) -> str:
        said = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self._key, said, hashlib.sha256).hex()


def _parts(named: dict[str, list[Any]]) -> list[dict[str, list[Any]]]:
    """What is named, in parts of which none names too many; one part at least."""
    parts = []
    for begin in range(0, max(1, *map(len, named.values())), MOST_NAMED):
        part = {name: many[begin : begin + MOST_NAMED] for name, many in named.items()}
        parts.append({name: some for name, some in part.items() if some})
    return parts


def _plain(text: str) -> str:
    """Text as JSON can hold it; one that is too long ends in dots."""
    whole = str(text)
    cut = whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
    return cut.encode("utf-8", "replace").decode()


def _parsed(anchor: str) -> tuple[int, str]:
    found = ANCHOR.fullmatch(anchor.strip())
    if found is None:
        raise InputError("this is no anchor; one is a number, a hyphen and 64 digits from 0 to f")
    return int(found[1]), found[2]


def _write(file: int, lines: bytes, end: int) -> None:
    """Write whole lines and see them onto the disk, or leave nothing of them."""
    try:
        if os.write(file, lines) != len(lines):
            raise OSError(28, "no space is left")
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


def _backwards(file: int, end: int) -> Iterator[bytes]:
    """The lines of a file from the last to the first."""
    rest = b""
    while end > 0:
        size = min(BLOCK, end)
        end -= size
        rest, *lines = (os.pread(file, size, end) + rest).split(b"\n")
        yield from reversed(lines)
    yield rest


def _said(text: str) -> tuple[int, str]:
    """Number and hash that a changed entry names: the chain goes on from there, and is found broken there."""
    read = orjson.loads(text)
    said = read if isinstance(read, dict) else {}
    number, name = said.get("number"), said.get("hash")
    return number if isinstance(number, int) else 0, name if isinstance(name, str) else FIRST
