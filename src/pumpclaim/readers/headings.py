"""The column names of a file -> the names of the flat layout, or one sentence that says what is wrong."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from pumpclaim.errors import InputError
from pumpclaim.readers.flat import ALIASES, MODIFIERS, REQUIRED, flat_columns, known_names

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD_LIKENESS = 0.75
"""Two words that are as alike as this are one word and its slip."""
HINT_LIKENESS = 0.5
"""An unknown name this like a missing one is offered for it."""


def squeezed(name: str) -> str:
    """A column's name without what people write differently: case, spaces, underscores, hyphens."""
    return re.sub(r"[\s_\-]+", "", name).lower()


KNOWN = {squeezed(name): name for name in known_names()}


def layout_names(given: Iterable[str], source: str) -> dict[int, str]:
    """Position -> name in the layout, for every column that the layout knows.

    Raises InputError, all problems in one sentence, when a required column is missing, one is there twice,
    or a name is so near to an absent one that it must be meant.
    """
    given = list(given)
    found = {at: KNOWN[squeezed(name)] for at, name in enumerate(given) if squeezed(name) in KNOWN}
    names = {at: ALIASES.get(name, name) for at, name in found.items()}
    unknown = [name.strip() for at, name in enumerate(given) if at not in found and name.strip()]
    if not names:
        raise InputError(
            "the first row names no column of a table of claims; give a header with "
            + ", ".join(REQUIRED),
            source=source,
        )
    absent = _absent(set(names.values()))
    problems = [
        f"column '{name}' is there twice" for name, times in Counter(names.values()).items() if times > 1
    ]  # fmt: skip
    missing = [name for name in REQUIRED if name in absent]
    for name in unknown:
        meant = next((one for one in absent if _is_slip(name, one)), None)
        if meant:
            problems.append(f"column '{name}' is not known; did you mean '{meant}'?")
            missing = [one for one in missing if one != ALIASES.get(meant, meant)]
    for name in missing:
        near = get_close_matches(name, unknown, n=1, cutoff=HINT_LIKENESS)
        problems.append(f"column '{name}' is missing" + (f"; is it '{near[0]}'?" if near else ""))
    if problems:
        raise InputError("; ".join(problems) + " (see docs/tables.md)", source=source)
    return names


def _absent(present: set[str]) -> list[str]:
    """Names that are still free, aliases after the names they stand for."""
    free = [name for name in flat_columns() if name not in present]
    modified = any(name.startswith("modifier") for name in present)
    free += [alias for alias, name in ALIASES.items() if name not in present]
    return free if modified else [*free, MODIFIERS]


def _is_slip(name: str, known: str) -> bool:
    """Word by word the same or nearly so: 'service_form' is a slip, 'facility_name' no 'facility_npi'."""
    words, wanted = re.split(r"[\s_\-]+", name.lower()), known.split("_")
    if len(words) != len(wanted):
        return SequenceMatcher(None, squeezed(name), squeezed(known)).ratio() > 0.9
    return all(
        word == right
        or sorted(word) == sorted(right)
        or (min(len(word), len(right)) > 3 and _likeness(word, right) >= WORD_LIKENESS)
        for word, right in zip(words, wanted, strict=True)
    )


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
