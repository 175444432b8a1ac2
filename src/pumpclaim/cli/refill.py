"""``pumpclaim refill``: how long a fill lasts, when the next is due, what the article allows for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import PageFormat, Readings, Thresholds
from pumpclaim.cli.saying import complain, ends_well, write, write_json
from pumpclaim.errors import InputError


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
            help='As "3 mg/day", in the order of the concentrations. That of the first drug is enough: the '
            "drugs of a mixture leave together.",
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
    from pumpclaim.reports.refill import document, text  # noqa: PLC0415

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
