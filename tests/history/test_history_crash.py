"""Killed in the middle a history is before or after a file; two writers at once lose and double nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import pumpclaim
from pumpclaim.history import open_history
from pumpclaim.policy import load

ROOT = Path(__file__).parents[2]
SOURCES = str(Path(pumpclaim.__file__).parents[1])
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([SOURCES, str(ROOT / "benchmarks"), str(ROOT / "examples")])
}
WRITER = """
import sys
import polars as pl
from line_tables import lines_table
from pumpclaim.history import open_history
url, start, files, lines = sys.argv[1], *map(int, sys.argv[2:5])
with open_history(url) as kept:
    for number in range(start, start + files):
        made = lines_table(lines)
        name = pl.col("claim_id") + f"-{number}"
        made = type(made)(made.claims.with_columns(claim_id=name, source=pl.lit(f"file{number}")), made.lines)
        print("begin", number, flush=True)
        kept.add(made)
        print("end", number, made.claims.height, flush=True)
"""
pytestmark = pytest.mark.slow


def writer(url: str, start: int, files: int, lines: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(start), str(files), str(lines)],
        stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip


def files_of(url: str) -> dict[str, int]:
    """Claims of each file in the history; every one must have its lines."""
    with open_history(url) as kept:
        claims, _ = kept.export(load())
    assert set(claims.lines["claim"].to_list()) == set(claims.claims["claim"].to_list())
    return dict(claims.claims.group_by("source").len().iter_rows())


def test_killed_at_random_points(url: str) -> None:
    open_history(url).close()
    random_points = random.Random(55239)
    whole = None
    for attempt in range(8):
        process = writer(url, 100 * attempt, 3, 4_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random_points.uniform(0, 0.9))
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split("\n")
        process.wait()
        ended = [line.split() for line in said if line.startswith("end")]
        whole = int(ended[0][2]) if ended else whole
        found = files_of(url)
        for _, number, _count in ended:
            assert f"file{number}" in found
        assert len(set(found.values())) <= 1, "a file is there in part"
        if whole is not None and found:
            assert set(found.values()) == {whole}
    process = writer(url, 0, 1, 4_000)
    assert process.wait(60) == 0
    assert "file0" in files_of(url)


def test_two_writers_at_once(url: str) -> None:
    first, second = writer(url, 0, 4, 3_000), writer(url, 2, 4, 3_000)
    assert (first.wait(120), second.wait(120)) == (0, 0)
    found = files_of(url)
    assert sorted(found) == [f"file{number}" for number in range(6)]
    assert len(set(found.values())) == 1


def test_the_commands(run: Any, tmp_path: Path) -> None:
    history = tmp_path / "history.db"
    clinic = ROOT / "examples" / "clinic.837"
    charts = ROOT / "examples" / "charts"
    done = run(
        "history", "add", clinic, "--charts", charts, "--history", history, "--format", "json"
    )
    assert (done.status, done.json["new"], done.json["charts"]) == (0, 16, 2)
    assert run("history", "add", clinic, "--history", history).out.startswith("0 new, 16 known")
    assert len(run("history", "show", "--history", history, "--format", "json").json) == 12
    shown = run("history", "show", "1EG4-TE5-MK73", "--history", history, "--format", "json").json
    assert [row["chart"] for row in shown] == ["implant", "encounter"]
    out = tmp_path / "out"
    assert run("history", "export", out, "--history", history).status == 0
    again = run("check", out / "claims.parquet", "--format", "json", "--fail-on", "never").json
    assert again["summary"]["claims_read"] == 16
    told = run("assess", out / "charts.json", "--format", "json").json
    assert [one["determination"] for one in told["charts"]] == ["records needed", "covered"]
    assert run("history", "forget", "1EG4TE5MK73", "--history", history).status == 0
    assert run("history", "show", "1EG4TE5MK73", "--history", history).out == "nothing is kept\n"
    absent = run("history", "show", "--history", tmp_path / "absent.db")
    assert absent.status == 2
    assert "no such history" in absent.err
    assert not (tmp_path / "absent.db").exists()
    assert "name the files" in run("history", "add", "--history", history).err
    bad = run("history", "add", tmp_path / "absent.837", "--history", history)
    assert bad.status == 2


def test_today_is_judged_against_the_months_before(run: Any, tmp_path: Path) -> None:
    history = tmp_path / "history.db"
    head = "claim_id,patient_id,billing_provider_npi,billing_state,payer_id,filing_indicator,form,hcpcs,modifier_1,service_from,units,charge,description"
    for month in range(1, 5):
        day, name = f"2025-0{month}-03", f"C{month},P1,1999999984,NV,01312,MB,professional"
        (tmp_path / f"{month}.csv").write_text(
            f"{head}\n{name},62370,,{day},1,200,\n{name},J7999,KD,{day},1,300,MORPHINE 400MG\n"
        )
    (tmp_path / "records.csv").write_text(
        "patient_id,visit_date,volume_after,concentration,daily_dose\nP1,2025-01-03,20,20,3\n"
    )

    def rules(month: int, *more: object) -> list[str]:
        done = run(
            "check", tmp_path / f"{month}.csv", "--history", history, "--format", "json", *more
        )
        return [one["rule"] for one in done.json["claims"][0]["findings"]]

    assert "UTL101" not in rules(1, "--charts", tmp_path / "records.csv")
    assert "UTL101" in rules(2)
    assert "UTL101" in rules(2)
    assert "UTL105" in rules(3)
    assert "UTL105" in rules(4)
    table = run("utilization", "--history", history, "--by", "patient", "--format", "json").json
    assert table["table"][0]["refills"] == 4
    assert [one["interval"] for one in table["refills"]] == [None, 31, 28, 31]
