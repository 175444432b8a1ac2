"""A process that works for the server: it is given one piece of work after the other, and may be ended."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import signal
import threading
from contextlib import suppress
from enum import Enum
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    Answer = tuple[bool, Any]
    """Whether it is done, and what it gave: a value, an InputError, what may be logged of a fault."""

# Nothing of the server is passed on to a worker that is spawned: no socket, no lock, no database.
_SPAWN = multiprocessing.get_context("spawn")

MOST_RUBBISH = 100_000
"""Objects made since the collector last looked, and not let go, at which it looks again."""
GROWN_KB = 1024**2
"""A worker that ever held more than this is let go after its work: what it holds does not all come back."""
OUT_OF_MEMORY = b"memory allocation of"
"""What the engine says last where it is refused memory."""
SAID = 65_536


class Why(Enum):
    """Why a piece of work has no end."""

    LATE = "late"
    MEMORY = "memory"
    OUTSIDE = "outside"
    NOT_BEGUN = "not begun"


class GivenUpError(Exception):
    """The work took too long or too much memory, something ended the worker, or none could be begun."""

    def __init__(self, why: Why) -> None:
        super().__init__()
        self.why = why


class FaultError(Exception):
    """A fault of ours in a worker; ``about`` is what may be logged of it."""

    def __init__(self, about: dict[str, Any]) -> None:
        super().__init__()
        self.about = about


class Worker:
    """One process, and the wire to it. Only one thread at a time may ask it; any may ``end`` it.

    Raises GivenUpError where the system gives no process.
    """

    def __init__(self) -> None:
        try:
            self._wire, other = _SPAWN.Pipe()
            self._said, says = _SPAWN.Pipe(duplex=False)
            os.set_blocking(self._said.fileno(), False)
            self._process = _SPAWN.Process(target=serve, args=(other, says), daemon=True)
            self._process.start()
        except OSError:
            raise GivenUpError(Why.NOT_BEGUN) from None
        other.close()
        says.close()

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.is_alive()

    def ask(self, work: Callable[[], Any], seconds: float, memory: int) -> Any:
        """What ``work`` gives within so many seconds and bytes of memory.

        Raises InputError as ``work`` does, FaultError for any other of its exceptions, and GivenUpError,
        after which the worker is of no more use.
        """
        self._listen()
        try:
            self._wire.send((work, memory))
            if not self._wire.poll(seconds):
                self.end()
                raise GivenUpError(Why.LATE)
            (is_done, value), stays = self._wire.recv()
        except (EOFError, OSError):
            self.end()
            was_refused = OUT_OF_MEMORY in self._listen()
            raise GivenUpError(Why.MEMORY if was_refused else Why.OUTSIDE) from None
        if not stays:
            self.end()
        if is_done:
            return value
        if value is Why.MEMORY:
            self.end()
            raise GivenUpError(value)
        raise value if isinstance(value, InputError) else FaultError(value)

    def end(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()

    def _listen(self) -> bytes:
        """What it said since one last listened. It may hold parts of claims and goes nowhere else."""
        with suppress(BlockingIOError):
            return os.read(self._said.fileno(), SAID)
        return b""


def serve(wire: Connection, says: Connection) -> None:
    """Do what comes over the wire, until it closes."""
    _keep_apart(says)
    _be_ready()
    # What is made and let go a hundred thousand times a second keeps the collector busy for nothing: it is
    # called between one piece of work and the next, when enough has piled up.
    gc.disable()
    # The system counts what the server held when it began this process as if it were held here.
    most, stays = max(GROWN_KB, _peak()), True
    while stays:
        try:
            work, memory = wire.recv()
        except EOFError:
            return
        _limit(memory)
        answer = _answer(work)
        stays = _peak() <= most
        try:
            wire.send((answer, stays))
        except MemoryError:
            wire.send(((False, Why.MEMORY), False))
        if gc.get_count()[0] > MOST_RUBBISH:
            gc.collect()


def _peak() -> int:
    """The most kilobytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _limit(memory: int) -> None:
    """Let the system give no more than so many bytes; a map of addresses costs nothing and is not counted."""
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    known = memory if most == resource.RLIM_INFINITY else min(memory, most)
    resource.setrlimit(resource.RLIMIT_DATA, (known, most))


def _answer(work: Callable[[], Any]) -> Answer:
    try:
        return True, work()
    except InputError as error:
        return False, error
    except MemoryError:
        return False, Why.MEMORY
    except BaseException as error:  # the engine's panics are no Exception
        from pumpclaim.web.security.journal import fault_of  # noqa: PLC0415  (only for a fault)

        return False, fault_of(error)


def _keep_apart(says: Connection) -> None:
    """Be nobody's but the server's: end with it, say nothing but to it, leave no trace of a fault."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(says.fileno(), 2)
    os.set_blocking(2, False)
    threading.Thread(target=_end_with_server, daemon=True).start()


def _end_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        connection.wait([server.sentinel])
    os._exit(1)


def _be_ready() -> None:
    """Have all that is needed at hand: the engine, the policy, what is made of it."""
    from pumpclaim.compiled import compile_policy  # noqa: PLC0415  (this process alone needs them)
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.web.api import work  # noqa: F401, PLC0415

    compile_policy(load())
    # What is there now stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
