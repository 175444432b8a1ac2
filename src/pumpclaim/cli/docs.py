"""The made files of docs: commands, rules, chart, tables, the schemas, the OpenAPI document of the API.

Each is made from what it tells of.

``python -m pumpclaim.cli.docs docs`` writes them anew; a test fails while they are stale.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pumpclaim.cli.app import app
from pumpclaim.policy import load
from pumpclaim.reports.chart_template import how
from pumpclaim.reports.layouts_page import layouts_page
from pumpclaim.reports.pages import codes_text, rule_document
from pumpclaim.reports.schemas import schema_text
from pumpclaim.reports.tables_page import tables_page
from pumpclaim.reports.words import BASES
from pumpclaim.rules import RULES
from pumpclaim.web.api.v1 import openapi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pumpclaim.rules import Rule

MADE = "<!-- Made by `python -m pumpclaim.cli.docs docs`; edit the sources, not this page. -->\n"

BEYOND_OPTIONS = """
## Exit status

| status | of `check` | of `assess` | of `price` |
|---|---|---|---|
| 0 | nothing at or above `--fail-on` | no chart fails | priced |
| 1 | something at or above `--fail-on` | a chart is not covered, or needs records with `--fail-on records` | the price is not known |
| 2 | the call, a file or a part of a file cannot be used | the call, a chart or a document of the packet cannot be used | a part of the text cannot be read |
| 130 | interrupted | interrupted | interrupted |

Severity runs `advise`, `package`, `records`, `reject`, `deny`. A claim that could not be read
(listed under *rejected*) counts as `reject`. A refused file or part of a file makes the status 2
whatever `--fail-on` says; the other files are reported all the same.

Results go to standard output, everything else to standard error, one sentence for each thing that
went wrong.

## Tables

`--format csv -o FOLDER` and `--format parquet -o FOLDER` write `findings`, `prices`,
`price_items`, `determinations` and `rejected` into the folder, which is made if it is missing.
`--format csv` without `-o` prints the findings; Parquet needs `-o`.

Money is in dollars and drug amounts are in the unit beside them, always exact. Parquet has
`DECIMAL(18, 2)` for `allowed` and `payable`, which are whole cents, and `DECIMAL(38, 9)` for the
rest. In CSV lists are joined by a space, what is not known is empty, and a text that begins with
`=`, `+`, `-`, `@`, a tab or a carriage return has a single quote put before it, so that no
spreadsheet runs it.

## JSON

`check --format json` follows [check.schema.json](check.schema.json), `assess --format json`
[assess.schema.json](assess.schema.json), both JSON Schema (2020-12).

## Colours, width, faults

Text is coloured only on a terminal, and not where `NO_COLOR` is set; it fits the terminal's width
(`COLUMNS` overrides it). Should the program itself fail, it says so in one sentence without a
claim's text; with `PUMPCLAIM_TRACEBACK=1` it shows the whole traceback, which may hold parts of
claims.
"""


CHART_HEAD = """One definition makes the chart file, its schema, the table columns, the blank chart, the HTML page and the FHIR
Questionnaire. A chart file is YAML or JSON; several charts may stand in one file, parted by `---`, or in a
folder.

    chart: implant
    patient_id: 1EG4TE5MK73
    answers:
      severe_pain:
        answer: yes
        evidence: {document: record/consult.pdf, page: 2, date: 2025-02-03, author: J. Harrow}
      life_expectancy_months: 24

