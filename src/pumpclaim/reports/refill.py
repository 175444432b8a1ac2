"""The plan of a refill for a person, and as JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pumpclaim.reservoir import plain

if TYPE_CHECKING:
    from pumpclaim.refill import Refill


def document(told: Refill) -> dict[str, Any]:
    """The plan as JSON: exact decimals as text, dates ISO 8601, unknown null."""
    return {
        "pump": told.contents.pump.id if told.contents.pump else None,
        "volume_ml": plain(told.fill.volume),
        "residual_ml": plain(told.fill.residual),
        "residual_from": told.residual_from,
        "flow_ml_per_day": plain(told.fill.flow, 6),
        "supply_days": told.due.supply_days,
        "capped_at_longest_interval": told.due.capped,
        "filled": told.due.filled.isoformat(),
        "due_from": told.due.earliest.isoformat(),
        "due_to": told.due.latest.isoformat(),
        "low_reservoir_alarm": told.due.alarm.isoformat() if told.due.alarm else None,
        "dry": told.due.dry.isoformat(),
        "drugs": [
            {"drug": name, "amount": amount, "daily_dose": daily} for name, amount, daily in told.drugs
        ],
        "allowed": None if told.contents.allowed is None else str(told.contents.allowed),
        "reason": told.contents.reason,
        "doubts": list(told.contents.doubts),
        "basis": "threshold",
    }  # fmt: skip


def text(told: Refill) -> str:
    """The plan for a person."""
    fill, due = told.fill, told.due
    usable = fill.volume - fill.residual
    whole = (
        f" (the fill would last {int(fill.days)}; no fill counts for longer)" if due.capped else ""
    )
    lines = [
        f"supply      {due.supply_days} days{whole}",
        f"            {plain(usable)} mL of {plain(fill.volume)} mL usable, "
        f"residual {plain(fill.residual)} mL ({told.residual_from}), flow {plain(fill.flow)} mL a day",
        f"filled      {due.filled}",
        f"next due    {due.earliest} to {due.latest} (a threshold of ours, not the article's)",
    ]
    if due.alarm:
        lines.append(f"alarm       {due.alarm}, at {plain(told.alarm or Fraction(0))} mL")
    lines.append(f"dry         {due.dry}")
    lines += [
        f"{name:<12}{amount} in all" + (f", {daily} a day" if daily else "")
        for name, amount, daily in told.drugs
    ]
    if told.contents.allowed is not None:
        lines.append(f"allowed     ${told.contents.allowed} for this refill if compounded (P2, P3)")
    elif told.contents.reason:
        lines.append(f"allowed     not known: {told.contents.reason}")
    lines += [f"doubtful    {one}" for one in told.contents.doubts]
    return "\n".join([*lines, ""])
