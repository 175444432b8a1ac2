"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; a test in which it never does fails and does not hang."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {SECONDS} seconds"
        time.sleep(0.01)
