"""What an article says of itself: id, title, type and dates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pumpclaim.articles.dates import NONE, day_in
from pumpclaim.articles.published import DATE, Found, Head, Problem
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pumpclaim.articles.published import Line

TITLE = re.compile(
    r"(?:local coverage |lcd reference )?article:? (?P<title>\S.*?) ?\((?P<id>D?A\d{4,6})\)",
    re.IGNORECASE,
)
ARTICLE_ID = re.compile(r"D?A\d{4,6}")
ASKED = {
    "article id": "id",
    "article title": "title",
    "article type": "type",
    "original effective date": "original_effective",
    "revision effective date": "revision_effective",
    "revision ending date": "revision_ending",
    "retirement date": "retired",
}
"""Labels of the general information, and the fields of ``Head`` that they name."""
OTHER_LABELS = (
    "source article id", "original icd-9 article id", "ama cpt / ada cdt / aha nubc copyright statement",
    "document note", "note history",
)  # fmt: skip
"""Labels that end the value before them."""
DAYS = ("original_effective", "revision_effective", "revision_ending", "retired")
WRAPPED = ("title", "type")
"""Values that may go on over several lines."""
MOST_LINES = 4
"""Lines that a value goes on for at most."""


def read_head(sections: Mapping[str, Sequence[Line]], source: str, problems: list[Problem]) -> Head:
    """The head of an article's sections; raises InputError when they are no article's, or without a first
    day."""
    found = _labelled(sections.get("general", ()))
    for name, value in _from_title(sections["title"]).items():
        found.setdefault(name, value)
    number = found.get("id")
    if number is None or ("text" not in sections and "codes" not in sections):
        raise InputError(
            "this is no article of the Medicare Coverage Database: there is no article id with a text or "
            "codes; save the article's page or PDF from the database",
            source=source,
        )
    days = {name: _day(found.get(name), name, problems) for name in DAYS}
    first = days["original_effective"]
    if first is None:
        raise InputError("the article gives no original effective date", source=source)
    return Head(
        id=number.value,
        title=found["title"].value if "title" in found else "",
        type=found["type"].value if "type" in found else "",
        original_effective=first,
        revision_effective=days["revision_effective"],
        revision_ending=days["revision_ending"],
        retired=days["retired"],
        places={name: one.place for name, one in found.items()},
    )


def _labelled(lines: Sequence[Line]) -> dict[str, Found]:
    """What stands behind the labels of the general information; N/A is left out."""
    cells = [Found(cell, line.place) for line in lines for cell in line.cells if cell]
    found: dict[str, Found] = {}
    for at, cell in enumerate(cells):
        name, own = _label(cell.value)
        if name is None:
            continue
        value = [own] if own else []
        place = cell.place
        for following in cells[at + 1 : at + 1 + MOST_LINES]:
            if _label(following.value)[0] is not None or _is_other(following.value):
                break
            if value and name not in WRAPPED:
                break
            place = place if value else following.place
            value.append(following.value)
        text = " ".join(value).strip()
        if text.casefold() not in NONE and name not in found:
            found[name] = Found(text.upper() if name == "id" else text, place)
    if "id" in found and not ARTICLE_ID.fullmatch(found["id"].value):
        del found["id"]
    return found


def _label(text: str) -> tuple[str | None, str]:
    """The field that a cell names, and what of its value stands in the same cell."""
    folded = text.casefold().strip(" *")
    for label, name in ASKED.items():
        if folded == label or folded.startswith((label + ":", label + " ")):
            return name, text.strip(" *")[len(label) :].strip(" :")
    return None, ""


def _is_other(text: str) -> bool:
    return text.casefold().strip(" *:").startswith(OTHER_LABELS)


def _from_title(lines: Sequence[Line]) -> dict[str, Found]:
    """Id and title of the title line, however it was broken."""
    for at, line in enumerate(lines):
        for size in range(1, MOST_LINES):
            found = TITLE.search(" ".join(one.plain for one in lines[at : at + size]))
            if found is not None:
                return {
                    "id": Found(found["id"].upper(), line.place),
                    "title": Found(found["title"].strip(), line.place),
                }
    return {}


def _day(said: Found | None, name: str, problems: list[Problem]) -> date | None:
    if said is None:
        return None
    try:
        return day_in(said.value)
    except ValueError:
        what = f"the {name.replace('_', ' ')} date '{said.value}' is not one date"
        problems.append(Problem(what, said.place, DATE))
        return None
