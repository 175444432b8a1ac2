"""Every way to see a claim or a chart is in the audit log, by the claim's own id; and what cannot be logged is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from pumpclaim.web.app import create_app
from pumpclaim.web.charts.form import digest
from pumpclaim.web.settings import Settings

from .conftest import EXAMPLES, token_of
from .people import add_people, sign_in
from .uploads import CLINIC, results, send, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API = "/api/v1"
X12 = {"content-type": "application/edi-x12"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with a reviewer signed in, an upload and a chart of hers: ``state.batch``, ``state.chart``."""
    settings = Settings(data=tmp_path_factory.mktemp("server"))
    app = create_app(settings)
    with TestClient(app, base_url=settings.url, follow_redirects=False) as client:
        add_people(app.state.services)
        sign_in(client, "rita")
        app.state.batch = uploaded(client, ("clinic.837", CLINIC.read_bytes()))
        form = {"part": "implant", "patient_id": "PX1", "implant_date": "2026-01-05"}
        answer = client.post("/charts", data={**form, "csrf": token_of(client)})
        app.state.chart = answer.headers["location"].rpartition("/")[2]
        yield client


def logged(client: TestClient, path: str) -> list[dict[str, Any]]:
    """The entries that looking at something makes."""
    file = client.app.state.services.audit.path
    before = len(file.read_bytes())
    assert client.get(path).status_code == 200, path
    return [json.loads(line) for line in file.read_bytes()[before:].splitlines()]


def pairs(client: TestClient, **chosen: object) -> list[list[str]]:
    """Claim and patient of the rows of the worklist."""
    rows = results(client, client.app.state.batch).worklist.filter(**chosen)
    return rows.select("claim_id", "patient_id").rows()


def test_every_view_of_claims_says_which(seen: TestClient) -> None:
    batch = seen.app.state.batch
    rita = seen.app.state.services.users.named("rita").id
    rows = results(seen, batch).worklist
    first, every = rows.row(0, named=True), [list(one) for one in pairs(seen)]
    payable = [list(one) for one in pairs(seen, determination="payable")]
    own = [[first["claim_id"], first["patient_id"]]]
    expected = {
        f"/batches/{batch}": ("see worklist", every),
        f"/batches/{batch}?determination=payable": ("see worklist", payable),
        f"/batches/{batch}/claims/{first['claim']}": ("see claim", own),
        f"/batches/{batch}/claims/{first['claim']}/reservoir.svg": ("see picture of claim", own),
        **{
            f"/batches/{batch}/export.{form}": ("export worklist", every)
            for form in ("csv", "json", "xlsx")
        },
        f"/batches/{batch}/export.json?determination=payable": ("export worklist", payable),
    }
    for path, (action, claims) in expected.items():
        (entry,) = logged(seen, path)
        assert (entry["who"], entry["who_id"], entry["action"]) == ("rita", rita, action), path
        assert entry["batch"] == batch
        assert entry["claims"] == claims, path
    assert entry["filter"] == "determination=payable"
    (entry,) = logged(seen, f"/batches/{batch}/export.json?outcome=fix&patient=hernandez&claim=R-1")
    assert entry["filter"] == "outcome=fix", "what may be a name is not kept"


def test_every_view_of_patients_says_which(seen: TestClient) -> None:
    batch = seen.app.state.batch
    practice = logged(seen, f"/utilization/{batch}/practices/0")[0]
    assert practice["practice"].isdigit()
    assert set(practice["patients"]) <= {patient for _, patient in pairs(seen)}
    assert len(practice["patients"]) > 1
    (picture,) = logged(seen, f"/utilization/{batch}/practices/0/picture.svg")
    assert picture["practice"] == practice["practice"]
    (patient,) = logged(seen, f"/utilization/{batch}/patients/0")
    (whose,) = patient["patients"]
    own = sorted(list(one) for one in pairs(seen, patient_id=whose))
    assert sorted(patient["claims"]) == own
    (picture,) = logged(seen, f"/utilization/{batch}/patients/0/reservoir.svg")
    assert picture["patients"] == [whose]
    assert [one["action"] for one in logged(seen, f"/utilization?batch={batch}")] == [
        "see utilization"
    ]


