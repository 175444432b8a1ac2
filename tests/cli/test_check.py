"""pumpclaim check, as it is run: files in, reports, complaints and exit status out."""

from __future__ import annotations

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from pumpclaim._version import __version__

from .conftest import ENVIRONMENT, ISA, PAYABLE, WITHOUT_KD, claim, file_of

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "check.schema.json").read_text())
EXAMPLES = sorted((ROOT / "examples").glob("*.837"))


def test_clean_claim(run: Any, clean_file: Path) -> None:
    done = run("check", clean_file)
    assert (done.status, done.err) == (0, "")
    assert "GOOD-1" in done.out
    assert "$81.60" in done.out
    assert "\x1b" not in done.out


def test_claim_to_fix(run: Any, mixed_file: Path) -> None:
    done = run("check", mixed_file)
    assert done.status == 1
    assert "KD-2" in done.out
    assert "DRG104" in done.out


def test_json(run: Any, mixed_file: Path) -> None:
    done = run("check", mixed_file, "--format", "json")
    jsonschema.validate(done.json, SCHEMA, jsonschema.Draft202012Validator)
    good, bad = done.json["claims"]
    assert (good["claim_id"], good["determination"], good["allowed"]) == (
        "GOOD-1",
        "payable",
        "81.60",
    )
    assert good["lines"][1]["pricing"][0]["extended"] == "18.00"
    assert (bad["claim_id"], bad["determination"]) == ("KD-2", "fix")
    assert "DRG104" in [one["rule"] for one in bad["findings"]]


def test_rejected_claim_goes_beside_the_others(run: Any, damaged_file: Path) -> None:
    done = run("check", damaged_file, "--format", "json")
    summary = done.json["summary"]
    assert (summary["claims_read"], summary["claims_reviewed"], summary["claims_rejected"]) == (
        2,
        1,
        1,
    )
    assert "BAD-2" not in [one["claim_id"] for one in done.json["claims"]]
    assert done.json["rejected"][0]["segment"] > 20
    assert done.status == 1
    assert run("check", damaged_file, "--fail-on", "deny").status == 0


@pytest.mark.parametrize(
    ("level", "status"),
    [("deny", 0), ("reject", 1), ("records", 1), ("package", 1), ("advise", 1), ("never", 0)],
)
def test_fail_on(run: Any, mixed_file: Path, level: str, status: int) -> None:
    assert run("check", mixed_file, "--fail-on", level).status == status


def test_select_and_ignore(run: Any, mixed_file: Path) -> None:
    only = run("check", mixed_file, "--select", "JUR,cod", "--format", "json")
    assert only.status == 0
    assert not [one for claim in only.json["claims"] for one in claim["findings"]]
    without = run("check", mixed_file, "--ignore", "DRG104", "--format", "json")
    assert "DRG104" not in without.out
    assert without.status == 0


def test_reading_is_switched_and_said(run: Any, mixed_file: Path) -> None:
    done = run("check", mixed_file, "--reading", "kd-on-compound=not-required", "--format", "json")
    assert done.json["readings"] == {"kd-on-compound": "not-required"}
    assert "DRG104" not in done.out


def test_contractor_judges_whatever_payer_is_named(run: Any, clean_file: Path) -> None:
    assert "JUR103" in run("check", clean_file, "--contractor", "01212").out


def test_standard_input(run: Any, clean_file: Path) -> None:
    done = run("check", "-", stdin=clean_file.read_bytes())
    assert done.status == 0
    assert "GOOD-1" in done.out


def test_compressed_file_and_folder(run: Any, clean_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.837.gz").write_bytes(gzip.compress(clean_file.read_bytes()))
    done = run("check", folder, "--format", "json")
    assert done.status == 0
    assert done.json["summary"]["claims_read"] == 1


def test_several_files_are_one_set(run: Any, clean_file: Path, mixed_file: Path) -> None:
    done = run("check", clean_file, mixed_file, "--format", "json")
    assert {Path(one["source"]).name for one in done.json["claims"]} == {"clean.837", "mixed.837"}


def test_limit(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "many.837"
    claims = [claim(f"C-{n}", WITHOUT_KD, day=f"202403{n:02}") for n in range(1, 13)]
    path.write_text(file_of(*claims))
    assert "10 more claims that need work" in run("check", path, "--limit", 2).out


def test_output_files(run: Any, mixed_file: Path, tmp_path: Path) -> None:
    for report in ("text", "json"):
        out = tmp_path / f"report.{report}"
        done = run("check", mixed_file, "--format", report, "-o", out)
        assert (done.status, done.out) == (1, "")
        assert "KD-2" in out.read_text()


def test_csv_to_standard_output(run: Any, mixed_file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("check", mixed_file, "--format", "csv").out)))
    assert ("KD-2", "DRG104") in {(row["claim_id"], row["rule"]) for row in rows}


