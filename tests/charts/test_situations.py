"""Worked situations in YAML: a chart in, the determination and the list of what is missing out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pumpclaim.charts.assessment import Missing, assess
from pumpclaim.policy import load

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "situations.yaml").read_text())["cases"]
KEYS = {
    "name", "chart", "reading", "determination", "status", "missing", "first", "says", "notes",
}  # fmt: skip


def in_short(missing: Missing) -> str:
    return ("@" if missing.evidence else "") + "|".join(missing.questions)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_situation(case: dict[str, Any]) -> None:
    assert set(case) <= KEYS
    (chart,) = assess(charts_of([case["chart"]]), policy=load(case.get("reading"))).charts
    assert chart.determination == case["determination"]
    status = {one.statement: one.status for one in chart.statements}
    assert status == status | case.get("status", {})
    asked = [in_short(one) for one in chart.missing]
    if "missing" in case:
        assert asked == case["missing"]
    if "first" in case:
        assert asked[: len(case["first"])] == case["first"]
    assert bool(asked) == any(one == "not documented" for one in status.values())
    against = "; ".join(words for one in chart.statements for words in one.against)
    assert bool(against) == (case["determination"] == "not covered")
    for words in case.get("says", ()):
        assert words in against
    remarks = "; ".join(remark.words for one in chart.statements for remark in one.remarks)
    for words in case.get("notes", ()):
        assert words in remarks


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names) >= 40
