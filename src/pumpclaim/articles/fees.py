"""The fees of an article, wherever they stand in it: in a table, in a list, or in a sentence on compounding.

A row is read where it cannot be misread: one drug, one price, one unit, and nothing else. Every other line
that has money, or a drug's name with an amount, is said, for it could be a fee.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, product
from typing import TYPE_CHECKING

from pumpclaim.articles.published import FEE, Line, Problem, PublishedFee

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pumpclaim.policy.drugs import Drugs

MASSES = {
    "mcg": r"mcgs?|[uμ]gs?|micrograms?",
    "mg": r"mgs?|milligrams?",
    "g": r"gms?|gs?|grams?",
}
REFILLS = r"(?:pump )?(?:refills?|fills?)|cartridges?|cassettes?"
"""What a fee for compounding is for. A cartridge is a refill: reading compounding-fee says what that means.
"""
_MASS = "|".join(MASSES.values())
_UNIT = rf"(?P<mass>{_MASS})|(?P<refill>{REFILLS})"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_NOTE = r"(?: ?(?:\*+|†|‡|\((?:pf|preservative[ -]free)\)))*"
PRICE = re.compile(
    rf"(?:(?<![-\d.,])(?P<dollar>\$) ?|(?<![-\w.,$€£¢]))(?P<fee>{_NUMBER})(?![\d,]|\.\d)"
    rf"(?: ?(?:per|/|each) ?(?:(?P<count>{_NUMBER}) ?)?(?:{_UNIT})(?![\w/])(?! ?/){_NOTE})?",
    re.IGNORECASE,
)
"""A price with its unit, such as ``$0.0500 per mg``, ``$.05/mg``, ``0.07 per mg`` or ``$0.50 per 10 mg``."""
MONEY = re.compile(r"[$€£¢]|\b(?:dollars?|cents?|usd|eur)\b", re.IGNORECASE)
AMOUNT = re.compile(rf"(?:{_NUMBER}) ?(?:(?:per|/|a|each) ?)?(?:{_MASS})\b", re.IGNORECASE)
HEADER = re.compile(
    r"(?=.*\b(?:drug|name|fee|measure|unit|price)\b)"
    r"(?:\b(?:drug|name|fee|measure|unit|price|description|of|hcpcs|code)\b ?){1,8}",
    re.IGNORECASE,
)
"""The heads of the table's columns, or parts of them."""
COMPOUNDING = re.compile(
    rf"(?:pharmacy |pump )*compounding fees?(?: \(?(?:per|/) ?(?P<unit>{REFILLS})\)?)?",
    re.IGNORECASE,
)
IN_PROSE = re.compile(
    rf"compounding fee of \$ ?(?P<fee>{_NUMBER}) (?:per|for each) (?P<unit>{REFILLS})\b",
    re.IGNORECASE,
)
NAME = re.compile(r"[A-Za-z][\w ,()'/+&%-]{0,99}")
HCPCS = re.compile(r"\b[A-Z]\d{4}(?:-[A-Z0-9]{2})?\b")
LONGEST_NAME = 6
"""Words of a drug's name in the table."""
LONGEST_ROW = 4
"""Lines over which one row may be broken."""
SEPARATORS = " :|.=-•·▪*\t"


@dataclass(frozen=True)
class Fees:
    """What was found: the lines that are no rows, the fees, the fees for compounding that sentences name,
    and what could be a fee and is not understood."""

    rest: list[Line]
    fees: list[PublishedFee]
    in_prose: list[PublishedFee]
    problems: list[Problem]


