"""How often one may ask."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

if TYPE_CHECKING:
    from pumpclaim.web.settings import Limits

REQUESTS, UPLOADS, SIGN_INS = "requests", "uploads", "sign-ins"


class Rates:
    """Counts what is asked within a minute, by kind and by whom."""

    def __init__(self, limits: Limits) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._most = {
            REQUESTS: RateLimitItemPerMinute(limits.requests_per_minute),
            UPLOADS: RateLimitItemPerMinute(limits.uploads_per_minute),
            SIGN_INS: RateLimitItemPerMinute(limits.sign_ins_per_minute),
        }

    def wait(self, kind: str, who: str) -> int:
        """Count one more: 0 if it may be, else the seconds to wait."""
        most = self._most[kind]
        if self._limiter.hit(most, kind, who):
            return 0
        until = self._limiter.get_window_stats(most, kind, who).reset_time
        return max(1, math.ceil(until - time.time()))

    def most(self, kind: str) -> int:
        """How many a minute are allowed."""
        return self._most[kind].amount

    def forget(self, kind: str, who: str) -> None:
        """Begin anew for somebody."""
        self._limiter.clear(self._most[kind], kind, who)
