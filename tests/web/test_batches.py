"""Uploads: kept, judged in a process of their own, taken up again, kept apart, removed."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import stat
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient

import pumpclaim
from pumpclaim.web.app import create_app
from pumpclaim.web.batches.store import DONE, FAILED, JUDGING, WAITING
from pumpclaim.web.security.visitors import Visitor
from pumpclaim.web.settings import Limits, Settings

from .charting import act_as
from .conftest import EXAMPLES, token_of
from .people import add_people, sign_in
from .uploads import CLINIC, judged, results, send, uploaded
from .waiting import until


@pytest.fixture
def batch(client: TestClient) -> str:
    """The example of a clinic's morning, judged."""
    return uploaded(client, ("clinic.837", CLINIC.read_bytes()))


def test_an_upload_is_judged_as_on_the_command_line(client: TestClient, batch: str) -> None:
    services = client.app.state.services
    assert services.batches.get(batch).state == DONE
    kept = results(client, batch).worklist
    review = pumpclaim.check(pumpclaim.read(str(CLINIC)))
    table = review.determinations.select("claim_id", pl.col("determination").cast(pl.String))
    told = kept.sort("claim").select("claim_id", pl.col("determination").cast(pl.String))
    assert told.equals(table)
    assert services.batches.get(batch).summary["allowed"] == review.summary()["allowed"]


def test_the_worklist_lists_every_claim_and_what_could_not_be_read(client: TestClient) -> None:
    damaged = CLINIC.read_bytes().replace(b"CLM*R-1004*1080.00", b"CLM*R-1004*10x0.00")
    batch = uploaded(client, ("a.837", damaged), ("notes.txt", b"hello there\n"))
    text = client.get(f"/batches/{batch}").text
    review = pumpclaim.check(pumpclaim.readers.read_data(damaged, "a.837"))
    for claim in review.determinations["claim_id"]:
        assert claim in text
    assert "could not be read" in text
    assert "R-1004" in text
    assert "notes.txt: this is text" in text
    (entry,) = client.app.state.services.audit.entries(1)
    assert (entry.action, entry.about["claims"][-1]) == ("see worklist", ["R-1004", "-"])


def test_several_files_are_one_set(client: TestClient) -> None:
    text = CLINIC.read_bytes()
    other = text.replace(b"R-1004", b"R-9999")
    batch = uploaded(client, ("a.837", text), ("b.837", other), ("a.837", text.lower()))
    found = client.app.state.services.batches.get(batch)
    assert [one["name"] for one in found.files] == ["a.837", "b.837", "a.837 (2)"]
    assert found.summary["claims_read"] == 32
    sources = results(client, batch).worklist["source"]
    assert set(sources) == {"a.837", "b.837"}


def test_a_file_that_holds_the_same_as_another_is_named(client: TestClient) -> None:
    text = CLINIC.read_bytes()
    batch = uploaded(client, ("one.837", text), ("two.837", text))
    assert client.app.state.services.batches.get(batch).summary["claims_read"] == 16
    page = client.get(f"/batches/{batch}").text
    assert "two.837: it holds the same as one.837, so it is read once" in page


