"""An article as text: what a PDF's text export or a copied page gives."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from pumpclaim.articles.facts import read_facts
from pumpclaim.articles.lines import lines_of, without_running_lines

if TYPE_CHECKING:
    from pumpclaim.articles.published import Published

WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(data: bytes) -> str:
    """UTF-16 with its byte order mark, UTF-8 with or without one, else Windows-1252."""
    if data.startswith(WIDE):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_text(data: bytes, source: str, *, licensed: bool = False) -> Published:
    """The article of a text, pages parted by form feeds where it has them; raises InputError when it is
    none."""
    text = decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    pages, first = [], 1
    for page in text.split("\f"):
        pages.append(list(lines_of(page, first=first)))
        first += page.count("\n")
    return read_facts(list(without_running_lines(pages)), source, licensed=licensed)
