"""Errors as answers: a page in one sentence for people, problem details (RFC 9457) for the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pumpclaim.errors import InputError
from pumpclaim.web.templating import is_fragment, page

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

API = "/api/"
PROBLEM = "application/problem+json"


def answer(
    request: Request, status: int, what: str, headers: dict[str, str] | None = None
) -> Response:
    """One sentence with a status, in the form that the asker reads."""
    title = HTTPStatus(status).phrase
    if request.url.path.startswith(API):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": what}
        return JSONResponse(problem, status, headers, media_type=PROBLEM)
    template = "parts/message.html.j2" if is_fragment(request) else "error.html.j2"
    visitor = getattr(request.state, "visitor", None)
    return page(
        request, template, visitor, status=status, headers=headers, title=title, message=what
    )


def install(app: FastAPI) -> None:
    """Let every error that a route raises end in ``answer``."""

    @app.exception_handler(InputError)
    def unusable(request: Request, error: InputError) -> Response:
        return answer(request, 422, str(error))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers) if error.headers else None
        return answer(request, error.status_code, str(error.detail), headers)
