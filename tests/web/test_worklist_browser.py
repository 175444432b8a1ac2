"""A biller's morning in a real browser: drop files, work down the list by keys, look at a claim, take it away."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import EXAMPLES, accessible
from .pages import refills

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from .conftest import Server

pytestmark = pytest.mark.slow
CLINIC, HOSPITAL = str(EXAMPLES / "clinic.837"), str(EXAMPLES / "hospital.837")
DROP = """([text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    document.getElementById("upload").dispatchEvent(
        new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def worklist(page: Page, *files: str) -> str:
    """Send files from the page and wait for their worklist; gives its path."""
    page.set_input_files("#files", list(files))
    page.get_by_role("button", name="Judge these claims").click()
    page.wait_for_selector("#claims", timeout=60_000)
    page.wait_for_load_state()
    return "/batches/" + page.url.split("/batches/")[1].split("?")[0]


def shot(page: Page, name: str) -> None:
    """Keep a picture where a person asked for it (PUMPCLAIM_SHOTS=folder), else only see that it can be taken."""
    folder = os.environ.get("PUMPCLAIM_SHOTS")
    data = page.screenshot(full_page=True)
    assert data[:4] == b"\x89PNG"
    if folder:
        Path(folder, f"{name}.png").write_bytes(data)


def test_drop_a_file_get_a_worklist(browse: Callable[..., Page]) -> None:
    page = browse("/")
    accessible(page)
    page.evaluate(DROP, [Path(CLINIC).read_text(), "morning.837"])
    page.wait_for_selector("#claims", timeout=60_000)
    assert "morning.837" in page.inner_text("h1")
    rows = page.locator("#claims tbody tr")
    assert rows.count() == 16
    amounts = [
        float(text.replace("$", "").replace(",", ""))
        for text in page.locator("#claims tbody tr td:first-child").all_inner_texts()
    ]
    assert amounts[:9] == sorted(amounts[:9], reverse=True)
    accessible(page)
    shot(page, "worklist")


def test_several_files_at_once_with_a_wrong_one_among_them(
    browse: Callable[..., Page], tmp_path: Path
) -> None:
    wrong = tmp_path / "letter & more.txt"
    wrong.write_text("Dear colleague,\n")
    page = browse("/")
    path = worklist(page, CLINIC, HOSPITAL, str(wrong))
    assert page.locator("#claims tbody tr").count() == 19
    assert "letter & more.txt: this is text" in page.inner_text("main")
    page.goto("/")
    assert page.locator(f"a[href='{path}']").count() == 1


def test_filter_walk_by_keys_and_export(browse: Callable[..., Page]) -> None:
    page = browse("/")
    path = worklist(page, CLINIC, HOSPITAL)
    page.locator("#cards").get_by_role("link", name="fix and resubmit").click()
    expect(page).to_have_url(re.compile("determination=fix"))
    expect(page.locator("#claims tbody tr")).to_have_count(7)
    page.locator("#f-claim").press_sequentially("R-100")
    expect(page).to_have_url(re.compile("determination=fix&sought="))
    expect(page.locator("#claims tbody tr")).to_have_count(6)
    assert "R-100" not in page.url
    with page.expect_download() as got:
        page.get_by_role("link", name="CSV of claims").click()
    rows = list(csv.DictReader(Path(got.value.path()).read_text("utf-8-sig").splitlines()))
    assert len(rows) == 6
    assert {row["determination"] for row in rows} == {"fix"}

    page.locator("body").press("Escape")
    page.evaluate("document.activeElement.blur()")
    for _ in range(2):
        page.keyboard.press("j")
    second = page.locator("#claims tbody tr").nth(1)
    assert "here" in (second.get_attribute("class") or "")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    name = second.locator("a.claim").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector(".segments")
    assert name in page.inner_text("h1")
    page.keyboard.press("j")
    expect(page.locator("h1")).not_to_contain_text(name)
    assert "determination=fix" in page.url
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"#c\d+$"))
    expect(page.locator("#claims tbody tr")).to_have_count(6)
    assert "here" in (page.locator("#claims tbody tr").nth(2).get_attribute("class") or "")
    page.goto(path)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-patient"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.id") == "search"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_url(re.compile("/keys"))


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_the_claim_in_light_and_dark_and_on_a_phone(
    browse: Callable[..., Page], width: int, dark: bool
) -> None:
    page = browse("/", width=width, dark=dark)
    path = worklist(page, CLINIC)
    for where, name in ((path, "list"), (f"{path}/claims/3", "claim"), ("/", "start")):
        page.goto(where)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        accessible(page)
        shot(page, f"{name}-{width}{'-dark' if dark else ''}")
    page.goto(f"{path}/claims/3")
    assert page.locator("mark[title*=DRG104]").first.inner_text() == "J7999"
    assert "0.0030" in page.inner_text("main") or "per mcg" in page.inner_text("main")


