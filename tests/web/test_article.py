"""Article pages, rules and search: in process, and as a user walks them in Chromium."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from cli.conftest_run import run
from pumpclaim.policy import load
from pumpclaim.rules import RULES
from pumpclaim.search import rules_found
from pumpclaim.web.preferences import Switched
from pumpclaim.web.security.visitors import LOCAL

from .conftest import accessible, token_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient
    from playwright.sync_api import Page

__all__ = ["run"]
PAGES = (
    "/article", "/article/statements/C12", "/article/fees", "/article/codes", "/article/readings",
    "/article/chart", "/rules", "/rules/DRG104", "/search?q=morphine", "/keys",
)  # fmt: skip


def words(html: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def switch(client: TestClient, **fields: str) -> Any:
    data = {name.replace("__", ":"): value for name, value in fields.items()}
    return client.post("/article/readings", data=data | {"csrf": token_of(client)})


def test_the_article_shows_what_the_command_line_traces(client: TestClient, run: Any) -> None:
    page = client.get("/article").text
    for one in run("policy", "trace", "--format", "json").json:
        block = page.split(f'id="{one["statement"]}"', 1)[1].split("</article>", 1)[0]
        assert f'href="/article/statements/{one["statement"]}"' in block
        for code in one["rules"]:
            assert f'href="/rules/{code}"' in block
        for figure in one["figures"]:
            assert figure in block
        for name in one["readings"]:
            assert f'href="/article/readings#{name}"' in block
        if one["reason"]:
            assert one["reason"] in block
    head = run("policy", "show", "--format", "json").json["articles"][0]
    said = words(page)
    assert head["later_revision_known"].replace("'", "&#39;") in said
    for one in head["revisions"]:
        assert f"{one['number']} {one['effective']}" in said
    for one in head["contracts"]:
        assert one["number"] in said


def test_every_statement_and_every_rule_has_its_page(client: TestClient) -> None:
    article = load().articles[0]
    for name in article.statements:
        answer = client.get(f"/article/statements/{name}")
        assert answer.status_code == 200, name
    for code, rule in RULES.items():
        answer = client.get(f"/rules/{code}")
        assert answer.status_code == 200, code
        for name in rule.statements:
            assert f'href="/article/statements/{name}"' in answer.text
        said = words(answer.text)
        for part in ("Why", "Fix"):
            assert part in said


def test_links_of_these_pages_lead_somewhere(client: TestClient) -> None:
    ours = ("/article", "/rules", "/search", "/keys", "/refill", "#")
    seen: dict[str, str] = {}
    for path in PAGES:
        for link in set(re.findall(r'href="([^"]+)"', client.get(path).text)):
            if link.startswith(ours):
                target, _, anchor = (path + link if link[0] == "#" else link).partition("#")
                target = target.replace("&amp;", "&")
                if target not in seen:
                    answer = client.get(target)
                    assert answer.status_code == 200, target
                    seen[target] = answer.text
                assert not anchor or f'id="{anchor}"' in seen[target], link


@pytest.mark.parametrize("kind", ["statement", "rule", "code", "remittance", "drug", "fee", "reading", "threshold", "question"])  # fmt: skip
def test_each_kind_of_hit_links_to_its_place(client: TestClient, kind: str) -> None:
    from pumpclaim.search import search
    from pumpclaim.web.pages.look_up import LINKS

    texts = ("C5", "DRG104", "62370", "CARC 16", "morphine", "compounding fee", "compounding-fee", "residual volume", "life expectancy")  # fmt: skip
    hit = next(one for text in texts for one in search(load(), text) if one.kind == kind)
    link = LINKS[kind].format(hit.id.replace(" ", "+"))
    target, _, anchor = link.partition("#")
    answer = client.get(target)
    assert answer.status_code == 200
    assert not anchor or f'id="{anchor}"' in answer.text


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/rules/DRG140", "no rule is called 'DRG140'; did you mean DRG"),
        ("/article/statements/C99", "no statement is called 'C99'; did you mean 'C9'?"),
    ],
)
def test_what_does_not_exist_names_the_nearest(
    client: TestClient, path: str, sentence: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert sentence in answer.text.replace("&#39;", "'")


def test_a_rule_by_its_name_is_sent_to_its_code(client: TestClient) -> None:
    answer = client.get("/rules/missing_kd_modifier")
    assert (answer.status_code, answer.headers["location"]) == (308, "/rules/DRG104")


def test_codes_and_fees_as_of_a_day_and_contract(client: TestClient, run: Any) -> None:
    asked = ("--on", "2016-10-01", "--contractor", "01312")
    told = run("policy", "show", *asked, "--format", "json").json["articles"][0]
    page = client.get("/article/codes?on=2016-10-01&contractor=01312").text
    assert set(re.findall(r'id="code-([^"]+)"', page)) == {one["code"] for one in told["codes"]}
    page = words(client.get("/article/fees?on=2016-10-01&contractor=01312").text)
    for one in told["fees"]:
        assert f"${one['fee']} {one['per']} {one['from']} {one['statement']}" in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("on=2016-08-31", "no article was in force on 2016-08-31"),
        ("on=yesterday", "'yesterday' is no date"),
        ("contractor=99999", "no article here is for contract 99999"),
        ("contractor=%3Cscript%3E", "is no contract number"),
    ],
)
def test_a_day_or_contract_without_article_is_one_sentence(
    client: TestClient, query: str, sentence: str
) -> None:
    for path in ("/article/fees", "/article/codes"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert sentence in answer.text.replace("&#39;", "'")
        assert "<script>" not in answer.text.replace('<script src="', "")


def test_switches_are_kept_marked_and_recorded(client: TestClient) -> None:
    services = client.app.state.services  # type: ignore[attr-defined]
    answer = switch(
        client, reading__compounding_fee="x", **{"reading:kd-on-compound": "not-required"}
    )
    assert answer.status_code == 422
    assert "no reading is called" in answer.text
    assert services.preferences.of(LOCAL) == Switched()
    fields = {"reading:kd-on-compound": "not-required", "threshold:residual_volume": "2.50",
              "threshold:monthly_run": "3", "reading:no-opioid": "reader"}  # fmt: skip
    answer = switch(client, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/article/readings?kept=1")
    kept = services.preferences.of(LOCAL)
    assert dict(kept.readings) == {"kd-on-compound": "not-required"}
    assert {name: float(value) for name, value in kept.thresholds.items()} == {
        "residual_volume": 2.5
    }
    for path in (
        "/article",
        "/article/statements/C17",
        "/rules",
        "/rules/DRG104",
        "/article/fees",
        "/search?q=kd",
        "/refill",
    ):
        assert "/article/readings#kd-on-compound" in client.get(path).text, path
        assert "Switched away from the default" in words(client.get(path).text)
    policy = services.policy_of(_local())
    assert policy.reading("kd-on-compound") == "not-required"
    recorded = [(one.action, one.about) for one in services.audit.entries()]
    assert ("switch-reading", {"switched": "kd-on-compound", "value": "not-required"}) in recorded
    assert len([one for one in recorded if one[0].startswith("switch")]) == 2


def _local() -> Any:
    from pumpclaim.web.security.visitors import Visitor

    return Visitor(LOCAL, "you", "local", None)


def test_back_to_the_default_one_by_one_and_all(client: TestClient) -> None:
    services = client.app.state.services  # type: ignore[attr-defined]
    switch(client, **{"reading:kd-on-compound": "not-required", "reading:infection": "any",
                      "threshold:residual_volume": "3"})  # fmt: skip
    switch(client, **{"reading:kd-on-compound": "not-required", "reading:no-opioid": "not-covered",
                      "default": "reading:kd-on-compound"})  # fmt: skip
    assert dict(services.preferences.of(LOCAL).readings) == {
        "infection": "any",
        "no-opioid": "not-covered",
    }
    switch(
        client, **{"threshold:residual_volume": "nonsense", "default": "threshold:residual_volume"}
    )
    assert dict(services.preferences.of(LOCAL).thresholds) == {}
    switch(client, **{"reading:kd-on-compound": "not-required", "default": "all"})
    assert services.preferences.of(LOCAL) == Switched()


def test_a_threshold_that_cannot_be_is_one_sentence_and_keeps_what_was_typed(
    client: TestClient,
) -> None:
    answer = switch(client, **{"threshold:monthly_run": "2.5", "reading:infection": "any"})
    assert answer.status_code == 422
    assert "write a whole number from 0 to 10000" in answer.text
    assert 'value="2.5"' in answer.text
    assert re.search(r'value="any" checked', answer.text)
    services = client.app.state.services  # type: ignore[attr-defined]
    assert services.preferences.of(LOCAL) == Switched()


def test_a_switch_without_token_is_refused(client: TestClient) -> None:
    answer = client.post("/article/readings", data={"reading:infection": "any"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 100,
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "{{7*7}}",
        "%00",
        "' OR 1=1",
    ],
)
def test_hostile_searches_are_escaped(client: TestClient, text: str) -> None:
    for path in ("/search", "/rules"):
        answer = client.get(path, params={"q": text, "find": text, "family": text})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "49" not in re.sub(r"\d{3,}", "", words(answer.text)) or "{{" not in text


def test_what_is_found_is_marked(client: TestClient) -> None:
    page = client.get("/search?q=morfine").text
    assert "taken for <strong>morphine</strong>" in page
    assert 'href="/article/fees#drug-morphine"><mark>Morphine</mark></a>' in page


def test_the_filter_of_rules_answers_htmx_with_a_part(client: TestClient) -> None:
    whole = client.get("/rules?find=modifier")
    part = client.get("/rules?find=modifier", headers={"HX-Request": "true"})
    assert "<html" in whole.text
    assert "<html" not in part.text
    listed = re.findall(r'<a class="code" href="/rules/(\w+)"', part.text)
    assert "DRG104" in listed
    assert f"{len(listed)} of {len(RULES)} rules" in part.text
    assert re.findall(r'<a class="code" href="/rules/(\w+)"', whole.text) == listed


def test_a_reader_switches_a_reading_and_sees_it_marked(browse: Callable[..., Page]) -> None:
    page = browse("/article")
    page.get_by_role("navigation", name="Article").get_by_role("link", name="Readings").click()
    page.get_by_label("per-cartridge").check()
    page.get_by_role("button", name="Keep my choices").first.click()
    page.get_by_text("hold for what is judged from now on.", exact=False).first.wait_for()
    group = page.get_by_role("group", name="Is the compounding fee paid per refill")
    group.get_by_text("switched").wait_for()
    accessible(page)
    page.get_by_role("link", name="Statements", exact=True).click()
    block = page.locator("article.statement", has=page.get_by_role("link", name="P3", exact=True))
    assert "switched" in block.inner_text()
    page.goto("/refill")
    page.locator("#text").fill("morphine 20 mg, 3 cartridges")
    page.get_by_text("$181.00 allowed").wait_for()
    page.goto("/article/readings")
    page.get_by_role("button", name="Back to the default of compounding-fee").click()
    page.get_by_text("0 switched").wait_for()
    page.goto("/article")
    assert page.locator(".switched").count() == 0


def test_a_reader_searches_a_misspelt_drug_from_any_page(browse: Callable[..., Page]) -> None:
    page = browse("/article")
    page.keyboard.press("s")
    page.keyboard.type("zikonotid")
    page.keyboard.press("Enter")
    page.get_by_text("taken for").wait_for()
    page.get_by_role("link", name="Fee of ziconotide").click()
    page.wait_for_url("**/article/fees#fee-ziconotide")
    assert "$7.9000" in page.locator("#fee-ziconotide").inner_text()


def test_the_rules_are_filtered_as_one_types(browse: Callable[..., Page]) -> None:
    page = browse("/rules")
    page.get_by_label("Filter", exact=True).press_sequentially("modifier kd")
    expect(page.locator("#rules tbody tr")).to_have_count(len(rules_found("modifier kd")))
    assert page.get_by_role("link", name="DRG104").is_visible()
    assert "find=modifier%20kd" in page.url
    page.get_by_role("link", name="DRG104").click()
    page.get_by_role("heading", name="Why").wait_for()


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_accessible(browse: Callable[..., Page], path: str) -> None:
    for look in ({}, {"dark": True}, {"width": 390}):
        page = browse(path, **look)
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= look.get("width", 1280)


def test_the_json_of_the_trace_keeps_its_keys(run: Any) -> None:
    first = run("policy", "trace", "--format", "json").json[0]
    assert {"statement", "summary", "where", "rules", "figures", "reason"} <= first.keys()
    assert json.dumps(first["decided_from"]) == '["claim"]'
