"""From the lines of a published article to its facts."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from pumpclaim.articles.fees import take_fees
from pumpclaim.articles.published import (
    CodeGroup,
    Contractor,
    Found,
    Line,
    Published,
    PublishedRevision,
)
from pumpclaim.articles.sections import cut, is_empty
from pumpclaim.articles.states import states_in
from pumpclaim.errors import InputError
from pumpclaim.policy.drugs import load_drugs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TITLE = re.compile(
    r"(?:local coverage |lcd reference )?article:? (?P<title>.+?) ?\((?P<id>D?A\d{4,6})\)",
    re.IGNORECASE,
)
ARTICLE_ID = re.compile(r"D?A\d{4,6}")
DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})-(\d{2})-(\d{2})")
ANCHOR = re.compile(
    r"(?P<number>\d{5}) ?- ?(?P<kind>MAC ?- ?[AB]|MAC [AB]|A and B MAC|DME MAC|HHH MAC|\w+ MAC)",
    re.IGNORECASE,
)
JURISDICTION = re.compile(r"^\s*(J ?- ?\w+|N/A)", re.IGNORECASE)
TYPES = re.compile(
    r"(A and B MAC|MAC - Part [AB]|MAC Part [AB]|DME MAC|HHH MAC|MAC)\s*$", re.IGNORECASE
)
CODE = re.compile(r"[A-Z]\d{4}|\d{4}[A-Z0-9]")
DIAGNOSIS = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
BILL_TYPE = re.compile(r"0?\d{2}[0-9xX]")
REVENUE = re.compile(r"\d{4}")
MODIFIER = re.compile(r"[A-Z0-9]{2}")
GROUP = re.compile(r"group (\d+) (paragraph|codes?|modifiers?)\b.*", re.IGNORECASE)
TABLE_HEADS = ("code", "code description", "code\tdescription", "description")
ASKED = {
    "article id": "id",
    "article title": "title",
    "article type": "type",
    "original effective date": "original",
    "revision effective date": "revision",
    "revision ending date": "ending",
    "retirement date": "retired",
}
"""Labels of the general information, and what we call them."""
PUMPS = re.compile(r"\b(pump|intrathecal|reservoir|refill)", re.IGNORECASE)


def read_facts(lines: Sequence[Line], source: str, *, licensed: bool = False) -> Published:
    """The facts of an article's lines; ``licensed`` keeps the descriptors of its codes.

    Raises InputError when the text is no article of the coverage database.
    """
    sections = cut(lines)
    general = _general(sections)
    if not general.get("id") or ("text" not in sections and "codes" not in sections):
        raise InputError(
            "this is no article of the Medicare Coverage Database: there is no article id with a text or "
            "codes; save the article's page or PDF from the database",
            source=source,
        )
    problems: list[Found] = []
    text = sections.get("text", [])
    rest, fees, unclear = take_fees(text, load_drugs())
    problems += unclear
    original = _day(general.get("original"), "original effective date", problems)
    if original is None:
        raise InputError("the article gives no original effective date", source=source)
    groups = tuple(_groups(sections.get("codes", []), licensed=licensed))
    if "codes" not in sections:
        problems.append(Found("there is no list of CPT/HCPCS codes", "whole document"))
    if not fees:
        problems.append(Found("there is no fee table in the text", "Article Text"))
    return Published(
        source=source,
        id=general["id"].value,
        version=None,
        title=general["title"].value if "title" in general else "",
        type=general["type"].value if "type" in general else "",
        original_effective=original,
        revision_effective=_day(general.get("revision"), "revision effective date", problems),
        revision_ending=_day(general.get("ending"), "revision ending date", problems),
        retired=_day(general.get("retired"), "retirement date", problems),
        contractors=tuple(_contractors(sections.get("contractors", []), problems)),
        paragraphs=tuple(Found(line.plain, line.place) for line in rest),
        fees=tuple(fees),
        groups=groups,
        modifiers=_listed(sections, "modifiers", MODIFIER),
        diagnoses_covered=_listed(sections, "covered", DIAGNOSIS),
        diagnoses_not_covered=_listed(sections, "not_covered", DIAGNOSIS),
        bill_types=_listed(sections, "bill_types", BILL_TYPE),
        revenue_codes=_listed(sections, "revenue_codes", REVENUE),
        revisions=tuple(_revisions(sections.get("revisions", []), problems)),
        related=tuple(
            Found(line.plain, line.place)
            for line in sections.get("related", [])
            if line.plain.casefold() != "n/a"
        ),
        keywords=tuple(
            Found(line.plain.lstrip("-•·▪* "), line.place)
            for line in sections.get("keywords", [])
            if line.plain.casefold() != "n/a"
        ),
        problems=tuple(problems),
    )


def _general(sections: dict[str, list[Line]]) -> dict[str, Found]:
    """What the general information says, by our names of its labels; N/A is left out."""
    found: dict[str, Found] = {}
    for line in sections["title"]:
        title = TITLE.search(line.plain)
        if title is not None:
            found["id"] = Found(title["id"].upper(), line.place)
            found["title"] = Found(title["title"].strip(), line.place)
    cells = [
        Found(cell, line.place)
        for line in sections.get("general", [])
        for cell in line.cells
        if cell
    ]
    for at, cell in enumerate(cells):
        label, _, value = cell.value.partition(":")
        name = ASKED.get(label.strip(" *").casefold())
        if name is None:
            found |= _same_line(cell)
            continue
        own = Found(value.strip(), cell.place)
        if not own.value and at + 1 < len(cells):
            own = cells[at + 1]
        if own.value and own.value.casefold() not in ("n/a", *ASKED):
            found[name] = Found(own.value.upper(), own.place) if name == "id" else own
    number = found.get("id")
    if number is not None and not ARTICLE_ID.fullmatch(number.value):
        del found["id"]
    return found


def _same_line(cell: Found) -> dict[str, Found]:
    """Label and value in one line without a mark between them."""
    for label, name in ASKED.items():
        if cell.value.casefold().startswith(label + " "):
            value = cell.value[len(label) :].strip()
            return {name: Found(value, cell.place)} if value.casefold() != "n/a" else {}
    return {}


def _day(said: Found | None, what: str, problems: list[Found]) -> date | None:
    if said is None:
        return None
    found = DAY.search(said.value)
    try:
        if found is not None:
            return day_of(found[0])
    except ValueError:
        pass
    problems.append(Found(f"the {what} '{said.value}' is no date", said.place))
    return None


def day_of(text: str) -> date:
    """A date as the database writes it, 03/05/2024 or 2024-03-05; raises ValueError for another text."""
    found = DAY.match(text.strip())
    if found is None:
        raise ValueError(text)
    month, day, year, iso_year, iso_month, iso_day = found.groups()
    if year is not None:
        return date(int(year), int(month), int(day))
    return date(int(iso_year), int(iso_month), int(iso_day))


def _contractors(lines: Sequence[Line], problems: list[Found]) -> Iterator[Contractor]:
    """The contracts, each from its number to the next, however the cells of the table were broken."""
    heads = re.compile(
        r"contractor name|contract type|contract number|jurisdiction|state\(s\)|states?",
        re.IGNORECASE,
    )
    kept = [
        line
        for line in lines
        if not all(heads.fullmatch(cell) for cell in line.cells if cell)
        and not line.plain.casefold().startswith("contractor name")
    ]
    text, places = _joined(kept)
    anchors = list(ANCHOR.finditer(text))
    before = text[: anchors[0].start()] if anchors else ""
    for at, anchor in enumerate(anchors):
        end = anchors[at + 1].start() if at + 1 < len(anchors) else len(text)
        tail = text[anchor.end() : end]
        jurisdiction = JURISDICTION.match(tail)
        states, region, after = states_in(tail[jurisdiction.end() :] if jurisdiction else tail)
        place = places(anchor.start())
        name = TYPES.sub("", before.strip()).strip()
        if not states:
            problems.append(Found(f"the contract {anchor['number']} names no state", place))
        part = anchor["kind"].upper().replace("-", " ").split()[-1]
        yield Contractor(
            name=name,
            number=anchor["number"],
            kind=part if part in ("A", "B") else None,
            jurisdiction="-".join(jurisdiction[1].upper().replace("-", " ").split())
            if jurisdiction
            else "",
            states=states,
            region=region,
            place=place,
        )
        before = after
    if lines and not anchors:
        problems.append(Found("no contract number was found", lines[0].place))


def _joined(lines: Sequence[Line]) -> tuple[str, Places]:
    """The lines as one text, and where each place of it stood."""
    starts, parts, size = [], [], 0
    for line in lines:
        starts.append((size, line.place))
        parts.append(line.plain)
        size += len(line.plain) + 1
    return " ".join(parts), Places(starts)


class Places:
    """Where each part of a joined text stood."""

    def __init__(self, starts: list[tuple[int, str]]) -> None:
        self.starts = starts

    def __call__(self, at: int) -> str:
        """The place of the character ``at``."""
        return next((place for start, place in reversed(self.starts) if start <= at), "")


def _groups(lines: Sequence[Line], *, licensed: bool) -> Iterator[CodeGroup]:
    """The groups of codes; codes before any group are group 1."""
    number, part = 1, "codes"
    paragraphs: dict[int, list[str]] = {}
    codes: dict[int, dict[str, Found]] = {}
    descriptors: dict[int, dict[str, list[str]]] = {}
    last: str | None = None
    for line in lines:
        group = GROUP.fullmatch(line.plain.strip(" :"))
        if group is not None:
            number, part = int(group[1]), group[2].lower()
            last = None
            continue
        if line.plain.casefold() in TABLE_HEADS or line.plain.casefold() == "n/a":
            continue
        if part == "paragraph":
            paragraphs.setdefault(number, []).append(line.plain)
            continue
        first, _, rest = line.plain.partition(" ")
        if CODE.fullmatch(first) and (not rest or not rest[0].isdigit()):
            last = first
            codes.setdefault(number, {}).setdefault(first, Found(first, line.place))
            descriptors.setdefault(number, {}).setdefault(first, []).append(rest)
        elif last is not None:
            descriptors[number][last].append(line.plain)
    for one in sorted({*paragraphs, *codes}):
        yield CodeGroup(
            one,
            " ".join(paragraphs.get(one, [])),
            tuple(codes.get(one, {}).values()),
            {
                code: " ".join(part for part in parts if part)
                for code, parts in descriptors.get(one, {}).items()
            }
            if licensed
            else {},
        )


def _listed(sections: dict[str, list[Line]], name: str, form: re.Pattern[str]) -> tuple[Found, ...]:
    """The codes at the beginning of a section's lines, each once."""
    found: dict[str, Found] = {}
    lines = sections.get(name, [])
    if is_empty(lines):
        return ()
    for line in lines:
        for first in _first_codes(line, form):
            found.setdefault(first, Found(first, line.place))
    return tuple(found.values())


def _first_codes(line: Line, form: re.Pattern[str]) -> Iterable[str]:
    """The code that a line begins with, or all of a line that holds nothing else."""
    words = re.split(r"[\s,;]+", line.plain.strip(" -•·"))
    if all(form.fullmatch(word) for word in words if word):
        return [word for word in words if word]
    is_row = (
        form.fullmatch(words[0])
        and len(words) > 1
        and (words[1][:1].isupper() or "\t" in line.text)
    )
    return [words[0]] if is_row else []


def _revisions(lines: Sequence[Line], problems: list[Found]) -> Iterator[PublishedRevision]:
    """The rows of the revision history, each from its date and number to the next."""
    row = re.compile(r"(?P<day>\d{1,2}/\d{1,2}/\d{4}) (?P<number>R\d{1,3})(?: |$)")
    text, places = _joined(
        [line for line in lines if "revision history" not in line.plain.casefold()]
    )
    starts = list(row.finditer(text))
    for at, one in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        try:
            day = day_of(one["day"])
        except ValueError:
            problems.append(
                Found(f"'{one['day']}' in the revision history is no date", places(one.start()))
            )
            continue
        explanation = text[one.end() : end].strip()
        yield PublishedRevision(one["number"], day, explanation, places(one.start()))
