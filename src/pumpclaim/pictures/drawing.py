"""What all pictures share: colours, style, and the way to SVG and PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import vl_convert

if TYPE_CHECKING:
    import altair as alt

BLUE, ORANGE, GREEN, RED, GREY, INK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#999999",
    "#1a1a1a",
)
WIDTH = 640
SCALE = 2
"""Pixels of a PNG for each point of the picture."""


@dataclass(frozen=True)
class Picture:
    """A chart, its title, and what it shows in words, for those who do not see it."""

    chart: alt.TopLevelMixin
    title: str
    words: str


def styled(chart: Any) -> Any:
    """The chart in the style of the house: white ground, thin grid, one font."""
    return (
        chart.configure(background="white", padding=16)
        .configure_view(stroke=None)
        .configure_axis(
            labelFont="DejaVu Sans", titleFont="DejaVu Sans", labelFontSize=11, titleFontSize=11,
            titleFontWeight="normal", gridColor="#e4e4e4", domainColor="#888888", labelColor=INK,
        )
        .configure_title(font="DejaVu Sans", fontSize=14, anchor="start", subtitleFont="DejaVu Sans", subtitleFontSize=11, subtitleColor="#555555", offset=12)
        .configure_legend(labelFont="DejaVu Sans", titleFont="DejaVu Sans", labelFontSize=11, orient="top", title=None, symbolSize=90, labelLimit=400)
        .configure_header(labelFont="DejaVu Sans", titleFont="DejaVu Sans")
    )  # fmt: skip


def render(picture: Picture, form: str) -> bytes:
    """The picture as ``svg`` (with its words as title and description) or ``png``."""
    spec = picture.chart.to_dict()
    if form == "png":
        png: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE)
        return png
    svg: str = vl_convert.vegalite_to_svg(spec)
    head, _, rest = svg.partition(">")
    told = f"<title>{escape(picture.title)}</title><desc>{escape(picture.words)}</desc>"
    return f'{head} role="img">{told}{rest}\n'.encode()
