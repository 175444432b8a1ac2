"""Batches: files that were uploaded together, where they lie, whose they are, how far they are."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.errors import InputError
from pumpclaim.reports.words import clean
from pumpclaim.web.schema import batches as table
from pumpclaim.web.schema import work

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NEW = ".new-"
"""How the folder of a batch begins while its files are still arriving."""
WAITING, JUDGING, DONE, FAILED = "waiting", "judging", "done", "failed"
LONGEST_NAME = 200


@dataclass(frozen=True)
class Batch:
    """One batch. ``files`` have name and size, ``options`` contractor, readings and thresholds; ``summary``
    is that of the review, with the kinds of trouble counted; ``message`` says why it failed."""

    id: str
    owner: str
    created: datetime
    files: list[dict[str, Any]]
    options: dict[str, Any]
    state: str
    message: str | None
    summary: dict[str, Any] | None

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


class BatchStore:
    """The batches of a server. Each has a folder: ``files/0001``... and, once judged, its tables."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self.engine = engine
        self.root = folder

    def folder(self, batch: str) -> Path:
        """Where a batch lies."""
        return self.root / batch

    def create(
        self,
        owner: str,
        files: Iterable[tuple[str, BinaryIO]],
        options: dict[str, Any],
        most_files: int,
    ) -> Batch:
        """Keep files under numbers (never under their own names) and list the batch: whole or not at all.

        A file that holds the same as one before it is left out, as a file named twice is on the command
        line. Raises InputError for no file, too many, and a disk that takes no more.
        """
        batch = secrets.token_hex(16)
        arriving = self.root / f"{NEW}{batch}"
        try:
            (arriving / "files").mkdir(parents=True, mode=0o700)
            kept = self._keep(arriving / "files", files, most_files)
            arriving.rename(self.folder(batch))
        except OSError as error:
            shutil.rmtree(arriving, ignore_errors=True)
            raise InputError(
                f"the files cannot be kept ({error.strerror}); the server's disk may be full"
            ) from None
        except InputError:
            shutil.rmtree(arriving, ignore_errors=True)
            raise
        made = Batch(batch, owner, _now(), kept, options, WAITING, None, None)
        with writing(self.engine) as connection:
            connection.execute(sa.insert(table).values(**made.__dict__))
        return made

    def _keep(
        self, folder: Path, files: Iterable[tuple[str, BinaryIO]], most: int
    ) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = []
        seen: set[str] = set()
        for name, content in files:
            if not name:
                continue
            if len(seen) == most:
                raise InputError(f"these are more than {most} files; send them in parts")
            path = folder / f"{len(kept) + 1:04d}"
            with path.open("wb") as file:
                shutil.copyfileobj(content, file, 2**20)
            path.chmod(0o600)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest in seen:
                path.unlink()
                continue
            seen.add(digest)
            names = [one["name"] for one in kept]
            kept.append({"name": _name(name, names), "size": path.stat().st_size})
        if not kept:
            raise InputError("there is no file; choose 837, CSV or Parquet files of claims")
        return kept

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
        """Ids of batches that a server left before they were judged, oldest first."""
        asked = sa.select(table.c.id).where(table.c.state.in_((WAITING, JUDGING)))
        with self.engine.connect() as connection:
            return list(connection.scalars(asked.order_by(table.c.created)))

    def set_state(
        self,
        batch: str,
        state: str,
        message: str | None = None,
        summary: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        """Say how far a batch is; ``options`` take the place of those it had where they are given."""
        values: dict[str, Any] = {"state": state, "message": message, "summary": summary}
        if options is not None:
            values["options"] = options
        with writing(self.engine) as connection:
            connection.execute(sa.update(table).where(table.c.id == batch).values(**values))

    def remove(self, batch: str) -> None:
        """Remove a batch, its files and all that was found in them."""
        with writing(self.engine) as connection:
            connection.execute(sa.delete(table).where(table.c.id == batch))
            connection.execute(sa.delete(work).where(work.c.batch == batch))
        shutil.rmtree(self.folder(batch), ignore_errors=True)

    def tidy(self) -> None:
        """Remove what was left of uploads that never arrived whole, and of batches that are no more."""
        if not self.root.is_dir():
            return
        with self.engine.connect() as connection:
            known = set(connection.scalars(sa.select(table.c.id)))
        for folder in self.root.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)


def _name(given: str, taken: list[str]) -> str:
    """The name under which a file is shown: one line of text, of its own in the batch."""
    name = clean(given)[-LONGEST_NAME:]
    number, own = 2, name
    while own in taken:
        own, number = f"{name} ({number})", number + 1
    return own


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
