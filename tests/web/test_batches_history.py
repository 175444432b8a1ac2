"""Uploads and the months before: whose history counts, that every page says what judged, what removal removes."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from fastapi.testclient import TestClient

from pumpclaim.errors import InputError
from pumpclaim.history import open_history
from pumpclaim.policy import load
from pumpclaim.readers import read_data
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.web.app import create_app
from pumpclaim.web.serving import check_history
from pumpclaim.web.settings import Limits, Settings

from .conftest import EXAMPLES, token_of
from .people import add_people, another, sign_in
from .uploads import CLINIC, results, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = (
    "claim_id,patient_id,hcpcs,service_from,charge,payer_id,filing_indicator,patient_state,billing_state,form,"
    "note,billing_provider_npi,units,modifier_1,claim_place_of_service,diagnoses\n"
)


def refill(claim: str, day: str, patient: str = "PSHARED") -> str:
    """The rows of one refill with its drug."""
    own = "01312,MB,NV,NV,professional"
    return (
        f"{claim},{patient},62370,{day},180.00,{own},,1234567802,1,,11,G894\n"
        f"{claim},{patient},J7999,{day},900.00,{own},MORPHINE 360 MG,1234567802,1,KD,11,G894\n"
    )


def table(*refills: str) -> bytes:
    return (HEAD + "".join(refills)).encode()


@contextmanager
def serving(tmp_path: Path, **more: Any) -> Iterator[TestClient]:
    settings = Settings(
        data=tmp_path / "server", history=str(tmp_path / "history.db"),
        limits=Limits(sign_ins_per_minute=1000), **more,
    )  # fmt: skip
    with TestClient(create_app(settings), base_url=settings.url, follow_redirects=False) as client:
        yield client


@pytest.fixture
def people(tmp_path: Path) -> Iterator[tuple[TestClient, TestClient]]:
    """Two at one server with a history: a biller and a reviewer."""
    with serving(tmp_path) as client:
        add_people(client.app.state.services)
        yield sign_in(client, "bert"), sign_in(another(client), "rita")


def past_of(client: TestClient, batch: str) -> list[str]:
    """Ids of the earlier claims that judged a batch."""
    path = results(client, batch).folder / "past_claims.parquet"
    return sorted(pl.read_parquet(path)["claim_id"])


def test_a_history_is_judged_against_and_kept_in(tmp_path: Path) -> None:
    text = CLINIC.read_text()
    later = text.replace("20260105", "20260202").replace("R-1001", "R-3001").encode()
    with serving(tmp_path) as client:
        uploaded(client, ("january.837", text.encode()))
        batch = uploaded(client, ("february.837", later))
        claim = results(client, batch).worklist.row(
            by_predicate=pl.col("claim_id") == "R-3001", named=True
        )
        page = client.get(f"/batches/{batch}/claims/{claim['claim']}").text
        assert "your own history" in client.get("/").text
    assert "2026-01-05" in page
    assert '<td data-label="Interval" class="number">28</td>' in page
    assert '<span class="soft">(history)</span>' in page


def test_each_users_history_is_his_own(people: tuple[TestClient, TestClient]) -> None:
    bert, rita = people
    uploaded(bert, ("bert.csv", table(*(refill(f"BERT-{m}", f"2026-0{m}-05") for m in (1, 2, 3)))))
    hers = uploaded(rita, ("rita.csv", table(refill("RITA-4", "2026-04-01"))))
    assert past_of(rita, hers) == []
    own = uploaded(bert, ("april.csv", table(refill("BERT-4", "2026-04-01"))))
    assert past_of(bert, own) == ["BERT-1", "BERT-2", "BERT-3"]
    # A void of hers ends no claim of his.
    void = table(refill("BERT-1", "2026-01-05")).replace(b"form,", b"form,frequency_code,")
    void = void.replace(b"professional,", b"professional,8,")
    uploaded(rita, ("void.csv", void))
    later = uploaded(bert, ("may.csv", table(refill("BERT-5", "2026-05-01"))))
    assert past_of(bert, later) == ["BERT-1", "BERT-2", "BERT-3", "BERT-4"]


def test_a_shared_history_is_one_for_all_and_said_to_be(tmp_path: Path) -> None:
    with open_history(str(tmp_path / "history.db")) as kept:
        kept.add(read_data(table(refill("OLD-1", "2026-01-05")), "old.csv"))
    with serving(tmp_path, shared_history=True) as client:
        add_people(client.app.state.services)
        bert, rita = sign_in(client, "bert"), sign_in(another(client), "rita")
        uploaded(bert, ("bert.csv", table(refill("BERT-2", "2026-02-05"))))
        hers = uploaded(rita, ("rita.csv", table(refill("RITA-3", "2026-03-01"))))
        assert past_of(rita, hers) == ["BERT-2", "OLD-1"]
        assert "the history that everybody on this server shares" in rita.get("/").text


def test_who_sits_at_a_server_without_users_has_the_history_of_the_command_line(
    tmp_path: Path,
) -> None:
    with open_history(str(tmp_path / "history.db")) as kept:
        kept.add(read_data(table(refill("OLD-1", "2026-01-05")), "old.csv"))
    with serving(tmp_path) as client:
        batch = uploaded(client, ("new.csv", table(refill("NEW-2", "2026-02-05"))))
        assert past_of(client, batch) == ["OLD-1"]
    with open_history(str(tmp_path / "history.db")) as kept:
        assert kept.patients() == [("PSHARED", 2)]


def findings_by_claim(page: str) -> list[str]:
    return sorted(re.findall(r'<span class="tag \w+">\w+</span> <a href="/rules/(\w+)"', page))


def test_the_page_of_a_claim_says_what_the_worklist_says(tmp_path: Path) -> None:
    """With charts of one's own, charts of the history, and claims of the months before."""
    policy = load()
    charts = [
        (EXAMPLES / "charts" / name).read_bytes().replace(b"1EG4TE5MK73", b"PSHARED")
        for name in ("refill.yaml", "implant.yaml")
    ]
    with open_history(str(tmp_path / "history.db")) as kept:
        old = read_chart_data([("implant.yaml", charts[1])], policy)
        kept.add(read_data(table(refill("OLD-1", "2025-05-05")), "old.csv"), old, policy)
    with serving(tmp_path) as client:
        token = {"X-CSRF-Token": token_of(client)}
        files = [("files", ("refill.yaml", charts[0]))]
        assert client.post("/charts/import", files=files, headers=token).status_code == 200
        claims = table(
            refill("A-1", "2025-06-02"), refill("A-2", "2025-06-20"), refill("A-3", "2025-06-20", "OTHER")
        )  # fmt: skip
        batch = uploaded(client, ("a.csv", claims))
        # What is changed afterwards does not change what judged.
        services = client.app.state.services
        for one in services.charts.of("local"):
            services.charts.remove(one.id)
        with open_history(str(tmp_path / "history.db")) as kept:
            kept.forget("PSHARED")
        told = client.get(f"/batches/{batch}/export.json").json()["claims"]
        assert len(told) == 3
        rows = results(client, batch).worklist
        for one in told:
            number = rows.row(by_predicate=pl.col("claim_id") == one["claim_id"], named=True)[
                "claim"
            ]
            page = client.get(f"/batches/{batch}/claims/{number}").text
            rules = sorted(finding["rule"] for finding in one["findings"])
            assert findings_by_claim(page) == rules, one["claim_id"]
            assert f'class="verdict {one["determination"]}"' in page
        found = {finding["rule"][:3] for one in told for finding in one["findings"]}
        assert found >= {"UTL", "DOC"}, "what the past and the charts decide is among it"


