"""The processes that work for the API: what ends one ends nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pumpclaim.errors import InputError, UnusableError
from pumpclaim.web.api import judging
from pumpclaim.web.api.judging import Workers
from pumpclaim.web.api.worker import EndedError, FaultError, Worker

from .conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

API = "/api/v1"
PATIENT = "1EG4TE5MK73"


def end_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise KeyError(f"patient {PATIENT}")


def refuse() -> None:
    raise UnusableError("none can be used", [{"where": "a", "what": "empty"}])


def refuse_a_part() -> None:
    raise InputError("the file is empty", source="a.837", segment=3)


@pytest.fixture
def worker() -> Iterator[Worker]:
    begun = Worker()
    yield begun
    begun.end()


def test_a_worker_does_one_thing_after_the_other(worker: Worker) -> None:
    assert worker.ask(os.getpid, 30) != os.getpid()
    assert [worker.ask(partial(divmod, number, 3), 30) for number in (7, 9)] == [(2, 1), (3, 0)]


def test_what_cannot_be_used_is_told_as_it_was_raised(worker: Worker) -> None:
    with pytest.raises(UnusableError, match="none can be used") as refused:
        worker.ask(refuse, 30)
    assert refused.value.errors == [{"where": "a", "what": "empty"}]
    with pytest.raises(InputError) as part:
        worker.ask(refuse_a_part, 30)
    assert str(part.value) == "a.837, segment 3: the file is empty"
    assert (part.value.what, part.value.source) == ("the file is empty", "a.837")


def test_a_fault_says_where_and_never_what(worker: Worker) -> None:
    with pytest.raises(FaultError) as fault:
        worker.ask(fail, 30)
    assert fault.value.about["error"] == "KeyError"
    assert PATIENT not in f"{fault.value} {fault.value.about} {fault.value!r}"
    assert worker.ask(partial(abs, -1), 30) == 1


def test_what_takes_too_long_is_ended_at_once(worker: Worker) -> None:
    worker.ask(partial(abs, 1), 30)
    start = time.perf_counter()
    with pytest.raises(EndedError) as ended:
        worker.ask(partial(time.sleep, 60), 0.3)
    assert ended.value.late
    assert time.perf_counter() - start < 5
    assert not worker.is_alive


def test_a_worker_that_was_ended_is_replaced() -> None:
    workers = Workers(1)

    async def ask(work: Any) -> Any:
        return await workers.ask(work, 30)

    first = asyncio.run(ask(os.getpid))
    with pytest.raises(EndedError) as ended:
        asyncio.run(ask(end_itself))
    assert not ended.value.late
    assert asyncio.run(ask(os.getpid)) not in (first, os.getpid())
    workers.end()


def test_two_at_once_and_the_others_in_their_turn() -> None:
    workers = Workers(2)

    async def all_of_them() -> list[Any]:
        await asyncio.gather(*(workers.ask(os.getpid, 30) for _ in range(8)))
        start = time.perf_counter()
        await asyncio.gather(*(workers.ask(partial(time.sleep, 0.4), 30) for _ in range(4)))
        took = time.perf_counter() - start
        return [took, await asyncio.gather(*(workers.ask(os.getpid, 30) for _ in range(8)))]

    took, who = asyncio.run(all_of_them())
    assert 0.8 <= took < 1.6
    assert len(set(who)) <= 2
    workers.end()


def test_work_ends_when_the_server_stops() -> None:
    workers = Workers(1)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: asyncio.run(workers.ask(partial(time.sleep, 60), 90)))
        time.sleep(2)
        workers.end_busy()
        with pytest.raises(EndedError):
            asked.result(timeout=10)
    workers.end()


def test_a_fault_is_a_problem_without_a_word_of_the_claim(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pumpclaim.web.api.work.check", fail_at_check)
    files = [("files", ("clinic.837", (EXAMPLES / "clinic.837").read_bytes()))]
    answer = client.post(f"{API}/check", files=files)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    logged = capfd.readouterr().err
    assert "KeyError" in logged
    assert PATIENT not in logged + answer.text


def fail_at_check(*_: Any) -> None:
    fail()


def test_what_is_ended_from_outside_is_a_problem(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pumpclaim.web.api.work.check", end_at_check)
    files = [("files", ("clinic.837", (EXAMPLES / "clinic.837").read_bytes()))]
    answer = client.post(f"{API}/check", files=files)
    assert answer.status_code == 503
    assert "as when memory runs out" in answer.json()["detail"]
    monkeypatch.undo()
    assert client.post(f"{API}/check", files=files).status_code == 200
    assert judging.AT_ONCE == 2


def end_at_check(*_: Any) -> None:
    end_itself()
