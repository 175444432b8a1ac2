"""Signing in, by name and password or by the identity provider, and signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from pumpclaim.errors import InputError
from pumpclaim.web.security.bounds import address_of
from pumpclaim.web.security.guard import browser_token, local_path
from pumpclaim.web.security.names import LONGEST, kept
from pumpclaim.web.security.parts import security_of
from pumpclaim.web.security.rates import SIGN_INS
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

if TYPE_CHECKING:
    from pumpclaim.web.security.openid import Identity, Provider
    from pumpclaim.web.security.users import User

router = APIRouter()
NOT_RIGHT = "The name or the password is not right."


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002  (its name in the URL)
    """Where one signs in; who is signed in is led on."""
    if request.state.visitor is not None:
        return RedirectResponse(local_path(next), 303)
    return _page(request, next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Sign in by name and password."""
    services, rates = services_of(request), security_of(request).rates
    who = f"name {kept(name)[:LONGEST]}"
    wait = _wait(request) or rates.wait(SIGN_INS, who)
    if wait:
        return _page(
            request,
            next,
            name=name,
            status=429,
            problem=f"Too many tries. Wait {wait} seconds, then try again.",
            headers={"Retry-After": str(wait)},
        )
    user = services.users.sign_in(name, password)
    if user is None:
        services.audit.record(kept(name)[:LONGEST] or "nobody", "fail to sign in")
        return _page(request, next, name=name, status=403, problem=NOT_RIGHT)
    rates.forget(SIGN_INS, who)
    return _let_in(request, user, next, how="password")


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session of this browser."""
    security, visitor = security_of(request), request.state.visitor
    response = RedirectResponse("/sign-in", 303)
    if visitor is not None:
        services_of(request).audit.record(visitor, "sign out")
    if request.state.session is not None:
        security.sessions.end(request.state.session)
        security.cookies.write(response, security.cookies.new())
    return response


@router.get("/sign-in/openid")
async def leave(request: Request, next: str = "/") -> Response:  # noqa: A002
    """Go to the identity provider."""
    try:
        return await _provider(request).leave(request, local_path(next))
    except InputError as error:
        return _page(request, next, status=502, problem=_sentence(error))


@router.get("/sign-in/openid/callback")
async def come_back(request: Request) -> Response:
    """Come back from the identity provider, who says who one is."""
    provider = _provider(request)
    if _wait(request):
        raise HTTPException(429, "too many tries; wait a minute", {"Retry-After": "60"})
    try:
        identity, wanted = await provider.come_back(request)
        response = await run_in_threadpool(_let_in_by_provider, request, identity, wanted)
    except InputError as error:
        response = _page(request, "/", status=403, problem=_sentence(error))
    provider.forget(response)
    return response


def _let_in_by_provider(request: Request, identity: Identity, wanted: str) -> Response:
    services = services_of(request)
    if identity.role is None:
        services.audit.record(identity.names[0], "fail to sign in", why="no role")
        raise InputError("none of your roles at the identity provider gives you one here")
    user = services.users.from_provider(identity.subject, identity.names, identity.role)
    if not user.active:
        services.audit.record(user, "fail to sign in", why="deactivated")
        raise InputError("your account here is deactivated")
    return _let_in(request, user, wanted, how="identity provider")


def _let_in(request: Request, user: User, wanted: str, *, how: str) -> Response:
    """A new session with a new cookie: what the browser had before may be known to others."""
    security = security_of(request)
    value = security.cookies.new()
    services_of(request).audit.record(user, "sign in", by=how)
    security.sessions.end(request.state.session)
    security.sessions.start(user, value)
    response = RedirectResponse(local_path(wanted), 303)
    security.cookies.write(response, value)
    return response


def _wait(request: Request) -> int:
    """Seconds that the address which asks must wait."""
    security = security_of(request)
    return security.rates.wait(SIGN_INS, f"address {address_of(request, security.settings)}")


def _provider(request: Request) -> Provider:
    provider = security_of(request).provider
    if provider is None:
        raise HTTPException(404, "this server has no identity provider")
    return provider


def _sentence(error: InputError) -> str:
    what = str(error)
    return f"{what[:1].upper()}{what[1:]}."


def _page(
    request: Request,
    wanted: str,
    *,
    name: str = "",
    status: int = 200,
    problem: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    provider = security_of(request).provider
    return page(
        request,
        "sign_in.html.j2",
        None,
        status=status,
        headers=headers,
        token=browser_token(request),
        wanted=local_path(wanted),
        name=name[:LONGEST],
        problem=problem,
        provider=None if provider is None else provider.name,
        has_passwords=services_of(request).users.any_active(),
    )
