"""Charts held against the article: every statement met, not met or not documented; what is to be obtained.

A chart is *covered* when every statement is met, *not covered* when one is not, whatever else is
missing, and otherwise *records needed*: a missing page never looks like a refusal.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.charts.encounter import encounter_criteria
from pumpclaim.charts.implant import implant_criteria
from pumpclaim.charts.logic import Wanted
from pumpclaim.policy import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.charts.logic import Criterion
    from pumpclaim.policy import Article, PolicySet
    from pumpclaim.policy.chart import Part

COVERED, NOT_COVERED, RECORDS_NEEDED = "covered", "not covered", "records needed"
MET, NOT_MET, NOT_DOCUMENTED, NOT_ASKED = "met", "not met", "not documented", "not applicable"


@dataclass(frozen=True)
class Evidence:
    """A place in the record on which an answer rests; what is not known is null."""

    document: str
    page: int | None = None
    date: date | None = None
    author: str | None = None
    specialty: str | None = None


@dataclass(frozen=True)
class Answer:
    """A question of the chart with its answer (null: not documented) and its evidence."""

    question: str
    value: Any
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Remark:
    """Something to say that decides nothing, and what it rests on."""

    words: str
    basis: str


@dataclass(frozen=True)
class Shown:
    """What a chart shows of one statement: its status, what stands against it, the answers, remarks."""

    statement: str
    status: str
    against: tuple[str, ...]
    answers: tuple[Answer, ...]
    remarks: tuple[Remark, ...]
    absence: bool
    composite: bool


@dataclass(frozen=True)
class Missing:
    """One thing still to be obtained: an answer to any one of these questions, or its evidence.

    ``statements`` are those that wait for it, and ``decides`` those for which it is all that is missing.
    """

    questions: tuple[str, ...]
    evidence: bool
    statements: tuple[str, ...]
    decides: tuple[str, ...]


@dataclass(frozen=True)
class AssessedChart:
    """One chart: its determination, every statement, and what is missing, what decides most first."""

    part: str
    patient_id: str
    source: str
    place: int
    day: date | None
    determination: str
    statements: tuple[Shown, ...]
    missing: tuple[Missing, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, eq=False)
class Assessment:
    """Every chart of a chart set held against the article. ``charts`` are made when first asked for."""

    chart_set: ChartSet
    policy: PolicySet

    @cached_property
    def charts(self) -> tuple[AssessedChart, ...]:
        """The charts, implants first, in the order in which they were read."""
        return tuple(one for part in self.policy.chart.parts.values() for one in self._of(part))

    def _of(self, part: Part) -> Iterator[AssessedChart]:
        frame = self.chart_set.with_evidence(part)
        evidence = self._evidence(part)
        for number, (row, judged) in enumerate(
            zip(frame.iter_rows(named=True), judge(self.policy, part.id, frame), strict=True)
        ):
            answers = {
                name: Answer(name, row[name], tuple(evidence.get((number, name), ())))
                for name in part.questions
            }
            yield _assessed(self.policy, part, row, answers, judged)

    def _evidence(self, part: Part) -> dict[tuple[int, str], list[Evidence]]:
        places = defaultdict(list)
        for row in self.chart_set.evidence.filter(pl.col("part") == part.id).iter_rows(named=True):
            places[row["chart"], row["question"]].append(
                Evidence(row["document"], row["page"], row["date"], row["author"], row["specialty"])
            )
        return places

    @property
    def worst(self) -> str | None:
        """The worst determination, or null when there is no chart."""
        order = (NOT_COVERED, RECORDS_NEEDED, COVERED)
        have = {chart.determination for chart in self.charts}
        return next((one for one in order if one in have), None)


@dataclass(frozen=True, eq=False)
class Judged:
    """One chart before it is put into words: each criterion's value, reasons, wants and notes."""

    values: tuple[bool | None, ...]
    asked: tuple[bool, ...]
    against: tuple[tuple[str, ...], ...]
    wanted: tuple[tuple[Wanted, ...], ...]
    remarks: tuple[tuple[Remark, ...], ...]
    criteria: tuple[Criterion, ...]


def assess(charts: ChartSet, *, policy: PolicySet | None = None) -> Assessment:
    """Hold every chart against the article."""
    return Assessment(charts, policy or load())


