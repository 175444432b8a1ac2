"""How often one may ask."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.web.settings import Limits

REQUESTS, UPLOADS, SIGN_INS = "requests", "uploads", "sign-ins"
MINUTE = 60.0


@dataclass
class _Count:
    """What somebody asked in a minute of the clock, and in the one before it."""

    minute: int
    now: int = 0
    before: int = 0


class Rates:
    """Counts what is asked within a minute, by kind and by whom.

    The minute slides: of the clock's last minute counts the share that is less than a minute ago, as if all
    of it had been asked evenly.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._most = {
            REQUESTS: limits.requests_per_minute,
            UPLOADS: limits.uploads_per_minute,
            SIGN_INS: limits.sign_ins_per_minute,
        }
        self._counts: dict[tuple[str, str], _Count] = {}
        self._swept = 0
        self._lock = threading.Lock()

    def wait(self, kind: str, who: str) -> int:
        """Count one more: 0 if it may be, else the seconds to wait."""
        now = self._clock()
        minute, most = int(now // MINUTE), self._most[kind]
        left = 1 - now % MINUTE / MINUTE
        with self._lock:
            self._sweep(minute)
            count = self._counts.setdefault((kind, who), _Count(minute))
            if count.minute != minute:
                is_next = count.minute == minute - 1
                count.minute, count.before = minute, count.now if is_next else 0
                count.now = 0
            if count.before * left + count.now + 1 <= most:
                count.now += 1
                return 0
            return max(1, math.ceil(_until(count, most, left) * MINUTE))

    def most(self, kind: str) -> int:
        """How many a minute are allowed."""
        return self._most[kind]

    def forget(self, kind: str, who: str) -> None:
        """Begin anew for somebody."""
        with self._lock:
            self._counts.pop((kind, who), None)

    def _sweep(self, minute: int) -> None:
        """Once a minute, forget those who asked nothing for two."""
        if minute != self._swept:
            self._swept = minute
            old = [key for key, count in self._counts.items() if count.minute < minute - 1]
            for key in old:
                del self._counts[key]


def _until(count: _Count, most: int, left: float) -> float:
    """Minutes until one more may be, ``left`` of this minute being left."""
    free = most - 1 - count.now
    if free >= 0:
        # The last minute fades until it leaves room.
        return left - free / count.before
    # This minute fades in its turn, from when it is over.
    return left + 1 - (most - 1) / count.now
