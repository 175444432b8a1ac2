"""Supply worked out by hand, and against a pump that is emptied hour by hour in plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.policy.chart import NUMBER
from pumpclaim.policy.pumps import find_pump, load_pumps
from pumpclaim.refill import contents_of, plan
from pumpclaim.reports.refill import document
from pumpclaim.reservoir import (
    Fill,
    concentration_of,
    dose_of,
    due,
    flow_of,
    flow_rate_of,
    not_early_from,
    volume_of,
)
from pumpclaim.utilization import refills as refills_module
from pumpclaim.utilization.supply import floor_of_products, record_supply

POLICY = load()
DAY = date(2025, 3, 10)

# volume, residual, concentration, dose, whole days of supply
BY_HAND = [
    ("20", "2", "20 mg/mL", "3 mg/day", 120),
    ("20", "2", "20 mg/mL", "6 mg/day", 60),
    ("40", "2", "20 mg/mL", "6 mg/day", 126),
    ("20", "2", "10 mg/mL", "5 mg/day", 36),
    ("40", "2", "10 mg/mL", "2 mg/day", 190),
    ("20", "2", "25 mcg/mL", "2.4 mcg/day", 187),
    ("18", "0", "2000 mcg/mL", "1 mg/day", 36),
    ("20 mL", "1.5 cc", "0.5 mg/mL", "5 mcg/h", 77),
    ("10", "0", "1 mg/mL", "3 mg/day", 3),
]


@pytest.mark.parametrize(("volume", "residual", "concentration", "dose", "days"), BY_HAND)
def test_by_hand(volume: str, residual: str, concentration: str, dose: str, days: int) -> None:
    flow = flow_of([concentration_of(concentration)], [dose_of(dose)])
    fill = Fill(volume_of(volume), volume_of(residual), flow)
    assert int(fill.days) == days
    told = plan(
        on=DAY, policy=POLICY, volume=volume, residual=residual, concentrations=[concentration],
        doses=[dose],
    )  # fmt: skip
    assert told.due.supply_days == min(days, 180)
    assert told.due.capped == (days > 180)
    assert told.due.latest == DAY + timedelta(days=min(days, 180))


def test_window_of_the_next_refill() -> None:
    assert [not_early_from(days, POLICY) for days in (0, 10, 14, 30, 60, 90, 120, 180)] == [
        0, 0, 0, 16, 46, 72, 96, 144,
    ]  # fmt: skip
    fill = Fill(Fraction(20), Fraction(2), Fraction(3, 20))
    told = due(fill, DAY, POLICY, alarm=Fraction(2))
    assert (told.earliest, told.alarm, told.dry) == (
        date(2025, 6, 14), date(2025, 7, 8), date(2025, 7, 21),
    )  # fmt: skip


def by_the_hour(volume: Fraction, residual: Fraction, flow: Fraction) -> tuple[int, int]:
    """Whole days until the residual volume is reached and until nothing is left, hour by hour."""
    level, hours, supply = volume, 0, None
    while level > 0:
        following = level - flow / 24
        if supply is None and following < residual:
            supply = hours // 24
        if following < 0:
            break
        level, hours = following, hours + 1
    dry = hours // 24
    return (dry if supply is None else supply), dry


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 60),
    st.integers(0, 40),
    st.integers(1, 400),
    st.sampled_from([10, 24, 7, 96, 1000]),
)
def test_the_closed_form_is_the_simulation(volume: int, tenths: int, top: int, bottom: int) -> None:
    flow = Fraction(top, bottom)
    residual = Fraction(tenths, 10)
    if residual >= volume or volume / flow > 400:
        return
    fill = Fill(Fraction(volume), residual, flow)
    assert (int(fill.days), int(fill.days_to_dry)) == by_the_hour(Fraction(volume), residual, flow)


@settings(deadline=None)
@given(st.lists(st.tuples(
    st.integers(0, 10**11), st.integers(1, 10**12), st.integers(1, 10**13), st.integers(1, 10**9),
), min_size=1, max_size=30))  # fmt: skip
def test_products_are_exact(numbers: list[tuple[int, int, int, int]]) -> None:
    columns = [np.array(column, np.int64) for column in zip(*numbers, strict=True)]
    expected = [min(a * b // (c * d), 2**31 - 1) for a, b, c, d in numbers]
    assert floor_of_products(*columns).tolist() == expected


numbers = st.none() | st.integers(0, 60 * 100).map(lambda hundredths: hundredths * NUMBER // 100)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=20))
def test_supply_of_records_is_that_of_the_reservoir(
    rows: list[tuple[int | None, int | None, int | None, int | None]],
) -> None:
    names = ("volume_after", "concentration", "daily_dose", "flow_rate")
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")
    supply, dry = record_supply(table, POLICY)
    residual = Fraction(POLICY.thresholds["residual_volume"])
    for row, days, empty in zip(rows, supply.tolist(), dry.tolist(), strict=True):
        volume, concentration, dose, flow = (
            None if value is None else Fraction(value, NUMBER) for value in row
        )
        rate = dose / concentration if concentration and dose else flow or None
        if volume is None or volume <= residual or not rate:
            assert (days, empty) == (-1, -1)
        else:
            assert days == (volume - residual) // rate
            assert empty == volume // rate


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 400), st.integers(-1, 200)), max_size=60)
)
def test_intervals_and_runs_are_those_of_plain_python(rows: list[tuple[int, int, int]]) -> None:
    patients, days, supply = (np.array([row[n] for row in rows], np.int64) for n in range(3))
    fills = refills_module.Fills(supply, supply, np.zeros(len(rows), np.uint8), supply)
    found, visit = refills_module.find_refills(
        np.arange(len(rows)), patients, days.astype(np.int32), fills, POLICY
    )
    expected = []
    for patient in sorted(set(patients.tolist())):
        visits: dict[int, int] = {}
        for who, day, lasts in rows:
            if who == patient:
                visits[day] = max(visits.get(day, -1), lasts)
        monthly = long = 0
        before = None
        for number, (day, lasts) in enumerate(sorted(visits.items()), start=1):
            interval = -1 if before is None else day - before[0]
            earlier = -1 if before is None else before[1]
            monthly = monthly + 1 if 24 <= interval <= 35 else 0
            long = long + 1 if monthly and earlier >= 60 else 0
            expected.append((patient, day, interval, number, lasts, earlier, monthly, long))
            before = (day, lasts)
    assert (
        list(
            zip(
                found.patient.tolist(), found.day.tolist(), found.interval.tolist(),
                found.number.tolist(), found.supply.tolist(), found.supply_before.tolist(),
                found.monthly.tolist(), found.monthly_long.tolist(), strict=True,
            )
        )
        == expected
    )  # fmt: skip
    for row, place in enumerate(visit.tolist()):
        assert (found.patient[place], found.day[place]) == (patients[row], days[row])


def test_a_mixture_runs_out_by_volume() -> None:
    told = plan(
        on=DAY, policy=POLICY, volume="20", concentrations=["morphine 20 mg/mL", "bupivacaine 5 mg/mL"],
        doses=["3 mg/day", "0.75 mg/day"],
    )  # fmt: skip
    assert told.due.supply_days == 120
    assert told.contents.allowed == Decimal("84.00")
    assert [(name, amount) for name, amount, _ in told.drugs] == [
        ("morphine", "400 mg"), ("bupivacaine", "100 mg"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "doses", [["3 mg/day"], ["3 mg/day", None], [None, "0.75 mg/day"], ["3 mg/day", "0.75 mg/day"]]
)
def test_one_dose_tells_the_flow_and_the_flow_the_others(doses: list[str | None]) -> None:
    told = plan(
        on=DAY, policy=POLICY, volume="20", concentrations=["morphine 20 mg/mL", "bupivacaine 5 mg/mL"],
        doses=doses,
    )  # fmt: skip
    assert told.fill.flow == Fraction(3, 20)
    assert [daily for _, _, daily in told.drugs] == ["3 mg", "750 mcg"]


def test_what_is_allowed_does_not_wait_for_a_dose() -> None:
    held = contents_of(
        on=DAY, policy=POLICY, pump="synchromed-ii-20",
        concentrations=["morphine 20 mg/mL", "bupivacaine 5 mg/mL"],
    )  # fmt: skip
    assert held.amounts == ("400 mg", "100 mg")
    assert (held.allowed, held.reason, held.doubts) == (Decimal("84.00"), None, ())
    unnamed = contents_of(on=DAY, policy=POLICY, volume="20", concentrations=["20 mg/mL"])
    assert unnamed.allowed is None
    assert "name the drug" in (unnamed.reason or "")


def test_a_drug_without_a_fee_and_a_concentration_that_can_hardly_be_are_named() -> None:
    held = contents_of(
        on=DAY, policy=POLICY, volume="20",
        concentrations=["Morphine 20 mg/mL", "verapamil 2 mg/mL", "Clonidine 200 mg/mL"],
    )  # fmt: skip
    assert held.reason == (
        "verapamil has no fee in the article: the contractor prices it from the invoice"
    )
    assert len(held.doubts) == 1
    assert held.doubts[0].startswith("Clonidine 200 mg/mL can hardly be: the highest plausible")
    several = contents_of(
        on=DAY,
        policy=POLICY,
        volume="20",
        concentrations=["verapamil 2 mg/mL", "ketorolac 2 mg/mL"],
    )
    assert (several.reason or "").startswith("verapamil and ketorolac have no fee")
    assert document(
        plan(
            on=DAY,
            policy=POLICY,
            volume="20",
            concentrations=["clonidine 200 mg/mL"],
            flow="1 mL/day",
        )
    )["doubts"]


def test_a_pump_and_a_flow() -> None:
    told = plan(on=DAY, policy=POLICY, pump="Codman 3000, 30 mL", flow="0.5 mL/day")
    assert told.due.supply_days == 56
    told = plan(
        on=DAY,
        policy=POLICY,
        pump="synchromed-ii-40",
        concentrations=["10 mg/mL"],
        doses=["2 mg/day"],
    )
    assert (told.due.supply_days, told.due.capped, told.alarm) == (180, True, Fraction(2))


BAD = [
    ({"volume": "20", "concentrations": ["20 mg/mL"], "doses": ["0 mg/day"]}, "dose must be more than zero"),
    ({"volume": "20", "concentrations": ["20 mg/mL"], "doses": ["-3 mg/day"]}, "is negative"),
    ({"volume": "20", "concentrations": ["20"], "doses": ["3 mg/day"]}, "'20' has no unit"),
    ({"volume": "20", "concentrations": ["20 mg"], "doses": ["3 mg/day"]}, "no concentration"),
    ({"volume": "20", "concentrations": ["0 mg/mL"], "doses": ["3 mg/day"]}, "must be more than zero"),
    ({"volume": "20", "concentrations": ["20 mg/mL"], "doses": ["3 mg"]}, "no dose"),
    ({"volume": "20", "residual": "21", "flow": "1 mL/day"}, "leaves nothing of 20 mL"),
    ({"volume": "0", "flow": "1 mL/day"}, "volume must be more than zero"),
    ({"volume": "20 L", "flow": "1 mL/day"}, "no volume"),
    ({"volume": "20", "flow": "1 mL"}, "no flow"),
    ({"volume": "20", "flow": "0.00001 mL/day"}, "more than a hundred years"),
    ({"volume": "20"}, "how fast it leaves"),
    ({"flow": "1 mL/day"}, "how much is in the reservoir"),
    ({"volume": "20", "flow": "1 mL/day", "doses": ["3 mg/day"]}, "not both"),
    ({"pump": "synchromed-ii-20", "volume": "40", "flow": "1 mL/day"}, "holds 20 mL, not 40"),
    ({"pump": "synchromed-2-20", "flow": "1 mL/day"}, "did you mean synchromed-ii-20?"),
    (
        {"volume": "20", "concentrations": ["20 mg/mL", "5 mg/mL"], "doses": ["3 mg/day", "3 mg/day"]},
        "do not fit one mixture",
    ),
    ({"volume": "20", "concentrations": ["20 mg/mL"], "doses": ["1 mg/day", "2 mg/day"]}, "for each drug"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "said"), BAD, ids=[said for _, said in BAD])
def test_what_cannot_be_is_said(given: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as error:
        plan(on=DAY, policy=POLICY, **given)  # type: ignore[arg-type]
    assert said in str(error.value)


def test_units() -> None:
    assert concentration_of("0.5 mg / mL") == concentration_of("500 mcg per mL") == 500_000
    assert dose_of("125 mcg/h") == dose_of("3 mg/day") == 3_000_000
    assert flow_rate_of("0.02 mL/h") == Fraction(48, 100)


PUMP = (
    'id = "mine"\nlabel = "Mine"\nkind = "programmable"\nreservoir = "18"\nsource = "my manual"\n'
)


def test_a_pump_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "pumps.toml"
    file.write_text(f'[[pumps]]\n{PUMP}residual = "1.4"\n')
    assert find_pump("MINE", load_pumps(file)).residual == Decimal("1.4")
    told = plan(on=DAY, policy=POLICY, pump="mine", own_pumps=file, flow="0.1 mL/day")
    assert told.due.supply_days == 166
    assert "my manual" in told.residual_from


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pumps = 3", "no [[pumps]]"),
        ("[[pumps", "no TOML"),
        ("[[pumps]]\n" + PUMP.replace('"18"', "18"), "has no reservoir"),
        ("[[pumps]]\n" + PUMP.replace('"18"', '"lots"'), "no volume in mL"),
        (
            "[[pumps]]\n" + PUMP.replace("programmable", "clockwork"),
            "write programmable or constant-flow",
        ),
        ("[[pumps]]\n" + PUMP + 'residual = "18"', "holds no more than"),
        ("[[pumps]]\n" + PUMP + 'colour = "red"', "unknown key 'colour'"),
        ("[[pumps]]\n" + PUMP + "longest_refill_interval = 0", "no number of days"),
    ],
)
def test_a_file_of_pumps_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pumps.toml").write_text(text)
    with pytest.raises(InputError, match=r"pumps\.toml") as error:
        load_pumps(tmp_path / "pumps.toml")
    assert said in str(error.value)


def test_every_shipped_pump_has_its_source() -> None:
    pumps = load_pumps()
    assert len(pumps) >= 7
    assert all(pump.source and pump.confidence in ("H", "M") for pump in pumps.values())
