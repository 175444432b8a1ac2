"""The worklist as a page: what it says is what the library says."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import pumpclaim
from pumpclaim.web.security.guard import visitor_of
from pumpclaim.web.security.visitors import Visitor
from pumpclaim.web.templating import VARY

from .charting import HTMX
from .conftest import token_of
from .pages import claim_number, claims_of, filtered, flat, results, shown
from .uploads import uploaded

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


BACK = {"HX-History-Restore-Request": "true"}
"""What htmx adds when it asks for a page that a visitor goes back to."""


def test_claims_stand_in_the_order_of_the_library(client: TestClient, batch: str) -> None:
    page = client.get(f"/batches/{batch}").text
    assert shown(page) == results(client, batch).worklist["claim"].to_list()


@pytest.mark.parametrize(
    "query",
    [
        "determination=fix", "outcome=records", "rule=DRG104", "rule=COD", "provider=1234567802",
        "patient=9XX0004", "claim=R-10", "first_day=2026-01-01", "last_day=2025-12-31",
        "determination=fix&rule=DRG&claim=R-1006", "patient=nobody",
    ],
)  # fmt: skip
def test_a_filter_shows_what_the_library_selects(
    client: TestClient, batch: str, query: str
) -> None:
    from pumpclaim.worklist import Selection

    fields = dict(pair.split("=") for pair in query.split("&"))
    asked: dict[str, Any] = dict(fields)
    for name in ("first_day", "last_day"):
        if name in asked:
            asked[name] = date.fromisoformat(asked[name])
    wanted = Selection(**asked).of(results(client, batch).worklist)
    typed = {"csrf": token_of(client), **fields, "outcome": fields.get("outcome", "")}
    part = client.post(f"/batches/{batch}", data=typed, headers=HTMX)
    assert part.text.startswith('<section id="worklist"')
    where = filtered(client, batch, **typed)
    assert part.headers["hx-push-url"].split("sought")[0] == where.split("sought")[0]
    for name in ("patient", "claim"):
        assert fields.get(name, "nothing") not in where, "no id stands in an address"
    whole = client.get(where)
    back = client.get(where, headers={**HTMX, **BACK})
    assert "<!doctype html>" in back.text
    assert whole.headers["vary"] == back.headers["vary"] == VARY
    for text in (part.text, whole.text, client.get(f"/batches/{batch}?{query}").text):
        assert shown(text) == wanted["claim"].to_list()
    asked_for = where.partition("?")[2]
    exported = json.loads(client.get(f"/batches/{batch}/export.json?{asked_for}").content)
    assert [one["claim_id"] for one in exported["claims"]] == wanted["claim_id"].to_list()
    content = client.get(f"/batches/{batch}/export.csv?{asked_for}").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["claim_id"] for row in rows] == wanted["claim_id"].to_list()


def test_what_is_sought_is_opened_for_who_sought_it_alone(client: TestClient, batch: str) -> None:
    where = filtered(client, batch, patient="9XX0004")
    assert re.fullmatch(r"/batches/\w+\?sought=[\w-]+", where)
    assert len(shown(client.get(where).text)) == 1
    assert 'value="9XX0004"' in client.get(where).text
    for odd in (
        where[:-3],
        where + "x",
        where[: where.index("=") + 1] + "e30",
        f"/batches/{batch}?sought=%00",
    ):
        assert len(shown(client.get(odd).text)) == 19, odd
    client.app.dependency_overrides[visitor_of] = lambda: Visitor("rita", "rita", "reviewer", None)
    assert len(shown(client.get(where).text)) == 19


def test_what_is_sealed_for_the_search_opens_in_no_list_and_the_other_way_round(
    client: TestClient, batch: str
) -> None:
    for text in ('{"patient": ', '{"patient": ["9XX0004"]}', '{"patient": "9XX0004"}', "{}x"):
        answer = client.post("/search", data={"csrf": token_of(client), "q": text})
        word = answer.headers["location"].partition("?")[2]
        assert len(shown(client.get(f"/batches/{batch}?{word}").text)) == 19, text
        assert client.get(f"/charts?{word}").status_code == 200
    word = filtered(client, batch, patient="9XX0004").partition("?")[2]
    assert "9XX0004" not in client.get(f"/search?{word}").text


def test_a_day_that_is_none_is_said(client: TestClient, batch: str) -> None:
    answer = client.get(f"/batches/{batch}?first_day=yesterday")
    assert answer.status_code == 422
    assert "is no date" in answer.text
    assert client.get(f"/batches/{batch}/export.pdf").status_code == 404


def test_pages_hold_every_claim_once(client: TestClient) -> None:
    many = claims_of([
        {"id": f"M-{n}", "patient_id": f"P{n}", "date": date(2026, 1, 5), "lines": ["J7999 CLONIDINE 20MCG"]}
        for n in range(120)
    ])  # fmt: skip
    batch = uploaded(client, ("many.csv", flat(many)))
    seen: list[str] = []
    for number in (1, 2, 3):
        seen += re.findall(
            r"/claims/\d+\">(M-\d+)", client.get(f"/batches/{batch}?page={number}").text
        )
    assert sorted(seen) == sorted(f"M-{n}" for n in range(120))
    for odd in ("0", "99", "-1", "x", "1" * 40):
        assert client.get(f"/batches/{batch}?page={odd}").status_code == 200


def test_billers_know_names(client: TestClient, batch: str, review: pumpclaim.Review) -> None:
    stone = claim_number(client, batch, "R-1006")
    for typed in ("stone", "STONE, Morgan", "morgan stone", "9xx0004 stone"):
        assert shown(client.get(filtered(client, batch, patient=typed)).text) == [stone], typed
    assert shown(client.get(filtered(client, batch, patient="stone quill")).text) == []
    page = client.get(f"/batches/{batch}/claims/{stone}").text
    assert '<h1>Claim <span class="code">R-1006</span>, STONE, MORGAN, 2026-01-05</h1>' in page
    listed = client.get(f"/batches/{batch}").text
    assert "STONE, MORGAN" in listed
    assert 'class="file soft">hospital.837</span>' in listed
    services = client.app.state.services
    made = services.charts.create(
        "local", "encounter", "9xx-0004yy04", {"visit_date": {"answer": "2026-01-05"}}
    )
    services.charts.create("local", "encounter", "OTHER", {"visit_date": {"answer": "2026-01-05"}})
    found = client.post("/charts/list", data={"csrf": token_of(client), "patient": "morgan"})
    assert "morgan" not in found.headers["location"]
    charts = client.get(found.headers["location"]).text
    assert "STONE, MORGAN" in charts
    assert "OTHER" not in charts
    assert "STONE, MORGAN" in client.get(f"/charts/{made.id}").text
    assert "STONE, MORGAN" in client.get(f"/batches/{batch}/export.csv").content.decode()


def test_names_stand_in_no_finding_and_no_log(
    client: TestClient, batch: str, review: pumpclaim.Review, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in ("", "/claims/3", "/export.csv", "/export.findings.csv"):
        client.get(f"/batches/{batch}{path}")
    findings = results(client, batch).findings_of(pl.Series(range(19)))
    logged = client.app.state.services.settings.data / "audit.jsonl"
    told = [findings.write_json(), logged.read_text(), *capfd.readouterr()]
    for name in review.claim_set.claims["patient_name"]:
        assert not any(name.split(",")[0] in text for text in told), name
