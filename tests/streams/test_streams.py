"""A stream gives what a local run gives, however the rows lie in files and parts."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.streams import check_stream, run
from pumpclaim.streams.store import Store

from .made import COMPARED, comparable, in_files, local, rejected, row, tables, written


def equal(table: pl.DataFrame, folder: Path, **options: Any) -> None:
    claims, wanted = local(table, **options)
    for name in COMPARED:
        assert_frame_equal(comparable(name, written(folder, name)), wanted[name])
    assert rejected(folder) == sorted(claims.rejected["claim_id"].to_list(), key=str)


@pytest.mark.slow
@settings(max_examples=60)
@given(table=tables(), cuts=st.lists(st.integers(0, 40), max_size=4), piece=st.integers(1, 30))
def test_equals_the_local_run(table: pl.DataFrame, cuts: list[int], piece: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_files(table, folder / "in", cuts)
        result = check_stream([str(folder / "in")], folder / "out", piece=piece)
        equal(table, folder / "out")
        assert result.summary["claims_rejected"] == len(rejected(folder / "out"))
        assert not (folder / "out" / "_work").exists()


@pytest.mark.slow
@settings(max_examples=40)
@given(table=tables(), cuts=st.lists(st.integers(0, 40), max_size=3), piece=st.integers(1, 30))
def test_the_scope_leaves_out_only_whom_the_article_does_not_concern(
    table: pl.DataFrame, cuts: list[int], piece: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = in_files(table, folder / "in", cuts)
        result = check_stream(paths, folder / "out", piece=piece, scope="pump")
        _, wanted = local(table)
        assert_frame_equal(
            comparable("findings", written(folder / "out", "findings")), wanted["findings"]
        )
        for one in ("prices", "determinations"):
            listed = comparable(one, written(folder / "out", one))
            assert_frame_equal(listed, wanted[one].join(listed, on=listed.columns, how="semi", nulls_equal=True))  # fmt: skip
        governed = wanted["determinations"].filter(pl.col("determination") != "not-governed")
        listed = written(folder / "out", "determinations")
        assert governed.join(listed, on=["claim_id", "patient_id"], how="anti").height == 0
        lines = result.summary["lines"] + result.summary["lines_outside"]
        assert lines <= table.height


def pumps(patients: int, claims: int = 3) -> pl.DataFrame:
    """Refills of several patients, claims of a patient far from each other."""
    return pl.DataFrame([
        row(
            claim * patients + patient, line, f"P{patient}", hcpcs=code, modifier_1="KD" if line == 2 else "",
            description="MORPHINE 360MG" if line == 2 else "", service_from=f"2024-0{claim + 1}-1{patient % 9}",
            charge="5000.00", units="1",
        )
        for claim in range(claims) for patient in range(patients) for line, code in ((1, "62370"), (2, "J7999"))
    ])  # fmt: skip


def test_tells_file_and_row_of_each_claim(tmp_path: Path) -> None:
    paths = in_files(pumps(4), tmp_path / "in", [7])
    check_stream(paths, tmp_path / "out", piece=5)
    found = written(tmp_path / "out", "determinations")
    for claim in found.iter_rows(named=True):
        rows = pl.read_parquet(claim["source"])
        assert rows["claim_id"][claim["segment"] - 2] == claim["claim_id"]


@pytest.mark.parametrize("after", range(6))
def test_resumes_without_doing_anything_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    table = pumps(6)
    paths = in_files(table, tmp_path / "in", [10, 20])
    judged: list[int] = []
    judge = run.judge
    monkeypatch.setattr(
        run, "judge", lambda rows, *rest: judged.append(rows.height) or judge(rows, *rest)
    )
    keep, mark = Store.keep, Store.mark
    marks: list[str] = []

    def stops(self: Store, part: str, counts: Any) -> None:
        if len(marks) == after:
            raise KeyboardInterrupt
        marks.append(part)
        mark(self, part, counts)

    monkeypatch.setattr(Store, "mark", stops)
    try:
        check_stream(paths, tmp_path / "out", piece=6)
        pytest.fail("the stream has fewer parts than this test thinks")
    except KeyboardInterrupt:
        pass
    monkeypatch.setattr(Store, "mark", mark)
    assert Store.keep is keep
    before = len(judged)
    check_stream(paths, tmp_path / "out", piece=6, resume=True)
    equal(table, tmp_path / "out")
    again = [path.name for path in (tmp_path / "out" / "prices").iterdir()]
    assert len(again) == len(set(again))
    assert len(judged) - before <= len(again)
    done = check_stream(paths, tmp_path / "out", piece=6, resume=True)
    assert done.summary["lines"] == table.height


def test_a_folder_with_results_is_not_written_over(tmp_path: Path) -> None:
    paths = in_files(pumps(2), tmp_path / "in", [])
    check_stream(paths, tmp_path / "out")
    with pytest.raises(InputError, match="no Medicare A or B contract"):
        check_stream(paths, tmp_path / "other", contractor="99")
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputError, match="--resume"):
        check_stream(paths, tmp_path / "out")
    with pytest.raises(InputError, match="options differ"):
        check_stream(paths, tmp_path / "out", select=["DRG"], resume=True)
    other = load({"compounding-fee": "per-cartridge"})
    with pytest.raises(InputError, match="options differ"):
        check_stream(paths, tmp_path / "out", policy=other, resume=True)
    pumps(3).write_parquet(paths[0])
    with pytest.raises(InputError, match="files differ"):
        check_stream(paths, tmp_path / "out", resume=True)
    (tmp_path / "foreign" / "prices").mkdir(parents=True)
    pumps(1).write_parquet(tmp_path / "foreign" / "prices" / "mine.parquet")
    with pytest.raises(InputError, match="other work"):
        check_stream(paths, tmp_path / "foreign")


def damaged_late(path: Path) -> None:
    """Spoil a column that the survey does not read."""
    content = path.read_bytes()
    at = content.index(b"BUPIVACAINE")
    path.write_bytes(content[: at - 8] + b"\xff" * 60 + content[at + 52 :])


def test_bad_files_are_set_aside_and_named(tmp_path: Path) -> None:
    good = pumps(5)
    paths = in_files(good, tmp_path / "in", [])
    (tmp_path / "in" / "zz-cut.parquet").write_bytes(Path(paths[0]).read_bytes()[:-40])
    (tmp_path / "in" / "zz-text.parquet").write_text("no Parquet at all")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "in" / "zz-other.parquet")
    bad = pumps(40).with_columns(patient_id="X" + pl.col("patient_id"), description=pl.lit("BUPIVACAINE 90MG"))  # fmt: skip
    late = tmp_path / "in" / "late.parquet"
    bad.write_parquet(late, compression="uncompressed", use_pyarrow=False)
    damaged_late(late)
    with pytest.raises(pl.exceptions.PolarsError):
        pl.read_parquet(late)
    result = check_stream([str(tmp_path / "in")], tmp_path / "out", piece=7)
    named = {Path(one.source).name: one.reason for one in result.refused}
    assert "no Parquet file" in named["zz-text.parquet"]
    assert set(named) == {"zz-cut.parquet", "zz-text.parquet", "zz-other.parquet", "late.parquet"}
    assert all(len(reason) < 200 for reason in named.values())
    equal(good, tmp_path / "out")


def test_a_file_that_ends_the_process_is_set_aside_by_who_goes_on(
    tmp_path: Path, deadly: Callable[[Path], None]
) -> None:
    good = pumps(5)
    in_files(good, tmp_path / "in", [])
    others = good.with_columns(patient_id="X" + pl.col("patient_id"))
    others.write_parquet(tmp_path / "in" / "deadly.parquet")
    deadly(tmp_path / "in" / "deadly.parquet")
    words = ["check", tmp_path / "in", "-o", tmp_path / "out", "--engine", "stream"]
    command = [sys.executable, "-m", "pumpclaim", *words]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGABRT
    result = check_stream([str(tmp_path / "in")], tmp_path / "out", resume=True)
    assert [Path(one.source).name for one in result.refused] == ["deadly.parquet"]
    equal(good, tmp_path / "out")


def test_an_empty_set(tmp_path: Path) -> None:
    paths = in_files(pumps(1)[:0], tmp_path / "in", [])
    result = check_stream(paths, tmp_path / "out")
    assert result.summary["lines"] == 0
    assert result.worst() is None
    for nothing in (tmp_path / "none", tmp_path / "*.parquet"):
        with pytest.raises(InputError):
            check_stream([str(nothing)], tmp_path / "out2")


def test_one_patient_with_nearly_all_lines(tmp_path: Path) -> None:
    many = pl.concat([
        pumps(1).with_columns(claim_id=pl.lit(f"S{at}"), service_from=pl.lit(f"20{10 + at % 15}-0{at % 9 + 1}-1{at % 10}"))
        .unique("line", maintain_order=True)
        for at in range(400)
    ])  # fmt: skip
    table = pl.concat([many[:300], pumps(3), many[300:]])
    in_files(table, tmp_path / "in", [100, 400])
    check_stream([str(tmp_path / "in")], tmp_path / "out", piece=50)
    equal(table, tmp_path / "out")


def test_hive_partitions_patterns_and_addresses(tmp_path: Path) -> None:
    table = pumps(6)
    for state in table["billing_state"].unique():
        part = tmp_path / "in" / f"billing_state={state}" / "year=2024"
        part.mkdir(parents=True)
        own = table.filter(pl.col("billing_state") == state).drop("billing_state")
        own.write_parquet(part / "a.parquet")
    (tmp_path / "in" / "_SUCCESS").touch()
    for number, path in enumerate((
        str(tmp_path / "in"), str(tmp_path / "in" / "billing_state=*" / "**" / "*.parquet"),
        f"file://{tmp_path}/in/**/*.parquet",
    )):  # fmt: skip
        out = tmp_path / f"out{number}"
        result = check_stream([path], out, piece=10)
        assert not result.refused
        equal(table, out)


def test_files_whose_types_differ_are_one_set(tmp_path: Path) -> None:
    table = pumps(4)
    half = table.height // 2
    first = table[:half].with_columns(
        pl.col("service_from").str.to_date(), pl.col("line").cast(pl.Int64), pl.col("charge").cast(pl.Float64)
    )  # fmt: skip
    (tmp_path / "in").mkdir()
    first.write_parquet(tmp_path / "in" / "a.parquet")
    table[half:].write_parquet(tmp_path / "in" / "b.parquet")
    check_stream([str(tmp_path / "in")], tmp_path / "out", piece=100)
    equal(table, tmp_path / "out")


def test_progress_goes_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    paths = in_files(pumps(4), tmp_path / "in", [9])
    check_stream(paths, tmp_path / "out", piece=6, progress=lambda *one: told.append(one))
    for what in ("looking for patients", "judging"):
        done = [count for name, count, _ in told if name == what]
        assert done == sorted(done)
        assert done[-1] == 24
