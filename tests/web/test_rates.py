"""A minute that slides: never more than may be, and nobody waits longer than he must."""

from __future__ import annotations

import random

from pumpclaim.web.security.rates import REQUESTS, SIGN_INS, UPLOADS, Rates
from pumpclaim.web.settings import Limits


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def rates(most: int) -> tuple[Rates, Clock]:
    clock = Clock()
    return Rates(Limits(requests_per_minute=most, uploads_per_minute=2), clock), clock


def test_so_many_may_be_asked_and_then_no_more() -> None:
    counted, _ = rates(5)
    assert [counted.wait(REQUESTS, "a") for _ in range(5)] == [0] * 5
    assert counted.wait(REQUESTS, "a") > 0
    assert counted.wait(REQUESTS, "b") == 0
    assert counted.wait(UPLOADS, "a") == 0
    assert counted.most(UPLOADS) == 2


def test_somebody_may_begin_anew() -> None:
    counted, _ = rates(5)
    for _ in range(20):
        counted.wait(SIGN_INS, "a")
    assert counted.wait(SIGN_INS, "a") > 0
    counted.forget(SIGN_INS, "a")
    assert counted.wait(SIGN_INS, "a") == 0


def test_who_waits_as_long_as_he_is_told_may_ask_and_not_much_earlier() -> None:
    rng = random.Random(5)
    for most in (1, 2, 7, 100):
        counted, clock = rates(most)
        for _ in range(300):
            clock.now += rng.uniform(0, 90 / most)
            wait = counted.wait(REQUESTS, "a")
            if wait > 1:
                clock.now += wait - 1.5
                assert counted.wait(REQUESTS, "a") > 0
                clock.now += 1.5
            if wait:
                clock.now += wait * (wait == 1)
                assert counted.wait(REQUESTS, "a") == 0


def test_no_minute_of_the_clock_has_more_than_may_be() -> None:
    rng = random.Random(6)
    counted, clock = rates(10)
    allowed: dict[int, int] = {}
    for _ in range(5000):
        clock.now += rng.uniform(0, 3)
        if counted.wait(REQUESTS, "a") == 0:
            minute = int(clock.now // 60)
            allowed[minute] = allowed.get(minute, 0) + 1
    assert max(allowed.values()) <= 10
    assert sum(allowed.values()) > 0.8 * 10 * len(allowed)


def test_who_asks_no_more_is_forgotten() -> None:
    counted, clock = rates(10)
    for who in range(100):
        counted.wait(REQUESTS, str(who))
    clock.now += 180
    counted.wait(REQUESTS, "a")
    assert len(counted._counts) == 1
