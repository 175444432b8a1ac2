"""Which figure rests on which statement: computed figures name theirs, and the trace lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., object])

FIGURES: dict[str, tuple[str, ...]] = {}
"""Name of a figure -> the statements it rests on."""


def figure(name: str, *, statements: tuple[str, ...]) -> Callable[[Function], Function]:
    """Say that the decorated function computes the figure ``name`` as these statements ask."""
    FIGURES[name] = statements

    def keep(function: Function) -> Function:
        return function

    return keep
