"""Everything that stands between a request and its route, from the outside in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.web.security.bounds import Bounds
from pumpclaim.web.security.entrance import Entrance
from pumpclaim.web.security.headers import Hosts, SecurityHeaders
from pumpclaim.web.security.journal import Journal
from pumpclaim.web.security.parts import Security

if TYPE_CHECKING:
    from fastapi import FastAPI

    from pumpclaim.web.services import Services


def install(app: FastAPI, services: Services) -> None:
    """Let every request of an application pass the guards of a server."""
    settings, security = services.settings, Security.of(services)
    app.state.security = security
    # The one that is added last stands outermost.
    app.add_middleware(Bounds, security=security)
    app.add_middleware(Entrance, security=security)
    app.add_middleware(Hosts, settings=settings)
    app.add_middleware(Journal, secret=services.secret)
    app.add_middleware(SecurityHeaders, settings=settings)
