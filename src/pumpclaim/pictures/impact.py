"""What a change of policy means for each provider in dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import BLUE, GREEN, GREY, ORANGE, WIDTH, Picture, styled
from pumpclaim.reports.amounts import dollars, with_commas
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from pumpclaim.articles.impact import Impact

MOST = 15
"""Providers that are drawn, those with most dollars changed."""
WAYS = {"more": BLUE, "less": ORANGE, "no longer known": GREY, "newly known": GREEN}
"""What becomes of dollars, and the colour of each."""


def impact(found: Impact) -> Picture:
    """The change of dollars by provider, most first, and how many claims go from which determination to which.

    Dollars that are known under one side alone are drawn apart from the change of those known under both.
    """
    moves = (pl.col("difference") != 0) | (pl.col("lost") > 0) | (pl.col("gained") > 0)
    rows = found.by_provider().filter(moves).head(MOST).to_dicts()
    names = [row["billing_provider_npi"] or "not known" for row in rows]
    said = [_said(row) for row in rows]
    bars = [
        {"provider": name, "dollars": amount / NANO, "way": way}
        for name, row in zip(names, rows, strict=True)
        for way, amount in (
            ("more", max(row["difference"], 0)), ("less", min(row["difference"], 0)),
            ("no longer known", -row["lost"]), ("newly known", row["gained"]),
        )
        if amount
    ]  # fmt: skip
    labels = [{"provider": name, "said": words} for name, words in zip(names, said, strict=True)]
    title = f"{found.changed.height:,} of {found.claims.height:,} claims change"
    moved = found.determinations().filter(pl.col("before") != pl.col("after"))
    turns = [f"{n:,} from {a} to {b}" for a, b, n in moved.iter_rows()]
    y = alt.Y("provider:N", title="billing provider", sort=names)
    x = alt.X("dollars:Q", title="change of dollars allowed", axis=alt.Axis(format="$,.2f"))
    colour = alt.Color("way:N", scale=alt.Scale(domain=[*WAYS], range=[*WAYS.values()]))
    drawn = (
        alt.Chart(_table(bars, provider=pl.String, dollars=pl.Float64, way=pl.String))
        .mark_bar(stroke="black", strokeWidth=0.5)
        .encode(y=y, x=x, color=colour)
    )
    words = (
        alt.Chart(_table(labels, provider=pl.String, said=pl.String))
        .mark_text(align="left", dx=6, font="DejaVu Sans")
        .encode(y=y, x=alt.value(WIDTH - 120), text="said:N")
    )
    chart = alt.layer(drawn, words).properties(
        width=WIDTH - 120,
        height=alt.Step(22),
        title=alt.TitleParams(title, subtitle="; ".join(turns) or "no determination changes"),
    )
    told = [f"{name}: {words}." for name, words in zip(names, said, strict=True)]
    return Picture(styled(chart), title, " ".join([*told, *(f"{one}." for one in turns)]))


def _table(rows: list[dict[str, Any]], **schema: Any) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema)


def _said(row: dict[str, Any]) -> str:
    """A provider's dollars in words."""
    known = (
        f"{with_commas(dollars(row['allowed_before']))} before, "
        f"{with_commas(dollars(row['allowed_after']))} after"
    )
    apart = [
        f"{with_commas(dollars(row[name]))} {words}"
        for name, words in (("lost", "no longer known"), ("gained", "newly known"))
        if row[name]
    ]
    return ", ".join([known, *apart])
