"""Every route of the real application, and who is let through: by real sessions, one server for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Mount

from pumpclaim.web.app import create_app
from pumpclaim.web.settings import Limits, Settings

from .conftest import token_of
from .people import PASSWORD, add_people, another, form_token, sign_in
from .uploads import CLINIC, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN, SIGNED, SEEN, CHANGED, ADMIN = "open", "signed in", "seen", "changed", "administrator"
"""Who is let through: everybody; who is signed in; the owner and reviewers; the owner; administrators."""
WHO = {
    "GET": {
        OPEN: ["/sign-in", "/sign-in/openid", "/sign-in/openid/callback", "/api/v1/openapi.json"],
        SIGNED: [
            "/", "/charts", "/refill", "/refill/price", "/refill/level.svg", "/utilization", "/article",
            "/article/readings", "/article/fees", "/article/codes", "/article/chart",
            "/article/statements/{name}", "/rules", "/rules/{code}", "/search", "/keys", "/account",
            "/api/v1/rules", "/api/v1/rules/{code}", "/api/v1/trace", "/api/v1/policy",
        ],
        SEEN: [
            "/batches/{batch}", "/batches/{batch}/state", "/batches/{batch}/export.{form}",
            "/batches/{batch}/claims/{claim}", "/batches/{batch}/claims/{claim}/reservoir.svg",
            "/utilization/{batch}/practices/{number}", "/utilization/{batch}/practices/{number}/picture.svg",
            "/utilization/{batch}/patients/{number}", "/utilization/{batch}/patients/{number}/reservoir.svg",
            "/utilization/{batch}/of-claim/{claim}",
            "/charts/{chart}", "/charts/{chart}/print", "/charts/{chart}/chart.yaml",
            "/charts/{chart}/chart.json", "/charts/{chart}/questionnaire-response.json",
        ],
        CHANGED: ["/batches/{batch}/remove", "/charts/{chart}/remove"],
        ADMIN: ["/administration", "/administration/audit"],
    },
    "POST": {
        OPEN: ["/sign-in", "/sign-out"],
        SIGNED: [
            "/batches", "/charts", "/charts/import", "/charts/list", "/refill/price", "/article/readings", "/search",
            "/account/password", "/account/tokens", "/account/tokens/revoke", "/api/v1/check",
            "/api/v1/assess", "/api/v1/price", "/api/v1/refill",
        ],
        SEEN: ["/batches/{batch}"],
        CHANGED: [
            "/batches/{batch}/judge", "/batches/{batch}/remove", "/charts/{chart}",
            "/charts/{chart}/answers/{question}", "/charts/{chart}/patient", "/charts/{chart}/remove",
            "/charts/{chart}/share", "/batches/{batch}/claims/{claim}/work",
        ],
        ADMIN: [
            "/administration/users", "/administration/users/{user_id}/role",
            "/administration/users/{user_id}/active", "/administration/users/{user_id}/password",
            "/administration/left/{owner}/give", "/administration/left/{owner}/remove",
        ],
    },
}  # fmt: skip
ROUTES = [
    (method, path, who)
    for method, kinds in WHO.items()
    for who, paths in kinds.items()
    for path in paths
]
POSTED = [one for one in ROUTES if one[0] == "POST"]
X12 = {"Content-Type": "application/edi-x12"}
JSON = {"Content-Type": "application/json"}


@dataclass
class House:
    """A server with people signed in, an upload and a chart of bert's; ``ids`` fill the paths."""

    people: dict[str, TestClient]
    ids: dict[str, str]

    def token(self, name: str) -> str:
        """What the forms of somebody's browser carry."""
        client = self.people[name]
        return form_token(client) if name == "nobody" else token_of(client)

    def ask(self, name: str, method: str, path: str, **headers: str) -> Any:
        """The answer to somebody's browser."""
        url = path.format(**self.ids)
        content = CLINIC.read_bytes() if path.endswith("/check") else b"{}"
        kind = X12 if path.endswith("/check") else JSON if path.startswith("/api") else {}
        body = {"content": content} if path.startswith("/api") else {"data": {"x": "1"}}
        if method == "GET":
            body = {}
        return self.people[name].request(method, url, headers=kind | headers, **body)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = Settings(
        data=tmp_path_factory.mktemp("server"),
        limits=Limits(sign_ins_per_minute=1000, uploads_per_minute=1000),
    )
    app = create_app(settings)
    with TestClient(app, base_url=settings.url, follow_redirects=False) as first:
        add_people(app.state.services)
        app.state.services.users.add("karl", "biller", PASSWORD)
        people = {name: sign_in(another(first), name) for name in ("anna", "bert", "rita", "karl")}
        people["nobody"] = another(first)
        batch = uploaded(people["bert"], ("clinic.837", CLINIC.read_bytes()))
        form = {"part": "implant", "patient_id": "PX1", "implant_date": "2026-01-05"}
        made = people["bert"].post("/charts", data={**form, "csrf": token_of(people["bert"])})
        yield House(
            people,
            {
                "batch": batch, "chart": made.headers["location"].rpartition("/")[2], "claim": "0",
                "number": "0", "form": "csv", "question": "implant_date", "code": "DRG104", "name": "P2",
                "user_id": app.state.services.users.named("karl").id, "owner": "local",
            },
        )  # fmt: skip


