"""Who asks, and from where: the dependencies that every page and API call has."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request

from pumpclaim.web.security.parts import security_of
from pumpclaim.web.security.visitors import ADMINISTER, Visitor

API = "/api/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that any site may link to them."""
OWN_PAGES = frozenset({"same-origin", "none"})
"""What a browser says (Sec-Fetch-Site) of requests from our own pages and from its address bar."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
RELOAD = "this form is out of date or not from this site; reload the page and send it again"
SIGN_IN_AGAIN = "you are not signed in; sign in and send it again"
WHO_ARE_YOU = {"WWW-Authenticate": 'Bearer realm="pumpclaim"'}
DEFAULT_PORTS = {"http": 80, "https": 443}


async def visitor_of(request: Request) -> Visitor:
    """The visitor, who is signed in. Raises what leads everybody else to the sign-in page."""
    visitor: Visitor | None = request.state.visitor
    if visitor is not None:
        return visitor
    if request.url.path.startswith(API):
        raise HTTPException(401, "sign in, or send an API token", WHO_ARE_YOU)
    if "hx-request" in request.headers:
        try:
            shown = urlsplit(request.headers.get("hx-current-url", "/"))
        except ValueError:
            shown = urlsplit("/")
        raise HTTPException(
            401, "you are not signed in", {"HX-Redirect": sign_in_url(shown.path, shown.query)}
        )
    asked = request.url if request.method in SAFE_METHODS else urlsplit("/")
    raise HTTPException(303, "sign in first", {"Location": sign_in_url(asked.path, asked.query)})


def sign_in_url(path: str, query: str = "") -> str:
    """The sign-in page that leads on to a page of ours."""
    wanted = path + (f"?{query}" if query else "")
    return "/sign-in" if wanted in {"", "/"} else f"/sign-in?next={quote(wanted, safe='/')}"


def local_path(wanted: str) -> str:
    """``wanted`` if it is a page of this server, else the first page."""
    is_ours = (
        wanted.startswith("/")
        and not wanted.startswith(("//", "/\\", "/sign-"))
        and wanted.isprintable()
        and "\\" not in wanted
    )
    return wanted if is_ours else "/"


def csrf_token(request: Request, visitor: Visitor) -> str:
    """What the visitor's forms must carry; empty for who has no cookie (an API client)."""
    return "" if visitor.session is None else browser_token(request)


def browser_token(request: Request) -> str:
    """What the forms of this browser must carry, be it signed in or not."""
    request.state.was_shown = True
    value: str | None = request.state.session
    return "" if value is None else security_of(request).cookies.token(value)


SignedIn = Annotated[Visitor, Depends(visitor_of)]
"""A parameter of a route that is given the visitor, and lets nobody else in."""


def require(visitor: Visitor, what: str) -> None:
    """Raise 403 where the visitor may not do something."""
    if not visitor.may(what):
        raise HTTPException(403, "your role does not allow this")


async def administrator_of(visitor: SignedIn) -> Visitor:
    """The visitor, who administers this server; raises 403 for everybody else."""
    require(visitor, ADMINISTER)
    return visitor


Administrator = Annotated[Visitor, Depends(administrator_of)]
"""A parameter of a route that lets nobody in but who administers this server."""


async def protect(request: Request) -> None:
    """Refuse what another site may have made a browser send (CSRF)."""
    if request.method in SAFE_METHODS or request.state.by_token:
        return
    if request.headers.get("sec-fetch-site", "none") not in OWN_PAGES or not _own_origin(request):
        raise HTTPException(403, RELOAD)
    if request.state.is_fresh and request.url.path.startswith(API):
        return
    sent = request.headers.get("x-csrf-token")
    if sent is None and request.headers.get("content-type", "").startswith(FORMS):
        sent = str((await request.form()).get("csrf", ""))
    if request.state.is_fresh or not hmac.compare_digest(
        (sent or "").encode(), browser_token(request).encode()
    ):
        raise HTTPException(403, RELOAD)


def _own_origin(request: Request) -> bool:
    """Whether the page that sent the request, where the browser names it, is one of this server."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    host = request.headers.get("host", "")
    own = (security_of(request).settings.url, f"{request.url.scheme}://{host}")
    return _origin(origin) in {_origin(one) for one in own}


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None
