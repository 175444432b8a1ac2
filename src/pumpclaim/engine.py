"""The rules run over a context: which fired where, and what becomes of each claim."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.errors import InputError
from pumpclaim.rules import RULES, Line
from pumpclaim.tables import DETERMINATIONS, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pumpclaim.charts.meeting import BlockCharts
    from pumpclaim.context import Context
    from pumpclaim.rules.registry import Rule, Ruling

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
class Hits:
    """Where one case of a rule fired: places in a block, one a claim for rules on claims."""

    ruling: Ruling
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


def run_rules(
    allowed: Ints, context: Context, codes: Sequence[str], charts: BlockCharts | None
) -> list[Hits]:
    """Every case that fired on a block, with the places where it did; ``allowed`` are its lines' prices.

    What is not known does not fire.
    """
    if not len(allowed):
        return []
    columns, known = context.asked(allowed)
    policy = context.compiled.policy
    asked = [(Line(policy, columns, known), np.ones(len(allowed), bool))]
    if charts is not None:
        shown = Line(policy, columns | charts.columns, known | charts.known, charts_given=True)
        of_charts = charts.columns["is_asked"]
        asked = [
            (shown, of_charts),
            *((line, ~of_charts) for line, _ in asked if not of_charts.all()),
        ]
    return [
        hit
        for line, where in asked
        for code in codes
        for hit in _hits(RULES[code], line, where, context)
    ]


def _hits(rule: Rule, line: Line, where: NDArray[np.bool_], context: Context) -> Iterator[Hits]:
    """Where one rule's cases fire on the lines that are asked."""
    if rule.charts and not line.charts_given:
        return
    for ruling, when in rule.rulings(line):
        places = (when.yes & line.reached(rule.reach) & where).nonzero()[0]
        if len(places) and rule.scope == "claim":
            places = places[_first_of_each(context.lines.claims[places])]
        if len(places):
            yield Hits(ruling, places)


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
            level = LEVELS[hit.ruling.outcome]
            self.worst[claims] = np.maximum(self.worst[claims], level)
            if hit.ruling.rule.scope == "claim":
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
