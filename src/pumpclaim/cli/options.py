"""Options that several commands share, and how their values are read.

A value that cannot be used is a usage error, which names the nearest that can.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from pumpclaim import options
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMATS = ("text", "json", "csv", "parquet")
PAGE_FORMATS = ("text", "json")
Value = TypeVar("Value")


def one_of(choices: Sequence[str], *, optional: bool = False) -> Callable[[str], str]:
    """A callback that lets only ``choices`` pass, and nothing at all where it is ``optional``."""

    def choose(value: str) -> str:
        if value not in choices and not (optional and value is None):
            near = get_close_matches(value.lower(), choices, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "choose from " + ", ".join(choices)
            raise typer.BadParameter(f"'{value}' is not one of the choices; {hint}")
        return value

    return choose


def _parser(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """A reader of values as Typer wants it: what cannot be used is a usage error."""

    def parse(text: str) -> Value:
        try:
            return read(text)
        except InputError as error:
            raise typer.BadParameter(error.what) from None

    return parse


contract_number = _parser(options.contract_number)
day = _parser(options.day)
dollars = _parser(options.dollars)
today = options.today
rule_codes = options.rule_codes
readings = thresholds = options.pairs


def pairs(values: list[str] | None) -> list[str] | None:
    """A callback that lets only ``ID=CHOICE`` pass."""
    for value in values or ():
        _parser(options.pair)(value)
    return values


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
