"""What a history does: add a file's claims and charts, give back those of patients, forget a patient.

A claim is known by its content, so that reading it again changes nothing. A replacement (frequency code 7)
or a void (8) ends the claims of its id, patient and billing provider, whichever came first. What one owner
keeps is nothing to another: each has a history of his own in the same tables.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pumpclaim.charts.chart_set import ChartSet, join_charts
from pumpclaim.claim_set import ClaimSet
from pumpclaim.database import make_engine, reading, tidy, writing
from pumpclaim.history import rows
from pumpclaim.history.schema import SCHEMA
from pumpclaim.history.schema import charts as charts_table
from pumpclaim.history.schema import claims as claims_table
from pumpclaim.history.schema import lines as lines_table
from pumpclaim.history.schema import origins as origins_table
from pumpclaim.patient_ids import plain_id
from pumpclaim.policy import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pumpclaim.policy import PolicySet

MANY = 5_000
"""Values of one IN list."""
STANDS = claims_table.c.withdrawn_by.is_(None) & (
    claims_table.c.frequency_code.is_(None) | (claims_table.c.frequency_code != "8")
)
"""A claim that nothing ended, and that is no void itself."""


@dataclass(frozen=True)
class Added:
    """What one call added: claims new, already known, ended by a replacement or a void; charts."""

    new: int
    known: int
    replaced: int
    voided: int
    charts: int


def open_history(url: str, owner: str = "") -> History:
    """Open a history, or make it: a path, ``sqlite:///path`` or ``postgresql://user@host/name``.

    ``owner`` is whose part of it is seen and added to; empty is the part that is nobody's alone. Raises
    InputError for a URL that cannot be opened, and for a history that a newer version wrote.
    """
    return History(make_engine(url, SCHEMA), owner)


class History(AbstractContextManager["History"]):
    """Claims and charts of one owner, kept between runs."""

    def __init__(self, engine: sa.Engine, owner: str = "") -> None:
        self.engine = engine
        self.owner = owner

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def add(
        self,
        claims: ClaimSet,
        charts: ChartSet | None = None,
        policy: PolicySet | None = None,
        origin: str = "",
    ) -> Added:
        """Keep claims and charts, in one transaction: all of them or nothing.

        A chart of the same kind, patient and day takes the place of the one before. ``policy`` defines
        the charts; without it the one in force does. ``origin`` is what the claims come from, by which they
        can be removed. Raises InputError where nothing can be written.
        """
        keyed = rows.keyed(claims, self.owner)
        with writing(self.engine) as connection:
            new, known = self._insert(connection, keyed)
            self._note(connection, list(keyed.claims), origin)
            replaced, voided = self._withdraw(connection, new)
            kept = 0 if charts is None else self._keep(connection, charts, policy or load())
        return Added(len(new), known, replaced, voided, kept)

    def _insert(
        self, connection: sa.Connection, keyed: rows.Keyed
    ) -> tuple[list[dict[str, Any]], int]:
        have = set()
        for some in _chunks(list(keyed.claims)):
            have |= set(
                connection.scalars(
                    sa.select(claims_table.c.hash).where(claims_table.c.hash.in_(some))
                )
            )
        last = connection.scalar(sa.select(sa.func.max(claims_table.c.number))) or 0
        new = [claim for claim in keyed.claims.values() if claim["hash"] not in have]
        for number, claim in enumerate(new, start=last + 1):
            claim["number"] = number
        if new:
            connection.execute(sa.insert(claims_table), new)
            own = [line for claim in new for line in keyed.lines.get(claim["hash"], ())]
            if own:
                connection.execute(sa.insert(lines_table), own)
        return new, keyed.count - len(new)

    def _note(self, connection: sa.Connection, hashes: Sequence[str], origin: str) -> None:
        """Say of claims that they come from an origin."""
        o = origins_table.c
        known: set[str] = set()
        for some in _chunks(hashes):
            mine = (o.origin == origin) & o.claim_hash.in_(some)
            known |= set(connection.scalars(sa.select(o.claim_hash).where(mine)))
        new = [{"claim_hash": one, "origin": origin} for one in hashes if one not in known]
        if new:
            connection.execute(sa.insert(origins_table), new)

    def remove(self, origin: str) -> int:
        """Remove what an origin brought, whosever, but what another brought as well; how many claims.

        What its replacements and voids had ended stands again.
        """
        c, o = claims_table.c, origins_table.c
        with writing(self.engine) as connection:
            brought = set(
                connection.scalars(sa.select(o.claim_hash).where(o.origin == origin)).all()
            )
            connection.execute(sa.delete(origins_table).where(o.origin == origin))
            gone: list[str] = []
            freed: list[Any] = []
            for some in _chunks(sorted(brought)):
                left = connection.scalars(sa.select(o.claim_hash).where(o.claim_hash.in_(some)))
                gone += sorted(set(some) - set(left))
            for some in _chunks(gone):
                connection.execute(sa.delete(lines_table).where(lines_table.c.claim_hash.in_(some)))
                connection.execute(sa.delete(claims_table).where(c.hash.in_(some)))
            for some in _chunks(gone):
                ended = c.withdrawn_by.in_(some)
                found = connection.execute(sa.select(claims_table).where(ended)).mappings().all()
                connection.execute(sa.update(claims_table).where(ended).values(withdrawn_by=None))
                freed += [{**row, "withdrawn_by": None} for row in found]
            self._withdraw(connection, freed)
        tidy(self.engine)
        return len(gone)

    def _withdraw(self, connection: sa.Connection, new: list[dict[str, Any]]) -> tuple[int, int]:
        """End what replacements and voids end, among the claims of the ids that arrived."""
        if not new:
            return 0, 0
        c = claims_table.c
        ended = {"7": 0, "8": 0}
        keys = {rows.key(claim) for claim in new}
        later_here = any(claim["frequency_code"] in ended for claim in new)
        found: list[Any] = []
        for of_new in _like(new):
            chosen = sa.select(
                c.hash, c.owner, c.number, c.claim_id, c.patient_id, c.billing_provider_npi,
                c.frequency_code, c.withdrawn_by,
            ).where(of_new)  # fmt: skip
            if not later_here:
                chosen = chosen.where(c.frequency_code.in_(("7", "8")))
            found += connection.execute(chosen).mappings().all()
        if not later_here and not found:
            return 0, 0
        by_key: dict[Any, list[Any]] = {}
        seen = {row["hash"] for row in found}
        marks: list[dict[str, str]] = []
        for row in [*found, *(claim for claim in new if claim["hash"] not in seen)]:
            if rows.key(row) in keys:
                by_key.setdefault(rows.key(row), []).append(row)
        for same in by_key.values():
            later = [row for row in same if row["frequency_code"] in ended]
            if not later:
                continue
            newest = max(later, key=lambda row: row["number"])
            for row in same:
                is_void = row["frequency_code"] == "8"
                if row.get("withdrawn_by") or is_void or row["hash"] == newest["hash"]:
                    continue
                marks.append({"one": row["hash"], "by": newest["hash"]})
                ended[newest["frequency_code"]] += 1
        if marks:
            mark = sa.update(claims_table).where(c.hash == sa.bindparam("one"))
            connection.execute(mark.values(withdrawn_by=sa.bindparam("by")), marks)
        return ended["7"], ended["8"]

    def _keep(self, connection: sa.Connection, charts: ChartSet, policy: PolicySet) -> int:
        kept = [row | {"owner": self.owner} for row in rows.chart_rows(charts, policy)]
        c = charts_table.c
        for row in kept:
            same = [c[name] == row[name] for name in ("owner", "part", "patient", "day")]
            connection.execute(sa.delete(charts_table).where(*same))
        if kept:
            connection.execute(sa.insert(charts_table), kept)
        return len(kept)

    def claims_of(self, patients: Iterable[str], *, without: ClaimSet | None = None) -> ClaimSet:
        """The claims of these patients that stand, but those that ``without`` holds as well."""
        left_out = set() if without is None else set(rows.keyed(without, self.owner).claims)
        wanted = sorted({plain_id(patient) for patient in patients})
        return self._claims(wanted, left_out)

    def _claims(self, patients: Sequence[str] | None, left_out: set[str]) -> ClaimSet:
        c, line = claims_table.c, lines_table.c
        claims: list[Any] = []
        lines: list[Any] = []
        with reading(self.engine) as connection:
            for some in [None] if patients is None else _chunks(patients):
                mine = STANDS & (c.owner == self.owner)
                mine &= sa.true() if some is None else c.patient.in_(some)
                claims += connection.execute(
                    sa.select(*rows.CLAIM_COLUMNS).where(mine).order_by(c.number)
                ).all()
                lines += connection.execute(
                    sa.select(*rows.LINE_COLUMNS)
                    .join_from(claims_table, lines_table, c.hash == line.claim_hash)
                    .where(mine)
                    .order_by(c.number, line.place)
                ).all()
        return rows.claim_set(claims, lines, left_out)

    def past_of(
        self, claims: ClaimSet, charts: ChartSet | None, policy: PolicySet
    ) -> tuple[ClaimSet, ChartSet | None]:
        """The earlier claims of the patients of these claims, and ``charts`` with those kept of them.

        The charts of the call go before those kept; null when there are none of either.
        """
        patients = claims.claims["patient_id"].drop_nulls().unique().to_list()
        past, old = self.claims_of(patients, without=claims), self.charts_of(patients, policy)
        if charts is None and not old.count:
            return past, None
        return past, join_charts(charts, old, policy)

    def charts_of(self, patients: Iterable[str], policy: PolicySet) -> ChartSet:
        """The charts of these patients."""
        wanted = sorted({plain_id(patient) for patient in patients})
        return self._charts(wanted, policy)

    def _charts(self, patients: Sequence[str] | None, policy: PolicySet) -> ChartSet:
        c = charts_table.c
        found: list[Any] = []
        with reading(self.engine) as connection:
            for some in [None] if patients is None else _chunks(patients):
                chosen = sa.select(charts_table).where(c.owner == self.owner)
                if some is not None:
                    chosen = chosen.where(c.patient.in_(some))
                found += connection.execute(chosen.order_by(c.part, c.patient, c.day)).mappings()
        return rows.chart_set(found, policy)

    def patients(self) -> list[tuple[str, int]]:
        """Every patient with the number of his claims that stand, in order of the ids."""
        c = claims_table.c
        with reading(self.engine) as connection:
            counted = connection.execute(
                sa.select(c.patient, sa.func.count())
                .where(STANDS, c.owner == self.owner)
                .group_by(c.patient)
            )
            return sorted((patient or "", int(count)) for patient, count in counted)

    def export(self, policy: PolicySet) -> tuple[ClaimSet, ChartSet]:
        """All claims that stand, and all charts."""
        return self._claims(None, set()), self._charts(None, policy)

    def forget(self, patient_id: str) -> int:
        """Remove a patient wholly, whosever: claims that stand or not, their lines, and charts. How many
        claims."""
        patient = plain_id(patient_id)
        c = claims_table.c
        with writing(self.engine) as connection:
            mine = sa.select(c.hash).where(c.patient == patient)
            for table in (lines_table, origins_table):
                connection.execute(sa.delete(table).where(table.c.claim_hash.in_(mine)))
            connection.execute(sa.delete(charts_table).where(charts_table.c.patient == patient))
            gone = connection.execute(sa.delete(claims_table).where(c.patient == patient))
            removed = gone.rowcount
        tidy(self.engine)
        return removed


def _like(new: Sequence[Any]) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that together find the claims with an id of these; for those without, by patient."""
    c = claims_table.c
    for some in _chunks(sorted({one["claim_id"] for one in new if one["claim_id"] is not None})):
        yield c.claim_id.in_(some)
    nameless = {one["patient"] for one in new if one["claim_id"] is None}
    if None in nameless:
        yield c.claim_id.is_(None) & c.patient.is_(None)
    for some in _chunks(sorted(nameless - {None})):
        yield c.claim_id.is_(None) & c.patient.in_(some)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(values), MANY):
        yield values[begin : begin + MANY]
