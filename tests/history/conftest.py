"""Histories to test on: a SQLite file, and a real PostgreSQL on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from conftest_run import run

__all__ = ["run"]


def _binary(name: str) -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found:
        return found[-1]
    here = shutil.which(name)
    return Path(here) if here else None


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL, without a database, of a PostgreSQL that is started for these tests and then removed."""
    initdb, postgres = _binary("initdb"), _binary("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed (scripts/system.sh): only SQLite is tested")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("there is no user postgres to run PostgreSQL as: only SQLite is tested")
        user = {"user": "postgres"}
    folder = Path(tempfile.mkdtemp(prefix="pumpclaim-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "tester", "--auth=trust", "-E", "UTF8", "--locale=C"],
        check=True, **quiet, **user,
    )  # fmt: skip
    running = subprocess.Popen(
        [postgres, "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"],
        **quiet, **user,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield f"postgresql://tester@127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int) -> None:
    import psycopg

    for _ in range(150):
        try:
            psycopg.connect(f"postgresql://tester@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a history that does not exist yet."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    import psycopg

    server: str = request.getfixturevalue("server")
    name = f"h{abs(hash(request.node.nodeid)) % 10**12}_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"
