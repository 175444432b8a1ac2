"""The command line: ``main`` is the console script, ``pumpclaim.cli.app`` has the commands."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line; ends the process with its exit status."""
    if sys.argv[1:] == ["--version"]:
        from pumpclaim._version import __version__  # noqa: PLC0415  (nothing else is needed for it)

        print(f"pumpclaim {__version__}")  # noqa: T201
        return
    if sys.stdout is None or sys.stderr is None:
        # Started with a closed stream: whatever goes there has no reader.
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # A command lives for seconds; looking for cycles among a report's many objects costs a tenth of it.
    gc.disable()
    from pumpclaim.cli.app import app  # noqa: PLC0415  (typer takes longer than all of --version)

    try:
        app(prog_name="pumpclaim")
    except KeyboardInterrupt:
        sys.exit(130)
