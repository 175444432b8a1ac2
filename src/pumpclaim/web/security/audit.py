"""The audit log: who saw and did what, appended, never changed."""

from __future__ import annotations

from pathlib import Path


class Audit:
    def __init__(self, path: Path) -> None:
        self.path = path

    def record(self, who: str, action: str, **about: str) -> None:
        """Append one entry."""
