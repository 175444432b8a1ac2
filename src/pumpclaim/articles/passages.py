"""Which passages of a document our statements rest on, told by digests of their words.

A digest tells that a passage stands in a document word for word, wherever its lines and pages break,
without our keeping a word of it. An article's passages together cover all of its prose, so that no word of it
changes unseen.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.articles.lines import tidy
from pumpclaim.articles.published import Prose
from pumpclaim.policy.model import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Key = tuple[int, str]

_WORD = re.compile(r"[^\W_]+|[<>≤≥%]")
_NUMBERED = re.compile(r"^(?:[-•·▪o*] +)?\(?\d{1,2}[.)](?!\d)")
"""The number of a list's item, which some forms leave out."""
_ENUMERATED = re.compile(r"(?<![\w(])\d{1,2}\)(?= ?[A-Za-z])")
"""A number within a sentence, as in "1) this and 2) that": a line may begin with it, or not."""
LONGEST = 40
"""Words of a passage on which no statement rests, about."""
SHORTEST = 8
"""A passage is made at least so long where its section has the words, so that it is told from others."""


def words_of_line(text: str) -> list[str]:
    """The words of a line as they are compared: letters and digits alone, in small, without numbers of
    lists."""
    plain = _NUMBERED.sub(" ", tidy(text).strip())
    return _WORD.findall(_ENUMERATED.sub(" ", plain).casefold())


def normal_words(texts: Iterable[str]) -> list[str]:
    """The words of lines, in order."""
    return [word for text in texts for word in words_of_line(text)]


def digest(words: Sequence[str]) -> str:
    """The SHA-256 of words joined by blanks."""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


@dataclass(frozen=True)
class Run:
    """Words of a document that no passage covers, and where they begin."""

    section: str
    words: tuple[str, ...]
    place: str

    @property
    def text(self) -> str:
        """The words, parted by blanks."""
        return " ".join(self.words)


@dataclass(frozen=True)
class Standing:
    """How passages stand in a document: those that are there; those that are not, each with the place where
    it is to be looked for; and the runs of its words that none covers."""

    there: tuple[Passage, ...]
    missing: tuple[tuple[Passage, str], ...]
    new: tuple[Run, ...]

    @property
    def statements_missing(self) -> frozenset[str]:
        """Statements of which a passage is missing."""
        return frozenset(one.statement for one, _ in self.missing if one.statement is not None)


class Text:
    """The prose of a document as words, each with its line; sections in order, one after the other."""

    def __init__(self, prose: Sequence[Prose]) -> None:
        self.lines = [line for line in prose if words_of_line(line.text)]
        of_lines = [words_of_line(line.text) for line in self.lines]
        self.words = [word for words in of_lines for word in words]
        self.line_of = [at for at, words in enumerate(of_lines) for _ in words]

    def line(self, at: int) -> Prose:
        """The line in which a word stands; the last where there are no more."""
        if not self.lines:
            return Prose("", "", "the document has no text")
        return self.lines[self.line_of[min(at, len(self.words) - 1)]]

    def section(self, at: int) -> str:
        """The section in which a word stands."""
        return self.line(at).section

    def places(self, passages: Iterable[Passage]) -> dict[Key, list[int]]:
        """Where passages stand: the position of the first word of each occurrence of those that do."""
        by_size: dict[int, set[str]] = {}
        for one in passages:
            by_size.setdefault(one.words, set()).add(one.sha256)
        found: dict[Key, list[int]] = {}
        for size, digests in by_size.items():
            for at in range(len(self.words) - size + 1):
                own = digest(self.words[at : at + size])
                if own in digests:
                    found.setdefault((size, own), []).append(at)
        return found

    def covered(self, places: Mapping[Key, Sequence[int]]) -> list[bool]:
        """Of each word whether one of these places covers it."""
        covered = [False] * len(self.words)
        for (size, _), starts in places.items():
            for at in starts:
                covered[at : at + size] = [True] * size
        return covered

    def runs(self, covered: Sequence[bool]) -> Iterator[tuple[int, int]]:
        """First word and end of each run of words that are not covered, within one section each."""
        start: int | None = None
        for at in range(len(covered) + 1):
            goes_on = at < len(covered) and not covered[at]
            if start is not None and (not goes_on or self.section(at) != self.section(start)):
                yield start, at
                start = None
            if goes_on and start is None:
                start = at


def passages_in(passages: Sequence[Passage], prose: Sequence[Prose]) -> Standing:
    """Look for every passage among the words of a document."""
    text = Text(prose)
    places = text.places(passages)
    runs = list(text.runs(text.covered(places)))
    there, missing = [], []
    last: dict[str, int] = {}
    for one in passages:
        at = places.get(_key(one))
        if at is None:
            start = last.get(one.section, _start(text, one.section))
            changed = next((run for run, end in runs if end > start), start)
            missing.append((one, text.line(changed).place))
        else:
            there.append(one)
            last[one.section] = at[0] + one.words
    new = tuple(
        Run(text.section(start), tuple(text.words[start:end]), text.line(start).place)
        for start, end in runs
    )
    return Standing(tuple(there), tuple(missing), new)


def _key(passage: Passage) -> Key:
    return passage.words, passage.sha256


def _start(text: Text, section: str) -> int:
    """The first word of a section; the first of all where there is none of it."""
    every = range(len(text.words))
    return next((at for at in every if text.section(at) == section), 0)


def cover(passages: Sequence[Passage], prose: Sequence[Prose]) -> list[Passage]:
    """Passages that together cover the whole prose of a document, in its order.

    They are those of ``passages`` that stand in it, and further ones, on which no statement rests, for the
    rest.
    """
    text = Text(prose)
    places = text.places(passages)
    placed = [(places[_key(one)][0], one) for one in passages if _key(one) in places]
    for run in text.runs(text.covered(places)):
        for start, end in _pieces(text, *run):
            words = text.words[start:end]
            placed.append((start, Passage(None, text.section(start), len(words), digest(words))))
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def _pieces(text: Text, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run of words cut where lines begin, and where it is long; what is short takes in its neighbours."""
    cuts = [start]
    for at in range(start + 1, end):
        size = at - cuts[-1]
        is_line = text.line_of[at] != text.line_of[at - 1]
        if size >= LONGEST or (is_line and size >= SHORTEST):
            cuts.append(at)
    if len(cuts) > 1 and end - cuts[-1] < SHORTEST:
        cuts.pop()
    for first, last in zip(cuts, [*cuts[1:], end], strict=True):
        yield _widened(text, first, last)


def _widened(text: Text, start: int, end: int) -> tuple[int, int]:
    """Words with their neighbours in the section, so that they are not too few."""
    section = text.section(start)
    while end - start < SHORTEST:
        before = start > 0 and text.section(start - 1) == section
        after = end < len(text.words) and text.section(end) == section
        if not (before or after):
            break
        start, end = start - before, end + after
    return start, end
