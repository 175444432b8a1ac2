"""Signing in, one's account and administration as people see them; who may do what there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pumpclaim.web.settings import Limits, Settings

from .conftest import accessible
from .people import PASSWORD, add_people, another, form_token, send, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi.testclient import TestClient
    from playwright.sync_api import Page

    from .conftest import Server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "server", limits=Limits(sign_ins_per_minute=1000))


# roles

PAGES = ["/administration", "/administration/audit"]
FORMS = {
    "/administration/users": {"name": "carl", "role": "biller", "password": "nine blue doors ok"},
    "/administration/users/{bert}/role": {"role": "administrator"},
    "/administration/users/{bert}/active": {"active": "false"},
    "/administration/users/{bert}/password": {"password": "nine blue doors ok"},
}
STATUS = {"administrator": (200, 303), "reviewer": (403, 403), "biller": (403, 403)}


@pytest.mark.parametrize("name", ["anna", "rita", "bert", None])
def test_administration_is_the_administrators(client: TestClient, name: str | None) -> None:
    people = add_people(client.app.state.services)
    before = client.app.state.services.users.all()
    seen, sent = STATUS[people[name].role] if name else (303, 303)
    if name:
        sign_in(client, name)
        token = form_token(client, "/account")
    else:
        token = form_token(client)
    for path in PAGES:
        assert client.get(path).status_code == seen, path
    for path, form in FORMS.items():
        target = path.format(bert=people["bert"].id)
        answer = client.post(target, data={**form, "csrf": token})
        assert answer.status_code == sent, path
        if name is None:
            assert answer.headers["location"] == "/sign-in"
    if name != "anna":
        assert client.app.state.services.users.all() == before


def test_only_administrators_are_shown_the_way(client: TestClient) -> None:
    add_people(client.app.state.services)
    assert 'href="/administration"' in sign_in(client, "anna").get("/account").text
    for name in ("bert", "rita"):
        page = sign_in(another(client), name).get("/account").text
        assert 'href="/administration"' not in page


def test_the_first_user_is_made_on_the_page_and_is_an_administrator(client: TestClient) -> None:
    page = client.get("/administration").text
    assert "There are none" in page
    token = form_token(client, "/administration")
    form = {"name": "Anna", "role": "biller", "password": PASSWORD, "csrf": token}
    answer = client.post("/administration/users", data=form)
    assert answer.status_code == 422
    assert "the first user is an administrator" in answer.text
    form["role"] = "administrator"
    assert client.post("/administration/users", data=form).status_code == 303
    assert client.get("/administration").headers["location"] == "/sign-in?next=/administration"
    sign_in(client, "anna")
    assert client.get("/administration").status_code == 200


def test_without_users_there_is_no_account(client: TestClient) -> None:
    assert client.get("/account").status_code == 404
    assert client.get("/administration/audit").status_code == 200


def test_what_cannot_be_done_is_said_on_the_page(client: TestClient) -> None:
    people = add_people(client.app.state.services)
    sign_in(client, "anna")
    anna = people["anna"].id
    for path, form, why in (
        (f"/administration/users/{anna}/role", {"role": "biller"}, "last active administrator"),
        (f"/administration/users/{anna}/role", {"role": "king"}, "no role"),
        (f"/administration/users/{anna}/active", {"active": "false"}, "last active administrator"),
        (f"/administration/users/{anna}/password", {"password": "short"}, "at least 15"),
        ("/administration/users/0/role", {"role": "biller"}, "no such user"),
        (
            "/administration/users",
            {"name": "bert", "role": "biller", "password": PASSWORD},
            "already",
        ),
        (
            "/administration/users",
            {"name": "<b>", "role": "biller", "password": PASSWORD},
            "letters",
        ),
    ):
        answer = send(client, path, **form)
        assert answer.status_code == 422, path
        alert = re.search(r'role="alert">([^<]*)<', answer.text)
        assert alert is not None
        assert why in alert[1]
    assert PASSWORD not in send(client, path, **form).text


def test_words_in_addresses_say_nothing_of_their_own(client: TestClient) -> None:
    add_people(client.app.state.services)
    sign_in(client, "anna")
    for path in ("/account?said=", "/administration?said=", "/sign-in?next="):
        assert "call-555" not in client.get(f"{path}call-555").text


def test_a_deactivated_user_may_come_back(client: TestClient) -> None:
    people = add_people(client.app.state.services)
    sign_in(client, "anna")
    bert = sign_in(another(client), "bert")
    path = f"/administration/users/{people['bert'].id}/active"
    assert send(client, path, active="false").headers["location"].endswith("deactivated")
    assert bert.get("/account").status_code == 303
    assert send(client, path, active="true").headers["location"].endswith("activated")
    sign_in(another(client), "bert")


# in the browser


def _sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_somebody_signs_in_looks_around_and_signs_out(
    browse: Callable[..., Page], server: Server
) -> None:
    add_people(server.app.state.services)
    page = browse("/article")
    assert page.url.endswith("/sign-in?next=/article")
    _sign_in(page, "bert", "not the password")
    assert page.get_by_role("alert").inner_text() == "The name or the password is not right."
    assert page.get_by_label("Name").input_value() == "bert"
    assert page.evaluate("document.activeElement.id") == "password"
    _sign_in(page, "bert")
    page.wait_for_url("**/article")
    cookies = page.context.cookies()
    assert [(one["httpOnly"], one["sameSite"], one["path"]) for one in cookies] == [
        (True, "Lax", "/")
    ]
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("link", name="bert").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.go_back()
    page.wait_for_url("**/sign-in?next=/account")


def test_an_administrator_works_with_users(browse: Callable[..., Page], server: Server) -> None:
    services = server.app.state.services
    add_people(services)
    page = browse("/sign-in")
    _sign_in(page, "anna")
    page.get_by_role("link", name="Administration").click()
    page.get_by_label("Name", exact=True).fill("carl")
    page.get_by_label("Role", exact=True).select_option("reviewer")
    page.get_by_label("Password", exact=True).fill("nine blue doors ok")
    page.get_by_role("button", name="Add user").click()
    assert page.get_by_role("status").inner_text() == "The user is added."
    page.get_by_label("Role of carl", exact=True).select_option("biller")
    page.get_by_role("button", name="Save the role of carl").click()
    assert services.users.named("carl").role == "biller"
    page.get_by_role("button", name="Deactivate carl", exact=True).click()
    assert not services.users.named("carl").active
    row = page.get_by_role("row", name="carl")
    row.get_by_text("Set", exact=True).first.click()
    row.get_by_label("New password of carl", exact=True).fill("ten quiet rivers run")
    row.get_by_role("button", name="Set the password of carl").click()
    assert services.users.sign_in("carl", "ten quiet rivers run") is None
    page.get_by_role("button", name="Activate carl", exact=True).click()
    assert services.users.sign_in("carl", "ten quiet rivers run") is not None
    page.get_by_role("button", name="Deactivate anna").click()
    assert "last active administrator" in page.get_by_role("alert").inner_text()
    page.get_by_role("link", name="Audit log").click()
    assert "The chain holds" in page.get_by_role("status").inner_text()
    assert page.get_by_role("cell", name="deactivate user", exact=True).count() == 2
    page.get_by_label("Of whom").fill("bert")
    page.get_by_role("button", name="Show").click()
    assert "Nothing of bert yet." in page.content()


def test_a_person_changes_the_password_and_makes_a_token(
    browse: Callable[..., Page], server: Server
) -> None:
    add_people(server.app.state.services)
    page = browse("/sign-in?next=/account")
    _sign_in(page, "rita")
    page.get_by_label("For what").fill("nightly check")
    page.get_by_role("button", name="Make a token").click()
    token = page.locator("#new-token").inner_text()
    visitor = server.app.state.security.tokens.visitor(token)
    assert visitor is not None
    assert visitor.name == "rita"
    page.get_by_role("button", name="Revoke nightly check").click()
    assert server.app.state.security.tokens.visitor(token) is None
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("nine blue doors ok")
    page.get_by_label("New password again").fill("nine blue doors ok")
    page.get_by_role("button", name="Change password").click()
    assert "The password is changed" in page.get_by_role("status").inner_text()


def test_another_sites_form_does_nothing(browse: Callable[..., Page], server: Server) -> None:
    """A page of another origin posts a form to us from the browser of somebody who is signed in."""
    services = server.app.state.services
    add_people(services)
    page = browse("/sign-in")
    _sign_in(page, "anna")
    page.wait_for_url("**/")
    bert = services.users.named("bert").id
    evil = page.context.new_page()
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    # localhost is another site than 127.0.0.1, and this page of it has no policy against foreign forms.
    evil.route(
        f"{elsewhere}/evil",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{server.url}/administration/users/{bert}/active">'
            '<input name="active" value="false"><button>win</button></form>',
        ),
    )
    evil.goto(f"{elsewhere}/evil")
    with evil.expect_navigation() as navigated:
        evil.get_by_role("button").click()
    assert navigated.value.status == 403
    assert services.users.named("bert").active
    page.reload()
    assert "anna" in page.get_by_role("banner").inner_text(), "and the session is still there"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_are_accessible(
    browse: Callable[..., Page], server: Server, dark: bool, width: int
) -> None:
    services = server.app.state.services
    people = add_people(services)
    services.users.set_active(people["bert"].id, active=False)
    server.app.state.security.tokens.make(people["anna"].id, "nightly check")
    page = browse("/sign-in?next=/administration", width=width, dark=dark)
    accessible(page)
    _fits(page)
    _sign_in(page, "anna", "wrong")
    accessible(page)
    _sign_in(page, "anna")
    page.wait_for_url("**/administration")
    for path in ("/administration?said=role", "/administration/audit", "/account?said=revoked"):
        page.goto(path)
        accessible(page)
        _fits(page)
    page.get_by_label("For what").fill("second")
    page.get_by_role("button", name="Make a token").click()
    accessible(page)
    _fits(page)
