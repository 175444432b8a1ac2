"""What a chart shows so far, for a page on which it is being filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpclaim.reports.assessment.words import DETERMINATION_WORDS, status_words

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import AssessedChart, Missing, Shown
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part

STATUSES = ("met", "not met", "not documented", "not applicable")


def checklist(chart: AssessedChart, policy: PolicySet) -> dict[str, Any]:
    """Determination, contraindications, every statement, and what is missing with the questions it is in.

    What is missing comes in the order of the assessment (what decides most first), but what a
    contraindication waits for comes before all else.
    """
    part = policy.chart[chart.part]
    absences = {one.statement for one in chart.statements if one.absence}
    missing = sorted(chart.missing, key=lambda one: absences.isdisjoint(one.statements))
    statements = [_shown(one, policy) for one in chart.statements]
    return {
        "determination": chart.determination,
        "words": DETERMINATION_WORDS[chart.determination],
        "css": chart.determination.replace(" ", "-"),
        "day": chart.day,
        "counts": {
            status: sum(one.status == status for one in chart.statements) for status in STATUSES
        },
        "contraindications": [one for one in statements if one["id"] in absences],
        "against": [one for one in statements if one["against"]],
        "missing": [_missing(one, part, absences) for one in missing],
        "statements": statements,
    }


def _shown(shown: Shown, policy: PolicySet) -> dict[str, Any]:
    return {
        "id": shown.statement,
        "summary": policy.articles[0].statements[shown.statement].summary,
        "status": status_words(shown),
        "css": shown.status.replace(" ", "-"),
        "against": list(shown.against),
        "remarks": [one.words for one in shown.remarks],
        "question": next((one.question for one in shown.answers), None),
    }


def _missing(one: Missing, part: Part, absences: set[str]) -> dict[str, Any]:
    return {
        "any_of": [{"question": name, "text": part.questions[name].text} for name in one.questions],
        "evidence": one.evidence,
        "statements": list(one.statements),
        "decides": list(one.decides),
        "contraindication": not absences.isdisjoint(one.statements),
    }
