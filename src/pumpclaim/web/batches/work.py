"""What people did with the claims of an upload: done or open, and a short note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import sqlalchemy as sa
from fastapi import HTTPException

from pumpclaim.database import writing
from pumpclaim.errors import InputError
from pumpclaim.reports.words import clean
from pumpclaim.web.batches.access import NONE_SUCH, UNJUDGED
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.schema import batches
from pumpclaim.web.schema import work as table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.security.visitors import Visitor

LONGEST_NOTE = 500


@dataclass(frozen=True)
class Work:
    """What was done with one claim: whether it is done, and at which determination it was marked so (null
    where nobody did), the note, who changed it last and when (UTC)."""

    claim: int
    claim_id: str | None
    done: bool
    determination: str | None
    note: str
    name: str
    changed: datetime


class WorkStore:
    """What was done with the claims of the uploads of a server."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def of(self, batch: str) -> dict[int, Work]:
        """What was done in an upload, by the claim's position there; untouched claims are not in it."""
        columns = [table.c[name] for name in Work.__dataclass_fields__]
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
        batch: Batch,
        row: Mapping[str, Any],
        visitor: Visitor,
        *,
        done: bool | None = None,
        note: str | None = None,
    ) -> Work:
        """Mark the claim of a worklist's row done or open, or change its note; what is null stays.

        Raises InputError for a note that is too long and where nothing is asked, 404 for a batch that is
        removed, and 409 for one that is judged again.
        """
        if done is None and note is None:
            raise InputError("say whether the claim is done, or note something")
        said = None if note is None else clean(note).strip()
        if said is not None and len(said) > LONGEST_NOTE:
            raise InputError(f"a note holds at most {LONGEST_NOTE} characters, not {len(said)}")
        with writing(self.engine) as connection:
            _refuse_if_changed(connection, batch)
            here = (table.c.batch == batch.id) & (table.c.claim == row["claim"])
            columns = (table.c.done, table.c.determination, table.c.note)
            stood = connection.execute(sa.select(*columns).where(here)).first()
            was_done, determination, noted = stood or (False, None, "")
            if done is not None:
                determination = row["determination"] if done else None
            made = Work(
                row["claim"], row["claim_id"], was_done if done is None else done, determination,
                noted if said is None else said, visitor.name, datetime.now(UTC).replace(tzinfo=None),
            )  # fmt: skip
            connection.execute(sa.delete(table).where(here))
            connection.execute(
                sa.insert(table).values(batch=batch.id, user=visitor.id, **made.__dict__)
            )
        return made

    def reopen(self, batch: str, results: Results) -> None:
        """Let claims that are done be open again where a new judging says otherwise of them than when they
        were marked, or no longer has them."""
        done = [one for one in self.of(batch).values() if one.done and one.determination]
        if not done:
            return
        now = results.determinations([one.claim for one in done])
        changed = [one for one in done if now.get((one.claim, one.claim_id)) != one.determination]
        if changed:
            here = (table.c.batch == batch) & (table.c.claim == sa.bindparam("here"))
            with writing(self.engine) as connection:
                connection.execute(
                    sa.update(table).where(here).values(done=False),
                    [{"here": one.claim} for one in changed],
                )


def _refuse_if_changed(connection: sa.Connection, batch: Batch) -> None:
    """Raise 404 or 409 where a batch is no longer as it was when its worklist was read."""
    asked = sa.select(batches.c.state, batches.c.judging).where(batches.c.id == batch.id)
    now = connection.execute(asked).first()
    if now is None:
        raise HTTPException(404, NONE_SUCH)
    if tuple(now) != (DONE, batch.judging):
        raise HTTPException(409, UNJUDGED)


def with_work(worklist: pl.DataFrame, work: dict[int, Work]) -> pl.DataFrame:
    """A worklist with what was done: ``done``, ``done_as`` (the determination at which a claim was marked
    done that is open again, for it was judged otherwise since), ``note``, ``worked_by``, ``worked`` (UTC)."""
    rows = pl.DataFrame(
        [
            (
                one.claim, one.claim_id, one.done, None if one.done else one.determination,
                one.note or None, one.name, one.changed,
            )
            for one in work.values()
        ],
        schema={
            "claim": pl.UInt32, "claim_id": pl.String, "done": pl.Boolean, "done_as": pl.String,
            "note": pl.String, "worked_by": pl.String, "worked": pl.Datetime("us"),
        },
        orient="row",
    )  # fmt: skip
    joined = worklist.join(
        rows, on=["claim", "claim_id"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.with_columns(pl.col("done").fill_null(value=False))
