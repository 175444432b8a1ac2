"""``pumpclaim assess``: charts in, a determination and what is still to be obtained out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import Readings
from pumpclaim.cli.saying import FOUND, UNUSABLE, complain, console, ends_well, write
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import Assessment
    from pumpclaim.policy import PolicySet

FORMATS = ("text", "json", "html", "fhir")
PARTS = ("implant", "encounter")
SAID = 20
"""Sentences about charts that cannot be used."""


@ends_well
def assess(
    charts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CHART]...",
            help="Charts: YAML, JSON, FHIR QuestionnaireResponse, CSV or Parquet, folders of them, or - "
            "for standard input.",
        ),
    ] = None,
    *,
    report: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            callback=options.one_of(FORMATS),
            help="Text for people; JSON (docs/assess.schema.json); an HTML page to print; FHIR R4 "
            "QuestionnaireResponses.",
        ),
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="PATH", help="Write to that file."),
    ] = None,
    packet: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Assemble the answer to a records request in that new or empty folder: cover, index, "
            "the documents of the evidence in order, what is missing.",
        ),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the documents of the evidence lie; the folder of the first chart if not given.",
        ),
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print a blank chart to fill in, and end.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a chart file, and end.")
    ] = False,
    questionnaire: Annotated[
        bool, typer.Option("--questionnaire", help="Print the FHIR R4 Questionnaire, and end.")
    ] = False,
    part: Annotated[
        str,
        typer.Option(
            metavar="|".join(PARTS),
            callback=options.one_of(PARTS),
            help="Which chart --template and --questionnaire print.",
        ),
    ] = "implant",
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="deny|records|never",
            callback=options.one_of(("deny", "records", "never")),
            help="Exit status 1 when a chart is not covered (deny), or when records are needed as well.",
        ),
    ] = "deny",
    reading: Readings = None,
) -> int:
    """Hold the charts of the medical record against the article: what is met, what is missing."""
    from pumpclaim.policy import load  # noqa: PLC0415

    policy = load(options.readings(reading))
    if template or schema or questionnaire:
        _print_definition(
            policy, part, "template" if template else "schema" if schema else "fhir", output
        )
        return 0
    if not charts:
        raise InputError("name a chart, or ask for a blank one with --template")
    if packet is None and documents is not None:
        raise InputError("--documents goes with --packet DIR")
    if output is not None and (output.is_dir() or not output.absolute().parent.is_dir()):
        raise InputError("the report goes to a file in a folder that exists", source=str(output))
    from pumpclaim.charts.assessment import assess as hold_against_article  # noqa: PLC0415
    from pumpclaim.readers.chart import read_charts  # noqa: PLC0415

    assessment = hold_against_article(read_charts(*charts, policy=policy), policy=policy)
    refused = assessment.chart_set.refused
    for refusal in refused[:SAID]:
        complain(refusal.sentence)
    if len(refused) > SAID:
        complain(f"{len(refused) - SAID} more charts cannot be used")
    troubled = packet is not None and _packet(assessment, charts[0], packet, documents)
    _report(assessment, report, output)
    if refused or troubled:
        return UNUSABLE
    worst = {"not covered": "deny", "records needed": "records"}.get(assessment.worst or "")
    failing = {"deny": ("deny",), "records": ("deny", "records"), "never": ()}[fail_on]
    return FOUND if worst in failing else 0


def _print_definition(policy: PolicySet, part: str, what: str, output: Path | None) -> None:
    import orjson  # noqa: PLC0415

    from pumpclaim.reports import chart_template  # noqa: PLC0415
    from pumpclaim.reports.questionnaire import questionnaire  # noqa: PLC0415

    if what == "template":
        write(chart_template.template(policy, policy.chart[part]).encode(), output)
        return
    document = (
        chart_template.schema(policy)
        if what == "schema"
        else questionnaire(policy, policy.chart[part])
    )
    write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), output)


def _packet(assessment: Assessment, first: str, folder: Path, documents: Path | None) -> bool:
    """Write the packet; whether a document had a problem."""
    from pumpclaim.reports.assessment.packet import write_packet  # noqa: PLC0415

    path = Path(first)
    where = documents or (path if path.is_dir() else path.parent)
    if not where.is_dir():
        raise InputError("there is no such folder of documents", source=str(where))
    made = write_packet(assessment, folder, where)
    for problem in made.problems:
        complain(problem)
    complain(f"the packet is {made.pdf}")
    return bool(made.problems)


def _report(assessment: Assessment, report: str, output: Path | None) -> None:
    if assessment.chart_set.refused and not assessment.charts and report != "json":
        return
    if report == "text":
        from pumpclaim.reports.assessment.terminal import show  # noqa: PLC0415

        if output is None:
            show(assessment, console())
        else:
            with output.open("w", encoding="utf-8") as file:
                show(assessment, console(file))
        return
    if report == "json":
        from pumpclaim.reports.assessment.json import render  # noqa: PLC0415

        content = render(assessment)
    elif report == "html":
        from pumpclaim.reports.assessment.page import render as page  # noqa: PLC0415

        content = page(assessment)
    else:
        from pumpclaim.reports.questionnaire import render_responses  # noqa: PLC0415

        content = render_responses(assessment.charts, assessment.policy)
    write(content, output)
