"""Charts of the medical record: YAML, JSON, FHIR QuestionnaireResponses, CSV or Parquet -> ``ChartSet``.

A chart that cannot be used is listed in ``refused`` with its file and line; the others go on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from pumpclaim.charts.chart_set import ChartSet, ReadChart, chart_tables
from pumpclaim.claim_set import Refusal
from pumpclaim.errors import InputError, nearest
from pumpclaim.patient_ids import plain_id
from pumpclaim.policy import load
from pumpclaim.readers.chart_answers import (
    AnswerError,
    printable,
    read_answer,
    read_evidence,
)
from pumpclaim.readers.chart_nodes import Node, read_nodes
from pumpclaim.readers.sources import MAX_BYTES, PARQUET_MARK, find_sources, read_bytes, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part

KEYS = ("chart", "patient_id", "answers")
"""Keys of a chart file."""
ENDINGS = (".yaml", ".yml", ".json", ".csv", ".tsv", ".parquet", ".gz")
"""What a folder of charts is searched for; documents may lie beside the charts."""


def read_charts(
    *paths: str | Path, policy: PolicySet | None = None, stdin: BinaryIO | None = None
) -> ChartSet:
    """The charts of files and folders as one set; ``-`` is standard input.

    A folder stands for its chart files (YAML, JSON, CSV, Parquet); other documents in it are passed
    over. Never raises for what a path holds: what cannot be used is named in ``refused``.
    """
    policy = policy or load()
    reading = _Reading(policy)
    for source in find_sources(paths):
        if isinstance(source, InputError):
            reading.refused.append(Refusal.of(source))
            continue
        named = any(str(source.path) == str(path) for path in paths)
        if source.path is not None and not named and not source.name.lower().endswith(ENDINGS):
            continue
        reading.add(source.name, partial(read_bytes, source, stdin))
    return reading.chart_set()


def read_chart_data(
    named: Sequence[tuple[str, bytes]], policy: PolicySet | None = None, most: int = MAX_BYTES
) -> ChartSet:
    """The charts of files given as name and content, each of which may be gzip, as one set.

    Never raises for what they hold: what cannot be used is named in ``refused``. ``most`` is how many
    bytes all of them may unpack to.
    """
    reading = _Reading(policy or load())
    for name, data in named:
        most -= reading.add(name, partial(unpacked, data, name, most))
    return reading.chart_set()


class _Reading:
    """Charts read so far, and what could not be used."""

    def __init__(self, policy: PolicySet) -> None:
        self.policy = policy
        self.charts: list[ReadChart] = []
        self.refused: list[Refusal] = []

    def add(self, name: str, content: Callable[[], bytes]) -> int:
        """Read a file; how many bytes it holds."""
        size = 0
        try:
            data = content()
            size = len(data)
            for one in _file(data, name, self.policy):
                if isinstance(one, ReadChart):
                    self.charts.append(one)
                else:
                    self.refused.append(Refusal.of(one, name))
        except InputError as error:
            self.refused.append(Refusal.of(error, name))
        return size

    def chart_set(self) -> ChartSet:
        charts = _without_doubles(self.charts, self.policy, self.refused)
        return chart_tables(charts, self.policy, tuple(self.refused))


def _file(data: bytes, source: str, policy: PolicySet) -> Iterator[ReadChart | InputError]:
    if not data.strip():
        raise InputError("the file is empty", source=source)
    if data.startswith(PARQUET_MARK) or source.lower().removesuffix(".gz").endswith(
        (".csv", ".tsv")
    ):
        from pumpclaim.readers.chart_table import read_table  # noqa: PLC0415

        yield from read_table(data, source, policy)
        return
    if data[:4] == b"%PDF" or b"\x00" in data[:1024]:
        raise InputError(
            "this is no chart; a chart is YAML, JSON, CSV or Parquet (see pumpclaim assess --template)",
            source=source,
        )
    found = 0
    for document in read_nodes(data, source):
        for one in _charts_in(document, source, policy):
            found += 1
            yield one
    if not found:
        raise InputError(
            "there is no chart in this file; begin with one of pumpclaim assess --template",
            source=source,
        )


def _charts_in(node: Node, source: str, policy: PolicySet) -> Iterator[ReadChart | InputError]:
    if node.items is not None:
        for one in node.items:
            yield from _charts_in(one, source, policy)
        return
    if node.is_blank:
        return
    if node.pairs is None:
        yield InputError(
            "this is text, not a chart; begin with chart: implant or chart: encounter",
            source=source, line=node.line,
        )  # fmt: skip
        return
    if node.get("resourceType") is not None:
        from pumpclaim.readers.questionnaire_response import read_resource  # noqa: PLC0415

        yield from read_resource(node, source, policy)
        return
    try:
        yield _chart(node, source, policy)
    except InputError as error:
        yield error


def _chart(node: Node, source: str, policy: PolicySet) -> ReadChart:
    for key, value in node.pairs or ():
        if key not in KEYS:
            hint = nearest(key, KEYS)
            asked = any(key in part.questions for part in policy.chart.parts.values())
            hint = "; a question belongs below answers:" if asked else hint
            raise InputError(f"a chart has no key '{key}'{hint}", source=source, line=value.line)
    kind = node.get("chart")
    parts = policy.chart.parts
    if kind is None or kind.text not in parts:
        said = f"'{kind.text}'" if kind is not None and kind.text else "nothing"
        raise InputError(
            f"chart: says {said}; write chart: {' or chart: '.join(parts)}",
            source=source, line=(kind or node).line,
        )  # fmt: skip
    part = parts[kind.text]
    patient = node.get("patient_id")
    answers = node.get("answers")
    if answers is None or answers.pairs is None:
        raise InputError(
            "the chart has no answers; write them below answers:",
            source=source, line=(answers or node).line,
        )  # fmt: skip
    chart = ReadChart(part.id, source, node.line, patient_of(patient, source, node.line), {})
    for name, value in answers.pairs:
        _answer(chart, part, name, value, policy)
    return finished(chart, part)


def patient_of(node: Node | None, source: str, line: int) -> str:
    """The patient's id; raises InputError when there is none."""
    text = node.text if node is not None and not node.is_blank else None
    if text is None:
        raise InputError(
            "the chart has no patient_id; write the member id that the claims bear",
            source=source, line=node.line if node else line,
        )  # fmt: skip
    try:
        return printable("patient_id", text)
    except AnswerError as error:
        raise InputError(str(error), source=source, line=node.line if node else line) from None


