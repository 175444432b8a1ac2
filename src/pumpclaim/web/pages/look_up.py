"""Rules, search, and the list of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup, escape

from pumpclaim.errors import InputError
from pumpclaim.patient_ids import plain_id
from pumpclaim.reports.article import rule_families
from pumpclaim.reports.pages import find_rule, rule_document
from pumpclaim.rules import RULES
from pumpclaim.search import KINDS, LONGEST, Hit, marked, rules_found
from pumpclaim.search import search as find
from pumpclaim.web.batches.across import find_claims, patient_names
from pumpclaim.web.charts.access import charts_of
from pumpclaim.web.charts.listing import is_of
from pumpclaim.web.pages.readings import article_page
from pumpclaim.web.sealed import SOUGHT, seal, unseal
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.services import services_of
from pumpclaim.web.templating import go_to, is_fragment, page
from pumpclaim.worklist import words_of

if TYPE_CHECKING:
    from pumpclaim.web.charts.store import Chart
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

router = APIRouter()
LINKS = {
    "statement": "/article/statements/{}",
    "rule": "/rules/{}",
    "code": "/article/codes#code-{}",
    "remittance": "/rules?find={}",
    "drug": "/article/fees#drug-{}",
    "fee": "/article/fees#fee-{}",
    "reading": "/article/readings#{}",
    "threshold": "/article/readings#threshold-{}",
    "question": "/article/chart#{}",
}
"""Where a hit of each kind is read."""
MOST, MOST_CLAIMS = 80, 20
"""Hits shown of the article; claims, and charts."""
LONGEST_CODE = 60
SEARCH = "search"
"""As what the words of a search are sealed."""


@router.get("/rules")
def rules(request: Request, visitor: SignedIn, find: str = "", family: str = "") -> Response:
    """Every rule by family; those with the words ``find``, of one family where it is named."""
    policy = services_of(request).policy_of(visitor)
    found = rules_found(find, [family] if family else [])
    titles = rule_families(RULES.values())
    groups = [
        (name, title, [rule_document(RULES[code], policy) for code in found if code[:3] == name])
        for name, title in titles.items()
    ]
    return article_page(
        request, "parts/rules.html.j2" if is_fragment(request) else "rules.html.j2", visitor,
        groups=[group for group in groups if group[2]], found=len(found), every=len(RULES),
        families=titles, find=find[:LONGEST], family=family,
    )  # fmt: skip


@router.get("/rules/{code}")
def rule(request: Request, code: str, visitor: SignedIn) -> Response:
    """One rule's page; 404 with the nearest code for an unknown one."""
    try:
        found = find_rule(code[:LONGEST_CODE], RULES)
    except InputError as error:
        raise HTTPException(404, str(error)) from None
    if found.code != code:
        return RedirectResponse(f"/rules/{found.code}", 308)
    policy = services_of(request).policy_of(visitor)
    codes = list(RULES)
    at = codes.index(code)
    return article_page(
        request, "rule.html.j2", visitor,
        rule=rule_document(found, policy),
        parts=[(name, _with_names(text)) for name, text in found.parts.items()],
        family=found.family,
        family_title=rule_families(RULES.values())[found.family],
        previous=codes[at - 1] if at else None,
        next=codes[at + 1] if at + 1 < len(codes) else None,
    )  # fmt: skip


@router.post("/search")
def ask(request: Request, visitor: SignedIn, q: Annotated[str, Form()] = "") -> Response:
    """On to what is found for ``q``, which stands in no address: it may be a name."""
    sealed = seal(services_of(request).secret, visitor.id, SEARCH, q.strip()[:LONGEST])
    return go_to(request, f"/search?{SOUGHT}={sealed}" if q.strip() else "/search")


@router.get("/search")
def search(request: Request, visitor: SignedIn, q: str = "", sought: str = "") -> Response:
    """What is found for ``q``, or for what is sealed: claims and charts of one's own, then the article."""
    services = services_of(request)
    text = unseal(services.secret, visitor.id, SEARCH, sought) or q[:LONGEST]
    hits = find(services.policy_of(visitor), text, MOST)
    kinds = dict.fromkeys(hit.kind for hit in hits)
    groups = [(KINDS[kind], [_shown(hit) for hit in hits if hit.kind == kind]) for kind in kinds]
    claims, count = find_claims(services, visitor, text, MOST_CLAIMS)
    charts = _charts(services, visitor, text)
    if claims or charts:
        services.audit.record(
            visitor, "find",
            claims=[(one["claim_id"], one["patient_id"]) for one in claims],
            charts=[(chart.id, chart.patient_id) for chart, _ in charts],
        )  # fmt: skip
    return article_page(
        request, "search.html.j2", visitor, groups=groups, found=len(hits), most=MOST, q=text,
        taken_for=hits[0].taken_for if hits else None, claims=claims, claim_count=count, charts=charts,
        part_titles={part.id: part.title for part in services.policy_of(visitor).chart.parts.values()},
    )  # fmt: skip


def _charts(services: Services, visitor: Visitor, text: str) -> list[tuple[Chart, str | None]]:
    """The charts of patients that ``text`` names, with the patients' names."""
    if not words_of(text):
        return []
    seen = charts_of(services, visitor)
    names = patient_names(services, visitor, (one.patient_id for one in seen))
    told = [(one, names.get(plain_id(one.patient_id))) for one in seen]
    return [(one, name) for one, name in told if is_of(text, one.patient_id, name)][:MOST_CLAIMS]


@router.get("/keys")
def keys(request: Request, visitor: SignedIn) -> Response:
    """The keys of the keyboard."""
    return page(request, "keys.html.j2", visitor)


def _shown(hit: Hit) -> tuple[str, Markup, Markup]:
    """Link, title and snippet of a hit, escaped, what was asked for marked."""
    id_ = hit.id.replace(" ", "+")
    return LINKS[hit.kind].format(id_), _marked(hit.title, hit), _marked(hit.snippet, hit)


def _with_names(text: str) -> Markup:
    """A rule's text, with what stands between backticks as code."""
    pieces = text.split("`")
    return Markup().join(
        Markup('<span class="code">{}</span>').format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )


def _marked(text: str, hit: Hit) -> Markup:
    return Markup().join(
        Markup("<mark>{}</mark>").format(piece) if is_match else escape(piece)
        for piece, is_match in marked(text, hit.words)
    )
