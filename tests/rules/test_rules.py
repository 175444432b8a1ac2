"""Every rule against its cases: what it flags, what it passes, the near misses."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from situations import charts_of, claims_of

from pumpclaim.chart_facts import CHART_FACTS
from pumpclaim.context import COLUMNS
from pumpclaim.facts import FACTS
from pumpclaim.policy import load
from pumpclaim.review import check
from pumpclaim.rules import RULES, Outcome
from pumpclaim.rules.registry import PARTS
from pumpclaim.utilization.facts import REFILL_FACTS

HERE = Path(__file__).parent
FILES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(HERE.glob("*.yaml"))}
CASES = [
    pytest.param(code, case, id=f"{code}: {case['name']}")
    for code, document in FILES.items()
    for case in document["cases"]
]
KEYS = {
    "name",
    "claims",
    "flags",
    "reading",
    "contractor",
    "charts",
    "outcome",
    "basis",
    "message",
    "determination",
    "article",
}
ARTICLES = HERE / "articles"
"""Invented articles, for what the shipped ones do not have."""


@pytest.mark.parametrize(("code", "case"), CASES)
def test_case(code: str, case: dict[str, Any]) -> None:
    assert set(case) <= KEYS
    review = check(
        claims_of(case["claims"]),
        policy=load(
            case.get("reading"),
            folders=[ARTICLES / case["article"]] if "article" in case else (),
        ),
        contractor=case.get("contractor"),
        charts=charts_of(case["charts"]) if "charts" in case else None,
    )
    found = review.findings.filter(rule=code)
    flagged = [
        row["claim_id"] + ("" if row["line"] is None else f" line {row['line']}")
        for row in found.iter_rows(named=True)
    ]
    assert flagged == case["flags"]
    for key in ("outcome", "basis"):
        if key in case:
            assert found[key].to_list() == [case[key]] * found.height
    if "message" in case:
        assert all(case["message"] in message for message in found["message"]), found[
            "message"
        ].to_list()
    if "determination" in case:
        assert [str(d) for d in review.determinations["determination"]] == case["determination"]


def test_every_rule_has_cases_that_flag_and_cases_that_pass() -> None:
    assert set(FILES) == set(RULES)
    for code, document in FILES.items():
        flags = [bool(case["flags"]) for case in document["cases"]]
        assert any(flags), code
        assert not all(flags), code
        names = [case["name"] for case in document["cases"]]
        assert len(set(names)) == len(names), code


@pytest.mark.parametrize("code", RULES)
def test_rule_page(code: str) -> None:
    rule = RULES[code]
    statements = load().articles[0].statements
    readings = load().articles[0].readings
    assert rule.title.endswith(".")
    assert tuple(rule.parts) == PARTS
    assert all(rule.parts.values())
    assert rule.statements
    assert set(rule.statements) <= set(statements)
    assert set(rule.readings) <= set(readings)
    assert rule.outcome in Outcome
    from pumpclaim.rules import Line

    messages = [
        ruling.message
        for given in (False, True)
        for ruling, _ in rule.rulings(Line(charts_given=given))
    ]
    names = {name for text in messages for _, name, _, _ in string.Formatter().parse(text) if name}
    assert names <= {*FACTS, *CHART_FACTS, *REFILL_FACTS}


def test_a_name_the_context_lacks_fails_when_the_rule_is_registered() -> None:
    from pumpclaim.rules import Basis, rule

    with pytest.raises(AttributeError, match="no column 'is_purple'"):

        @rule("ZZZ999", outcome=Outcome.ADVISE, statements=["K1"], message="", basis=Basis.ARTICLE)
        def purple(line: Any) -> Any:
            """Purple."""
            return line.is_purple

    assert "ZZZ999" not in RULES
    assert "is_governed" in COLUMNS
