"""A practice's refills: intervals against days of supply, monthly share, dollars above the supply, peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import BLUE, GREY, ORANGE, WIDTH, Picture, styled
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from pumpclaim.utilization.measure import Utilization

BIN = 15
"""Days of one bar."""
MOST = 180
"""Days from which intervals are drawn together."""


def practice(utilization: Utilization, provider: str) -> Picture:
    """One billing provider: how its intervals lie against its supplies, and how it stands among peers."""
    own = utilization.refills.filter(billing_provider_npi=provider)
    table = utilization.by("provider")
    figures = table.filter(billing_provider_npi=provider).row(0, named=True)
    panels = [_intervals(own)]
    peers = table.filter(pl.col("refills") > 1)
    shown = [
        _peers(peers, provider, "share_monthly", "monthly refills", percent=True),
        _peers(peers.with_columns(pl.col("above_supply") / NANO), provider, "above_supply", "dollars above the supply", percent=False),
    ]  # fmt: skip
    panels += [panel for panel in shown if panel is not None]
    monthly = figures["share_monthly"]
    title = (
        f"Provider {provider}: {figures['refills']:,} refills of {figures['patients']:,} patients"
    )
    said = "no interval yet" if monthly is None else f"{monthly:.0%} monthly"
    above = (figures["above_supply"] or 0) / NANO
    judged = figures["refills_judged"]
    subtitle = f"{said}; {figures['early_refills']:,} of {judged:,} judged refills early; ${above:,.2f} above the supply"
    words = (
        f"{title}. Median interval {_days(figures['median_interval'])}, median supply {_days(figures['median_supply'])}. "
        f"{subtitle}. {_among(peers, provider)}"
    )
    chart = alt.vconcat(*panels, spacing=24).properties(
        title=alt.TitleParams(title, subtitle=subtitle)
    )
    return Picture(styled(chart), title, words)


def _days(value: float | None) -> str:
    return "not known" if value is None else f"{value:g} days"


def _intervals(own: pl.DataFrame) -> Any:
    kinds = ["interval between refills", "days of supply of the fill before"]
    counted = pl.concat(
        [
            own.select(pl.col(name).drop_nulls().clip(0, MOST).alias("days")).with_columns(
                kind=pl.lit(kind)
            )
            for name, kind in zip(("interval", "supply_before"), kinds, strict=True)
        ]
    )
    bars = (
        counted.with_columns(begin=(pl.col("days") // BIN) * BIN)
        .group_by("kind", "begin").len("refills")
        .with_columns(
            at=pl.col("begin") + pl.when(pl.col("kind") == kinds[0]).then(1.0).otherwise(BIN / 2),
        )
        .with_columns(to=pl.col("at") + BIN / 2 - 1)
    )  # fmt: skip
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[BLUE, ORANGE]))
    chart = (
        alt.Chart(bars)
        .mark_bar(stroke="black", strokeWidth=0.4)
        .encode(
            x=alt.X("at:Q", bin="binned", title="days (180 and more together)", scale=alt.Scale(domain=[0, MOST + BIN], nice=False), axis=alt.Axis(values=list(range(0, MOST + 1, 30)))),
            x2="to:Q", y=alt.Y("refills:Q", title="refills"), color=colour,
        )
    )  # fmt: skip
    return alt.layer(chart).properties(width=WIDTH, height=220)


def _peers(table: pl.DataFrame, provider: str, column: str, title: str, *, percent: bool) -> Any:
    """Every practice as a tick, this one as a large mark; null when there is no other."""
    known = table.filter(pl.col(column).is_not_null())
    if known.height < 2 or not known.filter(billing_provider_npi=provider).height:
        return None
    data = known.select(
        pl.col(column).alias("value"),
        pl.when(pl.col("billing_provider_npi") == provider).then(pl.lit("this practice")).otherwise(pl.lit("others")).alias("who"),
    )  # fmt: skip
    axis = alt.Axis(format="%") if percent else alt.Axis(format="$,.0f")
    x = alt.X("value:Q", title=title, axis=axis)
    others = (
        alt.Chart(data.filter(who="others")).mark_tick(color=GREY, thickness=2, size=22).encode(x=x)
    )
    this = (
        alt.Chart(data.filter(who="this practice"))
        .mark_point(shape="diamond", size=170, filled=True, color=BLUE, stroke="black", opacity=1)
        .encode(x=x)
    )
    return alt.layer(others, this).properties(width=WIDTH, height=44)


def _among(peers: pl.DataFrame, provider: str) -> str:
    """The practice's rank among its peers by monthly share, in words."""
    known = peers.filter(pl.col("share_monthly").is_not_null()).sort(
        "share_monthly", descending=True
    )
    if known.height < 2 or not known.filter(billing_provider_npi=provider).height:
        return "There are no peers in the data."
    place = known["billing_provider_npi"].to_list().index(provider) + 1
    return f"By its share of monthly refills it is number {place} of {known.height} practices."
