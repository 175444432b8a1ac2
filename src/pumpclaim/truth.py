"""Three-valued columns: true, false, or not known, as Kleene reckons with them.

What a rule says of a line is put together from these with ``&``, ``|`` and ``~``. Nothing is worked out
until somebody asks where it is true (``yes``) or false (``no``), and then only what that needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]


class Truth:
    """True, false or not known for each line; ``yes`` and ``no`` say where it is true and where false."""

    __hash__ = None  # type: ignore[assignment]

    @property
    def yes(self) -> Bools:
        """Where it is true."""
        raise NotImplementedError

    @property
    def no(self) -> Bools:
        """Where it is false."""
        raise NotImplementedError

    @property
    def known(self) -> Bools:
        """Where it is known."""
        return self.yes | self.no

    def __and__(self, other: Truth | bool) -> Truth:
        if isinstance(other, bool):
            return self if other else _Never(self)
        return _Both(self, other)

    def __or__(self, other: Truth | bool) -> Truth:
        return ~(~self & (not other if isinstance(other, bool) else ~other))

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Truth:
        return _Not(self)

    def __ne__(self, other: Truth | int) -> Truth:  # type: ignore[override]
        assert isinstance(other, Truth)  # noqa: S101  (numbers compare otherwise)
        return (self & ~other) | (~self & other)

    def __eq__(self, other: Truth | int) -> Truth:  # type: ignore[override]
        return ~(self != other)

    def __gt__(self, other: Truth | int) -> Truth:
        raise NotImplementedError

    def __lt__(self, other: Truth | int) -> Truth:
        raise NotImplementedError

    def is_null(self) -> Truth:
        """Where it is not known."""
        return Known(~self.known)


class _Column(Truth):
    """Values, and where they are known: null for everywhere."""

    def __init__(self, values: NDArray[Any], known: Bools | None = None) -> None:
        self._values, self._known = values, known

    @property
    def known(self) -> Bools:
        return np.ones(len(self._values), bool) if self._known is None else self._known


class Known(_Column):
    """A column of truth values; ``known`` says where its value is known, null for everywhere."""

    def __init__(self, values: Bools, known: Bools | None = None) -> None:
        super().__init__(values, known)
        self._yes = values if known is None else None
        self._no: Bools | None = None

    @property
    def yes(self) -> Bools:
        if self._yes is None:
            self._yes = self._values & self.known
        return self._yes

    @property
    def no(self) -> Bools:
        if self._no is None:
            self._no = ~self._values if self._known is None else ~self._values & self._known
        return self._no


class Number(_Column):
    """A column of whole numbers; comparing one that is not known gives what is not known."""

    __hash__ = None  # type: ignore[assignment]

    def __gt__(self, other: Truth | int) -> Truth:
        return self._compared(np.greater, other)

    def __lt__(self, other: Truth | int) -> Truth:
        return self._compared(np.less, other)

    def __eq__(self, other: Truth | int) -> Truth:  # type: ignore[override]
        return self._compared(np.equal, other)

    def __ne__(self, other: Truth | int) -> Truth:  # type: ignore[override]
        return self._compared(np.not_equal, other)

    def _compared(self, how: np.ufunc, other: Truth | int) -> Truth:
        if isinstance(other, int):
            return Known(how(self._values, other), self._known)
        assert isinstance(other, Number)  # noqa: S101
        return Known(how(self._values, other._values), self.known & other.known)


class _Both(Truth):
    def __init__(self, one: Truth, other: Truth) -> None:
        self._one, self._other = one, other

    @property
    def yes(self) -> Bools:
        return self._one.yes & self._other.yes

    @property
    def no(self) -> Bools:
        return self._one.no | self._other.no


class _Not(Truth):
    def __init__(self, of: Truth) -> None:
        self._of = of

    @property
    def yes(self) -> Bools:
        return self._of.no

    @property
    def no(self) -> Bools:
        return self._of.yes

    def __invert__(self) -> Truth:
        return self._of


class _Never(Truth):
    """False on every line."""

    def __init__(self, of: Truth) -> None:
        self._of = of

    @property
    def yes(self) -> Bools:
        return np.zeros_like(self._of.yes)

    @property
    def no(self) -> Bools:
        return np.ones_like(self._of.yes)
