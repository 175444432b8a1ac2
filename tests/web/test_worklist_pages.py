"""The worklist, the claim and utilization as pages: what they say is what the library says."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import sqlalchemy as sa
from starlette.exceptions import HTTPException

import pumpclaim
from pumpclaim.policy import load
from pumpclaim.readers.flat import write_flat
from pumpclaim.reports.amounts import dollars, grouped, with_commas
from pumpclaim.web.batches import across
from pumpclaim.web.batches.results import GoneError, Results
from pumpclaim.web.batches.work import Work, WorkStore
from pumpclaim.web.schema import work
from pumpclaim.web.security.guard import visitor_of
from pumpclaim.web.security.visitors import Visitor
from pumpclaim.web.templating import VARY

from .charting import HTMX
from .conftest import EXAMPLES, token_of
from .uploads import judged, uploaded

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

BACK = {"HX-History-Restore-Request": "true"}
"""What htmx adds when it asks for a page that a visitor goes back to."""
SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "x12" / "generated-a55239"


def plain(page: str) -> str:
    """The text of a page, tags taken away, blanks made one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def squeezed(page: str) -> str:
    """The letters of a page, for what is told in several elements."""
    return re.sub(r"\s", "", plain(page))


def results(client: TestClient, batch: str) -> Results:
    store = client.app.state.services.batches
    return Results(store.results(store.get(batch)))


@pytest.fixture
def batch(client: TestClient) -> str:
    files = [(name, (EXAMPLES / name).read_bytes()) for name in ("clinic.837", "hospital.837")]
    return uploaded(client, *files)


@pytest.fixture(scope="module")
def review() -> pumpclaim.Review:
    return pumpclaim.check(
        pumpclaim.read(str(EXAMPLES / "clinic.837"), str(EXAMPLES / "hospital.837"))
    )


def shown(page: str) -> list[int]:
    """The claims that a list shows, in its order."""
    return [int(one) for one in re.findall(r'<tr id="c(\d+)"', page)]


def filtered(client: TestClient, batch: str, **fields: str) -> str:
    """The address to which the form of the filter leads."""
    answer = client.post(f"/batches/{batch}", data={"csrf": token_of(client), **fields})
    assert answer.status_code == 303
    return str(answer.headers["location"])


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


