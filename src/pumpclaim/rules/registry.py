"""Where rules register themselves, and what a rule is.

A rule is one function that is given a ``Line`` and returns a boolean expression over the context's
columns, or several ``Case``s where basis or outcome differ. Its docstring is its page: the first line
is the title, then the parts Why, Wrong, Right and Fix. A name the context does not have fails when the
module is imported.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.charts.shown import CHART_COLUMNS, shown_column
from pumpclaim.context import COLUMNS, MODIFIERS
from pumpclaim.policy.model import Role
from pumpclaim.tables import CLAIMS, LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pumpclaim.policy import PolicySet

REACHES = {
    "governed": ("is_governed",),
    "pump": ("is_pump_line",),
    "any": ("is_pump_line", "is_unplaced_compound"),
}
"""The context's columns of which one must hold for a rule of each reach."""
PARTS = ("Why", "Wrong", "Right", "Fix")


class Outcome(StrEnum):
    """What a finding asks for, mildest first."""

    ADVISE = "advise"
    PACKAGE = "package"
    RECORDS = "records"
    REJECT = "reject"
    DENY = "deny"


class Basis(StrEnum):
    """What a finding rests on."""

    ARTICLE = "article"
    LAW = "law"
    CODING = "coding"
    PRACTICE = "practice"
    THRESHOLD = "threshold"


@dataclass(frozen=True)
class Case:
    """One way in which a rule fires; what is null is the rule's own."""

    when: pl.Expr
    basis: Basis | None = None
    outcome: Outcome | None = None
    message: str | None = None
    rarc: str | None = None


class Line:
    """What a rule may ask of a service line: the context's columns, roles, modifiers, readings.

    Without a policy (when rules are registered) names are checked and every reading holds.
    ``charts_given`` says whether the call has charts.
    """

    def __init__(self, policy: PolicySet | None = None, *, charts_given: bool = False) -> None:
        self._policy = policy
        self.charts_given = charts_given

    def __getattr__(self, name: str) -> pl.Expr:
        if name not in COLUMNS and name not in CHART_COLUMNS:
            raise AttributeError(f"the context has no column '{name}'")
        return pl.col(name)

    def shows(self, statement: str) -> pl.Expr:
        """What the line's chart shows of a statement: met (or not asked), not met, null not documented.

        Only where charts are given.
        """
        name = shown_column(statement)
        if name not in CHART_COLUMNS:
            raise AttributeError(f"charts show nothing of a statement '{statement}'")
        return pl.col(name)

    def is_a(self, role: Role) -> pl.Expr:
        """The line's code has one of these roles."""
        return (pl.col("roles") & pl.lit(int(role), pl.UInt32)) != 0

    def visit_has(self, role: Role) -> pl.Expr:
        """A line of the same claim and day has one of these roles."""
        return (pl.col("visit_roles") & pl.lit(int(role), pl.UInt32)) != 0

    def day_has(self, role: Role) -> pl.Expr:
        """A line of the same patient and day, on any claim, has one of these roles."""
        return (pl.col("day_roles") & pl.lit(int(role), pl.UInt32)) != 0

    def has_modifier(self, modifier: str) -> pl.Expr:
        """The line bears the modifier, which must be one that the context keeps."""
        if modifier not in MODIFIERS:
            raise AttributeError(f"the context does not keep modifier '{modifier}'")
        return pl.col(f"has_{modifier.lower()}")

    def reading(self, name: str, choice: str) -> bool:
        """Whether the reading ``name`` of the article is the one called ``choice``."""
        return self._policy is None or self._policy.reading(name) == choice


@dataclass(frozen=True)
class Rule:
    """A rule and what its findings carry. ``reach`` is the lines it is asked of: see REACHES.

    ``charts`` says that it is asked only where charts are given. ``concerns`` are the columns of the claims
    and lines tables in which what it finds stands.
    """

    code: str
    name: str
    function: Callable[[Line], pl.Expr | list[Case]]
    outcome: Outcome
    statements: tuple[str, ...]
    basis: Basis
    message: str
    group: str | None
    carc: str | None
    rarc: str | None
    scope: str
    reach: str
    readings: tuple[str, ...]
    charts: bool
    concerns: tuple[str, ...]
    page: str

    @property
    def family(self) -> str:
        """The first three letters of the code."""
        return self.code[:3]

    @property
    def title(self) -> str:
        """First line of the page."""
        return self.page.split("\n", 1)[0].strip()

    @property
    def why(self) -> str:
        """The page's part on the reason."""
        return self.parts["Why"]

    @property
    def fix(self) -> str:
        """The page's part on what to do, which findings repeat."""
        return self.parts["Fix"]

    @cached_property
    def parts(self) -> dict[str, str]:
        """The page's parts by name, each as one paragraph."""
        pieces = re.split(rf"^({'|'.join(PARTS)}): ", self.page, flags=re.MULTILINE)
        return {
            name: " ".join(text.split())
            for name, text in zip(pieces[1::2], pieces[2::2], strict=True)
        }

    def cases(self, line: Line) -> list[Case]:
        """The rule's cases over ``line``, with what they leave open filled in from the rule."""
        given = self.function(line)
        cases = given if isinstance(given, list) else [Case(given)]
        return [
            Case(
                case.when,
                case.basis or self.basis,
                case.outcome or self.outcome,
                case.message or self.message,
                case.rarc or self.rarc,
            )
            for case in cases
        ]


RULES: dict[str, Rule] = {}
"""Every rule by its code, in the order of the codes once ``pumpclaim.rules`` is imported."""


def rule(
    code: str,
    *,
    outcome: Outcome,
    statements: Sequence[str],
    message: str,
    basis: Basis = Basis.ARTICLE,
    group: str | None = None,
    carc: str | None = None,
    rarc: str | None = None,
    scope: str = "line",
    reach: str = "governed",
    readings: Sequence[str] = (),
    charts: bool = False,
    concerns: Sequence[str] | None = None,
) -> Callable[[Callable[[Line], pl.Expr | list[Case]]], Callable[[Line], pl.Expr | list[Case]]]:
    """Register the decorated function as rule ``code``.

    ``message`` may name facts of ``pumpclaim.facts`` in braces. ``scope`` is ``line`` or ``claim``;
    a rule on claims fires once for a claim when any of its lines answers true. ``concerns`` names the columns
    that are wrong, which are shown to whoever mends the claim: the code of a line if nothing else is said.
    """

    def register(
        function: Callable[[Line], pl.Expr | list[Case]],
    ) -> Callable[[Line], pl.Expr | list[Case]]:
        if reach not in REACHES or scope not in ("line", "claim"):
            raise ValueError(f"rule {code} has no reach '{reach}' or scope '{scope}'")
        if code in RULES or not re.fullmatch(r"[A-Z]{3}\d{3}", code):
            raise ValueError(f"rule code {code} is taken or misspelt")
        for name in concerns or ():
            if name not in CLAIMS.schema and name not in LINES.schema:
                raise ValueError(f"rule {code} concerns '{name}', which no claim and no line has")
        page = inspect.cleandoc(function.__doc__ or "")
        own = ("hcpcs",) if scope == "line" else ()
        columns = own if concerns is None else tuple(concerns)
        one = Rule(
            code, function.__name__, function, outcome, tuple(statements), basis, message,
            group, carc, rarc, scope, reach, tuple(readings), charts, columns, page,
        )  # fmt: skip
        one.cases(Line())
        one.cases(Line(charts_given=True))
        RULES[code] = one
        return function

    return register
