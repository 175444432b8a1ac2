"""One patient's reservoir over time: the sawtooth of fills, early refills marked, dollars per refill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import polars as pl

from pumpclaim.pictures.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    WIDTH,
    Picture,
    day_axis,
    kinds,
    small_title,
    styled,
    titled,
)
from pumpclaim.reports.words import count
from pumpclaim.tables import NANO
from pumpclaim.utilization.refills import not_early_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pumpclaim.policy import PolicySet
    from pumpclaim.utilization.measure import Utilization

    Row = dict[str, Any]
    Panel = Callable[[alt.X], Any]
    """What draws a panel over an axis of days."""

COLOURS = {
    "due or later": GREEN,
    "early": RED,
    "ran dry before": ORANGE,
    "first": BLUE,
    "not known": GREY,
}
SHAPES = {
    "due or later": "circle", "early": "triangle-down", "ran dry before": "square", "first": "diamond",
    "not known": "cross",
}  # fmt: skip
"""What is told of each refill, and its mark."""
LINES = {"falling": (BLUE, 2), "due": (GREEN, 3), "used up": (ORANGE, 3)}
"""Colour and width of the line while the supply falls, once a refill is not early, and after its end."""
MANY = 30
"""Refills beyond which their marks are small."""
MARGIN = timedelta(days=5)
STRIP = 18
"""Height of a strip of what is not known."""


def patient_history(utilization: Utilization, patient_id: str, width: int = WIDTH) -> Picture:
    """The days of supply left over time, refill by refill, and the dollars of each below.

    Where a supply is not known nothing is drawn from the interval: the refill stands in a strip of its own.
    """
    refills = utilization.refills.filter(patient_id=patient_id).sort("service_date")
    rows: list[Row] = refills.with_columns(_kind()).to_dicts()
    levels = _levels(rows, utilization.policy)
    days = [row["service_date"] for row in rows]
    begin = min(days) - MARGIN
    end = max([*days, *(one["day"] for one in levels)]) + MARGIN
    present = {row["kind"] for row in rows}
    marks = kinds([name for name in COLOURS if name in present], COLOURS, SHAPES)
    drawn = [
        (panel, height)
        for panel, height in (
            (_reservoir(rows, levels, marks), 240),
            (_unknown(rows, "supply", "supply not known", marks), STRIP),
            (_dollars(rows, marks), 100),
            (_unknown(rows, "allowed", "dollars not known", marks), STRIP),
        )
        if panel is not None
    ]
    panels = [
        panel(day_axis(begin, end, width, named=number == len(drawn))).properties(
            width=width, height=height
        )
        for number, (panel, height) in enumerate(drawn, start=1)
    ]
    title = f"Patient {patient_id}: {count(len(rows), 'refill')}, {_early(rows)}"
    subtitle = "days of supply from records and claims' notes, never from the intervals"
    if levels:
        subtitle += "; the line is green once a refill is not early (our threshold)"
    chart = (
        alt.vconcat(*panels, spacing=8)
        .resolve_scale(x="shared", color="shared", shape="shared")
        .properties(title=titled(title, subtitle, width))
    )
    return Picture(styled(chart, width), title, _words(rows))


def _levels(rows: list[Row], policy: PolicySet) -> list[Row]:
    """The known fills as lines: ``day``, ``left`` (days of supply), ``part`` (which line), ``state``."""
    levels = []
    for number, row in enumerate(rows):
        supply, filled = row["supply"], row["service_date"]
        if supply is None:
            continue
        following = rows[number + 1]["service_date"] if number + 1 < len(rows) else None
        end = filled + timedelta(days=supply)
        stop = min(end, following) if following else end
        due = min(filled + timedelta(days=int(not_early_from(np.array([supply]), policy)[0])), stop)
        line = [(filled, due, "falling"), (due, stop, "due")]
        if following and stop < following:
            line.append((stop, following, "used up"))
        for begin, until, state in line:
            levels += [
                {"day": day, "left": max((end - day).days, 0), "part": number, "state": state}
                for day in (begin, until)
            ]  # fmt: skip
    return levels


def _reservoir(rows: list[Row], levels: list[Row], marks: dict[str, Any]) -> Panel | None:
    """The sawtooth of the fills whose supply is known; null where none is."""
    if not levels:
        return None
    schema = {"day": pl.Date, "left": pl.Int64, "part": pl.Int64, "state": pl.String}
    lines = alt.Chart(_frame(levels, schema))
    filled = [
        {"day": row["service_date"], "left": row["supply"], "kind": row["kind"]}
        for row in rows
        if row["supply"] is not None
    ]
    points = alt.Chart(_frame(filled, {"day": pl.Date, "left": pl.Int64, "kind": pl.String}))
    y = alt.Y("left:Q", title="days of supply left", axis=alt.Axis(tickMinStep=1))
    return lambda x: alt.layer(
        *(
            lines.transform_filter(alt.datum.state == state)
            .mark_line(color=colour, strokeWidth=wide)
            .encode(x=x, y=y, detail="part:N")
            for state, (colour, wide) in LINES.items()
        ),
        _marks(points, len(rows)).encode(x=x, y=y, **marks),
    )  # fmt: skip


def _unknown(rows: list[Row], name: str, words: str, marks: dict[str, Any]) -> Panel | None:
    """A strip of the refills of which something is not known; null where it is known of all."""
    found = [{"day": row["service_date"], "kind": row["kind"]} for row in rows if row[name] is None]
    if not found:
        return None
    points = alt.Chart(pl.DataFrame(found), title=small_title(words))
    return lambda x: _marks(points, len(rows)).encode(x=x, **marks)


def _dollars(rows: list[Row], marks: dict[str, Any]) -> Panel | None:
    """The dollars allowed for each refill of which they are known; null where none are."""
    paid = [
        {"day": row["service_date"], "dollars": row["allowed"] / NANO, "kind": row["kind"]}
        for row in rows
        if row["allowed"] is not None
    ]
    if not paid:
        return None
    y = alt.Y("dollars:Q", title="dollars allowed", axis=alt.Axis(tickCount=4))
    bars = alt.Chart(pl.DataFrame(paid)).mark_bar(width=7 if len(rows) <= MANY else 2)
    return lambda x: bars.encode(x=x, y=y, color=marks["color"])


def _marks(chart: alt.Chart, count: int) -> Any:
    return chart.mark_point(size=90 if count <= MANY else 30, filled=True, opacity=1)


def _frame(rows: Sequence[Row], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema)


def _kind() -> pl.Expr:
    return (
        pl.when(pl.col("is_early")).then(pl.lit("early"))
        .when(pl.col("ran_dry")).then(pl.lit("ran dry before"))
        .when(pl.col("is_early").is_not_null()).then(pl.lit("due or later"))
        .when(pl.col("interval").is_null()).then(pl.lit("first"))
        .otherwise(pl.lit("not known"))
        .alias("kind")
    )  # fmt: skip


def _early(rows: list[Row]) -> str:
    """How many of those that could be judged were early."""
    judged = [row["is_early"] for row in rows if row["is_early"] is not None]
    if not judged:
        return "whether early is not known" if len(rows) > 1 else "nothing to compare with yet"
    return f"{sum(judged)} of {len(judged)} judged early"


def _words(rows: list[Row]) -> str:
    first, last = rows[0]["service_date"], rows[-1]["service_date"]
    when = f"from {first} to {last}" if last > first else f"on {first}"
    told = [f"{count(len(rows), 'refill')} {when}, {_early(rows)}."]
    for name, words in (("supply", "The supply"), ("allowed", "What is allowed")):
        unknown = sum(row[name] is None for row in rows)
        if unknown:
            told.append(f"{words} of {unknown} is not known.")
    told += [
        f"{row['service_date']}: {count(row['interval'], 'day')} after a fill of "
        f"{count(row['supply_before'], 'day')}, {row['kind']}."
        for row in rows
        if row["interval"] is not None and row["supply_before"] is not None
    ]
    return " ".join(told)
