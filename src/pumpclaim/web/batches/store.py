"""Batches: files that were uploaded together, where they lie, whose they are, how far they are."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.errors import InputError
from pumpclaim.reports.words import clean
from pumpclaim.web.schema import batches as table
from pumpclaim.web.schema import work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pumpclaim.web.settings import Limits

NEW = ".new-"
"""How the folder of a batch begins while its files are still arriving."""
FILES = "files"
WAITING, JUDGING, DONE, FAILED = "waiting", "judging", "done", "failed"
LONGEST_NAME = 200


@dataclass(frozen=True)
class Batch:
    """One batch. ``files`` have name and size, ``options`` contractor, readings and thresholds; ``summary``
    is that of the review, with the kinds of trouble counted; ``message`` says why it failed. ``judging`` is
    the folder of its newest judging, ``kept_in`` the history that has its claims, as it may be shown."""

    id: str
    owner: str
    created: datetime
    files: list[dict[str, Any]]
    options: dict[str, Any]
    state: str
    message: str | None
    summary: dict[str, Any] | None
    judging: str | None = None
    kept_in: str | None = None

    @property
    def title(self) -> str:
        """Names of its files, the first two and how many more."""
        names = [str(one["name"]) for one in self.files]
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        return ", ".join(names[:2]) + more

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in (DONE, FAILED)


@dataclass(frozen=True)
class Arrived:
    """Files that have arrived and belong to no batch yet; ``id`` is that of the batch they will be."""

    id: str
    owner: str
    files: list[dict[str, Any]]


class BatchStore:
    """The batches of a server. Each has a folder: ``files/0001``... and one for each judging."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self.engine = engine
        self.root = folder

    def folder(self, batch: str) -> Path:
        """Where a batch lies."""
        return self.root / batch

    def results(self, batch: Batch) -> Path:
        """Where the tables of its newest judging lie; they are whole once it is done."""
        return self.folder(batch.id) / (batch.judging or "")

    @contextmanager
    def arriving(
        self, owner: str, files: Iterable[tuple[str, BinaryIO]], limits: Limits
    ) -> Iterator[Arrived]:
        """Files that arrive, kept under numbers (never under their own names), for ``admit``; of what is not
        admitted nothing is left.

        Raises InputError for no file, too many, more than one person may keep, and a disk that takes no
        more.
        """
        batch = secrets.token_hex(16)
        folder = self.root / f"{NEW}{batch}"
        left = limits.stored_bytes - self.stored(owner)
        try:
            try:
                (folder / FILES).mkdir(parents=True, mode=0o700)
                kept = _keep(folder / FILES, files, limits, left)
            except OSError as error:
                raise InputError(
                    f"the files cannot be kept ({error.strerror}); the server's disk may be full"
                ) from None
            yield Arrived(batch, owner, kept)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def admit(self, arrived: Arrived, options: dict[str, Any]) -> Batch:
        """List files that have arrived as a batch that waits to be judged."""
        made = Batch(arrived.id, arrived.owner, _now(), arrived.files, options, WAITING, None, None)
        with writing(self.engine) as connection:
            connection.execute(sa.insert(table).values(**made.__dict__))
            (self.root / f"{NEW}{made.id}").rename(self.folder(made.id))
        return made

    def stored(self, owner: str) -> int:
        """Bytes that a person keeps here: files and what was found in them."""
        return sum(
            _size(Path(folder, name))
            for batch in self.of(owner)
            for folder, _, names in os.walk(self.folder(batch.id))
            for name in names
        )

    def get(self, batch: str) -> Batch | None:
        """A batch, or null when there is none of that id."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.id == batch)).mappings().first()
        return None if row is None else Batch(**row)

    def of(self, owner: str | None) -> list[Batch]:
        """The batches of a person, or of all, newest first."""
        asked = sa.select(table).order_by(table.c.created.desc(), table.c.id)
        if owner is not None:
            asked = asked.where(table.c.owner == owner)
        with self.engine.connect() as connection:
            return [Batch(**row) for row in connection.execute(asked).mappings()]

    def unfinished(self) -> list[str]:
        """Ids of batches that a server left before they were judged, oldest first; all of them wait."""
        with writing(self.engine) as connection:
            left = sa.update(table).where(table.c.state == JUDGING)
            connection.execute(left.values(state=WAITING))
            asked = sa.select(table.c.id).where(table.c.state == WAITING)
            return list(connection.scalars(asked.order_by(table.c.created)))

    def judge_again(self, batch: str, options: dict[str, Any]) -> bool:
        """Let a batch that has ended wait once more, with other options; whether it had."""
        ended = table.c.state.in_((DONE, FAILED))
        values = {"state": WAITING, "message": None, "summary": None, "options": options}
        return self._change(batch, ended, **values)

    def begin(self, batch: Batch, judging: str, kept_in: str | None = None) -> bool:
        """A judging begins, in a folder of its own; whether the batch still waits for one.

        ``kept_in`` is the history that it will add the claims to. The tables of the judging before stay until
        the one after this begins: somebody may be reading them.
        """
        waits = table.c.state == WAITING
        values = {"state": JUDGING, "judging": judging, "kept_in": kept_in or batch.kept_in}
        if not self._change(batch.id, waits, **values):
            return False
        (self.folder(batch.id) / judging).mkdir(mode=0o700)
        self._clear(batch.id, {judging, batch.judging})
        return True

    def conclude(
        self,
        batch: str,
        judging: str,
        *,
        message: str | None = None,
        summary: dict[str, Any] | None = None,
    ) -> None:
        """What a judging came to: the summary, or why it failed. One that is no longer wanted is dropped."""
        is_mine = (table.c.state == JUDGING) & (table.c.judging == judging)
        state = DONE if message is None else FAILED
        self._change(batch, is_mine, state=state, message=message, summary=summary)

    def give(self, batch: str, owner: str) -> None:
        """Let a batch be another person's; it is in no history then."""
        self._change(batch, sa.true(), owner=owner, kept_in=None)

    def _change(self, batch: str, where: sa.ColumnElement[bool], **values: Any) -> bool:
        with writing(self.engine) as connection:
            changed = sa.update(table).where(table.c.id == batch, where).values(**values)
            return bool(connection.execute(changed).rowcount)

    def remove(self, batch: str) -> None:
        """Remove a batch, its files and all that was found in them."""
        with writing(self.engine) as connection:
            connection.execute(sa.delete(table).where(table.c.id == batch))
            connection.execute(sa.delete(work).where(work.c.batch == batch))
        shutil.rmtree(self.folder(batch), ignore_errors=True)

    def tidy(self) -> None:
        """Remove what was left of uploads that never arrived whole, of batches that are no more (what was
        noted of their claims as well), and of judgings that came to nothing."""
        with writing(self.engine) as connection:
            connection.execute(sa.delete(work).where(work.c.batch.not_in(sa.select(table.c.id))))
        if not self.root.is_dir():
            return
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(table.c.id, table.c.judging)).all()
        known = {row.id: row.judging for row in rows}
        for folder in self.root.iterdir():
            if folder.name in known:
                self._clear(folder.name, {known[folder.name]})
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def _clear(self, batch: str, judgings: set[str | None]) -> None:
        """Remove the folders of all judgings but these."""
        for folder in self.folder(batch).iterdir():
            if folder.is_dir() and folder.name not in judgings | {FILES}:
                shutil.rmtree(folder, ignore_errors=True)


def _size(file: Path) -> int:
    """Bytes of a file; none of one that has vanished meanwhile, as when an upload is judged again."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _keep(
    folder: Path, files: Iterable[tuple[str, BinaryIO]], limits: Limits, left: int
) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for name, content in files:
        if len(kept) == limits.files:
            raise InputError(f"these are more than {limits.files} files; send them in parts")
        path = folder / f"{len(kept) + 1:04d}"
        with path.open("wb") as file:
            shutil.copyfileobj(content, file, 2**20)
        path.chmod(0o600)
        kept.append(
            {"name": _name(name, [one["name"] for one in kept]), "size": path.stat().st_size}
        )
        left -= kept[-1]["size"]
        if left < 0:
            raise InputError(
                f"with these files you would keep more than the {limits.stored_bytes >> 20:,} MB that one "
                "person may keep here; remove uploads that are done with"
            )
    if not kept:
        raise InputError("there is no file; choose 837, CSV or Parquet files of claims")
    return kept


def _name(given: str, taken: list[str]) -> str:
    """The name under which a file is shown: one line of text, of its own in the batch."""
    name = clean(given)[-LONGEST_NAME:]
    number, own = 2, name
    while own in taken:
        own, number = f"{name} ({number})", number + 1
    return own


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
