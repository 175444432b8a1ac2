"""``pumpclaim history``: claims and records kept between runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpclaim.cli.options import PageFormat
from pumpclaim.cli.saying import UNUSABLE, complain, ends_well, write, write_json
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.claim_set import Refusal

DEFAULT = "pumpclaim-history.db"
Url = Annotated[
    str,
    typer.Option(
        "--history",
        metavar="URL",
        help="A file (SQLite), sqlite:///file, or postgresql://user@host/name.",
    ),
]


@ends_well
def add(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Claims, as for check.")
    ] = None,
    *,
    charts: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Charts and records of visits. May be repeated."),
    ] = None,
    history: Url = DEFAULT,
    report: PageFormat = "text",
) -> int:
    """Keep the claims of files, and charts. A file that is added again changes nothing."""
    from pumpclaim.claim_set import ClaimSet  # noqa: PLC0415
    from pumpclaim.history import open_history  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.readers import read  # noqa: PLC0415
    from pumpclaim.readers.chart import read_charts  # noqa: PLC0415
    from pumpclaim.readers.sources import find_sources  # noqa: PLC0415

    if not files and not charts:
        raise InputError("name the files to keep")
    policy = load()
    totals = {"new": 0, "known": 0, "replaced": 0, "voided": 0, "charts": 0, "rejected": 0}
    refused: list[Refusal] = []
    with open_history(history) as kept:
        # File by file, each in a transaction of its own.
        for source in find_sources(files or []):
            if isinstance(source, InputError):
                complain(source)
                totals["rejected"] += 1
                continue
            claims = read(source.path or "-", stdin=sys.stdin.buffer)
            added = kept.add(claims)
            for name in ("new", "known", "replaced", "voided"):
                totals[name] += getattr(added, name)
            totals["rejected"] += claims.rejected.height
            refused += claims.refused
        if charts:
            chart_set = read_charts(*charts, policy=policy)
            totals["charts"] = kept.add(ClaimSet(), chart_set, policy).charts
            refused += chart_set.refused
    for refusal in refused:
        complain(refusal.sentence)
    if report == "json":
        write_json(totals)
    else:
        said = ", ".join(f"{count:,} {name}" for name, count in totals.items())
        write(f"{said}\n".encode())
    return UNUSABLE if refused or totals["rejected"] else 0


@ends_well
def show(
    patient: Annotated[
        str | None,
        typer.Argument(metavar="[PATIENT]", help="A member id; all patients if not given."),
    ] = None,
    *,
    history: Url = DEFAULT,
    report: PageFormat = "text",
) -> int:
    """Print the patients of a history with their claims, or one patient's claims and records."""
    from pumpclaim.history import open_history  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.reports.words import clean, count  # noqa: PLC0415

    _must_be_there(history)
    with open_history(history) as kept:
        if patient is None:
            rows: list[dict[str, Any]] = [
                {"patient": name, "claims": number} for name, number in kept.patients()
            ]
            lines = [f"{clean(row['patient'])}  {count(row['claims'], 'claim')}" for row in rows]
        else:
            claims, charts = kept.claims_of([patient]), kept.charts_of([patient], load())
            first = claims.lines.group_by("claim").agg(day="service_from").sort("claim")
            days = {
                claim: min((d for d in day if d), default=None) for claim, day in first.iter_rows()
            }
            codes = dict(claims.lines.group_by("claim").agg("hcpcs").iter_rows())
            rows = [
                {
                    "claim_id": row["claim_id"],
                    "service_date": str(days.get(row["claim"])),
                    "codes": [code for code in codes.get(row["claim"], []) if code],
                    "source": row["source"],
                }
                for row in claims.claims.iter_rows(named=True)
            ]
            rows += [
                {
                    "chart": "encounter",
                    "service_date": str(row["visit_date"]),
                    "source": row["source"],
                }
                for row in charts.encounters.iter_rows(named=True)
            ]
            rows += [
                {
                    "chart": "implant",
                    "service_date": str(row["implant_date"]),
                    "source": row["source"],
                }
                for row in charts.implants.iter_rows(named=True)
            ]
            rows.sort(key=lambda row: str(row["service_date"]))
            lines = [
                f"{row['service_date']}  {clean(row.get('claim_id') or row['chart'])}  "
                f"{' '.join(row.get('codes', []))}  {clean(row['source'])}"
                for row in rows
            ]
    if report == "json":
        write_json(rows)
    else:
        write("".join(f"{line}\n" for line in lines or ["nothing is kept"]).encode())
    return 0


@ends_well
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    *,
    history: Url = DEFAULT,
) -> int:
    """Write all claims (claims.parquet, as check reads them) and charts (charts.json) into a folder."""
    import orjson  # noqa: PLC0415

    from pumpclaim.charts.assessment import assess  # noqa: PLC0415
    from pumpclaim.history import open_history  # noqa: PLC0415
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.readers.flat import write_flat  # noqa: PLC0415
    from pumpclaim.reports.chart_template import chart_document  # noqa: PLC0415

    _must_be_there(history)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("the export needs a new or empty folder", source=str(folder))
    policy = load()
    with open_history(history) as kept:
        claims, charts = kept.export(policy)
    folder.mkdir(parents=True, exist_ok=True)
    write_flat(claims, folder / "claims.parquet")
    documents = [chart_document(chart, policy) for chart in assess(charts, policy=policy).charts]
    write(orjson.dumps(documents, option=orjson.OPT_INDENT_2), folder / "charts.json")
    complain(f"{claims.claims.height:,} claims and {len(documents):,} charts are in {folder}")
    return 0


@ends_well
def forget(
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="A member id.")],
    *,
    history: Url = DEFAULT,
) -> int:
    """Remove a patient wholly: every claim, line and chart."""
    from pumpclaim.history import open_history  # noqa: PLC0415

    _must_be_there(history)
    with open_history(history) as kept:
        gone = kept.forget(patient)
    complain(f"{gone:,} claims of the patient are removed")
    return 0


def _must_be_there(history: str) -> None:
    """Raise InputError for a SQLite file that is not there: only ``add`` makes one."""
    path = history.removeprefix("sqlite:///")
    if "://" not in path and not Path(path).exists():
        raise InputError(
            "there is no such history; pumpclaim history add makes one", source=history
        )