def test_csv_to_standard_output_tells_of_rejected_claims(run: Any, damaged_file: Path) -> None:
    assert "could not be read" in run("check", damaged_file, "--format", "csv").err


@pytest.mark.parametrize("report", ["csv", "parquet"])
def test_tables_into_a_folder(run: Any, mixed_file: Path, tmp_path: Path, report: str) -> None:
    out = tmp_path / "new" / "tables"
    assert run("check", mixed_file, "--format", report, "-o", out).status == 1
    assert sorted(path.name for path in out.iterdir()) == sorted(
        f"{name}.{report}"
        for name in ("findings", "prices", "price_items", "determinations", "rejected")
    )
    read = pl.read_csv if report == "csv" else pl.read_parquet
    assert str(read(out / f"prices.{report}")["allowed"].drop_nulls()[0]).startswith("81.6")


REMITTANCE = f"""{ISA}~
GS*HP*NORIDIAN*CLINIC*20240305*0930*1*X*005010X221A1~
ST*835*0001~
BPR*I*81.6*C*CHK************20240305~
TRN*1*1*1999999984~
N1*PR*NORIDIAN~
N1*PE*DESERT PAIN CLINIC*XX*1999999984~
LX*1~
CLP*GOOD-1*1*420*81.6**MB*1~
SE*8*0001~
GE*1*1~
IEA*1*000000001~
"""

# What cannot be used: one sentence, exit status 2, no traceback (Ran sees to that).


def sentence(done: Any) -> str:
    assert done.status == 2
    assert len(done.err.strip().splitlines()) == 1, done.err
    return str(done.err)


def test_missing_file(run: Any) -> None:
    assert "nowhere.837" in sentence(run("check", "nowhere.837"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 8,
        b"dear reader, this is no claim file",
        REMITTANCE.encode(),
        file_of(claim("C-1", PAYABLE)).encode()[:60],
    ],
    ids=["empty", "blank", "binary", "prose", "835", "cut-off"],
)
def test_file_that_cannot_be_used(run: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "given.837"
    path.write_bytes(content)
    done = run("check", path)
    assert "given.837" in sentence(done)
    assert done.out == ""
    as_json = run("check", path, "--format", "json")
    assert as_json.status == 2
    jsonschema.validate(as_json.json, SCHEMA, jsonschema.Draft202012Validator)
    assert as_json.json["refused"]


def test_unusable_file_beside_a_good_one(run: Any, clean_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.837"
    bad.write_text("no claim file")
    done = run("check", bad, clean_file, "--fail-on", "never")
    assert "bad.837" in sentence(done)
    assert "GOOD-1" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--select", "DRG14"], "did you mean DRG1"),
        (["--ignore", "XYZ"], "XYZ"),
        (["--format", "parquet"], "name a folder with -o"),
        (["--reading", "kd-on-compuond=required"], "did you mean 'kd-on-compound'?"),
        (["-o", "no/such/folder/report.txt"], "folder does not exist"),
        (["-o", "."], "give a file"),
    ],
)
def test_call_that_cannot_be_used(
    run: Any, clean_file: Path, arguments: list[str], words: str
) -> None:
    done = run("check", clean_file, *arguments)
    assert words in sentence(done)
    assert done.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "jsn"], "did you mean 'json'?"),
        (["--fail-on", "denny"], "did you mean 'deny'?"),
        (["--fail-on", "qqq"], "choose from deny, reject"),
        (["--contractor", "Noridian"], "five digits"),
        (["--limit", "-1"], "--limit"),
        (["--limit", "many"], "--limit"),
        (["--outptu", "x"], "--outptu"),
    ],
)
def test_usage_errors(run: Any, clean_file: Path, arguments: list[str], words: str) -> None:
    done = run("check", clean_file, *arguments)
    assert done.status == 2
    assert words in done.err
    assert done.out == ""


def test_no_file_at_all(run: Any) -> None:
    done = run("check")
    assert done.status == 2
    assert "FILE" in done.err


