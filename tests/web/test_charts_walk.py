"""A nurse fills in the checklist in a browser: step by step, in two tabs, with the server gone, on a phone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from pumpclaim.policy import load
from pumpclaim.readers.chart import read_charts

from .conftest import EXAMPLES, Server, accessible

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from pumpclaim.policy.chart import Question
    from pumpclaim.web.settings import Settings

POLICY = load()
SHOTS = os.environ.get("PUMPCLAIM_SHOTS")
"""A folder for pictures to be looked at; none are taken without."""


def picture(page: Page, name: str) -> None:
    """Take a picture, leaving the page as it is (hiding the caret would write inline styles)."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", caret="initial")


def begin(page: Page, patient: str, part: str = "implant") -> str:
    """Begin a chart; its path."""
    page.goto("/charts")
    page.locator(f"#new-{part}-patient").fill(patient)
    if part == "encounter":
        page.locator("#new-encounter-visit_date").fill("2025-06-02")
    page.locator(f"form[aria-labelledby=new-{part}] button").click()
    page.wait_for_url(re.compile(r"/charts/[0-9a-f]{32}$"))
    return re.sub(r"^https?://[^/]+", "", page.url)


def saved(page: Page, question: str) -> str:
    """Wait for what is said beside a question, and give it."""
    said = page.locator(f"#said-{question}")
    said.get_by_text("aved", exact=False).wait_for()
    expect(page.locator(".htmx-request")).to_have_count(0)
    return said.inner_text()


def answer(page: Page, question: Question, value: Any) -> None:
    """Give an answer with the fields of its question."""
    name = question.id
    if question.type == "yes_no":
        page.locator(f"#{name}-{'yes' if value else 'no'}").check()
    elif question.drugs and question.type == "several":
        if not value:
            page.locator(f"#{name}-none").check()
        for number, drug in enumerate(value):
            if number:
                page.locator(f"#q-{name} .add-drug").click()
            page.locator(f"#drugs-{name} input").nth(number).fill(drug)
            page.locator(f"#drugs-{name} input").nth(number).press("Enter")
    elif question.type == "choice" and page.locator(f"#a-{name}").count():
        page.locator(f"#a-{name}").select_option(value)
    elif question.type == "choice":
        page.locator(f"#{name}-{value}").check()
    else:
        text = f"{value / 10**9:g}" if question.type == "number" else str(value)
        page.locator(f"#a-{name}").fill(text)
        page.locator(f"#a-{name}").press("Tab")
    assert saved(page, name).startswith("Saved"), name


def determination(page: Page) -> str:
    return page.locator("#determination .verdict strong").inner_text()


@pytest.mark.slow
def test_a_chart_is_filled_in_step_by_step(browse: Callable[..., Page], tmp_path: Path) -> None:
    example = read_charts(EXAMPLES / "charts/implant.yaml", policy=POLICY).implants
    values = example.row(0, named=True)
    questions = POLICY.chart["implant"].questions
    page = browse("/charts")
    where = begin(page, "7WK0WK0WK00")
    picture(page, "walk-1-blank")
    assert determination(page) == "Records needed"
    page.locator("#reading summary").click()
    page.locator("#reading input[name='reading.document']").fill("record/consult.txt")
    page.locator("#reading input[name='reading.page']").fill("1")
    answer(page, questions["severe_pain"], value=True)
    assert page.locator("#evidence-severe_pain input").first.input_value() == "record/consult.txt"
    for name, question in questions.items():
        if name != "severe_pain" and values[name] is not None:
            answer(page, question, values[name])
            if name == "pump_drugs":
                assert "bupivacaine" in page.locator("#said-pump_drugs").inner_text()
    assert determination(page) == "Records needed"
    missing = page.locator("#standing ol.missing a")
    assert missing.all_inner_texts() == [questions["trial_complied"].text]
    picture(page, "walk-2-one-missing")
    missing.click()
    page.wait_for_url("**#q-trial_complied")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#determination strong")).to_have_text("Covered")
    assert page.evaluate("document.activeElement.id") == "trial_complied-yes"
    picture(page, "walk-3-covered")
    accessible(page)
    page.locator("#infection_at_site-yes").check()
    saved(page, "infection_at_site")
    assert determination(page) == "Not covered"
    assert "present" in page.locator("#standing h2:text('Contraindications') + ul").inner_text()
    picture(page, "walk-4-not-covered")
    page.close()

    again = browse(where)
    assert determination(again) == "Not covered"
    for name, question in questions.items():
        if question.type == "yes_no" and values[name] is not None and name != "infection_at_site":
            chosen = "yes" if values[name] else "no"
            assert again.locator(f"#{name}-{chosen}").is_checked(), name
    assert again.locator("#infection_at_site-yes").is_checked()
    assert again.locator("#replacement-blank").is_checked()
    drugs = again.locator("#drugs-pump_drugs input")
    assert [drugs.nth(n).input_value() for n in range(3)] == ["morphine", "bupivacaine", ""]
    assert again.locator("#allergies-none").is_checked()
    assert again.locator("#a-pain_before").input_value() == "8"
    again.get_by_role("link", name="Print").click()
    again.wait_for_url("**/print")
    verdict = again.locator(".verdict strong")
    assert verdict.inner_text().lower() == "not covered"
    assert verdict.evaluate("e => getComputedStyle(e).textTransform") == "uppercase", "style works"
    accessible(again)
    pdf = tmp_path / "chart.pdf"
    again.pdf(path=pdf, prefer_css_page_size=True)
    picture(again, "walk-5-print")
    text = " ".join(one.extract_text() for one in PdfReader(pdf).pages)
    assert "7WK0WK0WK00" in text
    assert "infection at or near the site" in text