def test_files_lie_under_numbers_and_for_their_owner_alone(client: TestClient) -> None:
    name = "../../<script>alert(1)</script>.837"
    batch = uploaded(client, (name, CLINIC.read_bytes()))
    store = client.app.state.services.batches
    files = list((store.folder(batch) / "files").iterdir())
    assert [one.name for one in files] == ["0001"]
    for path in [*files, store.results(store.get(batch)) / "claims.parquet"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    page = client.get(f"/batches/{batch}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


NOTHING = {
    "a wrong file": [("notes.txt", b"nothing of the kind\n")],
    "an empty one": [("empty.837", b"")],
    "a picture": [("a.837", b"\x89PNG\r\n\x1a\n")],
    "a damaged gz": [("a.837.gz", gzip.compress(b"x" * 999)[:-5])],
}


@pytest.mark.parametrize("files", NOTHING.values(), ids=NOTHING)
def test_what_cannot_be_judged_says_why_in_one_sentence(
    client: TestClient, files: list[tuple[str, bytes]]
) -> None:
    batch = uploaded(client, *files)
    assert client.app.state.services.batches.get(batch).state == FAILED
    page = client.get(f"/batches/{batch}")
    said = re.search(r'role="alert">(.*?)</p>', page.text)
    assert said is not None
    assert files[0][0] in said[1]
    assert "Traceback" not in page.text
    assert client.get(f"/batches/{batch}/claims/0").status_code == 409
    changes = (f'action="/batches/{batch}/judge"', f'href="/batches/{batch}/remove"')
    assert all(one in page.text for one in changes)
    act_as(client, Visitor("rita", "rita", "reviewer", None))
    others = client.get(f"/batches/{batch}").text
    assert said[0] in others
    assert not any(one in others for one in changes), "who only sees is offered no change"


def test_what_holds_no_claim_that_can_be_read_does_not_look_finished(client: TestClient) -> None:
    text = re.sub(rb"\*20260105~", b"*20260230~", CLINIC.read_bytes())
    damaged = re.sub(rb"(DTP\*472\*D8\*)\d+", rb"\g<1>20260230", text)
    batch = uploaded(client, ("damaged.837", damaged), ("notes.txt", b"hello\n"))
    page = client.get(f"/batches/{batch}").text
    assert "Nothing could be read." in page
    assert "notes.txt: this is text" in page
    assert "2026-02-30" in page or "20260230" in page
    assert 'id="cards"' not in page
    listed = client.get("/").text
    assert "nothing could be read" in listed
    assert "$0.00" not in listed
    assert f'href="/batches/{batch}/remove"' in listed


def test_a_zip_bomb_ends_in_a_sentence(tmp_path: Path) -> None:
    limits = Limits(unpacked_bytes=80 * 1024**2)
    bomb = gzip.compress(b"0" * (200 * 1024**2))
    with TestClient(
        create_app(Settings(data=tmp_path / "s", limits=limits)),
        base_url="http://127.0.0.1:8239", follow_redirects=False,
    ) as client:  # fmt: skip
        batch = uploaded(client, ("bomb.837.gz", bomb))
        found = client.app.state.services.batches.get(batch)
    assert found.state == FAILED
    assert "unpacks to more than" in found.message


def limited(tmp_path: Path, **limits: int) -> TestClient:
    settings = Settings(data=tmp_path / "limited", limits=Limits(**limits))
    return TestClient(create_app(settings), base_url=settings.url, follow_redirects=False)


def test_too_many_lines_files_and_bytes(tmp_path: Path) -> None:
    with limited(tmp_path, lines=5, files=1, upload_bytes=100_000) as client:
        batch = uploaded(client, ("clinic.837", CLINIC.read_bytes()))
        assert (
            "more than the 5 service lines" in client.app.state.services.batches.get(batch).message
        )
        two = send(client, ("a", b"x"), ("b", b"y"))
        assert two.status_code == 422
        assert "more than 1 files" in two.text
        large = send(client, ("a", b"x" * 200_000))
        assert large.status_code == 413
        assert [one.name for one in client.app.state.services.batches.root.iterdir()] == [batch]


def test_an_export_has_its_limits_and_leaves_no_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with limited(tmp_path, export_claims=15) as client:
        batch = uploaded(client, ("clinic.837", CLINIC.read_bytes()))
        for form in ("csv", "json", "xlsx"):
            refused = client.get(f"/batches/{batch}/export.{form}")
            assert refused.status_code == 422
            assert "these are 16 claims, more than the 15" in refused.text
        answer = client.get(f"/batches/{batch}/export.json?determination=payable")
        assert answer.status_code == 200
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert 0 < len(answer.json()["claims"]) < 16
    assert list(tmp_path.glob("export-*")) == []


def test_one_person_keeps_only_so_much(tmp_path: Path) -> None:
    text = CLINIC.read_bytes()
    with limited(tmp_path, stored_bytes=2 * 1024**2) as client:
        first = uploaded(client, ("a.837", text), ("b.txt", b"x" * 1024**2))
        refused = send(client, ("a.837", text), ("b.txt", b"x" * 1024**2))
        assert refused.status_code == 422
        assert "more than the 2 MB that one person may keep here" in refused.text
        root = client.app.state.services.batches.root
        assert [one.name for one in root.iterdir()] == [first]
        client.post(f"/batches/{first}/remove", data={"csrf": token_of(client)})
        assert send(client, ("a.837", text), ("b.txt", b"x" * 1024**2)).status_code == 303


def test_what_vanishes_while_it_is_counted_is_passed_over(
    client: TestClient, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables of an earlier judging go while another upload of the same person comes."""
    store = client.app.state.services.batches
    folder, looked = store.results(store.get(batch)), Path.stat
    whole, files = store.stored("local"), len(list(folder.iterdir()))

    def vanishing(path: Path, **how: bool) -> os.stat_result:
        found = looked(path, **how)
        if path.parent == folder:
            shutil.rmtree(folder, ignore_errors=True)
        return found

    monkeypatch.setattr(Path, "stat", vanishing)
    assert files > 1
    assert 0 < store.stored("local") < whole
    assert send(client, ("clinic.837", CLINIC.read_bytes())).status_code == 303


def test_an_upload_that_is_cut_off_is_not_taken_for_a_smaller_one(client: TestClient) -> None:
    def one(name: str) -> bytes:
        head = f'--B\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        return head.encode() + CLINIC.read_bytes() + b"\r\n"

    headers = {"content-type": "multipart/form-data; boundary=B", "x-csrf-token": token_of(client)}
    whole = one("a.837") + one("b.837") + b"--B--\r\n"
    for cut in (3, 5, 7, 300, len(one("b.837")) + 20):
        answer = client.post("/batches", content=whole[:-cut], headers=headers)
        assert answer.status_code == 400
        assert "the form is cut off; send it again" in answer.text
    assert client.app.state.services.batches.of(None) == []
    # What stands behind the end is nothing to us, and the end may lie across pieces.
    pieces = (whole[at : at + 7] for at in range(0, len(whole), 7))
    assert client.post("/batches", content=pieces, headers=headers).status_code == 303


def test_an_upload_without_a_file(client: TestClient) -> None:
    token = {"X-CSRF-Token": token_of(client)}
    for sent in (
        {"files": [("files", ("", b""))]},
        {"data": {"files": "text"}},
        {"data": {"contractor": "01312"}},
        {"content": b"x"},
        {},
    ):
        for path in ("/batches", "/charts/import"):
            answer = client.post(path, headers=token, **sent)
            assert answer.status_code == 422, sent
            assert "there is no file; choose" in answer.text
    assert client.app.state.services.batches.of(None) == []


def test_judging_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with limited(tmp_path, judging_seconds=1) as client:
        batch = left_waiting(client)
        store = client.app.state.services.batches
        # A named pipe never ends, as a file of a slow disk or an endless one does.
        file = store.folder(batch) / "files" / "0001"
        file.unlink()
        os.mkfifo(file)
        client.app.state.runner.submit(batch)
        assert judged(client, batch) == FAILED
        assert "more than the 1 seconds" in store.get(batch).message


def left_waiting(client: TestClient) -> str:
    """A batch as a server leaves it that is stopped before its turn has come."""
    store = client.app.state.services.batches
    with CLINIC.open("rb") as file, store.arriving("local", [("a.837", file)], Limits()) as arrived:
        return str(store.admit(arrived, {}).id)


def test_a_server_that_was_stopped_takes_up_what_it_left(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "server")
    with TestClient(create_app(settings), base_url=settings.url) as client:
        store = client.app.state.services.batches
        waiting, begun = left_waiting(client), left_waiting(client)
        assert store.begin(store.get(begun), "half")
        (store.folder(begun) / "half" / "claims.parquet").write_bytes(b"half a table")
        assert store.begin(store.get(begun), "other") is False
        (store.root / ".new-half").mkdir()
    with TestClient(create_app(settings), base_url=settings.url) as client:
        assert judged(client, waiting) == DONE
        assert judged(client, begun) == DONE
        store = client.app.state.services.batches
        assert store.get(begun).summary["claims_read"] == 16
        assert results(client, begun).worklist.height == 16
        assert not (store.root / ".new-half").exists()
    # The half that was left is gone once nobody can be reading it any more.
    with TestClient(create_app(settings), base_url=settings.url):
        assert not (store.folder(begun) / "half").exists()


def test_a_server_stopped_in_the_middle_of_judging(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "server")
    with TestClient(create_app(settings), base_url=settings.url) as client:
        batch = left_waiting(client)
        store = client.app.state.services.batches
        file = store.folder(batch) / "files" / "0001"
        content = file.read_bytes()
        file.unlink()
        os.mkfifo(file)
        client.app.state.runner.submit(batch)
        until(lambda: store.get(batch).state != WAITING, "it is judged")
    file.unlink()
    file.write_bytes(content)
    assert not list(store.results(store.get(batch)).glob("*.parquet"))
    with TestClient(create_app(settings), base_url=settings.url) as client:
        assert judged(client, batch) == DONE
        assert client.app.state.services.batches.get(batch).summary["claims_read"] == 16


def test_of_two_who_ask_to_judge_again_one_does(client: TestClient, batch: str) -> None:
    store = client.app.state.services.batches
    before = store.results(store.get(batch))
    assert store.judge_again(batch, {"contractor": "01112"})
    assert not store.judge_again(batch, {"contractor": "01182"})
    first = store.get(batch)
    assert store.begin(first, "first")
    assert not store.begin(first, "second")
    store.conclude(batch, "second", message="too late")
    assert store.get(batch).state == JUDGING
    store.conclude(batch, "first", summary={"claims_read": 0})
    store.conclude(batch, "first", message="again")
    assert (store.get(batch).state, store.get(batch).message) == (DONE, None)
    assert store.get(batch).options == {"contractor": "01112"}
    assert (before / "worklist.parquet").exists(), "somebody may be reading it"


def test_a_claims_text_is_read_without_its_file(client: TestClient) -> None:
    """Neither a large 837 nor a table is read whole for the page of one claim."""
    batch = uploaded(
        client,
        ("clinic.837", CLINIC.read_bytes()),
        ("clinic.csv", (EXAMPLES / "clinic.csv").read_bytes()),
    )
    folder = client.app.state.services.batches.folder(batch)
    shutil.rmtree(folder / "files")
    rows = results(client, batch).worklist.sort("claim").unique("source", keep="first")
    pages = {
        row["source"]: client.get(f"/batches/{batch}/claims/{row['claim']}").text
        for row in rows.iter_rows(named=True)
    }
    assert "CLM" in pages["clinic.837"]
    assert "J7999" in pages["clinic.csv"]
    assert sorted(one.name for one in results(client, batch).folder.glob("text_*")) == [
        "text_0000.parquet"
    ]


def test_a_patient_with_more_lines_than_a_page_judges(
    client: TestClient, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pumpclaim.web.batches.patient.MOST_LINES", 0)
    page = client.get(f"/batches/{batch}/claims/0")
    assert page.status_code == 422
    assert "more than the 0 that a page judges together" in page.text


@pytest.mark.parametrize("number", ["-1", "16", str(2**32), "1" + "0" * 40])
def test_a_claim_that_is_not_there(client: TestClient, batch: str, number: str) -> None:
    for path in ("", "/reservoir.svg"):
        assert client.get(f"/batches/{batch}/claims/{number}{path}").status_code == 404


def test_what_is_removed_is_gone(client: TestClient, batch: str) -> None:
    folder = client.app.state.services.batches.folder(batch)
    assert "Remove this upload?" in client.get(f"/batches/{batch}/remove").text
    assert folder.exists()
    answer = client.post(f"/batches/{batch}/remove", data={"csrf": token_of(client)})
    assert answer.headers["location"] == "/"
    assert not folder.exists()
    assert client.get(f"/batches/{batch}").status_code == 404


def test_judging_again_uses_what_was_switched_meanwhile(client: TestClient, batch: str) -> None:
    from pumpclaim.web.preferences import Switched

    services = client.app.state.services
    before = results(client, batch).worklist
    services.preferences.switch("local", Switched({"kd-on-compound": "not-required"}, {}))
    client.post(f"/batches/{batch}/judge", data={"csrf": token_of(client)})
    assert judged(client, batch) == DONE
    after = results(client, batch).worklist
    assert "DRG104" in before["rules"].explode().to_list()
    assert "DRG104" not in after["rules"].explode().to_list()
    assert "kd-on-compound = not-required" in client.get(f"/batches/{batch}").text


def determinations(client: TestClient, batch: str) -> dict[str, str]:
    kept = results(client, batch).worklist
    return dict(kept.select("claim_id", pl.col("determination").cast(pl.String)).iter_rows())


def test_one_chart_asks_for_the_records_of_its_patient_alone(
    client: TestClient, batch: str
) -> None:
    services, token = client.app.state.services, token_of(client)
    before = determinations(client, batch)
    page = client.get(f"/batches/{batch}").text
    assert "without charts, so coverage and documentation are not judged" in page
    assert "Charts changed since" not in page
    visit = {"visit_date": {"answer": "2026-01-05"}}
    chart = services.charts.create("local", "encounter", "9XX0000YY00", visit)
    assert "Charts changed since this was judged." in client.get(f"/batches/{batch}").text

    client.post(f"/batches/{batch}/judge", data={"csrf": token})
    assert judged(client, batch) == DONE
    after = determinations(client, batch)
    assert {name for name in before if before[name] != after[name]} == {"R-1001"}
    assert after["R-1001"] == "records"
    page = client.get(f"/batches/{batch}").text
    assert "with 1 chart, of 1 patient of these claims" in page
    assert "asked of patients with a chart" in page
    assert "Charts changed since" not in page
    number = results(client, batch).worklist.filter(claim_id="R-1002")["claim"][0]
    assert "Keep ready for" in client.get(f"/batches/{batch}/claims/{number}").text

    client.post(f"/batches/{batch}/judge", data={"csrf": token, "ask_all": "yes"})
    assert judged(client, batch) == DONE
    assert sum(one == "records" for one in determinations(client, batch).values()) > 3
    assert "To be obtained:" in client.get(f"/batches/{batch}/claims/{number}").text
    assert "asked of every patient" in client.get(f"/batches/{batch}").text
    services.charts.remove(chart.id)
    assert "Charts changed since" in client.get(f"/batches/{batch}").text
    client.post(f"/batches/{batch}/judge", data={"csrf": token, "ask_all": "yes"})
    assert judged(client, batch) == DONE
    assert "Charts changed since" not in client.get(f"/batches/{batch}").text
    services.charts.create("local", "implant", "NOBODY HERE")
    page = client.get(f"/batches/{batch}").text
    assert "Charts changed since" in page, "from the first chart on, records are asked for"


def test_a_chart_that_a_nurse_shares_judges_the_billers_claims(client: TestClient) -> None:
    services = client.app.state.services
    rita, charts = add_people(services)["rita"], services.charts
    visit = {"visit_date": {"answer": "2026-01-05"}}
    made = charts.create(rita.id, "encounter", "9XX0000YY00", visit)
    sign_in(client, "bert")
    alone = uploaded(client, ("clinic.837", CLINIC.read_bytes()))
    assert determinations(client, alone)["R-1001"] == "payable"
    charts.share(made.id, shared=True, version=made.version)
    shared = uploaded(client, ("clinic.837", CLINIC.read_bytes()))
    assert determinations(client, shared)["R-1001"] == "records"
    assert "Charts changed since" in client.get(f"/batches/{alone}").text

    def is_changed() -> bool:
        return "Charts changed since" in client.get(f"/batches/{shared}").text

    other = charts.create(rita.id, "encounter", "NOBODY HERE", visit)
    charts.share(other.id, shared=True, version=other.version)
    made = charts.share(made.id, shared=False, version=charts.get(made.id).version)
    assert is_changed()
    number = results(client, shared).worklist.filter(claim_id="R-1001")["claim"][0]
    page = client.get(f"/batches/{shared}/claims/{number}").text
    assert ' of 2026-01-05: <span class="records-needed">' in page, "the copy that judged it"
    (entry,) = services.audit.entries(1)
    assert (entry.action, entry.about["charts"]) == ("see claim", [[made.id, made.patient_id]])
    made = charts.share(made.id, shared=True, version=made.version)
    assert not is_changed(), "the same charts in another order, and one of a patient not in it"
    made = charts.set_answer(made.id, "legible", {"answer": True}, made.version)
    assert is_changed()


def test_a_contract_given_with_the_upload_judges(client: TestClient) -> None:
    text = CLINIC.read_bytes()
    batch = uploaded(client, ("clinic.837", text), contractor="01112")
    assert "JUR103" in results(client, batch).worklist["rules"].explode().to_list()
    unknown = uploaded(client, ("clinic.837", text), contractor="99999")
    assert client.app.state.services.batches.get(unknown).state == FAILED
    assert send(client, ("a", b"x"), contractor="abc").status_code == 422
