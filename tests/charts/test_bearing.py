"""What hangs on an answer, as it is told, against charts of chance in which that answer alone is changed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from pumpclaim.charts.assessment import criteria
from pumpclaim.charts.bearing import REASON, SUPPLY, bearings
from pumpclaim.policy import load
from pumpclaim.reports.assessment.words import bearing_words
from pumpclaim.tables import NANO
from pumpclaim.utilization.supply import DOSE_ANSWERS, SUPPLY_ANSWERS, doses_of, record_supply

if TYPE_CHECKING:
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part, Question

POLICY = load()
CHARTS = 800
QUESTIONS = [(part.id, name) for part in POLICY.chart.parts.values() for name in part.questions]
DRUGS = [*list(POLICY.drugs.by_id)[:4], "clonidine", "baclofen", "penicillin"]
CHANCE = random.Random(55239)


def value(question: Question) -> Any:
    """An answer of chance, often none."""
    if CHANCE.random() < 0.3:
        return None
    if question.type == "yes_no":
        return CHANCE.random() < 0.5
    if question.type == "number":
        return CHANCE.randrange(9) * NANO
    if question.type == "date":
        return date(2025, 3, 1) + timedelta(days=CHANCE.randrange(6))
    if question.type == "several":
        return CHANCE.sample(
            DRUGS if question.drugs else list(question.choices), CHANCE.randrange(3)
        )
    return CHANCE.choice(DRUGS if question.drugs else list(question.choices) or ["words", "others"])


def charts_of_chance(part: Part) -> pl.DataFrame:
    columns: dict[str, Any] = {
        name: [value(one) for _ in range(CHARTS)] for name, one in part.questions.items()
    }
    schema = {name: part.table.schema[name] for name in columns}
    shown = {
        one.evidence: [CHANCE.random() < 0.5 for _ in range(CHARTS)]
        for one in part.questions.values()
    }
    return pl.DataFrame(columns, schema=schema).with_columns(**{name: pl.Series(v) for name, v in shown.items()})  # fmt: skip


FRAMES = {part.id: charts_of_chance(part) for part in POLICY.chart.parts.values()}


def told(policy: PolicySet, part: str, frame: pl.DataFrame, *, remarks: bool) -> pl.DataFrame:
    """Every statement's status of every chart, or every remark."""
    own = [one for one in criteria(policy, part) if not one.composite]
    if remarks:
        notes = [(one.statement, n, note) for one in own for n, note in enumerate(one.notes)]
        return frame.select(
            note.when.fill_null(value=False).alias(f"{name}.{n}") for name, n, note in notes
        )
    return frame.select(one.whole.expr.alias(one.statement) for one in own)


def changed(policy: PolicySet, part: str, question: str, *, remarks: bool) -> set[str]:
    """Statements whose status (or remarks) follow the answer to a question in some chart."""
    frame = FRAMES[part]
    one = policy.chart[part].questions[question]
    other = frame.with_columns(frame[question].reverse(), frame[one.evidence].reverse())
    before, after = (told(policy, part, each, remarks=remarks) for each in (frame, other))
    return {
        name.partition(".")[0]
        for name in before.columns
        if not before[name].equals(after[name], null_equal=True)
    }


def under(reading: str, choice: str) -> PolicySet:
    return replace(POLICY, chosen={**POLICY.chosen, reading: choice})


@pytest.mark.parametrize(("part", "question"), QUESTIONS)
def test_what_an_answer_decides_is_what_changes_with_it(part: str, question: str) -> None:
    bearing = bearings(POLICY, part)[question]
    assert set(bearing.decides) == changed(POLICY, part, question, remarks=False)
    assert set(bearing.remarks) == changed(POLICY, part, question, remarks=True)
    more = {
        (one.id, choice)
        for one in POLICY.articles[0].readings.values()
        for choice in one.choices
        if changed(under(one.id, choice), part, question, remarks=False) - set(bearing.decides)
    }
    assert set(bearing.readings) == more


@pytest.mark.parametrize(("part", "question"), QUESTIONS)
def test_the_definition_names_every_statement_that_an_answer_bears_on(
    part: str, question: str
) -> None:
    bearing, one = bearings(POLICY, part)[question], POLICY.chart[part].questions[question]
    assert {*bearing.decides, *bearing.remarks} <= set(one.statements)
    assert (SUPPLY in bearing.rules and question != "visit_date") <= (
        {"U3", "U4"} <= set(one.statements)
    )
    assert (REASON in bearing.rules) <= ({"U2", "U3"} <= set(one.statements))
    assert bearing.is_detail == (not one.statements and not one.required)
    hangs = bearing.decides or bearing.rules or bearing.readings or bearing.places
    assert ("decides nothing" in bearing_words(bearing).lower()) == (not hangs)


def test_rules_read_no_other_answers_of_a_visit_for_its_supply() -> None:
    visits = FRAMES["encounter"].with_columns(patient_id=pl.lit("P1"))
    supply, dry = record_supply(visits.select(SUPPLY_ANSWERS), POLICY)
    assert (supply >= 0).any()
    assert (dry >= supply).all()
    for name in SUPPLY_ANSWERS:
        other = record_supply(visits.with_columns(visits[name].reverse()), POLICY)[0]
        assert not np.array_equal(other, supply), name
    claims = pl.DataFrame({"patient_id": ["P1"]})
    doses = doses_of(visits.select("patient_id", *DOSE_ANSWERS), claims, np.array([7]))
    assert doses.height > 0


def test_what_is_said_of_the_questions_that_were_called_details() -> None:
    words = {name: bearing_words(one) for name, one in bearings(POLICY, "encounter").items()}
    for name in ("volume_after", "concentration", "daily_dose", "flow_rate", "drug"):
        assert words[name] == "The days of supply are worked out from it."
    assert words["pump_model"] == "A detail that decides nothing."
    assert words["life_expectancy_months"] == (
        "Decides under the reading life-expectancy = at-each-service alone."
    )
    of_implant = {name: bearing_words(one) for name, one in bearings(POLICY, "implant").items()}
    assert of_implant["replacement"] == ""
    assert of_implant["pain_after"] == "Decides nothing, but may raise a remark."
    assert of_implant["trial_code"] == (
        "Decides under the reading trial-catheter = listed-codes-only alone."
    )
