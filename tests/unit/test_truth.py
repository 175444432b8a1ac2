"""Three-valued columns against plain Python over true, false and null."""

from __future__ import annotations

import operator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpclaim.truth import Known, Number

VALUES = [True, False, None]
LINES = list(product(VALUES, repeat=3))
"""Every way in which three facts can be true, false or not known, one a line."""


def column(place: int) -> Known:
    cells = [line[place] for line in LINES]
    return Known(
        np.array([bool(one) for one in cells]), np.array([one is not None for one in cells])
    )


def both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def negated(one: bool | None) -> bool | None:
    return None if one is None else not one


TREES = st.recursive(
    st.integers(0, 2),
    lambda inside: (
        st.tuples(st.sampled_from(["&", "|", "!=", "=="]), inside, inside)
        | st.tuples(st.just("~"), inside)
        | st.tuples(st.sampled_from(["&", "|"]), inside, st.booleans())
        | st.tuples(st.sampled_from(["&", "|"]), st.booleans(), inside)
    ),
    max_leaves=12,
)
"""What a rule may write: columns and whether a reading holds, put together."""


def built(tree: Any) -> Any:
    """The tree as a rule would write it."""
    if isinstance(tree, bool):
        return tree
    if isinstance(tree, int):
        return column(tree)
    how, *parts = tree
    one, *others = (built(part) for part in parts)
    return getattr(operator, OPERATORS[how])(one, *others)


OPERATORS = {"&": "and_", "|": "or_", "!=": "ne", "==": "eq", "~": "invert"}


def plain(tree: Any, line: tuple[bool | None, ...]) -> bool | None:
    """The same of one line."""
    if isinstance(tree, bool):
        return tree
    if isinstance(tree, int):
        return line[tree]
    how, *parts = tree
    one, *others = (plain(part, line) for part in parts)
    if how == "~":
        return negated(one)
    if how == "&":
        return both(one, *others)
    if how == "|":
        return negated(both(negated(one), *map(negated, others)))
    if one is None or others[0] is None:
        return None
    return (one == others[0]) is (how == "==")


@given(TREES)
def test_as_kleene_reckons(tree: Any) -> None:
    found = built(tree)
    wanted = [plain(tree, line) for line in LINES]
    assert found.yes.tolist() == [one is True for one in wanted]
    assert found.no.tolist() == [one is False for one in wanted]
    assert found.known.tolist() == [one is not None for one in wanted]
    assert found.is_null().yes.tolist() == [one is None for one in wanted]


NUMBERS = st.lists(
    st.tuples(st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 3)), max_size=9
)


@given(NUMBERS, st.integers(-3, 3))
def test_numbers_compare_where_both_are_known(
    lines: list[tuple[int | None, int | None]], at: int
) -> None:
    one, other = (
        Number(np.array([line[side] or 0 for line in lines], np.int64),
               np.array([line[side] is not None for line in lines], bool))
        for side in (0, 1)
    )  # fmt: skip
    every = Number(np.array([line[0] or 0 for line in lines], np.int64))
    for how in ("__lt__", "__gt__", "__eq__", "__ne__"):
        between, with_number = getattr(one, how)(other), getattr(one, how)(at)
        for place, (left, right) in enumerate(lines):
            known = left is not None and right is not None
            wanted = getattr(left, how)(right) if known else None
            assert (between.yes[place], between.no[place]) == (wanted is True, wanted is False)
            alone = getattr(left, how)(at) if left is not None else None
            assert (with_number.yes[place], with_number.no[place]) == (
                alone is True,
                alone is False,
            )
            assert getattr(every, how)(at).yes[place] == getattr(left or 0, how)(at)
    assert one.is_null().yes.tolist() == [left is None for left, _ in lines]


def test_truths_do_not_compare_with_numbers() -> None:
    with pytest.raises(AssertionError):
        _ = column(0) == 1
    with pytest.raises(NotImplementedError):
        _ = column(0) > 1
