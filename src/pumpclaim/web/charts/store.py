"""Charts, kept as they are filled in. Nothing is kept that the reader of chart files would refuse."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from pumpclaim.database import writing
from pumpclaim.errors import InputError
from pumpclaim.patient_ids import plain_id
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.readers.chart_answers import AnswerError, read_answer
from pumpclaim.web.schema import charts as table

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from datetime import date

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.policy import PolicySet

    Given = dict[str, Any]

NONE_SUCH = "there is no such chart; it may have been removed"
SAME_DAY = (
    "there is another chart of this patient for the same day, or without a day as this one; fill in that "
    "one, or give this one its own day"
)


@dataclass(frozen=True)
class Chart:
    """One chart. ``answers`` hold, by question, ``answer`` (null: not documented) and, where there is
    any, ``evidence``, as a chart file has them. ``version`` grows by one with each change. One that is
    ``shared`` is seen by everybody of the server and counts when their claims are judged."""

    id: str
    owner: str
    created: datetime
    changed: datetime
    version: int
    part: str
    patient_id: str
    answers: Mapping[str, Given] = field(default_factory=dict)
    shared: bool = False

    @property
    def name(self) -> str:
        """What its file is called, without the ending."""
        return f"{self.part}-{self.id[:12]}"

    @property
    def source(self) -> str:
        """The name under which the reader reads it."""
        return f"{self.name}.json"


class StaleError(Exception):
    """Somebody changed the chart since; ``chart`` is how it stands."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        super().__init__("the chart was changed meanwhile")


def document(chart: Chart) -> dict[str, Any]:
    """The chart as the content of a chart file, its answers in the order of the form."""
    order = list(load().chart[chart.part].questions)
    known = [name for name in order if name in chart.answers]
    others = [name for name in chart.answers if name not in order]
    answers = {name: chart.answers[name] for name in (*known, *others)}
    return {"chart": chart.part, "patient_id": chart.patient_id, "answers": answers}


def read(charts: Iterable[Chart], policy: PolicySet) -> ChartSet:
    """Charts through the reader of chart files."""
    return read_chart_data([(one.source, orjson.dumps(document(one))) for one in charts], policy)


