"""What the rules and the article say: ``pumpclaim rule`` and ``pumpclaim policy`` over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from pumpclaim import options
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.reports import pages
from pumpclaim.rules import RULES
from pumpclaim.trace import trace as statements
from pumpclaim.web.api.asked import Nothing, PolicyOptions
from pumpclaim.web.api.judging import document
from pumpclaim.web.security.guard import SignedIn

router = APIRouter(tags=["article"])


@router.get("/rules", operation_id="rules", summary="Every rule")
def rules(visitor: SignedIn, asked: Annotated[Nothing, Query()]) -> Response:
    """Every rule's page: what it says and why, what is wrong and right, how to fix it.

    The same JSON as `pumpclaim rule --format json`.
    """
    return document([pages.rule_document(one, load()) for one in RULES.values()])


@router.get("/rules/{code}", operation_id="rule", summary="One rule")
def rule(
    visitor: SignedIn,
    code: Annotated[str, Path(description="A rule's code or name.", examples=["DRG104"])],
    asked: Annotated[Nothing, Query()],
) -> Response:
    """One rule's page, by its code or name.

    The same JSON as `pumpclaim rule CODE --format json`.
    """
    try:
        found = pages.find_rule(code, RULES)
    except InputError as error:
        raise HTTPException(404, str(error)) from None
    return document(pages.rule_document(found, load()))


@router.get("/trace", operation_id="trace", summary="Every statement of the article")
def trace(visitor: SignedIn, asked: Annotated[Nothing, Query()]) -> Response:
    """Every statement of the article, with the rules and figures that account for it.

    The same JSON as `pumpclaim policy trace --format json`.
    """
    return document(statements(load()))


@router.get("/policy", operation_id="policy", summary="The article's facts")
def policy(visitor: SignedIn, asked: Annotated[PolicyOptions, Query()]) -> Response:
    """Revisions, contracts, codes, fees, readings and thresholds, as the program holds them.

    The same JSON as `pumpclaim policy show --format json`.
    """
    day = None if asked.on is None else options.day(asked.on)
    return document(
        pages.policy_document(load(options.pairs(asked.reading)), day, asked.contractor)
    )
