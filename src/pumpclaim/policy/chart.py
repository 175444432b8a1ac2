"""The chart of an article: what the medical record must show, as questions (chart.toml).

The one definition of the chart. Its tables (``Part.table``), the chart file and its schema, the blank
chart, the form and the FHIR Questionnaire follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.tables import NANO, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "yes_no": pl.Boolean,
    "number": pl.Int64,
    "date": pl.Date,
    "choice": pl.String,
    "several": pl.List(pl.String),
    "text": pl.String,
}
"""Types of questions, and of their columns."""
NUMBER = NANO
"""Numbers of a chart are kept in billionths of their unit, as money and amounts are."""
EVIDENCE_MARK = "__evidence"
"""Ending of the column that says whether an answer has evidence."""
HEAD = (
    Column("chart", pl.UInt32, "position of the chart in its table, from 0"),
    Column("source", pl.String, "file the chart was read from"),
    Column(
        "place", pl.UInt32, "line of the file, or row of the table, where the chart begins, from 1"
    ),
    Column("patient_id", pl.String, "member id of the patient, as on the claims"),
)


@dataclass(frozen=True)
class Question:
    """One question to the record.

    ``statements`` are those that the answer bears on; without any it is a detail that decides nothing.
    ``choices`` are codes and their words; ``drugs`` says that they are drugs. ``units`` are other units and
    what they are worth in ``unit``. ``favourable`` is the answer that speaks for coverage, as text.
    """

    id: str
    part: str
    section: str
    type: str
    statements: tuple[str, ...]
    label: str
    text: str
    help: str
    choices: dict[str, str]
    drugs: bool = False
    at_least: int = 0
    unit: str | None = None
    unit_code: str | None = None
    units: tuple[tuple[str, Decimal], ...] = ()
    most: Decimal | None = None
    favourable: Any = None
    reader: bool = False
    required: bool = False

    @property
    def column(self) -> Column:
        """The question as a column; a number is int64 billionths of its unit."""
        unit = f"billionths of {self.unit}" if self.type == "number" else None
        return Column(self.id, TYPES[self.type], self.text, unit=unit)

    @property
    def evidence(self) -> str:
        """Name of the column that says whether its answer has evidence."""
        return self.id + EVIDENCE_MARK


@dataclass(frozen=True)
class Section:
    """Questions that stand together, under a title."""

    id: str
    part: str
    title: str


@dataclass(frozen=True)
class Part:
    """One of the two kinds of charts: its questions by id, and which of them are its dates.

    ``day`` is the day of service by which it meets claims; ``planned_day`` stands for it before.
    """

    id: str
    title: str
    about: str
    day: str
    planned_day: str | None
    sections: tuple[Section, ...]
    questions: dict[str, Question]

    @cached_property
    def table(self) -> Table:
        """Its table: one row a chart, one column a question."""
        columns = (*HEAD, *(one.column for one in self.questions.values()))
        return Table(
            f"{self.id} charts", f"one chart: {self.about[0].lower()}{self.about[1:]}", columns
        )

    def of_section(self, section: Section) -> list[Question]:
        """The questions of one section, in order."""
        return [one for one in self.questions.values() if one.section == section.id]


@dataclass(frozen=True)
class ChartDefinition:
    """The parts of an article's chart by id: ``implant`` and ``encounter``."""

    parts: dict[str, Part]

    def __getitem__(self, part: str) -> Part:
        return self.parts[part]


EVIDENCE = Table(
    "evidence",
    "one place in the record on which an answer rests",
    (
        Column("part", pl.String, "kind of chart: implant or encounter"),
        Column("chart", pl.UInt32, "position of the chart in its table"),
        Column("question", pl.String, "the question's id"),
        Column("document", pl.String, "file or name of the document"),
        Column("page", pl.UInt32, "page in the document, from 1"),
        Column("date", pl.Date, "date of the entry"),
        Column("author", pl.String, "who wrote it"),
        Column("specialty", pl.String, "the author's specialty"),
    ),
)
EVIDENCE_FIELDS = ("document", "page", "date", "author", "specialty")
"""What a chart says of each place in the record."""


def read_chart(document: Mapping[str, Any], statements: Iterable[str]) -> ChartDefinition:
    """The definition in chart.toml; raises InputError for a question that cannot be."""
    sections = [Section(row["id"], row["part"], row["title"]) for row in document["sections"]]
    questions = [_question(row) for row in document["questions"]]
    known = set(statements)
    for one in questions:
        if one.type not in TYPES:
            raise InputError(f"chart.toml: the question '{one.id}' has no type '{one.type}'")
        if not set(one.statements) <= known:
            raise InputError(f"chart.toml: the question '{one.id}' names an unknown statement")
    parts = {}
    for row in document["parts"]:
        own = [one for one in questions if one.part == row["id"]]
        parts[row["id"]] = Part(
            row["id"], row["title"], row["about"], row["day"], row.get("planned_day"),
            tuple(one for one in sections if one.part == row["id"]),
            {one.id: one for one in own},
        )  # fmt: skip
        if len(parts[row["id"]].questions) != len(own):
            raise InputError(f"chart.toml: a question of part '{row['id']}' stands twice")
    return ChartDefinition(parts)


def _question(row: Mapping[str, Any]) -> Question:
    return Question(
        row["id"], row["part"], row["section"], row["type"], tuple(row["statements"]),
        row["label"], row["text"], row["help"], dict(row.get("choices", {})),
        drugs=row.get("choices_from") == "drugs",
        at_least=row.get("at_least", 0),
        unit=row.get("unit"),
        unit_code=row.get("unit_code"),
        units=tuple((name, Decimal(worth)) for name, worth in row.get("units", {}).items()),
        most=Decimal(row["most"]) if "most" in row else None,
        favourable=row.get("favourable"),
        reader=row.get("reader", False),
        required=row.get("required", False),
    )  # fmt: skip
