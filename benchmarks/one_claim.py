"""One claim in a running process, and as a process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from writer import write_837

import pumpclaim
from generate import professional
from measure import command, table, timed
from pumpclaim.readers import read_data

RUNS = 1_000


def section(runs: int = RUNS) -> list[str]:
    """The tables of this section; the collector runs as it does in production."""
    data = write_837(professional(1), end="~").encode()
    claims = read_data(data, "one")
    works: dict[str, Callable[[], object]] = {
        "`check`": lambda: pumpclaim.check(claims),
        "`check`, its findings as a table": lambda: pumpclaim.check(claims).findings,
        "read from its file, checked, the JSON document": lambda: pumpclaim.check(read_data(data, "one")).to_dicts(),
    }  # fmt: skip
    rows = []
    for name, work in works.items():
        at = quantiles(_latencies(work, runs), n=100)
        rows.append([name, f"{at[49] * 1000:.1f}", f"{at[98] * 1000:.1f}"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.837"
        path.write_bytes(data)
        version, check, python = timed(
            command("--version"), command("check", str(path)),
            lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        )  # fmt: skip
    whole = [
        ["`pumpclaim --version`", f"{version * 1000:.0f}"],
        ["`pumpclaim check` of its file", f"{check * 1000:.0f}"],
        ["Python itself, starting and ending", f"{python * 1000:.0f}"],
    ]
    return [
        f"One claim of two lines, {runs:,} times in a running process, milliseconds:",
        "",
        *table(["", "median", "99th percentile"], rows),
        "",
        *table(["a whole process", "milliseconds"], whole),
    ]


def _latencies(work: Callable[[], object], runs: int) -> list[float]:
    for _ in range(20):
        work()
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return spent
