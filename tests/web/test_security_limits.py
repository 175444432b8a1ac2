"""How large and how frequent requests may be."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from pumpclaim.web.app import create_app
from pumpclaim.web.security.bounds import FORM_BYTES, STRANGER_BYTES
from pumpclaim.web.settings import MB, Limits, Settings

from .conftest import Server, token_of
from .people import PASSWORD, add_people, another, form_token, sign_in, try_sign_in
from .routes import add_routes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SITE = "http://127.0.0.1:8239"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    limits = Limits(upload_bytes=8 * MB, api_bytes=2 * MB, sign_ins_per_minute=1000)
    return Settings(data=tmp_path / "server", limits=limits)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings)
    add_routes(app)
    with TestClient(app, base_url=settings.url, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def listening(settings: Settings) -> Iterator[Server]:
    with Server(settings) as running:
        add_routes(running.app)
        yield running


# sizes


def test_a_body_is_as_large_as_its_kind_may_be(client: TestClient) -> None:
    token = {"X-CSRF-Token": token_of(client)}
    form = "application/x-www-form-urlencoded"

    def sent(path: str, size: int, kind: str = form) -> int:
        headers = token | {"Content-Type": kind}
        return client.post(path, content=b"a" * size, headers=headers).status_code

    assert sent("/try/nothing", FORM_BYTES) == 200
    assert sent("/try/nothing", FORM_BYTES + 1) == 413
    assert sent("/charts/try/an/upload", FORM_BYTES + 1) == 413
    assert sent("/api/v1/try", 2 * MB + 1, "application/json") == 413
    assert sent("/batches", 8 * MB + 1) == 413
    assert sent("/charts/try/an/upload", 2 * MB + 1, "multipart/form-data; boundary=x") == 413


def test_the_refusal_names_the_limit(client: TestClient) -> None:
    token = {"X-CSRF-Token": token_of(client)}
    page = client.post("/batches", content=b"x" * (8 * MB + 1), headers=token)
    assert "larger than the 8 MB" in page.text
    problem = client.post("/api/v1/try", content=b"x" * (2 * MB + 1), headers=token)
    assert problem.headers["content-type"] == "application/problem+json"
    assert "larger than the 2 MB" in problem.json()["detail"]


def test_a_body_of_unknown_length_is_counted(client: TestClient) -> None:
    token = {"X-CSRF-Token": token_of(client), "Content-Type": "application/octet-stream"}
    parts = (b"x" * 65_536 for _ in range(17))
    answer = client.post("/try/stream", content=parts, headers=token)
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    parts = (b"x" * 65_536 for _ in range(16))
    answer = client.post("/try/stream", content=parts, headers=token)
    assert answer.json() == {"size": FORM_BYTES}


def test_an_upload_of_unknown_length_is_counted_while_it_is_parsed(client: TestClient) -> None:
    token = {"X-CSRF-Token": token_of(client), "Content-Type": "multipart/form-data; boundary=b"}

    def parts() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(3 * 16):
            yield b"x" * 65_536
        yield b"\r\n--b--\r\n"

    answer = client.post("/charts/try/an/upload", content=parts(), headers=token)
    assert answer.status_code == 413
    assert "larger than the 2 MB" in answer.text


def test_the_sender_of_too_much_sees_the_answer(listening: Server) -> None:
    """As a browser does: it sends everything first, then looks for an answer."""
    host, port = listening.socket.getsockname()[:2]
    connection = http.client.HTTPConnection(host, port, timeout=30)
    connection.request("POST", "/batches", body=b"x" * (20 * MB))
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"larger than the 8 MB" in answer.read()
    connection.request("GET", "/")
    assert connection.getresponse().status == 200, "the connection is still of use"


def test_the_sender_of_too_much_without_a_length_sees_it_too(listening: Server) -> None:
    host, port = listening.socket.getsockname()[:2]
    connection = http.client.HTTPConnection(host, port, timeout=30)
    parts = (b"x" * MB for _ in range(6))
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/try", parts, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["status"] == 413


def test_who_asks_before_sending_is_told_at_once(listening: Server) -> None:
    host, port = listening.socket.getsockname()[:2]
    with socket.create_connection((host, port), timeout=5) as wire:
        wire.sendall(
            b"POST /batches HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert wire.recv(100).startswith(b"HTTP/1.1 413")


def test_a_stranger_sends_no_more_than_a_sign_in_needs(client: TestClient) -> None:
    add_people(client.app.state.services)
    answer = client.post("/batches", content=b"x" * (STRANGER_BYTES + 1))
    assert answer.status_code == 401
    assert "sign in" in answer.text
    problem = client.post("/api/v1/try", content=b"x" * (STRANGER_BYTES + 1))
    assert problem.status_code == 401
    assert problem.headers["www-authenticate"].startswith("Bearer")


# rates


def _with(settings: Settings, **limits: int) -> TestClient:
    app = create_app(replace(settings, limits=replace(settings.limits, **limits)))
    add_routes(app)
    return TestClient(app, base_url=settings.url, follow_redirects=False)


def test_who_asks_too_often_waits(settings: Settings) -> None:
    with _with(settings, requests_per_minute=5) as client:
        statuses = [client.get("/nope").status_code for _ in range(7)]
        assert statuses == [404] * 5 + [429] * 2
        answer = client.get("/api/v1/nope")
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.json()["title"] == "Too Many Requests"
        assert another(client).get("/nope").status_code == 429, "another cookie is no way around"
        assert client.get("/static/style.css").status_code == 200


def test_each_user_has_a_rate_of_his_own(settings: Settings) -> None:
    with _with(settings, requests_per_minute=6) as client:
        add_people(client.app.state.services)
        sign_in(client, "bert")
        rita = sign_in(another(client), "rita")
        assert [client.get("/nope").status_code for _ in range(7)][-1] == 429
        assert rita.get("/nope").status_code == 404
        assert another(client).get("/sign-in").status_code == 200


def test_uploads_have_a_rate_of_their_own(settings: Settings) -> None:
    with _with(settings, uploads_per_minute=2) as client:
        statuses = [client.post("/batches").status_code for _ in range(3)]
        assert statuses == [403, 403, 429]
        assert client.get("/nope").status_code == 404


def test_passwords_cannot_be_guessed_quickly(settings: Settings) -> None:
    with _with(settings, sign_ins_per_minute=3) as client:
        add_people(client.app.state.services)
        statuses = [try_sign_in(client, "bert", "guess number one").status_code for _ in range(4)]
        assert statuses == [403, 403, 403, 429]
        answer = try_sign_in(client, "rita")
        assert answer.status_code == 429, "the address waits, whatever the name"
        assert int(answer.headers["retry-after"]) >= 1
        rates = client.app.state.security.rates
        assert rates.wait("sign-ins", "name bert") > 0, "the name waits, whatever the address"


@pytest.mark.parametrize("written", ["ｂert", "BERT", " bert ", "ｂｅｒｔ", "bER\uff34"])
def test_a_name_is_guessed_at_no_more_often_for_being_written_otherwise(
    settings: Settings, written: str
) -> None:
    behind = replace(settings, public_url="https://pump.example")
    with _with(behind, sign_ins_per_minute=3) as client:
        client.base_url = "https://pump.example"
        add_people(client.app.state.services)

        def tried(name: str, number: int, password: str) -> int:
            form = {"name": name, "password": password, "csrf": form_token(client)}
            headers = {"X-Forwarded-For": f"192.0.2.{number}"}
            return client.post("/sign-in", data=form, headers=headers).status_code

        assert [tried("bert", n, "a wrong password") for n in range(3)] == [403] * 3
        assert tried(written, 4, PASSWORD) == 429


def test_behind_a_proxy_the_address_is_the_one_that_it_names(settings: Settings) -> None:
    from pumpclaim.web.security.bounds import address_of

    def seen(settings: Settings, peer: str, named: str) -> str:
        headers = [(b"x-forwarded-for", named.encode())]
        scope = {"type": "http", "headers": headers, "client": (peer, 1)}
        return address_of(Request(scope), settings)

    behind = replace(settings, public_url="https://pump.example")
    assert seen(behind, "127.0.0.1", "6.6.6.6, 192.0.2.1") == "192.0.2.1"
    assert seen(behind, "192.0.2.9", "6.6.6.6") == "192.0.2.9"
    assert seen(settings, "127.0.0.1", "6.6.6.6") == "127.0.0.1"
