"""Long tables a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from fastapi import Request

PAGE = "page"
"""The parameter that names a page, from 1."""
LONGEST = 8


@dataclass(frozen=True)
class Paged:
    """Which of a table's ``rows`` a page shows: it is ``number`` of ``pages``, each of ``size`` rows."""

    number: int
    size: int
    rows: int
    path: str
    asked: tuple[tuple[str, str], ...]

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-self.rows // self.size))

    @property
    def shown(self) -> slice:
        """The rows of this page."""
        return slice((self.number - 1) * self.size, self.number * self.size)

    def link(self, number: int) -> str:
        """The address of another page of the same table."""
        pairs = [*self.asked, *([(PAGE, str(number))] if number > 1 else [])]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def paged(request: Request, rows: int, size: int, address: str | None = None) -> Paged:
    """The page that a request asks for; the nearest there is for one beyond, the first for none.

    ``address`` is that of the table where it is not the request's own.
    """
    path, _, query = (address or f"{request.url.path}?{request.url.query}").partition("?")
    pairs = parse_qsl(query)
    text = dict(pairs).get(PAGE, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else 1
    asked = tuple((name, value) for name, value in pairs if name != PAGE)
    last = max(1, -(-rows // size))
    return Paged(max(1, min(number, last)), size, rows, path, asked)
