"""Where rules register themselves, and what a rule is.

A rule is one function that is given a ``Line`` and returns what must be true of it, a ``Truth`` put
together from the context's columns, or several ``Case``s where basis or outcome differ. Its docstring is
its page: the first line is the title, then the parts Why, Wrong, Right and Fix. A name the context does
not have fails when the module is imported.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.charts.shown import CHART_COLUMNS, SHOWN, shown_column
from pumpclaim.context import CONTEXT, MODIFIERS
from pumpclaim.policy.model import Role
from pumpclaim.tables import CLAIMS, LINES
from pumpclaim.truth import Known, Number, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pumpclaim.policy import PolicySet

REACHES = {
    "governed": ("is_governed",),
    "pump": ("is_pump_line",),
    "any": ("is_pump_line", "is_unplaced_compound"),
}
"""The context's columns of which one must hold for a rule of each reach."""
PARTS = ("Why", "Wrong", "Right", "Fix")


_NO_LINES: Mapping[str, NDArray[Any]] = {
    column.name: pl.Series([], dtype=column.dtype).to_numpy() for column in (*CONTEXT, *SHOWN)
}


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

    when: Truth
    basis: Basis | None = None
    outcome: Outcome | None = None
    message: str | None = None
    rarc: str | None = None


class Line:
    """What a rule may ask of service lines: the context's columns, roles, modifiers, readings.

    ``columns`` are values by name, ``known`` says where those are known that are not known everywhere;
    ``charts_given`` whether the call has charts. Without a policy (when rules are registered) there are
    no lines, names are checked and every reading holds.
    """

    def __init__(
        self,
        policy: PolicySet | None = None,
        columns: Mapping[str, NDArray[Any]] | None = None,
        known: Mapping[str, NDArray[np.bool_]] | None = None,
        *,
        charts_given: bool = False,
    ) -> None:
        self._policy = policy
        self._columns = _NO_LINES if columns is None else columns
        self._known = known or {}
        self._made: dict[tuple[str, int] | str, Truth] = {}
        self._reached: dict[str, NDArray[np.bool_]] = {}
        self.charts_given = charts_given

    def __getattr__(self, name: str) -> Truth:
        if name not in self._columns:
            raise AttributeError(f"the context has no column '{name}'")
        if name not in self._made:
            values, known = self._columns[name], self._known.get(name)
            kind = Known if values.dtype == bool else Number
            self._made[name] = kind(values, known)
        return self._made[name]

    def shows(self, statement: str) -> Truth:
        """What the line's chart shows of a statement: met (or not asked), not met, null not documented.

        Only where charts are given.
        """
        name = shown_column(statement)
        if name not in CHART_COLUMNS:
            raise AttributeError(f"charts show nothing of a statement '{statement}'")
        truth: Truth = getattr(self, name)
        return truth

    def is_a(self, role: Role) -> Truth:
        """The line's code has one of these roles."""
        return self._has("roles", role)

    def visit_has(self, role: Role) -> Truth:
        """A line of the same claim and day has one of these roles."""
        return self._has("visit_roles", role)

    def day_has(self, role: Role) -> Truth:
        """A line of the same patient and day, on any claim, has one of these roles."""
        return self._has("day_roles", role)

    def _has(self, column: str, role: Role) -> Truth:
        asked = (column, int(role))
        if asked not in self._made:
            self._made[asked] = Known((self._columns[column] & np.uint32(role)) != 0)
        return self._made[asked]

    def has_modifier(self, modifier: str) -> Truth:
        """The line bears the modifier, which must be one that the context keeps."""
        if modifier not in MODIFIERS:
            raise AttributeError(f"the context does not keep modifier '{modifier}'")
        truth: Truth = getattr(self, f"has_{modifier.lower()}")
        return truth

    def reached(self, reach: str) -> NDArray[np.bool_]:
        """Where the line is one of those that rules of this reach are asked of (REACHES)."""
        if reach not in self._reached:
            asked: Truth = reduce(or_, (getattr(self, name) for name in REACHES[reach]))
            self._reached[reach] = asked.yes
        return self._reached[reach]

    def reading(self, name: str, choice: str) -> bool:
        """Whether the reading ``name`` of the article is the one called ``choice``."""
        return self._policy is None or self._policy.reading(name) == choice


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule and what its findings carry. ``reach`` is the lines it is asked of: see REACHES.

    ``charts`` says that it is asked only where charts are given. ``concerns`` are the columns of the claims
    and lines tables in which what it finds stands.
    """

    code: str
    name: str
    function: Callable[[Line], Truth | list[Case]]
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

    def rulings(self, line: Line) -> list[tuple[Ruling, Truth]]:
        """What the rule's cases come to, and when, over the lines."""
        given = self.function(line)
        cases = given if isinstance(given, list) else [Case(given)]
        return [
            (_ruling(self, case.basis, case.outcome, case.message, case.rarc), case.when)
            for case in cases
        ]


@dataclass(frozen=True)
class Ruling:
    """What the findings of one case of a rule carry."""

    rule: Rule
    basis: Basis
    outcome: Outcome
    message: str
    rarc: str | None


@lru_cache(maxsize=1024)
def _ruling(
    rule: Rule,
    basis: Basis | None,
    outcome: Outcome | None,
    message: str | None,
    rarc: str | None,
) -> Ruling:
    """A case's own words, and the rule's where it has none."""
    return Ruling(
        rule,
        basis or rule.basis,
        outcome or rule.outcome,
        message or rule.message,
        rarc or rule.rarc,
    )


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
) -> Callable[[Callable[[Line], Truth | list[Case]]], Callable[[Line], Truth | list[Case]]]:
    """Register the decorated function as rule ``code``.

    ``message`` may name facts of ``pumpclaim.facts`` in braces. ``scope`` is ``line`` or ``claim``;
    a rule on claims fires once for a claim when any of its lines answers true. ``concerns`` names the columns
    that are wrong, which are shown to whoever mends the claim: the code of a line if nothing else is said.
    """

    def register(
        function: Callable[[Line], Truth | list[Case]],
    ) -> Callable[[Line], Truth | list[Case]]:
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
        one.rulings(Line())
        one.rulings(Line(charts_given=True))
        RULES[code] = one
        return function

    return register
