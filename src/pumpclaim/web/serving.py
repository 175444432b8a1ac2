"""From settings to a server that listens."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import socket
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn

from pumpclaim.errors import InputError
from pumpclaim.web.app import create_app
from pumpclaim.web.security import journal
from pumpclaim.web.security.connections import Connection
from pumpclaim.web.security.parts import is_reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from pumpclaim.web.services import Services
    from pumpclaim.web.settings import Settings

UNSAFE = (
    "WARNING: others can reach this server, and what goes over the wire is not encrypted; a proxy with TLS "
    "must stand before it, and public_url must name its https:// address"
)
INCOMING = "incoming"
"""Folder of uploads that are still arriving."""
LOCK = "server.lock"
"""File that a server holds as long as it works in its folder; in it the number of its process."""
SECONDS_TO_END = 5
"""How long open requests may take when the server is told to stop."""


def run(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until told to stop; raises InputError for an address that cannot be had, for a folder in which
    another server works, and for an address that others can reach while nobody is set up to sign in."""
    with ExitStack() as stack:
        listening = stack.enter_context(listen(settings))
        settings = replace(settings, port=listening.getsockname()[1])
        app = create_app(settings)
        stack.callback(app.state.services.close)
        stack.enter_context(alone(settings.data))
        check_reach(app.state.services)
        check_history(settings)
        journal.configure()
        arrive_in(settings.data / INCOMING)
        if is_reachable(settings) and not settings.is_https:
            say(UNSAFE)
        # What is there before the first request stays: the collector need not look through it again.
        gc.collect()
        gc.freeze()
        # From here on who connects is heard, though the server may take another moment to answer.
        listening.listen()
        say(f"the page is at {settings.url} (Ctrl+C ends it); its files are in {settings.data}")
        uvicorn.Server(speaking(app)).run(sockets=[listening])
    return 0


def speaking(app: FastAPI) -> uvicorn.Config:
    """How the server speaks to those who connect."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
        proxy_headers=False,
    )


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Be the only server that works in a folder; raises InputError where another one does."""
    file = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.read(file, 20).decode(errors="replace").strip() or "not known"
        os.close(file)
        raise InputError(
            f"another server works in this folder (process {other}); end that one, or give this one a folder "
            "of its own with --data",
            source=str(data),
        ) from None
    try:
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(file)


def arrive_in(folder: Path) -> None:
    """Let what arrives wait in a folder of the server's own, emptied first, and not in one that all share."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    tempfile.tempdir = str(folder)


def check_reach(services: Services) -> None:
    """Raise InputError for a server that others can reach while nobody is set up to sign in."""
    settings = services.settings
    if not is_reachable(settings) or settings.openid_connect is not None:
        return
    if not services.users.any_active():
        where = settings.public_url or settings.host
        raise InputError(
            f"others can reach {where}, so users must be set up first: "
            "pumpclaim user add NAME --role administrator (or openid_connect in the settings)"
        )


def check_history(settings: Settings) -> None:
    """Raise InputError for a history that cannot be opened, before anybody uploads."""
    if settings.history is not None:
        from pumpclaim.history import open_history  # noqa: PLC0415  (only where there is one)

        open_history(settings.history).close()


def listen(settings: Settings) -> socket.socket:
    """A socket on the settings' address."""
    host = settings.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0][0]
        # The protocol is named, for asyncio sends small packets at once only where it reads "TCP" there.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, settings.port))
    except OSError as error:
        raise InputError(
            f"the address {settings.host}, port {settings.port}, cannot be had ({error.strerror}); "
            "is another server running? choose another with --port"
        ) from None
    return listening
