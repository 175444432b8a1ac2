"""One connection to a browser or a program: who sends nothing, or takes nothing, is let go."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol

from pumpclaim.web.errors import PROBLEM, problem
from pumpclaim.web.security.headers import ALWAYS, POLICY

SECONDS_FOR_HEAD = 20
"""How long the head of a request may take to arrive, and what a refused sender still sends."""
SECONDS_TO_TAKE = 60
"""How long an answer may wait for who asked to take more of it."""
NO_REQUEST = "this is no request that can be read"


class Connection(H11Protocol):
    """HTTP by h11, as uvicorn speaks it, with an end to waiting."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._due: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, not for ever."""
        super().connection_made(transport)
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        """Take what was sent. A body has as long as ``security.bounds`` gives it, all else is due soon."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._is_due_no_more()
        elif self._due is None:
            self._wait_for_request()

    def _wait_for_request(self) -> None:
        self._due = self.loop.call_later(SECONDS_FOR_HEAD, self.transport.abort)

    def _is_due_no_more(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def pause_writing(self) -> None:
        """Who asked takes no more for the moment."""
        super().pause_writing()
        self._stuck = self.loop.call_later(SECONDS_TO_TAKE, self.transport.abort)

    def resume_writing(self) -> None:
        """He does again."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._is_due_no_more()
        if self._stuck is not None:
            self._stuck.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered like everything else that cannot be used."""
        body = orjson.dumps(problem(HTTPStatus.BAD_REQUEST, NO_REQUEST))
        said = {
            **ALWAYS,
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Content-Type": PROBLEM,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        headers = [(name.encode(), value.encode()) for name, value in said.items()]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
