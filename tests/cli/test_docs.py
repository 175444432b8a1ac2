"""Docs that cannot lie: every command and option is in them, and they are not stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpclaim.cli.docs import chart_page, commands, commands_page, rules_page
from pumpclaim.reports.tables_page import tables_page
from pumpclaim.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
AGAIN = "stale: run python -m pumpclaim.cli.docs docs"


def test_commands_page_is_fresh() -> None:
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == commands_page(), AGAIN


def test_rules_page_is_fresh() -> None:
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == rules_page(), AGAIN


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_and_option_is_documented(name: str, command: object) -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    section = page.split(f"## {name}\n")[1].split("\n## ")[0]
    for parameter in command.params:
        assert parameter.help, f"{parameter.name} has no help"
        for option in (
            parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
        ):
            assert f"`{option}" in section


def test_commands_are_those_of_the_design() -> None:
    assert [name for name, _ in commands()] == [
        "pumpclaim", "pumpclaim check", "pumpclaim assess", "pumpclaim price", "pumpclaim refill",
        "pumpclaim utilization", "pumpclaim rule", "pumpclaim history", "pumpclaim history add",
        "pumpclaim history show", "pumpclaim history export", "pumpclaim history forget", "pumpclaim policy",
        "pumpclaim policy show", "pumpclaim policy trace",
    ]  # fmt: skip


def test_every_rule_is_documented() -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"### {rule.code} {rule.name}" in page
        assert rule.title in page


def test_chart_page_is_fresh() -> None:
    assert (DOCS / "chart.md").read_text(encoding="utf-8") == chart_page(), AGAIN


def test_tables_page_is_fresh() -> None:
    assert (DOCS / "tables.md").read_text(encoding="utf-8") == tables_page(), AGAIN
