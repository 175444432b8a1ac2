"""States as the coverage database names them (states.toml)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Served:
    """Postal codes of the states that a contract serves, in order; the part of a state; what is no state."""

    states: tuple[str, ...]
    region: str | None
    unknown: str = ""


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("states.toml").read_text(encoding="utf-8"))


@cache
def _pattern() -> re.Pattern[str]:
    names = sorted(_facts()["names"], key=len, reverse=True)
    parts = (re.escape(name).replace(r"\ ", r"\s+") for name in names)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)


def states_in(text: str) -> Served:
    """The states that a cell names, and whatever else stands in it."""
    facts = _facts()
    names: dict[str, str] = {name.casefold(): name for name in facts["names"]}
    found: dict[str, None] = {}
    regions: dict[str, None] = {}
    for one in _pattern().finditer(text):
        name = names[re.sub(r"\s+", " ", one[0]).casefold()]
        found[facts["names"][name]] = None
        if name in facts["regions"]:
            regions[facts["regions"][name]] = None
    rest = re.sub(r"\band\b|[,;/|]", " ", _pattern().sub(" ", text))
    return Served(tuple(found), "; ".join(regions) or None, " ".join(rest.split()))


def states_of(abbreviations: list[str]) -> Served:
    """The states of abbreviations of the database's state table."""
    facts = _facts()
    postal = frozenset(facts["names"].values())
    found: dict[str, None] = {}
    regions: dict[str, None] = {}
    unknown = []
    for one in abbreviations:
        state = facts["abbreviations"].get(one, one)
        if state in postal:
            found[state] = None
        else:
            unknown.append(one or "(blank)")
        if one in facts["regions"]:
            regions[facts["regions"][one]] = None
    return Served(tuple(found), "; ".join(regions) or None, " ".join(unknown))
