"""Properties of assessments: evidence never hurts, favourable answers to what is missing lead to covered."""

from __future__ import annotations

import io
import sys
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pumpclaim.charts.assessment import AssessedChart, assess
from pumpclaim.policy import load
from pumpclaim.policy.chart import Question
from pumpclaim.readers.chart import read_charts
from pumpclaim.reports.questionnaire import render_responses

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import favourable_answers

POLICY = load()
PLACE = {"document": "record.pdf", "page": 1}
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def values_of(question: Question) -> st.SearchStrategy[Any]:
    """Any answer to a question as a chart file may hold it; null for not documented."""
    drugs = ["morphine", "clonidine", "ziconotide", "ketamine", "bupivacaine", "penicillin"]
    if question.type == "yes_no":
        known: st.SearchStrategy[Any] = st.sampled_from(["yes", "no"])
    elif question.type == "number":
        most = int(question.most or 100)
        known = st.decimals(0, most, places=2).map(str)
    elif question.type == "date":
        known = st.dates(date(2024, 1, 1), date(2025, 12, 31)).map(str)
    elif question.type == "several":
        choices = drugs if question.drugs else list(question.choices)
        known = st.lists(st.sampled_from(choices), min_size=question.at_least, unique=True)
    elif question.type == "choice":
        known = st.sampled_from(drugs[:5] if question.drugs else list(question.choices))
    else:
        known = st.text("abc xyz", min_size=1).filter(str.strip)
    return known if question.required else st.none() | known


def answers_of(part: str) -> st.SearchStrategy[dict[str, Any]]:
    def with_evidence(answers: dict[str, Any], shown: set[str]) -> dict[str, Any]:
        return {
            name: {"answer": value, "evidence": PLACE} if name in shown else value
            for name, value in answers.items()
        }

    questions = POLICY.chart[part].questions
    return st.builds(
        with_evidence,
        st.fixed_dictionaries({name: values_of(one) for name, one in questions.items()}),
        st.sets(st.sampled_from(sorted(questions))),
    )


def assessed(part: str, answers: dict[str, Any]) -> AssessedChart:
    text = yaml.safe_dump({"chart": part, "patient_id": "P1", "answers": answers})
    charts = read_charts("-", stdin=io.BytesIO(text.encode()))
    assert not charts.refused, charts.refused
    (chart,) = assess(charts).charts
    return chart


CHARTS = st.sampled_from(["implant", "encounter"]).flatmap(
    lambda part: st.tuples(st.just(part), answers_of(part))
)


@SLOW
@given(CHARTS, st.data())
def test_adding_evidence_never_hurts(
    chart: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    part, answers = chart
    before = assessed(part, answers)
    more = data.draw(st.sets(st.sampled_from(sorted(answers)), min_size=1))
    shown = {
        name: value if isinstance(value, dict) or name not in more
        else {"answer": value, "evidence": PLACE}
        for name, value in answers.items()
    }  # fmt: skip
    after = assessed(part, shown)
    order = ("not covered", "records needed", "covered")
    assert order.index(after.determination) >= order.index(before.determination)


@SLOW
@given(CHARTS, st.data())
def test_answering_a_blank_undoes_nothing_that_was_decided(
    chart: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    """What is met or not met stays so, except where the new answer opens a question of its own."""
    part, answers = chart
    before = assessed(part, answers)
    if not before.missing:
        return
    asked = before.missing[0]
    if asked.evidence:
        return
    question = POLICY.chart[part].questions[asked.questions[0]]
    value = data.draw(values_of(question).filter(lambda one: one is not None))
    after = assessed(part, {**answers, question.id: {"answer": value, "evidence": PLACE}})
    was = {one.statement: one.status for one in before.statements}
    for one in after.statements:
        if was[one.statement] in ("met", "not met"):
            assert one.status == was[one.statement], (one.statement, question.id, value)


@SLOW
@given(CHARTS)
def test_favourable_answers_to_what_is_missing_end_in_covered(
    chart: tuple[str, dict[str, Any]],
) -> None:
    part, answers = chart
    favourable = favourable_answers(part)
    decided, implanted = (plain_answer(answers, f"{day}_date") for day in ("decision", "implant"))
    if decided and implanted and decided > implanted:
        return  # No evaluation can lie before the implant and after the decision.
    now = assessed(part, answers)
    if now.determination == "not covered":
        return
    for _ in range(100):
        if not now.missing:
            break
        asked = now.missing[0]
        name = asked.questions[0]
        if asked.evidence:
            answers = {**answers, name: {"answer": answers[name], "evidence": PLACE}}
        else:
            answers = {**answers, name: agreeing(name, favourable[name], answers)}
        now = assessed(part, answers)
        assert now.determination != "not covered", (name, answers)
    assert now.determination == "covered"


def plain_answer(answers: dict[str, Any], question: str) -> Any:
    given = answers.get(question)
    return given["answer"] if isinstance(given, dict) else given


def agreeing(name: str, value: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """The favourable answer beside those that stand: a date before the implant, drugs without allergy."""

    def plain(question: str) -> Any:
        return plain_answer(answers, question)

    outdated = plain("evaluation_still_holds") == "no"
    if name == "services" and plain("status_after") == "no":
        return {**value, "answer": ["interrogation"]}
    if name == "evaluation_date" and outdated and plain("decision_date"):
        return {**value, "answer": plain("decision_date")}
    if name == "decision_date" and outdated:
        return {**value, "answer": plain("evaluation_date") or "2023-01-01"}
    if name in ("trial_date", "evaluation_date") and plain("implant_date"):
        return {**value, "answer": "2023-06-01"}
    if name == "pump_drugs":
        return {**value, "answer": ["hydromorphone"]}
    return value


@SLOW
@given(CHARTS)
def test_a_questionnaire_response_says_the_same(chart: tuple[str, dict[str, Any]]) -> None:
    part, answers = chart
    text = yaml.safe_dump({"chart": part, "patient_id": "P1", "answers": answers})
    first = read_charts("-", stdin=io.BytesIO(text.encode()))
    content = render_responses(assess(first).charts, POLICY)
    again = read_charts("-", stdin=io.BytesIO(content))
    assert not again.refused, again.refused
    assert orjson.loads(content)["resourceType"] == "QuestionnaireResponse"
    drop = ["source", "place"]
    assert again.of(part).drop(drop).equals(first.of(part).drop(drop))
    answered = pl.col("question").is_in([
        name for name in POLICY.chart[part].questions if first.of(part)[name].item() is not None
    ])  # fmt: skip
    key = ["question", "document"]
    assert again.evidence.sort(key).equals(first.evidence.filter(answered).sort(key))
