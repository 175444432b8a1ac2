"""A history under odd values, odd URLs and others that write meanwhile; on SQLite and a real PostgreSQL."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from situations import charts_of, claims_of

import pumpclaim
from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.history import open_history
from pumpclaim.history.schema import REVISION, metadata
from pumpclaim.policy import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpclaim.history import History

POLICY = load()
SCHEMA_OF = {"0001": "14b25199c47cdce1", "0002": "ceffddb661d64178"}
"""Digest of the tables of each revision."""


def claim(name: str | None = "C1", frequency: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": name, "frequency_code": frequency, "lines": ["62370", "62369"]} | more


def test_a_changed_table_needs_a_revision() -> None:
    told = [
        f"{table.name}.{column.name} {column.type!r} {column.nullable} {column.primary_key}"
        for table in metadata.sorted_tables
        for column in table.columns
    ]
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
    assert SCHEMA_OF.get(REVISION) == digest, "write a migration, set REVISION, add its digest here"


def test_sqlalchemy_is_imported_by_the_history_alone() -> None:
    source = str(Path(pumpclaim.__file__).parents[1])
    code = (
        f"import sys; sys.path.insert(0, {source!r}); import pumpclaim, pumpclaim.cli.app; "
        "sys.exit('sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_diagnoses_come_back_as_they_were(url: str) -> None:
    given = claims_of(
        [
            claim(f"C{number}", diagnoses=one)
            for number, one in enumerate([["M54 5", ""], [""], [], None, ["X", None], ['"\\']])
        ]
    )
    with open_history(url) as kept:
        assert kept.add(given).new == 6
        found, _ = kept.export(POLICY)
    assert found.claims["diagnoses"].to_list() == given.claims["diagnoses"].to_list()


@pytest.mark.parametrize("note", ["\x1e", "", "-", "0:", "\x1f", "\x1d"])
def test_no_two_claims_are_taken_for_one(url: str, note: str) -> None:
    with open_history(url) as kept:
        kept.add(claims_of([claim(note=None)]))
        assert kept.add(claims_of([claim(note=note)])).new == 1


def test_lines_follow_the_position_that_the_claim_has(url: str) -> None:
    given = claims_of([claim("C1"), claim("C2", patient_id="P2")])
    part = ClaimSet(given.claims.filter(claim=1), given.lines.filter(claim=1))
    with open_history(url) as kept:
        kept.add(part)
        assert kept.export(POLICY)[0].lines.height == 2


@pytest.mark.parametrize("backwards", [False, True])
def test_a_claim_without_an_id_is_voided_as_in_a_review(url: str, *, backwards: bool) -> None:
    steps = [claim(None), claim(None, "8")]
    with open_history(url) as kept:
        kept.add(claims_of([claim(None, patient_id="P2")]))
        for one in reversed(steps) if backwards else steps:
            kept.add(claims_of([one]))
        assert kept.patients() == [("P2", 1)]


def test_charts_are_kept_without_a_policy_named(url: str) -> None:
    with open_history(url) as kept:
        assert kept.add(ClaimSet(), charts_of([{}])).charts == 1
        assert kept.charts_of(["P1"], POLICY).count == 1


def test_patients_are_sorted_wherever_they_are_kept(url: str) -> None:
    names = ["b1", "A_1", "A1", "é", None]
    with open_history(url) as kept:
        kept.add(claims_of([claim(patient_id=name) for name in names]))
        assert [name for name, _ in kept.patients()] == ["", "A1", "A_1", "B1", "É"]


def replaced(kept: History) -> object:
    return kept.add(claims_of([claim("C1", "7", lines=["62370"])]))


def forgotten(kept: History) -> object:
    return kept.forget("P1")


def without_waiting(history: History) -> None:
    """SQLite gives up at once where it would wait for another's lock."""
    if history.engine.dialect.name != "sqlite":
        return
    history.engine.dispose()

    @sa.event.listens_for(history.engine, "connect")
    def impatient(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 50")


@pytest.mark.parametrize("act", [replaced, forgotten])
def test_a_reader_sees_one_moment(url: str, act: Callable[[History], object]) -> None:
    with open_history(url) as kept, open_history(url) as other:
        kept.add(claims_of([claim()]))
        without_waiting(other)
        done: list[bool] = []

        @sa.event.listens_for(kept.engine, "after_cursor_execute")
        def between(_: Any, __: Any, statement: str, *___: Any) -> None:
            if not done and "FROM claims" in statement:
                done.append(True)
                act(other)

        found = kept.claims_of(["P1"])
    assert done
    assert (found.claims.height, found.lines.height) == (1, 2)


def test_a_forgotten_patient_is_in_no_file(tmp_path: Path) -> None:
    with open_history(str(tmp_path / "history.db")) as kept:
        kept.add(claims_of([claim(f"C{number}", patient_id="SECRETID") for number in range(200)]))
        assert kept.forget("SECRETID") == 200
        for path in tmp_path.iterdir():
            assert b"SECRETID" not in path.read_bytes(), path.name


def test_a_history_that_is_locked_says_so(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with open_history(str(path)) as kept:
        without_waiting(kept)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError, match=r"cannot be written: database is locked"):
            kept.add(claims_of([claim()]))
        other.close()
        assert kept.add(claims_of([claim()])).new == 1


def test_text_that_postgresql_cannot_hold_says_so(server: str) -> None:
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE nul")
    with open_history(f"{server}/nul") as kept:
        with pytest.raises(InputError, match="NUL"):
            kept.add(claims_of([claim("C1"), claim("C2", note="a\x00b")]))
        assert kept.patients() == []


def test_a_database_of_others_with_our_revision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES (?)", (REVISION,))
    with pytest.raises(InputError, match="holds other tables"):
        open_history(str(path))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@127.0.0.1:1/x?password=opensesame",
        "postgresql://u:open@sesame@127.0.0.1:1/x",
        "postgresql://u:opensesame@127.0.0.1:abc/x",
        "postgresql://u:opensesame@[::1/x",
        "postgresql+asyncpg://u:opensesame@127.0.0.1:1/x",
        "sqlite+aiosqlite:///opensesame",
        "sqlite:///history.db?mode=opensesame",
    ],
)
def test_no_url_shows_a_password(url: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        open_history(url)
    assert "sesame" not in str(error.value)
