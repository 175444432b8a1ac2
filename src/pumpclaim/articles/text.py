"""An article as text: what a PDF's text export or a copied page gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.articles.facts import read_facts
from pumpclaim.articles.lines import lines_of

if TYPE_CHECKING:
    from pumpclaim.articles.published import Published


def decoded(data: bytes) -> str:
    """UTF-8 with or without a byte order mark, else Windows-1252."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_text(data: bytes, source: str, *, licensed: bool = False) -> Published:
    """The article of a text; raises InputError when it is none."""
    text = decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    return read_facts(list(lines_of(text)), source, licensed=licensed)
