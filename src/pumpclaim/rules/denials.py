"""How a rule denies for lack of coverage: the cases and their remark code, under the reading of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Case, Line

if TYPE_CHECKING:
    import polars as pl


def not_covered(line: Line, when: pl.Expr, *, national: bool) -> list[Case]:
    """A denial for lack of coverage, with the remark code of the reading (reading 21).

    ``national`` says that the national determination, NCD 280.14, says the same; then N386 fits.
    """
    if not line.reading("remark-code", "N386"):
        return [Case(when, rarc="N115")]
    return [Case(when, rarc="N386" if national else None)]


def against_implant(line: Line, statement: str, *, national: bool = False) -> list[Case]:
    """A denial where the chart of an implant shows that a statement is not met."""
    when = line.is_a(Role.IMPLANT) & ~line.shows(statement)
    return not_covered(line, when, national=national)
