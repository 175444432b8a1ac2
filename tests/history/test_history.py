"""A history gives back what was added, once, whatever the order; on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from situations import charts_of, claims_of

import pumpclaim
from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.history import Added, open_history
from pumpclaim.history.schema import REVISION
from pumpclaim.policy import load

EXAMPLES = Path(__file__).parents[2] / "examples"
POLICY = load()
ASIDE = ["claim", "source", "segment"]


def claim(
    name: str = "C1", frequency: str = "1", day: date = date(2025, 3, 10), **more: Any
) -> dict[str, Any]:
    return {
        "id": name, "frequency_code": frequency, "date": day, "lines": ["62370", "J7999-KD MORPHINE 360MG"],
    } | more  # fmt: skip


def ids(claims: ClaimSet) -> list[tuple[str, str]]:
    return sorted(claims.claims.select("claim_id", "frequency_code").rows())


def test_every_column_comes_back(url: str) -> None:
    given = pumpclaim.read(
        EXAMPLES / "clinic.837", EXAMPLES / "hospital.837", EXAMPLES / "clinic.csv"
    )
    with open_history(url) as kept:
        added = kept.add(given)
        found, charts = kept.export(POLICY)
        assert added.new + added.known == given.claims.height
        order = ["claim_id", "patient_id", "statement_from"]
        assert given.claims["patient_name"].null_count() == 0
        assert found.claims["patient_name"].null_count() == found.claims.height, (
            "names are not kept"
        )
        aside = (*ASIDE, "patient_name")
        own = given.claims.drop(aside).unique(maintain_order=True)
        assert found.claims.drop(aside).sort(order).equals(own.sort(order))
        assert found.lines.height >= own.height
        assert charts.count == 0
        again = kept.claims_of(given.claims["patient_id"].unique().to_list())
        assert ids(again) == ids(found)
    whole = pumpclaim.check(found).summary()
    assert whole["claims_reviewed"] == found.claims.height


def test_lines_come_back_with_their_claims(url: str) -> None:
    given = pumpclaim.read(EXAMPLES / "clinic.837")
    with open_history(url) as kept:
        kept.add(given)
        found, _ = kept.export(POLICY)
    aside = ("claim", "patient_name")
    assert found.claims.drop(aside).equals(given.claims.drop(aside))
    assert found.lines.equals(given.lines)
    assert (
        pumpclaim.check(found).to_dicts()["claims"] == pumpclaim.check(given).to_dicts()["claims"]
    )


def test_the_same_file_twice_changes_nothing(url: str) -> None:
    given = pumpclaim.read(EXAMPLES / "clinic.837")
    with open_history(url) as kept:
        first = kept.add(given)
        assert kept.add(given) == Added(0, first.new, 0, 0, 0)
        assert kept.export(POLICY)[0].claims.height == first.new
        elsewhere = ClaimSet(given.claims.with_columns(source=pl.lit("other.837")), given.lines)
        assert kept.add(elsewhere).new == 0


@pytest.mark.parametrize("backwards", [False, True])
def test_a_corrected_claim_replaces_and_a_void_removes(url: str, *, backwards: bool) -> None:
    steps = [
        claims_of([claim("C1"), claim("C2"), claim("C3")]),
        claims_of([claim("C1", "7", lines=["62370"]), claim("C2", "8")]),
    ]
    with open_history(url) as kept:
        added = [kept.add(one) for one in (reversed(steps) if backwards else steps)]
        assert (sum(one.replaced for one in added), sum(one.voided for one in added)) == (1, 1)
        expected = [("C1", "7"), ("C3", "1")]
        assert ids(kept.export(POLICY)[0]) == expected
        for one in steps:
            assert kept.add(one).new == 0
        assert ids(kept.export(POLICY)[0]) == expected


def test_the_newest_correction_counts(url: str) -> None:
    with open_history(url) as kept:
        kept.add(claims_of([claim("C1")]))
        kept.add(claims_of([claim("C1", "7", lines=["62370"])]))
        kept.add(claims_of([claim("C1", "7", lines=["62369"])]))
        found, _ = kept.export(POLICY)
        assert found.lines["hcpcs"].to_list() == ["62369"]
        kept.add(claims_of([claim("C1", "8")]))
        assert kept.export(POLICY)[0].claims.height == 0


def test_another_patient_or_provider_is_another_claim(url: str) -> None:
    with open_history(url) as kept:
        kept.add(
            claims_of(
                [
                    claim("C1"),
                    claim("C1", patient_id="P2"),
                    claim("C1", billing_provider_npi="1888888886"),
                ]
            )
        )
        kept.add(claims_of([claim("C1", "8")]))
        assert kept.export(POLICY)[0].claims.height == 2


def test_patients_are_found_with_and_without_hyphens_and_forgotten_wholly(url: str) -> None:
    with open_history(url) as kept:
        chart = {"chart": "encounter", "patient_id": "1EG4-TE5-MK73"}
        kept.add(
            claims_of([claim(patient_id="1EG4TE5MK73"), claim("C2", patient_id="P2")]),
            charts_of([chart, {"patient_id": "P2"}]), POLICY,
        )  # fmt: skip
        assert kept.claims_of(["1eg4-te5-mk73"]).claims.height == 1
        assert kept.charts_of(["1EG4TE5MK73"], POLICY).encounters.height == 1
        assert kept.patients() == [("1EG4TE5MK73", 1), ("P2", 1)]
        assert kept.forget("1EG4-te5-MK73") == 1
        assert kept.patients() == [("P2", 1)]
        assert kept.charts_of(["1EG4TE5MK73"], POLICY).count == 0
        found, charts = kept.export(POLICY)
        assert (found.claims.height, found.lines.height, charts.count) == (1, 2, 1)
        assert kept.claims_of([]).claims.height == 0


def test_charts_come_back_and_the_newer_takes_the_place(url: str) -> None:
    given = charts_of(
        [{}, {"chart": "encounter"}, {"patient_id": "P2", "answers": {"implant_date": None}}]
    )
    with open_history(url) as kept:
        assert kept.add(ClaimSet(), given, POLICY).charts == 3
        found = kept.charts_of(["P1", "P2"], POLICY)
        drop = ["chart"]
        for part in ("implant", "encounter"):
            assert (
                found.of(part)
                .drop(drop)
                .sort("patient_id")
                .equals(given.of(part).drop(drop).sort("patient_id"))
            )
        assert found.evidence.height == given.evidence.height
        kept.add(
            ClaimSet(), charts_of([{"chart": "encounter", "answers": {"pain_score": 4}}]), POLICY
        )
        newer = kept.charts_of(["P1"], POLICY)
        assert newer.encounters["pain_score"].to_list() == [4_000_000_000]
        assert newer.implants.height == 1


def test_claims_of_the_call_are_left_out(url: str) -> None:
    given = claims_of([claim("C1"), claim("C2", day=date(2025, 4, 10))])
    with open_history(url) as kept:
        kept.add(given)
        today = claims_of([claim("C2", day=date(2025, 4, 10))])
        assert ids(kept.claims_of(["P1"], without=today)) == [("C1", "1")]


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    open_history(str(path)).close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (REVISION,)
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InputError, match="written by a newer version"):
        open_history(str(path))


def test_a_database_of_others_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(InputError, match="holds other tables"):
        open_history(str(path))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nowhere/history.db", "its folder does not exist"),
        ("mysql://someone:opensesame@host/name", "sqlite or postgresql, not by mysql"),
        ("postgresql://someone:opensesame@127.0.0.1:1/name", "cannot be opened"),
        ("sqlite://", "a history is a file"),
        ("://", "URL cannot be read"),
    ],
)
def test_a_url_that_cannot_be_opened(url: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        open_history(url)
    assert said in str(error.value)
    assert "opensesame" not in str(error.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "claims.837"
    path.write_text("ISA*00* this is no database at all, but long enough to be looked at " * 20)
    with pytest.raises(InputError, match="cannot be opened"):
        open_history(str(path))
    assert path.read_text().startswith("ISA*00*")


NUMBERS = count()
STEPS = st.lists(
    st.tuples(st.sampled_from(["C1", "C2"]), st.sampled_from(["1", "7", "8"]), st.integers(0, 2)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_any_order_of_adds_is_that_of_a_plain_model(
    tmp_path: Path, steps: list[tuple[str, str, int]]
) -> None:
    """The newest replacement or void ends all others of its id; what is known already changes nothing."""
    arrived: list[tuple[str, str, int]] = []
    with open_history(str(tmp_path / f"model{next(NUMBERS)}.db")) as kept:
        for name, frequency, version in steps:
            day = date(2025, 1, 1) + timedelta(days=version)
            kept.add(claims_of([claim(name, frequency, day)]))
            if (name, frequency, version) not in arrived:
                arrived.append((name, frequency, version))
        found, _ = kept.export(POLICY)
    stands = []
    for name in ("C1", "C2"):
        own = [one for one in arrived if one[0] == name]
        later = [one for one in own if one[1] != "1"]
        if not later:
            stands += own
        elif later[-1][1] == "7":
            stands.append(later[-1])
    days = {
        claim: (day - date(2025, 1, 1)).days
        for claim, day in found.lines.group_by("claim")
        .agg(pl.col("service_from").first())
        .iter_rows()
    }
    told = [
        (row["claim_id"], row["frequency_code"], days[row["claim"]])
        for row in found.claims.iter_rows(named=True)
    ]
    assert sorted(told) == sorted(stands)
