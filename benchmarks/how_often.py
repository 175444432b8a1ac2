"""Measures of utilization and history: invented refills by whole columns, and a history of a million lines."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import pumpclaim
from line_tables import lines_table
from pumpclaim.charts.chart_set import ChartSet
from pumpclaim.claim_set import ClaimSet
from pumpclaim.history import open_history
from pumpclaim.policy import load
from pumpclaim.policy.chart import NUMBER
from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES, NANO, NANOGRAMS, UNIT
from pumpclaim.utilization.measure import measure

PATIENTS, REFILLS = 100_000, 10


def refills_table() -> tuple[ClaimSet, ChartSet]:
    """1,000,000 refills of 100,000 patients, each with its drug's line and the record of the visit."""
    count = PATIENTS * REFILLS
    rng = np.random.default_rng(55239)
    patient = np.repeat(np.arange(PATIENTS), REFILLS)
    steps = rng.choice([30, 60, 90, 110], count)
    first = np.repeat(rng.integers(19_000, 19_365, PATIENTS), REFILLS)
    within = np.cumsum(steps) - np.repeat(np.cumsum(steps)[::REFILLS] - steps[::REFILLS], REFILLS)
    day = pl.Series(first + within - steps).cast(pl.Int32).cast(pl.Date)
    names = pl.Series([f"P{number:06d}" for number in range(PATIENTS)]).gather(pl.Series(patient))
    provider = pl.Series([f"18888{number:05d}" for number in range(500)]).gather(
        pl.Series(patient % 500)
    )
    order = rng.permutation(count)
    claims = pl.DataFrame({
        "claim": np.arange(count, dtype=np.uint32), "patient_id": names[order],
        "billing_provider_npi": provider[order], "claim_id": np.arange(count).astype(str),
    }).with_columns(
        form=pl.lit("professional"), filing_indicator=pl.lit("MB"), payer_id=pl.lit("01312"),
        billing_state=pl.lit("NV"), place_of_service=pl.lit("11"), frequency_code=pl.lit("1"),
    )  # fmt: skip
    lines = pl.DataFrame({
        "claim": np.repeat(np.arange(count, dtype=np.uint32), 2),
        "line": np.tile(np.array([1, 2], np.uint32), count),
        "hcpcs": np.tile(np.array(["62370", "J7999"]), count),
        "modifier_1": np.tile(np.array([None, "KD"], object), count).tolist(),
        "service_from": day[order].gather(pl.Series(np.repeat(np.arange(count), 2))),
    }, schema_overrides={"modifier_1": pl.String}).with_columns(
        units=pl.lit(UNIT, pl.Int64), charge=pl.lit(900 * NANO, pl.Int64),
    )  # fmt: skip
    ingredients = pl.DataFrame({"row": np.arange(count, dtype=np.uint32) * 2 + 1}).with_columns(
        item=pl.lit(1, pl.UInt16), text=pl.lit("MORPHINE 400MG"), name=pl.lit("MORPHINE"),
        drug=pl.lit("morphine"), amount=pl.lit(400 * NANOGRAMS["mg"], pl.Int64),
    )  # fmt: skip
    table = load().chart["encounter"].table
    records = pl.DataFrame({
        "chart": np.arange(count, dtype=np.uint32), "patient_id": names, "visit_date": day,
        "daily_dose": rng.choice([3, 4, 6, 12], count) * NUMBER,
    }).with_columns(
        volume_after=pl.lit(20 * NUMBER, pl.Int64), concentration=pl.lit(20 * NUMBER, pl.Int64),
        source=pl.lit("bench"), place=pl.lit(1, pl.UInt32),
    )  # fmt: skip
    made = ClaimSet(
        CLAIMS.conform(claims), LINES.conform(lines), ingredients=INGREDIENTS.conform(ingredients)
    )
    implants = load().chart["implant"].table.empty()
    return made, ChartSet(implants, table.conform(records))


def best_of(work: Callable[[], object], runs: int) -> float:
    """Median seconds of a piece of work, after one turn that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[runs // 2]


def utilization() -> list[str]:
    claims, charts = refills_table()
    count = PATIENTS * REFILLS
    alone = best_of(lambda: measure(claims), 3)
    with_records = best_of(lambda: measure(claims, charts=charts), 3)
    found = measure(claims, charts=charts)
    grouped = best_of(lambda: (found.by("provider"), found.by("patient")), 3)
    return [
        f"{count:,} refills of {PATIENTS:,} patients, in no order, each with its drug's line: intervals, "
        "supplies, early refills and dollars as a table of refills.",
        "",
        "| | seconds | refills a second |",
        "|---|---|---|",
        f"| from claims alone, pricing included | {alone:.2f} | {count / alone:,.0f} |",
        f"| with a record of every visit, supplies worked out | {with_records:.2f} | {count / with_records:,.0f} |",
        f"| by provider and by patient, from that table | {grouped:.2f} | {count / grouped:,.0f} |",
    ]


def history() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        url = str(Path(folder) / "history.db")
        first = _claims(lines_table(39_000), "a", 20_000)
        with open_history(url) as kept:
            start = time.perf_counter()
            kept.add(first)
            adding = time.perf_counter() - start
            held = first.lines.height
            for number in range(1, 30):
                if held >= 1_000_000:
                    break
                more = _claims(lines_table(39_000), f"f{number}", 20_000)
                kept.add(more)
                held += more.lines.height
        today = _claims(lines_table(5_000), "today", 1_000, patients="f3")
        start = time.perf_counter()
        with open_history(url) as kept:
            patients = today.claims["patient_id"].unique().to_list()
            past = kept.claims_of(patients, without=today)
            review = pumpclaim.check(today, past=past)
            review.findings  # noqa: B018
        judging = time.perf_counter() - start
    return [
        "| | seconds |",
        "|---|---|",
        f"| adding {first.claims.height:,} claims ({first.lines.height:,} lines) to a SQLite history | {adding:.1f} |",
        f"| judging a file of {today.claims.height:,} claims against a history of {held:,} lines, of which "
        f"those of its patients are read ({past.lines.height:,}) | {judging:.2f} |",
    ]


def _claims(made: ClaimSet, mark: str, count: int, patients: str | None = None) -> ClaimSet:
    """The first claims of a made set, their ids and patients marked."""
    who = pl.col("patient_id") + f"-{patients or mark}"
    claims = made.claims.head(count).with_columns(
        claim_id=pl.col("claim_id").fill_null("") + f"-{mark}", patient_id=who
    )
    return ClaimSet(claims, made.lines.filter(pl.col("claim") < count))


def section() -> list[str]:
    """The tables of this section."""
    return [*utilization(), "", *history()]
