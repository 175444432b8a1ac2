"""A real Spark on two local cores; where Java or pyspark is missing it is said loudly what was not tested."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

WHY = (
    "NOT TESTED: Spark. " + ("Java 17 is missing. " if shutil.which("java") is None else "")
    + ("pyspark is missing." if find_spec("pyspark") is None else "")
)  # fmt: skip
MISSING = shutil.which("java") is None or find_spec("pyspark") is None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder on one worker: a session of Spark takes long to begin."""
    for item in items:
        if "tests/spark" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("spark"))
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=WHY))


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pumpclaim.spark import session

    made = session("local[2]", {
        "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "3", "spark.driver.host": "127.0.0.1",
        "spark.ui.showConsoleProgress": "false",
    })  # fmt: skip
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()
