"""Whose article judges, and when: contracts and states against the revisions of articles, as arrays (J1, G3).

A period is a run of days on which every contract and state belongs to one and the same revision. With one
revision there is one period, and nothing is asked of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pumpclaim.policy import days
from pumpclaim.policy.model import NATIONAL_DATES, STATES
from pumpclaim.visits import FAR_FUTURE, NO_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.policy import Article, PolicySet

    Bools = NDArray[np.bool_]
    Place = NDArray[np.uint8]
    Period = NDArray[np.int64] | int


@dataclass(frozen=True, eq=False)
class Periods:
    """What each contract and state is to the articles in each period.

    ``starts`` are the first days of the periods; days before the first belong to it. The arrays have one row
    a period, and positions of contracts and states as in the compiled policy, 0 unknown. Articles are
    positions in the policy, -1 none: the revision in force, else, before an article's first and after its
    last day, that one. ``assumed`` is the article that is taken to hold where neither contract nor state is
    known. ``first`` and ``last`` are each revision's own days.
    """

    starts: NDArray[np.int32]
    contract_article: NDArray[np.int8]
    contract_is_b: Bools
    contract_is_regional: Bools
    contract_serves: Bools
    state_article: NDArray[np.int8]
    assumed: NDArray[np.int8]
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def of(self, day: NDArray[np.int32]) -> Period:
        """The period of each day, the last where the day is not known."""
        if len(self.starts) == 1:
            return 0
        known = np.where(day == NO_DAY, FAR_FUTURE, day)
        return np.maximum(np.searchsorted(self.starts, known, side="right") - 1, 0)

    def article(self, period: Period, contract: Place, state: Place) -> NDArray[np.int8]:
        """The article that judges: by contract, else by state; -1 for none.

        Where neither is known the policy's first article is taken to hold, and JUR204 says so.
        """
        by_contract = self.contract_article[period, contract]
        article = np.where(by_contract >= 0, by_contract, self.state_article[period, state])
        unknown = (contract == 0) & (state == 0)
        return np.where(unknown, self.assumed[period], article)

    def is_before(self, article: NDArray[np.int8], day: NDArray[np.int32]) -> Bools:
        """Whether the day lies before the first on which the article's facts hold."""
        early: Bools = (day < self.first[article]) & (day != NO_DAY)
        return early

    def is_after(self, article: NDArray[np.int8], day: NDArray[np.int32]) -> Bools:
        """Whether the day lies after the article's last."""
        late: Bools = day > self.last[article]
        return late


def compile_periods(policy: PolicySet, contracts: Sequence[str]) -> Periods:
    """The periods of a policy; ``contracts`` are the contract numbers in order of their positions."""
    spans = policy.spans
    turns = {first for first, _ in spans}
    turns |= {last + timedelta(days=1) for _, last in spans if last < NATIONAL_DATES[1]}
    starts: list[date] = []
    rows: list[_Row] = []
    for start in sorted(turns):
        row = _Row.on(policy, start, contracts)
        if not rows or not row.same(rows[-1]):
            starts.append(start)
            rows.append(row)
    return Periods(
        np.array([days(start) for start in starts], np.int32),
        np.stack([row.contract_article for row in rows]),
        np.stack([row.is_b for row in rows]),
        np.stack([row.is_regional for row in rows]),
        np.stack([row.serves for row in rows]),
        np.stack([row.state_article for row in rows]),
        np.array([row.assumed for row in rows], np.int8),
        np.array([days(first) for first, _ in spans], np.int32),
        np.array(
            [FAR_FUTURE if last == NATIONAL_DATES[1] else days(last) for _, last in spans], np.int32
        ),
    )


@dataclass(frozen=True, eq=False)
class _Row:
    """One period: what every contract and state is."""

    contract_article: NDArray[np.int8]
    is_b: Bools
    is_regional: Bools
    serves: Bools
    state_article: NDArray[np.int8]
    assumed: int

    @staticmethod
    def on(policy: PolicySet, day: date, contracts: Sequence[str]) -> _Row:
        candidates = _candidates(policy, day)
        row = _Row(
            np.full(len(contracts) + 1, -1, np.int8),
            np.zeros(len(contracts) + 1, bool),
            np.zeros(len(contracts) + 1, bool),
            np.zeros((len(contracts) + 1, len(STATES) + 1), bool),
            np.full(len(STATES) + 1, -1, np.int8),
            candidates[policy.articles[0].id],
        )
        # The last to be written wins: what is in force, and of that the first article of the policy.
        in_force = [first <= day <= last for first, last in policy.spans]
        for position in sorted(candidates.values(), key=lambda one: (in_force[one], -one)):
            row.write(position, policy.articles[position], contracts)
        return row

    def write(self, position: int, article: Article, contracts: Sequence[str]) -> None:
        for contract in article.contracts:
            place = contracts.index(contract.number) + 1
            self.contract_article[place] = position
            self.is_b[place] = contract.kind == "B"
            self.is_regional[place] = contract.region is not None
            self.serves[place] = False
            for state in contract.states:
                self.serves[place, STATES.index(state) + 1] = True
                self.state_article[STATES.index(state) + 1] = position

    def same(self, other: _Row) -> bool:
        return all(np.array_equal(own, theirs) for own, theirs in zip(
            vars(self).values(), vars(other).values(), strict=True
        ))  # fmt: skip


def _candidates(policy: PolicySet, day: date) -> dict[str, int]:
    """Of each article the revision that has most to do with a day: the newest that has begun, else the
    oldest."""
    chosen: dict[str, int] = {}
    for position, article in enumerate(policy.articles):
        # The newest stands first.
        if article.id not in chosen or policy.articles[chosen[article.id]].effective > day:
            chosen[article.id] = position
    return chosen
