"""The entrance: every request is given its visitor before anything else looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from pumpclaim.web.errors import answer
from pumpclaim.web.security.guard import API, SAFE_METHODS
from pumpclaim.web.security.parts import is_private
from pumpclaim.web.security.users import LOCAL_ROLE
from pumpclaim.web.security.visitors import LOCAL, Visitor

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pumpclaim.web.security.parts import Security

STATIC = "/static/"
FORWARDED = frozenset({"forwarded", "x-real-ip"})
BEHIND_A_PROXY = (
    "this server has no users and is for who sits at its machine alone, but a proxy stands before it; add "
    "users first (pumpclaim user add) and name public_url in its settings"
)
LOOKING_UP = 8
"""Threads that look up sessions, apart from those that answer."""


class Entrance:
    """Sets of ``request.state``: ``visitor`` (null for nobody), ``session`` (what the browser's cookie
    holds), ``is_fresh`` (it came without one), ``by_token`` (an API token said who asks).

    A browser that shows a page with a form for the first time is given its cookie.
    """

    def __init__(self, app: ASGIApp, security: Security) -> None:
        self.app = app
        self.security = security
        self._is_private = is_private(security.settings)
        self._threads: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in with its visitor."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state |= {
            "visitor": None,
            "session": None,
            "is_fresh": True,
            "by_token": False,
            "was_shown": False,
        }
        if scope["path"].startswith(STATIC):
            await self.app(scope, receive, send)
            return
        cookies = self.security.cookies
        connection = HTTPConnection(scope)
        is_api = scope["path"].startswith(API)
        value = cookies.read(connection)
        state["is_fresh"] = value is None
        if value is None and not is_api:
            value = cookies.new()
        state["session"] = value
        bearer = _bearer(connection) if is_api else None
        self._threads = self._threads or CapacityLimiter(LOOKING_UP)
        is_forwarded = any(map(_tells_of_a_proxy, connection.headers))
        try:
            state["visitor"] = await to_thread.run_sync(
                self._visitor, value, bearer, is_forwarded, limiter=self._threads
            )
        except HTTPException as refused:
            response = answer(Request(scope), refused.status_code, refused.detail)
            await response(scope, receive, send)
            return
        state["by_token"] = bearer is not None and state["visitor"] is not None

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and state["was_shown"]:
                _give(message, self.security, state["session"])
            await send(message)

        gives = state["is_fresh"] and not is_api and scope["method"] in SAFE_METHODS
        await self.app(scope, receive, sent if gives else send)

    def _visitor(self, value: str | None, bearer: str | None, is_forwarded: bool) -> Visitor | None:
        security = self.security
        if self._is_private and not security.users.any():
            if is_forwarded:
                raise HTTPException(403, BEHIND_A_PROXY)
            return Visitor(LOCAL, "you", LOCAL_ROLE, value)
        if bearer is not None:
            return security.tokens.visitor(bearer)
        return None if value is None else security.sessions.visitor(value)


def _tells_of_a_proxy(header: str) -> bool:
    """Whether only a proxy sends a header of this name (in small letters)."""
    return header in FORWARDED or header.startswith("x-forwarded-")


def _bearer(connection: HTTPConnection) -> str | None:
    """The API token that a request carries."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _give(message: Message, security: Security, value: str) -> None:
    """Set the cookie on a response, unless the route has set one itself."""
    headers = MutableHeaders(raw=message["headers"])
    name = f"{security.cookies.name}="
    if not any(cookie.startswith(name) for cookie in headers.getlist("set-cookie")):
        response = Response()
        security.cookies.write(response, value)
        headers.append("set-cookie", response.headers["set-cookie"])
