"""What every answer tells the browser, and the names under which the server answers at all."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from pumpclaim.web.errors import answer
from pumpclaim.web.security.entrance import STATIC
from pumpclaim.web.settings import LOOPBACK_NAMES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pumpclaim.web.settings import Settings

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Under no-referrer a browser would send "Origin: null" with forms, which are then refused.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STATIC_CACHE = "public, max-age=600, must-revalidate"
YEAR = 31_536_000


class SecurityHeaders:
    """Sets the headers of every answer. A policy of content that a route has set itself stays."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._always = dict(ALWAYS)
        if settings.is_https:
            self._always["Strict-Transport-Security"] = f"max-age={YEAR}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and set the headers of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_static = scope["path"].startswith(STATIC)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.update(self._always)
                can_keep = is_static and message["status"] in {200, 304}
                headers["Cache-Control"] = STATIC_CACHE if can_keep else "no-store"
            await send(message)

        await self.app(scope, receive, sent)


class Hosts:
    """Answers only under the server's own names: a foreign name that leads here may be another site's
    (DNS rebinding), and its scripts would pass as ours."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.names = {one.strip("[]") for one in LOOPBACK_NAMES}
        self.names |= {settings.host.strip("[]").lower(), urlsplit(settings.url).hostname or ""}
        # A server on all addresses answers to each of them, and to the machine's own name.
        self.by_number = _is_wildcard(settings.host)
        if self.by_number:
            self.names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through that names the server."""
        if scope["type"] != "http" or self._is_ours(Headers(scope=scope).getlist("host")):
            await self.app(scope, receive, send)
            return
        what = "the server does not answer under this name; public_url in its settings gives it one"
        await answer(Request(scope), 400, what)(scope, receive, send)

    def _is_ours(self, hosts: list[str]) -> bool:
        if len(hosts) != 1:
            return False
        try:
            parts = urlsplit(f"//{hosts[0]}")
            name = parts.hostname
            _ = parts.port
        except ValueError:
            return False
        if name is None or parts.path or parts.query or parts.fragment or parts.username:
            return False
        return name in self.names or (self.by_number and _is_number(name))


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return host == ""


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
