"""What hangs on each answer of a chart: found from the columns that criteria, remarks and rules read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pumpclaim.charts.assessment import criteria
from pumpclaim.charts.meeting import REASON_ANSWERS
from pumpclaim.utilization.supply import DOSE_ANSWERS, SUPPLY_ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from pumpclaim.policy import PolicySet

SUPPLY, REASON = "supply", "reason"
"""What rules on how often a pump is refilled read of a visit's record."""
READ_BY_RULES = {SUPPLY: {*SUPPLY_ANSWERS, *DOSE_ANSWERS}, REASON: {*REASON_ANSWERS}}


@dataclass(frozen=True)
class Bearing:
    """What an answer bears on. ``decides`` and ``remarks`` are statements, ``rules`` what rules read it for
    (SUPPLY, REASON), ``readings`` those (id and choice) under which it decides a statement that it does not
    decide as things stand. ``places`` says that the answer tells to which claims the chart belongs."""

    decides: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    readings: tuple[tuple[str, str], ...] = ()
    places: bool = False

    @property
    def is_detail(self) -> bool:
        """Whether nothing hangs on it under any reading."""
        return self == Bearing()


@lru_cache(maxsize=32)
def bearings(policy: PolicySet, part: str) -> Mapping[str, Bearing]:
    """What hangs on each question of one kind of chart, by the question's id."""
    own = policy.chart[part]
    decided, remarked = _decided(policy, part), _remarked(policy, part)
    elsewhere = [(name, choice, _decided(other, part)) for name, choice, other in _others(policy)]
    by_rules = READ_BY_RULES if part == "encounter" else {}
    return {
        one: Bearing(
            decides=tuple(decided.get(one, ())),
            remarks=tuple(remarked.get(one, ())),
            rules=tuple(use for use, answers in by_rules.items() if one in answers),
            readings=tuple(
                (name, choice)
                for name, choice, other in elsewhere
                if set(other.get(one, ())) - set(decided.get(one, ()))
            ),
            places=one in (own.day, own.planned_day),
        )
        for one in own.questions
    }


def _decided(policy: PolicySet, part: str) -> dict[str, list[str]]:
    """The statements that each question decides under the readings that a policy holds."""
    found: dict[str, list[str]] = {}
    for criterion in criteria(policy, part):
        if criterion.composite:
            continue
        for name in {
            name for one in criterion.whole.walk() for name in _answers(policy, part, one.expr)
        }:
            found.setdefault(name, []).append(criterion.statement)
    return found


def _remarked(policy: PolicySet, part: str) -> dict[str, list[str]]:
    """The statements of which each question may raise a remark."""
    found: dict[str, list[str]] = {}
    for criterion in criteria(policy, part):
        for name in {
            name for note in criterion.notes for name in _answers(policy, part, note.when)
        }:
            found.setdefault(name, []).append(criterion.statement)
    return found


def _answers(policy: PolicySet, part: str, expr: pl.Expr) -> set[str]:
    """The questions that an expression reads: their answers, or whether those have evidence."""
    columns = set(expr.meta.root_names())
    questions = policy.chart[part].questions.values()
    return {one.id for one in questions if columns & {one.id, one.evidence}}


def _others(policy: PolicySet) -> Iterator[tuple[str, str, PolicySet]]:
    """The policy under every choice of a reading that does not hold: id, choice, policy."""
    for article in policy.articles:
        for reading in article.readings.values():
            for choice in reading.choices:
                if choice != policy.reading(reading.id):
                    chosen = {**policy.chosen, reading.id: choice}
                    yield reading.id, choice, replace(policy, chosen=chosen)
