"""Utilization as pages: what they say is what the library measures."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.policy import load
from pumpclaim.reports.amounts import dollars, with_commas

from .pages import claims_of, flat, plain, results
from .uploads import uploaded

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


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


def test_a_patient_without_refills_has_no_picture(client: TestClient, batch: str) -> None:
    number = results(client, batch).worklist.row(
        by_predicate=pl.col("claim_id") == "I-1010", named=True
    )["claim"]
    page = client.get(f"/batches/{batch}/claims/{number}").text
    assert "reservoir.svg" not in page
    assert client.get(f"/batches/{batch}/claims/{number}/reservoir.svg").status_code == 404
