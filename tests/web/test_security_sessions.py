"""Who is signed in, and who no longer: passwords, cookies, sessions."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from pumpclaim.web.app import create_app
from pumpclaim.web.schema import sessions
from pumpclaim.web.security.users import now
from pumpclaim.web.settings import Limits, Settings

from .people import PASSWORD, add_people, another, form_token, send, sign_in, try_sign_in
from .routes import whoami_route

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.web.services import Services


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "server", limits=Limits(sign_ins_per_minute=1000, session_minutes=30)
    )


@pytest.fixture
def people(services: Services) -> None:
    add_people(services)


# the visitor


def test_without_users_whoever_sits_here_is_the_visitor(client: TestClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/sign-in").headers["location"] == "/"


def test_the_first_user_closes_the_door_at_once(client: TestClient, services: Services) -> None:
    assert client.get("/").status_code == 200
    add_people(services)
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_server_that_others_reach_is_closed_without_users_too(tmp_path: Path) -> None:
    for more in (
        {"host": "0.0.0.0", "public_url": "http://127.0.0.2:8239"},
        {"public_url": "https://pump.example"},
    ):
        settings = Settings(data=tmp_path / "server", **more)
        with TestClient(
            create_app(settings), base_url="http://127.0.0.1:8239", follow_redirects=False
        ) as client:
            assert client.get("/").status_code == 303
            assert "Nobody can sign in yet" in client.get("/sign-in").text


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP"]
)
def test_a_proxy_before_a_server_without_users_opens_nothing(
    client: TestClient, services: Services, header: str
) -> None:
    through = {header: "for=192.0.2.1"}
    for path in ("/", "/charts", "/api/v1/rules/DRG104"):
        answer = client.get(path, headers=through)
        assert answer.status_code == 403, path
        assert "a proxy stands before it; add users first" in answer.text
    assert client.get("/").status_code == 200
    add_people(services)
    assert client.get("/", headers=through).headers["location"] == "/sign-in"


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(client: TestClient, people: None) -> None:
    answer = client.get("/article?q=a+b")
    assert answer.headers["location"] == "/sign-in?next=/article%3Fq%3Da%2Bb"
    token = form_token(client, answer.headers["location"])
    form = {"name": "bert", "password": PASSWORD, "next": "/article?q=a+b", "csrf": token}
    assert client.post("/sign-in", data=form).headers["location"] == "/article?q=a+b"
    assert client.get("/").status_code == 200


def test_htmx_is_told_to_go_to_the_sign_in_page(client: TestClient, people: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:8239/refill?x=1"}
    answer = client.get("/", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=/refill%3Fx%3D1"
    answer = client.get("/", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


def test_the_api_asks_for_credentials_in_a_problem(client: TestClient, people: None) -> None:
    app = client.app
    whoami_route(app)
    for headers in (
        {},
        {"Authorization": "Bearer pumpclaim_wrong"},
        {"Authorization": "Basic YTpi"},
    ):
        answer = client.get("/api/v1/whoami", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "javascript:alert(1)",
        "/\tx",
        "/sign-out",
        "",
        "evil.example",
    ],
)
def test_after_sign_in_one_stays_on_this_server(
    client: TestClient, people: None, wanted: str
) -> None:
    assert try_sign_in(client, "bert", next=wanted).headers["location"] == "/"


def test_a_wrong_password_is_refused_without_telling_which_is_wrong(
    client: TestClient, people: None
) -> None:
    said = []
    for name, password in (("bert", "wrong password"), ("nobody", PASSWORD), ("bert", "")):
        answer = try_sign_in(client, name, password)
        assert answer.status_code == 403
        assert "pumpclaim=" not in answer.headers.get("set-cookie", "")
        said.append(re.search(r'role="alert"[^>]*>([^<]*)', answer.text)[1])
    assert len(set(said)) == 1
    assert client.get("/").status_code == 303


# cookies


def test_the_cookie_is_out_of_reach(client: TestClient, people: None) -> None:
    cookie = try_sign_in(client, "bert").headers["set-cookie"]
    assert cookie.startswith("pumpclaim=")
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} == said


def test_behind_tls_the_cookie_is_of_one_host_and_of_tls(settings: Settings) -> None:
    https = replace(settings, public_url="https://pump.example")
    with TestClient(create_app(https), base_url=https.url, follow_redirects=False) as client:
        add_people(client.app.state.services)
        cookie = try_sign_in(client, "bert").headers["set-cookie"]
        assert cookie.startswith("__Host-pumpclaim=")
        assert "; Secure" in cookie
        assert "domain" not in cookie.lower()
        assert client.get("/").status_code == 200


def test_servers_on_other_ports_have_cookies_of_their_own(settings: Settings) -> None:
    other = replace(settings, port=8240)
    with TestClient(create_app(other), base_url=other.url, follow_redirects=False) as client:
        assert client.get("/").headers["set-cookie"].startswith("pumpclaim-8240=")


def test_forged_and_tampered_cookies_are_nobodys(client: TestClient, people: None) -> None:
    sign_in(client, "bert")
    good = client.cookies["pumpclaim"]
    value, _, signature = good.rpartition(".")
    forged = [
        value,
        f"{value}.",
        f"{value}x.{signature}",
        f"{value}.{signature[:-2]}AA",
        f"{value[::-1]}.{signature}",
        "",
        "é".encode().decode("latin-1"),
        "a.b.c.d",
    ]
    for cookie in forged:
        stranger = another(client)
        headers = {"cookie": f"pumpclaim={cookie}".encode("latin-1")}
        assert stranger.get("/", headers=headers).status_code == 303, cookie
    assert client.get("/").status_code == 200


def test_a_cookie_signed_by_another_server_is_nobodys(
    client: TestClient, people: None, tmp_path: Path
) -> None:
    sign_in(client, "bert")
    value = client.cookies["pumpclaim"].rpartition(".")[0]
    with TestClient(create_app(Settings(data=tmp_path / "other"))) as other:
        signed = other.app.state.security.cookies.signed(value)
    stranger = another(client)
    assert stranger.get("/", headers={"cookie": f"pumpclaim={signed}"}).status_code == 303


def test_sign_in_gives_a_new_cookie(client: TestClient, people: None) -> None:
    """A cookie that somebody else planted before is worth nothing after (session fixation)."""
    form_token(client)
    planted = client.cookies["pumpclaim"]
    sign_in(client, "bert")
    assert client.cookies["pumpclaim"] != planted
    stranger = another(client)
    assert stranger.get("/", headers={"cookie": f"pumpclaim={planted}"}).status_code == 303


def test_what_the_database_holds_opens_nothing(client: TestClient, people: None) -> None:
    sign_in(client, "bert")
    with client.app.state.services.engine.connect() as connection:
        (kept,) = connection.execute(sa.select(sessions.c.id)).scalars().all()
    assert kept not in client.cookies["pumpclaim"]
    signed = client.app.state.security.cookies.signed(kept)
    assert another(client).get("/", headers={"cookie": f"pumpclaim={signed}"}).status_code == 303


# the end of sessions


def test_sign_out_ends_the_session_on_the_server(client: TestClient, people: None) -> None:
    sign_in(client, "bert")
    cookie = {"cookie": f"pumpclaim={client.cookies['pumpclaim']}"}
    answer = send(client, "/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/").status_code == 303
    assert another(client).get("/", headers=cookie).status_code == 303


def _set_seen(services: Services, minutes_ago: float) -> None:
    with services.engine.begin() as connection:
        connection.execute(sa.update(sessions).values(seen=now() - timedelta(minutes=minutes_ago)))


def test_a_session_ends_when_it_is_not_used(
    client: TestClient, services: Services, people: None
) -> None:
    sign_in(client, "bert")
    _set_seen(services, 29)
    assert client.get("/").status_code == 200
    _set_seen(services, 31)
    assert client.get("/").status_code == 303
    sign_in(another(client), "rita")
    with services.engine.connect() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()
    assert left == 1, "what has run out is cleared away"


def test_a_session_ends_however_much_it_is_used(
    client: TestClient, services: Services, people: None
) -> None:
    """After a day, so that an identity provider is asked anew at least once a day."""
    sign_in(client, "bert")
    for minutes, status in ((24 * 60 - 1, 200), (24 * 60 + 1, 303)):
        with services.engine.begin() as connection:
            began = now() - timedelta(minutes=minutes)
            connection.execute(sa.update(sessions).values(created=began, seen=now()))
        assert client.get("/").status_code == status
    sign_in(another(client), "rita")
    with services.engine.connect() as connection:
        left = connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()
    assert left == 1, "what is over is cleared away"


def test_use_is_written_down_at_most_once_a_minute(
    client: TestClient, services: Services, people: None
) -> None:
    sign_in(client, "bert")

    def seen() -> object:
        with services.engine.connect() as connection:
            return connection.execute(sa.select(sessions.c.seen)).scalar_one()

    _set_seen(services, 0.5)
    before = seen()
    client.get("/")
    assert seen() == before
    _set_seen(services, 5)
    client.get("/")
    assert seen() >= before


def test_a_deactivated_user_is_out_at_once(
    client: TestClient, services: Services, people: None
) -> None:
    bert = services.users.named("bert")
    token = client.app.state.security.tokens.make(bert.id, "nightly")
    whoami_route(client.app)
    sign_in(client, "bert")
    bearer = {"Authorization": f"Bearer {token}"}
    assert another(client).get("/api/v1/whoami", headers=bearer).json()["name"] == "bert"
    services.users.set_active(bert.id, active=False)
    assert client.get("/").status_code == 303
    assert another(client).get("/api/v1/whoami", headers=bearer).status_code == 401
    assert try_sign_in(another(client), "bert").status_code == 403
    services.users.set_active(bert.id, active=True)
    assert client.get("/").status_code == 303, "the old session does not come back"


def test_a_new_password_ends_all_other_sessions_and_all_tokens(
    client: TestClient, services: Services, people: None
) -> None:
    for name in ("bert", "rita"):
        client.app.state.security.tokens.make(services.users.named(name).id, "nightly")
    sign_in(client, "bert")
    other = sign_in(another(client), "bert")
    rita = sign_in(another(client), "rita")
    new = "eight quiet lanterns"
    answer = send(client, "/account/password", current=PASSWORD, new=new, again=new)
    assert answer.headers["location"] == "/account?said=password"
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 303
    assert rita.get("/").status_code == 200
    assert client.app.state.security.tokens.of(services.users.named("bert").id) == []
    assert len(client.app.state.security.tokens.of(services.users.named("rita").id)) == 1
    assert try_sign_in(another(client), "bert").status_code == 403
    assert try_sign_in(another(client), "bert", new).status_code == 303


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"current": "wrong", "new": "eight quiet lanterns"}, "current password is not right"),
        ({"current": PASSWORD, "new": "short"}, "at least 15"),
        ({"current": PASSWORD, "new": "eight quiet lanterns", "again": "x"}, "both times"),
        ({"current": PASSWORD, "new": PASSWORD}, "the old password"),
    ],
)
def test_a_password_is_changed_only_by_who_knows_it(
    client: TestClient, people: None, form: dict[str, str], why: str
) -> None:
    sign_in(client, "bert")
    answer = send(client, "/account/password", **{"again": form["new"], **form})
    assert answer.status_code == 422
    assert why in answer.text
    assert try_sign_in(another(client), "bert").status_code == 303


def test_another_role_holds_from_the_next_request_on(
    client: TestClient, services: Services, people: None
) -> None:
    sign_in(client, "bert")
    assert client.get("/administration").status_code == 403
    services.users.set_role(services.users.named("bert").id, "administrator")
    assert client.get("/administration").status_code == 200
