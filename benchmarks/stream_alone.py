"""One piece of work over a data set in a process of its own: ``stream_alone.py WHAT FOLDER OUT``; prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import polars as pl

from pumpclaim.streams import check_stream


def scan(folder: str) -> None:
    """Every column of every file into memory, one after the other, one of them summed."""
    for path in sorted(Path(folder).rglob("*.parquet")):
        pl.read_parquet(path, hive_partitioning=False)["charge"].sum()


def sum_one(folder: str) -> None:
    pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=False).select(
        pl.col("charge").sum()
    ).collect()


def main() -> None:
    what, folder, out = sys.argv[1:4]
    pl.DataFrame({"a": [1]}).select(pl.col("a").sum())
    start, found = time.perf_counter(), {}
    if what == "scan":
        scan(folder)
    elif what == "sum":
        sum_one(folder)
    else:
        found = check_stream([folder], out, scope=what).summary
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "summary": found}))


if __name__ == "__main__":
    main()
