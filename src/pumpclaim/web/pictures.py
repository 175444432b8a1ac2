"""Pictures as answers: SVG that loads nothing and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Response

from pumpclaim.pictures import NARROW, WIDTH, render

if TYPE_CHECKING:
    from pumpclaim.pictures.drawing import Picture


def width_of(narrow: str) -> int:
    """How wide a picture is drawn, by its address: narrower for a phone, whose letters stay legible."""
    return NARROW if narrow else WIDTH


def svg(picture: Picture) -> Response:
    """A picture as an SVG that a page shows; opened by itself it may do nothing at all."""
    return Response(
        render(picture, "svg"),
        media_type="image/svg+xml",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )
