"""What a request must be to be answered: from our own pages, under our own name, not too large, not too often."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from pumpclaim.web.app import create_app
from pumpclaim.web.security.bounds import FORM_BYTES
from pumpclaim.web.security.headers import POLICY
from pumpclaim.web.settings import MB, Limits, Settings

from .conftest import Server, token_of
from .people import PASSWORD, add_people, another, form_token, sign_in
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


# CSRF


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_what_changes_something_needs_the_token(client: TestClient, method: str) -> None:
    token = token_of(client)
    assert client.request(method, "/try/nothing").status_code == 403
    assert (
        client.request(method, "/try/nothing", headers={"X-CSRF-Token": token}).status_code == 200
    )


def test_the_refusal_says_what_to_do(client: TestClient) -> None:
    token_of(client)
    answer = client.post("/try/form", data={"word": "x"})
    assert answer.status_code == 403
    assert "reload the page" in answer.text


def test_the_token_may_be_a_field_of_a_form_of_either_kind(client: TestClient) -> None:
    token = token_of(client)
    answer = client.post("/try/form", data={"csrf": token, "word": "näh"})
    assert answer.json() == {"word": "näh"}
    files = [("files", ("a.txt", b"x" * 1_500_000)), ("files", ("b.txt", b""))]
    answer = client.post("/charts/try/an/upload", data={"csrf": token, "word": "w"}, files=files)
    assert answer.json() == {"sizes": [1_500_000, 0], "word": "w"}
    assert client.post("/charts/try/an/upload", data={"word": "w"}, files=files).status_code == 403


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x" * 10_000])
def test_a_wrong_token_is_refused(client: TestClient, token: str) -> None:
    token_of(client)
    assert client.post("/try/form", data={"csrf": token}).status_code == 403
    header = {"X-CSRF-Token": token.encode()}
    assert client.post("/try/form", data={}, headers=header).status_code == 403


def test_the_token_of_another_browser_is_refused(client: TestClient) -> None:
    others = token_of(another(client))
    mine = token_of(client)
    assert mine != others
    assert client.post("/try/form", data={"csrf": others}).status_code == 403
    assert client.post("/try/form", data={"csrf": mine}).status_code == 200


def test_the_token_from_before_sign_in_is_refused_after(client: TestClient) -> None:
    add_people(client.app.state.services)
    before = form_token(client)
    sign_in(client, "bert")
    assert client.post("/try/form", data={"csrf": before}).status_code == 403
    assert client.post("/try/form", data={"csrf": token_of(client)}).status_code == 200


def test_a_form_without_cookie_is_refused_and_gives_none(client: TestClient) -> None:
    """Another site's form comes without our cookie: it must not be answered, nor push the cookie aside."""
    token = token_of(client)
    answer = another(client).post("/try/form", data={"csrf": token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_signing_in_and_out_need_the_token_too(client: TestClient) -> None:
    add_people(client.app.state.services)
    form = {"name": "bert", "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 403
    form_token(client)
    assert client.post("/sign-in", data=form).status_code == 403
    sign_in(client, "bert")
    assert client.post("/sign-out").status_code == 403
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "anything"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8239"},
        {"Origin": "http://127.0.0.1:8239.evil.example"},
        {"Origin": "http://[broken"},
        {"Origin": ""},
    ],
)
def test_another_site_is_refused_even_with_the_token(
    client: TestClient, headers: dict[str, str]
) -> None:
    token = {"X-CSRF-Token": token_of(client)}
    assert client.post("/try/form", headers=token | headers).status_code == 403
    # The API is no way around, with a cookie or without.
    claim = {"claim": "1"}
    assert client.post("/api/v1/try", json=claim, headers=token | headers).status_code == 403
    assert another(client).post("/api/v1/try", json=claim, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": SITE},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:8239", "Host": "localhost:8239"},
        {"Origin": "http://[::1]:8239", "Host": "[::1]:8239"},
        {"Origin": "http://localhost:9000", "Host": "localhost:9000"},
    ],
)
def test_our_own_pages_are_answered(client: TestClient, headers: dict[str, str]) -> None:
    token = token_of(client)
    signed = client.cookies["pumpclaim"]
    sent = headers | {"X-CSRF-Token": token, "Cookie": f"pumpclaim={signed}"}
    assert another(client).post("/try/form", headers=sent).status_code == 200