def test_charts_that_are_removed_here_judge_nothing_any_more(tmp_path: Path) -> None:
    chart = (EXAMPLES / "charts" / "refill.yaml").read_bytes().replace(b"1EG4TE5MK73", b"PSHARED")
    with serving(tmp_path) as client:
        token = {"X-CSRF-Token": token_of(client)}
        client.post("/charts/import", files=[("files", ("a.yaml", chart))], headers=token)
        with_chart = uploaded(client, ("a.csv", table(refill("A-1", "2025-06-02"))))
        services = client.app.state.services
        for one in services.charts.of("local"):
            services.charts.remove(one.id)
        without = uploaded(client, ("b.csv", table(refill("A-2", "2025-06-20"))))
        assert results(client, with_chart).charts(load()).count == 1
        assert results(client, without).charts(load()) is None


def test_a_removed_upload_leaves_nothing_in_the_history(
    people: tuple[TestClient, TestClient], tmp_path: Path
) -> None:
    bert, _ = people
    first = uploaded(
        bert, ("a.csv", table(refill("A-1", "2026-01-05"), refill("A-2", "2026-02-05")))
    )
    uploaded(bert, ("b.csv", table(refill("A-2", "2026-02-05"))))
    asked = bert.get(f"/batches/{first}/remove").text
    assert "and its claims from the history" in asked
    assert "Uploads that were judged since keep" in asked
    sent = {"csrf": token_of(bert)}
    assert bert.post(f"/batches/{first}/remove", data=sent).headers["location"] == "/"
    later = uploaded(bert, ("c.csv", table(refill("A-3", "2026-03-05"))))
    assert past_of(bert, later) == ["A-2"], "another upload holds it as well"


