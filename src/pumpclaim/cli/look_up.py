"""``pumpclaim rule`` and ``pumpclaim policy``: what the rules and the article say."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from pumpclaim.cli import options
from pumpclaim.cli.options import PageFormat, Readings
from pumpclaim.cli.saying import console, ends_well, write_json


@ends_well
def rule(
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="A rule's code or name; all rules if not given."),
    ] = None,
    *,
    report: PageFormat = "text",
) -> int:
    """Print a rule's page: what it says and why, what is wrong and right, how to fix it."""
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.reports import pages  # noqa: PLC0415
    from pumpclaim.rules import RULES  # noqa: PLC0415

    policy = load()
    if code is None:
        every = [pages.rule_document(one, policy) for one in RULES.values()]
        if report == "json":
            write_json(every)
        else:
            pages.show_rules(every, console())
        return 0
    page = pages.rule_document(pages.find_rule(code, RULES), policy)
    if report == "json":
        write_json(page)
    else:
        pages.show_rule(page, console())
    return 0


@ends_well
def policy_show(
    *,
    on: Annotated[
        date | None,
        typer.Option(
            metavar="DATE", parser=options.day, help="Only what held on that day, as 2024-03-05."
        ),
    ] = None,
    contractor: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            parser=options.contract_number,
            help="Only the article of this contract, such as 01312.",
        ),
    ] = None,
    reading: Readings = None,
    report: PageFormat = "text",
) -> int:
    """Print the article: revisions, contracts, codes, fees, and readings that can be switched."""
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.reports import pages  # noqa: PLC0415

    page = pages.policy_document(load(options.readings(reading)), on, contractor)
    if report == "json":
        write_json(page)
    else:
        pages.show_policy(page, console())
    return 0


@ends_well
def policy_trace(
    *,
    article: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Which article, such as A55239; the first if not given."),
    ] = None,
    report: PageFormat = "text",
) -> int:
    """Print every statement of the article with the rules and figures that account for it."""
    from pumpclaim.policy import load  # noqa: PLC0415
    from pumpclaim.reports import pages  # noqa: PLC0415
    from pumpclaim.trace import trace  # noqa: PLC0415

    entries = trace(load(), article)
    if report == "json":
        write_json(entries)
    else:
        pages.show_trace(entries, console())
    return 0
