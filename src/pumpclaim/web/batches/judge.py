"""One batch judged, by a process beside the server: it may be stopped or fail, and the server goes on."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from pumpclaim.errors import InputError
from pumpclaim.options import ALL_PATIENTS
from pumpclaim.policy import load
from pumpclaim.readers import X12, form_of, read_sources
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.readers.claim_text import pieces
from pumpclaim.readers.own_names import own_names
from pumpclaim.readers.sources import Bounds, Source
from pumpclaim.review import check
from pumpclaim.web.batches.results import CHARTS, NAMES, save, text_name

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.policy import PolicySet

JOB, PROGRESS = "job.json", "progress.json"


@dataclass(frozen=True)
class Job:
    """What is to be done: names of the files in order, limits, and how to judge. ``charts`` are the ids of
    the charts that lie beside, in order.

    ``owner`` is whose part of the history counts, ``origin`` what the claims are kept as in it.
    """

    files: list[str]
    most_bytes: int
    most_lines: int
    contractor: str | None = None
    readings: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, str] = field(default_factory=dict)
    history: str | None = None
    records_of: str = ALL_PATIENTS
    owner: str = ""
    origin: str = ""
    charts: list[str] = field(default_factory=list)


def put(file: Path, what: Any) -> None:
    """Write JSON so that whoever reads it meanwhile sees the old or the new, never a part."""
    beside = file.with_suffix(".part")
    beside.write_bytes(orjson.dumps(what))
    beside.replace(file)


def judge(folder: Path) -> dict[str, Any]:
    """Read the files of a batch, hold them against the article, keep the tables in ``folder``, in which
    ``job.json`` says how; gives the summary.

    Raises InputError when nothing of it can be judged.
    """
    job = Job(**orjson.loads((folder / JOB).read_bytes()))

    def say(stage: str, done: int, total: int) -> None:
        put(folder / PROGRESS, {"stage": stage, "done": done, "total": total})

    names: dict[str, dict[str, str]] = {}

    def keep_text(name: str, data: bytes) -> None:
        if form_of(data, name) == X12:
            text = pieces(data, name)
            text.write_parquet(folder / text_name(job.files.index(name)), row_group_size=1)
        else:
            names[name] = own_names(data, name)

    sources = [
        Source(name, folder.parent / "files" / f"{number:04d}")
        for number, name in enumerate(job.files, start=1)
    ]
    claims = read_sources(
        sources,
        progress=lambda name, number, total: say(f"reading {name}", number - 1, total),
        bounds=Bounds(job.most_bytes, job.most_lines),
        seen=keep_text,
    )
    if not claims.claims_read and claims.refused:
        raise InputError("; ".join(one.sentence for one in claims.refused[:5]))
    put(folder / NAMES, names)
    say(f"judging {claims.claims.height:,} claims", len(sources), len(sources) + 1)
    policy = load(job.readings, job.thresholds)
    charts = _charts(folder, job.charts, policy)
    past, judged_by = None, charts
    with ExitStack() as stack:
        if job.history is not None:
            from pumpclaim.history import open_history  # noqa: PLC0415  (only where there is one)

            kept = stack.enter_context(open_history(job.history, job.owner))
            past, judged_by = kept.past_of(claims, charts, policy)
        review = check(
            claims, policy=policy, contractor=job.contractor, charts=judged_by, past=past,
            records_of=job.records_of,
        )  # fmt: skip
        summary = save(review, past, folder)
        if job.history is not None:
            # Charts are kept by the pages that fill them in; what is removed there must not go on judging.
            kept.add(claims, origin=job.origin)
    return summary


def _charts(folder: Path, ids: list[str], policy: PolicySet) -> ChartSet | None:
    """The charts that the batch is judged with, each read under its id; null without any."""
    file = folder / CHARTS
    if not file.exists():
        return None
    documents = orjson.loads(file.read_bytes())
    named = [(chart, orjson.dumps(one)) for chart, one in zip(ids, documents, strict=True)]
    return read_chart_data(named, policy)
