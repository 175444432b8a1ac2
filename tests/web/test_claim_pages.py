"""A claim as a page: what it says is what check says."""

from __future__ import annotations

import html
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import pumpclaim
from pumpclaim.reports.amounts import grouped, with_commas

from .conftest import EXAMPLES
from .pages import HOSTILE, claim_number, claims_of, flat, plain, results, shown, squeezed
from .uploads import uploaded

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "x12" / "generated-a55239"


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
    seen, *_ = (
        entry.about["claims"]
        for entry in client.app.state.services.audit.entries()
        if entry.action == "see claim"
    )
    assert seen[0] == ["F-3", "PX1"]
    assert sorted(seen) == [[f"F-{n}", "PX1"] for n in range(8)], "its table names them all"


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