def test_every_route_says_who_is_let_through(house: House) -> None:
    """A new route must be put into the table, or this fails."""
    app = house.people["bert"].app
    found = {
        (method, one.path)
        for one in iter_route_contexts(app.routes)
        if not isinstance(one.original_route, Mount)
        for method in (one.methods or ()) - {"HEAD"}
    }
    assert found == {(method, path) for method, path, _ in ROUTES}
    assert [one.path for one in app.routes if isinstance(one, Mount)] == ["/static"]


def refused(answer: Any, path: str) -> bool:
    """Whether an answer is that to who is not signed in."""
    if path.startswith("/api"):
        return answer.status_code == 401 and "www-authenticate" in answer.headers
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(("method", "path", "who"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_nobody_is_let_through_unless_everybody_is(
    house: House, method: str, path: str, who: str
) -> None:
    token = {} if method == "GET" else {"X-CSRF-Token": house.token("nobody")}
    answer = house.ask("nobody", method, path, **token)
    assert refused(answer, path) is (who != OPEN or path == "/sign-out")


EXPECTED = {
    OPEN: {},
    SIGNED: {},
    SEEN: {"karl": 404, "anna": 404},
    CHANGED: {"karl": 404, "anna": 404, "rita": 403},
    ADMIN: {"bert": 403, "karl": 403, "rita": 403},
}
"""Who is refused by role or because it is another's, and how."""


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [one for one in ROUTES if one[2] not in (OPEN, SIGNED)],
    ids=str,
)
def test_roles_and_owners_are_held_to(house: House, method: str, path: str, who: str) -> None:
    for name, status in EXPECTED[who].items():
        token = {} if method == "GET" else {"X-CSRF-Token": house.token(name)}
        answer = house.ask(name, method, path, **token)
        assert answer.status_code == status, name
        assert "PX1" not in answer.text, "nothing of it is told"
    if method == "GET":
        let_in = {"bert", "rita", "karl", "anna"} - EXPECTED[who].keys()
        for name in let_in:
            answer = house.ask(name, method, path)
            assert answer.status_code in (200, 204, 303), name
            assert answer.headers.get("location", "/batches").startswith(
                ("/batches", "/utilization")
            )


@pytest.mark.parametrize(("method", "path", "who"), POSTED, ids=[path for _, path, _ in POSTED])
def test_what_another_site_makes_a_browser_send_is_refused(
    house: House, method: str, path: str, who: str
) -> None:
    """With the cookie of who may: without its token, with another's, and from a foreign page with its own."""
    may = "anna" if who == ADMIN else "bert"
    mine, others = house.token(may), house.token("karl")
    before = changes(house)
    for headers in (
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": others},
        {"X-CSRF-Token": mine, "Origin": "https://evil.example"},
        {"X-CSRF-Token": mine, "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": mine, "Sec-Fetch-Site": "same-site"},
    ):
        answer = house.ask(may, method, path, **headers)
        assert answer.status_code == 403, headers
        assert "reload the page" in answer.text
    assert changes(house) == before


def changes(house: House) -> Any:
    """What could have been changed, and who did something."""
    services = house.people["bert"].app.state.services
    done = [one for one in services.audit.entries(5000) if not one.action.startswith("see ")]
    return services.users.all(), services.batches.of(None), services.charts.of(None), done


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [one for one in ROUTES if one[1].startswith("/api") and one[2] == SIGNED],
    ids=str,
)
def test_a_program_with_a_token_needs_no_form_and_has_its_users_rights(
    house: House, method: str, path: str, who: str
) -> None:
    app = house.people["karl"].app
    karl = app.state.services.users.named("karl")
    program = another(house.people["karl"])
    token = app.state.security.tokens.make(karl.id, "program", 1)
    house.people["program"] = program
    answer = house.ask("program", method, path, Authorization=f"Bearer {token}")
    assert answer.status_code in (200, 422)
    app.state.security.tokens.revoke(karl.id, app.state.security.tokens.of(karl.id)[0].id)
    answer = house.ask("program", method, path, Authorization=f"Bearer {token}")
    assert answer.status_code == 401
