"""An article as PDF: its text, page by page."""

from __future__ import annotations

import io
import logging
import shutil
from typing import TYPE_CHECKING

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from pumpclaim.articles.facts import read_facts
from pumpclaim.articles.lines import lines_of, without_running_lines
from pumpclaim.articles.positions import contractor_rows, text_of
from pumpclaim.articles.published import FEE, Problem
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.articles.positions import Piece
    from pumpclaim.articles.published import Line, Published

# What pypdf has to say of a damaged file is said in our own sentence.
logging.getLogger("pypdf").addHandler(logging.NullHandler())
MOST_PAGES = 500
FEWEST_LETTERS = 40
"""A page with fewer letters than this, over the whole document, holds a picture of text."""


def read_pdf(data: bytes, source: str, *, licensed: bool = False) -> Published:
    """The article of a PDF; raises InputError for one that is broken, encrypted, a scan, or no article."""
    pages: list[list[Line]] = []
    pieces: list[Piece] = []
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError("the PDF asks for a password; save it without one", source=source)
        if len(reader.pages) > MOST_PAGES:
            raise InputError(
                f"the PDF has more than {MOST_PAGES} pages; no article has", source=source
            )
        for number, page in enumerate(reader.pages, start=1):
            text, of_page = text_of(page, number)
            pages.append(list(lines_of(text, f"page {number}, line {{}}")))
            pieces += of_page
    except InputError:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
            NotImplementedError, OSError, AssertionError, OverflowError, MemoryError) as error:  # fmt: skip
        what = str(error).split("\n")[0][:80] or type(error).__name__
        raise InputError(f"the PDF cannot be read ({what}); save it again", source=source) from None
    letters = sum(character.isalpha() for page in pages for one in page for character in one.text)
    if letters < FEWEST_LETTERS * max(len(pages), 1):
        raise InputError(
            "the PDF is a scan: it holds pictures of pages and no text; " + _instead(),
            source=source,
        )
    lines = list(without_running_lines(pages))
    said = "this page holds no text; if it is a picture, what it shows is missing"
    blank = [
        Problem(said, f"page {number}", FEE)
        for number, page in enumerate(pages, start=1)
        if not page
    ]
    rows = contractor_rows(_of_lines(pieces, lines))
    return read_facts(lines, source, contractors=rows, problems=blank, licensed=licensed)


def _of_lines(pieces: Sequence[Piece], lines: Sequence[Line]) -> list[Piece]:
    """The pieces that stand in lines which are no furniture of the page."""
    kept: dict[int, str] = {}
    for line in lines:
        page = int(line.place.split(",")[0].removeprefix("page "))
        kept[page] = f"{kept.get(page, '')}\n{line.plain}"
    return [one for one in pieces if one.text in kept.get(one.page, "")]


def _instead() -> str:
    """What to do with a scan: recognise its text where the programs for it are installed."""
    if shutil.which("tesseract") and shutil.which("pdftoppm"):
        return (
            "tesseract is installed: make text of it with `pdftoppm -r 300 -png FILE page` and "
            "`tesseract page-1.png page-1`, look it through, and import the text"
        )
    return "save the article's page from the database, or install tesseract to make text of it"
