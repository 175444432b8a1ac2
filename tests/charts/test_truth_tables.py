"""Truth tables: every composite condition over met, not met and not documented, against plain Python."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pumpclaim.charts.assessment import criteria, overall
from pumpclaim.charts.logic import All, Check, Either, OneOf, When
from pumpclaim.policy import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.charts.logic import Condition

Value = bool | None
THREE: tuple[Value, ...] = (True, False, None)


def conjunction(*values: Value) -> Value:
    if False in values:
        return False
    return None if None in values else True


def disjunction(*values: Value) -> Value:
    if True in values:
        return True
    return None if None in values else False


def negation(value: Value) -> Value:
    return None if value is None else not value


def leaf(name: str) -> Check:
    return Check((name,), pl.col(name), f"{name} is false")


def table(condition: Condition, names: str, plain: Callable[..., Value]) -> None:
    for values in product(THREE, repeat=len(names)):
        frame = pl.DataFrame(
            dict(zip(names, ([value] for value in values), strict=True)),
            schema=dict.fromkeys(names, pl.Boolean),
        )
        assert frame.select(value=condition.expr)["value"].to_list() == [plain(*values)], values
        known = {id(one): frame.select(value=one.expr)["value"].item() for one in condition.walk()}

        def blank(name: str, frame: pl.DataFrame = frame) -> bool:
            return frame[name].item() is None

        wanted = condition.wanted(known, blank)
        assert bool(wanted) == (plain(*values) is None), values
        assert all(blank(name) for one in wanted for name in one.questions)
        if plain(*values) is False:
            assert condition.against(known)


def test_all_of_three() -> None:
    table(All((leaf("a"), leaf("b"), leaf("c"))), "abc", conjunction)


def test_one_of_three() -> None:
    table(OneOf((leaf("a"), leaf("b"), leaf("c"))), "abc", disjunction)


def test_when() -> None:
    table(When(leaf("a"), leaf("b")), "ab", lambda a, b: disjunction(negation(a), b))


def test_either() -> None:
    table(
        Either(leaf("a"), OneOf((leaf("b"), leaf("c"))), leaf("c")),
        "abc",
        lambda a, b, c: disjunction(b, c) if a else c,
    )


def test_all_over_when_and_one_of() -> None:
    table(
        All((OneOf((leaf("a"), leaf("b"))), When(leaf("c"), leaf("d")))),
        "abcd",
        lambda a, b, c, d: conjunction(disjunction(a, b), disjunction(negation(c), d)),
    )


def test_determination_of_statements() -> None:
    words = {True: "covered", False: "not covered", None: "records needed"}
    for values in product(THREE, repeat=4):
        assert overall(values) == words[conjunction(*values)]


# The article's composites over their yes-or-no questions, everything else favourable.
COMPOSITES: list[tuple[str, tuple[str, ...], Callable[..., Value]]] = [
    ("C6", ("requires_this_route", "effective_long_term"), conjunction),
    ("C7", ("oral_or_subcutaneous_ineffective", "oral_or_subcutaneous_side_effects"), disjunction),
    (
        "H2",
        ("systemic_opioids_failed", "oral_combination_failed", "behavioural_attempts_failed"),
        disjunction,
    ),
    ("C3", ("severe_pain", "chronic_pain", "intractable_pain"), conjunction),
    (
        "C12",
        (
            "trial_relief_acceptable", "trial_side_effects_acceptable",
            "trial_daily_living_acceptable", "trial_accepted", "trial_complied",
        ),
        conjunction,
    ),
    ("C10", ("evaluation_treatments_failed", "evaluation_no_other_option"), conjunction),
    (
        "C5",
        (
            "requires_this_route", "effective_long_term", "oral_or_subcutaneous_ineffective",
            "oral_or_subcutaneous_side_effects", "other_modalities_failed", "dose_expected_to_help",
        ),
        lambda a, b, c, d, e, f: conjunction(a, b, disjunction(c, d), e, f),
    ),
    (
        "X2",
        ("infection_at_site", "infection_elsewhere", "infection_elsewhere_accepted"),
        lambda a, b, c: conjunction(negation(a), disjunction(negation(b), c)),
    ),
    ("C14", ("compounded", "compounding_needed"), lambda a, b: disjunction(negation(a), b)),
    ("D3", ("dose_or_drug_changed", "change_reason_documented"), lambda a, b: disjunction(negation(a), b)),
    ("D5", ("performed_by_staff", "incident_to_proven"), lambda a, b: disjunction(negation(a), b)),
    ("D6", ("drug_billed", "drug_cost_proven"), lambda a, b: disjunction(negation(a), b)),
    ("D1", ("status_before", "status_after"), conjunction),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "questions", "plain"), COMPOSITES, ids=lambda one: str(one)[:20]
)
def test_composite_criterion(
    statement: str, questions: tuple[str, ...], plain: Callable[..., Value]
) -> None:
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
    from situations import charts_of

    policy = load()
    part = "encounter" if statement[0] == "D" else "implant"
    (criterion,) = (one for one in criteria(policy, part) if one.statement == statement)
    whole = charts_of([{"chart": part}]).with_evidence(policy.chart[part])
    rows = list(product(THREE, repeat=len(questions)))
    frame = pl.concat([whole] * len(rows)).with_columns(
        pl.Series(name, [row[place] for row in rows], dtype=pl.Boolean)
        for place, name in enumerate(questions)
    )
    assert frame.select(value=criterion.whole.expr)["value"].to_list() == [
        plain(*row) for row in rows
    ]
