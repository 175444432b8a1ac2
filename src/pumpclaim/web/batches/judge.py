"""One batch judged, in a process of its own: it may be stopped or fail, and the server goes on.

``python -m pumpclaim.web.batches.judge FOLDER`` reads ``job.json`` there and writes the batch's tables.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pumpclaim.errors import InputError
from pumpclaim.options import ALL_PATIENTS
from pumpclaim.policy import load
from pumpclaim.readers import read_sources
from pumpclaim.readers.sources import Source
from pumpclaim.review import check
from pumpclaim.web.batches.results import Results, save

JOB, PROGRESS, OUTCOME = "job.json", "progress.json", "outcome.json"


@dataclass(frozen=True)
class Job:
    """What is to be done: names of the files in order, limits, and how to judge. Charts lie beside."""

    files: list[str]
    most_bytes: int
    most_lines: int
    contractor: str | None = None
    readings: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, str] = field(default_factory=dict)
    history: str | None = None
    records_of: str = ALL_PATIENTS


def put(file: Path, what: Any) -> None:
    """Write JSON so that whoever reads it meanwhile sees the old or the new, never a part."""
    beside = file.with_suffix(".part")
    beside.write_bytes(orjson.dumps(what))
    beside.replace(file)


def judge(folder: Path) -> dict[str, Any]:
    """Read the files of a batch, hold them against the article, keep the tables; gives the summary.

    Raises InputError when nothing of it can be judged.
    """
    job = Job(**orjson.loads((folder / JOB).read_bytes()))

    def say(stage: str, done: int, total: int) -> None:
        put(folder / PROGRESS, {"stage": stage, "done": done, "total": total})

    sources = [
        Source(name, folder / "files" / f"{number:04d}")
        for number, name in enumerate(job.files, start=1)
    ]
    claims = read_sources(
        sources,
        progress=lambda name, number, total: say(f"reading {name}", number - 1, total),
        most=job.most_bytes,
    )
    if claims.lines.height > job.most_lines:
        raise InputError(
            f"these files hold {claims.lines.height:,} service lines, more than the {job.most_lines:,} that "
            "this server takes at once; send them in parts, or use pumpclaim check"
        )
    if not claims.claims_read and claims.refused:
        raise InputError("; ".join(one.sentence for one in claims.refused[:5]))
    say(f"judging {claims.claims.height:,} claims", len(sources), len(sources) + 1)
    policy = load(job.readings, job.thresholds)
    charts = Results(folder).charts(policy)
    past, judged_by = None, charts
    with ExitStack() as stack:
        if job.history is not None:
            from pumpclaim.history import open_history  # noqa: PLC0415  (only where there is one)

            kept = stack.enter_context(open_history(job.history))
            past, judged_by = kept.past_of(claims, charts, policy)
        review = check(
            claims, policy=policy, contractor=job.contractor, charts=judged_by, past=past,
            records_of=job.records_of,
        )  # fmt: skip
        summary = save(review, past, folder)
        if job.history is not None:
            kept.add(claims, charts, policy)
    return summary


def main(folder: Path) -> None:
    """Judge, and leave the outcome in ``outcome.json``: a summary, or a sentence."""
    os.umask(0o077)
    try:
        put(folder / OUTCOME, {"summary": judge(folder)})
    except InputError as error:
        put(folder / OUTCOME, {"message": str(error)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
