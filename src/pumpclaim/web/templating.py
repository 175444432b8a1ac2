"""Templates into pages: one environment, everything escaped, the same frame around every page."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pumpclaim._version import __version__
from pumpclaim.reports.amounts import MASS_DIGITS, grouped, with_commas
from pumpclaim.reports.amounts import dollars as dollars_text
from pumpclaim.reports.words import BASES, DETERMINATIONS, OUTCOMES, count
from pumpclaim.web.security.guard import csrf_token
from pumpclaim.web.services import services_of

if TYPE_CHECKING:
    from datetime import datetime

    from fastapi import Request

    from pumpclaim.web.security.visitors import Visitor

NAVIGATION = (
    ("/", "Worklist"),
    ("/charts", "Charts"),
    ("/refill", "Refill calculator"),
    ("/utilization", "Utilization"),
    ("/article", "Article"),
)


def _money(value: int | str | Decimal | None) -> str:
    """Dollars with commas, of nano-dollars (int) or of dollars as text; unknown is a dash."""
    if value is None:
        return "–"
    return with_commas(dollars_text(value) if isinstance(value, int) else str(value))


def _fee(item: dict[str, Any]) -> str:
    """The fee of a step of a price, as the article prints it: cents where it is per refill."""
    fee = Decimal(item["fee"])
    return (
        f"${fee:.4f} per {item['per']}"
        if item["per"] in MASS_DIGITS
        else f"${fee:.2f} per {item['per']}"
    )


def _when(moment: datetime) -> Markup:
    """A moment (UTC), which the page's script puts into the zone of the browser."""
    exact, told = moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}">{}</time>').format(exact, told)


environment = Environment(
    loader=PackageLoader("pumpclaim.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters |= {
    "money": _money, "count": count, "grouped": grouped, "fee": _fee, "when": _when,
}  # fmt: skip
environment.globals |= {
    "version": __version__,
    "navigation": NAVIGATION,
    "determination_words": DETERMINATIONS,
    "outcome_words": OUTCOMES,
    "basis_words": BASES,
}


VARY = "HX-Request, HX-Boosted, HX-History-Restore-Request"
"""What an answer hangs on beside its address: by these htmx asks for a part of a page."""


def page(
    request: Request,
    template: str,
    visitor: Visitor | None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A template as a response. Templates of whole pages extend ``base.html.j2``; fragments do not.

    Every template has ``visitor`` (null before sign-in), ``csrf``, ``path`` and ``services``' settings.
    """
    text = environment.get_template(template).render(
        visitor=visitor,
        csrf=csrf_token(request, visitor) if visitor is not None else "",
        path=request.url.path,
        settings=services_of(request).settings,
        **values,
    )
    return HTMLResponse(text, status_code=status, headers={"Vary": VARY, **(headers or {})})


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page, not for a page to go to or to go back to."""
    asked = request.headers
    return "hx-request" in asked and not {"hx-boosted", "hx-history-restore-request"} & {*asked}


def go_to(request: Request, where: str) -> Response:
    """On to another page, whether htmx or the browser asks."""
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)
