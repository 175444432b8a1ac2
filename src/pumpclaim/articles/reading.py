"""An article in whatever form it is published, told by its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pumpclaim.articles.text import WIDE, decoded, read_text
from pumpclaim.errors import InputError
from pumpclaim.readers.sources import Source, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.articles.published import Published

HEAD = 4096
ARCHIVED = re.compile(rb"(?im)^content-type:\s*multipart/(?:related|mixed|alternative)")
"""What a page saved whole in one file begins with."""


def read_article_file(
    path: Path, *, article: str | None = None, licensed: bool = False
) -> Published:
    """The article of a file: text, PDF, saved page (HTML, MHTML), or the database's download (zip).

    ``article`` chooses one of a download; ``licensed`` keeps the descriptors of its codes. Raises
    InputError, one sentence, for a file that cannot be used.
    """
    if path.is_dir():
        raise InputError("this is a folder; give the article's file", source=str(path))
    return read_article_data(
        read_bytes(Source(str(path), path)), str(path), article=article, licensed=licensed
    )


def read_article_data(
    data: bytes, source: str, *, article: str | None = None, licensed: bool = False
) -> Published:
    """The article of a file's content; see ``read_article_file``."""
    if not data.strip():
        raise InputError("the file is empty", source=source)
    if data[:1024].lstrip().startswith(b"%PDF"):
        from pumpclaim.articles.pdf import read_pdf  # noqa: PLC0415  (each form when it is met)

        found = read_pdf(data, source, licensed=licensed)
    elif data[:4] == b"PK\x03\x04":
        from pumpclaim.articles.download import read_download  # noqa: PLC0415

        return read_download(data, source, article=article, licensed=licensed)
    elif b"\x00" in data[:HEAD] and not data.startswith(WIDE):
        raise InputError(
            "this is a binary file of no known kind; give the article as PDF, HTML, text or zip",
            source=source,
        )
    elif ARCHIVED.search(data[:HEAD]):
        from pumpclaim.articles.page import read_archived_page  # noqa: PLC0415

        found = read_archived_page(data, source, licensed=licensed)
    elif "<" in decoded(data[:HEAD]) and "</" in decoded(data):
        from pumpclaim.articles.page import read_page  # noqa: PLC0415

        found = read_page(data, source, licensed=licensed)
    else:
        found = read_text(data, source, licensed=licensed)
    if article is not None and found.head.id != article.upper():
        raise InputError(f"this is article {found.head.id}, not {article}", source=source)
    return found