def test_every_view_of_a_chart_says_which(seen: TestClient) -> None:
    chart = seen.app.state.chart
    paths = ["/charts", f"/charts/{chart}", f"/charts/{chart}/remove"]
    paths += [f"/charts/{chart}/{form}" for form in ("print", "chart.yaml", "chart.json", "questionnaire-response.json")]  # fmt: skip
    for path in paths:
        (entry,) = logged(seen, path)
        assert entry["charts"] == [[chart, "PX1"]], path
    audit, late = seen.app.state.services.audit, {"patient_id": "PX2", "seen": "another"}
    before = len(audit.entries())
    answer = seen.post(f"/charts/{chart}/patient", data={**late, "csrf": token_of(seen)})
    assert answer.status_code == 422
    entry, *others = audit.entries()
    assert len(others) == before
    assert (entry.action, entry.about["charts"]) == ("see chart", [[chart, "PX1"]])


def test_what_is_seen_over_the_api_is_named_however_much(seen: TestClient) -> None:
    audit = seen.app.state.services.audit
    token = {"Authorization": "Bearer " + seen.app.state.security.tokens.make(
        seen.app.state.services.users.named("bert").id, "nightly")}  # fmt: skip
    program = TestClient(seen.app, base_url=str(seen.base_url))
    head = "claim_id,patient_id,hcpcs,service_from,charge,payer_id,filing_indicator,patient_state\n"
    many = [(f"CLAIM-{n:04}-{'X' * 24}", f"P{n}") for n in range(26)]
    rows = "".join(f"{one},{whose},62370,2026-01-05,180.00,01312,MB,NV\n" for one, whose in many)
    bad = "REJ-1,P99,62370,soon,180.00,01312,MB,NV\n"
    csv = {"content-type": "text/csv"}
    answer = program.post(f"{API}/check", content=head + rows + bad, headers=token | csv)
    assert answer.status_code == 200
    (entry,) = audit.entries(1)
    assert (entry.who, entry.action) == ("bert", "check by API")
    assert [tuple(one) for one in entry.about["claims"]] == [*many, ("REJ-1", "-")]
    chart = (EXAMPLES / "charts" / "implant.yaml").read_bytes()
    program.post(f"{API}/assess", files=[("charts", ("implant.yaml", chart))], headers=token)
    (entry,) = audit.entries(1)
    assert entry.about["charts"] == [["implant.yaml 2", "1EG4TE5MK73"]]


def test_what_cannot_be_logged_is_neither_shown_nor_done(seen: TestClient) -> None:
    services = seen.app.state.services
    batch, chart = seen.app.state.batch, seen.app.state.chart
    path: Path = services.audit.path
    sent = {"X-CSRF-Token": token_of(seen)}
    before = services.batches.of(None), services.charts.of(None), services.users.all()
    aside = path.with_name("aside")
    path.rename(aside)
    path.mkdir()
    try:
        for shown in (
            f"/batches/{batch}", f"/batches/{batch}/claims/0", f"/batches/{batch}/claims/0/reservoir.svg",
            f"/batches/{batch}/export.csv", f"/utilization/{batch}/patients/0", f"/charts/{chart}", "/charts",
            f"/utilization/{batch}/patients/0/reservoir.svg", f"/charts/{chart}/chart.yaml",
        ):  # fmt: skip
            answer = seen.get(shown)
            assert answer.status_code == 503, shown
            assert "so nothing is shown or done" in answer.text
        answer = seen.post(f"{API}/check", content=CLINIC.read_bytes(), headers=sent | X12)
        assert (answer.status_code, "claims" in answer.text) == (503, False)
        assert send_again(seen).status_code == 503
        for done in (
            f"/batches/{batch}/remove", f"/batches/{batch}/judge", f"/charts/{chart}/remove", "/charts",
            f"/charts/{chart}/answers/implant_date", "/account/tokens", "/sign-out",
        ):  # fmt: skip
            form = {
                "part": "implant",
                "patient_id": "PX2",
                "implant_date": "2026-01-06",
                "implant_date.seen": digest({"answer": "2026-01-05"}),
                "label": "x",
            }
            assert seen.post(done, data=form, headers=sent).status_code == 503, done
    finally:
        path.rmdir()
        aside.rename(path)
    assert (services.batches.of(None), services.charts.of(None), services.users.all()) == before
    assert {one.name for one in services.batches.root.iterdir()} == {batch}
    assert seen.get("/account").status_code == 200, "still signed in"
    assert services.audit.verify() is None


def send_again(client: TestClient) -> Any:
    """The upload, without reading a page first."""
    return send(client, ("clinic.837", CLINIC.read_bytes()))
