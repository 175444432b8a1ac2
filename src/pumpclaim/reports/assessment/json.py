"""An assessment as JSON; its schema is docs/assess.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpclaim._version import __version__
from pumpclaim.reports.assessment.words import answer_value
from pumpclaim.reports.written import json_bytes
from pumpclaim.rules import RULES

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import (
        Answer,
        AssessedChart,
        Assessment,
        Evidence,
        Missing,
        Shown,
    )
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part


def document(assessment: Assessment) -> dict[str, Any]:
    """The assessment as plain lists, dicts, strings and numbers, charts in the order of the assessment."""
    policy = assessment.policy
    article = policy.articles[0]
    return {
        "article": {"id": article.id, "revision": article.revision},
        "version": __version__,
        "charts": [chart_document(chart, policy) for chart in assessment.charts],
        "refused": [
            {"source": one.source, "line": one.line, "reason": one.reason}
            for one in assessment.chart_set.refused
        ],
        "readings": {
            name: choice
            for name, choice in policy.chosen.items()
            if article.readings[name].default != choice
        },
    }


def render(assessment: Assessment) -> bytes:
    """The assessment as UTF-8 JSON, indented by two spaces, with a line break at the end."""
    return json_bytes(document(assessment))


def chart_document(chart: AssessedChart, policy: PolicySet) -> dict[str, Any]:
    """One chart: determination, statement by statement, and what is missing."""
    part = policy.chart[chart.part]
    return {
        "chart": chart.part,
        "patient_id": chart.patient_id,
        "source": chart.source,
        "line": chart.place,
        "date": chart.day.isoformat() if chart.day else None,
        "determination": chart.determination,
        "statements": [_shown(one, part, policy) for one in chart.statements],
        "missing": [_missing(one, part) for one in chart.missing],
    }


def _shown(shown: Shown, part: Part, policy: PolicySet) -> dict[str, Any]:
    return {
        "statement": shown.statement,
        "summary": policy.articles[0].statements[shown.statement].summary,
        "status": shown.status,
        "against": list(shown.against),
        "remarks": [{"words": one.words, "basis": one.basis} for one in shown.remarks],
        "rules": rules_of(shown.statement, part),
        "answers": [_answer(one, part) for one in shown.answers],
    }


def rules_of(statement: str, part: Part) -> list[str]:
    """Codes of the rules by which claims are held to a statement of the chart."""
    family = "COV" if part.id == "implant" else "DOC"
    return [
        code
        for code, rule in RULES.items()
        if code.startswith(family) and rule.charts and statement in rule.statements
    ]


def _answer(answer: Answer, part: Part) -> dict[str, Any]:
    question = part.questions[answer.question]
    return {
        "question": question.id,
        "text": question.text,
        "answer": answer_value(question, answer.value),
        "unit": question.unit,
        "evidence": [_place(one) for one in answer.evidence],
    }


def _place(evidence: Evidence) -> dict[str, Any]:
    return {
        "document": evidence.document,
        "page": evidence.page,
        "date": evidence.date.isoformat() if evidence.date else None,
        "author": evidence.author,
        "specialty": evidence.specialty,
    }


def _missing(one: Missing, part: Part) -> dict[str, Any]:
    return {
        "any_of": [{"question": name, "text": part.questions[name].text} for name in one.questions],
        "what": "evidence" if one.evidence else "answer",
        "statements": list(one.statements),
        "decides": list(one.decides),
    }
