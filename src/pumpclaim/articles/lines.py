"""Text of a document as lines that can be compared: ligatures undone, page furniture taken away."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pumpclaim.articles.published import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FURNITURE = (
    r"(created|printed|downloaded|exported|saved) on \S+( at \S+)?\.?( page \d+ of \d+)?",
    r"page \d+( of \d+)?",
    r"links in pdf documents are not guaranteed to work\..*",
    r"https?://\S+( \d+/\d+)?",
    r"\d+ ?/ ?\d+",
    r"page last modified.*",
)
"""Lines that belong to the page and not to the article."""
_FURNITURE = re.compile("|".join(f"(?:{one})" for one in FURNITURE), re.IGNORECASE)
_SPACES = re.compile(r"[^\S\t\n]+")
_DASHES = str.maketrans(
    {"‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"'}
)
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2060\ufeff]")


def tidy(text: str) -> str:
    """The text without ligatures, odd blanks, escapes and marks of bold type; line breaks and tabs stay."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).translate(_DASHES)
    return _SPACES.sub(" ", text.replace("\\$", "$").replace("**", ""))


def lines_of(text: str, place: str = "line {}") -> Iterator[Line]:
    """The lines of a text that hold something; ``place`` is filled with the number, from 1."""
    for number, line in enumerate(tidy(text).split("\n"), start=1):
        if line.strip() and not _FURNITURE.fullmatch(line.strip()):
            yield Line(line.strip(" \r\f"), place.format(number))


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of texts for a comparison: whitespace, bullets and marks of type do not count."""
    joined = tidy(" ".join(texts)).replace("*", " ")
    return [word for word in joined.split() if word not in ("-", "•", "o", "·")]
