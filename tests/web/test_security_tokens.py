"""API tokens: shown once, kept as hashes, each with an end, gone with whom they stand for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from pumpclaim.web.schema import tokens as token_table
from pumpclaim.web.schema import users as user_table
from pumpclaim.web.security.users import now
from pumpclaim.web.settings import Limits, Settings

from .people import add_people, another, send, sign_in
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


def test_a_token_is_made_shown_once_used_and_revoked(
    client: TestClient, settings: Settings, people: None
) -> None:
    whoami_route(client.app)
    sign_in(client, "bert")
    made = send(client, "/account/tokens", label="nightly <check>").text
    token = re.search(r"pumpclaim_[\w-]{43}", made)[0]
    assert token not in client.get("/account").text
    assert "nightly &lt;check&gt;" in client.get("/account").text
    kept = b"".join(file.read_bytes() for file in settings.data.iterdir() if file.is_file())
    assert token.encode() not in kept
    program = another(client)
    headers = {"Authorization": f"Bearer {token}"}
    answer = program.post("/api/v1/whoami", headers=headers)
    assert answer.json() == {"name": "bert", "role": "biller", "session": None}
    assert program.get("/", headers=headers).status_code == 303, "tokens are for the API alone"
    token_id = re.search(r'name="token" value="(\w{64})"', client.get("/account").text)[1]
    assert send(client, "/account/tokens/revoke", token=token_id).status_code == 303
    assert program.get("/api/v1/whoami", headers=headers).status_code == 401


def test_nobody_revokes_anothers_token(
    client: TestClient, services: Services, people: None
) -> None:
    tokens = client.app.state.security.tokens
    rita = services.users.named("rita")
    tokens.make(rita.id, "hers")
    (hers,) = tokens.of(rita.id)
    sign_in(client, "bert")
    assert send(client, "/account/tokens/revoke", token=hers.id).status_code == 422
    assert tokens.of(rita.id) == [hers]


def test_tokens_need_a_label_and_have_an_end(client: TestClient, people: None) -> None:
    sign_in(client, "bert")
    assert send(client, "/account/tokens", label=" ").status_code == 422
    assert send(client, "/account/tokens", label="x" * 61).status_code == 422
    tokens = client.app.state.security.tokens
    bert = client.app.state.services.users.named("bert")
    for number in range(50):
        tokens.make(bert.id, str(number))
    assert "at most 50" in send(client, "/account/tokens", label="one more").text


def test_a_token_ends_on_its_day(client: TestClient, services: Services, people: None) -> None:
    tokens = client.app.state.security.tokens
    bert = services.users.named("bert").id
    sign_in(client, "bert")
    shown = send(client, "/account/tokens", label="for a week", days="7").text
    token = re.search(r"pumpclaim_[\w-]{43}", shown)[0]
    (kept,) = tokens.of(bert)
    assert kept.expires - kept.created == timedelta(days=7)
    assert kept.expires.strftime("%Y-%m-%d") in client.get("/account").text
    assert tokens.visitor(token) is not None
    with services.engine.begin() as connection:
        connection.execute(sa.update(token_table).values(expires=now()))
    assert tokens.visitor(token) is None
    assert "over</span>" in client.get("/account").text
    for days in ("0", "366", "-1", "soon"):
        assert send(client, "/account/tokens", label="x", days=days).status_code == 422, days
    assert send(client, "/account/tokens", label="x").status_code == 200
    usual = next(one for one in tokens.of(bert) if one.label == "x")
    assert (usual.expires - usual.created).days == 90


def test_the_token_of_whom_the_provider_no_longer_knows_ends(
    client: TestClient, services: Services
) -> None:
    kim = services.users.from_provider("idp 1", ["kim"], "biller")
    tokens = client.app.state.security.tokens
    token = tokens.make(kim.id, "nightly", 365)
    for days, is_known in ((29, True), (31, False)):
        with services.engine.begin() as connection:
            connection.execute(sa.update(user_table).values(vouched=now() - timedelta(days=days)))
        assert (tokens.visitor(token) is not None) is is_known
    services.users.from_provider("idp 1", ["kim"], "reviewer")
    assert tokens.visitor(token).role == "reviewer"


def test_a_removed_user_leaves_nothing_behind(
    client: TestClient, services: Services, people: None
) -> None:
    bert = services.users.named("bert")
    token = client.app.state.security.tokens.make(bert.id, "nightly")
    sign_in(client, "bert")
    services.users.remove(bert.id)
    assert client.get("/").status_code == 303
    assert client.app.state.security.tokens.visitor(token) is None
    assert client.app.state.security.tokens.of(bert.id) == []
