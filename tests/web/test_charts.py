"""The chart page over HTTP: the form from the definition, one answer at a time, the panel beside it."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from cli.conftest_run import run
from pumpclaim.charts.assessment import assess
from pumpclaim.readers.chart import read_chart_data, read_charts
from pumpclaim.web.charts.store import document

from .charting import HOSTILE, HTMX, POLICY, Fields, Page, begin, take_over
from .conftest import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient
    from httpx2 import Response

    from pumpclaim.policy.chart import Question

__all__ = ["run"]
QUESTIONS = [
    pytest.param(part.id, one, id=f"{part.id}-{one.id}")
    for part in POLICY.chart.parts.values()
    for one in part.questions.values()
]


def answers_to(question: Question) -> list[tuple[dict[str, Any], Any]]:
    """What may be typed into a question's fields, and the value that the reader then has."""
    if question.type == "yes_no":
        return [({"answer": "yes"}, True), ({"answer": "no"}, False)]
    if question.type == "number":
        worth = [(None, 1), *((name, worth) for name, worth in question.units)]
        return [
            ({"answer": "2.5", **({"unit": name} if name else {})}, int(25 * 10**8 * times))
            for name, times in worth
        ]
    if question.type == "date":
        return [({"answer": "2025-01-31"}, date(2025, 1, 31))]
    if question.drugs:
        if question.type == "choice":
            return [({"answer": "Morphine sulfate"}, "morphine")]
        typed = {"answer": ["fentanyl", "", "other penicillin"], "none": []}
        some = [(typed, ["fentanyl", "penicillin"])]
        return some if question.at_least else [*some, ({"answer": [], "none": "none"}, [])]
    if question.type == "several":
        return [({"answer": list(question.choices)}, list(question.choices))]
    if question.type == "choice":
        return [({"answer": code}, code) for code in question.choices]
    return [({"answer": HOSTILE}, " ".join(HOSTILE.split()))]


@pytest.mark.parametrize(("part", "question"), QUESTIONS)
def test_every_question_has_a_field_and_can_be_answered(
    client: TestClient, part: str, question: Question
) -> None:
    page = begin(client, part)
    for wanted in (question.text, question.help):
        assert wanted.replace("'", "&#39;") in page.text
    for statement in question.statements:
        assert f'href="/article/statements/{statement}"' in page.text
    assert f"{question.id}.seen" in page.fields.sent
    for typed, value in answers_to(question):
        offered = page.fields.choices[question.id]
        if question.choices:
            assert set(question.choices) <= set(offered)
        if question.type == "yes_no":
            assert offered == ["yes", "no", ""]
        answer = page.give(question.id, **typed)
        assert answer.status_code == 200
        assert "Saved" in answer.text, answer.text[:500]
        kept = read_chart_data([("chart.json", orjson.dumps(document(page.chart)))], POLICY)
        assert kept.of(part)[question.id].to_list() == [value]
        again = Page(client, page.where)
        shown = {k: v for k, v in again.fields.sent.items() if k.startswith(f"{question.id}.")}
        assert shown[f"{question.id}.seen"] == page.fields.sent[f"{question.id}.seen"]
        page = again
    places = {"document": "notes/a.pdf", "page": "3", "date": "2025-01-02", "author": "A. Example"}
    saved = page.give(question.id, **places, **answers_to(question)[0][0])
    assert "Saved" in saved.text
    assert page.chart.answers[question.id]["evidence"] == [places]
    again = Page(client, page.where)
    assert again.fields.sent[f"{question.id}.document"][0] == "notes/a.pdf"
    assert f'id="evidence-{question.id}" open' in again.text
    blanked = page.give(
        question.id, answer="", unit="", none=[], document="", page="", date="", author=""
    )
    if question.required:
        assert "Not saved" in blanked.text
        assert "no answer to" in blanked.text
    else:
        assert "Saved" in blanked.text
        assert question.id not in page.chart.answers


def panel_of(text: str) -> tuple[str, dict[str, str]]:
    """Determination and status of each statement, as the panel has them."""
    determination = re.search(r'class="verdict [\w-]+"><strong>([^<]+)', text)
    assert determination is not None
    listed = text.partition('<ul class="standing">')[2].partition("</ul>")[0]
    found = re.findall(r'statements/(\w+)">\w+</a> <strong class="[\w-]+">([^<]+)', listed)
    return determination[1].lower(), dict(found)


ABSENCE = {"met": "absent", "not met": "present"}


