"""How often one may ask."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.web.settings import Limits

REQUESTS, UPLOADS, SIGN_INS = "requests", "uploads", "sign-ins"
MINUTE = 60.0


class Rates:
    """Keeps when what was asked within the last minute, by kind and by whom: at most the limit is kept."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._most = {
            REQUESTS: limits.requests_per_minute,
            UPLOADS: limits.uploads_per_minute,
            SIGN_INS: limits.sign_ins_per_minute,
        }
        self._counts: dict[tuple[str, str], deque[float]] = {}
        self._swept = clock()
        self._lock = threading.Lock()

    def wait(self, kind: str, who: str) -> int:
        """Count one more: 0 if it may be, else the seconds to wait, 60 at most."""
        now = self._clock()
        with self._lock:
            self._sweep(now)
            times = self._counts.setdefault((kind, who), deque())
            while times and now - times[0] >= MINUTE:
                times.popleft()
            if len(times) < self._most[kind]:
                times.append(now)
                return 0
            return math.ceil(MINUTE - (now - times[0]))

    def most(self, kind: str) -> int:
        """How many a minute are allowed."""
        return self._most[kind]

    def forget(self, kind: str, who: str) -> None:
        """Begin anew for somebody."""
        with self._lock:
            self._counts.pop((kind, who), None)

    def _sweep(self, now: float) -> None:
        """Once a minute, forget those who asked nothing for one."""
        if now - self._swept >= MINUTE:
            self._swept = now
            old = [
                key for key, times in self._counts.items() if not times or now - times[-1] >= MINUTE
            ]
            for key in old:
                del self._counts[key]
