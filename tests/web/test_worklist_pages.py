"""The worklist, the claim and utilization as pages: what they say is what the library says."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import pumpclaim
from pumpclaim.policy import load
from pumpclaim.readers.flat import write_flat
from pumpclaim.reports.amounts import dollars, with_commas
from pumpclaim.web.batches.results import Results

from .conftest import EXAMPLES
from .uploads import uploaded

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "x12" / "generated-a55239"


def plain(page: str) -> str:
    """The text of a page, tags taken away, blanks made one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


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


def test_claims_stand_in_the_order_of_the_library(client: TestClient, batch: str) -> None:
    page = client.get(f"/batches/{batch}").text
    shown = re.findall(r'class="claim code" href="[^"]*/claims/(\d+)', page)
    assert [int(one) for one in shown] == results(client, batch).worklist["claim"].to_list()


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

    asked: dict[str, Any] = dict(pair.split("=") for pair in query.split("&"))
    for name in ("first_day", "last_day"):
        if name in asked:
            asked[name] = date.fromisoformat(asked[name])
    wanted = Selection(**asked).of(results(client, batch).worklist)
    part = client.get(f"/batches/{batch}?{query}", headers={"HX-Request": "true"})
    assert part.headers["vary"] == "HX-Request"
    assert part.text.startswith('<section id="worklist"')
    whole = client.get(f"/batches/{batch}?{query}").text
    for text in (part.text, whole):
        shown = re.findall(r"/claims/(\d+)", text)
        assert [int(one) for one in shown] == wanted["claim"].to_list()
    exported = json.loads(client.get(f"/batches/{batch}/export.json?{query}").content)
    assert [one["claim_id"] for one in exported["claims"]] == wanted["claim_id"].to_list()
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.get(f"/batches/{batch}/export.csv?{query}").content.decode("utf-8-sig")
            )
        )
    )
    assert {row["claim_id"] for row in rows} == set(wanted["claim_id"])


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
            assert plain(html.escape(finding["message"])) in text, finding["rule"]
            assert plain(html.escape(finding["fix"])) in text
            for statement in finding["statements"]:
                assert statement in text
        for line in told["lines"]:
            for item in line["pricing"]:
                assert f"{item['item']} {item['amount']} {item['unit']}" in text
                assert with_commas(item["extended"]) in text
            if line["allowed"] is not None:
                assert with_commas(line["allowed"]) in text
    assert client.get(f"/batches/{batch}/claims/999").status_code == 404
    assert client.get(f"/batches/{batch}/claims/x").status_code == 422


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
    assert "As it was read" in page


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


def test_neighbours_are_those_of_the_filtered_worklist(client: TestClient, batch: str) -> None:
    kept = results(client, batch).worklist
    order = kept.filter(pl.col("determination").cast(pl.String) == "fix")["claim"].to_list()
    page = client.get(f"/batches/{batch}/claims/{order[1]}?determination=fix").text
    found = re.findall(r'rel="(prev|next)" href="[^"]*/claims/(\d+)\?determination=fix"', page)
    assert found == [("prev", str(order[0])), ("next", str(order[2]))]
