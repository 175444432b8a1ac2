"""Situations written in YAML -> claims and charts.

What a claim leaves out is a plain refill in a Nevada clinic; a chart starts from favourable answers, or
blank where it says ``blank: true``.
"""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import yaml

from pumpclaim.charts.chart_set import ChartSet
from pumpclaim.claim_set import ClaimSet
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_charts
from pumpclaim.tables import CLAIMS, LINES, NANO, UNIT

USUAL_CLAIM = {
    "form": "professional",
    "patient_id": "P1",
    "filing_indicator": "MB",
    "payer_id": "01312",
    "billing_provider_npi": "1999999984",
    "billing_state": "NV",
    "place_of_service": "11",
    "frequency_code": "1",
}
USUAL_DAY = date(2025, 3, 10)


def claims_of(situation: list[dict[str, Any]]) -> ClaimSet:
    """The claim set of a list of claims; a line is "CODE-MODIFIER text", or a mapping with more."""
    claims, lines = [], []
    for number, given in enumerate(situation):
        head = {key: value for key, value in given.items() if key not in ("lines", "id", "date")}
        unknown = set(head) - {column.name for column in CLAIMS}
        assert not unknown, f"claims have no column {unknown}"
        usual = dict(USUAL_CLAIM)
        if head.get("form") == "institutional":
            usual |= {
                "place_of_service": None,
                "type_of_bill": "131",
                "payer_id": "01311",
                "filing_indicator": "MA",
            }
        claims.append(
            {
                **usual,
                **head,
                "claim": number,
                "claim_id": given.get("id", f"C{number + 1}"),
                "segment": number + 1,
                "source": "case",
            }
        )
        for place, line in enumerate(given["lines"], start=1):
            lines.append(
                {**line_of(line, given.get("date", USUAL_DAY)), "claim": number, "line": place}
            )
    return ClaimSet(
        CLAIMS.conform(pl.DataFrame(claims, infer_schema_length=None)),
        LINES.conform(pl.DataFrame(lines, infer_schema_length=None)),
    )


def line_of(given: str | dict[str, Any], day: date) -> dict[str, Any]:
    more = {} if isinstance(given, str) else {k: v for k, v in given.items() if k != "line"}
    code, _, text = (given if isinstance(given, str) else given["line"]).partition(" ")
    hcpcs, *modifiers = code.split("-")
    line: dict[str, Any] = {
        "hcpcs": hcpcs,
        "units": UNIT,
        "charge": 900 * NANO,
        "service_from": day,
    }
    line |= {f"modifier_{place}": modifier for place, modifier in enumerate(modifiers, start=1)}
    if text:
        line["description"] = text
    if "units" in more:
        more["units"] = None if more["units"] is None else int(Decimal(str(more["units"])) * UNIT)
    if more.get("charge") is not None:
        more["charge"] = int(Decimal(str(more["charge"])) * NANO)
    if "date" in more:
        more["service_from"] = more.pop("date")
    unknown = set(more) - {column.name for column in LINES}
    assert not unknown, f"lines have no column {unknown}"
    return {**line, **more}


USUAL_DATES = {
    "evaluation_date": "2025-02-03",
    "decision_date": "2025-02-03",
    "trial_date": "2025-02-20",
    "implant_date": "2025-03-10",
    "visit_date": "2025-03-10",
}


def favourable_answers(part: str) -> dict[str, Any]:
    """Every question of a part answered in favour of coverage, each with a place in the record."""
    answers: dict[str, Any] = {}
    for number, question in enumerate(load().chart[part].questions.values(), start=1):
        value = USUAL_DATES.get(question.id, question.favourable)
        if value is None:
            continue
        place = {
            "document": "record.pdf",
            "page": number,
            "date": "2025-02-03",
            "author": "A. Example",
        }
        answers[question.id] = {"answer": value, "evidence": place}
    return answers


def chart_text(given: dict[str, Any]) -> str:
    """A chart of a case as the text of a chart file."""
    unknown = set(given) - {"chart", "patient_id", "answers", "blank", "without_evidence"}
    assert not unknown, f"a chart of a case has no {unknown}"
    part = given.get("chart", "implant")
    answers = {} if given.get("blank") else favourable_answers(part)
    answers |= given.get("answers", {})
    for question in given.get("without_evidence", ()):
        answers[question] = answers[question]["answer"]
    if part == "encounter":
        answers.setdefault("visit_date", USUAL_DATES["visit_date"])
    chart = {"chart": part, "patient_id": given.get("patient_id", "P1"), "answers": answers}
    return yaml.safe_dump(chart, sort_keys=False, allow_unicode=True)


def charts_of(situation: list[dict[str, Any]]) -> ChartSet:
    """The chart set of a list of charts, read by the program's own reader; none may be refused."""
    text = "---\n".join(chart_text(given) for given in situation)
    charts = read_charts("-", stdin=io.BytesIO(text.encode()))
    assert not charts.refused, charts.refused
    return charts
