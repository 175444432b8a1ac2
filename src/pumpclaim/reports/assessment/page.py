"""An assessment as one HTML page to print, that can go with a records request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pumpclaim._version import __version__
from pumpclaim.options import today
from pumpclaim.reports.assessment.json import rules_of
from pumpclaim.reports.assessment.words import (
    DETERMINATION_WORDS,
    answer_words,
    missing_words,
    place_words,
    status_words,
)
from pumpclaim.reports.words import BASES

if TYPE_CHECKING:
    from datetime import date

    from pumpclaim.charts.assessment import Answer, AssessedChart, Assessment, Shown
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part


def render(
    assessment: Assessment, *, on: date | None = None, files: bool = True, script: str | None = None
) -> bytes:
    """The page as UTF-8 HTML, style within it, with the day and a line to sign.

    ``on`` is the day it is made, today if nothing is said; ``files`` says whether the charts' files are
    named. Nothing is loaded from anywhere, but ``script``, where one is named, which lets it be printed.
    """
    environment = Environment(
        loader=PackageLoader("pumpclaim.reports.assessment"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    policy = assessment.policy
    article = policy.articles[0]
    page = environment.get_template("assessment.html.j2").render(
        article=article,
        version=__version__,
        charts=[chart_view(chart, policy) for chart in assessment.charts],
        refused=[one.sentence for one in assessment.chart_set.refused],
        on=on or today(), files=files, script=script,
    )  # fmt: skip
    return page.encode()


def chart_view(chart: AssessedChart, policy: PolicySet) -> dict[str, Any]:
    """One chart in words, as pages show it: determination, statements with answers, what is missing."""
    part = policy.chart[chart.part]
    shown_with = {one.question for shown in chart.statements for one in shown.answers}
    return {
        "title": part.title,
        "patient": chart.patient_id,
        "file": chart.source,
        "source": f"{chart.source}, line {chart.place}",
        "day": chart.day,
        "determination": chart.determination,
        "words": DETERMINATION_WORDS[chart.determination],
        "css": chart.determination.replace(" ", "-"),
        "missing": [
            {"words": missing_words(one, part), "statements": ", ".join(one.statements)}
            for one in chart.missing
        ],
        "statements": [_statement(shown, part, policy) for shown in chart.statements],
        "details": [
            _answer(one, part)
            for one in chart.answers
            if one.value is not None and one.question not in shown_with
        ],
        "counts": {
            status: sum(shown.status == status for shown in chart.statements)
            for status in ("met", "not met", "not documented", "not applicable")
        },
    }


def _statement(shown: Shown, part: Part, policy: PolicySet) -> dict[str, Any]:
    statement = policy.articles[0].statements[shown.statement]
    return {
        "id": shown.statement,
        "summary": statement.summary,
        "where": statement.where,
        "status": status_words(shown),
        "css": shown.status.replace(" ", "-"),
        "against": shown.against,
        "remarks": [f"{one.words} (rests on {BASES[one.basis]})" for one in shown.remarks],
        "rules": ", ".join(rules_of(shown.statement, part)),
        "answers": [_answer(one, part) for one in (() if shown.composite else shown.answers)],
    }


def _answer(answer: Answer, part: Part) -> dict[str, Any]:
    question = part.questions[answer.question]
    return {
        "label": question.label,
        "answer": answer_words(question, answer.value),
        "known": answer.value is not None,
        "places": [place_words(place) for place in answer.evidence],
    }