def test_the_panel_says_what_the_command_line_says(
    client: TestClient, tmp_path: Path, run: Any
) -> None:
    examples = [EXAMPLES / "charts" / name for name in ("implant.yaml", "refill.yaml")]
    take_over(client, *((one.name, one.read_bytes()) for one in examples))
    told = []
    for chart in client.app.state.services.charts.of():
        page = Page(client, f"/charts/{chart.id}")
        for question, typed in (
            (None, {}),
            ("infection_at_site", {"answer": "yes"}),
            ("infection_at_site", {"answer": "no"}),
            ("trial_complied", {"answer": "yes"}),
            ("response_documented", {"answer": ""}),
        ):
            text = page.text
            if question is not None:
                if question not in POLICY.chart[chart.part].questions:
                    continue
                text = page.give(question, **typed).text
            determination, statements = panel_of(text)
            file = tmp_path / "chart.json"
            file.write_bytes(client.get(f"{page.where}/chart.json").content)
            own = assess(read_charts(file, policy=POLICY), policy=POLICY).charts[0]
            said = run("assess", file, "--format", "json").json["charts"][0]
            assert determination == own.determination == said["determination"]
            absent = {one.statement for one in own.statements if one.absence}
            assert statements == {
                one["statement"]: ABSENCE.get(one["status"], one["status"])
                if one["statement"] in absent
                else one["status"]
                for one in said["statements"]
            }
            missing = [each["question"] for one in said["missing"] for each in one["any_of"]]
            listed = text.partition("Still missing")[2].partition("Statement by statement")[0]
            linked = re.findall(r'href="#(?:q|evidence)-(\w+)"', listed)
            assert sorted(linked) == sorted(missing)
            told.append(determination)
    assert set(told) == {"covered", "not covered", "records needed"}


def test_contraindications_come_first_of_what_is_missing(client: TestClient) -> None:
    page = begin(client)
    listed = page.text.partition("Still missing")[2]
    linked = re.findall(r'<li><a href="#q-(\w+)"', listed)
    serves = [POLICY.chart["implant"].questions[name].statements for name in linked]
    first = ["X" in "".join(names) for names in serves]
    assert True in first
    assert first == sorted(first, reverse=True)


@pytest.mark.parametrize(
    ("part", "question", "typed", "sentence"),
    [
        ("implant", "pain_before", {"answer": "very"}, "is 'very'; write a number, in score"),
        ("implant", "pain_before", {"answer": "11"}, "more than 10 score"),
        ("implant", "trial_date", {"answer": "2025-02-31"}, "which is no date"),
        ("implant", "allergies", {"answer": ["morfine"]}, "did you mean morphine?"),
        ("implant", "allergies", {"answer": ["opioids"]}, "name the drugs, not opioids"),
        ("implant", "allergies", {"answer": ["fentanyl"], "none": "none"}, "says none and names"),
        ("implant", "severe_pain", {"answer": "yes", "page": "2"}, "names no document"),
        ("implant", "severe_pain", {"answer": "yes", "document": "a", "page": "x"}, "on page 'x'"),
        ("implant", "route", {"answer": "by mouth"}, "choose from intrathecal, epidural"),
        ("implant", "trial_drug", {"answer": "x" * 2001}, "more than 2000 characters"),
        ("encounter", "concentration", {"answer": "5 mg"}, "write a number, in mg/mL, mcg/mL"),
        ("encounter", "visit_date", {"answer": ""}, "has no answer to 'visit_date'"),
    ],
)
def test_what_the_reader_refuses_stands_beside_its_sentence(
    client: TestClient, part: str, question: str, typed: dict[str, Any], sentence: str
) -> None:
    page = begin(client, part)
    before = page.chart
    answer = page.give(question, **typed)
    assert "Not saved:" in answer.text
    assert sentence in answer.text.replace("&#39;", "'")
    assert page.chart == before
    whole = {name: list(sent) for name, sent in page.fields.sent.items()}
    for name, value in typed.items():
        key = question if name == "answer" else f"{question}.{name}"
        whole[key] = value if isinstance(value, list) else [value]
    whole["legible"] = ["yes"]
    sent = page.client.post(
        page.where, data={name: values for name, values in whole.items() if values}
    )
    assert sent.status_code == 422
    shown = Fields(sent.text).sent
    assert sentence in sent.text.replace("&#39;", "'")
    for name, value in typed.items():
        key = question if name == "answer" else f"{question}.{name}"
        if question != "route":
            assert shown[key][0] == (value[0] if isinstance(value, list) else value)
    kept = page.chart.answers
    assert kept["legible"] == {"answer": True}
    assert kept.get(question) == before.answers.get(question)