def test_an_upload_whose_judging_begins_as_it_is_removed_leaves_nothing_in_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as client:
        batch = uploaded(client, ("a.csv", table(refill("A-1", "2026-01-05"))))
        store, runner = client.app.state.services.batches, client.app.state.runner
        kept_in = store.get(batch).kept_in
        store.give(batch, "local")

        def begins(batch: str) -> None:
            store.judge_again(batch, {})
            assert store.begin(store.get(batch), "begun", kept_in)

        monkeypatch.setattr(runner, "end", begins)
        sent = {"csrf": token_of(client)}
        assert client.post(f"/batches/{batch}/remove", data=sent).status_code == 303
    with open_history(str(tmp_path / "history.db")) as kept:
        assert kept.patients() == []


def test_what_a_history_keeps_that_the_server_no_longer_has_is_said(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        batch = uploaded(client, ("a.csv", table(refill("A-1", "2026-01-05"))))
    settings = Settings(data=tmp_path / "server")
    with TestClient(create_app(settings), base_url=settings.url, follow_redirects=False) as client:
        asked = client.get(f"/batches/{batch}/remove").text
        assert f"Its claims stay in the history sqlite:///{tmp_path}/history.db" in asked
        assert "from the history;" not in asked
        sent = {"csrf": token_of(client)}
        assert client.post(f"/batches/{batch}/remove", data=sent).headers["location"] == "/"
    with open_history(str(tmp_path / "history.db")) as kept:
        assert kept.patients() == [("PSHARED", 1)]


def test_an_upload_whose_claims_cannot_be_removed_from_the_history_stays(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        batch = uploaded(client, ("a.csv", table(refill("A-1", "2026-01-05"))))
        file = tmp_path / "history.db"
        kept = file.read_bytes()
        file.write_bytes(b"no database at all, but long enough to be looked at " * 40)
        sent = {"csrf": token_of(client)}
        answer = client.post(f"/batches/{batch}/remove", data=sent)
        assert answer.status_code == 422
        assert "the history cannot be opened" in answer.text
        assert client.get(f"/batches/{batch}").status_code == 200
        file.write_bytes(kept)
        assert client.post(f"/batches/{batch}/remove", data=sent).status_code == 303


def test_a_history_that_cannot_be_opened_is_said_before_anybody_uploads(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder does not exist"):
        check_history(Settings(data=tmp_path, history=str(tmp_path / "none" / "history.db")))
