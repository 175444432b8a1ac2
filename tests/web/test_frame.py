"""What every page shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import accessible

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient
    from playwright.sync_api import Page


def test_what_does_not_exist_is_said_on_a_page_and_as_a_problem(client: TestClient) -> None:
    page = client.get("/nope")
    assert page.status_code == 404
    assert "Not Found" in page.text
    problem = client.get("/api/v1/nope")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 404


def test_the_page_of_an_error_is_accessible(browse: Callable[..., Page]) -> None:
    accessible(browse("/nope"))