def finished(chart: ReadChart, part: Part) -> ReadChart:
    """The chart, when it has the answers that none can do without; else raises InputError."""
    for question in part.questions.values():
        if question.required and chart.values.get(question.id) is None:
            raise InputError(
                f"the chart has no answer to '{question.id}' ({question.text})",
                source=chart.source, line=chart.line,
            )  # fmt: skip
    return chart


def _answer(chart: ReadChart, part: Part, name: str, node: Node, policy: PolicySet) -> None:
    given, evidence = node, None
    if node.pairs is not None:
        for key, value in node.pairs:
            if key not in ("answer", "evidence"):
                raise InputError(
                    f"'{name}' has no part '{key}'{nearest(key, ('answer', 'evidence'))}",
                    source=chart.source, line=value.line,
                )  # fmt: skip
        evidence = node.get("evidence")
        given = node.get("answer") or Node(node.line, text="")
    add_answer(chart, part, name, given, policy)
    if evidence is not None and not evidence.is_blank:
        places = evidence.items if evidence.items is not None else (evidence,)
        for place in places:
            _evidence(chart, name, place)


def add_answer(chart: ReadChart, part: Part, name: str, node: Node, policy: PolicySet) -> None:
    """Put one answer into the chart; raises InputError for an unknown question or a wrong type."""
    try:
        question = part.questions.get(name)
        if question is None:
            other = next((p.id for p in policy.chart.parts.values() if name in p.questions), None)
            hint = f"; it belongs to chart: {other}" if other else nearest(name, part.questions)
            raise AnswerError(f"the {part.id} chart has no question '{name}'{hint}")
        if name in chart.values:
            raise AnswerError(f"'{name}' is answered twice; keep one answer")
        texts = _texts(name, node)
        if texts is not None and node.items is None and question.type == "several":
            texts = [piece for text in texts for piece in re.split(r"[,;]", text)]
        chart.values[name] = None if texts is None else read_answer(question, texts, policy.drugs)
    except AnswerError as error:
        raise InputError(str(error), source=chart.source, line=node.line) from None


def _texts(name: str, node: Node) -> list[str] | None:
    """The texts of an answer; null when it is blank."""
    if node.is_blank:
        return None
    if node.items is not None:
        if any(one.text is None for one in node.items):
            raise AnswerError(f"'{name}' takes words, not lists within lists")
        said = [one.text or "" for one in node.items if not one.is_blank]
        # A list of blanks says nothing; an empty list says none.
        return None if node.items and not said else said
    if node.text is None:
        raise AnswerError(f"'{name}' takes an answer, not a mapping")
    return [node.text]


def _evidence(chart: ReadChart, name: str, node: Node) -> None:
    fields = {"document": node.text} if node.text is not None else {}
    for key, value in node.pairs or ():
        if value.text is None:
            raise InputError(
                f"the evidence of '{name}' has no plain text under '{key}'",
                source=chart.source, line=value.line,
            )  # fmt: skip
        fields[key] = "" if value.is_blank else value.text
    try:
        chart.evidence.append({"question": name, **read_evidence(name, fields)})
    except AnswerError as error:
        raise InputError(str(error), source=chart.source, line=node.line) from None


def _without_doubles(
    charts: list[ReadChart], policy: PolicySet, refused: list[Refusal]
) -> list[ReadChart]:
    """The charts but those of one patient and day that stand twice: neither can be believed."""
    found: dict[tuple[Any, ...], list[ReadChart]] = defaultdict(list)
    for chart in charts:
        part = policy.chart[chart.part]
        day = chart.values.get(part.day)
        planned = chart.values.get(part.planned_day or "") if day is None else None
        found[chart.part, plain_id(chart.patient_id), day, planned].append(chart)
    for same in found.values():
        for chart in same[1:]:
            first = same[0]
            what = "implant" if chart.part == "implant" else "visit"
            reason = (
                f"the patient has two charts for one {what}, this and the one in {first.source}, line "
                f"{first.line}; keep one, neither is used"
            )
            refused.append(Refusal(chart.source, None, reason, chart.line))
    alone = {id(same[0]) for same in found.values() if len(same) == 1}
    return [chart for chart in charts if id(chart) in alone]
