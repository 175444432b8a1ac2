"""Two independent pieces of work side by side, where they are large enough to be worth a thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

First = TypeVar("First")
Second = TypeVar("Second")


def both(
    first: Callable[[], First], second: Callable[[], Second], *, large: bool
) -> tuple[First, Second]:
    """The results of the two; numpy and Polars let threads run at once, so large work is shared."""
    if not large:
        return first(), second()
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(second)
        result = first()
        return result, waiting.result()
