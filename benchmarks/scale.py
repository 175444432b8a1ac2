"""How cost grows: data sets of 10 thousand to 30 million lines, time and peak memory, beside a bare scan."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from data_sets import SHARE_OF_PUMPS, make
from measure import ROOT, alone, table
from pumpclaim.pictures.drawing import styled

SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 30_000_000)
CLINICS = (10_000, 100_000, 1_000_000)
PICTURE = "growth.svg"


def section(sizes: tuple[int, ...] = SIZES, clinics: tuple[int, ...] = CLINICS) -> list[str]:
    """The tables of this section, and the picture beside the page."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        measured = [_measured(room, size, SHARE_OF_PUMPS, "patient", "pump") for size in sizes]
        others = [
            _measured(room, min(sizes[-1], 10_000_000), SHARE_OF_PUMPS, "year", "pump"),
            _measured(room, min(sizes[-1], 10_000_000), SHARE_OF_PUMPS, "patient", "all"),
            *(_measured(room, size, 1.0, "patient", "all") for size in clinics),
        ]
    _draw(measured)
    head = [
        "service lines",
        "seconds",
        "lines a second",
        "times a bare scan",
        "peak memory, MB",
        "findings",
    ]
    return [
        f"A contractor's claims: {SHARE_OF_PUMPS:.0%} of the lines are of patients with a pump, the others office "
        "visits, laboratory and imaging; flat layout, a file a million lines, by patient. `check --scope pump`: "
        "rules, prices, results written; each in a process of its own. A bare scan reads the same columns of the "
        "same files with Polars, one file after the other, and sums one.",
        "",
        *table(head, [_row(one) for one in measured]),
        "",
        f"![Seconds and memory by number of lines]({PICTURE})",
        "",
        "The same machine, other sets and listings:",
        "",
        *table(["set", *head], [[one["name"], *_row(one)] for one in others]),
        "",
        *_growth(measured),
    ]


def _measured(room: Path, lines: int, pumps: float, by: str, scope: str) -> dict[str, Any]:
    folder, out = room / "in", room / "out"
    for old in (folder, out):
        shutil.rmtree(old, ignore_errors=True)
    make(folder, lines, pumps=pumps, by=by)
    scan = min(alone("stream_alone.py", "scan", str(folder), "-")["seconds"] for _ in range(3))
    one = min(alone("stream_alone.py", "sum", str(folder), "-")["seconds"] for _ in range(3))
    runs = []
    for _ in range(3 if lines <= 10_000_000 and scope == "pump" else 1):
        shutil.rmtree(out, ignore_errors=True)
        runs.append(alone("stream_alone.py", scope, str(folder), str(out)))
    best = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
    kind = "a contractor's" if pumps < 1 else "pump clinics alone, each line a pump's"
    listed = "" if scope == "pump" else ", every claim listed"
    order = "" if by == "patient" else ", in hive partitions by year"
    return {**best, "lines": lines, "scan": scan, "sum": one, "name": kind + order + listed}


def _row(one: dict[str, Any]) -> list[str]:
    return [
        f"{one['lines']:,}", f"{one['seconds']:.2f}", f"{one['lines'] / one['seconds'] / 1e6:.2f} million",
        f"{one['seconds'] / one['scan']:.1f}", f"{one['peak']:,.0f}", f"{one['summary']['findings']:,}",
    ]  # fmt: skip


def _growth(measured: list[dict[str, Any]]) -> list[str]:
    """What another million lines costs between the two largest sets, against the largest but one."""
    small, large = measured[-2:]
    more = (large["seconds"] - small["seconds"]) / (large["lines"] - small["lines"])
    mean = small["seconds"] / small["lines"]
    return [
        f"From {small['lines']:,} to {large['lines']:,} lines each million more costs {more * 1e6:.3f} s, where "
        f"a million of the first cost {mean * 1e6:.3f} s: {more / mean - 1:+.0%}. Summing one column of "
        f"{large['lines']:,} lines takes Polars {large['sum']:.2f} s, a bare scan {large['scan']:.2f} s."
    ]


def _draw(measured: list[dict[str, Any]]) -> None:
    rows = [
        {"lines": one["lines"], "what": what, "value": value}
        for one in measured
        for what, value in (
            ("check, seconds", one["seconds"]), ("bare scan, seconds", one["scan"]), ("memory, GB", one["peak"] / 1024),
        )
    ]  # fmt: skip
    axis = alt.Scale(type="log")
    chart = (
        alt.Chart(pl.DataFrame(rows), width=560, height=300)
        .mark_line(point=True)
        .encode(
            x=alt.X("lines:Q", scale=axis, title="service lines"),
            y=alt.Y("value:Q", scale=axis, title="seconds, or GB"),
            color=alt.Color("what:N", title=None),
        )
    )
    svg = vl_convert.vegalite_to_svg(styled(chart).to_dict())
    (ROOT / "docs" / PICTURE).write_text(svg)