def flat(claims: Any) -> bytes:
    """A claim set as the CSV that a clinic would keep."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.csv"
        write_flat(claims, path)
        return path.read_bytes()


def test_every_claim_has_a_page_that_says_what_check_says(
    client: TestClient, batch: str, review: pumpclaim.Review
) -> None:
    for number, told in enumerate(review.to_dicts()["claims"]):
        text = plain(client.get(f"/batches/{batch}/claims/{number}").text)
        assert told["claim_id"] in text
        for finding in told["findings"]:
            assert squeezed(html.escape(finding["message"])) in squeezed(text), finding["rule"]
            assert plain(html.escape(finding["fix"])) in text
            for statement in finding["statements"]:
                assert statement in text
        for line in told["lines"]:
            for item in line["pricing"]:
                amount = f"{item['item']} {grouped(item['amount'])} {item['unit']}"
                assert amount.lower() in text.lower()
                assert with_commas(item["extended"]) in text
            if line["allowed"] is not None:
                assert with_commas(line["allowed"]) in text
    assert client.get(f"/batches/{batch}/claims/999").status_code == 404
    assert client.get(f"/batches/{batch}/claims/x").status_code == 422


def claim_number(client: TestClient, batch: str, name: str) -> int:
    kept = results(client, batch).worklist
    return int(kept.row(by_predicate=pl.col("claim_id") == name, named=True)["claim"])


def test_what_decides_stands_first_and_leads_to_its_finding(
    client: TestClient, batch: str, review: pumpclaim.Review
) -> None:
    rank = ["advise", "package", "records", "reject", "deny"]
    for number, told in enumerate(review.to_dicts()["claims"]):
        page = client.get(f"/batches/{batch}/claims/{number}").text
        costly = [one for one in told["findings"] if rank.index(one["outcome"]) >= 2]
        costly.sort(key=lambda one: (-rank.index(one["outcome"]), one["line"] or 0))
        banner = page[page.index('class="verdict') : page.index('<div class="two">')]
        links = [
            (anchor, html.unescape(title))
            for anchor, title in re.findall(r'<a href="#(finding-\d+)">([^<]+)</a>', banner)
        ]
        assert [title for _, title in links] == [one["title"] for one in costly]
        for anchor, title in links:
            own = page[page.index(f'id="{anchor}"') :]
            assert title in html.unescape(own[: own.index("</div>")])
        assert len(set(re.findall(r'id="(finding-\d+)"', page))) == len(told["findings"])


def test_other_claims_that_a_message_names_are_links(client: TestClient, batch: str) -> None:
    for name, other in (("R-1002", "R-1003"), ("R-1003", "R-1002")):
        page = client.get(f"/batches/{batch}/claims/{claim_number(client, batch, name)}").text
        found = re.search(r'is on another claim: <a [^>]*href="([^"]+)">([^<]+)</a>\.', page)
        assert found is not None
        assert found[2] == other
        assert f"Claim {other}" in plain(client.get(found[1]).text)


def test_many_statements_are_folded(client: TestClient, batch: str) -> None:
    page = client.get(f"/batches/{batch}/claims/{claim_number(client, batch, 'R-1001')}").text
    assert "<summary>Rests on 9 statements: H1, D1, D2, D3, D4, D5, D6, L1, L2</summary>" in page


@pytest.mark.parametrize(
    ("claim", "rule", "marked"),
    [
        ("R-1004", "DRG104", "J7999"), ("R-1006", "DRG112", "CLONIDINE"), ("R-1005", "DRG107", "COMPOUNDED DRUG"),
        ("R-1009", "PRC102", "22"), ("R-1015", "JUR202", "AZ"),
    ],
)  # fmt: skip
def test_the_element_that_is_wrong_is_marked(
    client: TestClient, batch: str, claim: str, rule: str, marked: str
) -> None:
    kept = results(client, batch).worklist
    number = kept.row(by_predicate=pl.col("claim_id") == claim, named=True)["claim"]
    page = client.get(f"/batches/{batch}/claims/{number}").text
    texts = re.findall(rf'<mark title="[^"]*{rule}[^"]*">([^<]*)</mark>', page)
    assert any(marked in text for text in texts), texts
    clean = kept.row(by_predicate=pl.col("claim_id") == "T-1011", named=True)["claim"]
    assert "<mark title" not in client.get(f"/batches/{batch}/claims/{clean}").text


def test_a_claim_from_a_table_shows_its_cells_with_marks(client: TestClient) -> None:
    batch = uploaded(client, ("clinic.csv", (EXAMPLES / "clinic.csv").read_bytes()))
    kept = results(client, batch).worklist.filter(pl.col("rules").list.contains("DRG104"))
    page = client.get(f"/batches/{batch}/claims/{kept['claim'][0]}").text
    assert re.search(r'<dt>hcpcs</dt><dd><mark title="[^"]*DRG104', page)
    assert re.search(r"clinic.csv, row \d+\.", page)
    assert "segment" not in plain(page)


def test_a_table_shows_its_own_names_and_rows(client: TestClient) -> None:
    own = (
        "Claim ID;Patient ID;Procedure Code;Modifiers;Service Date;Charge;Description;Billing State;Payer ID\n"
        "A-1;P1;62370;;2026-01-05;180.00;;NV;01312\n"
        "A-1;P1;J7999;;2026-01-05;900.00;CLONIDINE 2000MCG;NV;01312\n"
    )
    batch = uploaded(client, ("own.csv", own.encode()))
    page = plain(client.get(f"/batches/{batch}/claims/0").text)
    assert "own.csv, row 2." in page
    assert "Line 2, row 3" in page
    assert "Procedure Code J7999 ← DRG104" in page
    for ours in ("hcpcs", "billing_state", "service_from", "units"):
        assert ours not in page.split("As it was read")[1], "what the file does not have"


def test_a_segment_ends_as_it_does_in_the_file(client: TestClient) -> None:
    text = (EXAMPLES / "clinic.837").read_bytes()
    for end, said in ((b"'", "*1***1'"), (b"\n", "*1***1 ←")):
        data = text.replace(b"~\n", b"~").replace(b"~", end)
        batch = uploaded(client, ("end.837", data))
        page = plain(
            client.get(f"/batches/{batch}/claims/{claim_number(client, batch, 'R-1004')}").text
        )
        assert "~" not in page.split("As it was read")[1]
        assert said in page


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"{SAMPLE} is not there")
def test_a_file_that_others_wrote(client: TestClient) -> None:
    file = SAMPLE / "a55239_837p.txt"
    batch = uploaded(client, (file.name, file.read_bytes()))
    told = pumpclaim.check(pumpclaim.read(str(file))).to_dicts()["claims"]
    for number, claim in enumerate(told):
        page = client.get(f"/batches/{batch}/claims/{number}")
        assert page.status_code == 200
        for finding in claim["findings"]:
            assert finding["rule"] in page.text


HOSTILE = "<img src=x onerror=alert(1)>"


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


def test_a_script_in_a_claim_is_text(client: TestClient) -> None:
    claims = claims_of([
        {"id": "X1", "date": date(2026, 1, 5), "note": HOSTILE, "lines": [f"J7999 {HOSTILE}", "62370"]}
    ])  # fmt: skip
    wide = claims.claims.with_columns(
        pl.lit(HOSTILE).alias("claim_id"), pl.lit(HOSTILE).alias("patient_id")
    )
    batch = uploaded(client, (f"{HOSTILE}.csv", flat(pumpclaim.ClaimSet(wide, claims.lines))))
    for path in (
        "/", f"/batches/{batch}", f"/batches/{batch}/claims/0", f"/batches/{batch}/remove",
        f"/utilization?batch={batch}", f"/utilization/{batch}/patients/0",
    ):  # fmt: skip
        page = client.get(path).text
        assert "<img src=x" not in page, path
        assert "&lt;img src=x onerror" in page, path


def refills() -> tuple[bytes, list[dict[str, Any]]]:
    """A year of monthly refills of a pump that holds four months, and the records of the visits."""
    days = [date(2025, 1, 6) + timedelta(days=30 * n) for n in range(8)]
    claims = claims_of([
        {"id": f"F-{n}", "patient_id": "PX1", "date": day, "lines": ["62370", "J7999-KD MORPHINE 360MG"]}
        for n, day in enumerate(days)
    ])  # fmt: skip
    answers = {
        "volume_after": "20 mL", "concentration": "20 mg/mL", "daily_dose": "3 mg/day", "drug": "morphine",
        "dose_or_drug_changed": "no",
    }  # fmt: skip
    return flat(claims), [{"visit_date": day.isoformat(), **answers} for day in days]


@pytest.fixture
def yearly(client: TestClient) -> str:
    data, records = refills()
    services = client.app.state.services
    for record in records:
        answers = {name: {"answer": value} for name, value in record.items()}
        services.charts.create("local", "encounter", "PX-1", answers)
    return uploaded(client, ("year.csv", data))


def test_utilization_says_what_the_library_measures(client: TestClient, yearly: str) -> None:
    measured = results(client, yearly).utilization(load())
    row = measured.by("provider").row(0, named=True)
    page = plain(client.get(f"/utilization?batch={yearly}").text)
    assert f"{row['early_refills']} of {row['refills_judged']}" in page
    assert row["early_refills"] == 7
    assert with_commas(dollars(row["above_supply"])) in page
    for path in ("practices/0", "patients/0"):
        text = client.get(f"/utilization/{yearly}/{path}").text
        assert "PX1" in text
    for path in ("practices/0/picture.svg", "patients/0/reservoir.svg"):
        picture = client.get(f"/utilization/{yearly}/{path}")
        assert picture.headers["content-type"] == "image/svg+xml"
        assert b"<desc>" in picture.content
    for path in ("practices/7", "patients/7", "practices/7/picture.svg", "patients/-1"):
        assert client.get(f"/utilization/{yearly}/{path}").status_code == 404
    assert yearly in client.get("/utilization").text


def test_a_practice_lists_its_own_refills_of_its_patients_page_by_page(client: TestClient) -> None:
    shared = [
        {"id": f"S-{n}", "patient_id": "SHARED", "date": date(2025, 1, 6) + timedelta(days=30 * n),
         "billing_provider_npi": "1888888886" if n else "1999999984", "lines": ["62370"]}
        for n in range(5)
    ]  # fmt: skip
    many = [
        {"id": f"M-{n}", "patient_id": f"P{n:03}", "date": date(2025, 1, 6),
         "billing_provider_npi": "1999999984", "lines": ["62370"]}
        for n in range(130)
    ]  # fmt: skip
    batch = uploaded(client, ("shared.csv", flat(claims_of(shared + many))))
    where = f"/utilization/{batch}/practices/0"
    seen = [
        re.findall(r'patients/(\d+)">(\w+)</a></td><td data-label="Refills" class="number">(\d+)', text)
        for text in (client.get(where).text, client.get(f"{where}?page=2").text)
    ]  # fmt: skip
    assert [len(rows) for rows in seen] == [100, 31]
    rows = [row for part in seen for row in part]
    assert {row[1] for row in rows} == {"SHARED", *(f"P{n:03}" for n in range(130))}
    assert {row[2] for row in rows} == {"1"}
    assert "101 to 131 of 131" in plain(client.get(f"{where}?page=2").text)
    number = next(row[0] for row in rows if row[1] == "SHARED")
    page = client.get(f"/utilization/{batch}/patients/{number}").text
    assert page.count("1888888886") >= 4
    assert re.findall(r"practices/(\d)", page) == ["0", "1"]


def test_the_claim_shows_the_reservoir_and_the_record(client: TestClient, yearly: str) -> None:
    kept = results(client, yearly).worklist
    assert "UTL101" in kept["rules"].explode().to_list()
    page = client.get(f"/batches/{yearly}/claims/3")
    text = plain(page.text)
    assert "2025-01-06" in text
    assert "Record of a visit of 2025-04-06" in text
    assert "dose or drug changed: no" in text
    assert "concentration 20 mg/mL" in text
    assert client.get(f"/batches/{yearly}/claims/3/reservoir.svg").status_code == 200


def test_a_patient_without_refills_has_no_picture(client: TestClient, batch: str) -> None:
    number = results(client, batch).worklist.row(
        by_predicate=pl.col("claim_id") == "I-1010", named=True
    )["claim"]
    page = client.get(f"/batches/{batch}/claims/{number}").text
    assert "reservoir.svg" not in page
    assert client.get(f"/batches/{batch}/claims/{number}/reservoir.svg").status_code == 404


def mark(client: TestClient, batch: str, claim: int, **fields: str) -> Any:
    """Send the form of a claim's work."""
    typed = {"csrf": token_of(client), **fields}
    return client.post(f"/batches/{batch}/claims/{claim}/work", data=typed)


