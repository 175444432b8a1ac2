"""The level of one fill over time."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import BLUE, GREEN, GREY, RED, WIDTH, Picture, styled
from pumpclaim.reservoir import plain

if TYPE_CHECKING:
    from pumpclaim.refill import Refill


def reservoir_level(plan: Refill) -> Picture:
    """The level of a planned fill from the day of the fill until it is dry, with the window of the next."""
    fill, due = plan.fill, plan.due
    days = (due.dry - due.filled).days + 1
    step = max(days // 200, 1)
    level = pl.DataFrame({
        "day": [due.filled + timedelta(days=n) for n in range(0, days + 1, step)],
        "mL": [float(plain(fill.level(Fraction(n)), 6)) for n in range(0, days + 1, step)],
    })  # fmt: skip
    low = plan.alarm if plan.alarm is not None else fill.residual
    low_words = "low-reservoir alarm" if plan.alarm is not None else "residual volume"
    window = pl.DataFrame({"from": [due.earliest], "to": [due.latest]})
    marks = pl.DataFrame({
        "day": [due.earliest, due.latest, due.dry], "what": ["refill not early from", "supply ends", "dry"],
        "mL": [0.0, 0.0, 0.0], "row": [0, 1, 0],
    })  # fmt: skip
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%Y-%m-%d", labelOverlap=True, tickCount=8))
    top = float(fill.volume) * 1.12
    y = alt.Y("mL:Q", title="mL in the reservoir", scale=alt.Scale(domain=[0, top]))
    lows = pl.DataFrame({"mL": [float(low)], "said": [f"{low_words} {plain(low)} mL"]})
    layers = alt.layer(
        alt.Chart(window).mark_rect(color=GREEN, opacity=0.22).encode(x=alt.X("from:T", title=None), x2="to:T"),
        alt.Chart(level).mark_line(color=BLUE, strokeWidth=2.5).encode(x=x, y=y),
        alt.Chart(lows).mark_rule(color=RED, strokeDash=[6, 4]).encode(y="mL:Q"),
        alt.Chart(lows).mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=RED).encode(y="mL:Q", x=alt.value(0), text="said:N"),
        alt.Chart(marks).mark_rule(color=GREY, strokeDash=[2, 3]).encode(x="day:T"),
        _label(marks, "refill not early from", 0),
        _label(marks, "supply ends", 1),
        _label(marks, "dry", 0),
    )  # fmt: skip
    title = (
        f"{plain(fill.volume)} mL, {plain(fill.flow)} mL a day: {due.supply_days} days of supply"
    )
    subtitle = f"filled {due.filled}; the next refill is due {due.earliest} to {due.latest} (our threshold)"
    words = (
        f"The level falls in a straight line from {plain(fill.volume)} mL on {due.filled} to nothing on {due.dry}. "
        f"The supply of {due.supply_days} days ends on {due.latest}; a refill from {due.earliest} on is not early. "
        f"The {low_words} is {plain(low)} mL."
    )
    chart = layers.properties(
        width=WIDTH, height=300, title=alt.TitleParams(title, subtitle=subtitle)
    )
    return Picture(styled(chart), title, words)


def _label(marks: pl.DataFrame, what: str, row: int) -> Any:
    """The name of a day above the picture, beside its line."""
    at = alt.Chart(marks.filter(pl.col("what") == what))
    if what == "dry":
        text = at.mark_text(align="left", baseline="top", dx=5, dy=4 + 14 * row)
    else:
        text = at.mark_text(align="right", baseline="top", dx=-5, dy=4 + 14 * row)
    return text.encode(x="day:T", y=alt.value(0), text="what:N")
