"""How the benchmarks measure: pieces of work take turns, medians count, each in its own process where memory is."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


SHORTEST = 0.005
"""Seconds of one turn at least: shorter work is repeated in it."""


def timed(*works: Callable[[], object], runs: int = 5) -> list[float]:
    """Median seconds of each piece of work; they take turns, after one turn that is not counted."""
    seconds: list[list[float]] = [[] for _ in works]
    with contextlib.redirect_stdout(io.StringIO()):
        times = [_times(work) for work in works]
        for _ in range(runs):
            for place, work in enumerate(works):
                gc.collect()
                start = time.perf_counter()
                for _ in range(times[place]):
                    work()
                seconds[place].append((time.perf_counter() - start) / times[place])
    return [median(one) for one in seconds]


def _times(work: Callable[[], object]) -> int:
    """How often the work is done in one turn."""
    spent, _ = once(work)
    if spent < SHORTEST:
        spent, _ = once(work)
    return max(1, int(SHORTEST / spent))


def once(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one run, and its result."""
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def command(*words: str) -> Callable[[], object]:
    """The pumpclaim command as a process."""
    return lambda: subprocess.run(
        [sys.executable, "-m", "pumpclaim", *words], stdout=subprocess.DEVNULL, check=False
    )


def alone(script: str, *words: str) -> dict[str, Any]:
    """The last line that a script of this folder prints, as JSON; in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script), *words],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr.decode()[-4000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