def test_the_panel_holds_still_and_what_is_unfolded_stays_so(browse: Callable[..., Page]) -> None:
    page = browse("/charts")
    begin(page, "7WK0WK0WK01")
    page.locator("#more-missing summary").click()
    page.locator("#severe_pain-yes").check()
    saved(page, "severe_pain")
    assert page.locator("#more-missing").get_attribute("open") is not None
    page.locator("#a-trial_drug").scroll_into_view_if_needed()
    assert page.locator("#determination").is_visible()
    box = page.locator("#determination").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 200, "it stays beside the form"
    form = page.locator("#questions").bounding_box()
    assert form is not None
    assert form["x"] + form["width"] <= box["x"]


def test_on_a_phone_the_panel_comes_first(browse: Callable[..., Page]) -> None:
    page = browse("/charts", width=390, height=800)
    begin(page, "7WK0WK0WK02")
    panel, form = (page.locator(name).bounding_box() for name in ("#panel", "#questions"))
    assert panel is not None
    assert form is not None
    assert panel["y"] + panel["height"] <= form["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("reading", ["", "letter.txt"])
def test_fast_changes_all_arrive(browse: Callable[..., Page], server: Server, reading: str) -> None:
    page = browse("/charts")
    where = begin(page, "7WK0WK0WK03")
    page.locator("#reading summary").click()
    page.locator("#reading input").first.fill(reading)
    names = ("severe_pain", "chronic_pain", "intractable_pain", "less_invasive_failed")
    for name in names:
        for value in ("yes", "no", "yes"):
            page.evaluate("id => document.getElementById(id).click()", f"{name}-{value}")
    for name in names:
        assert saved(page, name) == "Saved"
    page.wait_for_load_state("networkidle")
    kept = server.app.state.services.charts.get(where.rpartition("/")[2])
    given = {"answer": True, **({"evidence": [{"document": reading}]} if reading else {})}
    assert kept.answers == dict.fromkeys(names, given)
    assert "C4" in page.locator("#standing").inner_text()


def test_typing_on_is_not_lost_when_an_answer_is_saved(
    browse: Callable[..., Page], server: Server
) -> None:
    page = browse("/charts")
    where = begin(page, "7WK0WK0WK04")
    page.locator("#evidence-severe_pain summary").click()
    place = page.locator("#evidence-severe_pain .place-row").first
    page.locator("#severe_pain-yes").check()
    place.locator("[data-field=document]").fill("letter.pdf")
    place.locator("[data-field=page]").press_sequentially("12", delay=80)
    place.locator("[data-field=author]").press_sequentially("B. Example", delay=20)
    page.locator("#evidence-severe_pain .add-place").click()
    second = page.locator("#evidence-severe_pain .place-row").nth(1)
    second.locator("[data-field=document]").fill("other.pdf")
    second.locator("[data-field=document]").press("Enter")
    page.wait_for_load_state("networkidle")
    assert page.url.endswith(where), "Enter does not send the whole form"
    kept = server.app.state.services.charts.get(where.rpartition("/")[2])
    assert kept.answers["severe_pain"]["evidence"] == [
        {"document": "letter.pdf", "page": "12", "author": "B. Example"},
        {"document": "other.pdf"},
    ]
    assert place.locator("[data-field=page]").input_value() == "12"


def test_what_is_refused_stands_as_typed_beside_its_sentence(browse: Callable[..., Page]) -> None:
    page = browse("/charts")
    where = begin(page, "7WK0WK0WK05")
    page.locator("#a-pain_before").fill("eleven")
    page.locator("#a-pain_before").press("Tab")
    assert "write a number" in saved(page, "pain_before")
    assert page.locator("#a-pain_before").input_value() == "eleven"
    page.locator("#drugs-allergies input").first.fill("<img src=x onerror=alert(1)>")
    page.locator("#drugs-allergies input").first.press("Enter")
    assert saved(page, "allergies") == "Saved: <img src=x onerror=alert(1)>"
    picture(page, "walk-6-refused")
    accessible(page)
    page.goto(where)
    assert page.locator("#a-pain_before").input_value() == ""
    assert page.locator("#questions img").count() == 0


def test_two_tabs_on_one_chart(browse: Callable[..., Page]) -> None:
    one = browse("/charts")
    where = begin(one, "7WK0WK0WK06")
    other = browse(where)
    one.locator("#severe_pain-yes").check()
    saved(one, "severe_pain")
    other.evaluate("document.getElementById('severe_pain-no').click()")
    assert "changed meanwhile" in saved(other, "severe_pain")
    assert other.locator("#severe_pain-yes").is_checked()
    picture(other, "walk-7-two-tabs")
    other.locator("#severe_pain-no").check()
    other.locator("#said-severe_pain .good-ink").wait_for()
    one.reload()
    assert one.locator("#severe_pain-no").is_checked()


def test_when_the_server_is_gone_the_page_says_so(browser: Browser, settings: Settings) -> None:
    with Server(settings) as server:
        page = browser.new_page(base_url=server.url)
        where = begin(page, "7WK0WK0WK07")
        page.locator("#severe_pain-yes").check()
        saved(page, "severe_pain")
    page.locator("#trial_accepted-yes").check()
    assert "the server did not answer" in saved(page, "trial_accepted")
    assert page.locator("#trial_accepted-yes").is_checked()
    page.close()
    with Server(settings) as server:
        kept = server.app.state.services.charts.get(where.rpartition("/")[2])
        assert kept.answers == {"severe_pain": {"answer": True}}


def test_without_javascript_the_form_is_saved_whole(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    where = begin(page, "7WK0WK0WK08")
    page.locator("#severe_pain-yes").check()
    page.locator("#drugs-pump_drugs input").nth(2).fill("ziconotide")
    page.locator("#a-pain_before").fill("ten")
    page.get_by_role("button", name="Save all").click()
    assert "1 answer could not be kept" in page.locator("main").inner_text()
    assert page.locator("#a-pain_before").input_value() == "ten"
    page.locator("#a-pain_before").fill("10")
    page.get_by_role("button", name="Save all").click()
    page.wait_for_url("**?said=saved")
    assert page.locator("#a-pain_before").input_value() == "10"
    kept = server.app.state.services.charts.get(where.rpartition("/")[2])
    assert set(kept.answers) == {"severe_pain", "pump_drugs", "pain_before"}
    context.close()


def test_files_are_dropped_listed_sorted_and_removed(browse: Callable[..., Page]) -> None:
    page = browse("/charts")
    files = [EXAMPLES / "charts" / name for name in ("implant.yaml", "refill.yaml")]
    page.locator("#files").set_input_files([*files, EXAMPLES / "charts/record/consult.txt"])
    page.get_by_role("button", name="Take them over").click()
    page.locator("#said .message.good").wait_for()
    assert "consult.txt" in page.locator("#said").inner_text()
    assert page.locator("#charts tbody tr").count() == 2
    picture(page, "walk-8-list")
    accessible(page)
    page.reload()
    page.get_by_role("link", name="Determination").click()
    page.wait_for_url("**sort=determination**")
    assert page.locator("#charts tbody .tag").all_inner_texts() == ["covered", "records needed"]
    page.locator("#f-determination").select_option("records needed")
    expect(page.locator("#charts tbody tr")).to_have_count(1)
    page.locator("#charts tbody a").click()
    page.get_by_role("link", name="Remove").click()
    accessible(page)
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/charts")
    assert page.locator("#charts tbody tr").count() == 1


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_every_page_is_accessible(browse: Callable[..., Page], width: int, *, dark: bool) -> None:
    page = browse("/charts", width=width, dark=dark)
    accessible(page)
    for part in POLICY.chart.parts:
        where = begin(page, f"7WK0WK0WK1{part[0]}", part)
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for ending in ("/print", "/remove"):
            page.goto(where + ending)
            accessible(page)
    page.goto("/charts")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width
