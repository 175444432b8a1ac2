"""OpenID Connect against a real provider on loopback: the whole round, and every way it can go wrong."""

from __future__ import annotations

import hashlib
import socket
from base64 import b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from oidc_provider_mock import _app

from pumpclaim.errors import InputError
from pumpclaim.web.app import create_app
from pumpclaim.web.settings import Limits, OpenIdConnect, Settings, read_settings

from .people import PASSWORD, another, sign_in
from .provider import Idp, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from .conftest import Server

CALLBACK = "/sign-in/openid/callback"
ROLES = {"billing": "biller", "mr-nurse": "reviewer", "pump-admin": "administrator"}


@pytest.fixture
def idp() -> Iterator[Idp]:
    with running(require_nonce=True) as provider:
        yield provider


@pytest.fixture
def settings(tmp_path: Path, idp: Idp) -> Settings:
    (tmp_path / "secret").write_text("not-a-real-one\n")
    return Settings(
        data=tmp_path / "server",
        limits=Limits(sign_ins_per_minute=1000),
        openid_connect=OpenIdConnect(
            issuer=idp.url,
            client_id="pumpclaim",
            client_secret_file=tmp_path / "secret",
            name="Clinic sign-on",
            roles=ROLES,
        ),
    )


def leave(client: TestClient, wanted: str = "/") -> str:
    """Begin at our page; where the browser is sent."""
    answer = client.get("/sign-in/openid", params={"next": wanted})
    assert answer.status_code in {302, 303}, answer.text
    return str(answer.headers["location"])


def authorize(url: str, sub: str) -> str:
    """Let the person in at the provider; where the browser is sent back to."""
    answer = httpx.post(url, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def back(client: TestClient, url: str) -> httpx.Response:
    """Follow the way back to our callback."""
    parts = urlsplit(url)
    assert parts.path == CALLBACK
    return client.get(f"{parts.path}?{parts.query}")


def whole_round(client: TestClient, sub: str, wanted: str = "/") -> httpx.Response:
    return back(client, authorize(leave(client, wanted), sub))


def with_query(url: str, **changed: str) -> str:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(query | changed)).geturl()


# as it should be


