"""A stream that is killed at any moment goes on with --resume, and nothing is missing or there twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from .made import in_files
from .test_streams import equal, pumps

COMMAND = [sys.executable, "-m", "pumpclaim", "check", "--engine", "stream", "--fail-on", "never"]
IN_SMALL_PARTS = """
import os, signal, sys
from pathlib import Path
import polars as pl
import pumpclaim.streams.run as run
run.PIECE = 40
run.check_stream.__kwdefaults__["piece"] = 40
left = int(sys.argv.pop(1))

def counted(owner, name, file_of=None):
    plain = getattr(owner, name)
    def act(first, *more, **words):
        global left
        left -= 1
        if left == 0:
            if file_of is not None:
                plain(first, *more, **words)
                path = Path(file_of(first, *more))
                os.truncate(path, path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(first, *more, **words)
    setattr(owner, name, act)

counted(pl.DataFrame, "write_parquet", lambda _, path: path)
counted(pl.DataFrame, "write_ipc", lambda _, path: path)
counted(Path, "write_bytes", lambda path, _: path)
counted(Path, "replace")
counted(Path, "unlink")
sys.argv[0] = "pumpclaim"
from pumpclaim.cli import main
main()
"""
"""The command with small parts, killed as it is about to touch a file for the nth time, or half through."""


def run(folder: Path, killed_at: int) -> subprocess.CompletedProcess[bytes]:
    """The command over ``in``, from where it stands, killed at that touch of a file; 0 for not at all."""
    more = ["--resume"] if (folder / "out" / "pumpclaim.json").exists() else []
    words = ["check", str(folder / "in"), "-o", str(folder / "out"), "--engine", "stream"]
    return subprocess.run(
        [sys.executable, "-c", IN_SMALL_PARTS, str(killed_at), *words, "--fail-on", "never", *more],
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    table = pumps(60)
    order = list(range(table.height))
    rng.shuffle(order)
    table = table[order] if seed % 2 else table.sort("patient_id", "claim_id", "line")
    in_files(table, tmp_path / "in", [100, 222])
    assert run(tmp_path, 1).returncode == -signal.SIGKILL
    for _ in range(5):
        done = run(tmp_path, rng.randint(1, 40))
        if done.returncode != -signal.SIGKILL:
            break
    if done.returncode == -signal.SIGKILL:
        done = run(tmp_path, 0)
    assert done.returncode == 0, done.stderr.decode()
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
