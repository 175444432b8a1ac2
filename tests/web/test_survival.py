"""Two at once, a browser that is closed in the middle, a server that is killed in the middle: nothing lost or mixed."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest

from pumpclaim.web.services import open_services
from pumpclaim.web.settings import Limits, Settings

from .conftest import Server
from .people import PASSWORD, add_people
from .waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pumpclaim.web.services import Services

HEAD = (
    "claim_id,patient_id,hcpcs,service_from,charge,payer_id,filing_indicator,patient_state,"
    "billing_provider_npi,form\n"
)


def claims_of(whose: str, count: int = 20) -> bytes:
    """A table of claims whose ids tell whose they are."""
    rows = (
        f"{whose}-{n},{whose}{n},62370,2026-01-05,180.00,01312,MB,NV,1234567802,professional\n"
        for n in range(count)
    )
    return (HEAD + "".join(rows)).encode()


def browser(url: str, name: str) -> httpx.Client:
    """A browser in which somebody is signed in, its form token as a header."""
    client = httpx.Client(base_url=url, timeout=60)
    token = re.search(r'name="csrf" value="([0-9a-f]{64})"', client.get("/sign-in").text)[1]
    form = {"name": name, "password": PASSWORD, "csrf": token}
    assert client.post("/sign-in", data=form).status_code == 303
    client.headers["X-CSRF-Token"] = re.search(
        r'"X-CSRF-Token": "([0-9a-f]+)"', client.get("/").text
    )[1]
    return client


def judged_ids(client: httpx.Client, batch: str) -> set[str]:
    """The claims of an upload, once it is judged."""
    until(lambda: client.get(f"/batches/{batch}/state").status_code == 204, "the upload is judged")
    told = client.get(f"/batches/{batch}/export.json").json()
    return {one["claim_id"] for one in told["claims"]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = Limits(sign_ins_per_minute=1000, uploads_per_minute=1000)
    with Server(Settings(data=tmp_path_factory.mktemp("server"), limits=limits)) as server:
        add_people(server.app.state.services)
        yield server


def test_uploads_of_several_people_at_once_are_not_mixed(running: Server) -> None:
    people = {name: browser(running.url, name) for name in ("anna", "bert", "rita")}
    rounds = [(name, f"{name}{number}") for name in people for number in range(3)]

    def upload(one: tuple[str, str]) -> set[str]:
        name, mark = one
        files = [("files", ("same.csv", claims_of(mark)))]
        sent = people[name].post("/batches", files=files)
        assert sent.status_code == 303, sent.text
        return judged_ids(people[name], sent.headers["location"].rpartition("/")[2])

    with ThreadPoolExecutor(len(rounds)) as pool:
        found = list(pool.map(upload, rounds))
    assert found == [{f"{mark}-{n}" for n in range(20)} for _, mark in rounds]
    for name, client in people.items():
        listed = client.get("/").text
        links = re.findall(r'href="/batches/\w+">same\.csv</a>', listed)
        assert len(links) == (9 if name == "rita" else 3), "a reviewer sees all"


def test_a_browser_that_is_closed_in_the_middle_of_an_upload_leaves_nothing(
    running: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = browser(running.url, "bert")
    services: Services = running.app.state.services
    before = services.batches.of(None), set(services.batches.root.iterdir())
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    part = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n'
    head = (
        f"POST /batches HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
        f"X-CSRF-Token: {client.headers['X-CSRF-Token']}\r\nContent-Length: 90000000\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    )
    address = running.socket.getsockname()[:2]
    asked = running._server.server_state.tasks
    until(lambda: not asked, "every request before is answered")
    with socket.create_connection(address, timeout=20) as wire:
        wire.sendall(head.encode() + part + claims_of("lost", 50_000))
        until(lambda: asked, "the request has begun")
    until(lambda: not asked, "the request has ended")
    assert (services.batches.of(None), set(services.batches.root.iterdir())) == before
    assert list(tmp_path.iterdir()) == []
    # The same browser comes back and sends it again.
    sent = client.post("/batches", files=[("files", ("a.csv", claims_of("again")))])
    assert len(judged_ids(client, sent.headers["location"].rpartition("/")[2])) == 20


class Process:
    """``pumpclaim serve`` as one starts it."""

    def __init__(self, data: Path) -> None:
        words = ["serve", "--port", "0", "--data", str(data)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pumpclaim", *words], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        found = re.search(r"the page is at (http://\S+)", said)
        assert found is not None, said
        self.url = found[1]

    def children(self) -> list[Path]:
        """The processes that work for it."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [Path("/proc", one) for task in tasks for one in task.read_text().split()]

    def kill(self) -> None:
        """At once, so that it can tell nobody."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        self._process.terminate()
        assert self._process.wait(20) in (0, -15)


def is_gone(process: Path) -> bool:
    """Whether a process has ended, whoever is to be told of it."""
    try:
        return "State:\tZ" in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.slow
def test_a_server_that_is_killed_while_it_judges_loses_and_mixes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "server"
    services = open_services(Settings(data=data))
    people = add_people(services)
    batches = {}
    for name in ("bert", "rita"):
        content = [("a.csv", io.BytesIO(claims_of(name)))]
        with services.batches.arriving(people[name].id, content, Limits()) as arrived:
            batches[name] = services.batches.admit(arrived, {}).id
        # A named pipe in the place of the file holds the judging up for as long as one likes.
        file = services.batches.folder(batches[name]) / "files" / "0001"
        file.rename(file.with_name("aside"))
        os.mkfifo(file)
    first = Process(data)
    until(
        lambda: {one.state for one in services.batches.of(None)} == {"judging"}, "both are judged"
    )
    begun = {one.id: one.judging for one in services.batches.of(None)}
    workers = first.children()
    first.kill()
    assert len(workers) >= 2
    until(lambda: all(map(is_gone, workers)), "every worker is gone")
    for batch in batches.values():
        file = services.batches.folder(batch) / "files" / "0001"
        file.with_name("aside").rename(file)
    second = Process(data)
    try:
        for name, batch in batches.items():
            found = judged_ids(browser(second.url, name), batch)
            assert found == {f"{name}-{n}" for n in range(20)}
    finally:
        second.end()
    for one in services.batches.of(None):
        assert one.judging != begun[one.id]
        folders = {path.name for path in services.batches.folder(one.id).iterdir()}
        assert folders == {"files", one.judging, begun[one.id]}
        assert not list((services.batches.folder(one.id) / begun[one.id]).glob("*.parquet"))
    assert services.audit.verify() is None
    services.close()
