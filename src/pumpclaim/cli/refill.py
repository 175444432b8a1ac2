"""``pumpclaim refill``: how long a fill lasts, when the next is due, what the article allows for it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import PageFormat, Readings, Thresholds
from pumpclaim.cli.saying import complain, ends_well, write, write_json
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.refill import Refill


@ends_well
def refill(
    *,
    volume: Annotated[
        str | None,
        typer.Option(
            metavar="ML",
            help="What the reservoir holds after the fill, as 20; the pump's size if not given.",
        ),
    ] = None,
    residual: Annotated[
        str | None,
        typer.Option(
            metavar="ML",
            help="What cannot be given; 2 mL if neither this nor the pump tells (a threshold).",
        ),
    ] = None,
    concentration: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help='As "20 mg/mL", or with the drug, "morphine 20 mg/mL". Once for each drug of a mixture.',
        ),
    ] = None,
    dose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help='As "3 mg/day". Once for each drug, in the order of the concentrations.',
        ),
    ] = None,
    flow: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help='Flow of a constant-flow pump, as "0.5 mL/day", in the place of the dose.',
        ),
    ] = None,
    pump: Annotated[
        str | None, typer.Option(metavar="NAME", help="A pump model, such as synchromed-ii-20.")
    ] = None,
    pumps: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Pumps of your own, in the form of policy/pumps.toml."),
    ] = None,
    on: Annotated[
        date | None,
        typer.Option(
            "--on", metavar="DATE", parser=options.day, help="Day of the fill; today if not given."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg|png", help="Draw the level over time into that file."),
    ] = None,
    reading: Readings = None,
    threshold: Thresholds = None,
    report: PageFormat = "text",
) -> int:
    """Print how long a fill of the pump lasts, when the next is due, and what it is allowed."""
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.refill import plan  # noqa: PLC0415

    if plot is not None and plot.suffix.lower() not in (".svg", ".png"):
        raise InputError("a picture is .svg or .png", source=str(plot))
    told = plan(
        volume=volume, residual=residual, concentrations=concentration or [], doses=dose or [],
        flow=flow, pump=pump, own_pumps=pumps, on=on or options.today(),
        policy=load(options.readings(reading), options.thresholds(threshold)),
    )  # fmt: skip
    if plot is not None:
        from pumpclaim.pictures import render, reservoir_level  # noqa: PLC0415

        write(render(reservoir_level(told), plot.suffix.lower()[1:]), plot)
        complain(f"the picture is {plot}")
    if report == "json":
        write_json(document(told))
    else:
        write(text(told).encode())
    return 0


def document(told: Refill) -> dict[str, Any]:
    """The plan as JSON: exact decimals as text, dates ISO 8601, unknown null."""
    from pumpclaim.reservoir import plain  # noqa: PLC0415

    return {
        "pump": told.pump.id if told.pump else None,
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
        "allowed": None if told.allowed is None else str(told.allowed),
        "reason": told.reason,
        "basis": "threshold",
    }  # fmt: skip


def text(told: Refill) -> str:
    """The plan for a person."""
    from pumpclaim.reservoir import plain  # noqa: PLC0415

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
    if told.allowed is not None:
        lines.append(f"allowed     ${told.allowed} for this refill if compounded (P2, P3)")
    elif told.reason:
        lines.append(f"allowed     not known: {told.reason}")
    return "\n".join([*lines, ""])
