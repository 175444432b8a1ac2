"""What every page shares, in a real browser: going back, and what is said when an answer fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from pumpclaim.web.settings import Settings

from .conftest import Server, accessible
from .uploads import CLINIC, begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page


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
    [("worklist", "#f-outcome", "reject", 7), ("charts", "#f-patient", "1", 1)],
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
    if field == "#f-outcome":
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
    page.locator("#f-first").evaluate("field => { field.type = 'text'; field.value = 'soon'; }")
    page.locator("#f-first").dispatch_event("input")
    said = page.locator("#messages [role=alert]")
    expect(said).to_contain_text("'soon' is no date")
    assert rows.count() == every
    assert page.url.endswith(worklist)
    accessible(page)
    page.locator("#f-first").fill("")
    page.locator("#f-outcome").select_option("reject")
    expect(rows).to_have_count(7)
    assert said.count() == 0


def test_an_answer_of_another_than_ours_is_said_as_well(
    browse: Callable[..., Page], worklist: str
) -> None:
    page = browse(worklist, fails="502")
    page.route("**/batches/*?*", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
    page.locator("#f-outcome").select_option("reject")
    expect(page.locator("#messages [role=alert]")).to_have_text(
        "The server could not answer this (502)."
    )
    assert page.locator("#claims tbody tr").count() == 16


def test_a_server_that_is_gone_is_said_and_the_list_stays(
    browse: Callable[..., Page], worklist: str
) -> None:
    page = browse(worklist, fails="ERR_INTERNET_DISCONNECTED|htmx:")
    page.context.set_offline(True)
    page.locator("#f-outcome").select_option("reject")
    expect(page.locator("#messages [role=alert]")).to_contain_text("The server did not answer")
    assert page.locator("#claims tbody tr").count() == 16
    page.context.set_offline(False)
    page.locator("#f-outcome").select_option("records")
    expect(page.locator("#claims tbody tr")).to_have_count(1)
    assert page.locator("#messages [role=alert]").count() == 0
