"""Our Questionnaire in a real form renderer, LHC-Forms: it shows, it is filled in, its answers are read."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pumpclaim.charts.assessment import assess
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_charts
from pumpclaim.reports.questionnaire import questionnaire, response

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
SYSTEM = Path(sys.prefix) / "system"
"""What scripts/system.sh installed beside this Python."""
FORMS = Path(os.environ.get("PUMPCLAIM_LFORMS", SYSTEM / "lforms")) / "dist"
PAGE = """<!doctype html><html><head><meta charset="utf-8">
<link rel="stylesheet" href="lforms/webcomponent/styles.css"></head><body><div id="form"></div>
<script src="lforms/webcomponent/assets/lib/zone.min.js"></script>
<script src="lforms/webcomponent/lhc-forms.js"></script>
<script src="fhir/lformsFHIR.min.js"></script></body></html>"""


@pytest.fixture
def page(browser: Browser, served: tuple[Path, str]) -> Page:
    if not (FORMS / "lforms").is_dir():
        pytest.skip("LHC-Forms is not installed (scripts/system.sh): the FHIR form is not rendered")
    folder, address = served
    (folder / "lforms").symlink_to(FORMS / "lforms")
    (folder / "fhir").symlink_to(FORMS / "lforms" / "fhir" / "R4")
    (folder / "index.html").write_text(PAGE)
    page = browser.new_page(viewport={"width": 1100, "height": 1600})
    page.goto(f"{address}/index.html")
    page.wait_for_function("window.LForms && LForms.Util && LForms.FHIR")
    return page


def show(page: Page, form: dict[str, Any], answers: dict[str, Any] | None = None) -> None:
    page.evaluate(
        """([form, answers]) => {
            const shown = LForms.Util.convertFHIRQuestionnaireToLForms(form, 'R4');
            const filled = answers
                ? LForms.Util.mergeFHIRDataIntoLForms(
                    'QuestionnaireResponse', answers, shown, 'R4')
                : shown;
            return LForms.Util.addFormToPage(filled, 'form');
        }""",
        [form, answers],
    )


@pytest.mark.parametrize("part", ["implant", "encounter"])
def test_every_question_is_shown(page: Page, part: str) -> None:
    policy = load()
    show(page, questionnaire(policy, policy.chart[part]))
    first = next(iter(policy.chart[part].questions.values()))
    page.get_by_text(first.text).first.wait_for()
    text = page.locator("#form").inner_text()
    for section in policy.chart[part].sections:
        assert section.title in text
    for question in policy.chart[part].questions.values():
        assert question.text in text, question.id
    assert "Document" not in text.replace("documented", "")


def test_what_is_filled_in_comes_back_as_a_chart(page: Page) -> None:
    policy = load()
    show(page, questionnaire(policy, policy.chart["implant"]))
    item = page.locator("[id='item-severe_pain/1/1']")
    item.get_by_text("Yes", exact=True).click()
    page.locator("[id^='severe_pain.evidence.document/']").first.fill("consult.pdf")
    page.locator("[id^='severe_pain.evidence.page/']").first.fill("3")
    page.locator("[id='item-body_supports_device/1/1']").get_by_text("No", exact=True).click()
    page.locator("[id='life_expectancy_months/1/1']").fill("18")
    page.keyboard.press("Tab")
    given = page.evaluate("LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')")
    given["subject"] = {"identifier": {"value": "P1"}}
    charts = read_charts("-", stdin=io.BytesIO(json.dumps(given).encode()))
    assert not charts.refused
    chart = charts.implants.row(0, named=True)
    assert (chart["severe_pain"], chart["body_supports_device"]) == (True, False)
    assert chart["life_expectancy_months"] == 18_000_000_000
    assert charts.evidence.select("question", "document", "page").rows() == [
        ("severe_pain", "consult.pdf", 3)
    ]
    assert assess(charts).charts[0].determination == "not covered"


def test_a_chart_of_ours_opens_filled_in(page: Page) -> None:
    text = Path(__file__).parents[2] / "examples" / "charts" / "implant.yaml"
    assessment = assess(read_charts(text))
    policy = assessment.policy
    import orjson

    answers = orjson.loads(orjson.dumps(response(assessment.charts[0], policy)))
    show(page, questionnaire(policy, policy.chart["implant"]), answers)
    document = page.locator("[id^='severe_pain.evidence.document/']").first
    document.wait_for()
    assert document.input_value() == "record/consult.txt"
    assert page.locator("[id='trial_drug/1/1']").input_value() == "morphine 0.5 mg a day"
    back = page.evaluate("LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')")
    back["subject"] = {"identifier": {"value": "1EG4TE5MK73"}}
    again = assess(read_charts("-", stdin=io.BytesIO(json.dumps(back).encode())))
    before = {one.statement: one.status for one in assessment.charts[0].statements}
    assert {one.statement: one.status for one in again.charts[0].statements} == before
