"""Denials that a chart brings about: what their rules have in common, and their remark codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Case, Line, Outcome, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pumpclaim.truth import Truth

    Function = Callable[[Line], Truth | list[Case]]

NOT_NECESSARY = "50"
"""CARC of a service that is not reasonable and necessary."""
NATIONAL = "N386"
"""RARC of a decision that rests on the national determination, NCD 280.14."""


def coverage_denial(
    code: str,
    statement: str,
    *more: str,
    national: bool = False,
    readings: Sequence[str] = (),
    says: str = "The chart of this implant says that",
) -> Callable[[Function], Function]:
    """Register a rule that denies a claim where its chart shows that ``statement`` is not met.

    ``national`` says that the national determination says the same; ``more`` are further statements.
    """
    return rule(
        code,
        outcome=Outcome.DENY,
        statements=[statement, *more],
        group="CO",
        carc=NOT_NECESSARY,
        rarc=NATIONAL if national else None,
        scope="claim",
        charts=True,
        readings=[*readings, "remark-code"],
        message=f"{says} {{against_{statement.lower()}}}.",
    )


def record_denial(
    code: str, *statements: str, readings: Sequence[str] = (), message: str | None = None
) -> Callable[[Function], Function]:
    """Register a rule that denies a line where the record of its visit shows that a statement is not met.

    A record that lacks the justification ends in denial (L2). The words are those of the first statement.
    """
    words = f"{{against_{statements[0].lower()}}}"
    return rule(
        code,
        outcome=Outcome.DENY,
        statements=statements,
        group="CO",
        carc=NOT_NECESSARY,
        rarc="N237",
        charts=True,
        readings=readings,
        message=message or f"The record of {{service_date}} says that {words}.",
    )


def not_covered(line: Line, when: Truth, *, national: bool) -> list[Case]:
    """A denial for lack of coverage, with the remark code of the reading (reading 21).

    ``national`` says that the national determination, NCD 280.14, says the same; then N386 fits.
    """
    if not line.reading("remark-code", NATIONAL):
        return [Case(when, rarc="N115")]
    return [Case(when, rarc=NATIONAL if national else None)]


def against_implant(line: Line, statement: str, *, national: bool = False) -> list[Case]:
    """A denial where the chart of an implant shows that a statement is not met."""
    when = line.is_a(Role.IMPLANT) & ~line.shows(statement)
    return not_covered(line, when, national=national)
