"""The ordinary log: what was asked, how it ended, how long it took. No claim, no name, no address in it."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount

import pumpclaim
from pumpclaim.web.errors import answer
from pumpclaim.web.workers.worker import FaultError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OURS = Path(pumpclaim.__file__).parent
SHOW_TRACEBACK = "PUMPCLAIM_TRACEBACK"
"""Environment variable that brings the traceback of a fault; it may show parts of claims."""
FAULT = (
    "a fault of the server itself, which is logged under the number {}; tell it to whoever runs it"
)


def log() -> Any:
    """Where a line is written: JSON on standard error."""
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(lambda line, **_: orjson.dumps(line).decode()),
        ],
    )


def fault_of(error: BaseException) -> dict[str, Any]:
    """What may be logged of an exception: its type and our lines, never what it says."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f"{Path(frame.filename).relative_to(OURS)}:{frame.lineno}"
        for frame in frames
        if Path(frame.filename).is_relative_to(OURS)
    ]
    return {"error": type(error).__name__, "at": ours[-8:]}


def fault(error: Exception, route: str | None) -> str:
    """Log a fault of ours under a number; the sentence that names the number."""
    reference = secrets.token_hex(4)
    about = error.about if isinstance(error, FaultError) else fault_of(error)
    log().error("fault", reference=reference, route=route, **about)
    if os.environ.get(SHOW_TRACEBACK):
        traceback.print_exception(error)
    return FAULT.format(reference)


def pseudonym(secret: bytes, visitor_id: str) -> str:
    """A visitor as the log knows him: the same from line to line, and no name."""
    return hmac.new(secret, b"log " + visitor_id.encode(), hashlib.sha256).hexdigest()[:12]


class Journal:
    """Writes one line for each request, and ends every fault in an answer with a number."""

    def __init__(self, app: ASGIApp, secret: bytes) -> None:
        self.app = app
        self.secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and note it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status: int | None = None

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except ClientDisconnect:
            pass  # who asked is gone; nobody is to blame, and nobody listens
        except Exception as error:
            sentence = fault(error, route_of(scope))
            if status is None:
                await answer(Request(scope), 500, sentence)(scope, receive, sent)
        finally:
            visitor = scope.get("state", {}).get("visitor")
            log().info(
                "request",
                method=scope["method"],
                route=route_of(scope),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                visitor=None if visitor is None else pseudonym(self.secret, visitor.id),
            )


def route_of(scope: Scope) -> str | None:
    """The template of the route that took a request (``/claims/{id}``), never its path; null for none."""
    # Of a router that is included the framework keeps the whole template here, the route has the end of it.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    if route is None:
        route = next(
            (
                one
                for one in scope["app"].routes
                if isinstance(one, Mount) and scope["path"].startswith(one.path + "/")
            ),
            None,
        )
    return getattr(route, "path", None)


class _Libraries(logging.Handler):
    """What libraries log, without their words: these may hold what they were given."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log().warning(
            "library",
            logger=record.name,
            at=f"{record.filename}:{record.lineno}",
            **({} if error is None else {"fault": fault_of(error)}),
        )


def configure() -> None:
    """Let all that a server says go to its log: libraries' warnings, faults of threads."""
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            log().error("fault", route=None, **fault_of(failed.exc_value))

    def unraisable(failed: sys.UnraisableHookArgs) -> None:
        if failed.exc_value is not None:
            log().error("fault", route=None, **fault_of(failed.exc_value))

    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
