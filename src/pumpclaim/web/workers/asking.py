"""What one server has worked on beside it: asked for, waited for, given up when nobody waits any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pumpclaim.web.security.visitors import LOCAL
from pumpclaim.web.workers.lanes import BusyError, Turn
from pumpclaim.web.workers.worker import GivenUpError, Why

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from pumpclaim.web.settings import Limits
    from pumpclaim.web.workers.lanes import Lane

    Result = TypeVar("Result")

BUSY = "too much is waiting for its turn already; send it again in {} seconds"
STOPPED = "the server is being stopped; send it again when it is there"
SECONDS_TO_COME_BACK = 5


class Workers:
    """What one server has worked on; nothing of it goes on when the server is ``close``d."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: set[Turn] = set()

    def submit(
        self,
        lane: Lane,
        who: str,
        work: Callable[[], Any],
        seconds: float,
        begins: Callable[[], bool] | None = None,
    ) -> Turn:
        """Let work of the visitor with this id wait for its turn; raises BusyError where too much does."""
        turn = Turn(None if who == LOCAL else who, work, seconds, self.limits.memory_bytes, begins)
        self._open.add(turn)
        turn.result.add_done_callback(lambda _: self._open.discard(turn))
        try:
            lane.submit(turn)
        except BusyError:
            turn.give_up()
            raise
        return turn

    async def ask(
        self, request: Request, lane: Lane, who: str, work: Callable[[], Result], seconds: float
    ) -> Result:
        """What ``work`` gives when its turn has come, for a request whose body is read.

        Raises InputError and FaultError as it does, what ends in 503 where it is not done, and
        ClientDisconnect where who asked is gone: then nobody works on it any more.
        """
        try:
            turn = self.submit(lane, who, work, seconds)
        except BusyError:
            wait = str(SECONDS_TO_COME_BACK)
            raise HTTPException(503, BUSY.format(wait), {"Retry-After": wait}) from None
        done, gone = asyncio.wrap_future(turn.result), asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait((done, gone), return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                raise ClientDisconnect
            if done.cancelled():
                raise HTTPException(503, STOPPED)
            found: Result = done.result()
        except GivenUpError as error:
            raise HTTPException(
                503, why(error, seconds, self.limits, "send less at once")
            ) from None
        finally:
            gone.cancel()
            turn.give_up()
        return found

    def close(self) -> None:
        """Give up all that is not done."""
        for turn in list(self._open):
            turn.give_up()


def why(error: GivenUpError, seconds: float, limits: Limits, less: str) -> str:
    """Why work has no end, and what to do about it: ``less`` where there may be too much of it."""
    if error.why is Why.NOT_BEGUN:
        return (
            "the machine gives no process for this, as when its memory runs out; try it again later"
        )
    if error.why is Why.LATE:
        what = f"this took more than the {seconds:,} seconds that this server gives"
    elif error.why is Why.MEMORY:
        megabytes = limits.memory_bytes >> 20
        what = f"this needs more than the {megabytes:,} MB of memory that this server gives"
    else:
        what = "this was ended from outside, as when the machine's memory runs out"
    return f"{what}; {less}"


async def _gone(request: Request) -> None:
    """Wait until who asked closes the connection."""
    with suppress(ClientDisconnect):
        while (await request.receive())["type"] != "http.disconnect":
            pass