def test_behind_a_proxy_its_public_address_is_our_own(settings: Settings) -> None:
    app = create_app(replace(settings, public_url="https://pump.example/"))
    add_routes(app)
    with TestClient(app, base_url="https://pump.example", follow_redirects=False) as client:
        add_people(app.state.services)
        sign_in(client, "bert")
        token = {"X-CSRF-Token": token_of(client)}
        for origin, status in (
            ("https://pump.example", 200),
            ("https://pump.example:443", 200),
            ("http://pump.example", 403),
            ("https://evil.example", 403),
        ):
            answer = client.post("/try/form", headers=token | {"Origin": origin})
            assert answer.status_code == status, origin


def test_a_program_needs_no_token_for_the_api(client: TestClient) -> None:
    assert client.post("/api/v1/try", json={"claim": "1"}).json() == {"claim": "1"}
    assert "set-cookie" not in client.get("/api/v1/nope").headers


def test_with_the_cookie_the_api_needs_the_token(client: TestClient) -> None:
    token = token_of(client)
    assert client.post("/api/v1/try", json={"claim": "1"}).status_code == 403
    sent = {"X-CSRF-Token": token}
    assert client.post("/api/v1/try", json={"claim": "1"}, headers=sent).status_code == 200


# names of the server


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8239",
        "127.0.0.1.evil.example",
        "127.0.0.2:8239",
        "localhost.evil.example",
        "user@127.0.0.1",
        "127.0.0.1/../x",
        "127.0.0.1:port",
        "[::1",
        "",
    ],
)
def test_under_a_foreign_name_nothing_is_answered(client: TestClient, host: str) -> None:
    for path in ("/", "/static/style.css", "/api/v1/nope"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8239", "127.0.0.1:1", "[::1]:8239", "[::1]"]
)
def test_under_the_names_of_loopback_it_is(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_a_given_address_is_a_name_too(settings: Settings) -> None:
    wide = replace(settings, host="0.0.0.0")
    own = (socket.gethostname(), "192.0.2.7:8239", "[2001:db8::1]:8239")
    with TestClient(create_app(wide), base_url=SITE, follow_redirects=False) as client:
        for host in own:
            assert client.get("/sign-in", headers={"Host": host}).status_code == 200, host
        assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


def test_two_host_headers_are_none(listening: Server) -> None:
    host, port = listening.socket.getsockname()[:2]
    with socket.create_connection((host, port), timeout=5) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n")
        assert b" 400 " in wire.recv(100)


# headers


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    answers = {
        200: client.get("/"),
        404: client.get("/nope"),
        405: client.post("/static/style.css"),
        403: client.post("/try/form"),
        500: client.get("/try/fault/1"),
        400: client.get("/", headers={"Host": "evil.example"}),
        413: client.post("/try/form", content=b"x" * (FORM_BYTES + 1)),
        422: another(client).post("/api/v1/try", content=b"{"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers


def test_static_files_carry_them_and_may_be_kept(client: TestClient) -> None:
    answer = client.get("/static/style.css")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "must-revalidate" in answer.headers["cache-control"]
    again = client.get("/static/style.css", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/static/nope").headers["cache-control"] == "no-store"
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/..%2fapp.py").status_code == 404


def test_a_route_may_be_stricter_but_nothing_is_kept(client: TestClient) -> None:
    answer = client.get("/try/sandbox")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["cache-control"] == "no-store"


def test_behind_tls_browsers_are_told_to_stay_there(settings: Settings) -> None:
    https = replace(settings, public_url="https://pump.example")
    with TestClient(create_app(https), base_url=https.url) as client:
        assert "max-age=31536000" in client.get("/sign-in").headers["strict-transport-security"]
