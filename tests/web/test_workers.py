"""The processes that work for the server: what ends one ends nothing else, and nothing outlives the server."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from pumpclaim.errors import InputError, UnusableError
from pumpclaim.web.settings import MB
from pumpclaim.web.workers import worker as process
from pumpclaim.web.workers.lanes import Lane
from pumpclaim.web.workers.worker import FaultError, GivenUpError, Why, Worker

from .conftest import EXAMPLES
from .waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi.testclient import TestClient

API = "/api/v1"
PATIENT = "1EG4TE5MK73"
GB = 1024 * MB


def end_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise KeyError(f"patient {PATIENT}")


def panic() -> None:
    """A fault of the engine, which says on standard error what it was given."""
    os.write(2, f"thread panicked at patient {PATIENT}".encode())
    raise pl.exceptions.PanicException(PATIENT)


def refuse() -> None:
    raise UnusableError("none can be used", [{"where": "a", "what": "empty"}])


def refuse_a_part() -> None:
    raise InputError("the file is empty", source="a.837", segment=3)


def take_memory(size: int) -> int:
    return len(bytearray(size))


def take_memory_in_the_engine(rows: int) -> int:
    return pl.int_range(rows, eager=True).len()


def touch_and_wait(file: Path) -> None:
    file.touch()
    time.sleep(60)


def seen(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


# one worker


@pytest.fixture(scope="module")
def lasting() -> Iterator[Worker]:
    """A worker for the tests that do not end it."""
    begun = Worker()
    yield begun
    begun.end()


def ask(worker: Worker, work: Callable[[], Any], seconds: float = 30, memory: int = 4 * GB) -> Any:
    return worker.ask(work, seconds, memory)


def test_a_worker_does_one_thing_after_the_other(lasting: Worker) -> None:
    assert ask(lasting, os.getpid) != os.getpid()
    assert [ask(lasting, partial(divmod, number, 3)) for number in (7, 9)] == [(2, 1), (3, 0)]


def test_what_cannot_be_used_is_told_as_it_was_raised(lasting: Worker) -> None:
    with pytest.raises(UnusableError, match="none can be used") as refused:
        ask(lasting, refuse)
    assert refused.value.errors == [{"where": "a", "what": "empty"}]
    with pytest.raises(InputError) as part:
        ask(lasting, refuse_a_part)
    assert str(part.value) == "a.837, segment 3: the file is empty"
    assert (part.value.what, part.value.source) == ("the file is empty", "a.837")


@pytest.mark.parametrize(("work", "kind"), [(fail, "KeyError"), (panic, "PanicException")])
def test_a_fault_says_where_and_never_what(
    lasting: Worker, work: Callable[[], None], kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FaultError) as fault:
        ask(lasting, work)
    assert fault.value.about["error"] == kind
    assert PATIENT not in f"{fault.value} {fault.value.about} {fault.value!r} {capfd.readouterr()}"
    assert ask(lasting, partial(abs, -1)) == 1


@pytest.mark.parametrize(
    ("work", "seconds", "memory", "why"),
    [
        (partial(time.sleep, 60), 0.2, 4 * GB, Why.LATE),
        (partial(take_memory, GB), 30, GB, Why.MEMORY),
        (partial(take_memory_in_the_engine, GB // 8), 30, GB, Why.MEMORY),
        (end_itself, 30, 4 * GB, Why.OUTSIDE),
        (os.abort, 30, 4 * GB, Why.OUTSIDE),
    ],
    ids=["late", "memory", "memory of the engine", "killed", "aborted"],
)
def test_what_has_no_end_ends_the_worker_and_says_why(
    work: Callable[[], Any], seconds: float, memory: int, why: Why
) -> None:
    worker = Worker()
    with pytest.raises(GivenUpError) as ended:
        ask(worker, work, seconds, memory)
    assert ended.value.why is why
    assert not worker.is_alive


def test_the_limit_of_memory_is_that_of_each_piece_of_work(lasting: Worker) -> None:
    assert ask(lasting, partial(take_memory, 600 * MB), memory=2 * GB) == 600 * MB
    assert ask(lasting, partial(take_memory, 10), memory=GB) == 10


def test_a_worker_that_has_grown_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GROWN_KB", 1)
    monkeypatch.setattr(process, "_peak", iter((1, 2)).__next__)
    # What is spawned does not see it, so the loop runs here, over a wire of its own.
    wire, other = multiprocessing.Pipe()
    wire.send((partial(abs, -1), 4 * GB))
    monkeypatch.setattr(process, "_keep_apart", lambda _: None)
    monkeypatch.setattr(process, "_limit", lambda _: None)
    process.serve(other, other)
    assert wire.recv() == ((True, 1), False)


def test_a_worker_ends_with_its_server(tmp_path: Path) -> None:
    """Killed, so that it can tell its worker nothing, and in the middle of work."""
    code = (
        "import sys, functools, pathlib, threading\n"
        "from web.test_workers import touch_and_wait, seen\n"
        "from pumpclaim.web.workers.worker import Worker\n"
        "if __name__ == '__main__':\n"
        "    file = pathlib.Path(sys.argv[1])\n"
        "    worker = Worker()\n"
        "    ask = functools.partial(worker.ask, functools.partial(touch_and_wait, file), 60, 2**32)\n"
        "    threading.Thread(target=ask, daemon=True).start()\n"
        "    seen(file)\n"
        "    print(worker._process.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    script = tmp_path / "server.py"
    script.write_text(code)
    server = subprocess.Popen(
        [sys.executable, script, tmp_path / "begun"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    server.kill()
    server.wait()
    gone = Path(f"/proc/{pid}")
    until(lambda: not gone.exists() or "\nState:\tZ" in (gone / "status").read_text(), "it is gone")


def test_a_fault_is_a_problem_without_a_word_of_the_claim(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pumpclaim.web.api.work.check", fail_at_check)
    answer = checked(client)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    logged = capfd.readouterr().err
    assert "KeyError" in logged
    assert "test_workers.py" not in logged, "only our own lines are named"
    assert PATIENT not in logged + answer.text
    reference = answer.json()["detail"].split("number ")[1].split(";")[0]
    assert reference in logged


def fail_at_check(*_: Any) -> None:
    fail()


def test_what_is_ended_from_outside_is_a_problem(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pumpclaim.web.api.work.check", end_at_check)
    answer = checked(client)
    assert answer.status_code == 503
    assert "ended from outside" in answer.json()["detail"]
    monkeypatch.undo()
    assert checked(client).status_code == 200


def end_at_check(*_: Any) -> None:
    end_itself()


def test_where_too_much_waits_one_is_told_when_to_come_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pumpclaim.web.api.claims.API", Lane("full", 1, most=0))
    answer = checked(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "waiting for its turn" in answer.json()["detail"]


def test_where_no_process_can_be_begun_one_is_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise BlockingIOError

    monkeypatch.setattr("pumpclaim.web.api.claims.API", Lane("new", 1))
    monkeypatch.setattr(process._SPAWN, "Process", refused)
    answer = checked(client)
    assert (answer.status_code, answer.json()["detail"]) == (
        503, "the machine gives no process for this, as when its memory runs out; try it again later",
    )  # fmt: skip


def checked(client: TestClient) -> Any:
    files = [("files", ("clinic.837", (EXAMPLES / "clinic.837").read_bytes()))]
    return client.post(f"{API}/check", files=files)
