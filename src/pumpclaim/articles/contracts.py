"""The contracts of an article: each number with the kind and the states of its own row.

States stand in the row of their number. Where a text has lost its rows, so that a line of states may be that
of the contract before it or of the one behind, they are not known, and that is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pumpclaim.articles.published import CONTRACT, Contractor, Problem
from pumpclaim.articles.states import states_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pumpclaim.articles.published import Line

KIND = r"(?:A and B and HHH|A and B|A/B|DME|HHH) MAC|MAC ?- ?(?:Part )?[AB]|MAC (?:Part )?[AB]|\w+ MAC|MAC"
NUMBER = re.compile(rf"(?P<number>\d{{5}})(?: ?- ?(?P<kind>{KIND}))?", re.IGNORECASE)
IN_LINE = re.compile(
    rf"(?P<name>.*?) ?(?<!\d)(?P<number>\d{{5}}) ?- ?(?P<kind>{KIND})(?!\w)(?P<rest>.*)",
    re.IGNORECASE,
)
TYPE = re.compile(KIND, re.IGNORECASE)
NAME_AND_TYPE = re.compile(rf"(?P<name>.*?) *(?P<kind>{KIND})", re.IGNORECASE)
PART = re.compile(r"\b(?:part|mac) ?-? ?(?:part )?(?P<part>[AB])$", re.IGNORECASE)
JURISDICTION = re.compile(r"J ?-? ?(?P<name>[A-Z0-9]{1,2})|N/A", re.IGNORECASE)
JURISDICTION_FIRST = re.compile(rf" *(?P<one>{JURISDICTION.pattern})(?!\w)", re.IGNORECASE)
HEADS = re.compile(
    r"(?:(?:contractor name|contract(?: type| number)?|jurisdiction|state\(s\)|states?|name|number|type) ?)+",
    re.IGNORECASE,
)
LAST_DIGITS = {"1": "A", "2": "B"}
"""Kinds of contracts by the last digit of their numbers."""


@dataclass
class Row:
    """One row while it is gathered; ``states`` are its lines of states, ``is_whole`` that they are surely
    its."""

    place: str
    number: str
    kinds: list[str] = field(default_factory=list)
    name: str = ""
    jurisdiction: str = ""
    states: list[str] = field(default_factory=list)
    is_whole: bool = False


def read_contracts(lines: Sequence[Line], problems: list[Problem]) -> list[Contractor]:
    """The contracts of a section's lines; what cannot be told is listed."""
    rows, rest = _rows(lines)
    # A line of states too many may be the next row's, whose own are then not all known either.
    several = [not row.is_whole and len(row.states) > 1 for row in rows]
    shares = [one and at + 1 < len(rows) for at, one in enumerate(several)]
    uncertain = [
        own or (before and not row.is_whole)
        for row, own, before in zip(rows, shares, [False, *shares], strict=False)
    ]
    contracts: dict[str, Contractor] = {}
    for row, is_uncertain in zip(rows, uncertain, strict=True):
        if row.number in contracts:
            said = f"the contract {row.number} stands twice"
            problems.append(Problem(said, row.place, CONTRACT))
        else:
            contracts[row.number] = _contract(row, problems, is_uncertain=is_uncertain)
    if lines and not rows:
        problems.append(Problem("no contract number was found", lines[0].place, CONTRACT))
    elif rest:
        said = f"'{' '.join(rest)}' behind the last contract is not understood"
        problems.append(Problem(said, rows[-1].place, CONTRACT))
    return list(contracts.values())


