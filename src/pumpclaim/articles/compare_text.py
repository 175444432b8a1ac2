"""The prose of two documents, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pumpclaim.articles.lines import tidy
from pumpclaim.articles.published import Prose

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT = 12
"""Words that are shown before and after a change."""
MARKS = ("-", "•", "o", "·", "▪")
"""Bullets, which do not count."""


@dataclass(frozen=True)
class Part:
    """A run of words: ``same`` in both, ``gone`` from the first, or ``new`` in the second."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """One place where the texts differ: its section, where it stands on either side, and its words."""

    section: str
    here: str
    there: str
    parts: tuple[Part, ...]


def compare_text(here: Sequence[Prose], there: Sequence[Prose]) -> list[Change]:
    """The changes of the text, section by section, each with some words around it; none where the words
    agree.

    Line breaks, bullets and page furniture do not count.
    """
    sections = dict.fromkeys(one.section for one in [*here, *there])
    return [
        change
        for section in sections
        for change in _changes(section, _Side(section, here), _Side(section, there))
    ]


class _Side:
    """The words of one section on one side, each with its place."""

    def __init__(self, section: str, prose: Sequence[Prose]) -> None:
        self.words: list[str] = []
        self.places: list[str] = []
        for line in prose:
            if line.section == section:
                words = [
                    one for one in tidy(line.text).replace("*", " ").split() if one not in MARKS
                ]
                self.words += words
                self.places += [line.place] * len(words)

    def place(self, at: int) -> str:
        """The place of a word; of the last where there are no more."""
        return self.places[min(at, len(self.places) - 1)] if self.places else "not there"


def _changes(section: str, here: _Side, there: _Side) -> list[Change]:
    matcher = SequenceMatcher(None, here.words, there.words, autojunk=False)
    changes = []
    for group in matcher.get_grouped_opcodes(CONTEXT):
        parts = []
        first: tuple[int, int] | None = None
        for kind, start, end, other_start, other_end in group:
            if kind == "equal":
                parts.append(Part("same", " ".join(here.words[start:end])))
                continue
            first = first or (start, other_start)
            if end > start:
                parts.append(Part("gone", " ".join(here.words[start:end])))
            if other_end > other_start:
                parts.append(Part("new", " ".join(there.words[other_start:other_end])))
        if first is not None:
            changes.append(
                Change(section, here.place(first[0]), there.place(first[1]), tuple(parts))
            )
    return changes
