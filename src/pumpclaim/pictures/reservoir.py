"""The level of one fill over time."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import (
    BLUE,
    GREEN,
    GREY,
    NARROW,
    RED,
    WIDTH,
    Picture,
    day_axis,
    styled,
    titled,
)
from pumpclaim.reports.words import count
from pumpclaim.reservoir import plain

if TYPE_CHECKING:
    from datetime import date

    from pumpclaim.refill import Refill


def reservoir_level(plan: Refill, width: int = WIDTH) -> Picture:
    """The level of a planned fill from the day of the fill until it is dry, with the window of the next."""
    fill, due = plan.fill, plan.due
    days = (due.dry - due.filled).days + 1
    steps = [*range(0, days, max(days // 200, 1)), days]
    level = pl.DataFrame({
        "day": [due.filled + timedelta(days=n) for n in steps],
        "mL": [float(plain(fill.level(Fraction(n)), 6)) for n in steps],
    })  # fmt: skip
    low = plan.alarm if plan.alarm is not None else fill.residual
    low_words = "low-reservoir alarm" if plan.alarm is not None else "residual volume"
    window = pl.DataFrame({"day": [due.earliest], "to": [due.latest]})
    x = day_axis(due.filled, due.filled + timedelta(days=days), width)
    top = float(fill.volume) * (1.12 if width > NARROW else 1.3)
    y = alt.Y("mL:Q", title="mL in the reservoir", scale=alt.Scale(domain=[0, top]))
    lows = pl.DataFrame({"mL": [float(low)], "said": [f"{low_words} {plain(low)} mL"]})
    marks = [
        (due.earliest, "refill not early from"), (due.latest, "supply ends"), (due.dry, "dry"),
    ]  # fmt: skip
    layers = alt.layer(
        alt.Chart(window).mark_rect(color=GREEN, opacity=0.22).encode(x=x, x2="to:T"),
        alt.Chart(level).mark_line(color=BLUE, strokeWidth=2.5).encode(x=x, y=y),
        alt.Chart(lows).mark_rule(color=RED, strokeDash=[6, 4]).encode(y="mL:Q"),
        alt.Chart(lows).mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=RED).encode(y="mL:Q", x=alt.value(0), text="said:N"),
        *(
            part
            for row, (day, words) in enumerate(marks)
            for part in _mark(day, words, row, x, is_early=2 * (day - due.filled).days < days)
        ),
    )  # fmt: skip
    supply = count(due.supply_days, "day")
    title = f"{plain(fill.volume)} mL, {plain(fill.flow)} mL a day: {supply} of supply"
    subtitle = f"filled {due.filled}; the next refill is due {due.earliest} to {due.latest} (our threshold)"
    words = (
        f"The level falls in a straight line from {plain(fill.volume)} mL on {due.filled} to nothing on {due.dry}. "
        f"The supply of {supply} ends on {due.latest}; a refill from {due.earliest} on is not early. "
        f"The {low_words} is {plain(low)} mL."
    )
    chart = layers.properties(width=width, height=300, title=titled(title, subtitle, width))
    return Picture(styled(chart, width), title, words)


def _mark(day: date, words: str, row: int, x: alt.X, *, is_early: bool) -> tuple[Any, Any]:
    """A line at a day, and its name beside it towards the middle; each name in a row of its own."""
    at = alt.Chart(pl.DataFrame({"day": [day], "what": [words]}))
    line = at.mark_rule(color=GREY, strokeDash=[2, 3]).encode(x=x)
    beside = 5 if is_early else -5
    name = at.mark_text(
        align="left" if is_early else "right", baseline="top", dx=beside, dy=4 + 14 * row
    )
    return line, name.encode(x=x, y=alt.value(0), text="what:N")
