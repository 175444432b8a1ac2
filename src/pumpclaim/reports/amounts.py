"""Money and amounts as exact decimal text, by whole columns and in integers only.

A column repeats itself: its distinct values are written out once each and then looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pumpclaim.tables import NANOGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import polars as pl

    Text = str | None
    Value = TypeVar("Value", bound=Hashable)

MONEY_DIGITS = 9
"""Money is kept in nano-dollars."""
CENT_PLACES = 2
FEE_PLACES = 4
"""Decimals that the article prints of a fee."""
MASS_DIGITS = {unit: len(str(nanograms)) - 1 for unit, nanograms in NANOGRAMS.items()}


def decimal_text(value: int, digits: int, least: int = 0) -> str:
    """``value``, in units of 10 to the minus ``digits``, as the shortest exact decimal text.

    At least ``least`` decimals are written.
    """
    whole, fraction = divmod(abs(value), 10**digits)
    decimals = f"{fraction:0{digits}}".rstrip("0").ljust(least, "0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def dollars(value: int | None, least: int = CENT_PLACES) -> Text:
    """Nano-dollars as dollars: 82500000000 becomes ``82.50``; null stays null."""
    return None if value is None else decimal_text(value, MONEY_DIGITS, least)


def amount_text(amount: int | None, unit: Text) -> Text:
    """Nanograms in ``unit``; for ``refill`` and other units the amount is a count already."""
    return None if amount is None else decimal_text(amount, MASS_DIGITS.get(unit or "", 0))


def dollar_texts(column: pl.Series, least: int = CENT_PLACES) -> list[Text]:
    """A column of nano-dollars as dollars, row by row."""
    return _each(column.to_list(), lambda value: dollars(value, least))


def amount_texts(amount: pl.Series, unit: pl.Series) -> list[Text]:
    """A column of nanograms in the units of the column beside it, row by row."""
    return _each(
        list(zip(amount.to_list(), unit.to_list(), strict=True)), lambda pair: amount_text(*pair)
    )


def date_texts(column: pl.Series) -> list[Text]:
    """A column of dates in ISO 8601, row by row."""
    return _each(column.to_list(), lambda day: None if day is None else day.isoformat())


def _each(values: list[Value], write: Callable[[Value], Text]) -> list[Text]:
    texts = {value: write(value) for value in set(values)}
    return [texts[value] for value in values]


def with_commas(text: Text) -> str:
    """Dollars for people: ``1234.50`` becomes ``$1,234.50``; null is a dash."""
    return "–" if text is None else f"${grouped(text)}"


def grouped(text: str) -> str:
    """A decimal number with a comma after every three digits of its whole part."""
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}"


def amount_with_commas(amount: int | None, unit: Text) -> str:
    """An amount for people, with its unit: ``4,000,000 mcg``."""
    text = amount_text(amount, unit)
    return "–" if text is None else f"{grouped(text)} {unit}"


def fee_text(fee: int | None, unit: Text) -> str:
    """A fee as the article prints it: four decimals for a drug, whole cents for a refill."""
    return dollars(fee, FEE_PLACES if unit in MASS_DIGITS else CENT_PLACES) or "–"
