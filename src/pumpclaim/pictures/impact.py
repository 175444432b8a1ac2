"""What a change of policy means for each provider in dollars."""

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
WAYS = ["more", "less"]


def impact(found: Impact) -> Picture:
    """The change of dollars by provider, most first, and how many claims go from which determination to which."""
    rows = found.by_provider().filter(pl.col("difference") != 0).head(MOST)
    bars = rows.select(
        provider=pl.col("billing_provider_npi").fill_null("not known"),
        difference=pl.col("difference") / NANO,
        way=pl.when(pl.col("difference") < 0).then(pl.lit("less")).otherwise(pl.lit("more")),
        said=pl.Series(
            [
                f"{with_commas(dollars(before))} → {with_commas(dollars(after))}"
                for before, after in rows.select("allowed_before", "allowed_after").iter_rows()
            ],
            dtype=pl.String,
        ),
    )
    order = rows["billing_provider_npi"].fill_null("not known").to_list()
    title = f"{found.changed.height:,} of {found.claims.height:,} claims change"
    told = [
        f"{row['billing_provider_npi'] or 'not known'}: {with_commas(dollars(row['allowed_before']))} before, "
        f"{with_commas(dollars(row['allowed_after']))} after"
        for row in rows.iter_rows(named=True)
    ]
    moved = found.determinations().filter(pl.col("before") != pl.col("after"))
    turns = [f"{n:,} from {a} to {b}" for a, b, n in moved.iter_rows()]
    y = alt.Y("provider:N", title="billing provider", sort=order)
    x = alt.X(
        "difference:Q",
        title="change of dollars allowed, where known under both",
        axis=alt.Axis(format="$,.2f"),
    )
    colour = alt.Color("way:N", scale=alt.Scale(domain=WAYS, range=[BLUE, ORANGE]))
    base = alt.Chart(bars)
    drawn = base.mark_bar(stroke="black", strokeWidth=0.5).encode(y=y, x=x, color=colour)
    words = base.mark_text(align="left", dx=6).encode(y=y, x=x, text="said:N")
    chart = alt.layer(drawn, words).properties(
        width=WIDTH - 120,
        height=alt.Step(22),
        title=alt.TitleParams(title, subtitle="; ".join(turns) or "no determination changes"),
    )
    return Picture(
        styled(chart),
        title,
        " ".join([*(f"{one}." for one in told), *(f"{one}." for one in turns)]),
    )
