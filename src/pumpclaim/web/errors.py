"""Errors as answers: a page in one sentence for people, problem details (RFC 9457) for the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pumpclaim.errors import InputError, UnusableError
from pumpclaim.reports.words import clean
from pumpclaim.web.batches.results import GoneError
from pumpclaim.web.security.audit import UnwritableError
from pumpclaim.web.templating import is_fragment, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI, Request, Response

    Wrong = dict[str, str]

API = "/api/"
PROBLEM = "application/problem+json"
NOT_JSON = "json_invalid"
UNREAD = "There was an error parsing the body"
"""What the framework says of a JSON body in no encoding, or with brackets without end."""
WORDS = {"missing": "this is needed", "extra_forbidden": "there is no such field"}
"""Our words for faults that the framework finds; it has its own for the others."""


def answer(
    request: Request,
    status: int,
    what: str,
    headers: dict[str, str] | None = None,
    errors: Sequence[Wrong] = (),
) -> Response:
    """One sentence with a status, in the form that the asker reads; ``errors`` only in problem details."""
    title, what = HTTPStatus(status).phrase, clean(what)
    if request.url.path.startswith(API):
        document = problem(status, what)
        if errors:
            document["errors"] = [
                {name: clean(value) for name, value in one.items()} for one in errors
            ]
        return JSONResponse(document, status, headers, media_type=PROBLEM)
    template = "parts/message.html.j2" if is_fragment(request) else "error.html.j2"
    visitor = getattr(request.state, "visitor", None)
    return page(
        request, template, visitor, status=status, headers=headers, title=title, message=what
    )


def problem(status: int, what: str) -> dict[str, Any]:
    """Problem details (RFC 9457) of a status and a sentence."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": what,
    }


def install(app: FastAPI) -> None:
    """Let every error that a route raises end in ``answer``."""

    @app.exception_handler(InputError)
    def unusable(request: Request, error: InputError) -> Response:
        where = "query" if request.method == "GET" else "body"
        errors: Sequence[Wrong] = [{"where": error.source or where, "what": error.what}]
        if isinstance(error, UnusableError) and error.errors:
            errors = error.errors
        return answer(request, 422, str(error), errors=errors)

    @app.exception_handler(GoneError)
    def gone(request: Request, error: GoneError) -> Response:
        return answer(request, 409, str(error))

    @app.exception_handler(UnwritableError)
    def unwritten(request: Request, error: UnwritableError) -> Response:
        return answer(request, 503, error.sentence)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        errors = [{"where": _where(one), "what": _what(one)} for one in found]
        first = f"{errors[0]['where']}: {errors[0]['what']}"
        others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        status = 400 if any(one["type"] == NOT_JSON for one in found) else 422
        return answer(request, status, first + others, errors=errors)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers) if error.headers else None
        return answer(request, error.status_code, _detail(request, error), headers)


def _where(fault: dict[str, Any]) -> str:
    """The place of a fault, as ``query.contractor``, ``body.doses.0``, ``body, character 17``."""
    place = [str(one) for one in fault["loc"]]
    if fault["type"] == NOT_JSON:
        return ", character ".join(place)
    return ".".join(place)


def _what(fault: dict[str, Any]) -> str:
    if fault["type"] == NOT_JSON:
        return f"this is no JSON ({fault.get('ctx', {}).get('error', 'it cannot be read')})"
    return WORDS.get(fault["type"]) or str(fault["msg"])


def _detail(request: Request, error: HTTPException) -> str:
    """What an error says, or a sentence for those that say only the name of their status."""
    if error.status_code == 404 and error.detail == HTTPStatus(404).phrase:
        return "there is nothing at this address"
    if error.status_code == 405:
        return f"this address does not take {request.method}"
    if error.detail == UNREAD:
        return "the body cannot be read; send JSON in UTF-8"
    return str(error.detail)
