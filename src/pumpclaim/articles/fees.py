"""The fee table of an article, wherever it stands in the text, and the fee for compounding."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from pumpclaim.articles.published import Found, Line, PublishedFee

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pumpclaim.policy.drugs import Drugs

UNITS = {
    "mcg": "mcg", "ug": "mcg", "μg": "mcg", "microgram": "mcg", "micrograms": "mcg", "mcgs": "mcg",
    "mg": "mg", "mgs": "mg", "milligram": "mg", "milligrams": "mg",
    "cartridge": "refill", "refill": "refill", "cassette": "refill", "fill": "refill",
}  # fmt: skip
"""Units as articles write them. A cartridge is a refill: reading compounding-fee says what that means."""
MONEY = r"\$ ?(?P<fee>\d[\d,]*(?:\.\d+)?)"
PRICE = re.compile(
    rf"^(?:(?P<name>[A-Za-z][\w .,()'/+&-]*?)[\s|:]*)?{MONEY}(?:\s*(?:per|/|a)\s*(?P<per>[A-Za-zμ]+))?\.?$"
)
NAME = re.compile(r"[A-Za-z][\w .()'/+&-]{2,60}")
HEADER = re.compile(
    r"drug name\b.*|.*\bfee measure|drug fee measure|description of drug.*", re.IGNORECASE
)
COMPOUNDING = re.compile(r"compounding fee", re.IGNORECASE)
IN_PROSE = re.compile(rf"compounding fee of {MONEY} per (?P<per>\w+)", re.IGNORECASE)
LONGEST_NAME = 6
"""Words of a drug's name in the table."""


def take_fees(
    lines: Sequence[Line], drugs: Drugs
) -> tuple[list[Line], list[PublishedFee], list[Found]]:
    """The lines without the fee table, its rows, and what could not be understood.

    A row may stand in one line or be broken after the name; a page may break the table, repeat its header
    or put a row behind. A line is a row when a price is all that follows a name.
    """
    rest: list[Line] = []
    fees: list[PublishedFee] = []
    problems: list[Found] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        row, used = _row(lines, at)
        if row is None:
            if not HEADER.fullmatch(line.plain):
                rest.append(line)
            at += 1
            continue
        at += used
        name, price = row
        fee = _fee(name, price, line.place, drugs)
        if isinstance(fee, Found):
            problems.append(fee)
        else:
            fees.append(fee)
            if fee.unknown:
                problems.append(Found(f"'{fee.name}' is no drug that we know", fee.place))
    return rest, fees, problems + _twice(fees)


def _row(lines: Sequence[Line], at: int) -> tuple[tuple[str, re.Match[str]] | None, int]:
    """Name and price of the row that begins here, and how many lines it takes; none where no row does."""
    plain = lines[at].plain
    price = PRICE.match(plain)
    if price is not None:
        name = (price["name"] or "").strip(" :|.-")
        if name and len(name.split()) <= LONGEST_NAME:
            return (name, price), 1
        return (("", price), 1) if not name else (None, 1)
    short = NAME.fullmatch(plain) is not None and len(plain.split()) <= LONGEST_NAME
    if short and at + 1 < len(lines) and not HEADER.fullmatch(plain):
        following = PRICE.match(lines[at + 1].plain)
        if following is not None and not following["name"]:
            return (plain, following), 2
    return None, 1


def _fee(name: str, price: re.Match[str], place: str, drugs: Drugs) -> PublishedFee | Found:
    amount = price["fee"].replace(",", "")
    per = UNITS.get((price["per"] or "").casefold())
    is_compounding = COMPOUNDING.search(name) is not None
    said = f"the fee '{name} ${amount}'"
    fault = None
    if not name:
        fault = f"a fee of ${amount} stands without a drug"
    elif price["per"] is None:
        fault = f"{said} has no unit"
    elif per is None:
        fault = f"{said} has the unit '{price['per']}', which we do not know"
    elif is_compounding != (per == "refill"):
        fault = f"{said} is per {price['per']}, which it cannot be"
    if fault is not None or per is None:
        return Found(fault or said, place)
    drug = None if is_compounding else drug_of(name, drugs)
    unknown = drug is None and not is_compounding
    return PublishedFee(name, drug, Decimal(amount), per, place, unknown=unknown)


def drug_of(name: str, drugs: Drugs) -> str | None:
    """Our id of a drug as an article writes it: its whole name, or without a salt at its end."""
    words = re.sub(r"[^\w ]+", " ", name).lower().split()
    while words:
        found = drugs.names.get(" ".join(words))
        if found is not None:
            return found
        words.pop()
    return None


def compounding_in_prose(lines: Iterable[Line]) -> list[PublishedFee]:
    """The fees for compounding that the text names in a sentence."""
    found = []
    everything = list(lines)
    joined = " ".join(line.plain for line in everything)
    for one in IN_PROSE.finditer(joined):
        per = UNITS.get(one["per"].casefold(), one["per"])
        start = len(joined[: one.start()].split())
        count, place = 0, everything[0].place
        for line in everything:
            if count > start:
                break
            count, place = count + len(line.plain.split()), line.place
        amount = Decimal(one["fee"].replace(",", ""))
        found.append(PublishedFee("compounding fee", None, amount, per, place))
    return found


def _twice(fees: Iterable[PublishedFee]) -> list[Found]:
    """Drugs that the table prices twice, not alike."""
    seen: dict[str, PublishedFee] = {}
    problems = []
    for fee in fees:
        key = fee.drug or fee.name.casefold()
        first = seen.setdefault(key, fee)
        if (first.fee, first.per) != (fee.fee, fee.per):
            said = f"{fee.name} has two fees, ${first.fee} per {first.per} and ${fee.fee} per {fee.per}"
            problems.append(Found(said, fee.place))
    return problems
