"""The FHIR R4 Questionnaire and its responses, under two real R4 checkers, whole and broken on purpose."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fhirkit
import orjson
import pydantic
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from pumpclaim.charts.assessment import assess
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_charts
from pumpclaim.reports.questionnaire import questionnaire, render_responses

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of

POLICY = load()
EXAMPLES = Path(__file__).parents[2] / "examples" / "charts"


def form(part: str) -> dict[str, Any]:
    return questionnaire(POLICY, POLICY.chart[part])


def answered() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(
        render_responses(assess(read_charts(EXAMPLES / "implant.yaml")).charts, POLICY)
    )
    return found


def items(node: dict[str, Any]) -> list[dict[str, Any]]:
    inner = list(node.get("item", []))
    for answer in node.get("answer", []):
        inner += answer.get("item", [])
    return inner + [below for one in inner for below in items(one)]


@pytest.mark.parametrize("part", ["implant", "encounter"])
def test_the_questionnaire_is_r4(part: str) -> None:
    assert fhirkit.FHIR_VERSION.startswith("4.0")
    assert fhirkit.validate(form(part)) == []
    Questionnaire.model_validate(form(part))
    links = [item["linkId"] for item in items(form(part))]
    assert len(set(links)) == len(links)
    assert set(POLICY.chart[part].questions) <= set(links)


def drop_type(one: dict[str, Any]) -> None:
    del one["item"][0]["type"]


def no_status(one: dict[str, Any]) -> None:
    del one["status"]


def strange_key(one: dict[str, Any]) -> None:
    one["item"][1]["colour"] = "red"


def two_values(one: dict[str, Any]) -> None:
    extension = next(item for item in items(one) if "extension" in item)["extension"][0]
    extension["valueString"] = "also this"


@pytest.mark.parametrize("break_it", [drop_type, no_status, strange_key, two_values])
def test_a_broken_questionnaire_is_found(break_it: Callable[[dict[str, Any]], None]) -> None:
    broken = orjson.loads(orjson.dumps(form("implant")))
    break_it(broken)
    assert fhirkit.validate(broken) or not is_questionnaire(broken)


def is_questionnaire(one: dict[str, Any]) -> bool:
    try:
        Questionnaire.model_validate(one)
    except pydantic.ValidationError:
        return False
    return True


def test_responses_are_r4_and_answer_the_questionnaire() -> None:
    given = answered()
    assert fhirkit.validate(given) == []
    QuestionnaireResponse.model_validate(given)
    asked = {one["linkId"]: one for one in items(form("implant"))}
    for item in items(given):
        assert item["linkId"] in asked
        for answer in item.get("answer", []):
            codings = [one["valueCoding"] for one in asked[item["linkId"]].get("answerOption", [])]
            if "valueCoding" in answer:
                assert answer["valueCoding"] in codings
    assert given["questionnaire"] == form("implant")["url"]


def test_several_charts_are_a_bundle_that_is_read_back() -> None:
    charts = read_charts(EXAMPLES)
    content = render_responses(assess(charts).charts, POLICY)
    assert fhirkit.validate(orjson.loads(content)) == []
    Bundle.model_validate_json(content)
    again = read_charts("-", stdin=io.BytesIO(content))
    assert not again.refused
    drop = ["source", "place"]
    assert again.implants.drop(drop).equals(charts.implants.drop(drop))
    assert again.encounters.drop(drop).equals(charts.encounters.drop(drop))
    assert again.evidence.equals(charts.evidence)


def test_exact_numbers_survive() -> None:
    chart = {
        "chart": "encounter",
        "answers": {"concentration": "0.123456789", "daily_dose": "7 mcg/day"},
    }
    content = render_responses(assess(charts_of([chart])).charts, POLICY)
    assert b'"value": 0.123456789' in content
    again = read_charts("-", stdin=io.BytesIO(content)).encounters.row(0, named=True)
    assert (again["concentration"], again["daily_dose"]) == (123_456_789, 7_000_000)


def changed(path: str, value: Any) -> bytes:
    given = answered()
    for one in items(given):
        if one["linkId"] == path:
            one.update(value)
    return orjson.dumps(given, option=orjson.OPT_INDENT_2)


BROKEN = [
    (changed("severe_pain", {"linkId": "sever_pain"}), "did you mean 'severe_pain'"),
    (changed("severe_pain", {"answer": [{"valueString": "yes"}]}), "answered by valueString"),
    (changed("severe_pain", {"answer": [{}]}), "has no value"),
    (changed("severe_pain", {"answer": {}}), "must be a list"),
    (changed("trial_date", {"answer": [{"valueDate": "2025-13-01"}]}), "is no date"),
    (changed("severe_pain.evidence", {"item": []}), "names no document"),
    (changed("life_expectancy_unlimited", {"linkId": "severe_pain"}), "is answered twice"),
    (
        changed("pain_before", {"answer": [{"valueQuantity": {"value": 3, "comparator": "<"}}]}),
        "give the number",
    ),
    (orjson.dumps({**answered(), "questionnaire": "http://other.example/q"}), "which is not ours"),
    (orjson.dumps({**answered(), "subject": {}}), "has no subject"),
    (orjson.dumps({**answered(), "status": "stopped"}), "must be completed"),
    (orjson.dumps({**answered(), "item": 3}), "item must be a list"),
    (b'{"resourceType": "Patient"}', "this is a FHIR Patient"),
    (b'{"resourceType": "QuestionnaireResponse", "item": [', "neither YAML nor JSON"),
]


@pytest.mark.parametrize(("content", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_broken_response_is_refused_in_one_sentence(content: bytes, said: str) -> None:
    charts = read_charts("-", stdin=io.BytesIO(content))
    assert charts.count == 0
    (refusal,) = charts.refused
    assert said in refusal.reason
    assert refusal.line


def test_a_code_of_another_system_is_read_by_its_words() -> None:
    coding = {
        "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "code": "7052",
        "display": "Morphine",
    }
    content = changed("allergies", {"answer": [{"valueCoding": coding}]})
    charts = read_charts("-", stdin=io.BytesIO(content))
    assert charts.implants["allergies"].to_list() == [["morphine"]]
    assert assess(charts).charts[0].determination == "not covered"
