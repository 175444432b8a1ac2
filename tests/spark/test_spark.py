"""Spark gives what a local run gives, row by row, whatever the number of partitions."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.streams.made import COMPARED, comparable, in_files, local, rejected, tables, written
from tests.streams.test_streams import equal, pumps

from pumpclaim.errors import InputError
from pumpclaim.policy import load

ROOT = Path(__file__).parents[2]


def frame_of(spark: Any, table: pl.DataFrame, folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    table.write_parquet(folder / "in.parquet")
    return spark.read.parquet(str(folder / "in.parquet"))


def got(table: Any, name: str) -> pl.DataFrame:
    """A DataFrame of Spark as a table with the types of a stream's."""
    from pumpclaim.streams.tables import STREAMED

    read = pl.from_arrow(table.toArrow())
    assert isinstance(read, pl.DataFrame)
    return read.cast(dict(STREAMED[name].schema))  # type: ignore[arg-type]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables(), partitions=st.sampled_from([1, 2, 5]))
def test_equals_the_local_run(
    spark: Any, tmp_path_factory: pytest.TempPathFactory, table: pl.DataFrame, partitions: int
) -> None:
    from pumpclaim.spark import check

    checked = check(frame_of(spark, table, tmp_path_factory.mktemp("set")), partitions=partitions)
    claims, wanted = local(table)
    for name, one in zip(COMPARED, checked, strict=True):
        assert_frame_equal(comparable(name, got(one, name)), wanted[name])
    ids = got(checked.rejected, "rejected")["claim_id"].to_list()
    assert sorted(ids, key=str) == sorted(claims.rejected["claim_id"].to_list(), key=str)
    checked.unpersist()


def test_options_and_scope(spark: Any, tmp_path: Path) -> None:
    from pumpclaim.spark import check

    others = pumps(3).with_columns(
        hcpcs=pl.lit("99213"), patient_id="X" + pl.col("patient_id"), claim_id="X" + pl.col("claim_id")
    )  # fmt: skip
    table = pl.concat([pumps(4), others])
    policy = load({"compounding-fee": "per-cartridge"})
    lines = frame_of(spark, table, tmp_path)
    whole = check(lines, policy=policy, contractor="01312", ignore=["DOC"])
    _, wanted = local(table, policy=policy, contractor="01312", ignore=["DOC"])
    for name, one in zip(COMPARED, whole, strict=True):
        assert_frame_equal(comparable(name, got(one, name)), wanted[name])
    some = check(lines, scope="pump")
    listed = {row["patient_id"] for row in some.determinations.collect()}
    assert listed == {f"P{at}" for at in range(4)}
    assert whole.determinations.count() == 21


def test_what_cannot_be_used(spark: Any, tmp_path: Path) -> None:
    from pumpclaim.spark import check

    lines = frame_of(spark, pumps(1), tmp_path)
    with pytest.raises(InputError, match="line number"):
        check(lines.drop("line"))
    with pytest.raises(InputError, match="patient_id"):
        check(lines.drop("patient_id"))
    with pytest.raises(InputError, match="no rule"):
        check(lines, select=["DRX104"])
    with pytest.raises(InputError, match="no scope"):
        check(lines, scope="some")


def test_only_a_wheel_is_shipped(spark: Any, tmp_path: Path) -> None:
    from pumpclaim.spark import ship

    (tmp_path / "a.whl").write_text("no zip")
    for path in (tmp_path / "a.whl", tmp_path / "none.whl", ROOT / "pyproject.toml"):
        with pytest.raises(InputError, match="no wheel"):
            ship(spark, path)


def test_an_empty_frame(spark: Any, tmp_path: Path) -> None:
    from pumpclaim.spark import check

    checked = check(frame_of(spark, pumps(1)[:0], tmp_path))
    assert [one.count() for one in checked] == [0, 0, 0]


def test_files_in_files_out(spark: Any, tmp_path: Path) -> None:
    from pumpclaim.spark import check_files

    in_files(pumps(5), tmp_path / "in", [9])
    (tmp_path / "in" / "bad.parquet").write_bytes(b"PAR1")
    result = check_files([str(tmp_path / "in")], tmp_path / "out")
    assert [Path(one.source).name for one in result.refused] == ["bad.parquet"]
    assert result.summary["lines"] == 30
    assert result.summary["rules"]["DOC100"] == 15
    equal(pumps(5), tmp_path / "out")
    assert rejected(tmp_path / "out") == []
    assert written(tmp_path / "out", "prices")["allowed"].sum() == float(result.summary["allowed"])
    with pytest.raises(InputError, match="holds tables"):
        check_files([str(tmp_path / "in")], tmp_path / "out")


SHIPPED = """
import sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local-cluster[1,2,1024]").config("spark.ui.enabled", "false")
         .config("spark.driver.host", "127.0.0.1").getOrCreate())
from pumpclaim.spark import check, ship
ship(spark, sys.argv[1])
def where(_):
    import pumpclaim
    yield pumpclaim.__file__
print("HOME", spark.sparkContext.parallelize([1], 1).mapPartitions(where).collect())
checked = check(spark.read.parquet(sys.argv[2]), partitions=2)
print("FOUND", checked.findings.count(), checked.prices.count())
spark.stop()
"""


def test_shipped_to_executors_as_a_wheel(tmp_path: Path, spark: Any) -> None:
    spark.stop()  # one machine, one session at a time
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)],
        capture_output=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr.decode()
    (wheel,) = tmp_path.glob("pumpclaim-*.whl")
    assert any(name.endswith("ccw_carrier.toml") for name in zipfile.ZipFile(wheel).namelist())
    pumps(4).write_parquet(tmp_path / "in.parquet")
    script = tmp_path / "job.py"
    script.write_text(SHIPPED)
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, str(script), str(wheel), str(tmp_path / "in.parquet")],
        capture_output=True, check=False, timeout=180, cwd=tmp_path, env=environment,
    )  # fmt: skip
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    home = next(line for line in said.splitlines() if line.startswith("HOME"))
    assert f"{wheel.stem}.zip" in home
    _, wanted = local(pumps(4))
    assert f"FOUND {wanted['findings'].height} {wanted['prices'].height}" in said
