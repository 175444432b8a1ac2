"""Charts in a table, CSV or Parquet: one row a chart, one column a question -> charts.

The columns are ``chart`` (implant or encounter; not needed where the columns tell), ``patient_id``, the
questions by their ids, and for evidence ``QUESTION.document``, ``QUESTION.page`` and so on.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.charts.chart_set import ReadChart
from pumpclaim.errors import InputError, nearest
from pumpclaim.policy.chart import EVIDENCE_FIELDS
from pumpclaim.readers.chart import add_answer, finished, patient_of
from pumpclaim.readers.chart_answers import AnswerError, read_evidence
from pumpclaim.readers.chart_nodes import Node
from pumpclaim.readers.sources import PARQUET_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part


def read_table(data: bytes, source: str, policy: PolicySet) -> Iterator[ReadChart | InputError]:
    """The charts of a table, row by row; raises InputError for a table that is none or a strange column."""
    table = _cells(data, source)
    questions = {name for part in policy.chart.parts.values() for name in part.questions}
    for column in table.columns:
        name, _, of = column.partition(".")
        if column not in ("chart", "patient_id") and name not in questions:
            raise InputError(
                f"no question is called '{name}'{nearest(name, questions)}", source=source, line=1
            )
        if of and of not in EVIDENCE_FIELDS:
            raise InputError(
                f"evidence has no field '{of}'{nearest(of, EVIDENCE_FIELDS)}", source=source, line=1
            )
    for number, row in enumerate(table.iter_rows(named=True), start=2):
        try:
            yield _chart({name: cell for name, cell in row.items() if cell}, number, source, policy)
        except InputError as error:
            yield error


def _cells(data: bytes, source: str) -> pl.DataFrame:
    """Every cell as text, lists joined by commas; null where it is empty."""
    try:
        if data.startswith(PARQUET_MARK):
            table = pl.read_parquet(io.BytesIO(data))
            return table.select(
                _as_text(pl.col(name), kind).alias(name) for name, kind in table.schema.items()
            )
        head = data.split(b"\n", 1)[0]
        mark = max((b",", b";", b"\t"), key=head.count).decode()
        return pl.read_csv(
            io.BytesIO(data), separator=mark, infer_schema=False, encoding="utf8", quote_char='"'
        ).select(pl.all().str.strip_chars())
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        said = str(error).split("\n", 1)[0][:120]
        raise InputError(f"this is no table that can be read: {said}", source=source) from None


def _as_text(cells: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A column of any type as text: days without their time, whole numbers without their point."""
    if isinstance(kind, pl.List):
        return _joined(cells)
    if isinstance(kind, pl.Datetime):
        return cells.cast(pl.Date).cast(pl.String)
    text = cells.cast(pl.String)
    return text.str.strip_suffix(".0") if kind.is_float() else text


def _joined(cells: pl.Expr) -> pl.Expr:
    """A list as text; an empty one stays an answer."""
    text = cells.cast(pl.List(pl.String)).list.join(",")
    return pl.when(cells.list.len() == 0).then(pl.lit("[]")).otherwise(text)


def _chart(cells: dict[str, str], row: int, source: str, policy: PolicySet) -> ReadChart:
    part = _part(cells, row, source, policy)
    patient = patient_of(
        Node(row, text=cells["patient_id"], plain=False) if "patient_id" in cells else None,
        source,
        row,
    )
    chart = ReadChart(part.id, source, row, patient, {})
    evidence: dict[str, dict[str, str]] = {}
    for column, cell in cells.items():
        name, _, of = column.partition(".")
        if of:
            evidence.setdefault(name, {})[of] = cell
        elif column not in ("chart", "patient_id"):
            question = part.questions.get(name)
            node = Node(row, text=cell, plain=False)
            if question is not None and question.type == "several":
                pieces = [] if cell.lower() in ("[]", "none") else cell.replace(";", ",").split(",")
                node = Node(row, items=tuple(Node(row, text=piece) for piece in pieces))
            add_answer(chart, part, name, node, policy)
    for name, fields in evidence.items():
        chart.evidence.append({"question": name, **_place(name, fields, row, source)})
    return finished(chart, part)


def _place(name: str, fields: dict[str, str], row: int, source: str) -> dict[str, Any]:
    try:
        return read_evidence(name, fields)
    except AnswerError as error:
        raise InputError(str(error), source=source, line=row) from None


def _part(cells: dict[str, str], row: int, source: str, policy: PolicySet) -> Part:
    parts = policy.chart.parts
    if "chart" in cells:
        if cells["chart"] in parts:
            return parts[cells["chart"]]
        raise InputError(
            f"chart is '{cells['chart'][:40]}'; write {' or '.join(parts)}", source=source, line=row
        )
    asked = {column.partition(".")[0] for column in cells} - {"patient_id"}
    fitting = [part for part in parts.values() if asked <= set(part.questions)]
    if len(fitting) != 1:
        raise InputError(
            f"the row does not tell its kind; add a column chart with {' or '.join(parts)}",
            source=source, line=row,
        )  # fmt: skip
    return fitting[0]
