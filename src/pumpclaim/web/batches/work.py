"""What people did with the claims of an upload: done or open, and a short note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.errors import InputError
from pumpclaim.reports.words import clean
from pumpclaim.web.schema import work as table

if TYPE_CHECKING:
    from pumpclaim.web.security.visitors import Visitor

LONGEST_NOTE = 500


@dataclass(frozen=True)
class Work:
    """What was done with one claim: whether it is done, the note, who changed it last and when (UTC)."""

    claim: int
    done: bool
    note: str
    name: str
    changed: datetime


class WorkStore:
    """What was done with the claims of the uploads of a server."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def of(self, batch: str) -> dict[int, Work]:
        """What was done in an upload, by the claim's position there; untouched claims are not in it."""
        columns = (table.c.claim, table.c.done, table.c.note, table.c.name, table.c.changed)
        asked = sa.select(*columns).where(table.c.batch == batch)
        with self.engine.connect() as connection:
            return {row.claim: Work(*row) for row in connection.execute(asked)}

    def done(self) -> dict[str, int]:
        """How many claims of each upload are done; uploads without any are not in it."""
        count = sa.func.count().label("claims")
        asked = sa.select(table.c.batch, count).where(table.c.done).group_by(table.c.batch)
        with self.engine.connect() as connection:
            return {row.batch: row.claims for row in connection.execute(asked)}

    def change(
        self,
        batch: str,
        claim: int,
        claim_id: str | None,
        visitor: Visitor,
        *,
        done: bool | None = None,
        note: str | None = None,
    ) -> Work:
        """Mark a claim done or open, or change its note; what is null stays. Raises InputError for a note
        that is too long."""
        said = None if note is None else clean(note).strip()
        if said is not None and len(said) > LONGEST_NOTE:
            raise InputError(f"a note holds at most {LONGEST_NOTE} characters, not {len(said)}")
        with writing(self.engine) as connection:
            here = (table.c.batch == batch) & (table.c.claim == claim)
            before = connection.execute(sa.select(table.c.done, table.c.note).where(here)).first()
            stood = before or (False, "")
            made = Work(
                claim, stood[0] if done is None else done, stood[1] if said is None else said,
                visitor.name, datetime.now(UTC).replace(tzinfo=None),
            )  # fmt: skip
            connection.execute(sa.delete(table).where(here))
            connection.execute(
                sa.insert(table).values(
                    batch=batch, claim_id=claim_id, user=visitor.id, **made.__dict__
                )
            )
        return made


def with_work(worklist: pl.DataFrame, work: dict[int, Work]) -> pl.DataFrame:
    """A worklist with what was done: ``done``, ``note``, ``worked_by`` and ``worked`` (UTC)."""
    rows = pl.DataFrame(
        [(one.claim, one.done, one.note or None, one.name, one.changed) for one in work.values()],
        schema={
            "claim": pl.UInt32, "done": pl.Boolean, "note": pl.String, "worked_by": pl.String,
            "worked": pl.Datetime("us"),
        },
        orient="row",
    )  # fmt: skip
    joined = worklist.join(rows, on="claim", how="left", maintain_order="left")
    return joined.with_columns(pl.col("done").fill_null(value=False))
