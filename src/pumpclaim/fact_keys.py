"""On which number of its line each fact rests: lines that agree in it are put into the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pumpclaim.policy.model import Role
from pumpclaim.utilization.facts import REFILL_FACTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pumpclaim.facts import Facts

    Ints = NDArray[np.int64]


def _code(facts: Facts) -> Ints:
    """The code's position, and for codes that no fact knows the line itself."""
    codes = facts.context.lines.codes[facts.places].astype(np.int64)
    return np.where(codes > 0, codes, -1 - facts.places)


def _asked_of(facts: Facts) -> Ints:
    """Whether the line implants, and whether its visit manages a pump."""
    columns, at = facts.context.columns, facts.places
    implants = (columns["roles"][at] & np.uint32(Role.IMPLANT)) != 0
    manages = (columns["visit_roles"][at] & np.uint32(Role.MANAGEMENT)) != 0
    asked: Ints = 2 * implants.astype(np.int64) + manages
    return asked


def _same(facts: Facts) -> Ints:
    return np.zeros(len(facts.places), np.int64)


def _at(values: Callable[[Facts], NDArray[Any]]) -> Callable[[Facts], Ints]:
    def at_places(facts: Facts) -> Ints:
        wide: Ints = values(facts)[facts.places].astype(np.int64)
        return wide

    return at_places


def _refill(name: str) -> Callable[[Facts], Ints]:
    return _at(lambda facts: getattr(facts.context.lines.refills, name))


RESTS_ON: dict[str, Callable[[Facts], Ints]] = {
    "hcpcs": _code,
    "service_date": _at(lambda facts: facts.context.lines.days),
    "keep_ready": _asked_of,
    "allowed": _at(lambda facts: facts.prices.allowed),
    "charge": _at(lambda facts: facts.context.lines.charges),
    "units": _at(lambda facts: facts.context.lines.units),
    "units_on_day": _at(lambda facts: facts.context.columns["units_on_day"]),
    "article": _at(lambda facts: facts.context.reach.article),
    "first_day": _at(lambda facts: facts.context.reach.article),
    "last_day": _at(lambda facts: facts.context.reach.article),
    "contractor": _at(lambda facts: facts.context.reach.contract),
    "state": _at(lambda facts: facts.context.reach.state),
    "not_early_from": _refill("supply_before"),
    "supply_before": _refill("supply_before"),
    "dry_before": _refill("dry_before"),
    "monthly_run": _refill("monthly"),
    "monthly_long_run": _refill("monthly_long"),
    "analysis_interval": _refill("analysis_interval"),
    "refill_number": _refill("refill_number"),
    **{name: _same for name in REFILL_FACTS if "threshold" in name or name == "long_supply"},
}
"""Facts that rest on one number of the line: that number. Lines that agree in it have the same words."""
