"""A blank chart to fill in (YAML), and the JSON Schema of the chart file, both from the definition."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pumpclaim.policy.chart import EVIDENCE_FIELDS
from pumpclaim.readers.chart_answers import AS_WRITTEN
from pumpclaim.reports.assessment.words import answer_value

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import AssessedChart
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part, Question

HOW = {
    "yes_no": "yes, no; blank: not documented",
    "date": "a date such as 2025-03-10",
    "text": "text",
}
WIDTH = 96


def template(policy: PolicySet, part: Part) -> str:
    """A blank chart of one part, every question with its wording, help, and how it is answered."""
    lines = [
        f"# {part.title}: {part.about}",
        "# Leave blank what the record does not document; never guess. Evidence goes with an answer:",
        "#   severe_pain:" if part.id == "implant" else "#   response_documented:",
        "#     answer: yes",
        "#     evidence: {document: notes/consult.pdf, page: 2, date: 2025-02-03, author: A. Example,",
        "#                specialty: neurosurgery}",
        "# Documents are files beside this chart. Several places make a list of evidence.",
        f"chart: {part.id}",
        "patient_id:",
        "answers:",
    ]
    for section in part.sections:
        lines += ["", f"  # == {section.title} =="]
        for question in part.of_section(section):
            lines += _question(question, policy)
    return "\n".join([*lines, ""])


def _question(question: Question, policy: PolicySet) -> list[str]:
    serves = f" [{', '.join(question.statements)}]" if question.statements else ""
    reader = " A person decides." if question.reader and "person" not in question.help else ""
    text = f"{question.text}{serves} {question.help}{reader} ({how(question, policy)})"
    lines, line = [], "  #"
    for word in text.split():
        if len(line) + len(word) + 1 > WIDTH:
            lines.append(line)
            line = "  #  "
        line += " " + word
    return [*lines, line, f"  {question.id}:"]


def how(question: Question, policy: PolicySet) -> str:
    """How a question is answered, in a few words."""
    if question.type == "number":
        others = dict.fromkeys(name for name, worth in question.units if worth != 1)
        return f"a number of {question.unit}" + (f", or in {', '.join(others)}" if others else "")
    if question.drugs:
        known = [drug.id for drug in policy.drugs.by_id.values() if drug.kind != "other"]
        return (
            f"{'drugs' if question.type == 'several' else 'a drug'} such as {', '.join(known[:3])}"
        )
    if question.choices:
        join = " | ".join(question.choices)
        return f"a list of {join}" if question.type == "several" else join
    return HOW[question.type]


def schema(policy: PolicySet) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a chart file: one chart, or a list of charts."""
    chart = {"oneOf": [{"$ref": f"#/$defs/{part}"} for part in policy.chart.parts]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A chart of the medical record, or a list of charts",
        "oneOf": [chart, {"type": "array", "items": chart}],
        "$defs": {
            **{part.id: _part(part) for part in policy.chart.parts.values()},
            "evidence": {
                "oneOf": [
                    {"$ref": "#/$defs/place"},
                    {"type": "array", "items": {"$ref": "#/$defs/place"}},
                ]
            },
            "place": {
                "oneOf": [
                    {"type": "string", "minLength": 1},
                    {
                        "type": "object",
                        "required": ["document"],
                        "additionalProperties": False,
                        "properties": {
                            "document": {"type": "string", "minLength": 1},
                            "page": {"type": "integer", "minimum": 1},
                            "date": {"type": "string", "format": "date"},
                            "author": {"type": "string"},
                            "specialty": {"type": "string"},
                        },
                    },
                ]
            },
        },
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "type": "object",
        "description": part.about,
        "required": ["chart", "patient_id", "answers"],
        "additionalProperties": False,
        "properties": {
            "chart": {"const": part.id},
            "patient_id": {"type": "string", "minLength": 1},
            "answers": {
                "type": "object",
                "required": [one.id for one in part.questions.values() if one.required],
                "additionalProperties": False,
                "properties": {name: _answer(one) for name, one in part.questions.items()},
            },
        },
    }


def _answer(question: Question) -> dict[str, Any]:
    value = {"oneOf": [{"type": "null"}, {"const": "not documented"}, *_value(question)]}
    with_evidence = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"answer": value, "evidence": {"$ref": "#/$defs/evidence"}},
    }
    serves = f" ({', '.join(question.statements)})" if question.statements else ""
    return {
        "title": question.text + serves,
        "description": question.help,
        "oneOf": [*value["oneOf"], with_evidence],
    }


def _value(question: Question) -> list[dict[str, Any]]:
    if question.type == "yes_no":
        return [{"type": "boolean"}, {"enum": ["yes", "no"]}]
    if question.type == "number":
        number = {"type": "number", "minimum": 0, "description": f"in {question.unit}"}
        return [number, {"type": "string", "pattern": r"^[0-9.,]+( ?\S.*)?$"}]
    if question.type == "date":
        return [{"type": "string", "format": "date"}]
    one: dict[str, Any] = (
        {"enum": list(question.choices)} if question.choices else {"type": "string"}
    )
    if question.type == "several":
        return [{"type": "array", "items": one, "minItems": question.at_least}]
    return [one if question.choices else {"type": "string", "minLength": 1}]


def chart_document(chart: AssessedChart, policy: PolicySet) -> dict[str, Any]:
    """A chart as the content of a chart file, which the reader gives back."""
    part = policy.chart[chart.part]
    answers = {}
    for one in chart.answers:
        if one.value is None and not one.evidence:
            continue
        question = part.questions[one.question]
        value = answer_value(question, one.value)
        if question.drugs and value is not None:
            names = [
                drug if drug in policy.drugs.by_id else AS_WRITTEN + drug for drug in _listed(value)
            ]
            value = names if isinstance(value, list) else names[0]
        places = [
            {
                name: _plain(getattr(place, name))
                for name in EVIDENCE_FIELDS
                if getattr(place, name) is not None
            }
            for place in one.evidence
        ]
        answers[question.id] = {"answer": value, **({"evidence": places} if places else {})}
    return {"chart": chart.part, "patient_id": chart.patient_id, "answers": answers}


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
