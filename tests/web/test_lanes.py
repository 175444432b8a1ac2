"""People take turns, and what nobody waits for any more keeps no worker busy."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import ClientDisconnect, Request

from pumpclaim.web.settings import MB, Limits
from pumpclaim.web.workers import worker as process
from pumpclaim.web.workers.asking import Workers
from pumpclaim.web.workers.lanes import BusyError, Lane, Turn
from pumpclaim.web.workers.worker import GivenUpError, Why

from .test_workers import seen, touch_and_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

GB = 1024 * MB


class Doing:
    """In the place of a worker: does what it is given in this process."""

    is_alive = True

    def ask(self, work: Callable[[], Any], seconds: float, memory: int) -> Any:
        return work()

    def end(self) -> None:
        self.is_alive = False


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes whose workers are threads of this process."""
    monkeypatch.setattr("pumpclaim.web.workers.lanes.Worker", Doing)


class Gate:
    """Work that waits until it is let go on; ``order`` tells who came through."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.opened = threading.Event()
        self.reached = threading.Event()

    def pass_through(self, who: str) -> str:
        self.reached.set()
        assert self.opened.wait(20)
        self.order.append(who)
        return who


def turn(who: str | None, work: Callable[[], Any]) -> Turn:
    return Turn(who, work, 30, GB, None)


def submitted(lane: Lane, who: str | None, work: Callable[[], Any]) -> Turn:
    made = turn(who, work)
    lane.submit(made)
    return made


def test_people_take_turns_however_much_each_asks_for(here: None) -> None:
    gate, lane = Gate(), Lane("test", 1)
    first = submitted(lane, "z", partial(gate.pass_through, "z"))
    assert gate.reached.wait(20)
    turns = [submitted(lane, who, partial(gate.pass_through, who)) for who in "aaaabbc"]
    gate.opened.set()
    assert [one.result.result(20) for one in (first, *turns)] == list("zaaaabbc")
    assert "".join(gate.order) == "zabcabaa"


def test_one_person_never_has_every_worker(here: None) -> None:
    gate, lane = Gate(), Lane("test", 2)
    first = [submitted(lane, "a", partial(gate.pass_through, "a")) for _ in range(3)]
    assert gate.reached.wait(20)
    assert submitted(lane, "b", partial(str, "b")).result.result(20) == "b"
    assert not any(one.result.done() for one in first)
    gate.opened.set()
    assert [one.result.result(20) for one in first] == ["a"] * 3


def test_who_is_alone_has_every_worker(here: None) -> None:
    both, lane = threading.Barrier(2), Lane("test", 2)
    turns = [submitted(lane, None, partial(both.wait, 20)) for _ in range(2)]
    assert {one.result.result(20) for one in turns} == {0, 1}


def test_only_so_many_wait(here: None) -> None:
    gate, lane = Gate(), Lane("test", 1, each=2, most=3)
    submitted(lane, "a", partial(gate.pass_through, "a"))
    assert gate.reached.wait(20)
    waiting = [submitted(lane, who, partial(str, who)) for who in "aab"]
    for who in "abc":
        with pytest.raises(BusyError):
            lane.submit(turn(who, partial(str, who)))
    waiting[0].give_up()
    another = submitted(lane, "a", partial(str, "later"))
    gate.opened.set()
    assert another.result.result(20) == "later"
    assert waiting[0].result.cancelled()


def test_what_is_given_up_while_it_waits_is_never_done(here: None) -> None:
    gate, lane = Gate(), Lane("test", 1)
    first = submitted(lane, "a", partial(gate.pass_through, "a"))
    second = submitted(lane, "a", partial(gate.order.append, "second"))
    second.give_up()
    gate.opened.set()
    third = submitted(lane, "a", partial(str, "third"))
    assert (first.result.result(20), third.result.result(20)) == ("a", "third")
    assert gate.order == ["a"]


def test_what_is_no_longer_wanted_when_its_turn_comes_is_not_done(here: None) -> None:
    lane, done = Lane("test", 1), []
    made = Turn("a", partial(done.append, 1), 30, GB, lambda: False)
    lane.submit(made)
    with pytest.raises(CancelledError):
        made.result.result(20)
    assert done == []


def test_a_worker_that_was_ended_is_replaced(tmp_path: Path) -> None:
    lane = Lane("test", 1)
    first = submitted(lane, "a", os.getpid).result.result(60)
    began = submitted(lane, "a", partial(touch_and_wait, tmp_path / "begun"))
    seen(tmp_path / "begun")
    began.give_up()
    assert submitted(lane, "a", os.getpid).result.result(60) not in (first, os.getpid())


def test_a_lane_goes_on_where_a_worker_could_not_be_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, begun = Lane("test", 1), []

    def refused(**_: Any) -> None:
        raise BlockingIOError

    monkeypatch.setattr(process._SPAWN, "Process", refused)
    made = Turn("a", partial(str, "never"), 30, GB, lambda: not begun.append(1))
    lane.submit(made)
    with pytest.raises(GivenUpError) as ended:
        made.result.result(20)
    assert (ended.value.why, begun) == (Why.NOT_BEGUN, [1]), "what waits is told that it has begun"
    monkeypatch.setattr("pumpclaim.web.workers.lanes.Worker", Doing)
    assert submitted(lane, "a", partial(str, "later")).result.result(20) == "later"


def test_what_is_given_up_as_it_begins_is_not_done(here: None) -> None:
    lane, done = Lane("test", 1), []
    made = Turn("a", partial(done.append, 1), 30, GB, lambda: made.give_up() is None)
    lane.submit(made)
    with pytest.raises(CancelledError):
        made.result.result(20)
    assert submitted(lane, "a", partial(str, "later")).result.result(20) == "later"
    assert done == []


def test_what_is_done_is_not_ended_by_who_no_longer_needs_it(here: None) -> None:
    lane = Lane("test", 1)
    for _ in range(50):
        made = submitted(lane, "a", threading.get_ident)
        made.result.result(20)
        made.give_up()
        assert not made.result.cancelled()


# a server's workers


@contextmanager
def workers() -> Iterator[Workers]:
    made = Workers(Limits())
    yield made
    made.close()


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    """What is asked for, in a thread of its own: this one may have a browser's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asked).result(30)


def request(*messages: str) -> Request:
    """A request from which these messages come, and then nothing for ever."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        return {"type": left.pop(0)}

    return Request({"type": "http", "headers": []}, receive)


def test_who_is_gone_keeps_no_worker_busy(here: None) -> None:
    gate, lane = Gate(), Lane("test", 1)
    gone = request("http.request", "http.disconnect")
    with workers() as asked:
        with pytest.raises(ClientDisconnect):
            run(asked.ask(gone, lane, "a", partial(gate.pass_through, "gone"), 30))
        assert asked._open == set()
        gate.opened.set()
        stays = asked.ask(
            request("http.request"), lane, "a", partial(gate.pass_through, "stays"), 30
        )
        assert run(stays) == "stays"


def test_a_server_that_stops_leaves_no_work_behind(here: None) -> None:
    gate, lane = Gate(), Lane("test", 1)
    with workers() as asked:
        turns = [asked.submit(lane, "a", partial(gate.pass_through, "a"), 30) for _ in range(3)]
    assert all(one.result.cancelled() for one in turns)
    gate.opened.set()
