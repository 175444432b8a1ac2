"""A practice's refills: intervals against days of supply, monthly share, dollars above the supply, peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from pumpclaim.pictures.drawing import (
    BLUE,
    GREY,
    INK,
    NARROW,
    ORANGE,
    WIDTH,
    Picture,
    kinds,
    styled,
    titled,
)
from pumpclaim.reports.amounts import dollars, with_commas
from pumpclaim.reports.words import count
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from pumpclaim.utilization.measure import Utilization

BIN = 15
"""Days of one bar."""
MOST = 180
"""Days from which intervals are drawn together."""


def practice(utilization: Utilization, provider: str, width: int = WIDTH) -> Picture:
    """One billing provider: how its intervals lie against its supplies, and how it stands among peers."""
    own = utilization.of_provider(provider).refills
    table = utilization.by("provider")
    figures = table.filter(billing_provider_npi=provider).row(0, named=True)
    peers = table.filter(pl.col("refills") > 1)
    above = peers.with_columns(pl.col("above_supply") / NANO)
    panels = [
        panel.properties(width=width)
        for panel in (
            _intervals(own, width),
            _peers(peers, provider, "share_monthly", "monthly refills", "%"),
            _peers(above, provider, "above_supply", "dollars above the supply", "$,.0f"),
        )
        if panel is not None
    ]
    refills, patients = count(figures["refills"], "refill"), count(figures["patients"], "patient")
    title = f"Provider {provider}: {refills} of {patients}"
    said = _judged(figures)
    words = (
        f"{title}. Median interval {_days(figures['median_interval'])}, median supply {_days(figures['median_supply'])}. "
        f"{said}. {_among(peers, provider)}"
    )
    chart = alt.vconcat(*panels, spacing=24) if panels else _nothing(width)
    return Picture(styled(chart.properties(title=titled(title, said, width)), width), title, words)


def _judged(figures: dict[str, Any]) -> str:
    """What is known of a practice's refills in one line; what is not, is said."""
    monthly, judged = figures["share_monthly"], figures["refills_judged"]
    told = ["no interval yet" if monthly is None else f"{monthly:.0%} monthly"]
    if judged:
        told.append(f"{figures['early_refills']:,} of {count(judged, 'judged refill')} early")
        told.append(f"{with_commas(dollars(figures['above_supply']))} above the supply")
    else:
        told.append("whether any is early, and dollars above the supply, not known")
    return "; ".join(told)


def _nothing(width: int) -> Any:
    """The place of a picture that has nothing to show."""
    words = alt.Chart(pl.DataFrame({"said": ["no refill follows another yet"]}))
    return words.mark_text(align="left", x=0, y=10).encode(text="said:N").properties(width=width, height=20)  # fmt: skip


def _days(value: float | None) -> str:
    return "not known" if value is None else f"{value:g} days"


def _intervals(own: pl.DataFrame, width: int) -> Any:
    """Intervals beside the supplies before them, in bars of half a month; null where there is neither."""
    colours = {"between refills": BLUE, "supply of the fill before": ORANGE}
    first = next(iter(colours))
    counted = pl.concat(
        own.select(pl.col(name).drop_nulls().clip(0, MOST).alias("days")).with_columns(
            kind=pl.lit(kind)
        )
        for name, kind in zip(("interval", "supply_before"), colours, strict=True)
    )
    if not counted.height:
        return None
    at = pl.col("begin") + pl.when(pl.col("kind") == first).then(1.0).otherwise(BIN / 2)
    bars = (
        counted.with_columns(begin=(pl.col("days") // BIN) * BIN)
        .group_by("kind", "begin").len("refills").sort("kind", "begin")
        .with_columns(at=at).with_columns(to=pl.col("at") + BIN / 2 - 1)
    )  # fmt: skip
    known = [kind for kind in colours if kind in bars["kind"].to_list()]
    marks = list(range(0, MOST + 1, 60 if width <= NARROW else 30))
    x = alt.X(
        "at:Q", bin="binned", title="days (180 and more together)",
        scale=alt.Scale(domain=[0, MOST + BIN], nice=False), axis=alt.Axis(values=marks),
    )  # fmt: skip
    y = alt.Y("refills:Q", title="refills", axis=alt.Axis(tickMinStep=1, format="d"))
    drawn = alt.Chart(bars).mark_bar(stroke=INK, strokeWidth=0.4)
    return alt.layer(drawn.encode(x=x, x2="to:Q", y=y, **kinds(known, colours))).properties(
        height=220
    )


def _peers(table: pl.DataFrame, provider: str, column: str, title: str, form: str) -> Any:
    """Every practice as a tick, this one as a large mark; null when there is no other."""
    known = table.filter(pl.col(column).is_not_null())
    if known.height < 2 or not known.filter(billing_provider_npi=provider).height:
        return None
    data = known.select(
        pl.col(column).alias("value"),
        pl.when(pl.col("billing_provider_npi") == provider).then(pl.lit("this practice")).otherwise(pl.lit("others")).alias("who"),
    )  # fmt: skip
    x = alt.X("value:Q", title=title, axis=alt.Axis(format=form, tickCount=5))
    others = (
        alt.Chart(data.filter(who="others")).mark_tick(color=GREY, thickness=2, size=22).encode(x=x)
    )
    this = (
        alt.Chart(data.filter(who="this practice"))
        .mark_point(shape="diamond", size=170, filled=True, color=BLUE, stroke=INK, opacity=1)
        .encode(x=x)
    )
    return alt.layer(others, this).properties(height=44)


def _among(peers: pl.DataFrame, provider: str) -> str:
    """The practice's rank among its peers by monthly share, in words."""
    known = peers.filter(pl.col("share_monthly").is_not_null()).sort(
        "share_monthly", descending=True
    )
    if known.height < 2 or not known.filter(billing_provider_npi=provider).height:
        return "There are no peers in the data."
    place = known["billing_provider_npi"].to_list().index(provider) + 1
    return f"By its share of monthly refills it is number {place} of {known.height} practices."
