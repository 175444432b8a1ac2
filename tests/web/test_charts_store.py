"""Charts in the database: whatever the reader accepts is kept as it was given, nothing else is."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pumpclaim.charts.assessment import assess
from pumpclaim.database import make_engine
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.web.charts.store import (
    SAME_DAY,
    Chart,
    ChartStore,
    StaleError,
    day_of,
    document,
    read,
)
from pumpclaim.web.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pumpclaim.policy.chart import Question

POLICY = load()
QUESTIONS = [one for part in POLICY.chart.parts.values() for one in part.questions.values()]
TEXTS = st.text(max_size=40) | st.sampled_from(["null", "~", "yes", "- a", "a: b", "#", "<b>", "'"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChartStore]:
    folder: Path = tmp_path_factory.mktemp("charts")
    engine = make_engine(str(folder / "server.db"), SCHEMA)
    yield ChartStore(engine)
    engine.dispose()


def answers_to(question: Question) -> st.SearchStrategy[Any]:
    """Answers to one question, many that it takes and some that it does not."""
    drugs = st.sampled_from([*POLICY.drugs.by_id, "other penicillin", "morphin", "opioids"])
    words = st.sampled_from([*question.choices, "nothing such"]) if question.choices else drugs
    fitting: dict[str, st.SearchStrategy[Any]] = {
        "yes_no": st.booleans() | st.sampled_from(["perhaps", "yes"]),
        "number": st.decimals(0, 2000, places=3).map(str)
        | st.sampled_from(["1,200", "5 years", "2 parsecs", "-3", question.unit or "1"]),
        "date": st.dates(date(1890, 1, 1), date(2110, 1, 1)).map(date.isoformat),
        "choice": words,
        "several": st.lists(words, max_size=3),
        "text": TEXTS,
    }
    return st.none() | fitting[question.type]


PLACES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "document": TEXTS,
            "page": st.sampled_from(["1", "12", "0", "xii"]),
            "date": st.sampled_from(["2025-02-03", "yesterday"]),
            "author": TEXTS,
            "specialty": TEXTS,
        },
    ),
    max_size=2,
)


@st.composite
def changes(draw: st.DrawFn, part: str) -> tuple[str, dict[str, Any] | None]:
    """A question of a part and what is given to it."""
    question = draw(st.sampled_from(list(POLICY.chart[part].questions.values())))
    if draw(st.integers(0, 9)) == 0:
        return question.id, None
    given = {"answer": draw(answers_to(question))}
    places = draw(PLACES)
    return question.id, {**given, "evidence": places} if places else given


NUMBERS = iter(range(10**9))


@pytest.mark.parametrize("part", list(POLICY.chart.parts))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_accepted_reads_back_equal_and_what_is_refused_changes_nothing(
    store: ChartStore, part: str, data: st.DataObject
) -> None:
    start = {"visit_date": {"answer": "2025-06-02"}} if part == "encounter" else {}
    chart = store.create("anyone", part, f"P{next(NUMBERS)}", start)
    model = dict(start)
    for question, what in data.draw(st.lists(changes(part), max_size=8)):
        before = store.get(chart.id)
        assert before is not None
        try:
            after = store.set_answer(chart.id, question, what, before.version)
        except InputError:
            assert store.get(chart.id) == before
            continue
        model.pop(question, None)
        if what is not None:
            model[question] = what
        assert after.version == before.version + 1
        assert store.get(chart.id) == after
        assert after.answers == model
    kept = store.get(chart.id)
    assert kept is not None
    own = read([kept], POLICY)
    assert own.refused == ()
    as_yaml = yaml.safe_dump(document(kept), allow_unicode=True, sort_keys=False).encode()
    again = read_chart_data([(kept.source, as_yaml)], POLICY)
    assert again.refused == ()
    for name in POLICY.chart.parts:
        assert again.of(name).drop("place").equals(own.of(name).drop("place"))
    assert again.evidence.equals(own.evidence)


def test_an_answer_to_an_old_version_is_not_kept(store: ChartStore) -> None:
    chart = store.create("anyone", "implant", "STALE")
    first = store.set_answer(chart.id, "severe_pain", {"answer": True}, 1)
    with pytest.raises(StaleError) as raised:
        store.set_answer(chart.id, "severe_pain", {"answer": False}, 1)
    assert raised.value.chart == first == store.get(chart.id)
    with pytest.raises(StaleError):
        store.rename(chart.id, "OTHER", 1)
    assert store.rename(chart.id, "  OTHER \n ID ", 2).patient_id == "OTHER ID"


@pytest.mark.parametrize(
    ("part", "patient", "answers", "words"),
    [
        ("implant", " ", {}, "has no patient_id"),
        ("implant", "A\x00B", {}, "control character"),
        ("scribble", "A", {}, "a chart is one of implant, encounter"),
        ("encounter", "A", {}, "no answer to 'visit_date'"),
        ("encounter", "A", {"visit_date": {"answer": "soon"}}, "which is no date"),
        ("implant", "A", {"nonsense": {"answer": "x"}}, "no question 'nonsense'"),
        ("implant", "A", {"visit_date": {"answer": "2025-01-01"}}, "belongs to chart: encounter"),
    ],
)
def test_a_chart_that_the_reader_refuses_is_not_begun(
    store: ChartStore, part: str, patient: str, answers: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        store.create("nobody", part, patient, answers)
    assert store.of("nobody") == []


def test_two_charts_of_one_patient_and_day_cannot_be(store: ChartStore) -> None:
    day = {"visit_date": {"answer": "2025-06-02"}}
    store.create("twice", "encounter", "1AB-2C", day)
    with pytest.raises(InputError, match="another chart of this patient"):
        store.create("twice", "encounter", "1ab2c", day)
    other = store.create("twice", "encounter", "1AB2C", {"visit_date": {"answer": "2025-07-01"}})
    with pytest.raises(InputError) as raised:
        store.set_answer(other.id, "visit_date", {"answer": "06/02/2025"}, other.version)
    assert raised.value.what == SAME_DAY
    with pytest.raises(InputError):
        store.rename(store.create("twice", "encounter", "X", day).id, "1AB2C", 1)
    assert store.create("another person", "encounter", "1AB2C", day)
    assert read(store.of("twice"), POLICY).refused == ()
    assert read(store.of("twice"), POLICY).count == 3


def test_the_charts_of_a_person_are_one_set_and_documents_that_give_it(store: ChartStore) -> None:
    assert read(store.of("set"), POLICY).count == 0
    assert store.documents("set") == []
    for patient in ("A", "B"):
        chart = store.create("set", "implant", patient)
        store.set_answer(
            chart.id, "severe_pain", {"answer": True, "evidence": [{"document": "n.txt"}]}, 1
        )
    whole = read(store.of("set"), POLICY)
    assert whole.implants["patient_id"].to_list() == ["B", "A"]
    written = read_chart_data([("all.json", orjson.dumps(store.documents("set")))], POLICY)
    shown = [
        [(one.patient_id, one.determination, one.answers) for one in assess(charts).charts]
        for charts in (whole, written)
    ]
    assert shown[0] == shown[1]


def test_a_chart_that_is_gone(store: ChartStore) -> None:
    chart = store.create("gone", "implant", "A")
    store.remove(chart.id)
    assert store.get(chart.id) is None
    with pytest.raises(InputError, match="no such chart"):
        store.set_answer(chart.id, "severe_pain", {"answer": True}, 1)


def test_ones_own_charts_and_those_that_others_share_judge_ones_claims(store: ChartStore) -> None:
    def visit(owner: str, patient: str, day: str, *, shared: bool = False) -> str:
        made = store.create(owner, "encounter", patient, {"visit_date": {"answer": day}})
        if shared:
            store.share(made.id, shared=True, version=made.version)
        return made.id

    own = visit("ann", "P-1", "2025-03-10")
    alike = visit("rita", "p1", "2025-03-10", shared=True)
    other_day = visit("rita", "P1", "2025-03-11", shared=True)
    kept = visit("rita", "P1", "2025-03-12")
    assert {one.id for one in store.judging("ann")} == {own, other_day}
    assert {one.id for one in store.seen_by("ann")} == {own, alike, other_day}
    assert {one.id for one in store.judging("rita")} == {alike, other_day, kept}
    assert {one.id for one in store.judging("bob")} == {alike, other_day}
    assert [one["answers"]["visit_date"]["answer"] for one in store.documents("ann")] == [
        one.answers["visit_date"]["answer"] for one in store.judging("ann")
    ]
    for one in store.of("rita"):
        store.remove(one.id)
    assert {one.id for one in store.judging("ann")} == {own}


def test_of_several_shared_charts_of_one_patient_and_day_the_one_changed_last_judges(
    store: ChartStore,
) -> None:
    def visit(owner: str, day: str) -> Chart:
        made = store.create(owner, "encounter", "Q-1", {"visit_date": {"answer": day}})
        return store.share(made.id, shared=True, version=made.version)

    first, second = visit("carl", "03/10/2025"), visit("dora", "2025-03-10")
    assert store.judging("emil") == [second]
    assert read(store.judging("emil"), POLICY).count == 1, "the reader refuses neither"
    changed = store.set_answer(first.id, "legible", {"answer": True}, first.version)
    assert store.judging("emil") == [changed]
    assert store.judging("dora") == [second], "one's own, however its day is written"
    assert {day_of(one) for one in (first, second)} == {date(2025, 3, 10)}
    for one in (first, second):
        store.remove(one.id)


def test_an_older_database_takes_the_new_column(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'server.db'}")
    config = Config()
    config.set_main_option("script_location", str(SCHEMA.migrations))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            sa.text(
                "INSERT INTO charts VALUES "
                "('c1', 'ann', '2025-01-01', '2025-01-01', 1, 'implant', 'P1', '{}')"
            )
        )
    engine.dispose()
    store = ChartStore(make_engine(str(tmp_path / "server.db"), SCHEMA))
    assert [(one.id, one.shared) for one in store.of("ann")] == [("c1", False)]
    store.engine.dispose()
