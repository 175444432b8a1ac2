"""An article as PDF: its text, page by page."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from pumpclaim.articles.facts import read_facts
from pumpclaim.articles.lines import lines_of
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.articles.published import Line, Published

MOST_PAGES = 500
FEWEST_LETTERS = 40
"""A page with fewer letters than this, over the whole document, holds a picture of text."""


def read_pdf(data: bytes, source: str, *, licensed: bool = False) -> Published:
    """The article of a PDF; raises InputError for one that is broken, encrypted, a scan, or no article."""
    lines: list[Line] = []
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError("the PDF asks for a password; save it without one", source=source)
        if len(reader.pages) > MOST_PAGES:
            raise InputError(
                f"the PDF has more than {MOST_PAGES} pages; no article has", source=source
            )
        for number, page in enumerate(reader.pages, start=1):
            lines += lines_of(page.extract_text(), f"page {number}, line {{}}")
        pages = len(reader.pages)
    except InputError:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
            NotImplementedError, OSError, AssertionError, OverflowError, MemoryError) as error:  # fmt: skip
        what = str(error).split("\n")[0][:80] or type(error).__name__
        raise InputError(f"the PDF cannot be read ({what}); save it again", source=source) from None
    letters = sum(character.isalpha() for line in lines for character in line.text)
    if letters < FEWEST_LETTERS * max(pages, 1):
        raise InputError(
            "the PDF is a scan: it holds pictures of pages and no text; " + _instead(),
            source=source,
        )
    return read_facts(lines, source, licensed=licensed)


def _instead() -> str:
    """What to do with a scan: recognise its text where the programs for it are installed."""
    if shutil.which("tesseract") and shutil.which("pdftoppm"):
        return (
            "tesseract is installed: make text of it with `pdftoppm -r 300 -png FILE page` and "
            "`tesseract page-1.png page-1`, look it through, and import the text"
        )
    return "save the article's page from the database, or install tesseract to make text of it"
