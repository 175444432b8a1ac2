"""An assessment for a person at a terminal: determination, what is missing, statement by statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.rule import Rule as Ruler
from rich.table import Table
from rich.text import Text

from pumpclaim._version import __version__
from pumpclaim.reports.assessment.words import (
    DETERMINATION_WORDS,
    STYLES,
    answer_words,
    missing_words,
    place_words,
    status_words,
)
from pumpclaim.reports.words import BASES, clean, count

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from pumpclaim.charts.assessment import AssessedChart, Assessment, Shown
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part


def show(assessment: Assessment, console: Console) -> None:
    """Print every chart on ``console``."""
    policy = assessment.policy
    article = policy.articles[0]
    console.print(
        Text(
            f"pumpclaim {__version__}, {article.id} revision {article.revision}: "
            f"{count(len(assessment.charts), 'chart')}",
            "bold",
        )
    )
    for chart in assessment.charts:
        console.print()
        console.print(_chart(chart, policy))


def _chart(chart: AssessedChart, policy: PolicySet) -> RenderableType:
    part = policy.chart[chart.part]
    title = Text.assemble(
        (chart.determination, STYLES[chart.determination]), "  ",
        (f"{part.title.lower()}, patient {clean(chart.patient_id)}", "bold"),
        f", {chart.day or 'no date'}",
    )  # fmt: skip
    words = DETERMINATION_WORDS[chart.determination]
    parts: list[RenderableType] = [
        Ruler(title, align="left", style="dim"),
        Text(f"{clean(chart.source)}, line {chart.place} · {words}", "dim"),
    ]
    if chart.missing:
        parts += [
            Text("\nStill to be obtained, what decides most first", "bold underline"),
            _missing(chart, part),
        ]
    parts += [Text("\nStatement by statement", "bold underline")]
    parts += [_statement(shown, part, policy) for shown in chart.statements]
    return Group(*parts)


def _missing(chart: AssessedChart, part: Part) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=1)
    for number, one in enumerate(chart.missing, start=1):
        text = Text(missing_words(one, part))
        text.append(f"  {', '.join(one.statements)}", "dim")
        grid.add_row(str(number), text)
    return grid


def _statement(shown: Shown, part: Part, policy: PolicySet) -> RenderableType:
    body = Text(policy.articles[0].statements[shown.statement].summary)
    for words in shown.against:
        body.append(f"\n{clean(words)}", "red")
    for remark in shown.remarks:
        body.append(f"\nnote: {remark.words} · rests on {BASES[remark.basis]}", "italic yellow")
    for answer in () if shown.composite else shown.answers:
        if answer.value is None:
            continue
        question = part.questions[answer.question]
        body.append(f"\n{question.label}: {clean(answer_words(question, answer.value))}", "cyan")
        for place in answer.evidence:
            body.append(f"  [{clean(place_words(place))}]", "dim")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=3, no_wrap=True)
    grid.add_column(width=14, no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_row(
        Text(shown.statement, "bold"), Text(status_words(shown), STYLES[shown.status]), body
    )
    return grid
