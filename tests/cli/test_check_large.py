"""``pumpclaim check`` of data sets: engines, results, sentences, exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.streams.made import in_files, written
from tests.streams.test_streams import equal, pumps


def test_a_pattern_is_a_stream_and_the_last_path_its_folder(run: Any, tmp_path: Path) -> None:
    in_files(pumps(3), tmp_path / "in", [5])
    done = run("check", str(tmp_path / "in" / "*.parquet"), str(tmp_path / "out"))
    assert done.status in (0, 1)
    assert "18 service lines" in done.out
    assert "DOC100" in done.out
    equal(pumps(3), tmp_path / "out")


def test_summary_as_json(run: Any, tmp_path: Path) -> None:
    in_files(pumps(2), tmp_path / "in", [])
    done = run(
        "check",
        str(tmp_path / "in"),
        "-o",
        str(tmp_path / "out"),
        "--scope",
        "pump",
        "--format",
        "json",
    )
    said: dict[str, Any] = json.loads(done.out)
    assert said["lines"] == 12
    assert said["claims_reviewed"] == 6
    assert sum(said["determinations"].values()) == 6
    assert said["rules"]["DOC100"] == 6


@pytest.mark.parametrize(("words", "sentence"), [
    (["--engine", "stream"], "give a folder for the results"),
    (["--engine", "stream", "-o", "{out}", "--format", "csv"], "writes Parquet"),
    (["--engine", "stream", "-o", "{out}", "--history", "x.db"], "--charts and --history"),
    (["--engine", "streem", "-o", "{out}"], "did you mean 'stream'"),
    (["--scope", "pumps", "-o", "{out}"], "did you mean 'pump'"),
    (["--engine", "spark", "--resume", "-o", "{out}"], "--resume is for --engine stream"),
])  # fmt: skip
def test_calls_that_cannot_be_used(
    run: Any, tmp_path: Path, words: list[str], sentence: str
) -> None:
    in_files(pumps(1), tmp_path / "in", [])
    done = run(
        "check", str(tmp_path / "in"), *(word.format(out=tmp_path / "out") for word in words)
    )
    assert done.status == 2
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_a_bad_file_is_named_and_the_rest_goes_on(run: Any, tmp_path: Path) -> None:
    in_files(pumps(2), tmp_path / "in", [])
    (tmp_path / "in" / "bad.parquet").write_bytes(b"PAR1 and no more")
    done = run("check", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "stream")
    assert done.status == 2
    assert "bad.parquet: this Parquet file is cut off or damaged" in done.err
    equal(pumps(2), tmp_path / "out")


def test_claims_taken_back_are_voids_in_a_stream_too(run: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pl.DataFrame({
        "DML_IND": ["INSERT", "DELETE"], "BENE_ID": ["A", "B"], "CLM_ID": ["1", "2"], "LINE_NUM": ["1", "1"],
        "CARR_NUM": ["01312", "01312"], "HCPCS_CD": ["62370", "62370"],
        "LINE_1ST_EXPNS_DT": ["05-FEB-2024", "05-FEB-2024"], "LINE_SBMTD_CHRG_AMT": ["100", "100"],
    }).write_parquet(tmp_path / "in" / "a.parquet")  # fmt: skip
    done = run("check", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "stream")
    assert done.status == 0
    found = written(tmp_path / "out", "determinations").sort("claim_id")
    assert found["determination"].to_list() == ["payable", "not-governed"]
    local = run("check", str(tmp_path / "in" / "a.parquet"), "--format", "json")
    assert [one["determination"] for one in local.json["claims"]] == ["payable", "not-governed"]


def test_a_layout_in_a_stream_says_what_it_lacks(run: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pl.DataFrame({
        "CLAIM_ID": ["1", "1"], "CLAIM_LINE_NUMBER": [1, 2], "CLAIM_TYPE": ["professional"] * 2,
        "PERSON_ID": ["A", "A"], "HCPCS_CODE": ["62370", "J7999"], "HCPCS_MODIFIER_1": [None, "KD"],
        "CLAIM_START_DATE": ["2024-02-02 00:00:00"] * 2, "CHARGE_AMOUNT": [100.0, None],
    }).write_parquet(tmp_path / "in" / "a.parquet")  # fmt: skip
    done = run("check", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "stream")
    assert done.status == 0
    assert done.err.count("carries no drug narrative") == 1
    assert "DRG107" in done.err
    reasons = written(tmp_path / "out", "prices")["reason"].to_list()
    assert reasons[1] == "the file's layout carries no narrative of drugs"
