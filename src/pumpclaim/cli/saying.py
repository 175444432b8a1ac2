"""How a command speaks and ends: results, sentences on standard error, exit status."""

from __future__ import annotations

import os
import sys
import traceback
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, ParamSpec

import typer

from pumpclaim.errors import InputError
from pumpclaim.reports.words import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

P = ParamSpec("P")

FAIL_ON = ("deny", "reject", "records", "package", "advise", "never")
"""Outcomes worst first, as ``--fail-on`` takes them."""
FOUND = 1
UNUSABLE = 2
INTERRUPTED = 130
SHOW_TRACEBACK = "PUMPCLAIM_TRACEBACK"
"""Environment variable that brings the traceback of a fault; it may show parts of claims."""
FILE_COLUMNS = 100
"""Width of a text report that goes to a file."""


def complain(sentence: object) -> None:
    """One sentence on standard error."""
    print(f"pumpclaim: {clean(sentence)}", file=sys.stderr, flush=True)  # noqa: T201


def write(content: bytes, output: Path | None = None) -> None:
    """A finished report to a file, or to standard output."""
    if output is not None:
        output.write_bytes(content)
    else:
        sys.stdout.flush()
        rest = memoryview(content)
        # With PYTHONUNBUFFERED the buffer is the raw file, which may take only a part at a time.
        while rest:
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()


def write_json(value: object) -> None:
    """A document as indented JSON on standard output."""
    from pumpclaim.reports.written import json_bytes  # noqa: PLC0415

    write(json_bytes(value))


def console(file: IO[str] | None = None) -> Console:
    """Where text reports are printed: standard output, or ``file``."""
    from rich.console import Console  # noqa: PLC0415

    width = None if file is None or file.isatty() else FILE_COLUMNS
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def found(worst: str | None, fail_on: str, *, unreadable: bool) -> int:
    """The exit status: 1 for an outcome from ``fail_on`` up, and for claims that could not be read."""
    if fail_on == "never":
        return 0
    failing = FAIL_ON[: FAIL_ON.index(fail_on) + 1]
    return FOUND if worst in failing or (unreadable and "reject" in failing) else 0


def ends_well(command: Callable[P, int]) -> Callable[P, None]:
    """The command with its number as exit status and its errors as sentences, no traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        raise typer.Exit(_status(lambda: command(*args, **kwargs)))

    return run


def _status(command: Callable[[], int]) -> int:
    try:
        status = command()
        sys.stdout.flush()
    except InputError as error:
        complain(error)
    except BrokenPipeError:
        _abandon_output()
    except OSError as error:
        complain(f"{error.filename or 'the output'}: {error.strerror or error}")
        _abandon_output()
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except MemoryError:
        complain("the input is too large for this machine's memory; give fewer files in one call")
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        complain(_fault(error))
    else:
        return status
    return UNUSABLE


def _fault(error: Exception) -> str:
    """Kind and place of a fault of ours; not its message, which may hold a claim's text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    return (
        f"a fault of pumpclaim itself ({where}); please report it ({SHOW_TRACEBACK}=1 shows more)"
    )


def _abandon_output() -> None:
    """Nobody reads standard output any more: what is still buffered goes nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
