"""The folder of a stream's results: Parquet parts, a note of what is done, and room for work.

``findings/``, ``prices/``, ``determinations/`` and ``rejected/`` hold one file a part. A part's files are
written under other names and take their own at once; then its note is written, and only a part with a note
counts. What was interrupted is done anew under the same names, so nothing is there twice.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.streams.tables import STREAMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.streams.kernel import Judged

NOTE = "pumpclaim.json"
"""What the folder holds: the set, the options, whether it is complete."""
WORK = "_work"
COMPRESSION: Any = "lz4"


class Store:
    """The results below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / WORK

    def open(self, asked: dict[str, Any], *, resume: bool) -> None:
        """Begin, or go on; ``asked`` is the set and the options. Raises InputError when they do not fit."""
        name = str(self.folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError("this is a file; give a folder for the results", source=name)
        known = self.note()
        if known is None and any(self._parts()):
            raise InputError("the folder holds tables of other work; give another", source=name)
        if known is not None and not resume:
            state = "results" if known.get("complete") else "the beginning of results"
            raise InputError(
                f"the folder holds {state}; add --resume, or give another", source=name
            )
        if known is not None and (known["asked"] != asked):
            differ = sorted(key for key in asked if known["asked"].get(key) != asked[key])
            raise InputError(
                f"the folder's results are of another call ({', '.join(differ)} differ); give another folder",
                source=name,
            )
        self.work.mkdir(parents=True, exist_ok=True)
        for table in STREAMED:
            (self.folder / table).mkdir(exist_ok=True)
        if known is None:
            self.write_note({"asked": asked, "complete": False})

    def note(self) -> dict[str, Any] | None:
        """The folder's note; null when there is none."""
        path = self.folder / NOTE
        if not path.exists():
            return None
        try:
            note: dict[str, Any] = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError:
            raise InputError(
                "the note of the results is damaged; give another folder", source=str(path)
            ) from None
        return note

    def write_note(self, note: dict[str, Any]) -> None:
        """Keep the folder's note."""
        _replace(self.folder / NOTE, orjson.dumps(note, option=orjson.OPT_INDENT_2))

    def is_done(self, part: str) -> bool:
        """Whether a part's results are whole."""
        return self._mark(part).exists()

    def has_begun(self) -> bool:
        """Whether any part is done."""
        return any(self.work.glob("*.done"))

    def keep(self, part: str, judged: Judged, counts: dict[str, Any]) -> None:
        """A part's tables, and the note that it is done. Empty tables are not written."""
        for name, table in judged.tables.items():
            path = self.folder / name / f"{part}.parquet"
            if not table.height:
                path.unlink(missing_ok=True)
                continue
            under_way = self.work / f"{part}-{name}.parquet"
            table.write_parquet(under_way, compression=COMPRESSION)
            under_way.replace(path)
        self.mark(part, counts)

    def mark(self, part: str, counts: dict[str, Any]) -> None:
        """Note that a part is done."""
        _replace(self._mark(part), orjson.dumps(counts))

    def forget(self, part: str) -> None:
        """Undo a part, its note first."""
        self._mark(part).unlink(missing_ok=True)
        for name in STREAMED:
            (self.folder / name / f"{part}.parquet").unlink(missing_ok=True)
        for put_by in self.work.glob(f"share-*/{part}.arrow"):
            put_by.unlink()

    def spill(self, share: int, part: str, rows: pl.DataFrame) -> None:
        """Put rows of a part by for a share of patients."""
        folder = self.work / _share(share)
        folder.mkdir(exist_ok=True)
        rows.write_ipc(folder / f"{part}.arrow", compression="lz4")

    def spilled(self, share: int) -> Iterator[pl.DataFrame]:
        """What was put by for a share, in order of parts."""
        for path in sorted((self.work / _share(share)).glob("*.arrow")):
            yield pl.read_ipc(path)

    def finish(self, note: dict[str, Any]) -> None:
        """Everything is done: note it and clear the room."""
        self.write_note(note)
        shutil.rmtree(self.work, ignore_errors=True)

    def sums(self) -> dict[str, Any]:
        """What the notes of all parts come to: numbers are added, tables of numbers key by key."""
        whole: dict[str, Any] = {}
        for path in sorted(self.work.glob("*.done")):
            for name, value in orjson.loads(path.read_bytes()).items():
                if isinstance(value, dict):
                    whole[name] = dict(Counter(whole.get(name, {})) + Counter(value))
                else:
                    whole[name] = whole.get(name, 0) + value
        return whole

    def _mark(self, part: str) -> Path:
        return self.work / f"{part}.done"

    def _parts(self) -> Iterator[Path]:
        for name in STREAMED:
            yield from (self.folder / name).glob("*.parquet")


def _share(number: int) -> str:
    return f"share-{number:05}"


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    under_way = path.with_name(path.name + ".part")
    under_way.write_bytes(content)
    under_way.replace(path)
