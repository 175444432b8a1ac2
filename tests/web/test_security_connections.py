"""Connections that say nothing, say it too slowly, take nothing, or speak no HTTP: none of them stays."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from fastapi import Response

from pumpclaim.web.security import bounds, connections
from pumpclaim.web.settings import MB, Settings

from .conftest import Server
from .routes import add_routes
from .waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 0.3


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    patch = pytest.MonkeyPatch()
    patch.setattr(connections, "SECONDS_FOR_HEAD", SOON)
    patch.setattr(connections, "SECONDS_TO_TAKE", SOON)
    patch.setattr(bounds, "PATIENCE", SOON)
    with Server(Settings(data=tmp_path_factory.mktemp("server"))) as running:
        add_routes(running.app)

        @running.app.get("/try/large")
        def large() -> Response:
            return Response(b"x" * (64 * MB))

        yield running
    patch.undo()


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    host, port = server.socket.getsockname()[:2]
    with socket.create_connection((host, port), timeout=20) as wire:
        yield wire


def all_of(wire: socket.socket) -> bytes:
    """What comes until the other side closes."""
    said = b""
    while part := wire.recv(65_536):
        said += part
    return said


HEAD = b"POST /api/v1/try HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD], ids=["nothing", "a word", "half a head"])
def test_who_sends_no_whole_request_is_let_go(listening: Server, sent: bytes) -> None:
    with connected(listening) as wire:
        wire.sendall(sent)
        assert all_of(wire) == b""


def test_half_a_second_request_is_let_go_too(listening: Server) -> None:
    with connected(listening) as wire:
        wire.sendall(b"HEAD /static/nope HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            said += wire.recv(65_536)
        wire.sendall(b"GET / HT")
        assert all_of(wire) == b""


def test_a_body_that_stops_is_told_and_let_go(listening: Server) -> None:
    with connected(listening) as wire:
        wire.sendall(HEAD + b'Content-Length: 1000\r\n\r\n{"claim"')
        head, _, body = all_of(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in head
    assert json.loads(body)["detail"] == bounds.TOO_SLOW


def test_a_body_that_is_too_large_and_stops_is_let_go(listening: Server) -> None:
    with connected(listening) as wire:
        wire.sendall(HEAD + b"Content-Length: 20000000\r\n\r\n{")
        assert all_of(wire).startswith(b"HTTP/1.1 408")


def test_a_body_that_comes_as_fast_as_it_should_may_take_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So much waiting for so many bytes, whatever the server does in between."""
    clock = iter((0.0, 5.0, 5.0, 9.0, 9.0, 10.0))
    monkeypatch.setattr(bounds.time, "monotonic", lambda: next(clock))
    given: list[float] = []

    class Given:
        def __init__(self, seconds: float) -> None:
            given.append(seconds)

        async def __aenter__(self) -> None: ...

        async def __aexit__(self, *_: object) -> None: ...

    monkeypatch.setattr(bounds.asyncio, "timeout", Given)
    monkeypatch.setattr(bounds, "PATIENCE", 30.0)
    sizes = iter((100_000, 20_000, 0))

    async def receive() -> dict[str, object]:
        size = next(sizes)
        return {"type": "http.request", "body": b"x" * size, "more_body": bool(size)}

    timed = bounds._in_time(receive)

    async def read() -> None:
        while (await timed())["more_body"]:
            pass

    with pytest.raises(StopIteration):
        read().send(None)
    assert given == [30.0, 30.0 + 10.0 - 5.0, 30.0 + 12.0 - 9.0]


def test_who_takes_nothing_of_an_answer_is_let_go(listening: Server) -> None:
    open_ones = listening._server.server_state.connections
    with connected(listening) as wire:
        wire.sendall(b"GET /try/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = wire.recv(12)
        until(lambda: not open_ones, "the connection is let go")
        said += all_of(wire)
    assert said.startswith(b"HTTP/1.1 200")
    assert len(said) < 64 * MB, "what the system had taken already, and no more"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /api/v1/SECRET\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/v1/rules HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["control", "no length", "negative length", "TLS"],
)
def test_what_is_no_http_is_a_problem_with_all_headers(listening: Server, sent: bytes) -> None:
    with connected(listening) as wire:
        wire.sendall(sent)
        head, _, body = all_of(wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    for said in (b"application/problem+json", b"nosniff", b"no-store", b"default-src 'none'"):
        assert said in head
    assert json.loads(body) == {
        "type": "about:blank", "title": "Bad Request", "status": 400, "detail": connections.NO_REQUEST,
    }  # fmt: skip
