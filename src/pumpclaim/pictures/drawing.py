"""What all pictures share: colours of both schemes, style, axes of days, and the way to SVG and PNG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import altair as alt
import vl_convert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLUE, ORANGE, GREEN, RED, GREY, INK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#767676",
    "#1a1a1a",
)
GROUND, GRID, AXIS, SOFT = "#ffffff", "#e4e4e4", "#888888", "#555555"
DARK = {
    BLUE: "#56B4E9", ORANGE: "#F0B840", GREEN: "#2BC59B", RED: "#FF8A4C", GREY: "#A8A297", INK: "#eceae6",
    GROUND: "#201f1d", GRID: "#3b3935", AXIS: "#8d887f", SOFT: "#b3aea5",
}  # fmt: skip
"""What stands for each colour where a dark scheme is preferred."""
WIDTH, NARROW = 640, 272
"""Width of a picture's panels in points, and on a phone, where letters keep their size."""
SCALE = 2
"""Pixels of a PNG for each point of the picture."""
MONTHS, DAYS = (1, 2, 3, 6, 12, 24, 60, 120), (1, 2, 7, 14, 28)
"""Steps from one mark of an axis of days to the next."""
MONTH_ROOM, DAY_ROOM = 50, 80
"""Points that the name of a month and of a day take."""
SHORT = 75
"""Days up to which an axis names days, not months."""
LETTER, SMALL_LETTER = 8, 6
"""Points that a letter of the title and of the line below it take."""


@dataclass(frozen=True)
class Picture:
    """A chart, its title, and what it shows in words, for those who do not see it."""

    chart: alt.TopLevelMixin
    title: str
    words: str


def styled(chart: Any, width: int = WIDTH) -> Any:
    """The chart in the style of the house: thin grid, one font; legends fold where it is narrow."""
    font = "DejaVu Sans"
    return (
        chart.configure(background=GROUND, padding=16 if width > NARROW else 8, font=font)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=11, titleFontSize=11, titleFontWeight="normal", gridColor=GRID, domainColor=AXIS,
            tickColor=AXIS, labelColor=INK, titleColor=INK,
        )
        .configure_title(
            fontSize=14, anchor="start", color=INK, subtitleFontSize=11, subtitleColor=SOFT, offset=12,
        )
        .configure_legend(
            labelFontSize=11, labelColor=INK, orient="top", title=None, symbolSize=90, labelLimit=400,
            columns=0 if width > NARROW else 2,
        )
        .configure_text(color=INK)
    )  # fmt: skip


def titled(title: str, subtitle: str, width: int) -> alt.TitleParams:
    """A title and the line below it, in as many lines as the width asks for."""
    return alt.TitleParams(
        wrap(title, width // LETTER), subtitle=wrap(subtitle, width // SMALL_LETTER)
    )


def small_title(words: str) -> alt.TitleParams:
    """The title of one panel among others."""
    return alt.TitleParams(words, fontSize=11, fontWeight="normal", color=INK, offset=2)


def day_axis(first: date, last: date, width: int, *, named: bool = True) -> alt.X:
    """The axis of the days from ``first`` to ``last`` (the field ``day``): marks at months' beginnings, at
    days where few are shown; ``named`` says whether they bear their names."""
    return alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(domain=[_moment(first), _moment(last)], nice=False),
        axis=alt.Axis(
            values=[_moment(day) for day in day_marks(first, last, width)],
            format="%Y-%m-%d" if (last - first).days <= SHORT else "%Y-%m",
            labels=named,
            ticks=named,
            labelOverlap=False,
            labelFlush=False,
        ),
    )


def day_marks(first: date, last: date, width: int) -> list[date]:
    """The days that an axis from ``first`` to ``last`` names."""
    span = (last - first).days
    if span <= SHORT:
        most = max(width // DAY_ROOM, 1)
        step = next((one for one in DAYS if span / one <= most), DAYS[-1])
        return [first + timedelta(days=n) for n in range(0, span + 1, step)]
    begin, end = (12 * day.year + day.month - 1 for day in (first, last))
    begin += first.day > 1
    most = max(width // MONTH_ROOM, 1)
    step = next((one for one in MONTHS if (end - begin) / one < most), MONTHS[-1])
    begin = -(-begin // step) * step
    return [date(month // 12, month % 12 + 1, 1) for month in range(begin, end + 1, step)]


def _moment(day: date) -> alt.DateTime:
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def kinds(
    names: Sequence[str], colours: Mapping[str, str], shapes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Colour (and shape) of the field ``kind`` for those that occur, with a legend that names them alone."""

    def scale(by: Mapping[str, str]) -> alt.Scale:
        return alt.Scale(domain=list(names), range=[by[name] for name in names])

    own: dict[str, Any] = {"color": alt.Color("kind:N", scale=scale(colours))}
    return own if shapes is None else {**own, "shape": alt.Shape("kind:N", scale=scale(shapes))}


def render(picture: Picture, form: str) -> bytes:
    """The picture as ``svg``, with its words as title and description and the colours of both schemes, or
    as ``png``."""
    spec = picture.chart.to_dict()
    if form == "png":
        png: bytes = vl_convert.vegalite_to_png(spec, scale=SCALE)
        return png
    svg: str = vl_convert.vegalite_to_svg(spec)
    head, _, rest = svg.partition(">")
    told = f"<title>{escape(picture.title)}</title><desc>{escape(picture.words)}</desc>"
    return f'{head} role="img">{told}<style>{_DARK_STYLE}</style>{rest}\n'.encode()


_DARK_STYLE = (
    "@media screen and (prefers-color-scheme:dark){"
    + "".join(
        f'[{name}="{light}"]{{{name}:{dark}}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
    )
    + "}"
)
