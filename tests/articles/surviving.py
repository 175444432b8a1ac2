"""What becomes of a damaged document: it is taken in, or refused in a sentence with nothing written."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from pumpclaim.articles.adopt import adopt
from pumpclaim.articles.compare import verify
from pumpclaim.articles.reading import read_article_data
from pumpclaim.errors import InputError
from pumpclaim.policy import load


def survives(data: bytes) -> None:
    """Read it, hold it against ours and take it in; whatever is written can be loaded."""
    with tempfile.TemporaryDirectory() as scratch:
        into, taken = Path(scratch) / "mine", False
        with contextlib.suppress(InputError):
            document = read_article_data(data, "given")
            verify(load().articles[0], document)
            adopt(document, into)
            taken = True
        assert into.exists() == taken
        if taken:
            load(folders=[into])