def test_claims_are_marked_done_with_a_note_and_opened_again(
    client: TestClient, batch: str
) -> None:
    claim, other = claim_number(client, batch, "R-1004"), claim_number(client, batch, "R-1006")
    answer = mark(client, batch, claim, done="yes", query="determination=fix", back="list")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/batches/{batch}?determination=fix#c{claim}"
    assert (
        mark(client, batch, claim, note=" called \x00 the\tpharmacy ", back="claim").status_code
        == 303
    )
    page = plain(client.get(f"/batches/{batch}/claims/{claim}").text)
    assert "Work: done" in page
    for query, wanted in (("done=done", [claim]), ("done=open", None), ("", None)):
        text = client.get(f"/batches/{batch}?{query}").text
        assert (shown(text) == [claim]) == (wanted is not None)
        assert (claim in shown(text)) == (query != "done=open")
    assert "1 of 9 to work on is done." in plain(client.get(f"/batches/{batch}").text)
    assert re.search(r'data-label="Done" class="number">1<', client.get("/").text)
    exported = json.loads(client.get(f"/batches/{batch}/export.json").content)["claims"]
    told = {one["claim_id"]: one for one in exported}
    assert (told["R-1004"]["done"], told["R-1004"]["note"]) == (True, "called � the pharmacy")
    assert (told["R-1006"]["done"], told["R-1006"]["note"]) == (False, None)
    rows = client.get(f"/batches/{batch}/export.csv?done=done").content.decode("utf-8-sig")
    assert [row["note"] for row in csv.DictReader(io.StringIO(rows))] == ["called � the pharmacy"]
    assert client.get(f"/batches/{batch}/export.xlsx").status_code == 200
    following = mark(
        client, batch, claim, done="yes", query="determination=fix&done=open", back="next"
    )
    order = shown(client.get(f"/batches/{batch}?determination=fix").text)
    expected = order[order.index(claim) + 1]
    assert following.headers["location"].startswith(f"/batches/{batch}/claims/{expected}?")
    mark(client, batch, claim, done="no")
    assert shown(client.get(f"/batches/{batch}?done=done").text) == []
    assert mark(client, batch, other, note="x" * 501).status_code == 422
    assert mark(client, batch, 999, done="yes").status_code == 404
    actions = [entry.action for entry in client.app.state.services.audit.entries()]
    assert {"claim done", "note on claim", "claim open again"} <= set(actions)


