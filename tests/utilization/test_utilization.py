"""Utilization tables, pictures and commands over claims with and without records."""

from __future__ import annotations

import json
import re
import struct
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pumpclaim.errors import InputError
from pumpclaim.pictures import (
    NARROW,
    WIDTH,
    Picture,
    patient_history,
    practice,
    render,
    reservoir_level,
)
from pumpclaim.pictures.drawing import DARK, day_marks
from pumpclaim.policy import load
from pumpclaim.refill import plan
from pumpclaim.review import check
from pumpclaim.utilization.measure import Utilization, measure

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of, claims_of

POLICY = load()
FIRST = date(2025, 1, 6)


def refills(
    *intervals: int, patient: str = "P1", provider: str = "1999999984"
) -> list[dict[str, Any]]:
    days = [FIRST]
    for interval in intervals:
        days.append(days[-1] + timedelta(days=interval))
    return [
        {
            "date": day, "id": f"{patient}-{number}", "patient_id": patient,
            "billing_provider_npi": provider, "lines": ["62370", "J7999-KD MORPHINE 400MG"],
        }
        for number, day in enumerate(days)
    ]  # fmt: skip


def record(day: date, patient: str = "P1", dose: str = "3", **more: Any) -> dict[str, Any]:
    answers = {
        "visit_date": str(day), "volume_after": 20, "concentration": "20", "daily_dose": dose,
        "drug": "morphine", "dose_or_drug_changed": "no",
    }  # fmt: skip
    return {"chart": "encounter", "patient_id": patient, "answers": answers | more}


def example() -> Utilization:
    """One practice that refills monthly what lasts 120 days, and one that refills by the supply."""
    claims = refills(30, 30, 30) + refills(110, 115, patient="P2", provider="1888888886")
    charts = [record(FIRST + timedelta(days=30 * n)) for n in range(3)]
    charts += [record(FIRST, "P2"), record(FIRST + timedelta(days=110), "P2")]
    return measure(claims_of(claims), charts=charts_of(charts))


def test_the_table_of_refills() -> None:
    table = example().refills.filter(patient_id="P1")
    assert table["interval"].to_list() == [None, 30, 30, 30]
    assert table["supply"].to_list() == [120, 120, 120, None]
    assert table["supply_from"].to_list() == ["record", "record", "record", "unknown"]
    assert table["is_early"].to_list() == [None, True, True, True]
    assert table["allowed"].to_list() == [80_000_000_000] * 4
    assert table["above_supply"].to_list() == [None, *[60_000_000_000] * 3]


def test_a_patient_of_two_practices_is_measured_on_the_refills_of_each() -> None:
    there = [one | {"billing_provider_npi": "1888888886"} for one in refills(30, 30, 90)]
    claims = [*there[:3], there[3] | {"billing_provider_npi": "1999999984"}]
    measured = measure(claims_of(claims + refills(40, patient="P3")))
    here = measured.patients_of("1999999984").rows(named=True)
    assert [(row["patient_id"], row["refills"], row["elsewhere"]) for row in here] == [
        ("P3", 2, 0), ("P1", 1, 3),
    ]  # fmt: skip
    assert here[1]["median_interval"] == 90
    assert here[1]["allowed"] == 80_000_000_000
    other = measured.patients_of("1888888886").row(0, named=True)
    assert (other["refills"], other["elsewhere"], other["monthly_refills"]) == (3, 1, 2)


def test_dollars_that_nothing_is_known_of_are_not_zero() -> None:
    claims = [one | {"lines": ["62370"]} for one in refills(30)]
    assert measure(claims_of(claims)).by("provider")["allowed"].to_list() == [None]


def test_tables_by_provider_and_patient() -> None:
    table = example().by("provider")
    first, second = table.rows(named=True)
    assert (first["billing_provider_npi"], first["refills"], first["early_refills"]) == (
        "1999999984",
        4,
        3,
    )
    assert (first["share_monthly"], first["above_supply"]) == (1.0, 180_000_000_000)
    assert (second["early_refills"], second["above_supply"], second["median_interval"]) == (
        0,
        0,
        112.5,
    )
    assert example().by("patient")["patient_id"].to_list() == ["P1", "P2"]


def test_nothing_is_said_of_what_is_not_known() -> None:
    table = measure(claims_of(refills(30, 30, 30))).by("provider")
    row = table.row(0, named=True)
    assert (row["refills_judged"], row["share_early"], row["above_supply"]) == (0, None, None)
    assert row["median_supply"] is None


def test_two_refills_of_one_day_are_one() -> None:
    claims = refills(100)
    claims.append({**claims[0], "id": "again"})
    assert measure(claims_of(claims)).refills.height == 2


def test_the_interval_never_excuses_itself() -> None:
    """Without a record the supply stays unknown, however regular the refills are."""
    regular = measure(claims_of(refills(*[30] * 12)))
    assert regular.refills["supply"].null_count() == regular.refills.height