def _contract(row: Row, problems: list[Problem], *, is_uncertain: bool) -> Contractor:
    served = states_in("" if is_uncertain else " ".join(row.states))
    told = None
    if is_uncertain:
        told = (
            f"the states of contract {row.number} stand over several lines, of which some may be another's; "
            "give the article as page, PDF or download"
        )
    elif served.unknown:
        told = (
            f"'{served.unknown}' among the states of contract {row.number} is no state that we know"
        )
    elif not served.states:
        told = f"the contract {row.number} names no state"
    if told is not None:
        problems.append(Problem(told, row.place, CONTRACT))
    kind = kind_of(row.kinds, row.number)
    found = JURISDICTION.fullmatch(row.jurisdiction)
    name = found["name"] if found is not None else None
    return Contractor(
        name=row.name.strip(" ,"),
        number=row.number,
        kind=kind,
        jurisdiction=f"J-{name.upper()}" if name else "",
        states=served.states,
        region=served.region,
        place=row.place,
    )


def kind_of(said: Iterable[str], number: str) -> str | None:
    """A or B of what stands beside a contract number, else of its last digit; null for contracts of other
    kinds."""
    texts = [text.strip() for text in said]
    for text in texts:
        found = PART.search(text)
        if found is not None:
            return found["part"].upper()
    other = any(re.search(r"\b(?:DME|HHH) MAC", text, re.IGNORECASE) for text in texts)
    return None if other else LAST_DIGITS.get(number[-1:])


def _rows(lines: Sequence[Line]) -> tuple[list[Row], list[str]]:
    """The rows of the table, and what stands behind the last: lines with cells, lines that hold a whole
    row, or a cell in each line."""
    rows: list[Row] = []
    before: list[str] = []
    is_open = False
    for line in lines:
        cells = [cell for cell in line.cells if cell]
        if all(HEADS.fullmatch(cell) for cell in cells):
            continue
        row = _row(line, cells)
        if row is not None:
            _begin(row, before)
            rows.append(row)
            before, is_open = [], True
        elif is_open and len(cells) == 1 and _goes_on(rows[-1], cells[0]):
            continue
        else:
            before, is_open = [*before, *cells], False
    return rows, before


def _begin(row: Row, before: list[str]) -> None:
    """What stood in the lines before the number: the name, or its beginning, and the type."""
    names = [one for one in before if not TYPE.fullmatch(one)]
    row.kinds += [one for one in before if TYPE.fullmatch(one)]
    row.name = " ".join([*names, row.name]).strip()


def _goes_on(row: Row, cell: str) -> bool:
    """Whether a line behind a row is more of it: its jurisdiction, or states and nothing else."""
    if JURISDICTION.fullmatch(cell) and not row.jurisdiction and not row.states:
        row.jurisdiction = cell
        return True
    served = states_in(cell)
    if served.states and not served.unknown:
        row.states.append(cell)
        return True
    return False


def _row(line: Line, cells: list[str]) -> Row | None:
    """The row that a line holds, or that begins with its number; null where there is no number."""
    for at, cell in enumerate(cells):
        found = NUMBER.fullmatch(cell)
        if found is None:
            continue
        kinds = [found["kind"] or "", *(one for one in cells[:at] if TYPE.fullmatch(one))]
        names = [one for one in cells[:at] if not TYPE.fullmatch(one)]
        row = Row(line.place, found["number"], kinds, " ".join(names), is_whole=len(cells) > 1)
        for one in cells[at + 1 :]:
            if JURISDICTION.fullmatch(one) and not row.jurisdiction:
                row.jurisdiction = one
            else:
                row.states.append(one)
        return row
    found = IN_LINE.fullmatch(line.plain)
    if found is None:
        return None
    name = NAME_AND_TYPE.fullmatch(found["name"])
    row = Row(
        line.place,
        found["number"],
        [found["kind"]],
        found["name"] if name is None else name["name"],
    )
    if name is not None:
        row.kinds.append(name["kind"])
    first = JURISDICTION_FIRST.match(found["rest"])
    row.jurisdiction = first["one"] if first is not None else ""
    rest = found["rest"][first.end() :] if first is not None else found["rest"]
    row.states = [rest.strip()] if rest.strip() else []
    return row
