"""The rules run over a context: which fired where, and what becomes of each claim."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.rules import RULES, Case, Line, Rule
from pumpclaim.rules.registry import REACHES
from pumpclaim.tables import DETERMINATIONS, FEW, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.charts.meeting import BlockCharts
    from pumpclaim.context import Context
    from pumpclaim.policy import PolicySet

    Ints = NDArray[np.int64]

LEVELS = {outcome: level for level, outcome in enumerate(OUTCOMES.categories.to_list(), start=1)}
"""Outcomes from 1, mildest first."""
_BY_LEVEL = {
    "advise": "payable",
    "package": "payable",
    "records": "records",
    "reject": "fix",
    "deny": "denied",
}
_NAMES = DETERMINATIONS.categories.to_list()
DETERMINATION_OF_LEVEL = np.array(
    [_NAMES.index("payable"), *(_NAMES.index(_BY_LEVEL[outcome]) for outcome in LEVELS)], np.uint8
)
"""The determination, as a position in DETERMINATIONS, of each level of a claim's worst finding."""


@dataclass(frozen=True, eq=False)
class Planned:
    """One case of one rule, ready to be asked: what its findings carry, and its expression, named."""

    rule: Rule
    case: Case
    asked: pl.Expr


@dataclass(frozen=True, eq=False)
class Hits:
    """Where one planned case fired: places in a block, one a claim for rules on claims."""

    planned: Planned
    places: Ints


def choose_rules(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[str, ...]:
    """Codes of the rules to run; a prefix such as ``DRG`` stands for its family.

    Raises InputError for a code or prefix that matches no rule, naming the nearest.
    """

    def matching(asked: str) -> list[str]:
        found = [code for code in RULES if asked and code.startswith(asked.upper())]
        if not found:
            families = sorted({code[:3] for code in RULES})
            near = get_close_matches(asked.upper(), [*RULES, *families], n=1)
            hint = (
                f"; did you mean {near[0]}?"
                if near
                else f"; the families are {', '.join(families)}"
            )
            raise InputError(f"no rule is called '{asked}'{hint}")
        return found

    chosen = {code for asked in select for code in matching(asked)} if select else set(RULES)
    return tuple(sorted(chosen - {code for asked in ignore for code in matching(asked)}))


@lru_cache(maxsize=64)
def _plan(codes: tuple[str, ...], policy: PolicySet, charts_given: bool) -> tuple[Planned, ...]:
    return tuple(
        Planned(RULES[code], case, (case.when & _reached(RULES[code])).alias(f"{code}/{number}"))
        for code in codes
        for number, case in enumerate(_cases(RULES[code], policy, charts_given=charts_given))
    )


def _cases(rule: Rule, policy: PolicySet, *, charts_given: bool) -> list[Case]:
    """A rule's cases; with charts those of patients whose records are asked for, and those of the others."""
    without = [] if rule.charts else rule.cases(Line(policy))
    if not charts_given:
        return without
    asked = rule.cases(Line(policy, charts_given=True))
    if _same(asked, without):
        return asked
    is_asked = pl.col("is_asked")
    return [
        *(replace(case, when=case.when & is_asked) for case in asked),
        *(replace(case, when=case.when & ~is_asked) for case in without),
    ]


def _same(some: list[Case], others: list[Case]) -> bool:
    """Whether cases are the same: a rule that does not look at charts."""
    nothing = pl.lit(None)
    return len(some) == len(others) and all(
        one.when.meta.eq(other.when) and replace(one, when=nothing) == replace(other, when=nothing)
        for one, other in zip(some, others, strict=True)
    )


def _reached(rule: Rule) -> pl.Expr:
    first, *others = (pl.col(name) for name in REACHES[rule.reach])
    for other in others:
        first = first | other
    return first


def run_rules(
    allowed: Ints, context: Context, codes: tuple[str, ...], charts: BlockCharts | None
) -> list[Hits]:
    """Every case that fired on a block, with the places where it did; ``allowed`` are its lines' prices."""
    planned = _plan(codes, context.compiled.policy, charts is not None)
    if not planned or not len(allowed):
        return []
    frame = context.frame(allowed)
    if charts is not None:
        frame = frame.hstack(charts.frame)
    # An unknown answer is null, which neither any nor arg_true counts: it does not fire.
    asked = [one.asked for one in planned]
    # For a few lines handing expressions to other threads costs more than they do.
    answers = frame.select_seq(asked) if frame.height < FEW else frame.select(asked)
    hits = []
    for one, answer in zip(planned, answers.get_columns(), strict=True):
        if not answer.any():
            continue
        places = answer.arg_true().to_numpy().astype(np.int64)
        if len(places) and one.rule.scope == "claim":
            places = places[_first_of_each(context.lines.claims[places])]
        if len(places):
            hits.append(Hits(one, places))
    return hits


def _first_of_each(claims: Ints) -> Ints:
    """Places of the first line of each claim, by the claims' positions."""
    steps = np.diff(claims)
    if (steps >= 0).all():
        return np.flatnonzero(np.concatenate((np.ones(1, bool), steps > 0)))
    return np.unique(claims, return_index=True)[1]


class Determined:
    """Each claim's worst level, number of findings and whether it is governed, filled block by block.

    A claim lies in one block, so blocks may be worked out side by side.
    """

    def __init__(self, claims: int) -> None:
        self.worst = np.zeros(claims, np.uint8)
        self.findings = np.zeros(claims, np.int64)
        self.governed = np.zeros(claims, bool)

    def add(self, context: Context, hits: list[Hits]) -> None:
        """What a block's hits make of its claims."""
        for hit in hits:
            claims = context.lines.claims[hit.places]
            level = LEVELS[hit.planned.case.outcome or hit.planned.rule.outcome]
            self.worst[claims] = np.maximum(self.worst[claims], level)
            if hit.planned.rule.scope == "claim":
                self.findings[claims] += 1
            else:
                np.add.at(self.findings, claims, 1)
        self.governed[context.lines.claims[context.columns["is_governed"]]] = True

    def first(self, claims: int) -> Determined:
        """The same of the first claims alone."""
        own = Determined(0)
        own.worst, own.findings = self.worst[:claims], self.findings[:claims]
        own.governed = self.governed[:claims]
        return own

    @property
    def determinations(self) -> NDArray[np.uint8]:
        """Positions in DETERMINATIONS."""
        judged = DETERMINATION_OF_LEVEL[self.worst]
        return np.where(self.governed, judged, np.uint8(_NAMES.index("not-governed")))