def test_thresholds_are_settable_and_named() -> None:
    claims, charts = claims_of(refills(60)), charts_of([record(FIRST)])
    assert "UTL101" in check(claims, charts=charts).findings["rule"].to_list()
    loose = load(thresholds={"refill_due_share": "0.5"})
    found = check(claims, charts=charts, policy=loose).findings
    assert "UTL101" not in found["rule"].to_list()
    strict = load(thresholds={"refill_due_share": "0.9", "residual_volume": "1.5"})
    message = (
        check(claims, charts=charts, policy=strict).findings.filter(rule="UTL101")["message"].item()
    )
    assert "refill_due_share 0.9" in message
    assert "lasts 123 days" in message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"refill_due": "0.5"}, "did you mean 'refill_due_days'"),
        ({"refill_due_share": "half"}, "write a number from 0"),
        ({"monthly_from": "24.5"}, "write a whole number"),
        ({"monthly_run": "-1"}, "from 0 to 10000"),
    ],
)
def test_a_threshold_that_cannot_be(given: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(thresholds=given)


def test_claims_of_the_past_count_and_are_not_judged() -> None:
    claims = refills(30, 30, 30)
    whole = check(claims_of(claims))
    part = check(claims_of(claims[2:]), past=claims_of(claims[:2]))
    ids = ["P1-2", "P1-3"]
    assert part.determinations["claim_id"].to_list() == ids
    own = whole.findings.filter(pl.col("claim_id").is_in(ids))
    assert part.findings.drop("claim").equals(own.drop("claim"))
    assert part.prices["allowed"].to_list() == whole.prices["allowed"].to_list()[4:]
    assert part.summary()["claims_read"] == 2
    for one, other in zip(part.to_dicts()["claims"], whole.to_dicts()["claims"][2:], strict=True):
        assert one | {"segment": None} == other | {"segment": None}


@pytest.mark.parametrize("form", ["svg", "png"])
def test_pictures(form: str) -> None:
    told = plan(
        on=FIRST, policy=POLICY, pump="synchromed-ii-20", concentrations=["morphine 20 mg/mL"],
        doses=["3 mg/day"],
    )  # fmt: skip
    drawn = [
        reservoir_level(told),
        patient_history(example(), "P1"),
        practice(example(), "1999999984"),
        patient_history(measure(claims_of(refills(30))), "P1"),
        practice(measure(claims_of(refills(30))), "1999999984"),
    ]
    for picture in drawn:
        content = render(picture, form)
        if form == "svg":
            assert content.startswith(b"<svg ")
            assert f"<title>{picture.title}</title>".encode() in content
            assert b"<desc>" in content
            assert b"http://" not in content.replace(b"http://www.w3.org/", b"")
        else:
            width, height = struct.unpack(">II", content[16:24])
            assert content[:8] == b"\x89PNG\r\n\x1a\n"
            assert width > 1000 < height + 800
    assert "3 of 3 judged early" in drawn[1].words
    assert "number 1 of 2 practices" in drawn[2].words


def drawn_texts(picture: Picture) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)", render(picture, "svg").decode())


def test_what_is_not_known_is_said_and_never_drawn_as_nothing() -> None:
    measured = measure(claims_of(refills(29, 30)))
    patient, provider = patient_history(measured, "P1"), practice(measured, "1999999984")
    assert patient.title == "Patient P1: 3 refills, whether early is not known"
    assert "The supply of 3 is not known." in patient.words
    texts = drawn_texts(patient)
    assert "supply not known" in texts
    assert "days of supply left" not in texts, "there is no line to draw"
    assert "dollars not known" not in texts
    assert provider.title.endswith("3 refills of 1 patient")
    assert "0 of 0" not in provider.words
    assert "$0.00" not in provider.words
    assert "dollars above the supply, not known" in provider.words
    assert not any("." in text for text in drawn_texts(provider) if text[:1].isdigit()), (
        "whole refills"
    )
    unpaid = [one | {"lines": ["62370"]} for one in refills(30)]
    texts = drawn_texts(patient_history(measure(claims_of(unpaid)), "P1"))
    assert "dollars not known" in texts
    assert "dollars allowed" not in texts
    assert patient_history(measure(claims_of(refills())), "P1").words.startswith(
        "1 refill on 2025-01-06"
    )


@pytest.mark.parametrize(
    ("first", "last", "wide", "narrow"),
    [
        ("2025-01-01", "2025-12-06", ["2025-01-01", "2025-12-01"], ["2025-01-01", "2025-10-01"]),
        ("2025-08-28", "2026-01-10", ["2025-09-01", "2026-01-01"], ["2025-09-01", "2026-01-01"]),
        ("2025-01-05", "2031-12-06", ["2026-01-01", "2031-01-01"], ["2026-01-01", "2030-01-01"]),
        ("2026-01-05", "2026-01-10", ["2026-01-05", "2026-01-10"], ["2026-01-05", "2026-01-09"]),
    ],
)  # fmt: skip
def test_an_axis_of_days_names_beginnings_of_months_or_days(
    first: str, last: str, wide: list[str], narrow: list[str]
) -> None:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    for width, ends in ((WIDTH, wide), (NARROW, narrow)):
        marks = day_marks(begin, end, width)
        assert [str(marks[0]), str(marks[-1])] == ends
        assert all(begin <= day <= end for day in marks)
        assert len(marks) * (80 if marks[0].day != 1 else 45) <= width + 80
        if (end - begin).days > 75:
            assert {day.day for day in marks} == {1}


