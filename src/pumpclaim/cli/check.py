"""``pumpclaim check``: claims in, a report out."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import Readings, Thresholds
from pumpclaim.cli.saying import FAIL_ON, UNUSABLE, complain, console, ends_well, found, write
from pumpclaim.errors import InputError
from pumpclaim.options import RECORDS_OF
from pumpclaim.readers.sources import is_pattern
from pumpclaim.reports.words import clean

if TYPE_CHECKING:
    from pumpclaim.claim_set import ClaimSet, Refusal
    from pumpclaim.review import Review

SAID = 10
"""Sentences about one file on standard error."""
ENGINES = ("memory", "stream", "spark")
SCOPES = ("all", "pump")
ONE_FILE = ("text", "json")
"""Formats that go to one file; the others go to a folder."""


def chosen_engine(files: list[str], *, resume: bool, scope: str | None, master: str | None) -> str:
    """Spark where a master is named, a stream for what only a stream can do, else memory."""
    if master is not None:
        return "spark"
    beyond = any("://" in file or is_pattern(file) for file in files)
    return "stream" if resume or scope is not None or beyond else "memory"


@ends_well
def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="837 files, CSV or Parquet tables, folders of them, .gz of them, or - for "
            "standard input. All of them are one set: a patient's earlier claims are looked up in "
            "every file. With --engine stream or spark: Parquet data sets (folders, patterns, addresses such "
            "as s3://...), and without -o the last one is the folder for the results.",
        ),
    ],
    *,
    charts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Charts of the medical record (a file, a folder or a table, see `pumpclaim assess`): "
            "coverage and documentation are then judged too. May be repeated.",
        ),
    ] = None,
    records_of: Annotated[
        str,
        typer.Option(
            metavar="|".join(RECORDS_OF),
            callback=options.one_of(RECORDS_OF),
            help="With --charts: of whom the records that are not there are asked for, of all patients or "
            "of those alone of whom there is a chart; the others are then judged as without charts.",
        ),
    ] = RECORDS_OF[0],
    history: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A history of claims and records (`pumpclaim history`): these claims are judged against "
            "the months before, and then kept in it.",
        ),
    ] = None,
    contractor: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            parser=options.contract_number,
            help="The contract that judges, such as 01312, whatever payer the claims name.",
        ),
    ] = None,
    report: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(options.FORMATS),
            callback=options.one_of(options.FORMATS),
            help="Text for people; JSON (docs/check.schema.json); CSV or Parquet tables, which go "
            "to the folder given with -o. CSV without -o prints the findings.",
        ),
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="Write there: a file, or a folder for csv and parquet.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE", help="Run only this rule or family (DRG104, DRG). May be repeated."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Leave out this rule or family. May be repeated."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="|".join(FAIL_ON),
            callback=options.one_of(FAIL_ON),
            help="The mildest outcome that makes the exit status 1. A claim that could not be read "
            "counts as reject.",
        ),
    ] = "reject",
    reading: Readings = None,
    threshold: Thresholds = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(ENGINES),
            callback=options.one_of(ENGINES, optional=True),
            help="Where the work is done: in memory; in a stream, piece by piece, for Parquet larger than "
            "memory; or on Spark. Chosen by what is given when nothing is said.",
        ),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(SCOPES),
            callback=options.one_of(SCOPES, optional=True),
            help="Of a stream or Spark: list everybody's claims, or those of patients of whom some line "
            "bears a code of the article; the others' lines are counted.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a stream that was interrupted.")
    ] = False,
    master: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Spark's master, such as local[2] or yarn."),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="The text report shows at most N claims of each kind."
        ),
    ] = 50,
) -> int:
    """Read claims, hold each against the article, and print what to do."""
    engine = engine or chosen_engine(files, resume=resume, scope=scope, master=master)
    if engine != "memory":
        from pumpclaim.cli.check_large import Large, check_large  # noqa: PLC0415

        if charts or history is not None:
            raise InputError(
                f"--charts and --history are not for --engine {engine}; leave them out"
            )
        asked = Large(
            files=files, output=output, engine=engine, report=report, contractor=contractor,
            select=tuple(options.rule_codes(select)), ignore=tuple(options.rule_codes(ignore)),
            readings=options.readings(reading), thresholds=options.thresholds(threshold),
            scope=scope or SCOPES[0], master=master, fail_on=fail_on, resume=resume,
        )  # fmt: skip
        return check_large(asked)
    check_output(files, report, output)
    # Imports wait until they are needed, so that --help and usage errors come at once. The files are
    # read while the engine and the policy load.
    reader = ThreadPoolExecutor(max_workers=1)
    being_read = reader.submit(_read, files)
    reader.shutdown(wait=False)
    from pumpclaim.engine import choose_rules  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.review import check as hold_against_article  # noqa: PLC0415

    policy = load(options.readings(reading), options.thresholds(threshold))
    selected, ignored = options.rule_codes(select), options.rule_codes(ignore)
    choose_rules(selected, ignored)
    chart_set = None
    if charts:
        from pumpclaim.readers.chart import read_charts  # noqa: PLC0415

        chart_set = read_charts(*charts, policy=policy)
    claims, past, judged_by = being_read.result(), None, chart_set
    with ExitStack() as stack:
        kept = None
        if history is not None:
            from pumpclaim.history import open_history  # noqa: PLC0415

            kept = stack.enter_context(open_history(history))
            past, judged_by = kept.past_of(claims, chart_set, policy)
        review = hold_against_article(
            claims, policy=policy, contractor=contractor, select=selected, ignore=ignored,
            charts=judged_by, past=past, records_of=records_of,
        )  # fmt: skip
        if kept is not None:
            kept.add(claims, chart_set, policy)
    _say_refusals(review.refused)
    for notice in review.notices:
        complain(notice.sentence)
    _report(review, report, output, limit)
    return exit_status(review, fail_on)


def _say_refusals(refused: tuple[Refusal, ...]) -> None:
    """One sentence for each refusal, of one file at most SAID; the documents list them all."""
    said: Counter[str] = Counter()
    for refusal in refused:
        said[refusal.source] += 1
        if said[refusal.source] <= SAID:
            complain(refusal.sentence)
    for source, count in said.items():
        if count > SAID:
            complain(
                InputError(f"{count - SAID} more parts of this file are not read", source=source)
            )


def check_output(files: list[str], report: str, output: Path | None) -> None:
    """Raise InputError before the work for an output that would fail after it."""
    if output is None:
        if report == "parquet":
            raise InputError("Parquet is not for standard output; name a folder with -o")
        return
    name = str(output)
    if report in ONE_FILE:
        if output.is_dir():
            raise InputError(f"{report} goes to one file; give a file with -o", source=name)
        if not output.absolute().parent.is_dir():
            raise InputError("its folder does not exist; make it first", source=name)
    elif output.exists() and not output.is_dir():
        raise InputError(f"{report} writes several tables; give a folder with -o", source=name)
    for file in files:
        if output.is_file() and Path(file).exists() and output.samefile(file):
            raise InputError("the report would overwrite this input", source=file)


def exit_status(review: Review, fail_on: str) -> int:
    """2 when any file or part of one was refused, 1 for findings from ``fail_on`` up, else 0."""
    if review.refused:
        return UNUSABLE
    return found(review.worst(), fail_on, unreadable=review.claim_set.rejected.height > 0)


def _read(files: list[str]) -> ClaimSet:
    from pumpclaim.readers import read  # noqa: PLC0415

    several = len(files) > 1 or Path(files[0]).is_dir()
    if not (several and sys.stderr.isatty()):
        return read(*files, stdin=sys.stdin.buffer)
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def progress(name: str, number: int, total: int) -> None:
            bar.update(task, description=clean(name), completed=number - 1, total=total)

        return read(*files, stdin=sys.stdin.buffer, progress=progress)


def _report(review: Review, report: str, output: Path | None, limit: int) -> None:
    if report == "text":
        _text(review, output, limit)
    elif report == "json":
        from pumpclaim.reports.json import render  # noqa: PLC0415

        write(render(review), output)
    elif output is None:
        from pumpclaim.reports.tabular import findings_csv  # noqa: PLC0415

        write(findings_csv(review))
        if unreadable := review.claim_set.rejected.height:
            complain(
                f"claims that could not be read: {unreadable}; with -o they are in rejected.csv"
            )
    else:
        from pumpclaim.reports import tabular  # noqa: PLC0415

        tabular.write(review, output, report)


def _text(review: Review, output: Path | None, limit: int) -> None:
    if review.claim_set.refused and not review.claim_set.claims_read:
        return
    from pumpclaim.reports.terminal import show  # noqa: PLC0415

    if output is None:
        show(review, console(), limit)
    else:
        with output.open("w", encoding="utf-8") as file:
            show(review, console(file), limit)
