"""Pages as text, and invented claims for them."""

from __future__ import annotations

import html
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.readers.flat import write_flat
from pumpclaim.web.batches.results import Results

from .conftest import token_of

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

HOSTILE = "<img src=x onerror=alert(1)>"


def plain(page: str) -> str:
    """The text of a page, tags taken away, blanks made one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def squeezed(page: str) -> str:
    """The letters of a page, for what is told in several elements."""
    return re.sub(r"\s", "", plain(page))


def results(client: TestClient, batch: str) -> Results:
    store = client.app.state.services.batches
    return Results(store.results(store.get(batch)))


def shown(page: str) -> list[int]:
    """The claims that a list shows, in its order."""
    return [int(one) for one in re.findall(r'<tr id="c(\d+)"', page)]


def filtered(client: TestClient, batch: str, **fields: str) -> str:
    """The address to which the form of the filter leads."""
    answer = client.post(f"/batches/{batch}", data={"csrf": token_of(client), **fields})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def flat(claims: Any) -> bytes:
    """A claim set as the CSV that a clinic would keep."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.csv"
        write_flat(claims, path)
        return path.read_bytes()


def claim_number(client: TestClient, batch: str, name: str) -> int:
    kept = results(client, batch).worklist
    return int(kept.row(by_predicate=pl.col("claim_id") == name, named=True)["claim"])


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
