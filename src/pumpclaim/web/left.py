"""What is left by who is no user any more: handed to a user, or removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.errors import InputError
from pumpclaim.web.batches import removal
from pumpclaim.web.security.visitors import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.security.users import User
    from pumpclaim.web.services import Services

    Doing = Callable[..., AbstractContextManager[None]]

AT_THE_MACHINE = "the machine, before there were users"
"""Who uploaded while a server had no users."""


@dataclass(frozen=True)
class Left:
    """What one person left: his id, what he was called, how many uploads and charts, bytes of the uploads."""

    owner: str
    name: str
    uploads: int
    charts: int
    size: int


def left(services: Services) -> list[Left]:
    """What everybody left who is no user any more; nothing on a server without users."""
    users = {one.id for one in services.users.all()}
    if not users:
        return []
    former = {LOCAL: AT_THE_MACHINE, **services.users.former()}
    batches, charts = services.batches.of(None), services.charts.of(None)
    every = [one.owner for one in batches] + [one.owner for one in charts]
    owners = dict.fromkeys(owner for owner in every if owner not in users)
    return [
        Left(
            owner,
            former.get(owner, owner),
            sum(one.owner == owner for one in batches),
            sum(one.owner == owner for one in charts),
            services.batches.stored(owner),
        )
        for owner in owners
    ]


def hand_over(services: Services, owner: str, to: User, doing: Doing) -> list[str]:
    """Give what somebody left to a user; a sentence for each chart that he cannot have.

    Uploads are shown as they were judged; judged again, they count in the new owner's history. ``doing``
    records each upload and chart before it is given (``Audit.doing`` of who acts). Raises InputError for
    who left nothing, and while an upload of his is being judged.
    """
    about = {"owner": owner, "user": to.name, "user_id": to.id}
    for batch in _ended(services, owner):
        with doing("hand over upload", batch=batch.id, **about):
            removal.forget(services, batch)
            services.batches.give(batch.id, to.id)
    refused = []
    for chart in services.charts.of(owner):
        try:
            with doing("hand over chart", charts=[(chart.id, chart.patient_id)], **about):
                services.charts.give(chart.id, to.id)
        except InputError as error:
            refused.append(f"{chart.name}: {error.what}")
    return refused


def discard(services: Services, owner: str, doing: Doing) -> None:
    """Remove what somebody left; records and raises as ``hand_over`` does."""
    for batch in _ended(services, owner):
        with doing("remove upload", batch=batch.id, owner=owner):
            removal.remove(services, batch)
    for chart in services.charts.of(owner):
        with doing("remove chart", charts=[(chart.id, chart.patient_id)], owner=owner):
            services.charts.remove(chart.id)


def _ended(services: Services, owner: str) -> list[Batch]:
    if all(one.owner != owner for one in left(services)):
        raise InputError("nobody of this id has left anything; look at the list once more")
    batches = services.batches.of(owner)
    if not all(one.is_ended for one in batches):
        raise InputError("an upload of his is still to be judged; wait until it is")
    return batches
