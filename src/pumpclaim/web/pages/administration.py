"""Administration: users, and the audit log, which can be read here and changed nowhere."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from pumpclaim.errors import InputError
from pumpclaim.web.left import discard, hand_over, left
from pumpclaim.web.security.guard import Administrator
from pumpclaim.web.security.names import LONGEST
from pumpclaim.web.security.passwords import LEAST
from pumpclaim.web.security.users import ADMINISTRATORS, ASSIGNED, LOCAL_ROLE
from pumpclaim.web.security.visitors import Visitor
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

router = APIRouter(prefix="/administration")
SAID = {
    "added": "The user is added.",
    "role": "The role is changed; it holds from the next request on.",
    "deactivated": "The user is deactivated: signed out everywhere, API tokens refused.",
    "activated": "The user may sign in again.",
    "password": "The password is set; the user is signed out everywhere, and his API tokens are revoked.",
    "given": "It is handed over. Judged again, the uploads count in the new owner's history.",
    "discarded": "It is removed.",
}
"""What the page says after it was sent something, by the word in its address."""
ENTRIES = 200
FEW = 5
"""Claims, charts or patients of an entry that are shown before the rest is unfolded."""
MOST_ENTRIES = 5000


@router.get("")
def users(request: Request, visitor: Administrator, said: str = "") -> Response:
    """The users, and what may be done with them."""
    return _page(request, visitor, said=SAID.get(said))


@router.post("/users")
def add(
    request: Request,
    visitor: Administrator,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Add a user. The first is an administrator, for nobody else could add the second."""
    services = services_of(request)
    try:
        if visitor.role == LOCAL_ROLE and role not in ADMINISTRATORS:
            raise InputError("the first user is an administrator: nobody else could add the second")
        with services.audit.doing(visitor, "add user", user=name[:LONGEST], role=role):
            services.users.add(name, role, password)
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error), name=name, role=role)
    return RedirectResponse("/administration?said=added", 303)


@router.post("/users/{user_id}/role")
def set_role(
    request: Request, visitor: Administrator, user_id: str, role: Annotated[str, Form()] = ""
) -> Response:
    """Give a user another role."""
    services = services_of(request)
    try:
        user = services.users.get(user_id)
        about = {"user": user.name, "user_id": user.id, "role": role, "was": user.role}
        with services.audit.doing(visitor, "change role", **about):
            services.users.set_role(user_id, role)
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    return RedirectResponse("/administration?said=role", 303)


@router.post("/users/{user_id}/active")
def set_active(
    request: Request, visitor: Administrator, user_id: str, active: Annotated[bool, Form()]
) -> Response:
    """Let a user in, or keep him out."""
    services = services_of(request)
    try:
        user = services.users.get(user_id)
        act = "activate user" if active else "deactivate user"
        with services.audit.doing(visitor, act, user=user.name, user_id=user.id):
            services.users.set_active(user_id, active=active)
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    return RedirectResponse(f"/administration?said={'' if active else 'de'}activated", 303)


@router.post("/users/{user_id}/password")
def set_password(
    request: Request, visitor: Administrator, user_id: str, password: Annotated[str, Form()] = ""
) -> Response:
    """Set a user's password, who is then signed out everywhere."""
    services = services_of(request)
    try:
        user = services.users.get(user_id)
        with services.audit.doing(visitor, "set password", user=user.name, user_id=user.id):
            services.users.set_password(user_id, password)
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    return RedirectResponse("/administration?said=password", 303)


@router.post("/left/{owner}/give")
def give(
    request: Request, visitor: Administrator, owner: str, to: Annotated[str, Form()] = ""
) -> Response:
    """Hand what somebody left to a user."""
    services = services_of(request)
    try:
        user = services.users.get(to)
        refused = hand_over(services, owner, user, partial(services.audit.doing, visitor))
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    if refused:
        what = "; ".join(refused)
        return _page(
            request, visitor, status=422, problem=f"handed over, but not all of it: {what}"
        )
    return RedirectResponse("/administration?said=given", 303)


@router.post("/left/{owner}/remove")
def remove_left(request: Request, visitor: Administrator, owner: str) -> Response:
    """Remove what somebody left."""
    services = services_of(request)
    try:
        discard(services, owner, partial(services.audit.doing, visitor))
    except InputError as error:
        return _page(request, visitor, status=422, problem=str(error))
    return RedirectResponse("/administration?said=discarded", 303)


@router.get("/audit")
def audit_log(
    request: Request,
    visitor: Administrator,
    who: Annotated[str, Query(max_length=100)] = "",
    most: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = ENTRIES,
    anchor: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The newest entries of the audit log, and whether its chain holds, also against an anchor."""
    services = services_of(request)
    audit = services.audit
    audit.record(visitor, "see audit log")
    broken, entries = (
        audit.verify(anchor.strip() or None),
        audit.entries(most, who=who.strip() or None),
    )
    return page(
        request,
        "audit.html.j2",
        visitor,
        entries=entries,
        broken=broken,
        anchor=anchor.strip(),
        newest=audit.anchor(),
        few=FEW,
        who=who,
        most=most,
        more=min(most * 5, MOST_ENTRIES),
        names=[user.name for user in services.users.all()],
    )


def _page(
    request: Request,
    visitor: Visitor,
    *,
    status: int = 200,
    said: str | None = None,
    problem: str | None = None,
    name: str = "",
    role: str = "",
) -> Response:
    return page(
        request,
        "administration.html.j2",
        visitor,
        status=status,
        said=said,
        problem=problem,
        name=name,
        role=role,
        roles=ADMINISTRATORS if visitor.role == LOCAL_ROLE else ASSIGNED,
        users=services_of(request).users.all(),
        left=left(services_of(request)),
        least=LEAST,
    )