def take_fees(lines: Sequence[Line], drugs: Drugs, *, money_alone: bool = False) -> Fees:
    """Take the rows of fees out of the lines of one section.

    A row may be broken over lines; a page may break the table, repeat its header or put a row behind. With
    ``money_alone`` a drug's name with an amount is nothing yet: descriptions of codes have them.
    """
    lines = [line for line in lines if not HEADER.fullmatch(line.plain)]
    rest: list[Line] = []
    fees: list[PublishedFee] = []
    problems: list[Problem] = []
    at = 0
    while at < len(lines):
        rows, used = _rows_at(lines, at, drugs)
        if rows is None:
            rest.append(lines[at])
        else:
            for row in rows:
                fee = _fee(row, lines[at].place, drugs)
                if isinstance(fee, Problem):
                    problems.append(fee)
                else:
                    fees.append(fee)
        at += used
    in_prose, left = _in_prose(rest)
    for number, line in enumerate(rest):
        if _could_be_fee(left, number, drugs, money_alone=money_alone):
            problems.append(Problem(f"'{line.plain}' could be a fee", line.place, FEE))
    problems += [
        Problem(f"'{fee.name}' is not one drug that we know", fee.place, FEE)
        for fee in fees
        if fee.unknown
    ]
    return Fees(rest, fees, in_prose, problems)


@dataclass(frozen=True)
class _Row:
    name: str
    price: re.Match[str]


def _rows_at(lines: Sequence[Line], at: int, drugs: Drugs) -> tuple[list[_Row] | None, int]:
    """The rows that begin with a line, and over how many lines; none where no row begins there."""
    alone = _parsed(lines[at].plain)
    if alone is not None and all(_is_understood(row, drugs) for row in alone):
        return alone, 1
    if len(lines[at].plain.split()) <= LONGEST_NAME:
        for size in range(2, LONGEST_ROW + 1):
            for joined in _joined(lines[at : at + size]):
                rows = _parsed(joined)
                if rows is not None and len(rows) == 1 and _is_understood(rows[0], drugs):
                    return rows, min(size, len(lines) - at)
    # One row that lacks something is told with what it lacks; of several none is taken for a fee.
    if alone is not None and len(alone) == 1 and _is_name(alone[0].name):
        return alone, 1
    return None, 1


def _joined(lines: Sequence[Line]) -> Iterator[str]:
    """Lines as one text: parted by blanks, or a word put together that a narrow column or a hyphen broke."""
    texts = [line.plain for line in lines]
    for gaps in product((" ", ""), repeat=len(texts) - 1):
        yield "".join(
            text.removesuffix("-") + gap if gap == "" else text + gap
            for text, gap in zip(texts, [*gaps, " "], strict=True)
        )


def _parsed(text: str) -> list[_Row] | None:
    """Names and prices that follow each other and are all of a text; null where there is more, or none."""
    rows = []
    end = 0
    for price in PRICE.finditer(text):
        if price["dollar"] is None and price["mass"] is None and price["refill"] is None:
            continue
        name = HCPCS.sub(" ", text[end : price.start()]).strip(SEPARATORS)
        rows.append(_Row(" ".join(name.split()), price))
        end = price.end()
    if not rows or text[end:].strip(SEPARATORS):
        return None
    return rows


def _is_name(name: str) -> bool:
    return not name or (NAME.fullmatch(name) is not None and len(name.split()) <= LONGEST_NAME)


def _is_understood(row: _Row, drugs: Drugs) -> bool:
    if not _is_name(row.name):
        return False
    compounding = COMPOUNDING.fullmatch(row.name)
    if compounding is not None:
        return row.price["refill"] is not None or compounding["unit"] is not None
    return row.price["mass"] is not None and drug_of(row.name, drugs) is not None


def _fee(row: _Row, place: str, drugs: Drugs) -> PublishedFee | Problem:
    name, price = row.name, row.price
    compounding = COMPOUNDING.fullmatch(name)
    said = f"the fee '{name} {price[0].strip()}'"
    fault = None
    if not name:
        fault = f"a price, '{price[0].strip()}', stands without a drug"
    elif compounding is None and price["mass"] is None:
        fault = f"{said} has no unit" if price["refill"] is None else f"{said} is of no drug"
    elif compounding is not None and price["refill"] is None and compounding["unit"] is None:
        fault = f"{said} has no unit" if price["mass"] is None else f"{said} is for no refill"
    if fault is not None:
        return Problem(fault, place, FEE)
    stated = Decimal(price["fee"].replace(",", ""))
    count = Decimal((price["count"] or "1").replace(",", ""))
    amount = stated / count if count else stated
    if amount * count != stated:
        return Problem(f"{said} cannot be told exactly per unit", place, FEE)
    if compounding is not None:
        written = _written(price["refill"] or compounding["unit"])
        return PublishedFee(name, None, amount, "refill", place, written)
    per = next(
        unit for unit, form in MASSES.items() if re.fullmatch(form, price["mass"], re.IGNORECASE)
    )
    if per == "g":
        amount, per = amount / 1_000, "mg"
    drug = drug_of(name, drugs)
    return PublishedFee(name, drug, amount, per, place, per, unknown=drug is None)