def test_without_users_the_door_is_closed_and_leads_to_the_provider(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "/sign-in"
    page = client.get("/sign-in").text
    assert "Sign in with Clinic sign-on" in page
    assert "password" not in page.lower()


def test_the_whole_round(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", preferred_username="Bert.Biller", roles=["staff", "billing"])
    away = leave(client, "/article?q=x")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"http://127.0.0.1:8239{CALLBACK}"
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    answer = back(client, authorize(away, "s-1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/article?q=x")
    (form,) = idp.asked
    assert len(form["code_verifier"][0]) >= 43
    page = client.get("/account").text
    assert "bert.biller" in page
    assert "identity provider" in page
    (user,) = client.app.state.services.users.all()
    assert (user.name, user.role) == ("bert.biller", "biller")
    assert user.subject == f"{idp.url} s-1"
    said = [(one.who, one.action, one.about) for one in client.app.state.services.audit.entries()]
    assert said == [("bert.biller", "sign in", {"by": "identity provider"})]


def test_the_verifier_is_that_of_the_challenge(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    away = leave(client)
    back(client, authorize(away, "s-1"))
    digest = hashlib.sha256(idp.asked[0]["code_verifier"][0].encode()).digest()
    challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert parse_qs(urlsplit(away).query)["code_challenge"] == [challenge]


def test_the_role_follows_the_provider(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", preferred_username="kim", roles=["billing", "mr-nurse"])
    whole_round(client, "s-1")
    users = client.app.state.services.users
    first = users.named("kim")
    assert first.role == "reviewer"
    idp.person("s-1", preferred_username="kim2", roles=["billing"])
    whole_round(client, "s-1")
    assert [(one.id, one.name, one.role) for one in users.all()] == [(first.id, "kim", "biller")]


def test_two_people_of_one_name_are_two_users(client: TestClient, idp: Idp) -> None:
    users = client.app.state.services.users
    users.add("kim", "administrator", PASSWORD)
    for sub in ("s-1", "s-2"):
        idp.person(sub, preferred_username="Kim", roles=["billing"])
        whole_round(another(client), sub)
    assert [(one.name, one.role) for one in users.all()] == [
        ("kim", "administrator"), ("kim.2", "biller"), ("kim.3", "biller"),
    ]  # fmt: skip


def test_a_role_may_lie_deeper_and_be_a_single_word(settings: Settings, idp: Idp) -> None:
    deeper = replace(settings.openid_connect, roles_claim="realm_access.roles")  # type: ignore[type-var]
    with TestClient(
        create_app(replace(settings, openid_connect=deeper)),
        base_url=settings.url,
        follow_redirects=False,
    ) as client:
        idp.person("s-1", realm_access={"roles": "mr-nurse"})
        assert whole_round(client, "s-1").status_code == 303
        assert client.app.state.services.users.all()[0].role == "reviewer"


def test_a_client_with_a_secret_sends_it(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    assert whole_round(client, "s-1").status_code == 303
    assert b64decode(idp.basic[0].removeprefix("Basic ")) == b"pumpclaim:not-a-real-one"


def test_a_client_without_a_secret_sends_none(
    settings: Settings, idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The provider of these tests takes public clients only where it is told to.
    monkeypatch.setattr(_app.AuthorizationCodeGrant, "TOKEN_ENDPOINT_AUTH_METHODS", ["none"])
    public = replace(settings.openid_connect, client_secret_file=None)  # type: ignore[type-var]
    with TestClient(
        create_app(replace(settings, openid_connect=public)),
        base_url=settings.url,
        follow_redirects=False,
    ) as client:
        idp.person("s-1", roles=["billing"])
        assert whole_round(client, "s-1").status_code == 303
    assert idp.basic == [""]
    assert idp.asked[0]["client_id"] == ["pumpclaim"]


def test_passwords_go_on_beside_it(client: TestClient) -> None:
    client.app.state.services.users.add("anna", "administrator", PASSWORD)
    page = client.get("/sign-in").text
    assert "Sign in with Clinic sign-on" in page
    assert "With a password" in page
    sign_in(client, "anna")
    assert client.get("/administration").status_code == 200


def test_who_has_no_password_gets_none(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", preferred_username="kim", roles=["billing"])
    whole_round(client, "s-1")
    users = client.app.state.services.users
    with pytest.raises(InputError, match="identity provider"):
        users.set_password(users.named("kim").id, PASSWORD)
    assert users.sign_in("kim", "") is None


# as it should not be


def refused(answer: httpx.Response, why: str) -> None:
    assert answer.status_code == 403, answer.text
    assert why in answer.text
    assert "Set-Cookie: pumpclaim=" not in str(answer.headers)


def nobody(client: TestClient) -> None:
    assert client.get("/").status_code == 303
    assert client.app.state.services.users.all() == []


def test_without_a_mapped_role_nobody_gets_in(client: TestClient, idp: Idp) -> None:
    for claims in (
        {"roles": ["staff"]},
        {},
        {"roles": []},
        {"roles": {"billing": True}},
        {"roles": 7},
    ):
        idp.person("s-1", preferred_username="kim", **claims)
        refused(whole_round(client, "s-1"), "None of your roles")
    nobody(client)
    audit = client.app.state.services.audit
    assert audit.entries(1)[0].about == {"why": "no role"}


def test_a_deactivated_user_stays_out(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", preferred_username="kim", roles=["billing"])
    whole_round(client, "s-1")
    users = client.app.state.services.users
    users.set_active(users.named("kim").id, active=False)
    assert client.get("/").status_code == 303
    refused(whole_round(client, "s-1"), "deactivated")
    assert client.get("/").status_code == 303


def test_a_wrong_state_is_refused(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    for state in ("", "x" * 30):
        url = authorize(leave(client), "s-1")
        refused(back(client, with_query(url, state=state)), "not begun in this browser")
    nobody(client)


def test_a_callback_in_another_browser_is_refused(client: TestClient, idp: Idp) -> None:
    """Somebody sends his own link back to a victim, who would then work in the wrong account."""
    idp.person("s-1", roles=["billing"])
    url = authorize(leave(client), "s-1")
    victim = another(client)
    refused(back(victim, url), "not begun in this browser")
    leave(victim)
    refused(back(victim, url), "not begun in this browser")
    nobody(victim)


def test_a_callback_serves_once(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    url = authorize(leave(client), "s-1")
    assert back(client, url).status_code == 303
    refused(back(client, url), "not begun in this browser")


def test_a_tampered_cookie_is_refused(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    url = authorize(leave(client), "s-1")
    parts = urlsplit(url)
    cookie = client.cookies["pumpclaim-openid"]
    headers = {"cookie": f"pumpclaim-openid={'A' + cookie[1:]}"}
    answer = another(client).get(f"{parts.path}?{parts.query}", headers=headers)
    refused(answer, "not begun in this browser")


def test_a_cookie_of_long_ago_is_refused(
    client: TestClient, idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pumpclaim.web.security import openid

    idp.person("s-1", roles=["billing"])
    url = authorize(leave(client), "s-1")
    monkeypatch.setattr(openid, "SECONDS_TO_SIGN_IN", -1)
    refused(back(client, url), "too long ago")


def test_a_wrong_nonce_is_refused(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    away = with_query(leave(client), nonce="another-nonce-of-some-length")
    refused(back(client, authorize(away, "s-1")), "does not hold")
    nobody(client)


def test_a_token_for_another_client_is_refused(
    client: TestClient, idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        _app.OpenIDCode, "get_audiences", lambda self, request: ["another-client"], raising=False
    )
    idp.person("s-1", roles=["billing"])
    refused(whole_round(client, "s-1"), "does not hold")
    assert len(idp.asked) == 1
    nobody(client)


def test_a_token_of_another_issuer_is_refused(
    client: TestClient, idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = _app.OpenIDCode.get_jwt_config

    def lying(self: object, grant: object, client: object = None) -> dict[str, object]:
        return {**given(self, grant, client), "iss": "https://evil.example"}

    monkeypatch.setattr(_app.OpenIDCode, "get_jwt_config", lying)
    idp.person("s-1", roles=["billing"])
    refused(whole_round(client, "s-1"), "does not hold")
    nobody(client)


def _unsigned(token: dict[str, Any]) -> dict[str, Any]:
    _, claims, _ = token["id_token"].split(".")
    header = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return {**token, "id_token": f"{header}.{claims}."}


def _altered(token: dict[str, Any]) -> dict[str, Any]:
    head, claims, signature = token["id_token"].split(".")
    return {**token, "id_token": f"{head}.{claims[:-4]}{claims[-4:].swapcase()}.{signature}"}


def _none(token: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in token.items() if name != "id_token"}


@pytest.mark.parametrize("alter", [_unsigned, _altered, _none])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    client: TestClient, idp: Idp, alter: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    idp.alter = alter
    idp.person("s-1", roles=["billing"])
    refused(whole_round(client, "s-1"), "does not hold")
    nobody(client)


def test_a_wrong_code_is_refused(client: TestClient, idp: Idp) -> None:
    idp.person("s-1", roles=["billing"])
    url = with_query(authorize(leave(client), "s-1"), code="not-a-code")
    refused(back(client, url), "does not hold (invalid_grant)")


def test_who_declines_at_the_provider_is_told(client: TestClient, idp: Idp) -> None:
    away = leave(client)
    answer = httpx.post(away, data={"action": "deny"})
    url = answer.headers["location"]
    state = parse_qs(urlsplit(away).query)["state"][0]
    refused(back(client, with_query(url, state=state)), "did not let you in")


def test_words_in_the_callback_are_not_shown(client: TestClient, idp: Idp) -> None:
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    query = {"state": state, "error": "x", "error_description": "<b>call 555-0100</b>"}
    assert "555-0100" not in client.get(CALLBACK, params=query).text


def test_an_expired_token_is_refused(settings: Settings, tmp_path: Path) -> None:
    with running(access_token_max_age=timedelta(hours=-1)) as idp:
        provider = replace(settings.openid_connect, issuer=idp.url)  # type: ignore[type-var]
        app = create_app(replace(settings, openid_connect=provider))
        with TestClient(app, base_url=settings.url, follow_redirects=False) as client:
            idp.person("s-1", roles=["billing"])
            refused(whole_round(client, "s-1"), "does not hold (expired_token)")
            nobody(client)


def test_a_provider_that_is_down_is_said_and_comes_back(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://localhost:{free.getsockname()[1]}"
    provider = replace(settings.openid_connect, issuer=closed)  # type: ignore[type-var]
    app = create_app(replace(settings, openid_connect=provider))
    with TestClient(app, base_url=settings.url, follow_redirects=False) as client:
        answer = client.get("/sign-in/openid")
        assert answer.status_code == 502
        assert "cannot be reached" in answer.text
        assert "Sign in with" in answer.text


def test_a_provider_that_goes_down_in_between_is_said(settings: Settings) -> None:
    with running() as idp:
        provider = replace(settings.openid_connect, issuer=idp.url)  # type: ignore[type-var]
        app = create_app(replace(settings, openid_connect=provider))
        client = TestClient(app, base_url=settings.url, follow_redirects=False)
        idp.person("s-1", roles=["billing"])
        url = authorize(leave(client), "s-1")
    refused(back(client, url), "cannot be reached")
    app.state.services.close()


def test_a_provider_of_another_name_is_refused(settings: Settings, idp: Idp) -> None:
    by_number = idp.url.replace("localhost", "127.0.0.1")
    provider = replace(settings.openid_connect, issuer=f"{by_number}/x")  # type: ignore[type-var]
    app = create_app(replace(settings, openid_connect=provider))
    with TestClient(app, base_url=settings.url, follow_redirects=False) as client:
        assert client.get("/sign-in/openid").status_code == 502


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"roles": {}}, "table roles"),
        ({"roles": {"billing": "king"}}, "no role 'king'"),
        ({"roles": {"billing": "local"}}, "no role 'local'"),
        ({"issuer": "http://idp.example"}, "https://"),
        ({"client_secret_file": "/nope/secret"}, "secret cannot be read"),
    ],
)
def test_settings_that_cannot_work_are_said_at_the_start(
    settings: Settings, tmp_path: Path, wrong: dict[str, Any], why: str
) -> None:
    from pathlib import Path

    if "client_secret_file" in wrong:
        wrong = {"client_secret_file": Path(wrong["client_secret_file"])}
    provider = replace(settings.openid_connect, **wrong)  # type: ignore[type-var]
    with pytest.raises(InputError, match=why):
        create_app(replace(settings, openid_connect=provider))


def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    settings = read_settings(None, data=str(tmp_path / "server"))
    with TestClient(create_app(settings), base_url=settings.url) as client:
        assert client.get("/sign-in/openid").status_code == 404
        assert client.get(CALLBACK).status_code == 404


def test_the_whole_round_in_a_browser(browser: Browser, server: Server, idp: Idp) -> None:
    """Our policies and cookies let the browser go to another site and come back."""
    idp.person("s-1", preferred_username="kim", roles=["billing"])
    context = browser.new_context()
    context.route(
        "https://**", lambda route: route.abort()
    )  # what the provider's own page would load
    page = context.new_page()
    page.goto(f"{server.url}/article")
    page.get_by_role("link", name="Sign in with Clinic sign-on").click()
    page.wait_for_url(f"{idp.url}/**", wait_until="commit")
    page.get_by_placeholder("sub").fill("s-1")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{server.url}/article")
    assert "kim" in page.get_by_role("banner").inner_text()
    assert [one["name"] for one in context.cookies(server.url)] == [
        f"pumpclaim-{server.settings.port}"
    ]
    context.close()
