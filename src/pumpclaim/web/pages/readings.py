"""Readings and thresholds: what holds for the visitor, and the form that switches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.reports.article import threshold_documents
from pumpclaim.reports.pages import policy_document
from pumpclaim.web.preferences import Switched
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

router = APIRouter()
READING, THRESHOLD = "reading:", "threshold:"
"""What the names of the form's fields begin with."""
ALL = "all"
LONGEST = 40


def article_page(
    request: Request, template: str, visitor: SignedIn, *, status: int = 200, **values: Any
) -> Response:
    """A page about the article: as ``page``, with the readings and thresholds that the visitor switched."""
    policy = services_of(request).policy_of(visitor)
    head = policy_document(policy)["articles"][0]
    switched_readings = [one for one in head["readings"] if one["chosen"] != one["default"]]
    switched_thresholds = [one for one in threshold_documents(policy) if one["switched"]]
    return page(
        request, template, visitor, status=status,
        switched_readings=switched_readings,
        switched_thresholds=switched_thresholds,
        switched_ids=[one["reading"] for one in switched_readings],
        **values,
    )  # fmt: skip


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form that was sent, the last of a name; files are passed over."""
    form = await request.form(max_files=0, max_fields=200)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(fields_of)]


@router.get("/article/readings")
def readings(request: Request, visitor: SignedIn, kept: str = "") -> Response:
    """Every reading with its choices, every threshold with its value; to be switched."""
    return _page(request, visitor, kept=bool(kept))


@router.post("/article/readings")
def switch(request: Request, visitor: SignedIn, fields: Fields) -> Response:
    """Keep the visitor's choices; ``default`` names one that goes back, or ``all``."""
    require(visitor, JUDGE)
    services = services_of(request)
    before = services.preferences.of(visitor.id)
    try:
        after = _asked(before, fields)
    except InputError as error:
        return _page(request, visitor, message=str(error), typed=fields)
    _record(services, visitor, "reading", before.readings, after.readings)
    _record(services, visitor, "threshold", before.thresholds, after.thresholds)
    services.preferences.switch(visitor.id, after)
    return RedirectResponse("/article/readings?kept=1", 303)


def _page(
    request: Request,
    visitor: SignedIn,
    *,
    kept: bool = False,
    message: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    policy = services_of(request).policy_of(visitor)
    return article_page(
        request, "readings.html.j2", visitor, status=422 if message else 200,
        article=policy_document(policy)["articles"][0], thresholds=threshold_documents(policy),
        kept=kept, message=message, typed=typed or {},
    )  # fmt: skip


def _asked(before: Switched, fields: Mapping[str, str]) -> Switched:
    """What shall hold: what held, overlaid by the form, without what is to go back to its default."""
    back = fields.get("default", "")
    if back == ALL:
        return Switched()
    readings, thresholds = dict(before.readings), dict(before.thresholds)
    for name, value in fields.items():
        if name.startswith(READING):
            readings[name.removeprefix(READING)] = value
        elif name.startswith(THRESHOLD):
            thresholds[name.removeprefix(THRESHOLD)] = value.strip()[:LONGEST]
    readings.pop(back.removeprefix(READING), None)
    thresholds.pop(back.removeprefix(THRESHOLD), None)
    held, shipped = load(readings, thresholds), load()
    return Switched(
        {name: one for name, one in readings.items() if one != shipped.chosen[name]},
        {
            name: f"{held.thresholds[name]:f}"
            for name in thresholds
            if held.thresholds[name] != shipped.thresholds[name]
        },
    )


def _record(
    services: Services,
    visitor: Visitor,
    kind: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> None:
    """One entry of the audit log for each that changed."""
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            value = after.get(name, "default")
            services.audit.record(visitor, f"switch-{kind}", switched=name, value=value)
