"""Pictures of reservoirs and refills, as SVG and PNG: Altair describes them, vl-convert draws them.

The colours are Okabe and Ito's, which the colour-blind can tell apart, and every mark differs by shape or
dash as well, so that a black and white print loses nothing. A picture follows a dark scheme where it is shown on
a screen that prefers one, and is drawn as wide as it is asked for. Each has a text that says the same.
"""

from __future__ import annotations

from pumpclaim.pictures.drawing import NARROW, WIDTH, Picture, render
from pumpclaim.pictures.impact import impact
from pumpclaim.pictures.patient import patient_history
from pumpclaim.pictures.practice import practice
from pumpclaim.pictures.reservoir import reservoir_level

__all__ = [
    "NARROW",
    "WIDTH",
    "Picture",
    "impact",
    "patient_history",
    "practice",
    "render",
    "reservoir_level",
]
