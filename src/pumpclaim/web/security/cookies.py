"""The browser's cookie: a random value, signed, that script cannot read and other sites cannot send."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from itsdangerous import BadSignature, Signer

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from pumpclaim.web.settings import Settings

NAME = "pumpclaim"
HOST_ONLY = "__Host-"
"""Prefix of cookies that a browser takes by TLS alone, for one host."""
USUAL_PORT = 8239


class Cookies:
    """Reads and writes the cookie of one server, and makes the token that its forms carry."""

    def __init__(self, settings: Settings, secret: bytes) -> None:
        self.is_https = settings.is_https
        # Browsers keep cookies by host, not by port: two servers of one machine need two names.
        port = urlsplit(settings.url).port
        beside = f"-{port}" if port not in {None, USUAL_PORT} else ""
        self.name = HOST_ONLY + NAME if self.is_https else NAME + beside
        self._secret = secret
        self._signer = Signer(secret, salt=b"pumpclaim cookie", digest_method=hashlib.sha256)

    def new(self) -> str:
        """A random value for a cookie."""
        return secrets.token_urlsafe(32)

    def read(self, connection: HTTPConnection) -> str | None:
        """What the cookie holds; null where there is none that this server signed."""
        try:
            return self._signer.unsign(connection.cookies.get(self.name, "")).decode()
        except (BadSignature, UnicodeError):
            return None

    def signed(self, value: str) -> str:
        """The value with its signature."""
        return self._signer.sign(value).decode()

    def write(self, response: Response, value: str) -> None:
        """Let a response set the cookie."""
        response.set_cookie(
            self.name,
            self.signed(value),
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )

    def token(self, value: str) -> str:
        """What forms must carry that a browser with this cookie sends."""
        return hmac.new(self._secret, b"form " + value.encode(), hashlib.sha256).hexdigest()
