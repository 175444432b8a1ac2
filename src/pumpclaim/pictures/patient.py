"""One patient's reservoir over time: the sawtooth of fills, early refills marked, dollars per refill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, Picture, styled
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from pumpclaim.utilization.measure import Utilization

KINDS = ["due or later", "early", "ran dry before", "first, or not known"]
COLOURS = [GREEN, RED, ORANGE, GREY]
SHAPES = ["circle", "triangle-down", "square", "cross"]


def patient_history(utilization: Utilization, patient_id: str) -> Picture:
    """The days of supply left over time, refill by refill, and the dollars of each below.

    Where a supply is not known the line has a gap: nothing is drawn from the interval.
    """
    refills = utilization.refills.filter(patient_id=patient_id).sort("service_date")
    rows = refills.with_columns(kind=_kind()).to_dicts()
    low = int(utilization.policy.thresholds["refill_due_days"])
    segments, marks = [], []
    for number, row in enumerate(rows):
        following = rows[number + 1]["service_date"] if number + 1 < len(rows) else None
        if row["supply"] is not None:
            end = row["service_date"] + timedelta(days=row["supply"])
            stop = min(end, following) if following else end
            left = row["supply"] - (stop - row["service_date"]).days
            points = [(row["service_date"], row["supply"]), (stop, left)]
            if following and stop < following:
                points.append((following, 0))
            segments += [{"day": day, "left": value, "fill": number} for day, value in points]
        height = row["supply"] if row["supply"] is not None else 0
        marks.append({"day": row["service_date"], "left": height, "kind": row["kind"]})
    begin = rows[0]["service_date"] - timedelta(days=5)
    end = max([point["day"] for point in segments] + [rows[-1]["service_date"]]) + timedelta(days=5)
    x = alt.X(
        "day:T", title=None, scale=alt.Scale(domain=[begin.isoformat(), end.isoformat()]),
        axis=alt.Axis(format="%Y-%m", labelOverlap=True),
    )  # fmt: skip
    schema = {"day": pl.Date, "left": pl.Int64, "fill": pl.Int64}
    level = (
        alt.Chart(pl.DataFrame(segments, schema=schema))
        .mark_line(color=BLUE, strokeWidth=2)
        .encode(x=x, y=alt.Y("left:Q", title="days of supply left"), detail="fill:N")
    )
    lows = pl.DataFrame({"left": [low], "said": [f"refill due: {low} days left"]})
    line = alt.Chart(lows).mark_rule(color=RED, strokeDash=[6, 4]).encode(y="left:Q")
    said = (
        alt.Chart(lows)
        .mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=RED)
        .encode(y="left:Q", x=alt.value(0), text="said:N")
    )
    points = (
        alt.Chart(pl.DataFrame(marks))
        .mark_point(size=90, filled=True, opacity=1)
        .encode(
            x=x,
            y="left:Q",
            color=alt.Color("kind:N", scale=alt.Scale(domain=KINDS, range=COLOURS)),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=KINDS, range=SHAPES)),
        )
    )
    paid = refills.select(
        day="service_date", dollars=pl.col("allowed") / NANO, kind=_kind()
    ).filter(pl.col("dollars").is_not_null())
    bars = (
        alt.Chart(paid)
        .mark_bar(width=7)
        .encode(
            x=x,
            y=alt.Y("dollars:Q", title="dollars allowed"),
            color=alt.Color("kind:N", scale=alt.Scale(domain=KINDS, range=COLOURS), legend=None),
        )
        .properties(width=WIDTH, height=110)
    )
    early = sum(row["kind"] == "early" for row in rows)
    unknown = sum(row["supply"] is None for row in rows)
    title = f"Patient {patient_id}: {len(rows)} refills, {early} early"
    subtitle = "days of supply from records and claims' notes, never from the intervals"
    chart = (
        alt.vconcat(
            alt.layer(level, line, said, points).properties(width=WIDTH, height=260),
            bars,
            spacing=8,
        )
        .resolve_scale(color="independent", shape="independent", x="shared")
        .properties(title=alt.TitleParams(title, subtitle=subtitle))
    )
    return Picture(styled(chart), title, _words(rows, early, unknown))


def _kind() -> pl.Expr:
    return (
        pl.when(pl.col("is_early")).then(pl.lit("early"))
        .when(pl.col("ran_dry")).then(pl.lit("ran dry before"))
        .when(pl.col("is_early").is_not_null()).then(pl.lit("due or later"))
        .otherwise(pl.lit("first, or not known"))
        .alias("kind")
    )  # fmt: skip


def _words(rows: list[dict[str, object]], early: int, unknown: int) -> str:
    told = [
        f"{len(rows)} refills from {rows[0]['service_date']} to {rows[-1]['service_date']}, {early} of them early."
    ]
    if unknown:
        told.append(f"The supply of {unknown} is not known.")
    for row in rows:
        if row["interval"] is not None and row["supply_before"] is not None:
            told.append(
                f"{row['service_date']}: {row['interval']} days after a fill of {row['supply_before']} days, {row['kind']}."
            )
    return " ".join(told)
