"""Charts as a visitor has them open: the page's fields, and what htmx posts of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import orjson

from pumpclaim.policy import load
from pumpclaim.web.charts.store import Chart
from pumpclaim.web.security.guard import visitor_of
from pumpclaim.web.security.visitors import Visitor

from .conftest import token_of

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response


POLICY = load()
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
HTMX = {"HX-Request": "true"}


class Fields(HTMLParser):
    """The controls of a page: by name, what would be sent, and every value that may be chosen."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.choices: dict[str, list[str]] = {}
        self.labelled: set[str] = set()
        self._select: str | None = None
        self._skipped = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag in ("template", "noscript"):
            self._skipped += 1
        if tag == "label" and "for" in at:
            self.labelled.add(at["for"])
        if self._skipped:
            return
        if tag == "select":
            self._select = at["name"]
        elif tag == "option" and self._select:
            self.choices.setdefault(self._select, []).append(at.get("value", ""))
            if "selected" in at:
                self.sent[self._select] = [at.get("value", "")]
        elif tag == "input" and "name" in at:
            self.choices.setdefault(at["name"], []).append(at.get("value", ""))
            if at.get("type") not in ("radio", "checkbox") or "checked" in at:
                self.sent.setdefault(at["name"], []).append(at.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("template", "noscript"):
            self._skipped -= 1
        if tag == "select":
            self._select = None


class Page:
    """A chart as one visitor has it open."""

    def __init__(self, client: TestClient, where: str) -> None:
        self.client, self.where = client, where
        self.csrf = token_of(client)
        self.fields = Fields(self.text)

    @property
    def text(self) -> str:
        return self.client.get(self.where).text

    @property
    def chart(self) -> Chart:
        found = self.client.app.state.services.charts.get(self.where.rpartition("/")[2])
        assert found is not None
        return found

    def give(self, question: str, **values: Any) -> Response:
        """What htmx posts: the one question as it is on the page, with ``values`` typed into it."""
        own = {
            name: list(sent)
            for name, sent in self.fields.sent.items()
            if name == question or name.startswith(f"{question}.")
        }
        for name, value in values.items():
            key = question if name == "answer" else f"{question}.{name}"
            own[key] = value if isinstance(value, list) else [value]
        answer = self.client.post(
            f"{self.where}/answers/{question}",
            data={name: sent for name, sent in own.items() if sent},
            headers={**HTMX, "X-CSRF-Token": self.csrf},
        )
        if seen := re.search(rf'name="{question}\.seen" value="(\w+)"', answer.text):
            self.fields.sent[f"{question}.seen"] = [seen[1]]
        return answer


def begin(client: TestClient, part: str = "implant", patient: str = "9ZZ9ZZ9ZZ99") -> Page:
    """A new chart through the page."""
    typed = {"csrf": token_of(client), "part": part, "patient_id": patient}
    if part == "encounter":
        typed["visit_date"] = "2025-06-02"
    answer = client.post("/charts", data=typed)
    assert answer.status_code == 303
    return Page(client, answer.headers["location"])


def take_over(client: TestClient, *files: tuple[str, bytes]) -> Response:
    return client.post(
        "/charts/import",
        files=[("files", file) for file in files],
        headers={"X-CSRF-Token": token_of(client)},
    )


def act_as(client: TestClient, visitor: Visitor | None) -> None:
    overrides = client.app.dependency_overrides
    overrides.clear()
    if visitor is not None:
        overrides[visitor_of] = lambda: visitor


def audited(client: TestClient) -> list[dict[str, Any]]:
    file = client.app.state.services.settings.data / "audit.jsonl"
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]
