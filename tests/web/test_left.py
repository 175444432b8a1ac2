"""What is left by who is no user any more is handed to a user or removed, by an administrator alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from pumpclaim.cli.app import app as command_line
from pumpclaim.history import open_history
from pumpclaim.web.app import create_app
from pumpclaim.web.settings import Limits, Settings

from .conftest import token_of
from .people import add_people, another, sign_in
from .test_batches_history import refill, table
from .uploads import CLINIC, judged, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHOSE = "the machine, before there were users"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "server", history=str(tmp_path / "history.db"),
        limits=Limits(sign_ins_per_minute=1000),
    )  # fmt: skip


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A server that had no users: an upload and a chart were made; now it has three, and nobody is signed in."""
    app = create_app(settings)
    with TestClient(app, base_url=settings.url, follow_redirects=False) as opened:
        assert "Left behind" not in opened.get("/administration").text
        app.state.batch = uploaded(opened, ("a.csv", table(refill("A-1", "2026-01-05"))))
        new_chart(opened, "PX1")
        add_people(app.state.services)
        yield opened


def new_chart(client: TestClient, patient: str) -> str:
    form = {"part": "implant", "patient_id": patient, "implant_date": "2026-01-05"}
    answer = client.post("/charts", data={**form, "csrf": token_of(client)})
    return str(answer.headers["location"])


def post(client: TestClient, path: str, **form: str) -> Any:
    return client.post(path, data={**form, "csrf": token_of(client)})


def entries(client: TestClient, action: str) -> list[tuple[str, dict[str, Any]]]:
    """What the audit log tells of an action, done or not, the oldest first."""
    found = reversed(client.app.state.services.audit.entries())
    return [(one.action, one.about) for one in found if action in one.action]


def test_it_is_listed_and_nobody_but_an_administrator_has_a_hand_in_it(client: TestClient) -> None:
    anna = sign_in(client, "anna")
    page = anna.get("/administration").text
    assert "Left behind" in page
    assert WHOSE in page
    assert "A biller sees his own uploads and charts, and the charts that others share" in page
    bert = sign_in(another(client), "bert")
    rita = sign_in(another(client), "rita")
    me = client.app.state.services.users.named("bert").id
    for who in (bert, rita):
        assert post(who, "/administration/left/local/give", to=me).status_code == 403
        assert post(who, "/administration/left/local/remove").status_code == 403
    # An administrator still does not see what is in it.
    assert anna.get(f"/batches/{client.app.state.batch}").status_code == 404


def test_it_is_handed_to_a_user(client: TestClient, settings: Settings) -> None:
    anna = sign_in(client, "anna")
    bert = sign_in(another(client), "bert")
    services, batch = client.app.state.services, client.app.state.batch
    his = services.users.named("bert").id
    assert bert.get(f"/batches/{batch}").status_code == 404
    answer = post(anna, "/administration/left/local/give", to=his)
    assert answer.headers["location"] == "/administration?said=given"
    assert "Left behind" not in anna.get("/administration").text
    assert bert.get(f"/batches/{batch}").status_code == 200
    assert [one.patient_id for one in services.charts.of(his)] == ["PX1"]
    with open_history(settings.history) as kept, open_history(settings.history, his) as own:
        assert (kept.patients(), own.patients()) == ([], []), (
            "it is nobody's until it is judged again"
        )
        post(bert, f"/batches/{batch}/judge")
        assert judged(bert, batch) == "done"
        assert own.patients() == [("PSHARED", 1)]
    (chart,) = services.charts.of(his)
    about = {"owner": "local", "user": "bert", "user_id": his}
    assert entries(client, "hand over") == [
        ("hand over upload", about | {"batch": batch}),
        ("hand over chart", about | {"charts": [[chart.id, "PX1"]]}),
    ]


