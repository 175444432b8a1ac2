"""How much and how often one may send."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from pumpclaim.web.errors import answer
from pumpclaim.web.security.entrance import STATIC
from pumpclaim.web.security.guard import API, SIGN_IN_AGAIN, WHO_ARE_YOU
from pumpclaim.web.security.rates import REQUESTS, UPLOADS
from pumpclaim.web.settings import LOOPBACK_NAMES, MB

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pumpclaim.web.security.parts import Security
    from pumpclaim.web.settings import Settings

FORM_BYTES = MB
"""A body that is neither an upload nor for the API."""
STRANGER_BYTES = MB // 8
"""A body of one who is not signed in: no more than a sign-in needs."""
FORM_OF_FILES = b"multipart/form-data"
UPLOAD, CHARTS = "/batches", "/charts"
PATIENCE, SLOWEST = 30.0, 10_000
"""Seconds in which a body must begin to arrive, and the bytes a second that must come of it from then on."""
TOO_SLOW = "this arrived too slowly, or stopped in the middle; send it again"
TIMES_READ_OFF, MOST_READ_OFF = 4, 2048 * MB
"""How much of a body that is too large is read and thrown away, as a multiple of the limit and in bytes: a
browser shows an answer only after it could send all."""


class Bounds:
    """Refuses what comes too often or is too large, before a route reads it."""

    def __init__(self, app: ASGIApp, security: Security) -> None:
        self.app = app
        self.security = security

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through that keeps within the limits."""
        if scope["type"] != "http" or scope["path"].startswith(STATIC):
            await self.app(scope, receive, send)
            return
        receive, limit = _in_time(receive), self._limit(scope)
        try:
            await self._admit(scope, receive, limit)
        except HTTPException as refused:
            headers = dict(refused.headers or {})
            response = answer(Request(scope), refused.status_code, refused.detail, headers)
            await response(scope, receive, send)
        else:
            await self.app(scope, _whole(scope, self._counted(scope, receive, limit)), send)

    async def _admit(self, scope: Scope, receive: Receive, limit: int) -> None:
        """Raise what refuses a request that comes too often, or says that it is too large."""
        wait, what = self._wait(scope)
        if wait:
            await _read_off(scope, receive, limit)
            raise HTTPException(429, what, {"Retry-After": str(wait)})
        if (_length(scope) or 0) > limit:
            is_read = await _read_off(scope, receive, limit)
            refused = self._refusal(scope, limit)
            closes = {} if is_read else {"Connection": "close"}
            refused.headers = {**(refused.headers or {}), **closes}
            raise refused

    def _wait(self, scope: Scope) -> tuple[int, str]:
        """Seconds to wait, and why."""
        rates, who = self.security.rates, self._who(scope)
        kinds = [(REQUESTS, "requests")]
        if scope["method"] == "POST" and scope["path"] == UPLOAD:
            kinds.append((UPLOADS, "uploads"))
        for kind, words in kinds:
            wait = rates.wait(kind, who)
            if wait:
                most = f"at most {rates.most(kind):,} {words} a minute are answered"
                return wait, f"{most}; wait {wait} seconds"
        return 0, ""

    def _who(self, scope: Scope) -> str:
        visitor = scope["state"]["visitor"]
        if visitor is None or visitor.role == "local":
            return "address " + address_of(HTTPConnection(scope), self.security.settings)
        return f"user {visitor.id}"

    def _limit(self, scope: Scope) -> int:
        """Bytes that the body may have."""
        limits = self.security.settings.limits
        path = scope["path"]
        if scope["state"]["visitor"] is None:
            return STRANGER_BYTES
        if path == UPLOAD:
            return limits.upload_bytes
        kind = Headers(scope=scope).get("content-type", "").lower().encode()
        if path.startswith(API) or (path.startswith(CHARTS) and kind.startswith(FORM_OF_FILES)):
            return limits.api_bytes
        return FORM_BYTES

    def _refusal(self, scope: Scope, limit: int) -> HTTPException:
        if scope["state"]["visitor"] is None:
            is_api = scope["path"].startswith(API)
            return HTTPException(401, SIGN_IN_AGAIN, WHO_ARE_YOU if is_api else None)
        size = f"{limit / MB:,.1f}".removesuffix(".0")
        return HTTPException(413, f"this is larger than the {size} MB that may be sent at once")

    def _counted(self, scope: Scope, receive: Receive, limit: int) -> Receive:
        """``receive`` that refuses a body as soon as it is larger than the limit."""
        count = 0

        async def received() -> Message:
            nonlocal count
            message = await receive()
            if message["type"] == "http.request":
                count += len(message.get("body", b""))
                if count > limit:
                    if message.get("more_body", False):
                        await _read_off(scope, receive, limit)
                    raise self._refusal(scope, limit)
            return message

        return received


def _in_time(receive: Receive) -> Receive:
    """``receive`` that waits no longer for a body than one takes to send it; see ``SLOWEST``."""
    count, waited, is_whole = 0, 0.0, False

    async def received() -> Message:
        nonlocal count, waited, is_whole
        if is_whole:
            return await receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE + count / SLOWEST - waited):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, TOO_SLOW, {"Connection": "close"}) from None
        waited += time.monotonic() - began
        count += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        return message

    return received


def _whole(scope: Scope, receive: Receive) -> Receive:
    """``receive`` that refuses a form of files without its end: one that is cut off would lack its last file,
    and nobody be told."""
    kind, options = parse_options_header(Headers(scope=scope).get("content-type", ""))
    if kind != FORM_OF_FILES or b"boundary" not in options:
        return receive
    end = b"\r\n--" + options[b"boundary"] + b"--"
    tail, has_end = b"\r\n", False

    async def received() -> Message:
        nonlocal tail, has_end
        message = await receive()
        if message["type"] == "http.request":
            tail += message.get("body", b"")
            has_end = has_end or end in tail
            tail = tail[-len(end) :]
            if not has_end and not message.get("more_body", False):
                raise HTTPException(400, "the form is cut off; send it again")
        return message

    return received


def address_of(connection: HTTPConnection, settings: Settings) -> str:
    """The address that asks; behind a proxy on this machine, the one that the proxy names."""
    address = connection.client.host if connection.client else ""
    if settings.public_url is not None and address in LOOPBACK_NAMES:
        named = connection.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return named or address
    return address


def _length(scope: Scope) -> int | None:
    """The length that a request says its body has."""
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else None


async def _read_off(scope: Scope, receive: Receive, limit: int) -> bool:
    """Read what is still to come, up to a bound; whether all of it could be read."""
    headers = Headers(scope=scope)
    if headers.get("expect", "").lower() == "100-continue":
        return False
    left = min(TIMES_READ_OFF * limit, MOST_READ_OFF)
    if (_length(scope) or 0) > left:
        return False
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return True
        left -= len(message.get("body", b""))
    return False
