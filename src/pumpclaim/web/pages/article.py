"""The article: statements, fees, codes, chart questions; with its neighbours readings, rules and search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response

from pumpclaim import options
from pumpclaim.errors import InputError
from pumpclaim.reports.article import (
    drug_documents,
    question_documents,
    statement_document,
    statement_families,
)
from pumpclaim.reports.pages import policy_document, rule_document
from pumpclaim.rules import RULES
from pumpclaim.web.pages import look_up, readings
from pumpclaim.web.pages.given import given
from pumpclaim.web.pages.readings import article_page
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.services import services_of

if TYPE_CHECKING:
    from pumpclaim.policy import PolicySet

router = APIRouter()
router.include_router(readings.router)
router.include_router(look_up.router)


@router.get("/article")
def article(request: Request, visitor: SignedIn) -> Response:
    """The article's head, revisions, contracts, and every statement in our words."""
    policy = services_of(request).policy_of(visitor)
    return article_page(
        request, "article.html.j2", visitor,
        article=policy_document(policy)["articles"][0], families=statement_families(policy),
    )  # fmt: skip


@router.get("/article/statements/{name}")
def statement(request: Request, name: str, visitor: SignedIn) -> Response:
    """One statement with its rules, readings, revisions and the chart's questions; 404 for an unknown id."""
    policy = services_of(request).policy_of(visitor)
    try:
        found = statement_document(name[:20], policy)
    except InputError as error:
        raise HTTPException(404, str(error)) from None
    head = policy_document(policy)["articles"][0]
    return article_page(
        request, "statement.html.j2", visitor,
        article=head,
        statement=found,
        rules=[rule_document(RULES[code], policy) for code in found["rules"]],
        readings=[one for one in head["readings"] if one["reading"] in found["readings"]],
        revisions=[one for one in head["revisions"] if one["number"] in found["revisions"]],
        fees=[one for one in head["fees"] if one["statement"] == found["statement"]],
    )  # fmt: skip


@router.get("/article/fees")
def fees(request: Request, visitor: SignedIn, on: str = "", contractor: str = "") -> Response:
    """The fees of a day and contract, and the drugs that a narrative may name."""
    return _as_of(request, "fees.html.j2", visitor, on, contractor)


@router.get("/article/codes")
def codes(request: Request, visitor: SignedIn, on: str = "", contractor: str = "") -> Response:
    """The codes of a day and contract: our labels, their roles, when valid, what replaced them."""
    return _as_of(request, "codes.html.j2", visitor, on, contractor)


@router.get("/article/chart")
def chart(request: Request, visitor: SignedIn) -> Response:
    """Every question to the chart, with the statements it serves."""
    policy = services_of(request).policy_of(visitor)
    return article_page(
        request, "chart_questions.html.j2", visitor, questions=question_documents(policy)
    )


def _as_of(
    request: Request, template: str, visitor: SignedIn, on: str, contractor: str
) -> Response:
    """A page of facts as of a day and for a contract; a sentence in their place where there are none."""
    policy = services_of(request).policy_of(visitor)
    message, held = None, None
    try:
        day = given(options.day, on)
        contract = given(options.contract_number, contractor)
        held = policy_document(policy, day, contract)["articles"][0]
        drugs = drug_documents(policy, day)
    except InputError as error:
        message, drugs = str(error), []
    return article_page(
        request, template, visitor, status=422 if message else 200,
        article=held, message=message, drugs=drugs, on=on, contractor=contractor,
        contracts=_contracts(policy),
    )  # fmt: skip


def _contracts(policy: PolicySet) -> list[dict[str, Any]]:
    """Every contract of the first article, to choose from."""
    found: list[dict[str, Any]] = policy_document(policy)["articles"][0]["contracts"]
    return found