def drawn(page: Page) -> float:
    """The picture's width in its own pixels, once it has come."""
    width: float = page.locator("img.picture").evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    return width


def test_utilization_down_to_the_patient(browse: Callable[..., Page], server: Server) -> None:
    data, records = refills()
    for record in records:
        answers = {name: {"answer": value} for name, value in record.items()}
        server.app.state.services.charts.create("local", "encounter", "PX-1", answers)
    page = browse("/")
    page.evaluate(DROP, [data.decode(), "year.csv"])
    page.wait_for_selector("#claims", timeout=60_000)
    page.get_by_role("link", name="How often").click()
    accessible(page)
    shot(page, "utilization")
    page.locator("main table a").first.click()
    page.wait_for_selector("h2:has-text('Its patients')")
    assert drawn(page) > 100
    accessible(page)
    shot(page, "practice")
    page.get_by_role("link", name="PX1").click()
    assert drawn(page) > 100
    accessible(page)
    shot(page, "patient")
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator("img.picture")).to_have_js_property(
        "currentSrc", page.locator("source").evaluate("one => new URL(one.srcset, location).href")
    )
    assert drawn(page) <= 364
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("main table a").nth(2).click()
    page.wait_for_selector("h3:has-text('Record of a visit')")
    page.locator("img.picture").scroll_into_view_if_needed()
    assert drawn(page) > 100
    accessible(page)
    shot(page, "claim-reservoir")


def test_a_file_that_is_too_large_is_said_before_it_is_sent(
    browse: Callable[..., Page], tmp_path: Path
) -> None:
    large = tmp_path / "large.837"
    with large.open("wb") as file:
        file.truncate(300 * 1024**2)
    page = browse("/")
    page.set_input_files("#files", str(large))
    said = page.locator("#said [role=alert]")
    assert "300 MB, more than the 200 MB" in said.inner_text()
    page.get_by_role("button", name="Judge these claims").click()
    assert page.url.endswith("/")
    page.evaluate("document.getElementById('upload').dataset.mostBytes = '999999999999'")
    page.get_by_role("button", name="Judge these claims").click()
    expect(page.locator("#said")).to_contain_text("200 MB", timeout=60_000)


def test_the_browser_closed_in_the_middle(browse: Callable[..., Page], server: Server) -> None:
    page = browse("/")
    page.set_input_files("#files", CLINIC)
    page.get_by_role("button", name="Judge these claims").click()
    page.wait_for_url(re.compile("/batches/"))
    path = page.url
    page.close()
    again = browse(path.removeprefix(server.url))
    again.wait_for_selector("#claims", timeout=60_000)
    assert again.locator("#claims tbody tr").count() == 16


def test_remove_asks_first(browse: Callable[..., Page]) -> None:
    page = browse("/")
    worklist(page, CLINIC)
    page.get_by_role("link", name="Remove").click()
    accessible(page)
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_selector("text=Nothing yet")


def test_a_list_is_worked_through_by_keys(browse: Callable[..., Page]) -> None:
    page = browse("/")
    path = worklist(page, CLINIC)
    page.select_option("#f-done", "open")
    expect(page).to_have_url(re.compile("done=open"))
    rows = page.locator("#claims tbody tr")
    first, second, third = (rows.nth(n).get_attribute("id") for n in range(3))
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.locator(f"#{first} td.work")).to_contain_text("Open again")
    expect(page.locator("#work-count")).to_have_text("1 of 9 to work on is done.")
    expect(page.locator(f"#{first} a.claim")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector(".segments")
    page.fill("#note", "called the pharmacy")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".workbox")).to_contain_text("you,")
    accessible(page)
    page.keyboard.press("d")
    page.wait_for_url(re.compile(f"/claims/{(third or '')[1:]}\\?"))
    page.keyboard.press("u")
    expect(rows).to_have_count(14)
    assert rows.first.get_attribute("id") == third
    page.goto(f"{path}?done=done")
    expect(rows).to_have_count(2)
    assert "called the pharmacy" in page.locator(f"#{second} td.work").inner_text()
    accessible(page)
    shot(page, "worked")
