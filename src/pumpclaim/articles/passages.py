"""Which passages of a document our statements rest on, told by digests of their words.

A digest tells that a passage stands in a document word for word, wherever its lines and pages break,
without our keeping a word of it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.articles.lines import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pumpclaim.policy.model import Passage

_WORD = re.compile(r"[a-z0-9]+")


def normal_words(texts: Iterable[str]) -> list[str]:
    """The words of texts as they are compared: small letters and digits alone."""
    return _WORD.findall(tidy(" ".join(texts)).casefold())


def digest(words: Sequence[str]) -> str:
    """The SHA-256 of words joined by blanks."""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


@dataclass(frozen=True)
class Standing:
    """What stands of our passages in a document: the statements whose passages are all there, those that
    miss one, and the runs of its words that no passage covers."""

    there: frozenset[str]
    changed: frozenset[str]
    other: tuple[str, ...]


def passages_in(passages: Sequence[Passage], texts: Iterable[str]) -> Standing:
    """Look for every passage among the words of a document."""
    words = normal_words(texts)
    wanted: dict[int, dict[str, list[Passage]]] = {}
    for one in passages:
        wanted.setdefault(one.words, {}).setdefault(one.sha256, []).append(one)
    covered = [False] * len(words)
    found: set[Passage] = set()
    for size, digests in wanted.items():
        for at in range(len(words) - size + 1):
            same = digests.get(digest(words[at : at + size]))
            if same is not None:
                found.update(same)
                covered[at : at + size] = [True] * size
    missing = {one.statement for one in passages if one not in found}
    return Standing(
        frozenset(one.statement for one in passages) - missing,
        frozenset(missing),
        tuple(_runs(words, covered)),
    )


def _runs(words: Sequence[str], covered: Sequence[bool]) -> Iterable[str]:
    """Runs of words that nothing covers."""
    run: list[str] = []
    for word, is_covered in zip(words, covered, strict=True):
        if not is_covered:
            run.append(word)
        elif run:
            yield " ".join(run)
            run = []
    if run:
        yield " ".join(run)
