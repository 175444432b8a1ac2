"""The codes that a section lists, group by group; every line that is no row of a list is said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pumpclaim.articles.published import CODES, Found, Line, Problem
from pumpclaim.articles.sections import says_nothing
from pumpclaim.policy.code_lists import ENTRIES, MODIFIER, is_placeholder, normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GROUP = re.compile(
    r"group (?P<number>\d{1,4})(?: (?P<part>paragraph|codes?|modifiers?|medical necessity [^:]{0,60}))?"
    r" ?(?:: ?(?P<rest>.*))?",
    re.IGNORECASE,
)
ROWS = re.compile(r"codes?|modifiers?", re.IGNORECASE)
"""The part of a group in which its codes stand; the others hold text."""
HEADS = ("code", "code description", "codes", "description", "modifier", "modifier description")
COUNT = re.compile(r"\(?\d+ (?:codes?|modifiers?)\)?", re.IGNORECASE)
WORDS = frozenset(
    ("OF", "OR", "BY", "TO", "ON", "IN", "AN", "IF", "IS", "IT", "NO", "AS", "AT", "UP")
)
"""English words that look like modifiers: before further words they are not taken for one."""
PARTED = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
SEPARATORS = " -:|"
BULLETS = " -•·▪"


@dataclass
class Group:
    """One group while it is read: its paragraph's lines, its codes, and what stands behind each."""

    number: int
    paragraph: list[Line] = field(default_factory=list)
    codes: dict[str, Found] = field(default_factory=dict)
    descriptors: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """An entry of a list as it is written, its normal forms (null where it has none), and its description."""

    entry: str
    codes: tuple[str, ...] | None
    description: str


def read_groups(lines: Sequence[Line], kind: str, problems: list[Problem]) -> list[Group]:
    """The groups of a section that lists codes of a kind (``policy.code_lists``); codes before any are
    group 1."""
    groups: dict[int, Group] = {}
    group = groups.setdefault(1, Group(1))
    in_paragraph = False
    last: tuple[str, ...] = ()
    for line in lines:
        head = GROUP.fullmatch(line.plain)
        if head is not None:
            number = int(head["number"])
            group = groups.setdefault(number, Group(number))
            in_paragraph = head["part"] is not None and ROWS.fullmatch(head["part"]) is None
            last = ()
            if head["rest"]:
                group.paragraph.append(Line(head["rest"], line.place))
        elif line.plain.casefold() in HEADS:
            in_paragraph = False
        elif says_nothing(line) or COUNT.fullmatch(line.plain):
            continue
        elif in_paragraph:
            group.paragraph.append(line)
        elif rows := rows_of(line, kind):
            last = _take(group, line, rows, kind, problems)
        elif last and not _holds_code(line, kind):
            for code in last:
                group.descriptors[code].append(line.plain)
        else:
            said = f"'{line.plain}' in a list is no {kind} that we understand"
            problems.append(Problem(said, line.place, CODES))
    return [one for one in groups.values() if one.codes or one.paragraph]


def codes_of(groups: Iterable[Group]) -> tuple[Found, ...]:
    """Every code of the groups, each once, in order."""
    found: dict[str, Found] = {}
    for group in groups:
        found |= {code: one for code, one in group.codes.items() if code not in found}
    return tuple(found.values())


def rows_of(line: Line, kind: str) -> list[Row]:
    """The rows of a line: one with its description, or entries alone; none where it begins with no code."""
    text = line.plain.strip(BULLETS)
    return _entries(text, kind) or _row(line, text, kind)


def _entries(text: str, kind: str) -> list[Row]:
    """The entries of a line that holds several and nothing else."""
    for parts in (PARTED.split(text), text.split()):
        rows = [Row(part, normal(kind, part), "") for part in parts if part]
        if len(rows) > 1 and all(
            row.codes is not None or is_placeholder(row.entry) for row in rows
        ):
            return rows
    return []


def _row(line: Line, text: str, kind: str) -> list[Row]:
    """The entry that a line begins with, and its description."""
    first = line.cells[0].strip(BULLETS) if len(line.cells) > 1 else text
    if is_placeholder(first, text[len(first) :]):
        return [Row(first, (), "")]
    found = ENTRIES[kind].match(text)
    if found is None:
        return []
    entry, rest = found[0], text[found.end() :]
    description = rest.strip(SEPARATORS)
    is_word = kind == MODIFIER and entry in WORDS and description and "\t" not in line.text
    if is_word or (rest and rest[0] not in f"{SEPARATORS}(.,"):
        return []
    codes = () if is_placeholder(entry, description) else normal(kind, entry)
    return [Row(entry, codes, description)]


def _take(
    group: Group, line: Line, rows: Sequence[Row], kind: str, problems: list[Problem]
) -> tuple[str, ...]:
    """Put the rows of a line into a group; gives the codes of the last."""
    last: tuple[str, ...] = ()
    for row in rows:
        if row.codes is None:
            said = f"'{row.entry}' is no range of one {kind} to another"
            problems.append(Problem(said, line.place, CODES))
            continue
        for code in row.codes:
            group.codes.setdefault(code, Found(code, line.place))
            group.descriptors.setdefault(code, []).append(row.description)
        last = row.codes
    return last


def _holds_code(line: Line, kind: str) -> bool:
    """Whether a word of a line could be a code, so that it is no mere description; modifiers look like
    words."""
    if kind == MODIFIER:
        return False
    return any(normal(kind, word.strip("(),.;:")) for word in line.plain.split())
