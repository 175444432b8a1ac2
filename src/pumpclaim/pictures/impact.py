"""Dollars allowed by provider under two policies, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import BLUE, ORANGE, WIDTH, Picture, styled
from pumpclaim.reports.amounts import dollars, with_commas
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from pumpclaim.articles.impact import Impact

MOST = 15
"""Providers that are drawn, those with most dollars changed."""
SIDES = ["before", "after"]


def impact(found: Impact) -> Picture:
    """Two bars a provider, and how many claims go from which determination to which."""
    rows = found.by_provider().head(MOST)
    bars = pl.concat([
        rows.select(
            provider=pl.col("billing_provider_npi").fill_null("not known"),
            dollars=pl.col(f"allowed_{side}") / NANO,
            side=pl.lit(side),
        )
        for side in SIDES
    ])  # fmt: skip
    order = rows["billing_provider_npi"].fill_null("not known").to_list()
    title = f"{found.changed.height:,} of {found.claims.height:,} claims change"
    told = [
        f"{row['billing_provider_npi'] or 'not known'}: {with_commas(dollars(row['allowed_before']))} before, "
        f"{with_commas(dollars(row['allowed_after']))} after"
        for row in rows.iter_rows(named=True)
    ]
    moved = found.determinations().filter(pl.col("before") != pl.col("after"))
    turns = [f"{n:,} from {a} to {b}" for a, b, n in moved.iter_rows()]
    chart = (
        alt.Chart(bars)
        .mark_bar(stroke="black", strokeWidth=0.5)
        .encode(
            y=alt.Y("provider:N", title="billing provider", sort=order),
            yOffset=alt.YOffset("side:N", sort=SIDES),
            x=alt.X(
                "dollars:Q",
                title="dollars allowed, where known under both",
                axis=alt.Axis(format="$,.0f"),
            ),
            color=alt.Color("side:N", scale=alt.Scale(domain=SIDES, range=[BLUE, ORANGE])),
        )
        .properties(
            width=WIDTH,
            height=alt.Step(18),
            title=alt.TitleParams(title, subtitle="; ".join(turns) or "no determination changes"),
        )
    )
    return Picture(
        styled(chart),
        title,
        " ".join([*(f"{one}." for one in told), *(f"{one}." for one in turns)]),
    )
