"""JSON Schemas (2020-12) of the documents that commands print and the HTTP API answers.

``docs`` has copies of those for ``check`` and ``assess``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
NAMES = ("check", "assess", "price", "refill", "rule", "trace", "policy")


def schema_text(name: str) -> str:
    """One of ``NAMES`` as it is written."""
    return (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")


def schema(name: str) -> dict[str, Any]:
    """One of ``NAMES`` as a fresh document."""
    read: dict[str, Any] = json.loads(schema_text(name))
    return read
