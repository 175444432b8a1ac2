"""What every page shares, in a real browser: going back, and what is said when an answer fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from pumpclaim.web.settings import Settings

from .conftest import Server
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
