"""Who may see and change which batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException

from pumpclaim.web.batches.results import Results
from pumpclaim.web.batches.store import DONE, Batch
from pumpclaim.web.security.visitors import SEE_ALL

if TYPE_CHECKING:
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

NONE_SUCH = "there is no such upload; it may have been removed"
UNJUDGED = "this upload is not judged yet, or was judged again; look at its worklist first"


def batch_of(services: Services, visitor: Visitor, batch: str, *, change: bool = False) -> Batch:
    """A batch that the visitor may see, or with ``change`` may change. Raises 404, or 403 who only sees."""
    found = services.batches.get(batch)
    if found is None or (found.owner != visitor.id and not visitor.may(SEE_ALL)):
        raise HTTPException(404, NONE_SUCH)
    if change and found.owner != visitor.id:
        raise HTTPException(
            403, "this is another person's upload; you may look at it, not change it"
        )
    return found


def results_of(services: Services, visitor: Visitor, batch: str) -> tuple[Batch, Results]:
    """A judged batch that the visitor may see, and its tables. Raises 404, or 409 while it is not judged."""
    found = batch_of(services, visitor, batch)
    if found.state != DONE:
        raise HTTPException(409, UNJUDGED)
    return found, Results(services.batches.results(found))
