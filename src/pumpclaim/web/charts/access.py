"""Who may see and change which chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException

from pumpclaim.web.charts.store import NONE_SUCH, Chart
from pumpclaim.web.security.visitors import SEE_ALL

if TYPE_CHECKING:
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services


def chart_of(services: Services, visitor: Visitor, chart: str, *, change: bool = False) -> Chart:
    """A chart that the visitor may see, or with ``change`` may change. Raises 404, or 403 who only sees.

    One's own may be changed; those of others may be seen where they are shared, or by the visitor's role.
    """
    found = services.charts.get(chart)
    if found is None or not (found.owner == visitor.id or found.shared or visitor.may(SEE_ALL)):
        raise HTTPException(404, NONE_SUCH)
    if change and found.owner != visitor.id:
        raise HTTPException(
            403, "this is another person's chart; you may look at it, not change it"
        )
    return found


def charts_of(services: Services, visitor: Visitor) -> list[Chart]:
    """The charts that the visitor may see, those changed last first."""
    return services.charts.of() if visitor.may(SEE_ALL) else services.charts.seen_by(visitor.id)
