"""Medicare claims for implanted infusion pumps, held against Local Coverage Article A55239.

>>> import pumpclaim
>>> claims = pumpclaim.read("claims.837")                                # doctest: +SKIP
>>> review = pumpclaim.check(claims)                                     # doctest: +SKIP
>>> review.findings, review.prices, review.determinations                # doctest: +SKIP
>>> pumpclaim.price("morphine 360 mg, bupivacaine 90 mg", on=day)        # doctest: +SKIP

Each name is imported when it is first asked for, so that ``import pumpclaim`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pumpclaim._version import __version__

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import Assessment, assess
    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.errors import InputError
    from pumpclaim.quote import price
    from pumpclaim.readers import read
    from pumpclaim.readers.chart import read_charts
    from pumpclaim.review import Review, check
    from pumpclaim.utilization.measure import Utilization, measure

__all__ = [
    "Assessment", "ChartSet", "ClaimSet", "InputError", "Review", "Utilization", "__version__", "assess",
    "check", "measure", "price", "read", "read_charts",
]  # fmt: skip

HOMES = {
    "Assessment": "pumpclaim.charts.assessment",
    "ChartSet": "pumpclaim.charts.chart_set",
    "Utilization": "pumpclaim.utilization.measure",
    "assess": "pumpclaim.charts.assessment",
    "measure": "pumpclaim.utilization.measure",
    "read_charts": "pumpclaim.readers.chart",
    "ClaimSet": "pumpclaim.claim_set",
    "InputError": "pumpclaim.errors",
    "Review": "pumpclaim.review",
    "check": "pumpclaim.review",
    "price": "pumpclaim.quote",
    "read": "pumpclaim.readers",
}
"""Module in which each public name is defined."""


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'pumpclaim' has no attribute '{name}'")
    value = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