def test_what_a_new_judging_says_otherwise_is_open_again(client: TestClient, batch: str) -> None:
    services = client.app.state.services
    changed, same = claim_number(client, batch, "R-1004"), claim_number(client, batch, "R-1006")
    for claim in (changed, same):
        mark(client, batch, claim, done="yes", note="called")
    with services.engine.begin() as connection:
        here = (work.c.batch == batch) & (work.c.claim == changed)
        connection.execute(sa.update(work).where(here).values(determination="denied"))
    client.post(f"/batches/{batch}/judge", data={"csrf": token_of(client)})
    judged(client, batch)
    assert shown(client.get(f"/batches/{batch}?done=done").text) == [same]
    assert re.search(r'data-label="Done" class="number">1<', client.get("/").text)
    row = client.get(f"/batches/{batch}").text.split(f'<td data-label="Work" id="w{changed}"')[1]
    assert "judged otherwise since it was done as denied" in plain(row.split("</td>")[0])
    page = plain(client.get(f"/batches/{batch}/claims/{changed}").text)
    assert "It was done as denied , and was judged otherwise since: it is open again." in page
    mark(client, batch, changed, done="yes")
    assert "judged otherwise" not in client.get(f"/batches/{batch}").text
    with services.engine.begin() as connection:
        connection.execute(sa.update(work).values(claim_id="another"))
    text = client.get(f"/batches/{batch}").text
    assert "called" not in text, "what was done with another claim of that number"


