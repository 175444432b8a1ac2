"""Options that several commands share, and how their values are read.

A value that cannot be used is a usage error, which names the nearest that can.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMATS = ("text", "json", "csv", "parquet")
PAGE_FORMATS = ("text", "json")
FAIL_ON = ("deny", "reject", "records", "package", "advise", "never")
"""Outcomes worst first, as ``--fail-on`` takes them."""
CONTRACT_DIGITS = 5


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A callback that lets only ``choices`` pass."""

    def choose(value: str) -> str:
        if value not in choices:
            near = get_close_matches(value.lower(), choices, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "choose from " + ", ".join(choices)
            raise typer.BadParameter(f"'{value}' is not one of the choices; {hint}")
        return value

    return choose


def contract_number(value: str) -> str:
    """A contract number, five digits."""
    if not (len(value) == CONTRACT_DIGITS and value.isascii() and value.isdigit()):
        raise typer.BadParameter(f"'{value}' is no contract number: five digits, such as 01312")
    return value


def day(value: str) -> date:
    """A date in ISO 8601."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        message = f"'{value}' is no date; write year, month and day as 2024-03-05"
        raise typer.BadParameter(message) from None


def today() -> date:
    """Today by this machine's clock."""
    return datetime.now(UTC).astimezone().date()


def dollars(value: str) -> Decimal:
    """An amount of money, not negative."""
    try:
        amount = Decimal(value.removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise typer.BadParameter(f"'{value}' is no amount of dollars; write it as 82.50")
    return amount


def pairs(values: list[str] | None) -> list[str] | None:
    """A callback that lets only ``ID=CHOICE`` pass; the policy's loader knows which exist."""
    for value in values or ():
        if not all(value.partition("=")):
            message = f"'{value}' is not ID=CHOICE, as kd-on-compound=not-required is"
            raise typer.BadParameter(message)
    return values


def readings(values: Sequence[str] | None) -> dict[str, str]:
    """``ID=CHOICE`` pairs as a dictionary, the last of an id winning."""
    return {name: choice for name, _, choice in (value.partition("=") for value in values or ())}


def thresholds(values: Sequence[str] | None) -> dict[str, str]:
    """``NAME=VALUE`` pairs as a dictionary, the last of a name winning."""
    return {name: value for name, _, value in (one.partition("=") for one in values or ())}


def rule_codes(values: Sequence[str] | None) -> list[str]:
    """Codes or families, given one by one or joined by commas."""
    return [code.strip() for value in values or () for code in value.split(",") if code.strip()]


PageFormat = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="|".join(PAGE_FORMATS),
        callback=one_of(PAGE_FORMATS),
        help="Text for people, or JSON.",
    ),
]
Readings = Annotated[
    list[str] | None,
    typer.Option(
        "--reading",
        metavar="ID=CHOICE",
        callback=pairs,
        help="Switch a reading of the article (`pumpclaim policy show` lists them). May be "
        "repeated.",
    ),
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="NAME=VALUE",
        callback=pairs,
        help="Set a threshold of ours (`pumpclaim policy show` lists them). May be repeated.",
    ),
]
