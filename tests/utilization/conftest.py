"""The command in a process of its own, as in the tests of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from conftest_run import run

__all__ = ["run"]
