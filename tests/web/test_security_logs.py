"""The ordinary log keeps nothing of a claim, of a name, of an address."""

from __future__ import annotations

import json
import logging
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from pumpclaim.web.app import create_app
from pumpclaim.web.security import journal
from pumpclaim.web.security.guard import SignedIn, protect

from .people import add_people, another, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.web.settings import Settings


@pytest.fixture
def logged(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings)
    _routes(app)
    with TestClient(app, base_url=settings.url, follow_redirects=False) as client:
        yield client


def _routes(app: FastAPI) -> None:
    guarded = [Depends(protect)]

    @app.get("/try/claims/{claim}", dependencies=guarded)
    def seen(visitor: SignedIn, claim: str, patient: str = "") -> str:
        return claim

    @app.get("/try/fault/{claim}", dependencies=guarded)
    @app.get("/api/v1/fault/{claim}", dependencies=guarded)
    def fault(visitor: SignedIn, claim: str) -> str:
        try:
            return {}[claim]  # type: ignore[no-any-return]
        except KeyError:
            raise WordyError(f"claim {claim} of Meyer-Invented") from None


class WordyError(Exception):
    """A fault whose message holds what a claim says."""


def _log(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_line_has_the_routes_template_and_nothing_of_the_path(
    logged: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = logged.get(
        "/try/claims/CLM-4711?patient=Meyer-Invented", headers={"User-Agent": "UA-77"}
    )
    assert answer.status_code == 200
    logged.get("/nope/CLM-4711?q=Meyer-Invented")
    logged.get("/static/style.css?q=Meyer-Invented")
    logged.get("/", headers={"Host": "Meyer-Invented"})
    said = capsys.readouterr().err
    for word in ("4711", "Meyer", "testclient", "127.0.0.1", "UA-77", "nope"):
        assert word not in said
    lines = _log(said)
    assert [(one["method"], one["route"], one["status"]) for one in lines] == [
        ("GET", "/try/claims/{claim}", 200),
        ("GET", None, 404),
        ("GET", "/static", 200),
        ("GET", None, 400),
    ]
    assert all(one["ms"] >= 0 for one in lines)
    assert {"method", "route", "status", "ms", "visitor", "event", "level", "time"} == set(lines[0])


def test_a_line_of_the_api_has_the_whole_template(
    logged: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    logged.get("/api/v1/rules/DRG104")
    logged.get("/administration/audit")
    assert [one["route"] for one in _log(capsys.readouterr().err)] == [
        "/api/v1/rules/{code}", "/administration/audit",
    ]  # fmt: skip


def test_who_hangs_up_is_no_fault(logged: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    """A request whose body never comes to its end, as uvicorn tells of it."""
    said: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        said.append(message)

    path = "/api/v1/check"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8239"), (b"content-type", b"text/csv")], "app": logged.app,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8239), "scheme": "http", "root_path": "",
    }  # fmt: skip
    assert logged.portal is not None
    logged.portal.call(logged.app, scope, receive, send)
    (line,) = _log(capsys.readouterr().err)
    assert (line["event"], line["route"], line["status"]) == ("request", path, None)
    assert said == []


def test_a_user_is_a_pseudonym(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    add_people(client.app.state.services)
    sign_in(client, "bert")
    client.get("/account")
    rita = sign_in(another(client), "rita")
    rita.get("/account")
    lines = _log(capsys.readouterr().err)
    mine, hers = (one["visitor"] for one in lines if one["route"] == "/account")
    assert mine != hers
    assert mine is not None
    said = json.dumps(lines)
    for word in ("bert", "rita", client.app.state.services.users.named("bert").id):
        assert word not in said


def test_a_fault_ends_in_a_number_and_is_logged_without_its_words(
    logged: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    page = logged.get("/try/fault/CLM-4711")
    assert page.status_code == 500
    problem = another(logged).get("/api/v1/fault/CLM-4711")
    assert problem.headers["content-type"] == "application/problem+json"
    said = capsys.readouterr()
    for text in (page.text, problem.text, said.err, said.out):
        assert "4711" not in text
        assert "Meyer" not in text
        assert "Traceback" not in text
    faults = [one for one in _log(said.err) if one["event"] == "fault"]
    assert [one["error"] for one in faults] == ["WordyError"] * 2
    assert faults[0]["route"] == "/try/fault/{claim}"
    assert str(faults[0]["reference"]) in page.text
    assert str(faults[1]["reference"]) in problem.json()["detail"]
    assert any("web/security/" in place for place in faults[0]["at"])


def test_a_developer_may_ask_for_the_traceback(
    logged: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUMPCLAIM_TRACEBACK", "1")
    logged.get("/try/fault/CLM-4711")
    assert "Traceback" in capsys.readouterr().err


@pytest.fixture
def configured() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    hooks = threading.excepthook, sys.unraisablehook
    journal.configure()
    yield
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    threading.excepthook, sys.unraisablehook = hooks


def test_libraries_and_threads_say_no_more_than_where(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise ValueError("patient Meyer-Invented")

    try:
        fails()
    except ValueError:
        logging.getLogger("some.library").exception("claim of Meyer-Invented")
    logging.getLogger("some.library").info("not worth a line")
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    said = capsys.readouterr().err
    assert "Meyer" not in said
    library, fault = _log(said)
    assert library["logger"] == "some.library"
    assert library["fault"]["error"] == "ValueError"
    assert (fault["event"], fault["error"]) == ("fault", "ValueError")


def test_the_secret_and_the_database_are_the_owners_alone(settings: Settings) -> None:
    create_app(settings).state.services.close()
    for file in settings.data.rglob("*"):
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
    assert settings.data.stat().st_mode & 0o077 == 0