def _written(unit: str) -> str:
    """The word for what a fee for compounding is for, in the singular."""
    return unit.casefold().removeprefix("pump ").removesuffix("s")


def drug_of(name: str, drugs: Drugs) -> str | None:
    """Our id of a drug as an article writes it: its name alone, with a salt, or with more in brackets.

    Null for a name that we do not know whole, and for one that names several drugs.
    """
    if len(drugs_in(name, drugs)) > 1:
        return None
    rest = " ".join(_words(re.sub(r"\([^()]*\)", " ", name)))
    if rest not in drugs.names:
        for salt in sorted(drugs.words["salts"], key=len, reverse=True):
            rest = re.sub(rf"\b{re.escape(salt.casefold())}\b", " ", rest)
    return drugs.names.get(" ".join(rest.split()))


def drugs_in(text: str, drugs: Drugs) -> set[str]:
    """Our ids of the drugs that a text names."""
    words = _words(text)
    longest = max(len(name.split()) for name in drugs.names)
    spans = (
        " ".join(words[start : start + size])
        for size in range(1, longest + 1)
        for start in range(len(words) - size + 1)
    )
    return {drugs.names[span] for span in spans if span in drugs.names}


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w ]+", " ", text).casefold().split()


def _in_prose(lines: Sequence[Line]) -> tuple[list[PublishedFee], list[str]]:
    """The fees for compounding that sentences name, and what is left of each line without them."""
    text = " ".join(line.plain for line in lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.plain) + 1)
    found = []
    left = list(text)
    for one in IN_PROSE.finditer(text):
        at = bisect_right(starts, one.start()) - 1
        amount = Decimal(one["fee"].replace(",", ""))
        place, written = lines[at].place, _written(one["unit"])
        found.append(PublishedFee("compounding fee", None, amount, "refill", place, written))
        left[one.start() : one.end()] = " " * (one.end() - one.start())
    whole = "".join(left)
    return found, [whole[start:end] for start, end in pairwise(starts)]


def _could_be_fee(left: Sequence[str], at: int, drugs: Drugs, *, money_alone: bool) -> bool:
    """Whether a line has money, or an amount beside a drug's name; ``left`` is what is not understood yet."""
    own = left[at]
    if MONEY.search(own) or money_alone:
        return MONEY.search(own) is not None
    amount = AMOUNT.search(own + (left[at + 1] if at + 1 < len(left) else ""))
    if amount is None or amount.start() >= len(own):
        return False
    return bool(drugs_in(" ".join(left[max(at - 1, 0) : at + 2]), drugs))


def one_fee_each(
    fees: Sequence[PublishedFee], in_prose: Sequence[PublishedFee], problems: list[Problem]
) -> list[PublishedFee]:
    """Each fee once; a drug that has two different ones has none, and that is said.

    The fee for compounding of a sentence is that of the article where no row has it; where both name one,
    they must agree.
    """
    found: dict[str, PublishedFee] = {}
    differing: set[str] = set()
    for fee in [*fees, *in_prose]:
        name = fee.drug or (fee.name.casefold() if fee.unknown else "")
        first = found.setdefault(name, fee)
        if (first.fee, first.per) != (fee.fee, fee.per):
            differing.add(name)
            said = (
                f"{first.name} has two fees, ${first.fee} per {first.per} ({first.place}) and ${fee.fee} per "
                f"{fee.per}"
            )
            problems.append(Problem(said, fee.place, FEE))
    if not found:
        problems.append(Problem("there is no fee table in the text", "whole document", FEE))
    elif "" not in found:
        problems.append(
            Problem("there is no fee for compounding, so that prices are not known", "whole document", FEE)
        )  # fmt: skip
    return [fee for name, fee in found.items() if name not in differing]