def test_the_whole_form_is_saved_without_javascript(client: TestClient) -> None:
    page = begin(client)
    whole = page.fields.sent | {
        "csrf": [page.csrf],
        "severe_pain": ["yes"],
        "severe_pain.document": ["consult.txt", "", "plan.txt"],
        "severe_pain.page": ["1", "", ""],
        "pump_drugs": ["morphine", "", "bupivacaine"],
        "allergies.none": ["none"],
        "life_expectancy_months": ["2"],
        "life_expectancy_months.unit": ["year"],
    }
    answer = client.post(page.where, data=whole)
    assert answer.status_code == 303
    assert page.chart.answers == {
        "severe_pain": {
            "answer": True,
            "evidence": [{"document": "consult.txt", "page": "1"}, {"document": "plan.txt"}],
        },
        "pump_drugs": {"answer": ["morphine", "bupivacaine"]},
        "allergies": {"answer": []},
        "life_expectancy_months": {"answer": "2 year"},
    }
    assert "Saved." in client.get(answer.headers["location"]).text
    version = page.chart.version
    again = Page(client, page.where)
    assert client.post(page.where, data=again.fields.sent).status_code == 303
    assert page.chart.version == version, "nothing was changed, so nothing is written"


def test_an_old_page_does_not_overwrite(client: TestClient) -> None:
    one = begin(client)
    other = Page(client, one.where)
    assert "Saved" in one.give("severe_pain", answer="yes", document="a.txt").text
    late = other.give("severe_pain", answer="no")
    assert "changed meanwhile" in late.text
    assert late.headers["hx-retarget"] == "#q-severe_pain"
    assert one.chart.answers["severe_pain"]["answer"] is True
    shown = Fields(late.text).sent
    assert shown["severe_pain"] == ["yes"]
    assert shown["severe_pain.document"][0] == "a.txt"
    assert "Saved" in other.give("chronic_pain", answer="yes").text, "another question is not late"
    assert "Saved" in other.give("severe_pain", answer="no").text, "now it has seen what stands"
    assert one.chart.answers["severe_pain"]["answer"] is False
    whole = client.post(one.where, data=one.fields.sent | {"severe_pain": ["yes"]})
    assert whole.status_code == 422
    assert "changed meanwhile" in whole.text
    assert one.chart.answers["severe_pain"]["answer"] is False
    assert one.chart.answers["chronic_pain"]["answer"] is True, "blank in the old form, not removed"


def test_a_page_that_does_not_say_what_it_shows_is_late(client: TestClient) -> None:
    page = begin(client)
    page.give("severe_pain", answer="yes")
    page.fields.sent.pop("severe_pain.seen")
    assert "changed meanwhile" in page.give("severe_pain", answer="no").text


def test_the_page_being_read_becomes_the_evidence_of_new_answers(client: TestClient) -> None:
    page = begin(client)
    reading = {"reading.document": "consult.txt", "reading.page": "4"}
    place = {"document": "consult.txt", "page": "4"}

    def give(question: str, **typed: str) -> Response:
        sent = {"severe_pain.seen": "", **{k: v[0] for k, v in page.fields.sent.items()}}
        own = {name: value for name, value in sent.items() if name.startswith(f"{question}.")}
        where = f"{page.where}/answers/{question}"
        headers = {**HTMX, "X-CSRF-Token": page.csrf}
        return client.post(where, data=own | reading | typed, headers=headers)

    saved = give("severe_pain", severe_pain="yes")
    assert page.chart.answers["severe_pain"] == {"answer": True, "evidence": [place]}
    assert "hx-retarget" not in saved.headers, "the answer's own fields may have been changed since"
    assert Fields(saved.text).sent["severe_pain.document"] == ["consult.txt"]
    assert '<option value="consult.txt">' in saved.text
    give("chronic_pain", **{"chronic_pain": "no", "chronic_pain.document": "other.txt"})
    assert page.chart.answers["chronic_pain"]["evidence"] == [{"document": "other.txt"}]
    page.fields = Fields(page.text)
    give(
        "severe_pain", **{"severe_pain": "yes", "severe_pain.document": "", "severe_pain.page": ""}
    )
    assert page.chart.answers["severe_pain"] == {"answer": True}, "its evidence was taken away"
