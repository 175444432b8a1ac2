"""Lanes: work of one kind, done by a few processes, people taking turns.

Each kind has workers of its own, so that what takes long never keeps what is short waiting. Within a lane
the people who wait are served in turn, however much each of them asks for.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from math import inf
from typing import TYPE_CHECKING, Any

from pumpclaim.web.workers.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable


class BusyError(Exception):
    """As many wait already as may."""


class Turn:
    """One piece of work that waits for its turn or is being done; ``result`` is what becomes of it.

    ``begins`` is called when the turn has come, and says whether there is still anything to do.
    """

    def __init__(
        self,
        who: str | None,
        work: Callable[[], Any],
        seconds: float,
        memory: int,
        begins: Callable[[], bool] | None,
    ) -> None:
        self.who = who
        self.work = work
        self.seconds = seconds
        self.memory = memory
        self.begins = begins
        self.result: Future[Any] = Future()
        self._worker: Worker | None = None
        self._lock = threading.Lock()

    def give_up(self) -> None:
        """Not to be done any more: ``result`` is cancelled, a worker that is at it is ended. Of what is done
        already nothing changes."""
        if self.result.cancel():
            with self._lock:
                if self._worker is not None:
                    self._worker.end()

    def do(self, at_hand: Callable[[], Worker]) -> None:
        """Have the worker that is ``at_hand`` do it, and tell ``result``."""
        if self.result.cancelled():
            return
        try:
            if self.begins is not None and not self.begins():
                self.result.cancel()
                return
            worker = at_hand()
            with self._lock:
                if self.result.cancelled():
                    return
                self._worker = worker
            self._tell(worker.ask(self.work, self.seconds, self.memory))
        except Exception as error:  # whoever waits for it is told
            self._tell(error)
        finally:
            with self._lock:
                self._worker = None

    def _tell(self, found: Any) -> None:
        if not self.result.set_running_or_notify_cancel():
            return
        if isinstance(found, Exception):
            self.result.set_exception(found)
        else:
            self.result.set_result(found)


class Lane:
    """Work of one kind, done by ``workers`` processes, which are begun when the first work comes.

    One person has ``share`` of them at most at a time, and ``each`` pieces of work that wait; all together
    have ``most``. Who is null is alone here, and has all of them.
    """

    def __init__(
        self, name: str, workers: int, *, share: int = 1, each: float = inf, most: float = inf
    ) -> None:
        self.name = name
        self._number = workers
        self._share, self._each, self._most = share, each, most
        self._waiting: dict[str | None, deque[Turn]] = {}
        self._busy: dict[str | None, int] = {}
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()

    def submit(self, turn: Turn) -> None:
        """Let a turn wait; raises BusyError where too many do."""
        with self._changed:
            self._forget_given_up()
            mine = len(self._waiting.get(turn.who, ()))
            every = sum(map(len, self._waiting.values()))
            if every >= self._most or (turn.who is not None and mine >= self._each):
                raise BusyError
            self._waiting.setdefault(turn.who, deque()).append(turn)
            self._changed.notify()
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name=self.name, daemon=True)
                    for _ in range(self._number)
                ]
                for thread in self._threads:
                    thread.start()

    def _work(self) -> None:
        worker: Worker | None = None

        def at_hand() -> Worker:
            nonlocal worker
            if worker is None or not worker.is_alive:
                worker = Worker()
            return worker

        while True:
            turn = self._next()
            try:
                turn.do(at_hand)
            finally:
                self._done(turn)

    def _forget_given_up(self) -> None:
        for who, own in list(self._waiting.items()):
            left = deque(turn for turn in own if not turn.result.cancelled())
            if left:
                self._waiting[who] = left
            else:
                del self._waiting[who]

    def _next(self) -> Turn:
        """The next turn: of the person who has waited longest since his last one."""
        with self._changed:
            while True:
                for who in self._waiting:
                    if who is None or self._busy.get(who, 0) < self._share:
                        return self._taken(who)
                self._changed.wait()

    def _taken(self, who: str | None) -> Turn:
        own = self._waiting.pop(who)
        turn = own.popleft()
        if own:
            self._waiting[who] = own
        self._busy[who] = self._busy.get(who, 0) + 1
        return turn

    def _done(self, turn: Turn) -> None:
        with self._changed:
            self._busy[turn.who] -= 1
            if not self._busy[turn.who]:
                del self._busy[turn.who]
            self._changed.notify_all()


QUICK = Lane("quick", 1, each=32, most=64)
"""Prices and refills over HTTP: thousandths of a second each."""
API = Lane("api", 2, each=32, most=64)
"""Claims and charts sent to the API."""
BATCHES = Lane("batches", 2)
"""Uploads; those that wait lie on the disk."""
EXPORTS = Lane("exports", 1, each=4, most=16)
"""Worklists to take away."""
# They are those of this process: every server in it shares them.
