"""``pumpclaim check`` of Parquet data sets: as a stream, or on Spark."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pumpclaim.cli.saying import UNUSABLE, complain, console, found, write_json
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pumpclaim.streams import StreamResult

FORMATS = ("text", "json", "parquet")
EVERY = 30.0
"""Seconds between two lines on progress, where there is no terminal."""


@dataclass(frozen=True)
class Large:
    """What was asked. ``report`` is how the summary is printed; the tables are always Parquet."""

    files: list[str]
    output: Path | None
    engine: str
    report: str
    contractor: str | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    readings: dict[str, str]
    thresholds: dict[str, str]
    scope: str
    master: str | None
    fail_on: str
    resume: bool

    def inputs_and_folder(self) -> tuple[list[str], Path]:
        """The data sets, and the folder for the results: -o, else the last of several paths."""
        if self.output is not None:
            return self.files, self.output
        if len(self.files) < 2:
            raise InputError("give a folder for the results, with -o or after the data")
        return self.files[:-1], Path(self.files[-1])


def check_large(asked: Large) -> int:
    """Judge data sets and print the summary; the exit status is that of ``check``."""
    if asked.report not in FORMATS:
        raise InputError(
            f"--engine {asked.engine} writes Parquet; leave --format {asked.report} out"
        )
    inputs, folder = asked.inputs_and_folder()
    from pumpclaim.policy import load  # noqa: PLC0415

    policy = load(asked.readings, asked.thresholds)
    options: dict[str, Any] = {
        "policy": policy, "contractor": asked.contractor, "select": asked.select,
        "ignore": asked.ignore, "scope": asked.scope,
    }  # fmt: skip
    start = time.monotonic()
    if asked.engine == "spark":
        if asked.resume:
            raise InputError("--resume is for --engine stream; Spark begins anew")
        from pumpclaim.spark import check_files  # noqa: PLC0415

        result = check_files(inputs, folder, master=asked.master, **options)
    else:
        from pumpclaim.streams import check_stream  # noqa: PLC0415

        with progress() as tell:
            result = check_stream(inputs, folder, resume=asked.resume, progress=tell, **options)
    for refusal in result.refused:
        complain(refusal.sentence)
    for notice in result.notices:
        complain(notice.sentence)
    if asked.report == "json":
        write_json({"folder": str(folder), **result.summary})
    else:
        _show(result, time.monotonic() - start)
    if result.refused:
        return UNUSABLE
    return found(result.worst(), asked.fail_on, unreadable=result.summary["claims_rejected"] > 0)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Tells how far the work is, with rows a second and the time left, on standard error."""
    if not sys.stderr.isatty():
        yield _Lines().tell
        return
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("reading", total=None, rate="")
        clock = _Clock()

        def tell(what: str, done: int, total: int) -> None:
            clock.at(what)
            rate = f"{clock.rate(done):,.0f} lines/s"
            bar.update(task, description=what, completed=done, total=total, rate=rate)

        yield tell


class _Clock:
    """Since when one kind of work has been going on."""

    def __init__(self) -> None:
        self.what, self.since = "", time.monotonic()

    def at(self, what: str) -> None:
        if what != self.what:
            self.what, self.since = what, time.monotonic()

    def rate(self, done: int) -> float:
        return done / max(time.monotonic() - self.since, 1e-3)


class _Lines:
    """A line now and then, for a log."""

    def __init__(self) -> None:
        self.clock, self.told = _Clock(), time.monotonic()

    def tell(self, what: str, done: int, total: int) -> None:
        self.clock.at(what)
        if time.monotonic() - self.told < EVERY:
            return
        self.told = time.monotonic()
        rate = self.clock.rate(done)
        left = (total - done) / rate if rate else 0
        complain(
            f"{what}: {done:,} of {total:,} lines, {rate:,.0f} a second, about {left / 60:.0f} minutes left"
        )


def _show(result: StreamResult, seconds: float) -> None:
    """The summary for people."""
    from rich.table import Table  # noqa: PLC0415

    own = result.summary
    page = console()
    page.print(
        f"{own['lines'] + own['lines_outside']:,} service lines, {own['claims_read']:,} claims listed, "
        f"{own['claims_rejected']:,} of them rejected, {own['findings']:,} findings, "
        f"${own['allowed']} allowed; {seconds:.1f} s"
    )
    if own["lines_outside"]:
        page.print(f"{own['lines_outside']:,} lines of patients whom the article does not concern")
    for title, counts in (("determination", own["determinations"]), ("rule", own["rules"])):
        table = Table(title, "claims" if title == "determination" else "findings", box=None)
        for name, count in sorted(counts.items(), key=lambda one: -one[1]):
            table.add_row(str(name), f"{count:,}")
        if counts:
            page.print(table)
    page.print(f"the tables are in {result.folder}")
