"""Measures reading, judging and the whole command, and writes docs/performance.md.

    make bench

Every ratio is between medians of one run on one machine: others' readers and ours take turns on the same
bytes. A figure without a peer beside it is in seconds.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import io
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import polars as pl
from writer import write_837

import how_often
import pumpclaim
import pumpclaim.drug_text
import pumpclaim.reports.json
import web_load
from generate import lines_table, professional
from pumpclaim.compiled import compile_policy
from pumpclaim.lines import narrated
from pumpclaim.policy import load
from pumpclaim.readers import read_data
from pumpclaim.rules import RULES

ROOT = Path(__file__).resolve().parents[1]
CLAIMS, LINES = 20_000, 1_000_000


def timed(*works: Callable[[], object], runs: int = 5) -> list[float]:
    """Median seconds of each piece of work; they take turns, after one turn that is not counted."""
    seconds: list[list[float]] = [[] for _ in works]
    for turn in range(runs + 1):
        for place, work in enumerate(works):
            gc.collect()
            start = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                work()
            if turn:
                seconds[place].append(time.perf_counter() - start)
    return [median(one) for one in seconds]


def split(text: str) -> int:
    return sum(len(segment.split("*")) for segment in text.split("~"))


def command(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run(
        [sys.executable, "-m", "pumpclaim", *words], stdout=subprocess.DEVNULL, check=False
    )


def reading(text: str, path: Path, out: Path) -> list[str]:
    data = text.encode()
    whole = command("check", str(path), "--format", "json", "-o", str(out), "--fail-on", "never")
    yardstick, ours, process = timed(lambda: split(text), lambda: read_data(data, "bench"), whole)
    claims = read_data(data, "bench")
    rows = [
        f"The file: {CLAIMS:,} professional claims, {claims.lines.height:,} lines, {len(data) / 1e6:.1f} MB, "
        f"invented, most lines J7999 with a narrative of its own.",
        "",
        "| | seconds | times `str.split` |",
        "|---|---|---|",
        f"| `str.split` over the same bytes | {yardstick:.3f} | 1.0 |",
        f"| reading it into tables | {ours:.3f} | {ours / yardstick:.1f} |",
        f"| `pumpclaim check --format json`, the whole process | {process:.2f} | {process / yardstick:.1f} |",
    ]
    review = pumpclaim.check(claims)
    steps = {
        "drug narratives read": lambda: pumpclaim.drug_text.read_ingredients(
            claims.claims, claims.lines, narrated(claims.lines, compile_policy(load()))
        ),
        "judged and priced, narratives included": lambda: pumpclaim.check(claims),
        "JSON written": lambda: pumpclaim.reports.json.render(pumpclaim.check(claims)),
    }
    for name, seconds in zip(steps, timed(*steps.values()), strict=True):
        rows.append(f"| {name} | {seconds:.3f} | {seconds / yardstick:.1f} |")
    assert review.claim_set.rejected.height == 0
    return rows


def peers(text: str) -> list[str]:
    """Others' readers on the same file; hccinfhir once, since it takes minutes."""
    from hccinfhir import extract_sld
    from openx12 import x837p

    data = text.encode()
    ours, openx12 = timed(lambda: read_data(data, "bench"), lambda: x837p.parse(text), runs=3)
    start = time.perf_counter()
    extract_sld(text, format="837")
    seconds = {
        "pumpclaim, claims and lines as tables": ours,
        "openx12 `x837p.parse`": openx12,
        "hccinfhir `extract_sld`, one run": time.perf_counter() - start,
    }
    return [
        "The same file, of which the peers read less:",
        "",
        "| reader | seconds | times ours |",
        "|---|---|---|",
        *(f"| {name} | {one:.3f} | {one / ours:.1f} |" for name, one in seconds.items()),
    ]


def judging() -> list[str]:
    claims = lines_table(LINES)
    (seconds,) = timed(lambda: pumpclaim.check(claims), runs=9)

    def with_tables() -> object:
        review = pumpclaim.check(claims)
        return review.findings, review.determinations

    (tables,) = timed(with_tables, runs=5)
    found = pumpclaim.check(claims).summary()
    count = claims.lines.height
    return [
        f"{count:,} lines of {claims.claims.height:,} claims, in no order, drugs read already: "
        f"{len(RULES)} rules and the prices in {seconds:.3f} s, "
        f"**{count / seconds / 1e6:.1f} million lines a second**; with the tables of its "
        f"{found['findings']:,} findings (their sentences written out) and determinations {tables:.2f} s.",
    ]


def one_claim(path: Path) -> list[str]:
    data = path.read_bytes()
    whole: list[float] = []
    for _ in range(300):
        start = time.perf_counter()
        pumpclaim.check(read_data(data, "one")).findings  # noqa: B018
        whole.append(time.perf_counter() - start)
    priced: list[float] = []
    claims = read_data(data, "one")
    for _ in range(300):
        start = time.perf_counter()
        pumpclaim.check(claims)
        priced.append(time.perf_counter() - start)
    version, check, python = timed(
        command("--version"),
        command("check", str(path)),
        lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    )
    at = quantiles(priced, n=100)
    return [
        "| one claim of two lines | milliseconds |",
        "|---|---|",
        f"| `check` in a running process, median | {at[49] * 1000:.1f} |",
        f"| the same, 99th percentile | {at[98] * 1000:.1f} |",
        f"| read from its file, checked, findings as a table | {median(whole) * 1000:.1f} |",
        f"| `pumpclaim --version`, the whole process | {version * 1000:.0f} |",
        f"| `pumpclaim check` of its file, the whole process | {check * 1000:.0f} |",
        f"| Python itself, starting and ending | {python * 1000:.0f} |",
    ]


def machine() -> str:
    names = ("polars", "numpy", "orjson", "openx12", "hccinfhir")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return (
        f"{date.today()}, {platform.machine()}, Polars on {pl.thread_pool_size()} threads, "  # noqa: DTZ011
        f"Python {platform.python_version()}, {versions}, NumPy with {np.__config__.CONFIG['Build Dependencies']['blas']['name']}."
    )


def main() -> None:
    """Measure everything and write the page."""
    invented = professional(CLAIMS)
    text, single = (write_837(invented[:n], end="~") for n in (CLAIMS, 1))
    with tempfile.TemporaryDirectory() as folder:
        path, one = Path(folder) / "claims.837", Path(folder) / "one.837"
        path.write_text(text)
        one.write_text(single)
        page = [
            "# Performance",
            "",
            "Written by `make bench`; medians of several runs, ratios within one run.",
            "",
            machine(),
            "",
            "## Reading",
            "",
            *reading(text, path, Path(folder) / "out.json"),
            "",
            *peers(text),
            "",
            "## Judging and pricing",
            "",
            *judging(),
            "",
            "## One claim",
            "",
            *one_claim(one),
            "",
            "## How often",
            "",
            *how_often.utilization(),
            "",
            *how_often.history(),
            "",
        ]
    told = "\n".join(page)
    path = ROOT / "docs" / "performance.md"
    path.write_text("\n".join([told, web_load.kept(path.read_text())]))
    print(told)


if __name__ == "__main__":
    main()
