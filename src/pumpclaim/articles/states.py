"""States as the coverage database names them (states.toml)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("states.toml").read_text(encoding="utf-8"))


@cache
def _pattern() -> re.Pattern[str]:
    names = sorted(_facts()["names"], key=len, reverse=True)
    parts = (re.escape(name).replace(r"\ ", r"\s+") for name in names)
    return re.compile("|".join(parts), re.IGNORECASE)


def states_in(text: str) -> tuple[tuple[str, ...], str | None, str]:
    """Postal codes of the states that a text names, in order, the part of a state it names, and the rest."""
    names: dict[str, str] = {name.casefold(): name for name in _facts()["names"]}
    found: dict[str, None] = {}
    regions = []
    for one in _pattern().finditer(text):
        name = names[re.sub(r"\s+", " ", one[0]).casefold()]
        found[_facts()["names"][name]] = None
        if name in _facts()["regions"]:
            regions.append(_facts()["regions"][name])
    rest = " ".join(_pattern().sub(" ", text).split()).strip(" ,;")
    return tuple(found), "; ".join(regions) or None, rest


def state_of(abbreviation: str) -> tuple[str, str | None]:
    """Postal code and part of a state for an abbreviation of the database's state table."""
    facts = _facts()
    return facts["abbreviations"].get(abbreviation, abbreviation), facts["regions"].get(
        abbreviation
    )
