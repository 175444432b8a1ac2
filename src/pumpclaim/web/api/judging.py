"""Where requests to the API are worked on: by a few processes, first come first served.

In processes, because the engine's small steps hold the interpreter: threads would take turns on one core, and
pages would wait for them.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from fastapi import HTTPException, Response

from pumpclaim.reports.written import json_bytes
from pumpclaim.web.api.work import Bounds, ready
from pumpclaim.web.api.worker import EndedError, FaultError, Worker
from pumpclaim.web.security import journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pumpclaim.web.settings import Limits

Result = TypeVar("Result")
AT_ONCE = 2
"""Requests that are worked on at the same time, each by a process of its own."""


class Workers:
    """A few workers, begun when the first is needed, and anew when one has ended."""

    def __init__(self, number: int = AT_ONCE) -> None:
        self._to_begin = number
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="api")
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._lock = threading.Lock()

    async def ask(self, work: Callable[[], Result], seconds: float) -> Result:
        """What ``work`` gives when its turn has come; see ``Worker.ask``."""
        self._begin()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._ask, work, seconds)

    def end_busy(self) -> None:
        """End the workers that are at work, so that nobody has to wait for them."""
        with self._lock:
            for worker in self._busy:
                worker.end()

    def end(self) -> None:
        """End all workers and the threads that wait for them."""
        self.end_busy()
        self._threads.shutdown()
        for worker in self._idle:
            worker.end()

    def _begin(self) -> None:
        """Begin all workers at the first call: what comes later does not wait for their start."""
        with self._lock:
            number, self._to_begin = self._to_begin, 0
        for _ in range(number):
            self._threads.submit(self._ask, ready, SECONDS_TO_BEGIN)

    def _ask(self, work: Callable[[], Result], seconds: float) -> Result:
        worker = self._take()
        try:
            found: Result = worker.ask(work, seconds)
        finally:
            with self._lock:
                self._busy.discard(worker)
                if worker.is_alive:
                    self._idle.append(worker)
        return found

    def _take(self) -> Worker:
        """An idle worker, the one that worked last: what it needs is still in the processor's caches."""
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    break
            else:
                worker = Worker()
            self._busy.add(worker)
        return worker


SECONDS_TO_BEGIN = 60
_WORKERS = Workers()


@asynccontextmanager
async def workers(_: object) -> AsyncIterator[None]:
    """As long as a server runs: work that is not done when it stops is ended."""
    yield
    _WORKERS.end_busy()


async def worked(limits: Limits, work: Callable[[], Result]) -> Result:
    """What ``work`` gives, a partial of one of the functions of ``work``.

    Raises InputError as it does, and what ends in 500 or 503.
    """
    try:
        return await _WORKERS.ask(work, limits.judging_seconds)
    except EndedError as error:
        if error.late:
            what = (
                f"this took more than {limits.judging_seconds} seconds; send fewer claims at once"
            )
        else:
            what = "this was ended from outside, as when memory runs out; send fewer claims at once"
        raise HTTPException(503, what) from None
    except FaultError as error:
        journal.log().error("fault in a worker", **error.about)
        raise


def bounds(limits: Limits) -> Bounds:
    """How much one request may have read."""
    return Bounds(limits.unpacked_bytes, limits.lines)


def json(content: bytes) -> Response:
    """A document that is rendered already."""
    return Response(content, media_type="application/json")


def document(value: object) -> Response:
    """A document, as the command line writes it."""
    return json(json_bytes(value))
