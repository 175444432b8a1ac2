"""Independent pieces of work side by side, where they are large enough to be worth a thread."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

First = TypeVar("First")
Second = TypeVar("Second")
Item = TypeVar("Item")


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


def each(work: Callable[[Item], First], items: Iterable[Item], *, large: bool) -> list[First]:
    """``work`` done on every item, in order; on all processors when there is much to do."""
    if not large:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(work, items))
