"""From settings to a server that listens."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn

from pumpclaim.errors import InputError
from pumpclaim.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.web.settings import Settings

SECONDS_TO_END = 5
"""How long open requests may take when the server is told to stop."""


def run(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until told to stop; raises InputError for an address that cannot be had."""
    listening = listen(settings)
    settings = replace(settings, port=listening.getsockname()[1])
    app = create_app(settings)
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


def listen(settings: Settings) -> socket.socket:
    """A socket on the settings' address."""
    host = settings.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, settings.port))
    except OSError as error:
        raise InputError(
            f"the address {settings.host}, port {settings.port}, cannot be had ({error.strerror}); "
            "is another server running? choose another with --port"
        ) from None
    return listening
