"""Prices and refills: ``pumpclaim price`` and ``pumpclaim refill`` over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from pumpclaim.options import dollars
from pumpclaim.web.api import work
from pumpclaim.web.api.asked import Adjusted, PriceAsked, RefillAsked, Switched
from pumpclaim.web.api.judging import json, worked
from pumpclaim.web.api.uploads import JSON
from pumpclaim.web.api.work import Switches
from pumpclaim.web.security.guard import SignedIn, require
from pumpclaim.web.security.visitors import JUDGE
from pumpclaim.web.workers.lanes import QUICK


def sends_json(request: Request) -> None:
    """Let only a JSON body pass."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise HTTPException(415, f"'{kind}' is no content type that is read here; send {JSON}")


router = APIRouter(tags=["drugs"], dependencies=[Depends(sends_json)])


@router.post("/price", operation_id="price", summary="Price one refill's drugs")
async def price(
    request: Request,
    visitor: SignedIn,
    asked: PriceAsked,
    switched: Annotated[Switched, Query()],
) -> Response:
    """Says what the article allows for the drugs of one refill, with the derivation.

    What the text leaves unclear is told under `problems`, and `allowed` is then null. With `estimate` the
    answer goes on to what Medicare and the patient would pay, which is beyond the article.

    The same JSON as `pumpclaim price --format json`.
    """
    require(visitor, JUDGE)
    charge = None if asked.charge is None else dollars(asked.charge)
    left = None if asked.deductible_left is None else dollars(asked.deductible_left)
    priced = partial(
        work.price,
        asked.text,
        on=asked.day,
        cartridges=asked.cartridges,
        charge=charge,
        deductible_left=left,
        estimate=asked.estimate,
        reading=switched.reading,
    )
    return json(await worked(request, visitor, QUICK, priced))


@router.post("/refill", operation_id="refill", summary="Plan one fill of a pump")
async def refill(
    request: Request,
    visitor: SignedIn,
    asked: RefillAsked,
    adjusted: Annotated[Adjusted, Query()],
) -> Response:
    """Says how long a fill lasts, when the next is due, and what the article allows for it.

    When a refill is due rests on thresholds of ours, which can be set.

    The same JSON as `pumpclaim refill --format json`.
    """
    require(visitor, JUDGE)
    planned = partial(
        work.refill,
        on=asked.day,
        volume=asked.volume,
        residual=asked.residual,
        concentrations=asked.concentrations,
        doses=asked.doses,
        flow=asked.flow,
        pump=asked.pump,
        switches=Switches(adjusted.reading, adjusted.threshold),
    )
    return json(await worked(request, visitor, QUICK, planned))
