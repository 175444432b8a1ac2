"""Docs that cannot lie: every command and option is in them, and they are not stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpclaim.cli.docs import FILES, commands
from pumpclaim.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
AGAIN = "stale: run python -m pumpclaim.cli.docs docs"


@pytest.mark.parametrize("name", FILES)
def test_every_made_file_is_fresh(name: str) -> None:
    # A plain "is it the same": a difference in a large file would take pytest minutes to show.
    is_fresh = (DOCS / name).read_text(encoding="utf-8") == FILES[name]()
    assert is_fresh, AGAIN


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
        "pumpclaim utilization", "pumpclaim rule", "pumpclaim serve", "pumpclaim audit", "pumpclaim history",
        "pumpclaim history add", "pumpclaim history show", "pumpclaim history export",
        "pumpclaim history forget", "pumpclaim user", "pumpclaim user add", "pumpclaim user list",
        "pumpclaim user role", "pumpclaim user password", "pumpclaim user active", "pumpclaim user token",
        "pumpclaim user remove", "pumpclaim user left", "pumpclaim user give", "pumpclaim user discard",
        "pumpclaim policy", "pumpclaim policy show", "pumpclaim policy trace",
        "pumpclaim policy import", "pumpclaim policy verify", "pumpclaim policy diff",
        "pumpclaim policy adopt", "pumpclaim policy review", "pumpclaim policy impact",
    ]  # fmt: skip


def test_every_rule_is_documented() -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"### {rule.code} {rule.name}" in page
        assert rule.title in page