def test_pictures_have_colours_of_both_schemes_and_fit_a_phone() -> None:
    told = plan(
        on=FIRST,
        policy=POLICY,
        volume="20",
        concentrations=["morphine 20 mg/mL"],
        doses=["3 mg/day"],
    )
    for draw in (
        lambda width: reservoir_level(told, width),
        lambda width: patient_history(example(), "P1", width),
        lambda width: practice(example(), "1999999984", width),
    ):  # fmt: skip
        svg = render(draw(NARROW), "svg").decode()
        assert int(re.findall(r'width="(\d+)', svg)[0]) <= 364, "a phone's width less its margins"
        light = set(re.findall(r'(?:fill|stroke)="(#\w{6})"', svg.partition("</style>")[2]))
        assert light <= set(DARK), "every colour has one of the dark scheme"
        assert "white" not in svg


def files(tmp_path: Path) -> tuple[Path, Path]:
    """The example as files: claims in CSV, records in CSV."""
    rows = [
        "claim_id,patient_id,billing_provider_npi,billing_state,payer_id,filing_indicator,form,hcpcs,modifier_1,service_from,units,charge,description"
    ]
    for number in range(4):
        day = FIRST + timedelta(days=30 * number)
        head = f"C{number},P1,1999999984,NV,01312,MB,professional"
        rows.append(f"{head},62370,,{day},1,200,")
        rows.append(f'{head},J7999,KD,{day},1,300,"MORPHINE 400MG"')
    (tmp_path / "claims.csv").write_text("\n".join(rows) + "\n")
    records = ["patient_id,visit_date,volume_after,concentration,daily_dose"]
    records += [f"P1,{FIRST + timedelta(days=30 * n)},20,20,3" for n in range(3)]
    (tmp_path / "records.csv").write_text("\n".join(records) + "\n")
    return tmp_path / "claims.csv", tmp_path / "records.csv"


def test_the_command(run: Any, tmp_path: Path) -> None:
    claims, records = files(tmp_path)
    done = run(
        "utilization", claims, "--charts", records, "--plot", tmp_path / "pictures", COLUMNS="120"
    )
    assert done.status == 0
    assert "3 of 3" in done.out
    assert "$180.00" in done.out
    assert "not the article's: residual_volume 2" in " ".join(done.out.split())
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == [
        "provider-001.svg", "provider-001.txt",
    ]  # fmt: skip
    found = run(
        "utilization", claims, "--charts", records, "--by", "patient", "--format", "json"
    ).json
    assert found["table"][0]["above_supply"] == "180.00"
    assert [one["is_early"] for one in found["refills"]] == [None, True, True, True]
    for form in ("csv", "parquet"):
        run("utilization", claims, "--charts", records, "--format", form, "-o", tmp_path / form)
    assert pl.read_csv(tmp_path / "csv" / "utilization.csv")["above_supply"].item() == 180.0
    assert str(pl.read_parquet(tmp_path / "parquet" / "refills.parquet")["allowed"][0]) == "80.00"


def test_the_refill_command(run: Any, tmp_path: Path) -> None:
    call = ["refill", "--volume", "20", "--residual", "2", "--concentration", "morphine 20 mg/mL"]
    call += ["--dose", "3 mg/day", "--on", "2025-03-10"]
    done = run(*call, "--plot", tmp_path / "level.png")
    assert done.status == 0
    assert "supply      120 days" in done.out
    assert "next due    2025-06-14 to 2025-07-08" in done.out
    assert "allowed     $80.00" in done.out
    assert (tmp_path / "level.png").read_bytes()[:4] == b"\x89PNG"
    told = run(*call, "--format", "json").json
    assert (told["supply_days"], told["dry"], told["basis"]) == (120, "2025-07-21", "threshold")
    assert json.dumps(told)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["refill", "--volume", "20", "--flow", "0 mL/day"], "more than zero"),
        (["refill", "--volume", "20", "--flow", "1 mL/day", "--plot", "x.gif"], ".svg or .png"),
        (
            ["refill", "--volume", "20", "--flow", "1 mL/day", "--pumps", "nowhere.toml"],
            "cannot be opened",
        ),
        (["utilization"], "name the files"),
        (["utilization", "x.837", "--format", "csv"], "name a folder"),
        (["utilization", "nowhere.837"], "no such file"),
        (["check", "nowhere.837", "--threshold", "monthly_form=3"], "did you mean 'monthly_from'"),
    ],
)
def test_calls_that_cannot_be_used(run: Any, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.status == 2
    assert said in " ".join(done.err.split())
