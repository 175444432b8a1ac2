"""An article as the saved HTML page of the coverage database, or the HTML of its text columns."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.errors import MessageError
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from pumpclaim.articles.facts import read_facts
from pumpclaim.articles.lines import tidy
from pumpclaim.articles.published import Line
from pumpclaim.articles.sections import heading_of
from pumpclaim.articles.text import decoded
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

    from pumpclaim.articles.published import Published

BLOCKS = {
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "section", "article", "main", "header",
    "ul", "ol", "dl", "table", "tbody", "thead", "tfoot", "body", "html", "blockquote", "pre",
    "caption", "address", "fieldset", "form", "legend", "center",
}  # fmt: skip
"""Elements that begin a new line."""
SILENT = {
    "script", "style", "noscript", "head", "template", "nav", "button", "svg", "iframe", "object", "select",
    "footer",
}  # fmt: skip
"""Elements whose text no reader sees as the article's."""
MOST_DEPTH = 300


def read_page(data: bytes, source: str, *, licensed: bool = False) -> Published:
    """The article of a saved page; raises InputError when the page holds none."""
    return read_facts(list(lines_of_html(decoded(data))), source, licensed=licensed)


def read_archived_page(data: bytes, source: str, *, licensed: bool = False) -> Published:
    """The article of a page saved whole in one file (.mhtml); raises InputError when it holds none."""
    try:
        for part in message_from_bytes(data, policy=policy.default).walk():
            if part.get_content_type() == "text/html":
                html = str(part.get_content())
                return read_facts(list(lines_of_html(html)), source, licensed=licensed)
    except (LookupError, ValueError, MessageError, AttributeError) as error:
        what = str(error).split("\n")[0][:80]
        raise InputError(
            f"the saved page cannot be read ({what}); save it as HTML", source=source
        ) from None
    raise InputError(
        "this saved file holds no page; save the article's page as HTML or .mhtml", source=source
    )


def lines_of_html(html: str, place: str = "") -> Iterator[Line]:
    """The lines of a page: one for each block of text, one for each row of a table, cells parted by tabs."""
    root = LexborHTMLParser(html).body
    if root is None:
        return
    gathered = _Gathered(place)
    gathered.walk(root, 0)
    gathered.end()
    for line in gathered.lines:
        text = tidy(line.text)
        if text.strip():
            yield Line(text.strip(), line.place)


class _Gathered:
    """Lines that were gathered so far, and the one that is being gathered."""

    def __init__(self, place: str) -> None:
        self.place = f"{place}, " if place else ""
        self.lines: list[Line] = []
        self.text: list[str] = []

    def end(self) -> None:
        text = " ".join("".join(self.text).split())
        self.text = []
        if text:
            self.lines.append(Line(text, f"{self.place}block {len(self.lines) + 1}"))

    def row(self, node: LexborNode) -> None:
        """One row of a table, its cells parted by tabs."""
        texts = [" ".join(cell.text(deep=True, separator=" ").split()) for cell in _cells(node)]
        number = len(self.lines) + 1
        self.lines.append(Line("\t".join(texts), f"{self.place}row {number}"))

    def walk(self, node: LexborNode, depth: int) -> None:
        for child in _children(node):
            tag = child.tag
            if tag == "-text":
                self.text.append(child.text_content or "")
            elif tag in SILENT or depth > MOST_DEPTH or tag is None:
                continue
            elif tag == "br":
                self.end()
            elif tag == "tr" and _holds_data(child):
                self.end()
                self.row(child)
            elif tag in BLOCKS or tag in ("tr", "td", "th"):
                self.end()
                self.walk(child, depth + 1)
                self.end()
            else:
                self.walk(child, depth + 1)


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in _children(row) if cell.tag in ("td", "th")]


def _holds_data(row: LexborNode) -> bool:
    """Whether a row is one of a table of data, and does not lay out a page: no table and no heading is in
    it, and what stands in blocks stands beside other cells."""
    if row.css_first("table, h1, h2, h3, h4, section") is not None:
        return False
    cells = _cells(row)
    if any(heading_of(cell.text(deep=True, separator=" ")) is not None for cell in cells):
        return False
    filled = [cell for cell in cells if cell.text(deep=True).strip()]
    return len(filled) > 1 or row.css_first("ul, ol, div div") is None
