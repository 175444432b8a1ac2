"""Invented people of a server with users, and how they sign in."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi.testclient import TestClient

from pumpclaim.web.schema import users as table
from pumpclaim.web.security.passwords import hash_password
from pumpclaim.web.security.users import now

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx2 import Response

    from pumpclaim.web.security.users import User
    from pumpclaim.web.services import Services

PASSWORD = "seven green kettles"
ROLES = {"anna": "administrator", "bert": "biller", "rita": "reviewer"}


@cache
def _stored() -> str:
    """The hash of ``PASSWORD``: made once, for it is meant to be slow."""
    return hash_password(PASSWORD)


def add_people(services: Services) -> dict[str, User]:
    """An administrator, a biller and a reviewer, all with ``PASSWORD``."""
    rows = [
        {
            "id": f"{number:032x}",
            "name": name,
            "role": role,
            "password_hash": _stored(),
            "active": True,
            "created": now(),
        }
        for number, (name, role) in enumerate(ROLES.items(), 1)
    ]
    with services.engine.begin() as connection:
        connection.execute(sa.insert(table), rows)
    return {user.name: user for user in services.users.all()}


def another(client: TestClient) -> TestClient:
    """A second browser at the same server (whose lifespan the first one runs)."""
    app: FastAPI = client.app  # type: ignore[assignment]
    return TestClient(app, base_url=str(client.base_url), follow_redirects=False)


def form_token(client: TestClient, path: str = "/sign-in") -> str:
    """The token in the forms of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', client.get(path).text)
    assert found is not None, f"{path} has no form"
    return found[1]


def try_sign_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> Response:
    """Send the sign-in form."""
    form = {"name": name, "password": password, "csrf": form_token(client), **more}
    return client.post("/sign-in", data=form)


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> TestClient:
    """The client, signed in."""
    answer = try_sign_in(client, name, password)
    assert answer.status_code == 303, answer.text
    return client


def send(client: TestClient, path: str, **form: str) -> Response:
    """Send a form of a page as its own page would, with its token."""
    return client.post(path, data={**form, "csrf": form_token(client, "/account")})
