"""What every page shares, in a real browser: going back, and what is said when an answer fails."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from pumpclaim.web.settings import Settings

from .conftest import Server, accessible
from .uploads import CLINIC, begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One server for all tests of the module."""
    return Settings(data=tmp_path_factory.mktemp("frame") / "server")


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Server]:
    with Server(settings) as running:
        yield running


@pytest.fixture(scope="module")
def worklist(server: Server) -> str:
    """The path of a worklist."""
    return f"/batches/{begun(server.app, ('clinic.837', CLINIC.read_bytes()))}"


@pytest.fixture(scope="module")
def charts(server: Server) -> str:
    """The path of a list of two charts."""
    for patient in ("7WK0WK0WK20", "7WK0WK0WK21"):
        server.app.state.services.charts.create("local", "implant", patient)
    return "/charts"


@pytest.mark.parametrize(
    ("where", "field", "typed", "chosen"),
    [("worklist", "#f-rule", "DRG103", 2), ("charts", "#f-patient", "1", 1)],
)
def test_back_after_a_filter_shows_the_whole_page(
    browse: Callable[..., Page], request: pytest.FixtureRequest,
    where: str, field: str, typed: str, chosen: int,
) -> None:  # fmt: skip
    path = request.getfixturevalue(where)
    page = browse(path)
    rows = page.locator("main table.cardlike tbody tr")
    every = rows.count()
    control = page.locator(field)
    if field == "#f-rule":
        control.select_option(typed)
    else:
        control.press_sequentially(typed)
    expect(rows).to_have_count(chosen)
    filtered = page.url
    assert filtered != path
    rows.locator("a").first.click()
    page.wait_for_url(re.compile(r"/claims/\d+|/charts/[0-9a-f]{32}"))
    page.go_back()
    expect(rows).to_have_count(chosen)
    assert page.url == filtered
    page.go_back()
    expect(rows).to_have_count(every)
    expect(page.locator("header nav")).to_be_visible()
    assert page.locator("header.top").count() == 1
    page.go_forward()
    expect(rows).to_have_count(chosen)
    expect(page.locator("header nav")).to_be_visible()


def test_an_answer_that_fails_leaves_the_list_and_says_why(
    browse: Callable[..., Page], worklist: str
) -> None:
    page = browse(worklist)
    rows = page.locator("#claims tbody tr")
    every = rows.count()
    page.locator("#filter summary").click()
    page.locator("#f-first").evaluate("field => { field.type = 'text'; field.value = 'soon'; }")
    page.locator("#f-first").dispatch_event("input")
    said = page.locator("#messages [role=alert]")
    expect(said).to_contain_text("'soon' is no date")
    assert rows.count() == every
    assert page.url.endswith(worklist)
    accessible(page)
    page.locator("#f-first").fill("")
    page.locator("#f-rule").select_option("DRG103")
    expect(rows).to_have_count(2)
    assert said.count() == 0


def test_an_answer_of_another_than_ours_is_said_as_well(
    browse: Callable[..., Page], worklist: str
) -> None:
    page = browse(worklist, fails="502")
    page.route("**/batches/*", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
    page.locator("#f-rule").select_option("DRG103")
    expect(page.locator("#messages [role=alert]")).to_have_text(
        "The server could not answer this (502)."
    )
    assert page.locator("#claims tbody tr").count() == 16
    page.unroute_all()


def test_a_server_that_is_gone_is_said_and_the_list_stays(
    browse: Callable[..., Page], worklist: str
) -> None:
    page = browse(worklist, fails="ERR_INTERNET_DISCONNECTED|htmx:")
    page.context.set_offline(True)
    page.locator("#f-rule").select_option("DRG103")
    expect(page.locator("#messages [role=alert]")).to_contain_text("The server did not answer")
    assert page.locator("#claims tbody tr").count() == 16
    page.context.set_offline(False)
    page.locator("#f-rule").select_option("DRG109")
    expect(page.locator("#claims tbody tr")).to_have_count(1)
    assert page.locator("#messages [role=alert]").count() == 0


DROP = """([text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    const event = (kind) => new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    return ["dragover", "drop"].map((kind) => document.querySelector("footer").dispatchEvent(event(kind)));
}"""


def test_files_that_are_dropped_beside_the_box_are_caught(
    browse: Callable[..., Page], worklist: str
) -> None:
    text = [CLINIC.read_text(), "dropped.837"]
    for path in ("/", worklist):
        page = browse(path)
        assert page.evaluate(DROP, text) == [False, False], "the browser does not open it"
        page.wait_for_url(re.compile(r"/batches/[0-9a-f]{32}$"))
        expect(page.locator("h1")).to_have_text("dropped.837", timeout=60_000)
        assert not page.url.endswith(worklist)
    page = browse("/rules")
    assert page.evaluate(DROP, text) == [False, False]
    expect(page.locator("#messages [role=alert]")).to_contain_text("dropped on the worklist")
    page = browse("/charts")
    visit = "chart: encounter\npatient_id: DROPPED1\nanswers: {visit_date: 2026-01-05}\n"
    page.evaluate(DROP, [visit, "visit.yaml"])
    expect(page.locator("#said .good")).to_contain_text("1 chart taken over")


def test_single_keys_go_where_they_say_and_can_be_switched_off(
    browse: Callable[..., Page], worklist: str
) -> None:
    page = browse("/keys")
    told = {
        (key, where)
        for row in page.locator("tbody tr").all()
        for where in [row.locator("td").nth(1).inner_text()]
        for key in row.locator("kbd").all_inner_texts()
    }
    assert ("u", "claim") in told
    accessible(page)
    focused = "document.activeElement.id"
    page.goto(f"{worklist}/claims/3")
    declared = set(
        page.locator("[data-key]").evaluate_all("all => all.map((one) => one.dataset.key)")
    )
    assert declared <= {key for key, where in told if where in ("claim", "every page")}
    page.keyboard.press("n")
    assert page.evaluate(focused) == "note"
    page.keyboard.press("u")
    assert page.input_value("#note") == "u", "in a field a key is a letter"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"#c3$"))
    expect(page.locator("#c3 a.claim")).to_be_focused()
    page.keyboard.press("s")
    assert page.evaluate(focused) == "search"

    page.goto("/keys")
    page.locator("#keys-on").uncheck()
    page.goto(worklist)
    for key in ("j", "s", "/", "e", "?"):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement === document.body"), key
    assert page.url.endswith(worklist)
    page.goto("/keys")
    assert not page.locator("#keys-on").is_checked()
    page.locator("#keys-on").check()
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("s")
    assert page.evaluate(focused) == "search"


def test_moments_are_told_in_the_zone_of_the_browser(
    browser: Browser, server: Server, worklist: str
) -> None:
    zone = "America/Los_Angeles"
    sent = server.app.state.services.batches.get(worklist.rsplit("/", 1)[1]).created
    for script in (True, False):
        context = browser.new_context(
            base_url=server.url, timezone_id=zone, java_script_enabled=script
        )
        page = context.new_page()
        page.goto(worklist)
        shown = page.locator("#judged + p time").inner_text()
        local = sent.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        assert shown == (f"{local:%Y-%m-%d %H:%M}" if script else f"{sent:%Y-%m-%d %H:%M} UTC")
        context.close()


def test_empty_fields_stand_in_no_address(browse: Callable[..., Page]) -> None:
    page = browse("/rules")
    page.locator("#find").fill("modifier")
    page.wait_for_url(re.compile(r"/rules\?find=modifier$"))
    page.goto("/article/fees")
    page.locator("#on").fill("2025-03-10")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"/article/fees\?on=2025-03-10$"))
