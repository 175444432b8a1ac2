"""A stream that is killed at any moment goes on with --resume, and nothing is missing or there twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from .made import in_files
from .test_streams import equal, pumps

COMMAND = [sys.executable, "-m", "pumpclaim", "check", "--engine", "stream", "--fail-on", "never"]
PIECE = "import sys, pumpclaim.streams.run as run; run.PIECE = 40; run.check_stream.__kwdefaults__['piece'] = 40; sys.argv[0] = 'pumpclaim'; from pumpclaim.cli import main; main()"  # fmt: skip


def command(folder: Path, *more: str) -> list[str]:
    """The command with small parts, so that there are many moments to be killed at."""
    words = ["check", str(folder / "in"), "-o", str(folder / "out"), "--engine", "stream"]
    return [sys.executable, "-c", PIECE, *words, "--fail-on", "never", *more]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    table = pumps(60)
    order = list(range(table.height))
    rng.shuffle(order)
    table = table[order] if seed % 2 else table.sort("patient_id", "claim_id", "line")
    in_files(table, tmp_path / "in", [100, 222])
    killed = 0
    for turn in range(30):
        more = ["--resume"] if (tmp_path / "out" / "pumpclaim.json").exists() else []
        process = subprocess.Popen(
            command(tmp_path, *more), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        limit = time.monotonic() + rng.uniform(0.4, 1.6) + turn * 0.05
        while process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            continue
        assert process.returncode == 0, process.stderr and process.stderr.read().decode()
        break
    else:
        pytest.fail("the stream never came to its end")
    assert killed
    equal(table, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.part"))


@pytest.mark.slow
def test_one_patient_with_many_thousand_lines(tmp_path: Path) -> None:
    one = pumps(1, 1)
    many = pl.concat([one] * 150_000).with_row_index("n").with_columns(
        claim_id="B" + (pl.col("n") // 2).cast(pl.String), line=(pl.col("n") % 2 + 1).cast(pl.String),
        service_from=pl.date(2010, 1, 1) + pl.duration(days=pl.col("n") // 2 % 4000),
    ).drop("n")  # fmt: skip
    table = pl.concat([pumps(500).with_columns(pl.col("service_from").str.to_date()), many])
    in_files(table, tmp_path / "in", [100_000, 200_000])
    done = subprocess.run([*COMMAND, str(tmp_path / "in"), "-o", str(tmp_path / "out")], capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    equal(table, tmp_path / "out")
