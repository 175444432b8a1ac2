"""``pumpclaim utilization``: how often pumps are refilled, against what was put in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import Readings, Thresholds
from pumpclaim.cli.saying import UNUSABLE, complain, console, ends_well, write
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.policy import PolicySet
    from pumpclaim.utilization.measure import Utilization

FORMATS = ("text", "json", "csv", "parquet")
BY = ("provider", "patient")
DRAWN = 50
"""Pictures of one call."""


@ends_well
def utilization(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="Claims, as for check; none when --history is given."
        ),
    ] = None,
    *,
    by: Annotated[
        str,
        typer.Option(metavar="|".join(BY), callback=options.one_of(BY), help="What a row is."),
    ] = "provider",
    charts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Records of visits, which tell the supply. May be repeated.",
        ),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="A history of claims and records (see `pumpclaim history`)."
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Draw a picture of each provider or patient into that folder."
        ),
    ] = None,
    picture: Annotated[
        str,
        typer.Option(
            metavar="svg|png", callback=options.one_of(("svg", "png")), help="Their form."
        ),
    ] = "svg",
    report: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            callback=options.one_of(FORMATS),
            help="Text for people; JSON; CSV or Parquet: both tables, into the folder given with -o.",
        ),
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write there.")
    ] = None,
    threshold: Thresholds = None,
    reading: Readings = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="Rows of the text report.")] = 50,
) -> int:
    """Print refills, intervals, days of supply and dollars, by provider or patient."""
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.reports import utilization as reports  # noqa: PLC0415
    from pumpclaim.utilization.measure import measure  # noqa: PLC0415

    if not files and history is None:
        raise InputError("name the files of claims, or a history with --history")
    if report in ("csv", "parquet") and output is None:
        raise InputError(f"{report} writes two tables; name a folder with -o")
    policy = load(options.readings(reading), options.thresholds(threshold))
    claims, chart_set = _gather(files or [], charts or [], history, policy)
    found = measure(claims, charts=chart_set, policy=policy)
    if report == "text":
        if output is None:
            reports.show(found, by, console(), limit)
        else:
            with output.open("w", encoding="utf-8") as file:
                reports.show(found, by, console(file), limit)
    elif report == "json":
        write(reports.render_json(found, by), output)
    elif output is not None:
        reports.write_tables(found, by, output, report)
    if plot is not None:
        _plot(found, by, plot, picture)
    refused = (*claims.refused, *(chart_set.refused if chart_set else ()))
    for refusal in refused:
        complain(refusal.sentence)
    return UNUSABLE if refused else 0


def _gather(
    files: list[str], charts: list[str], history: str | None, policy: PolicySet
) -> tuple[ClaimSet, ChartSet | None]:
    from pumpclaim.claim_set import ClaimSet  # noqa: PLC0415
    from pumpclaim.readers import read  # noqa: PLC0415

    claims = read(*files, stdin=sys.stdin.buffer) if files else ClaimSet()
    chart_set = None
    if charts:
        from pumpclaim.readers.chart import read_charts  # noqa: PLC0415

        chart_set = read_charts(*charts, policy=policy)
    if history is not None:
        from pumpclaim.charts.chart_set import join_charts  # noqa: PLC0415
        from pumpclaim.history import open_history  # noqa: PLC0415

        with open_history(history) as kept:
            if files:
                past, chart_set = kept.past_of(claims, chart_set, policy)
            else:
                past, old = kept.export(policy)
                chart_set = join_charts(chart_set, old, policy)
        claims = ClaimSet.concat([claims, past])
    return claims, chart_set


def _plot(found: Utilization, by: str, folder: Path, form: str) -> None:
    from pumpclaim.pictures import patient_history, practice, render  # noqa: PLC0415
    from pumpclaim.utilization.measure import BY as KEYS  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    draw = practice if by == "provider" else patient_history
    names = [name for name in found.by(by)[KEYS[by]].to_list() if name is not None]
    for number, name in enumerate(names[:DRAWN], start=1):
        drawn = draw(found, name)
        file = folder / f"{by}-{number:03d}.{form}"
        write(render(drawn, form), file)
        file.with_suffix(".txt").write_text(f"{drawn.title}\n{drawn.words}\n", encoding="utf-8")
    if len(names) > DRAWN:
        complain(f"pictures of the first {DRAWN} of {len(names)}, those with most refills")
    complain(
        f"{min(len(names), DRAWN)} pictures are in {folder}, each with a text that says the same"
    )
