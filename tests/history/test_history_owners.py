"""Whose claims are whose, and what becomes of those that an upload brought when it is removed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from situations import charts_of, claims_of

from pumpclaim.database import DRIVERS, make_engine
from pumpclaim.history import open_history
from pumpclaim.history.schema import SCHEMA, metadata
from pumpclaim.policy import load

if TYPE_CHECKING:
    from pumpclaim.history import History

POLICY = load()
PATIENT = "P-1"
START = date(2025, 1, 1)


def claim(name: str, frequency: str = "1", day: date = START, **more: Any) -> dict[str, Any]:
    own = {"id": name, "frequency_code": frequency, "patient_id": PATIENT, "date": day}
    return own | {"lines": ["62370"]} | more


def standing(kept: History) -> list[tuple[str, str, date]]:
    """Id, frequency and day of the claims that stand."""
    found, _ = kept.export(POLICY)
    days = dict(found.lines.group_by("claim").agg(pl.col("service_from").first()).iter_rows())
    rows = found.claims.select("claim", "claim_id", "frequency_code").iter_rows()
    return sorted((name, frequency, days[number]) for number, name, frequency in rows)


def test_what_one_keeps_is_nothing_to_another(url: str) -> None:
    charts = charts_of(
        [{"chart": "encounter", "patient_id": PATIENT, "answers": {"visit_date": "2025-01-01"}}]
    )
    given = claims_of([claim("C1"), claim("C2")])
    with (
        open_history(url, "anna") as anna,
        open_history(url, "bert") as bert,
        open_history(url) as own,
    ):
        assert anna.add(given, charts, POLICY).new == 2
        # The same claims are new to the other, and a void ends only one's own.
        assert bert.add(claims_of([claim("C1")])).new == 1
        assert bert.add(claims_of([claim("C1", "8"), claim("C2", "8")])).voided == 1
        assert [one[0] for one in standing(anna)] == ["C1", "C2"]
        assert standing(bert) == standing(own) == []
        assert own.patients() == bert.patients() == []
        assert [number for _, number in anna.patients()] == [2]
        patients = given.claims["patient_id"].to_list()
        assert bert.charts_of(patients, POLICY).count == 0
        assert anna.charts_of(patients, POLICY).count == 1
        past, judged_by = bert.past_of(claims_of([claim("C9")]), None, POLICY)
        assert (past.claims.height, judged_by) == (0, None)
        bert.add(claims_of([]), charts, POLICY)
        assert anna.charts_of(patients, POLICY).count == 1


def test_a_patient_is_forgotten_whosever(url: str) -> None:
    given = claims_of([claim("C1")])
    with open_history(url, "anna") as anna, open_history(url) as own:
        anna.add(given, origin="upload")
        own.add(given)
        assert own.forget(given.claims["patient_id"][0]) == 2
        assert standing(anna) == standing(own) == []
        assert anna.remove("upload") == 0
        with own.engine.connect() as connection:
            for table in metadata.sorted_tables:
                assert connection.execute(sa.select(table)).all() == [], table.name


def test_what_an_upload_brought_goes_with_it_but_what_another_brought_stays(url: str) -> None:
    both, first, second = claim("both"), claim("first"), claim("second")
    with open_history(url, "anna") as kept:
        kept.add(claims_of([both, first]), origin="one")
        kept.add(claims_of([both, second]), origin="two")
        kept.add(claims_of([both, first]), origin="one")
        assert kept.remove("one") == 1
        assert [name for name, _, _ in standing(kept)] == ["both", "second"]
        assert kept.remove("one") == 0
        assert kept.remove("two") == 2
        assert standing(kept) == []


def test_what_the_command_line_added_no_upload_takes_away(url: str) -> None:
    with open_history(url) as kept:
        kept.add(claims_of([claim("C1")]))
        kept.add(claims_of([claim("C1"), claim("C2")]), origin="upload")
        assert kept.remove("upload") == 1
        assert [name for name, _, _ in standing(kept)] == ["C1"]


def test_what_a_removed_void_had_ended_stands_again(url: str) -> None:
    with open_history(url, "anna") as kept:
        kept.add(claims_of([claim("C1")]), origin="january")
        kept.add(claims_of([claim("C1", "7", lines=["62369"])]), origin="february")
        kept.add(claims_of([claim("C1", "8")]), origin="march")
        assert standing(kept) == []
        kept.remove("march")
        assert [frequency for _, frequency, _ in standing(kept)] == ["7"]
        kept.remove("february")
        assert [frequency for _, frequency, _ in standing(kept)] == ["1"]


NUMBERS = count()
ADDED = st.tuples(
    st.sampled_from(["C1", "C2"]),
    st.sampled_from(["1", "7", "8"]),
    st.integers(0, 1),
    st.sampled_from(["a", "b", ""]),
)
STEPS = st.lists(ADDED | st.sampled_from(["a", "b"]), min_size=1, max_size=9)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_any_order_of_adds_and_removals_is_that_of_a_plain_model(
    tmp_path: Path, steps: list[Any]
) -> None:
    """A step that is a text removes an origin. What is left is what the rest would have come to alone."""
    arrived: dict[tuple[str, str, int], set[str]] = {}
    with open_history(str(tmp_path / f"model{next(NUMBERS)}.db"), "anna") as kept:
        for step in steps:
            if isinstance(step, str):
                kept.remove(step)
                arrived = {one: left for one, by in arrived.items() if (left := by - {step})}
                continue
            name, frequency, version, origin = step
            day = START + timedelta(days=version)
            kept.add(claims_of([claim(name, frequency, day)]), origin=origin)
            arrived.setdefault((name, frequency, version), set()).add(origin)
        found = standing(kept)
    stands = []
    for name in ("C1", "C2"):
        own = [one for one in arrived if one[0] == name]
        later = [one for one in own if one[1] != "1"]
        stands += own if not later else later[-1:] if later[-1][1] == "7" else []
    days = sorted((name, frequency, START + timedelta(days=n)) for name, frequency, n in stands)
    assert found == days


def _columns(engine: sa.Engine) -> dict[str, list[tuple[str, bool, bool]]]:
    seen = sa.inspect(engine)
    return {
        table: sorted(
            (one["name"], one["nullable"], one["name"] in seen.get_pk_constraint(table)["constrained_columns"])
            for one in seen.get_columns(table)
        )
        for table in metadata.tables
    }  # fmt: skip


def test_a_history_of_the_first_schema_is_brought_up_to_date(url: str) -> None:
    parsed = sa.make_url(url if "://" in url else f"sqlite:///{url}")
    engine = sa.create_engine(parsed.set(drivername=DRIVERS[parsed.drivername]))
    config = Config()
    config.set_main_option("script_location", str(SCHEMA.migrations))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        claim_ = {"hash": "h", "number": 1, "patient": "P1", "claim_id": "C1", "patient_id": "P1"}
        chart = {
            "part": "encounter", "patient": "P1", "day": "2025-01-01", "patient_id": "P1", "source": "a",
            "place": 1, "answers": "{}", "evidence": "[]",
        }  # fmt: skip
        for table, row in (("claims", claim_), ("charts", chart)):
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
    with open_history(url) as kept:
        assert kept.patients() == [("P1", 1)]
        assert kept.charts_of(["P1"], POLICY).count == 1
        kept.add(claims_of([claim("C1")]), origin="upload")
        kept.remove("upload")
        assert ("P1", 1) in kept.patients()
        assert _columns(kept.engine) == {
            table.name: sorted(
                (one.name, bool(one.nullable), one.primary_key) for one in table.columns
            )
            for table in metadata.tables.values()
        }
    engine.dispose()


def test_a_new_history_is_what_the_migrations_make(tmp_path: Path) -> None:
    engine = make_engine(str(tmp_path / "new.db"), SCHEMA)
    migrated = _columns(engine)
    engine.dispose()
    memory = sa.create_engine("sqlite://")
    metadata.create_all(memory)
    assert migrated == _columns(memory)
