"""Claims marked done, with notes: whose they are, and how long they stand."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import sqlalchemy as sa
from starlette.exceptions import HTTPException

from pumpclaim.web.batches.results import Results
from pumpclaim.web.batches.work import Work, WorkStore
from pumpclaim.web.schema import work
from pumpclaim.web.security.guard import visitor_of
from pumpclaim.web.security.visitors import Visitor

from .charting import HTMX
from .conftest import token_of
from .pages import claim_number, plain, results, shown
from .uploads import judged

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


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
