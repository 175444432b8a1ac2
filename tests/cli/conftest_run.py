"""Running the command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pumpclaim

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(pumpclaim.__file__).parents[1])}


class Ran:
    """What a run of the command left: status, output, complaints."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.status = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()
        assert "Traceback" not in self.err
        assert "Traceback" not in self.out

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run the command in a process of its own, in an empty folder."""
    folder = tmp_path / "cwd"
    folder.mkdir()

    def run_it(*arguments: object, stdin: bytes = b"", **more: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pumpclaim", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=folder,
            timeout=60,
            env=ENVIRONMENT | more,
        )
        return Ran(done)

    return run_it
