"""A process that works for the API: it is given one piece of work after the other, and may be ended."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    Answer = tuple[bool, Any]

# Nothing of the server is passed on to a worker that is spawned: no socket, no lock, no database.
_SPAWN = multiprocessing.get_context("spawn")


MOST_RUBBISH = 100_000
"""Objects made since the collector last looked, and not let go, at which it looks again."""


class EndedError(Exception):
    """The worker ended before its work: it took too long (``late``), or something ended it."""

    def __init__(self, *, late: bool) -> None:
        super().__init__()
        self.late = late


class FaultError(Exception):
    """A fault of ours in a worker; ``about`` is what may be logged of it."""

    def __init__(self, about: dict[str, Any]) -> None:
        super().__init__()
        self.about = about


class Worker:
    """One process, and the wire to it. Only one thread at a time may ask it; any may ``end`` it."""

    def __init__(self) -> None:
        self._wire, other = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(other,), daemon=True)
        self._process.start()
        other.close()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, work: Callable[[], Any], seconds: float) -> Any:
        """What ``work`` gives. Raises InputError as ``work`` does, FaultError for any other of its
        exceptions, and EndedError, after which the worker is of no more use."""
        try:
            self._wire.send(work)
            if not self._wire.poll(seconds):
                self.end()
                raise EndedError(late=True)
            is_done, value = self._wire.recv()
        except (EOFError, OSError):
            self.end()
            raise EndedError(late=False) from None
        if is_done:
            return value
        raise value if isinstance(value, InputError) else FaultError(value)

    def end(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()


def serve(wire: Connection) -> None:
    """Do what comes over the wire, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is made and let go a hundred thousand times a second keeps the collector busy for nothing: it is
    # called between one piece of work and the next, when enough has piled up.
    gc.disable()
    os.umask(0o077)
    while True:
        try:
            work = wire.recv()
        except EOFError:
            return
        wire.send(_answer(work))
        if gc.get_count()[0] > MOST_RUBBISH:
            gc.collect()


def _answer(work: Callable[[], Any]) -> Answer:
    try:
        return True, work()
    except InputError as error:
        return False, error
    except Exception as error:
        from pumpclaim.web.security.journal import fault_of  # noqa: PLC0415  (only for a fault)

        return False, fault_of(error)
