"""Documents as bytes, the same wherever they go."""

from __future__ import annotations

import orjson


def json_bytes(document: object) -> bytes:
    """A document as UTF-8 JSON, indented by two spaces, with a line break at the end."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
