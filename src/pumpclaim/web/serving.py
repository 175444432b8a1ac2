"""From settings to a server that listens."""

from __future__ import annotations

import gc
import shutil
import socket
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn

from pumpclaim.errors import InputError
from pumpclaim.web.app import create_app
from pumpclaim.web.security import journal
from pumpclaim.web.security.parts import is_reachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pumpclaim.web.services import Services
    from pumpclaim.web.settings import Settings

UNSAFE = (
    "WARNING: others can reach this server, and what goes over the wire is not encrypted; a proxy with TLS "
    "must stand before it, and public_url must name its https:// address"
)
INCOMING = "incoming"
"""Folder of uploads that are still arriving."""
SECONDS_TO_END = 5
"""How long open requests may take when the server is told to stop."""


def run(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until told to stop; raises InputError for an address that cannot be had, and for one that
    others can reach while nobody is set up to sign in."""
    listening = listen(settings)
    settings = replace(settings, port=listening.getsockname()[1])
    app = create_app(settings)
    try:
        check_reach(app.state.services)
    except InputError:
        app.state.services.close()
        listening.close()
        raise
    journal.configure()
    arrive_in(settings.data / INCOMING)
    if is_reachable(settings) and not settings.is_https:
        say(UNSAFE)
    # What is there before the first request stays: the collector need not look through it while pages wait.
    gc.collect()
    gc.freeze()
    # From here on who connects is heard, though the server may take another moment to answer.
    listening.listen()
    say(f"the page is at {settings.url} (Ctrl+C ends it); its files are in {settings.data}")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listening])
    return 0


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