def test_output_that_is_an_input(run: Any, clean_file: Path) -> None:
    before = clean_file.read_bytes()
    assert "overwrite" in sentence(run("check", clean_file, "-o", clean_file))
    assert clean_file.read_bytes() == before


def test_output_folder_that_is_a_file(run: Any, clean_file: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("kept")
    assert "folder" in sentence(run("check", clean_file, "--format", "csv", "-o", taken))
    assert taken.read_text() == "kept"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("report", ["text", "json", "csv"])
def test_disk_full(clean_file: Path, report: str) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "pumpclaim", "check", str(clean_file), "--format", report]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, check=False, env=ENVIRONMENT
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_reader_of_the_output_goes_away(tmp_path: Path, unbuffered: str) -> None:
    path = tmp_path / "many.837"
    path.write_text(file_of(*(claim(f"C-{n}", WITHOUT_KD) for n in range(2000))))
    command = [sys.executable, "-m", "pumpclaim", "check", str(path), "--format", "json"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT | {"PYTHONUNBUFFERED": unbuffered},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        complaints = process.stderr.read()
    assert complaints == b""
    assert process.returncode == 2


def test_interrupt() -> None:
    # A process started in the background may have been told to ignore the signal; this one is not.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import sys; sys.argv = ['pumpclaim', 'check', '-'];"
        "from pumpclaim.cli import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        try:
            _, complaints = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert b"Traceback" not in complaints


def test_text_in_a_terminal_without_unicode(run: Any, clean_file: Path) -> None:
    done = run("check", clean_file, PYTHONIOENCODING="ascii")
    assert done.status == 0
    assert "GOOD-1" in done.out


@pytest.mark.parametrize("columns", ["60", "120"])
def test_fits_the_terminal(run: Any, mixed_file: Path, columns: str) -> None:
    done = run("check", mixed_file, COLUMNS=columns)
    assert max(map(len, done.out.splitlines())) <= int(columns)


def test_version(run: Any) -> None:
    assert run("--version").out == f"pumpclaim {__version__}\n"


def test_version_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['pumpclaim', '--version']; from pumpclaim.cli import main; main();"
        "assert not {'polars', 'typer', 'rich', 'numpy', 'orjson'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, pumpclaim; assert 'polars' not in sys.modules; dir(pumpclaim); pumpclaim.check"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)


def test_a_fault_of_our_own_shows_no_claim(
    monkeypatch: pytest.MonkeyPatch, clean_file: Path
) -> None:
    from typer.testing import CliRunner

    import pumpclaim.review
    from pumpclaim.cli.app import app

    def fail(*_: object, **__: object) -> None:
        raise KeyError("ALEX SAMPLE 1EG4TE5MK73")

    monkeypatch.setattr(pumpclaim.review, "check", fail)
    result = CliRunner().invoke(app, ["check", str(clean_file)])
    assert result.exit_code == 2
    assert "a fault of pumpclaim itself (KeyError in test_check.py" in result.stderr
    assert "SAMPLE" not in result.stderr


@pytest.mark.skipif(not EXAMPLES, reason="no examples here")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_validate_against_the_schema(run: Any, path: Path) -> None:
    done = run("check", path, "--format", "json")
    jsonschema.validate(done.json, SCHEMA, jsonschema.Draft202012Validator)
    summary = done.json["summary"]
    assert summary["claims_read"] == summary["claims_reviewed"] + summary["claims_rejected"]


def test_records_may_be_asked_of_patients_with_a_chart_alone(run: Any, tmp_path: Path) -> None:
    chart = (
        (ROOT / "examples" / "charts" / "refill.yaml")
        .read_text()
        .replace("1EG4TE5MK73", "9XX0000YY00")
    )
    (tmp_path / "refill.yaml").write_text(chart)
    call = ["check", ROOT / "examples" / "clinic.837", "--format", "json"]
    with_charts = [*call, "--charts", tmp_path / "refill.yaml"]
    none, every, charted = (
        {one["claim_id"]: one["determination"] for one in run(*arguments).json["claims"]}
        for arguments in (call, with_charts, [*with_charts, "--records-of", "charted"])
    )
    assert sum(one == "records" for one in every.values()) > 3
    assert {name for name in none if charted[name] != none[name]} == {"R-1001"}
    refused = run(*with_charts, "--records-of", "some")
    assert refused.status == 2
    assert "all" in refused.err
