"""The contractor table of a PDF, row by row, from where its pieces of text stand on the page.

A PDF has no rows: cells may be set in the middle of their row's height, and a page may break a row. What
stands beside a number is its row; lines that follow each other closely are one cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pumpclaim.articles.contracts import HEADS, JURISDICTION, NUMBER, TYPE
from pumpclaim.articles.lines import tidy
from pumpclaim.articles.published import Line
from pumpclaim.articles.sections import heading_of
from pumpclaim.articles.states import states_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypdf import PageObject

CLOSE = 1.3
"""Lines of one cell stand at most so many times the least distance of lines apart."""
HEAD = 24.0
"""Points; the heads of columns stand no further from each other, up or down."""
SURE_HEADS = re.compile(r"contractor name.*|jurisdiction", re.IGNORECASE)
LEAST = 4.0
"""Points; pieces of text closer to each other stand in one line."""


@dataclass(frozen=True)
class Piece:
    """A piece of text; ``x`` grows to the right and ``y`` downwards, in points, ``page`` from 1."""

    text: str
    page: int
    x: float
    y: float


def text_of(page: PageObject, number: int) -> tuple[str, list[Piece]]:
    """The text of a page, and its pieces, in the order in which they were drawn."""
    pieces: list[Piece] = []

    def take(
        text: str, matrix: Sequence[float], own: Sequence[float], _font: object, _size: float
    ) -> None:
        plain = " ".join(tidy(text).split())
        if plain:
            x = own[4] * matrix[0] + own[5] * matrix[2] + matrix[4]
            y = own[4] * matrix[1] + own[5] * matrix[3] + matrix[5]
            pieces.append(Piece(plain, number, x, -y))

    return page.extract_text(visitor_text=take), pieces


def contractor_rows(pieces: Sequence[Piece]) -> list[Line]:
    """The rows of the contractor table, cells parted by tabs; none where the pieces show no such table."""
    table = _section(pieces)
    numbers = [one for one in table if NUMBER.fullmatch(one.text)]
    if not numbers:
        return []
    left, right = min(one.x for one in numbers), max(one.x for one in numbers)
    told = _without_heads(table)
    right_of = [one for one in told if one.x > right]
    left_of = [one for one in told if one.x < left]
    columns = (
        [one for one in left_of if not TYPE.fullmatch(one.text)],
        [one for one in left_of if TYPE.fullmatch(one.text)],
        [one for one in right_of if JURISDICTION.fullmatch(one.text)],
        [one for one in right_of if not JURISDICTION.fullmatch(one.text)],
    )
    close = CLOSE * min((step for column in columns for step in _steps(column)), default=0.0)
    found = [_beside(numbers, column, close) for column in columns]
    if any(states_in(stray).states for stray in found[-1][1]):
        return []
    return [
        Line("\t".join([name, kind, number.text, jurisdiction, states]), f"page {number.page}")
        for number, name, kind, jurisdiction, states in zip(
            numbers, *(texts for texts, _ in found), strict=True
        )
    ]


def _section(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces from the last heading of the section before its numbers to the next heading."""
    found: list[Piece] = []
    is_within = False
    for one in pieces:
        heading = heading_of(one.text)
        if heading is not None:
            if is_within and any(NUMBER.fullmatch(other.text) for other in found):
                break
            is_within, found = heading == "contractors", []
        elif is_within:
            found.append(one)
    return found


def _without_heads(table: Sequence[Piece]) -> list[Piece]:
    """The pieces without the heads of the columns, which may stand again on every page."""
    heads = [one for one in table if SURE_HEADS.fullmatch(one.text)]
    return [
        one
        for one in table
        if not HEADS.fullmatch(one.text)
        or not any(one.page == head.page and abs(one.y - head.y) <= HEAD for head in heads)
    ]


def _beside(
    numbers: Sequence[Piece], column: Sequence[Piece], close: float
) -> tuple[list[str], list[str]]:
    """The text of one column beside each number, and the cells of which it cannot be told beside which they
    stand.

    A cell at the top of a page that stands beside none is the rest of the last row of the page before.
    """
    texts: list[list[str]] = [[] for _ in numbers]
    strays = []
    for cell in _cells(column, close):
        within = _numbers_beside(numbers, cell)
        alone = [_numbers_beside(numbers, [one]) for one in cell]
        above = [
            at for at, one in enumerate(numbers) if (one.page, one.y) < (cell[0].page, cell[0].y)
        ]
        if len(within) == 1:
            texts[within[0]] += [one.text for one in cell]
        elif within and all(len(one) == 1 for one in alone):
            for one, at in zip(cell, alone, strict=True):
                texts[at[0]].append(one.text)
        elif not within and above and numbers[above[-1]].page < cell[0].page:
            texts[above[-1]] += [one.text for one in cell]
        else:
            strays.append(" ".join(one.text for one in cell))
    return [" ".join(parts) for parts in texts], strays


def _numbers_beside(numbers: Sequence[Piece], cell: Sequence[Piece]) -> list[int]:
    """Positions of the numbers that stand between the first and the last line of a cell."""
    first, last = cell[0], cell[-1]
    return [
        at
        for at, one in enumerate(numbers)
        if one.page == first.page and first.y - LEAST <= one.y <= last.y + LEAST
    ]


def _steps(column: Sequence[Piece]) -> Iterable[float]:
    """The distances of lines that follow each other on one page."""
    ordered = sorted(column, key=lambda one: (one.page, one.y))
    for one, after in pairwise(ordered):
        if one.page == after.page and after.y - one.y > LEAST:
            yield after.y - one.y


def _cells(column: Sequence[Piece], close: float) -> Iterable[list[Piece]]:
    """Pieces that follow each other closely, from the top of the first page on."""
    cells: list[list[Piece]] = []
    for one in sorted(column, key=lambda piece: (piece.page, piece.y, piece.x)):
        last = cells[-1][-1] if cells else None
        if last is not None and last.page == one.page and one.y - last.y <= max(close, LEAST):
            cells[-1].append(one)
        else:
            cells.append([one])
    return cells
