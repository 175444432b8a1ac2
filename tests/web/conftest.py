"""A server of one's own: in process (``client``), and really listening on loopback (``server``)."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient

import pumpclaim
from pumpclaim.web.app import create_app
from pumpclaim.web.serving import listen, speaking
from pumpclaim.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from pumpclaim.web.services import Services

EXAMPLES = Path(__file__).parents[2] / "examples"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""Rules of axe-core that make up WCAG 2.2 AA."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a server without users on loopback; a module may override this fixture."""
    return Settings(data=tmp_path / "server")


def token_of(client: TestClient, path: str = "/nope") -> str:
    """What the client's forms must carry, read from a page (its cookie stays with the client).

    Send it as the field ``csrf`` or the header ``X-CSRF-Token``.
    """
    found = re.search(r"""hx-headers='{"X-CSRF-Token": "([0-9a-f]+)"}'""", client.get(path).text)
    assert found is not None, "the page has no token"
    return found[1]


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The application in process; its lifespan runs. ``client.app.state.services`` are its services."""
    with TestClient(create_app(settings), base_url=settings.url, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def services(client: TestClient) -> Services:
    """The services of ``client``."""
    found: Services = client.app.state.services
    return found


@pytest.fixture
def batch(client: TestClient) -> str:
    """A clinic's and a hospital's claims, judged; a module may have an upload of its own."""
    from .uploads import uploaded

    files = [(name, (EXAMPLES / name).read_bytes()) for name in ("clinic.837", "hospital.837")]
    return uploaded(client, *files)


@pytest.fixture(scope="session")
def review() -> pumpclaim.Review:
    """The same claims as the library judges them."""
    return pumpclaim.check(
        pumpclaim.read(str(EXAMPLES / "clinic.837"), str(EXAMPLES / "hospital.837"))
    )


@pytest.fixture
def yearly(client: TestClient, services: Services) -> str:
    """A year of refills with the records of the visits, judged."""
    from .pages import refills
    from .uploads import uploaded

    data, records = refills()
    for record in records:
        answers = {name: {"answer": value} for name, value in record.items()}
        services.charts.create("local", "encounter", "PX-1", answers)
    return uploaded(client, ("year.csv", data))


class Server:
    """A real server on a free port of loopback, in a thread; ``url`` is its address."""

    def __init__(self, settings: Settings) -> None:
        from dataclasses import replace

        self.socket = listen(replace(settings, port=0))
        self.settings = replace(settings, port=self.socket.getsockname()[1])
        self.app = create_app(self.settings)
        self.url = self.settings.url
        self._server = uvicorn.Server(speaking(self.app))
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self.socket])), daemon=True
        )

    def __enter__(self) -> Server:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """A server that a browser can reach."""
    with Server(settings) as running:
        yield running


@pytest.fixture
def browse(browser: Browser, server: Server, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a page of the server in Chromium: ``browse("/refill")``, ``browse("/", width=390, dark=True)``.

    At the end every page that was opened must have asked no other host and logged no error but those of
    refused requests and those that match ``fails``.
    """
    troubles: list[str] = []
    contexts = []

    def opened(
        path: str,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        fails: str = "status of 4",
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
        page.on(
            "console",
            lambda said: (
                troubles.append(f"console: {said.text}")
                if said.type == "error" and not re.search(f"{fails}|Status Error Code 4", said.text)
                else None
            ),
        )
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((server.url, "data:", "blob:", "about:"))
                else troubles.append(f"asked another host: {asked.url}")
            ),
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def accessible(page: Page) -> None:
    """Assert that axe-core finds nothing against WCAG 2.2 AA on the page as it stands."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    said = [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:4]]}"
        for one in found.response["violations"]
    ]
    assert said == []
