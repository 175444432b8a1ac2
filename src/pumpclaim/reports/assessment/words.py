"""Answers of a chart in words, for every report alike."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pumpclaim.charts.bearing import REASON, SUPPLY
from pumpclaim.policy.chart import NUMBER

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import Evidence, Missing, Shown
    from pumpclaim.charts.bearing import Bearing
    from pumpclaim.policy.chart import Part, Question

DETERMINATION_WORDS = {
    "covered": "the record shows all that the article asks for",
    "not covered": "the record speaks against it",
    "records needed": "nothing speaks against it, but something is missing",
}
STYLES = {
    "covered": "bold green",
    "not covered": "bold red",
    "records needed": "bold magenta",
    "met": "green",
    "not met": "bold red",
    "not documented": "bold magenta",
    "not applicable": "dim",
}
ABSENCE = {"met": "absent", "not met": "present", "not documented": "not documented"}
"""The words for what must not be there (X1 to X3)."""

READ_FOR = {
    SUPPLY: "the days of supply are worked out from it",
    REASON: "it tells why the pump was refilled or interrogated when it was",
}
"""What rules read an answer for."""


def bearing_words(bearing: Bearing) -> str:
    """What hangs on an answer beyond the statements that it decides, in sentences; empty for nothing more."""
    if bearing.is_detail:
        return "A detail that decides nothing."
    told = [READ_FOR[use] for use in bearing.rules]
    if bearing.places:
        told.append("by it the chart finds its claims")
    if not bearing.decides:
        told += [
            f"decides under the reading {name} = {choice} alone"
            for name, choice in bearing.readings
        ]
        if bearing.remarks and not told:
            told.append("decides nothing, but may raise a remark")
    return " ".join(f"{one[0].upper()}{one[1:]}." for one in told)


def answer_words(question: Question, value: object) -> str:
    """An answer as a person would say it; ``not documented`` for null."""
    if value is None:
        return "not documented"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if question.type == "number" and isinstance(value, int):
        return f"{plain_number(value)} {question.unit}"
    if isinstance(value, list):
        return ", ".join(question.choices.get(str(one), str(one)) for one in value) or "none"
    return question.choices.get(str(value), str(value))


def plain_number(billionths: int) -> str:
    """A number kept in billionths, as the shortest decimal text."""
    return f"{(Decimal(billionths) / NUMBER).normalize():f}"


def answer_value(question: Question, value: Any) -> Any:
    """An answer for JSON: true, false, null, an exact decimal as text, an ISO date, text or a list."""
    if question.type == "number" and value is not None:
        return plain_number(value)
    return value.isoformat() if isinstance(value, date) else value


def place_words(evidence: Evidence) -> str:
    """Where evidence lies: document, page, day, author and specialty."""
    parts = [evidence.document]
    if evidence.page is not None:
        parts.append(f"page {evidence.page}")
    if evidence.date is not None:
        parts.append(evidence.date.isoformat())
    if evidence.author is not None:
        author = evidence.author
        parts.append(author + (f" ({evidence.specialty})" if evidence.specialty else ""))
    elif evidence.specialty is not None:
        parts.append(evidence.specialty)
    return ", ".join(parts)


def status_words(shown: Shown) -> str:
    """A statement's status; for what must not be there, whether it is."""
    return ABSENCE.get(shown.status, shown.status) if shown.absence else shown.status


def missing_words(one: Missing, part: Part) -> str:
    """One thing to be obtained, as a request."""
    texts = [part.questions[name].text for name in one.questions]
    if one.evidence:
        return f"Where does the record show it? {' '.join(texts)}"
    return " or: ".join(texts)
