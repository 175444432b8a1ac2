"""What a form gives to questions, kept one by one: accepted, refused with a sentence, or too late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.charts.assessment import Assessment, assess
from pumpclaim.errors import InputError
from pumpclaim.reports.assessment.words import answer_words
from pumpclaim.web.charts import form as forms
from pumpclaim.web.charts.store import StaleError, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.datastructures import FormData

    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Question
    from pumpclaim.web.charts.form import Field
    from pumpclaim.web.charts.store import Chart, Given
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

TRIES = 20
"""How often a change is tried again when others change the same chart at that moment."""
CHANGED = (
    "this answer was changed meanwhile, perhaps on another page of yours; what stands now is shown, and what "
    "you gave is not kept"
)
BUSY = "the chart is being changed by others all the time; try again"


@dataclass(frozen=True)
class Saved:
    """What became of one question. ``redraw`` says that its fields no longer show what stands, and
    ``new_places`` that its evidence alone does not."""

    field: Field
    redraw: bool = False
    new_places: bool = False


def judged(chart: Chart, policy: PolicySet) -> Assessment:
    """One chart held against the article; raises InputError where the reader no longer takes it."""
    charts = read([chart], policy)
    if charts.refused:
        raise InputError(charts.refused[0].reason)
    return assess(charts, policy=policy)


def save(
    services: Services,
    visitor: Visitor,
    chart: Chart,
    questions: Iterable[Question],
    form: FormData,
) -> tuple[Chart, dict[str, Saved]]:
    """Keep what a form gives to each question; the chart as it then stands, and what became of each.

    An answer is too late when another than the form shows stands by now: it is not kept.
    """
    became = {}
    for question in questions:
        chart, became[question.id] = _save(services, visitor, chart, question, form)
    return chart, became


def _save(
    services: Services, visitor: Visitor, chart: Chart, question: Question, form: FormData
) -> tuple[Chart, Saved]:
    given = forms.given_of(question, form)
    about = {"charts": [(chart.id, chart.patient_id)], "question": question.id}
    for _ in range(TRIES):
        stands = chart.answers.get(question.id)
        if given == stands:
            return chart, Saved(forms.field_of(question, stands, said="Saved"))
        if forms.seen_of(question, form) != forms.digest(stands):
            field = forms.field_of(question, stands, typed=stands, problem=CHANGED)
            return chart, Saved(field, redraw=True)
        whole = _with_reading(given, stands, form)
        try:
            forms.check(question, form)
            with services.audit.doing(visitor, "change chart", **about):
                chart = services.charts.set_answer(chart.id, question.id, whole, chart.version)
        except StaleError as stale:
            chart = stale.chart
        except InputError as error:
            field = forms.field_of(
                question, stands, typed=given, problem=error.what,
                says_none=forms.says_none(question, form),
            )  # fmt: skip
            return chart, Saved(field)
        else:
            field = forms.field_of(question, whole, said="Saved")
            return chart, Saved(field, new_places=whole != given)
    raise InputError(BUSY)


def _with_reading(given: Given | None, stands: Given | None, form: FormData) -> Given | None:
    """A new answer without evidence of its own gets the place that is being read."""
    places = forms.reading_of(form)
    is_new = given is not None and given["answer"] not in (None, (stands or {}).get("answer"))
    if given is None or not is_new or not places or "evidence" in given:
        return given
    return {**given, "evidence": places}


def read_as(chart: Assessment, question: Question) -> str:
    """What the reader took an answer for, in words, where that may differ from what was typed."""
    if question.type not in ("number", "date") and not question.drugs:
        return ""
    value = next(one.value for one in chart.charts[0].answers if one.question == question.id)
    return "" if value is None else answer_words(question, value)