class ChartStore:
    """The charts of a server. Those of one owner are always one set that the reader accepts."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def create(
        self,
        owner: str,
        part: str,
        patient_id: str,
        answers: Mapping[str, Given] | None = None,
        *,
        chart: str | None = None,
    ) -> Chart:
        """Begin a chart, under the id ``chart`` where it was drawn before; raises InputError for what the
        reader refuses."""
        made = Chart(
            chart or new_id(), owner, _now(), _now(), 1, part, patient_id, dict(answers or {})
        )
        with writing(self.engine) as connection:
            made = self._accepted(connection, made)
            connection.execute(sa.insert(table).values(**made.__dict__))
        return made

    def get(self, chart: str) -> Chart | None:
        """A chart, or null when there is none of that id."""
        with self.engine.connect() as connection:
            return _get(connection, chart)

    def of(self, owner: str | None = None) -> list[Chart]:
        """The charts of a person, or of all, those changed last first."""
        asked = sa.select(table).order_by(table.c.changed.desc(), table.c.id)
        if owner is not None:
            asked = asked.where(table.c.owner == owner)
        with self.engine.connect() as connection:
            return [Chart(**row) for row in connection.execute(asked).mappings()]

    def seen_by(self, owner: str) -> list[Chart]:
        """The charts of a person and those that others share, those changed last first."""
        is_seen = (table.c.owner == owner) | table.c.shared
        asked = sa.select(table).where(is_seen).order_by(table.c.changed.desc(), table.c.id)
        with self.engine.connect() as connection:
            return [Chart(**row) for row in connection.execute(asked).mappings()]

    def judging(self, owner: str) -> list[Chart]:
        """The charts that a person's claims are judged with: his own, and those that others share, of
        several of one patient and day his own, else the one changed last."""
        own_first = sorted(self.seen_by(owner), key=lambda one: one.owner != owner)
        kept: dict[Hashable, Chart] = {}
        for one in own_first:
            kept.setdefault((one.part, plain_id(one.patient_id), *_days(one)), one)
        return list(kept.values())

    def share(self, chart: str, *, shared: bool, version: int) -> Chart:
        """Let everybody of the server see the chart and be judged with it, or end that; raises as
        ``set_answer``."""
        with writing(self.engine) as connection:
            found = _standing(connection, chart, version)
            return self._change(connection, replace(found, shared=shared))

    def set_answer(self, chart: str, question: str, given: Given | None, version: int) -> Chart:
        """Keep what is given to one question (null: nothing), and give the chart as it then stands.

        Raises InputError for what the reader refuses, and StaleError when the chart has another version;
        then nothing is changed.
        """
        with writing(self.engine) as connection:
            found = _standing(connection, chart, version)
            answers = {name: one for name, one in found.answers.items() if name != question}
            if given is not None:
                answers[question] = given
            return self._change(connection, replace(found, answers=answers))

    def rename(self, chart: str, patient_id: str, version: int) -> Chart:
        """Give the chart another patient; raises as ``set_answer``."""
        with writing(self.engine) as connection:
            found = _standing(connection, chart, version)
            return self._change(connection, replace(found, patient_id=patient_id))

    def give(self, chart: str, to: str) -> Chart:
        """Let a chart be another person's; raises InputError where he cannot have it."""
        with writing(self.engine) as connection:
            return self._change(connection, replace(_found(connection, chart), owner=to))

    def remove(self, chart: str) -> None:
        """Remove a chart."""
        with writing(self.engine) as connection:
            connection.execute(sa.delete(table).where(table.c.id == chart))

    def documents(self, owner: str) -> list[dict[str, Any]]:
        """The charts that a person's claims are judged with, as contents of chart files."""
        return [document(one) for one in self.judging(owner)]

    def _change(self, connection: sa.Connection, chart: Chart) -> Chart:
        chart = replace(chart, version=chart.version + 1, changed=_now())
        chart = self._accepted(connection, chart)
        connection.execute(sa.update(table).where(table.c.id == chart.id).values(**chart.__dict__))
        return chart

    def _accepted(self, connection: sa.Connection, chart: Chart) -> Chart:
        """The chart with its patient as the reader has him; raises InputError with the reader's sentence."""
        policy = load()
        if chart.part not in policy.chart.parts:
            raise InputError(f"a chart is one of {', '.join(policy.chart.parts)}")
        own = read([chart], policy)
        if own.refused:
            raise InputError(own.refused[0].reason)
        others = _others(connection, chart)
        if others:
            together = read([chart, *others], policy).of(chart.part)
            if chart.source not in together["source"].to_list():
                raise InputError(SAME_DAY)
        return replace(chart, patient_id=own.of(chart.part)["patient_id"][0])


def new_id() -> str:
    """An id for a chart that is to be made."""
    return secrets.token_hex(16)


def day_of(chart: Chart) -> date | None:
    """The day by which a chart meets claims, else the one that is planned; null for none."""
    day, planned = _days(chart)
    return day or planned


def _days(chart: Chart) -> tuple[date | None, date | None]:
    """The chart's day, and the planned one where it has no other, as the reader reads them; null for what
    it no longer takes."""
    policy = load()
    part = policy.chart[chart.part]

    def read_day(name: str | None) -> date | None:
        given = chart.answers.get(name or "", {}).get("answer")
        if name is None or given is None:
            return None
        try:
            found: date | None = read_answer(part.questions[name], [str(given)], policy.drugs)
        except AnswerError:
            return None
        return found

    day = read_day(part.day)
    return day, read_day(part.planned_day) if day is None else None


def _others(connection: sa.Connection, chart: Chart) -> list[Chart]:
    """The owner's other charts of the same kind and patient."""
    of_part = table.c.owner == chart.owner, table.c.part == chart.part, table.c.id != chart.id
    rows = connection.execute(sa.select(table.c.id, table.c.patient_id).where(*of_part)).all()
    patient = plain_id(chart.patient_id)
    same = [row.id for row in rows if plain_id(row.patient_id) == patient]
    asked = sa.select(table).where(table.c.id.in_(same))
    return [Chart(**row) for row in connection.execute(asked).mappings()] if same else []


def _get(connection: sa.Connection, chart: str) -> Chart | None:
    row = connection.execute(sa.select(table).where(table.c.id == chart)).mappings().first()
    return None if row is None else Chart(**row)


def _found(connection: sa.Connection, chart: str) -> Chart:
    found = _get(connection, chart)
    if found is None:
        raise InputError(NONE_SUCH)
    return found


def _standing(connection: sa.Connection, chart: str, version: int) -> Chart:
    """The chart at the version that is expected."""
    found = _found(connection, chart)
    if found.version != version:
        raise StaleError(found)
    return found


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
