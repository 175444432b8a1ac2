"""The chart as FHIR R4: the Questionnaire of each part, and a chart as a QuestionnaireResponse.

Every item's linkId is its question's id. A yes-or-no question is a boolean that stays without an answer
when the record does not document it. Below each answer a group takes the
evidence. Units are UCUM codes.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from pumpclaim.policy.chart import EVIDENCE_FIELDS
from pumpclaim.readers.chart_answers import AS_WRITTEN
from pumpclaim.readers.questionnaire_response import (
    BASE,
    EVIDENCE_ITEM,
    code_system,
    questionnaire_name,
)
from pumpclaim.reports.assessment.words import plain_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.charts.assessment import Answer, AssessedChart
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part, Question

STRUCTURE = "http://hl7.org/fhir/StructureDefinition"
UCUM = "http://unitsofmeasure.org"
ITEM_CONTROL = "http://hl7.org/fhir/questionnaire-item-control"
TYPES = {
    "yes_no": "boolean",
    "number": "quantity",
    "date": "date",
    "choice": "choice",
    "several": "choice",
    "text": "string",
}
EVIDENCE_TYPES = {
    "document": "string",
    "page": "integer",
    "date": "date",
    "author": "string",
    "specialty": "string",
}
EVIDENCE_TEXTS = {
    "document": "Document",
    "page": "Page",
    "date": "Date of the entry",
    "author": "Author",
    "specialty": "Author's specialty",
}
NONE = {"code": "none", "display": "none"}
"""The choice that says that none of several holds."""


def questionnaire(policy: PolicySet, part: Part) -> dict[str, Any]:
    """The FHIR R4 Questionnaire of one part of the chart, as a JSON object."""
    article = policy.articles[0]
    name = questionnaire_name(part)
    return {
        "resourceType": "Questionnaire",
        "id": name,
        "url": f"{BASE}/Questionnaire/{name}",
        "version": f"{article.id}-{article.revision}",
        "name": f"{article.id}{part.id.capitalize()}Chart",
        "title": f"{part.title} ({article.id})",
        "status": "active",
        "experimental": False,
        "subjectType": ["Patient"],
        "description": part.about,
        "effectivePeriod": {"start": article.original_effective.isoformat()},
        "item": [
            {
                "linkId": section.id,
                "text": section.title,
                "type": "group",
                "item": [_item(one, policy) for one in part.of_section(section)],
            }
            for section in part.sections
        ],
    }


def _item(question: Question, policy: PolicySet) -> dict[str, Any]:
    item: dict[str, Any] = {
        "linkId": question.id,
        "text": question.text,
        "type": TYPES[question.type],
    }
    if question.statements:
        item["prefix"] = ", ".join(question.statements)
    if question.required:
        item["required"] = True
    if question.type == "several":
        item["repeats"] = True
        item["extension"] = [_control("check-box", "Check-box")]
    if question.type == "number" and question.unit is not None:
        item["extension"] = [_unit(question)]
    if question.type in ("choice", "several"):
        item["answerOption"] = [{"valueCoding": coding} for coding in _codings(question, policy)]
    item["item"] = [_help(question), _evidence(question)]
    return item


def _unit(question: Question) -> dict[str, Any]:
    coding = {"system": UCUM, "code": question.unit_code, "display": question.unit}
    return {"url": f"{STRUCTURE}/questionnaire-unitOption", "valueCoding": coding}


def _codings(question: Question, policy: PolicySet) -> list[dict[str, str]]:
    choices = (
        {drug.id: drug.label for drug in policy.drugs.by_id.values()}
        if question.drugs
        else question.choices
    )
    codings = [{"code": code, "display": words} for code, words in choices.items()]
    if question.type == "several" and not question.at_least:
        codings.append(NONE)
    return [{"system": code_system(question), **coding} for coding in codings]


def _help(question: Question) -> dict[str, Any]:
    return {
        "linkId": f"{question.id}.help",
        "text": question.help,
        "type": "display",
        "extension": [_control("help", "Help-Button")],
    }


def _control(code: str, display: str) -> dict[str, Any]:
    coding = {"system": ITEM_CONTROL, "code": code, "display": display}
    return {
        "url": f"{STRUCTURE}/questionnaire-itemControl",
        "valueCodeableConcept": {"coding": [coding]},
    }


def _evidence(question: Question) -> dict[str, Any]:
    return {
        "linkId": question.id + EVIDENCE_ITEM,
        "text": "Evidence",
        "type": "group",
        "repeats": True,
        "enableWhen": [{"question": question.id, "operator": "exists", "answerBoolean": True}],
        "item": [
            {
                "linkId": f"{question.id}{EVIDENCE_ITEM}.{name}",
                "text": EVIDENCE_TEXTS[name],
                "type": EVIDENCE_TYPES[name],
            }
            for name in EVIDENCE_FIELDS
        ],
    }


def response(chart: AssessedChart, policy: PolicySet) -> dict[str, Any]:
    """A chart as a FHIR R4 QuestionnaireResponse that answers our Questionnaire, for ``orjson.dumps``.

    Numbers stand in it as fragments with exactly their digits.
    """
    part = policy.chart[chart.part]
    answers = {one.question: one for one in chart.answers}
    sections = []
    for section in part.sections:
        items = [
            _answered(question, answers[question.id], policy)
            for question in part.of_section(section)
            if answers[question.id].value is not None
        ]
        if items:
            sections.append({"linkId": section.id, "text": section.title, "item": items})
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{BASE}/Questionnaire/{questionnaire_name(part)}",
        "status": "completed",
        "subject": {"identifier": {"value": chart.patient_id}},
        **({"item": sections} if sections else {}),
    }


def _answered(question: Question, answer: Answer, policy: PolicySet) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        _value(question, one, policy)
        for one in (answer.value if isinstance(answer.value, list) else [answer.value])
    ]
    if not values:
        values = [{"valueCoding": {"system": code_system(question), **NONE}}]
    places = [
        {
            "linkId": question.id + EVIDENCE_ITEM,
            "item": [
                {
                    "linkId": f"{question.id}{EVIDENCE_ITEM}.{name}",
                    "answer": [{_value_name(name): _plain(getattr(place, name))}],
                }
                for name in EVIDENCE_FIELDS
                if getattr(place, name) is not None
            ],
        }
        for place in answer.evidence
    ]
    if places:
        values[0]["item"] = places
    return {"linkId": question.id, "text": question.text, "answer": values}


def _value_name(field: str) -> str:
    return "value" + EVIDENCE_TYPES[field].capitalize()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _value(question: Question, value: Any, policy: PolicySet) -> dict[str, Any]:
    if question.type == "yes_no":
        return {"valueBoolean": value}
    if question.type == "date":
        return {"valueDate": value.isoformat()}
    if question.type == "text":
        return {"valueString": value}
    if question.type == "number":
        return {
            "valueQuantity": {
                "value": orjson.Fragment(plain_number(value)), "unit": question.unit, "system": UCUM,
                "code": question.unit_code,
            }
        }  # fmt: skip
    coding = next((c for c in _codings(question, policy) if c["code"] == value), None)
    return {"valueCoding": coding} if coding is not None else {"valueString": AS_WRITTEN + value}


def render_responses(charts: Sequence[AssessedChart], policy: PolicySet) -> bytes:
    """One chart as a QuestionnaireResponse, several as a Bundle of them; UTF-8 JSON."""
    resources = [response(chart, policy) for chart in charts]
    one: Any = resources[0] if len(resources) == 1 else {
        "resourceType": "Bundle",
        "type": "collection",
        **({"entry": [{"resource": resource} for resource in resources]} if resources else {}),
    }  # fmt: skip
    return orjson.dumps(one, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
