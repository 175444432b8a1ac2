"""Three-valued logic over the answers of a chart: true, false, and null for not documented.

A criterion is a tree of these conditions. The same tree gives the Polars expression (Kleene logic),
what stands against the criterion when it is false, and what is still to be asked when it is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Values = Mapping[int, bool | None]
    """The value of each condition of a tree on one chart, by ``id`` of the condition."""


@dataclass(frozen=True)
class Wanted:
    """What is still to be obtained: an answer to any one of these questions, or its evidence."""

    questions: tuple[str, ...]
    evidence: bool = False


@dataclass(frozen=True, eq=False)
class Condition:
    """Something that a chart shows, shows not, or does not document."""

    @property
    def expr(self) -> pl.Expr:
        """The value as a Boolean expression over the columns of a chart table; null: not documented."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions it is made of."""
        return ()

    def walk(self) -> Iterator[Condition]:
        """Itself and everything below."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def wanted(self, values: Values, blank: Callable[[str], bool]) -> list[Wanted]:
        """The fewest answers that, favourable, make it true; none when it is decided."""
        raise NotImplementedError

    def against(self, values: Values) -> list[str]:
        """What makes it false, in words; none when it is not."""
        return [said for part in self.parts for said in part.against(values)]

    @property
    def questions(self) -> tuple[str, ...]:
        """Every question that it rests on, in order, each once."""
        return tuple(dict.fromkeys(q for part in self.parts for q in part.questions))


@dataclass(frozen=True, eq=False)
class Check(Condition):
    """One fact of the chart: the expression, the questions it is read from, and the words against it.

    ``ask`` are the questions to put when it is null; any one of them where ``alternatives`` says so,
    else each that is blank.
    """

    rests_on: tuple[str, ...]
    when: pl.Expr
    words: str
    alternatives: bool = False
    evidence: bool = False

    @property
    def expr(self) -> pl.Expr:
        return self.when

    @property
    def questions(self) -> tuple[str, ...]:
        return self.rests_on

    def wanted(self, values: Values, blank: Callable[[str], bool]) -> list[Wanted]:
        if values[id(self)] is not None:
            return []
        if self.evidence:
            answered = tuple(one for one in self.rests_on if not blank(one))
            return [Wanted(answered, evidence=True)]
        open_ones = tuple(one for one in self.rests_on if blank(one))
        if self.alternatives:
            return [Wanted(open_ones)] if open_ones else []
        return [Wanted((one,)) for one in open_ones]

    def against(self, values: Values) -> list[str]:
        return [self.words] if values[id(self)] is False else []


def answer(question: str, words: str, *, wanted: bool = True) -> Check:
    """A yes-or-no question, true when it is answered as ``wanted``."""
    column = pl.col(question)
    return Check((question,), column if wanted else ~column, words)


@dataclass(frozen=True, eq=False)
class All(Condition):
    """True when every part is true, false when one is false."""

    of: tuple[Condition, ...]

    @property
    def parts(self) -> tuple[Condition, ...]:
        return self.of

    @property
    def expr(self) -> pl.Expr:
        first, *others = (part.expr for part in self.of)
        for other in others:
            first = first & other
        return first

    def wanted(self, values: Values, blank: Callable[[str], bool]) -> list[Wanted]:
        if values[id(self)] is not None:
            return []
        return [one for part in self.of for one in part.wanted(values, blank)]


@dataclass(frozen=True, eq=False)
class OneOf(Condition):
    """True when one part is true, false when every one is false."""

    of: tuple[Condition, ...]

    @property
    def parts(self) -> tuple[Condition, ...]:
        return self.of

    @property
    def expr(self) -> pl.Expr:
        first, *others = (part.expr for part in self.of)
        for other in others:
            first = first | other
        return first

    def wanted(self, values: Values, blank: Callable[[str], bool]) -> list[Wanted]:
        if values[id(self)] is not None:
            return []
        ways = [way for part in self.of if (way := part.wanted(values, blank))]
        if all(len(way) == 1 and not way[0].evidence for way in ways):
            return [Wanted(tuple(dict.fromkeys(q for way in ways for q in way[0].questions)))]
        return min(ways, key=len)

    def against(self, values: Values) -> list[str]:
        return super().against(values) if values[id(self)] is False else []


@dataclass(frozen=True, eq=False)
class When(Condition):
    """``then`` is asked only where ``gate`` is true; false, it asks nothing and is true."""

    gate: Condition
    then: Condition

    @property
    def parts(self) -> tuple[Condition, ...]:
        return (self.gate, self.then)

    @property
    def expr(self) -> pl.Expr:
        return ~self.gate.expr | self.then.expr

    def wanted(self, values: Values, blank: Callable[[str], bool]) -> list[Wanted]:
        if values[id(self)] is not None:
            return []
        if values[id(self.gate)] is None:
            return self.gate.wanted(values, blank)
        return self.then.wanted(values, blank)

    def against(self, values: Values) -> list[str]:
        return self.then.against(values) if values[id(self)] is False else []


@dataclass(frozen=True, eq=False)
class Either(Condition):
    """``then`` where ``gate`` is true, else ``other``; a gate not documented counts as false."""

    gate: Check
    then: Condition
    other: Condition

    @property
    def parts(self) -> tuple[Condition, ...]:
        return (self.gate, self.then, self.other)

    @property
    def expr(self) -> pl.Expr:
        return pl.when(self.gate.expr).then(self.then.expr).otherwise(self.other.expr)

    def _chosen(self, values: Values) -> Condition:
        return self.then if values[id(self.gate)] else self.other

    def wanted(self, values: Values, blank: Callable[[str], bool]) -> list[Wanted]:
        return self._chosen(values).wanted(values, blank)

    def against(self, values: Values) -> list[str]:
        return self._chosen(values).against(values)


@dataclass(frozen=True, eq=False)
class Note:
    """Something to say beside a criterion where ``when`` holds; it decides nothing. ``basis`` as a rule's."""

    when: pl.Expr
    words: str
    basis: str = "article"


@dataclass(frozen=True, eq=False)
class Criterion:
    """One statement of the article over a chart.

    ``gate`` says whether it is asked at all; ``absence`` marks what must not be there (X1 to X3),
    ``composite`` what repeats the answers of other criteria (C5).
    """

    statement: str
    requires: Condition
    gate: Condition | None = None
    notes: tuple[Note, ...] = ()
    absence: bool = False
    composite: bool = False

    @property
    def whole(self) -> Condition:
        """The criterion with its gate: true as well where it is not asked."""
        return self._whole

    def __post_init__(self) -> None:
        whole = self.requires if self.gate is None else When(self.gate, self.requires)
        object.__setattr__(self, "_whole", whole)

    _whole: Condition = None  # type: ignore[assignment]
