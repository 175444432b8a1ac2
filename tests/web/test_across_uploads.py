"""What is found across uploads: claims, charts, claims that were sent again."""

from __future__ import annotations

import re
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from pumpclaim.policy import load
from pumpclaim.web.batches import across
from pumpclaim.web.batches.results import GoneError, Results
from pumpclaim.web.security.guard import visitor_of
from pumpclaim.web.security.visitors import Visitor

from .conftest import EXAMPLES, token_of
from .pages import claim_number, claims_of, filtered, flat, plain, results, shown
from .uploads import uploaded

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


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