@lru_cache(maxsize=32)
def criteria(policy: PolicySet, part: str) -> tuple[Criterion, ...]:
    """The criteria of one kind of chart under the policy's readings."""
    if part == "implant":
        return implant_criteria(policy, policy.chart[part])
    return encounter_criteria(policy)


def judge(policy: PolicySet, part: str, frame: pl.DataFrame) -> list[Judged]:
    """Each chart of ``frame`` (columns of the part's table and of its evidence) under every criterion."""
    of_part = criteria(policy, part)
    conditions = [one for criterion in of_part for one in criterion.whole.walk()]
    notes = [note for criterion in of_part for note in criterion.notes]
    values = frame.select(
        *(one.expr.alias(str(id(one))) for one in {id(c): c for c in conditions}.values()),
        *(note.when.alias(f"note {id(note)}") for note in notes),
    )
    judged = []
    questions = policy.chart[part].questions
    for row, told in zip(frame.iter_rows(named=True), values.iter_rows(named=True), strict=True):
        known = {int(name): value for name, value in told.items() if not name.startswith("note")}

        def blank(question: str, row: dict[str, Any] = row) -> bool:
            return question in questions and row[question] is None

        judged.append(
            Judged(
                tuple(known[id(one.whole)] for one in of_part),
                tuple(one.gate is None or known[id(one.gate)] is not False for one in of_part),
                tuple(
                    tuple(one.whole.against(known)) if known[id(one.whole)] is False else ()
                    for one in of_part
                ),
                tuple(
                    tuple(one.whole.wanted(known, blank)) if known[id(one.whole)] is None else ()
                    for one in of_part
                ),
                tuple(
                    tuple(Remark(n.words, n.basis) for n in one.notes if told[f"note {id(n)}"])
                    for one in of_part
                ),
                of_part,
            )
        )
    return judged


def _assessed(
    policy: PolicySet, part: Part, row: dict[str, Any], answers: dict[str, Answer], judged: Judged
) -> AssessedChart:
    day = row[part.day] or (row[part.planned_day] if part.planned_day else None)
    article = policy.articles[0]
    if day is not None:
        article = policy.of_day(article.id, day)
    shown = tuple(
        Shown(
            criterion.statement,
            _status(value, asked=asked),
            against,
            tuple(answers[name] for name in criterion.whole.questions),
            (*remarks, *_doubt(article, criterion.statement)),
            criterion.absence,
            criterion.composite,
        )
        for criterion, value, asked, against, remarks in zip(
            judged.criteria, judged.values, judged.asked, judged.against, judged.remarks, strict=True
        )
    )  # fmt: skip
    determination = overall(judged.values)
    return AssessedChart(
        part.id, row["patient_id"], row["source"], row["place"], day, determination, shown,
        missing(judged), tuple(answers.values()),
    )  # fmt: skip


def _doubt(article: Article, statement: str) -> tuple[Remark, ...]:
    """That the text behind a statement is unreviewed, where it is."""
    words = article.doubt((statement,))
    return (Remark(words, "article"),) if words else ()


def _status(value: bool | None, *, asked: bool) -> str:
    if not asked:
        return NOT_ASKED
    return {True: MET, False: NOT_MET, None: NOT_DOCUMENTED}[value]


def overall(values: tuple[bool | None, ...]) -> str:
    """The determination of a chart from its statements, by three-valued logic."""
    if any(value is False for value in values):
        return NOT_COVERED
    return COVERED if all(values) else RECORDS_NEEDED


def missing(judged: Judged, *, without: frozenset[str] = frozenset()) -> tuple[Missing, ...]:
    """What is to be obtained, what decides most first.

    First what settles most statements alone, then what most statements wait for, then the order of the
    article. ``without`` are statements that are not asked.
    """
    waiting: dict[Wanted, list[str]] = defaultdict(list)
    settles: dict[Wanted, list[str]] = defaultdict(list)
    for criterion, wanted in zip(judged.criteria, judged.wanted, strict=True):
        if criterion.statement in without:
            continue
        each = list(dict.fromkeys(wanted))
        for one in each:
            waiting[one].append(criterion.statement)
            if len(each) == 1:
                settles[one].append(criterion.statement)
    entries = [
        Missing(one.questions, one.evidence, tuple(statements), tuple(settles[one]))
        for one, statements in waiting.items()
    ]
    return tuple(sorted(entries, key=lambda one: (-len(one.decides), -len(one.statements))))