What is blank or `not documented` is not known; it never counts as no. Evidence is one place or a list of
places; the four criteria C6 to C9 count as documented only with it. In a table (CSV, Parquet) a row is a
chart and a column a question; evidence stands in `QUESTION.document`, `QUESTION.page` and so on. A chart meets
claims by `patient_id` (hyphens and case do not matter) and day: an implant by `implant_date`, or while that is
blank by any later day from `decision_date` on; a visit by `visit_date`.
"""


def commands_page() -> str:
    """docs/commands.md: every command with its arguments and options."""
    parts = [MADE, "# Commands\n"]
    parts += [_command(name, command) for name, command in commands()]
    return "\n".join(parts) + BEYOND_OPTIONS


def commands() -> list[tuple[str, Any]]:
    """Every command under its full name, ``pumpclaim`` first."""
    return list(_walk("pumpclaim", typer.main.get_command(app)))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for inner, one in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {inner}", one)


def _command(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = [name, *(one.metavar for one in arguments)]
    usage += ["[OPTIONS]"] if options else []
    usage += ["COMMAND"] if hasattr(command, "commands") else []
    lines = [f"## {name}\n", f"    {' '.join(usage)}\n", f"{command.help}\n"]
    if arguments or options:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{one.metavar}` | {one.help} |" for one in arguments]
        lines += [f"| {_option(one)} | {one.help}{_default(one)} |" for one in options]
        lines.append("")
    return "\n".join(lines)


def _option(option: Any) -> str:
    value = "" if option.is_flag else " " + option.metavar.replace("|", "\\|")
    return ", ".join(f"`{name}{value}`" for name in option.opts)


def _default(option: Any) -> str:
    return "" if option.is_flag or option.default is None else f" Default `{option.default}`."


def rules_page() -> str:
    """docs/rules.md: every rule's page, by family."""
    parts = [MADE, "# Rules\n", _outcomes()]
    family = None
    for rule in RULES.values():
        if rule.family != family:
            family = rule.family
            parts.append(f"## {_family(rule)}\n")
        parts.append(_rule(rule))
    return "\n".join(parts)


def _outcomes() -> str:
    return """Each finding has an outcome:

| outcome | what it asks for | the claim becomes |
|---|---|---|
| `deny` | not covered | `denied` |
| `reject` | cannot be processed as billed: fix and resubmit | `fix` |
| `records` | cannot be decided without the chart: produce it | `records` |
| `package` | covered, not paid separately | `payable` |
| `advise` | payable, but look | `payable` |

A claim that the article does not reach is `not-governed`. What rests on something other than the
article is marked as such. `pumpclaim rule CODE` prints a rule's page in the terminal.
"""


def _family(rule: Rule) -> str:
    """First line of the family's module, such as ``COD: are the codes right?``."""
    return (import_module(rule.function.__module__).__doc__ or rule.family).split("\n", 1)[0]


def _rule(rule: Rule) -> str:
    page = rule_document(rule, load())
    facts = [f"outcome `{page['outcome']}`", f"rests on {BASES[page['basis']]}"]
    if codes := codes_text(page):
        facts.append(codes)
    lines = [
        f"### {page['rule']} {page['name']}\n",
        f"**{page['title']}**\n",
        f"{'; '.join(facts)}\n",
    ]
    lines += [
        f"*{part.capitalize()}*: {page[part]}\n"
        for part in ("why", "wrong", "right", "fix")
        if page.get(part)
    ]
    lines += [
        f"- {one['statement']}: {one['summary']} ({one['where']})" for one in page["statements"]
    ]
    for one in page["readings"]:
        choices = "; ".join(f"`{choice}`: {words}" for choice, words in one["choices"].items())
        reading = f"Reading `{one['reading']}`, default `{one['default']}`."
        lines.append(f"- {reading} {one['question']} {choices}")
    return "\n".join([*lines, ""])


def chart_page() -> str:
    """docs/chart.md: every question of the chart, by part and section."""
    policy = load()
    lines = [MADE, "# The chart\n", CHART_HEAD]
    for part in policy.chart.parts.values():
        lines.append(f"## {part.title} (`chart: {part.id}`)\n\n{part.about}\n")
        for section in part.sections:
            lines += [
                f"### {section.title}\n",
                "| question | asks | answered by | for |",
                "|---|---|---|---|",
            ]
            for one in part.of_section(section):
                words = how(one, policy).replace("|", "\\|")
                asks = f"{one.text} {one.help}" + (" *A person decides.*" if one.reader else "")
                lines.append(f"| `{one.id}` | {asks} | {words} | {', '.join(one.statements)} |")
            lines.append("")
    return "\n".join(lines)


FILES: dict[str, Callable[[], str]] = {
    "chart.md": chart_page,
    "commands.md": commands_page,
    "rules.md": rules_page,
    "tables.md": tables_page,
    "layouts.md": layouts_page,
    "check.schema.json": lambda: schema_text("check"),
    "assess.schema.json": lambda: schema_text("assess"),
    "openapi.json": lambda: openapi().decode(),
}
"""Every made file and how it is made."""


def write_pages(folder: Path) -> None:
    """Write every made file into ``folder``."""
    for name, make in FILES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