def test_nothing_is_noted_where_the_upload_is_no_longer_as_it_was_read(
    client: TestClient, batch: str
) -> None:
    services = client.app.state.services
    store, works = services.batches, WorkStore(services.engine)
    found, row = store.get(batch), results(client, batch).worklist.row(0, named=True)
    me = Visitor("local", "local", "administrator", None)
    assert mark(client, batch, row["claim"]).status_code == 422
    store.judge_again(batch, found.options)
    with pytest.raises(HTTPException) as refused:
        works.change(found, row, me, done=True)
    assert refused.value.status_code == 409
    store.remove(batch)
    with pytest.raises(HTTPException) as refused:
        works.change(found, row, me, note="late")
    assert refused.value.status_code == 404
    assert works.of(batch) == {}
    left = Work(1, None, True, None, "left", "local", found.created)
    with services.engine.begin() as connection:
        connection.execute(sa.insert(work).values(batch=batch, user="local", **left.__dict__))
    store.tidy()
    assert works.of(batch) == {}


def test_the_worklist_is_read_once_for_a_click_and_not_for_an_export(
    client: TestClient, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    scan, documents = Results._scan, client.app.state.services.charts.documents

    def scanned(results: Results, name: str) -> pl.LazyFrame:
        read.append(name)
        return scan(results, name)

    def asked(owner: str) -> Any:
        read.append("charts")
        return documents(owner)

    monkeypatch.setattr(Results, "_scan", scanned)
    monkeypatch.setattr(client.app.state.services.charts, "documents", asked)
    typed = {"csrf": token_of(client), "done": "yes"}
    path = f"/batches/{batch}/claims/0/work"
    assert client.post(path, data=typed, headers=HTMX).status_code == 200
    assert read == ["worklist"]
    read.clear()
    assert client.get(f"/batches/{batch}/export.csv").status_code == 200
    assert read == []
    client.post(f"/batches/{batch}", data={"csrf": typed["csrf"], "claim": "R"}, headers=HTMX)
    assert "charts" not in read
    client.get(f"/batches/{batch}")
    assert "charts" in read


def test_work_is_its_owners_and_ends_with_the_upload(client: TestClient, batch: str) -> None:
    services = client.app.state.services
    mark(client, batch, 3, done="yes", note="mine")
    client.app.dependency_overrides[visitor_of] = lambda: Visitor("rita", "rita", "reviewer", None)
    assert mark(client, batch, 3, done="no").status_code == 403
    seen = client.get(f"/batches/{batch}/claims/3").text
    assert "mine" in seen
    assert "/work" not in seen
    client.app.dependency_overrides[visitor_of] = lambda: Visitor("bob", "bob", "biller", None)
    assert mark(client, batch, 3, done="no").status_code == 404
    client.app.dependency_overrides.clear()
    client.post(f"/batches/{batch}/remove", data={"csrf": token_of(client)})
    assert WorkStore(services.engine).of(batch) == {}


def test_a_claim_sent_again_tells_of_both(client: TestClient, batch: str) -> None:
    mended = (EXAMPLES / "clinic.837").read_bytes().replace(b"J7999::::FENT", b"J7999:KD::::FENT")
    again = uploaded(
        client, ("again.837", mended.replace(b"HC:J7999:::::FENTANYL", b"HC:J7999:KD::::FENTANYL"))
    )
    old, new = claim_number(client, batch, "R-1004"), claim_number(client, again, "R-1004")
    before = plain(client.get(f"/batches/{batch}/claims/{old}").text)
    assert "Judged again later in again.837" in before
    (entry,) = client.app.state.services.audit.entries(1)
    assert (entry.about["batch"], entry.about["batches"]) == (batch, [again])
    assert re.search(r"again.837 , sent [\d: -]+UTC : payable", before)
    page = client.get(f"/batches/{again}/claims/{new}").text
    assert re.search(
        r"Judged before in clinic.837, hospital.837 , sent [\d: -]+UTC : fix and resubmit, \$220.00",
        plain(page),
    )
    assert f'href="/batches/{batch}/claims/{old}"' in page
    client.app.dependency_overrides[visitor_of] = lambda: Visitor("bob", "bob", "biller", None)
    theirs = uploaded(client, ("theirs.837", mended))
    assert (
        "Judged"
        not in plain(client.get(f"/batches/{theirs}/claims/{old}").text).split("Service lines")[0]
    )


def sought(client: TestClient, text: str) -> str:
    answer = client.post("/search", data={"csrf": token_of(client), "q": text})
    assert answer.status_code == 303
    assert text not in answer.headers["location"]
    return client.get(answer.headers["location"]).text


def test_the_header_finds_claims_and_charts_of_ones_own(client: TestClient, batch: str) -> None:
    services = client.app.state.services
    chart = services.charts.create(
        "local", "encounter", "9XX-0004YY04", {"visit_date": {"answer": "2026-01-05"}}
    )
    number = claim_number(client, batch, "R-1006")
    for text in ("R-1006", "stone morgan", "9xx0004yy04"):
        page = sought(client, text)
        assert f'href="/batches/{batch}/claims/{number}"' in page, text
        assert (f"/charts/{chart.id}" in page) == (text != "R-1006")
    assert "Claims 11" in plain(sought(client, "R-10"))
    page = plain(sought(client, "DRG104"))
    assert "A drug given through the pump is billed without modifier KD" in page
    assert "Nothing is found for" in plain(sought(client, "zebra"))
    finds = [dict(entry.about) for entry in services.audit.entries() if entry.action == "find"]
    assert any(["R-1006", "9XX0004YY04"] in one.get("claims", []) for one in finds)
    assert any([chart.id, "9XX-0004YY04"] in one.get("charts", []) for one in finds)
    client.app.dependency_overrides[visitor_of] = lambda: Visitor("bob", "bob", "biller", None)
    assert batch not in sought(client, "R-1006")
    assert chart.id not in sought(client, "stone")


def test_claims_and_charts_are_found_by_the_same_ids(client: TestClient, batch: str) -> None:
    services = client.app.state.services
    chart = services.charts.create(
        "local", "encounter", "9XX-0004YY04", {"visit_date": {"answer": "2026-01-05"}}
    )
    number = claim_number(client, batch, "R-1006")
    for text in ("9xx0004yy04", "9XX-0004-YY04", "- 9XX0004-YY04"):
        page = sought(client, text)
        assert f'href="/batches/{batch}/claims/{number}"' in page, text
        assert f"/charts/{chart.id}" in page, text
        assert shown(client.get(filtered(client, batch, patient=text)).text) == [number]
    assert f"/claims/{number}" in sought(client, "r1006")
    for nothing in ("-", "- -", ","):
        page = client.get("/search", params={"q": nothing}).text
        assert f"/charts/{chart.id}" not in page
        assert "/claims/" not in page


def test_a_claim_sent_again_is_known_however_its_patients_id_is_written(
    client: TestClient,
) -> None:
    claim = {"id": "A-1", "patient_id": "9XX0004YY04", "date": date(2026, 1, 5), "lines": ["62370"]}
    uploaded(client, ("first.csv", flat(claims_of([claim]))))
    written = {**claim, "patient_id": "9xx-0004-yy04"}
    again = uploaded(client, ("second.csv", flat(claims_of([written]))))
    assert "Judged before in first.csv" in plain(client.get(f"/batches/{again}/claims/0").text)


def test_an_upload_whose_tables_are_gone_hinders_no_other(
    client: TestClient, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = client.app.state.services
    chart = services.charts.create(
        "local", "encounter", "9XX-0004YY04", {"visit_date": {"answer": "2026-01-05"}}
    )
    claim = {"id": "A-1", "patient_id": "9XX0004YY04", "date": date(2026, 1, 5), "lines": ["62370"]}
    gone = uploaded(client, ("gone.csv", flat(claims_of([claim]))))
    folder, number = results(client, gone).folder, claim_number(client, batch, "R-1006")
    scan = pl.scan_parquet

    def removed_meanwhile(*given: Any, **how: Any) -> pl.LazyFrame:
        found = scan(*given, **how)
        shutil.rmtree(folder, ignore_errors=True)
        return found

    monkeypatch.setattr(across.pl, "scan_parquet", removed_meanwhile)
    paths = (f"/charts/{chart.id}", f"/batches/{batch}/claims/{number}", "/search?q=9XX0004YY04")
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200, path
        assert f"/batches/{gone}" not in page.text
    assert f"/claims/{number}" in page.text
    for told in ("notices", "chart_documents"):
        with pytest.raises(GoneError):
            getattr(Results(folder), told)
    with pytest.raises(GoneError):
        Results(folder).charts(load())
    for path in ("", "/claims/0", "/export.json"):
        answer = client.get(f"/batches/{gone}{path}")
        assert answer.status_code == 409
        assert "is not there any more" in answer.text
    services.batches.remove(batch)
    assert "/claims/" not in client.get(paths[2]).text, "there is no upload at all"


def test_of_many_claims_no_more_is_read_than_is_shown(
    client: TestClient, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, me = client.app.state.services, Visitor("local", "local", "administrator", None)
    newer = uploaded(client, ("newer.837", (EXAMPLES / "clinic.837").read_bytes()))
    heights: list[int] = []
    collect = pl.LazyFrame.collect

    def collected(frame: pl.LazyFrame, **how: Any) -> pl.DataFrame:
        found = collect(frame, **how)
        heights.append(found.height)
        return found

    monkeypatch.setattr(pl.LazyFrame, "collect", collected)
    rows, count = across.find_claims(services, me, "1", 3)
    assert ({row["batch"] for row in rows}, {row["title"] for row in rows}) == (
        {newer},
        {"newer.837"},
    )
    assert (len(rows), count > 20, max(heights)) == (3, True, 3)
    heights.clear()
    own = across.patient_claims(services, me, "9xx-0004-yy04")
    assert {row["batch"] for row in own} == {batch, newer}
    assert max(heights) == len(own)


def test_a_claim_leads_to_its_patients_chart_and_back(client: TestClient, batch: str) -> None:
    number = claim_number(client, batch, "I-1010")
    page = client.get(f"/batches/{batch}/claims/{number}").text
    form = re.search(r'<form method="post" action="/charts">(.*?)</form>', page)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    assert (fields["part"], fields["patient_id"], fields["implant_date"]) == (
        "implant", "9XX0008YY08", "2026-01-05",
    )  # fmt: skip
    begun = client.post("/charts", data={**fields, "csrf": token_of(client)})
    chart = client.get(begun.headers["location"]).text
    assert f'href="/batches/{batch}/claims/{number}"' in chart
    assert "T-1011" in chart
    audit, own = client.app.state.services.audit, begun.headers["location"].rpartition("/")[2]
    (entry,) = audit.entries(1)
    whose = "9XX0008YY08"
    assert (entry.action, entry.about["charts"]) == ("see chart", [[own, whose]])
    assert sorted(entry.about["claims"]) == [["I-1010", whose], ["T-1011", whose]]
    assert entry.about["batches"] == [batch]
    page = client.get(f"/batches/{batch}/claims/{number}").text
    (entry,) = audit.entries(1)
    assert (entry.action, entry.about["charts"]) == ("see claim", [[own, whose]])
    assert f'href="{begun.headers["location"]}"' in page
    assert '<form method="post" action="/charts">' not in page


def test_refills_on_a_claims_page_lead_to_their_claims(client: TestClient, yearly: str) -> None:
    page = client.get(f"/batches/{yearly}/claims/3").text
    table = page[page.index('aria-label="Refills of this patient"') :]
    links = re.findall(r"/claims/(\d)\">F-(\d)", table)
    assert links == [(str(n), str(n)) for n in range(8)]
    here = re.search(r'<tr class="here"[^>]*>.*?F-(\d)', table)
    assert here is not None
    assert here[1] == "3"
    later = table[table.index("Later than this claim") : table.index("</table>")]
    assert re.findall(r">F-(\d)<", later) == ["4", "5", "6", "7"]
    answer = client.get(f"/utilization/{yearly}/of-claim/3")
    assert answer.headers["location"] == f"/utilization/{yearly}/patients/0"


def test_neighbours_are_those_of_the_filtered_worklist(client: TestClient, batch: str) -> None:
    kept = results(client, batch).worklist
    order = kept.filter(pl.col("determination").cast(pl.String) == "fix")["claim"].to_list()
    page = client.get(f"/batches/{batch}/claims/{order[1]}?determination=fix").text
    found = re.findall(r'rel="(prev|next)" href="[^"]*/claims/(\d+)\?determination=fix"', page)
    assert found == [("prev", str(order[0])), ("next", str(order[2]))]
    denied = claim_number(client, batch, "R-1009")
    page = client.get(f"/batches/{batch}/claims/{denied}?determination=fix").text
    found = re.findall(r'rel="(prev|next)" href="[^"]*/claims/(\d+)\?determination=fix"', page)
    assert found == [("prev", str(order[0])), ("next", str(order[1]))], "where it would stand"


def test_from_a_claim_one_comes_back_to_its_row_on_its_page(client: TestClient) -> None:
    many = claims_of([
        {"id": f"M-{n:03}", "patient_id": f"P{n}", "date": date(2026, 1, 5), "lines": ["J7999 CLONIDINE 20MCG"]}
        for n in range(120)
    ])  # fmt: skip
    batch = uploaded(client, ("many.csv", flat(many)))
    third = client.get(f"/batches/{batch}?rule=DRG104&page=3").text
    assert "101 to 120 of 120" in plain(third)
    claim = shown(third)[4]
    link = re.search(rf'<tr id="c{claim}".*?href="([^"]+)"', third)
    assert link is not None
    page = client.get(html.unescape(link[1])).text
    back = re.search(r'href="([^"]+)" data-key="u"', page)
    assert back is not None
    assert html.unescape(back[1]) == f"/batches/{batch}?rule=DRG104&page=3#c{claim}"
    assert f'<tr id="c{claim}"' in client.get(html.unescape(back[1])).text
