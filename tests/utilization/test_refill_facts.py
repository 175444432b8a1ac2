"""What messages say of refills: of many lines the same as of few."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpclaim.utilization import facts as refill_facts
from pumpclaim.utilization.facts import past_refills, refill_timing
from pumpclaim.utilization.supply import FROM_NOTE, FROM_RECORD, UNKNOWN
from pumpclaim.visits import NO_DAY


def of_lines(
    days: list[int], before: list[int], rows: list[int], places: list[int], **more: Any
) -> Any:
    """Facts of ``places`` of a block whose lines are ``rows`` of the whole."""
    given = {name: np.array(values) for name, values in more.items()}
    refills = SimpleNamespace(record_before=np.array(before, np.int64), **given)
    whole = SimpleNamespace(days=np.array(days, np.int32), refills=refills)
    block = SimpleNamespace(
        days=whole.days[rows],
        refills=SimpleNamespace(**{name: values[rows] for name, values in given.items()}),
    )
    return SimpleNamespace(
        whole=SimpleNamespace(lines=whole),
        context=SimpleNamespace(rows=np.array(rows, np.int64), lines=block),
        places=np.array(places, np.int64),
    )


@given(st.data())
def test_past_refills_of_many_lines(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 40))
    day = st.integers(-1_000, 30_000) | st.sampled_from([NO_DAY, UNKNOWN, 0])
    days = data.draw(st.lists(day, min_size=count, max_size=count))
    before = [data.draw(st.integers(max(-1, row - 3), row - 1)) for row in range(count)]
    rows = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=count))
    places = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=count))
    facts = of_lines(days, before, rows, places)
    one_by_one = past_refills(facts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refill_facts, "MANY", 0)
        assert list(past_refills(facts)) == one_by_one


@pytest.mark.parametrize("many", [0, 256])
def test_days_of_past_refills(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(refill_facts, "MANY", many)
    rows = list(range(8))
    facts = of_lines([30 * row for row in rows], [row - 1 for row in rows], rows, [0, 1, 5, 6, 7])
    assert list(past_refills(facts)) == [
        "1970-01-01",
        "1970-01-01, 1970-01-31",
        "1970-01-01, 1970-01-31, 1970-03-02, 1970-04-01, 1970-05-01, 1970-05-31",
        "…, 1970-01-31, 1970-03-02, 1970-04-01, 1970-05-01, 1970-05-31, 1970-06-30",
        "…, 1970-03-02, 1970-04-01, 1970-05-01, 1970-05-31, 1970-06-30, 1970-07-30",
    ]


def test_when_a_refill_came() -> None:
    facts = of_lines(
        [40, 50, 60], [-1, 0, 1], [2, 1], [0, 1],
        interval=[-1, 10, 10], supply_before=[-1, 30, 20],
        supply_from=[0, FROM_RECORD, FROM_NOTE], dose_day=[UNKNOWN, UNKNOWN, 31],
    )  # fmt: skip
    assert refill_timing(facts) == [
        "The refill came 10 days after that of 1970-02-20, whose fill lasts 20 days by the claim's note "
        "and the dose on record of 1970-02-01",
        "The refill came 10 days after that of 1970-02-10, whose fill lasts 30 days by the record of that "
        "visit",
    ]
