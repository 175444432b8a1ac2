"""Local, streamed, resumed and Spark results on millions of generated lines, row by row: ``equality.py LINES``.

The local run holds everything in memory at once (about a gigabyte a million lines). Spark runs where Java is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

import pumpclaim
from data_sets import SHARE_OF_PUMPS, make
from pumpclaim.readers.tabular import read_table
from pumpclaim.reports.tabular import as_decimals
from pumpclaim.streams import check_stream

TABLES = ("findings", "determinations", "prices")
KEYS = ("claim_id", "patient_id", "line", "rule")


def main() -> None:
    lines = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        paths = make(room / "in", lines, pumps=SHARE_OF_PUMPS, by="year")
        wanted = local(paths)
        check_stream([str(room / "in")], room / "streamed")
        compare("streamed", wanted, room / "streamed")
        killed = killed_and_resumed(room)
        compare(f"killed {killed} times and resumed", wanted, room / "resumed")
        if shutil.which("java"):
            on_spark(room)
            compare("Spark", wanted, room / "spark")


def local(paths: list[Path]) -> dict[str, pl.DataFrame]:
    """The tables of one run over everything at once."""
    table = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths], how="diagonal_relaxed")  # fmt: skip
    names = table.columns
    claims = read_table(names, table.rename({one: str(at) for at, one in enumerate(names)}), "x")
    del table
    review = pumpclaim.check(claims)
    return {kind: ordered(as_decimals(getattr(review, kind))) for kind in TABLES}


def killed_and_resumed(room: Path) -> int:
    """The stream killed every few seconds until it comes to its end; how often it was killed."""
    command = [
        sys.executable, "-m", "pumpclaim", "check", str(room / "in"), "-o", str(room / "resumed"),
        "--engine", "stream", "--fail-on", "never",
    ]  # fmt: skip
    for killed in range(1_000):
        more = ["--resume"] if (room / "resumed" / "pumpclaim.json").exists() else []
        process = subprocess.Popen([*command, *more], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 3 + killed
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        if process.poll() is not None:
            if process.returncode:
                sys.exit(f"the stream ended with {process.returncode}")
            return killed
        process.send_signal(signal.SIGKILL)
        process.wait()
    raise AssertionError


def on_spark(room: Path) -> None:
    """The same set on two local cores."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pumpclaim.spark import check_files, session

    spark = session("local[2]", {
        "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.memory": "6g",
        "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "32",
    })  # fmt: skip
    spark.sparkContext.setLogLevel("ERROR")
    check_files([str(room / "in")], room / "spark")
    spark.stop()


def ordered(table: pl.DataFrame) -> pl.DataFrame:
    """Without places in files, in one order."""
    kept = [name for name in table.columns if name not in ("claim", "row", "source", "segment")]
    return table.select(sorted(kept)).sort([key for key in KEYS if key in kept])


def compare(what: str, wanted: dict[str, pl.DataFrame], folder: Path) -> None:
    """Stop unless every table below ``folder`` is, row by row, the local one."""
    for kind, own in wanted.items():
        found = pl.read_parquet(folder / kind / "*.parquet")
        found = ordered(found.select(one for one in own.columns if one in found.columns))
        mine = ordered(own.select(found.columns))
        same = found.cast(dict(mine.schema)).equals(mine)
        print(
            f"{what}: {kind}, {own.height:,} rows, {'equal' if same else 'DIFFERENT'}", flush=True
        )
        if not same:
            sys.exit(1)


if __name__ == "__main__":
    main()
