"""Text of a document as lines that can be compared: ligatures undone, page furniture taken away."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from pumpclaim.articles.published import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FURNITURE = (
    r"(created|printed|downloaded|exported|saved) on \S+( at \S+)?\.?( page \d+ of \d+)?",
    r"page \d+( of \d+)?",
    r"links in pdf documents are not guaranteed to work\..*",
    r"(https?|file)://\S+( \d+/\d+)?",
    r"\d+ ?/ ?\d+",
    r"page last modified.*",
)
"""Lines that belong to the page and not to the article."""
_FURNITURE = re.compile("|".join(f"(?:{one})" for one in FURNITURE), re.IGNORECASE)
_SPACES = re.compile(r"[^\S\t\n]+")
_DASHES = str.maketrans(
    {"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"'}
)  # fmt: skip
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2060\ufeff]")
_DIGITS = re.compile(r"\d+")
MARGIN = 3
"""Lines at the top and at the foot of a page that may be the same on every page."""
FEWEST_PAGES = 2


def tidy(text: str) -> str:
    """The text without ligatures, odd blanks, escapes and marks of bold type; line breaks and tabs stay."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_DASHES)
    return _SPACES.sub(" ", text.replace("\\$", "$").replace("**", ""))


def lines_of(text: str, place: str = "line {}", first: int = 1) -> Iterator[Line]:
    """The lines of a text that hold something; ``place`` is filled with the number, which begins at
    ``first``."""
    for number, line in enumerate(tidy(text).split("\n"), start=first):
        if line.strip() and not _FURNITURE.fullmatch(line.strip()):
            yield Line(line.strip(" \r\f\v"), place.format(number))


def without_running_lines(pages: Sequence[Sequence[Line]]) -> Iterator[Line]:
    """The lines of pages without those that stand at the top or foot of every one, whatever their numbers."""
    filled = [page for page in pages if page]
    counts = Counter(key for page in filled for key in {_key(line) for line in _margin(page)})
    running = {
        key for key, count in counts.items() if count == len(filled) and count >= FEWEST_PAGES
    }
    for page in filled:
        margin = {id(line) for line in _margin(page)}
        for line in page:
            if id(line) not in margin or _key(line) not in running:
                yield line


def _margin(page: Sequence[Line]) -> Iterable[Line]:
    return [*page[:MARGIN], *page[-MARGIN:]]


def _key(line: Line) -> str:
    return _DIGITS.sub("0", line.plain.casefold())
