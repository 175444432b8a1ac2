"""One's own account: the password, the tokens for the HTTP API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from pumpclaim.errors import InputError
from pumpclaim.web.pages import administration, sign_in
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.security.parts import security_of
from pumpclaim.web.security.passwords import LEAST
from pumpclaim.web.security.rates import SIGN_INS
from pumpclaim.web.security.sessions import MOST_DAYS, USUAL_DAYS, digest
from pumpclaim.web.security.users import LOCAL_ROLE
from pumpclaim.web.security.visitors import Visitor
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

router = APIRouter()
router.include_router(sign_in.router)
router.include_router(administration.router)
SAID = {
    "password": "The password is changed. Other browsers of yours are signed out, your API tokens revoked.",
    "revoked": "The token is revoked.",
}
"""What a page says after it was sent something, by the word in its address."""


@router.get("/account")
def account(request: Request, visitor: SignedIn, said: str = "") -> Response:
    """The password and the tokens of whoever is signed in."""
    return _page(request, visitor, said=SAID.get(said))


@router.post("/account/password")
def set_password(
    request: Request,
    visitor: SignedIn,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change one's own password; all other sessions end."""
    services, security = services_of(request), security_of(request)
    _must_be_user(visitor)
    if security.rates.wait(SIGN_INS, f"name {visitor.name}"):
        raise HTTPException(429, "too many tries; wait a minute", {"Retry-After": "60"})
    try:
        if services.users.sign_in(visitor.name, current) is None:
            raise InputError("the current password is not right")
        if new != again:
            raise InputError("the new password is not the same both times")
        with services.audit.doing(visitor, "change own password"):
            services.users.set_password(visitor.id, new, keep=digest(visitor.session or ""))
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    return RedirectResponse("/account?said=password", 303)


@router.post("/account/tokens")
def make_token(
    request: Request,
    visitor: SignedIn,
    label: Annotated[str, Form()] = "",
    days: Annotated[int, Form()] = USUAL_DAYS,
) -> Response:
    """Make a token and show it, this once."""
    _must_be_user(visitor)
    audit, about = services_of(request).audit, {"label": label.strip(), "days": str(days)}
    try:
        with audit.doing(visitor, "make API token", **about):
            token = security_of(request).tokens.make(visitor.id, label, days)
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    return _page(request, visitor, new_token=token)


@router.post("/account/tokens/revoke")
def revoke_token(
    request: Request, visitor: SignedIn, token: Annotated[str, Form()] = ""
) -> Response:
    """Revoke one of one's own tokens."""
    _must_be_user(visitor)
    with services_of(request).audit.doing(visitor, "revoke API token", token=token[:8]):
        security_of(request).tokens.revoke(visitor.id, token)
    return RedirectResponse("/account?said=revoked", 303)


def _page(
    request: Request,
    visitor: Visitor,
    *,
    status: int = 200,
    said: str | None = None,
    problem: str | None = None,
    new_token: str | None = None,
) -> Response:
    _must_be_user(visitor)
    return page(
        request,
        "account.html.j2",
        visitor,
        status=status,
        said=said,
        problem=problem,
        new_token=new_token,
        user=services_of(request).users.get(visitor.id),
        tokens=security_of(request).tokens.of(visitor.id),
        least=LEAST,
        usual_days=USUAL_DAYS,
        most_days=MOST_DAYS,
    )


def _must_be_user(visitor: Visitor) -> None:
    if visitor.role == LOCAL_ROLE:
        what = "this server has no users, so there are no accounts; /administration makes the first"
        raise HTTPException(404, what)
