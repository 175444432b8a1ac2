"""A chart as it leaves the page: to print, as a chart file, as a QuestionnaireResponse."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import TYPE_CHECKING

import yaml
from fastapi import APIRouter, Request, Response

from pumpclaim.reports.assessment.page import render
from pumpclaim.reports.questionnaire import render_responses
from pumpclaim.reports.written import json_bytes
from pumpclaim.web.charts.access import chart_of
from pumpclaim.web.charts.saving import judged
from pumpclaim.web.charts.store import document
from pumpclaim.web.security.guard import SignedIn
from pumpclaim.web.services import services_of

if TYPE_CHECKING:
    from pumpclaim.web.charts.store import Chart
    from pumpclaim.web.security.visitors import Visitor

router = APIRouter()
PRINTS = "/static/prints.js"
STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


@router.get("/charts/{chart}/print")
def to_print(request: Request, visitor: SignedIn, chart: str) -> Response:
    """The assessment as a page to print."""
    found = _leaving(request, visitor, chart, "print chart")
    whole = judged(found, services_of(request).policy_of(visitor))
    content = render(whole, files=False, script=PRINTS)
    headers = {"Content-Security-Policy": style_policy(content)}
    return Response(content, headers=headers, media_type="text/html; charset=utf-8")


def style_policy(content: bytes) -> str:
    """A policy of content under which a page may have its own first style element and our scripts alone."""
    style = STYLE.search(content)
    digest = hashlib.sha256(style[1] if style else b"").digest()
    return (
        f"default-src 'none'; style-src 'sha256-{b64encode(digest).decode()}'; script-src 'self'; "
        "img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@router.get("/charts/{chart}/chart.yaml")
def as_yaml(request: Request, visitor: SignedIn, chart: str) -> Response:
    """The chart as a chart file in YAML."""
    found = _leaving(request, visitor, chart, "export chart")
    text = yaml.safe_dump(document(found), allow_unicode=True, sort_keys=False, width=110)
    return _file(text.encode(), f"{found.name}.yaml", "application/yaml")


@router.get("/charts/{chart}/chart.json")
def as_json(request: Request, visitor: SignedIn, chart: str) -> Response:
    """The chart as a chart file in JSON."""
    found = _leaving(request, visitor, chart, "export chart")
    return _file(json_bytes(document(found)), f"{found.name}.json", "application/json")


@router.get("/charts/{chart}/questionnaire-response.json")
def as_questionnaire_response(request: Request, visitor: SignedIn, chart: str) -> Response:
    """The chart as a FHIR R4 QuestionnaireResponse."""
    found = _leaving(request, visitor, chart, "export chart")
    policy = services_of(request).policy_of(visitor)
    content = render_responses(judged(found, policy).charts, policy)
    return _file(content, f"{found.name}-questionnaire-response.json", "application/fhir+json")


def _leaving(request: Request, visitor: Visitor, chart: str, action: str) -> Chart:
    services = services_of(request)
    found = chart_of(services, visitor, chart)
    services.audit.record(visitor, action, charts=[(chart, found.patient_id)])
    return found


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=kind)