def test_a_chart_that_he_cannot_have_stays_and_is_said(client: TestClient) -> None:
    anna, bert = sign_in(client, "anna"), sign_in(another(client), "bert")
    his = client.app.state.services.users.named("bert").id
    new_chart(bert, "PX1")
    answer = post(anna, "/administration/left/local/give", to=his)
    assert answer.status_code == 422
    assert "handed over, but not all of it: implant-" in answer.text
    (one,) = [one for one in client.app.state.services.charts.of(None) if one.owner == "local"]
    assert one.patient_id == "PX1"
    about = {"owner": "local", "user": "bert", "user_id": his}
    assert entries(client, "hand over") == [
        ("hand over upload", about | {"batch": client.app.state.batch}),
        ("hand over chart", about | {"charts": [[one.id, "PX1"]]}),
        ("not done: hand over chart", about | {"charts": [[one.id, "PX1"]]}),
    ]
    assert bert.get(f"/batches/{client.app.state.batch}").status_code == 200


def test_it_is_removed_from_the_history_as_well(client: TestClient, settings: Settings) -> None:
    anna = sign_in(client, "anna")
    services = client.app.state.services
    (chart,) = services.charts.of(None)
    answer = post(anna, "/administration/left/local/remove")
    assert answer.headers["location"] == "/administration?said=discarded"
    assert entries(client, "remove") == [
        ("remove upload", {"owner": "local", "batch": client.app.state.batch}),
        ("remove chart", {"owner": "local", "charts": [[chart.id, "PX1"]]}),
    ]
    assert services.batches.of(None) == services.charts.of(None) == []
    assert list(services.batches.root.iterdir()) == []
    with open_history(settings.history) as kept:
        assert kept.patients() == []
    assert post(anna, "/administration/left/local/remove").status_code == 422


def test_what_is_a_users_is_not_left_and_what_is_judged_waits(client: TestClient) -> None:
    anna, bert = sign_in(client, "anna"), sign_in(another(client), "bert")
    services = client.app.state.services
    his = services.users.named("bert").id
    uploaded(bert, ("b.837", CLINIC.read_bytes()))
    for path in (f"/administration/left/{his}/remove", "/administration/left/nobody/remove"):
        answer = post(anna, path)
        assert answer.status_code == 422
        assert "nobody of this id has left anything" in answer.text
    assert post(anna, "/administration/left/local/give", to="nobody").status_code == 422
    batch = services.batches.get(client.app.state.batch)
    services.batches.judge_again(batch.id, batch.options)
    answer = post(anna, "/administration/left/local/remove")
    assert "still to be judged" in answer.text
    assert services.batches.get(batch.id) is not None


def test_the_command_does_the_same(
    client: TestClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bert = sign_in(client, "bert")
    uploaded(bert, ("b.837", CLINIC.read_bytes()))
    his = client.app.state.services.users.named("bert").id

    def pumpclaim(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            command_line(["user", *words, "--data", str(settings.data)])
        return int(ended.value.code or 0)

    assert pumpclaim("remove", "bert") == 0
    assert "uploads or charts of his are still there" in capsys.readouterr().err
    assert pumpclaim("left", "--format", "json") == 0
    left = {one["owner"]: one for one in json.loads(capsys.readouterr().out)}
    assert (left[his]["name"], left[his]["uploads"], left[his]["charts"]) == ("bert", 1, 0)
    assert (left["local"]["name"], left["local"]["uploads"], left["local"]["charts"]) == (
        WHOSE,
        1,
        1,
    )
    assert pumpclaim("left") == 0
    assert f"{his}  bert  1 upload, 0 charts, " in capsys.readouterr().out
    assert pumpclaim("give", "local", "rita") == 0
    assert pumpclaim("discard", his) == 0
    assert pumpclaim("discard", his) == 2
    capsys.readouterr()
    assert pumpclaim("left") == 0
    assert capsys.readouterr().out == "nothing is left\n"
    assert [what for what, about in entries(client, "") if "account" in about] == [
        "remove user", "hand over upload", "hand over chart", "remove upload",
    ]  # fmt: skip
    services = client.app.state.services
    assert [one.owner for one in services.batches.of(None)] == [services.users.named("rita").id]
    assert services.audit.verify() is None
