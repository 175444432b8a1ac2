"""What guards one server, made once: cookies, sessions, tokens, rates, the identity provider."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pumpclaim.web.security.cookies import Cookies
from pumpclaim.web.security.rates import Rates
from pumpclaim.web.security.sessions import Sessions, Tokens
from pumpclaim.web.security.users import Users
from pumpclaim.web.settings import LOOPBACK_NAMES

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from pumpclaim.web.security.openid import Provider
    from pumpclaim.web.services import Services
    from pumpclaim.web.settings import Settings


@dataclass(frozen=True)
class Security:
    """What guards one server. ``secret`` is the key of signatures and of the logs' pseudonyms."""

    settings: Settings
    secret: bytes
    users: Users
    cookies: Cookies
    sessions: Sessions
    tokens: Tokens
    rates: Rates
    provider: Provider | None

    @classmethod
    def of(cls, services: Services) -> Security:
        """The guards of a server; raises InputError for an identity provider that cannot work."""
        settings, engine = services.settings, services.engine
        return cls(
            settings=settings,
            secret=services.secret,
            users=services.users,
            cookies=Cookies(settings, services.secret),
            sessions=Sessions(engine, settings.limits),
            tokens=Tokens(engine),
            rates=Rates(settings.limits),
            provider=_provider(settings, services.secret),
        )


def security_of(connection: HTTPConnection) -> Security:
    """The guards of the server that a request came to."""
    found: Security = connection.app.state.security
    return found


def _provider(settings: Settings, secret: bytes) -> Provider | None:
    if settings.openid_connect is None:
        return None
    # Slow and rarely wanted; recorded, what it warns of at its import stays out of the server's log.
    with warnings.catch_warnings(record=True):
        from pumpclaim.web.security.openid import Provider  # noqa: PLC0415

    return Provider(settings, settings.openid_connect, secret)


def is_reachable(settings: Settings) -> bool:
    """Whether others than who sits at this machine can reach the server, be it through a proxy on it."""
    through_proxy = settings.public_url is not None and (
        urlsplit(settings.url).hostname not in LOOPBACK_NAMES
    )
    return through_proxy or not settings.is_loopback


def is_private(settings: Settings) -> bool:
    """Whether the server may do without users: nobody else reaches it, and nobody was told to sign in."""
    return settings.openid_connect is None and not is_reachable(settings)
