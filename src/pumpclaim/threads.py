"""Independent pieces of work side by side, where they are large enough to be worth a thread."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LARGE = 20_000
"""From so many lines on work is shared between threads."""
Result = TypeVar("Result")
Item = TypeVar("Item")


class Start(Protocol):
    """Begins a piece of work and gives the function that waits for its result."""

    def __call__(self, work: Callable[[], Result], /) -> Callable[[], Result]: ...


@contextmanager
def beside(*, large: bool) -> Iterator[Start]:
    """A way to begin pieces of work: on all processors when ``large``, else at once and here.

    numpy and Polars let threads run at the same time.
    """
    if not large:
        yield _here
        return
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:

        def start(work: Callable[[], Result], /) -> Callable[[], Result]:
            return pool.submit(work).result

        yield start


def _here(work: Callable[[], Result], /) -> Callable[[], Result]:
    result = work()
    return lambda: result


def each(work: Callable[[Item], Result], items: Iterable[Item], *, large: bool) -> list[Result]:
    """``work`` done on every item, in order; on all processors when ``large``."""
    with beside(large=large) as start:
        waiting = [start(lambda item=item: work(item)) for item in items]  # type: ignore[misc]
        return [result() for result in waiting]
