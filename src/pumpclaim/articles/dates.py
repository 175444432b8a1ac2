"""Dates as articles write them."""

from __future__ import annotations

import re
from datetime import date

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_FORMS = (
    r"(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<y>\d{4})",
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
    rf"{_MONTH} (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})",
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH},? (?P<y>\d{{4}})",
)
_DATES = tuple(re.compile(rf"(?<!\d){form}(?!\d)", re.IGNORECASE) for form in _FORMS)
NONE = ("n/a", "na", "none", "not applicable", "")
"""What stands in the place of a date where there is none."""


def day_in(text: str) -> date:
    """The one date in a text: 03/05/2024, 2024-03-05, March 5, 2024 or 5 March 2024, with words around it.

    Raises ValueError where there is none, an impossible one, or more than one.
    """
    found = {_day(one) for form in _DATES for one in form.finditer(text)}
    if len(found) != 1:
        raise ValueError(text)
    return found.pop()


def _day(found: re.Match[str]) -> date:
    parts = found.groupdict()
    month = parts.get("m")
    number = int(month) if month else _month(parts["month"])
    return date(int(parts["y"]), number, int(parts["d"]))


def _month(name: str) -> int:
    name = name.casefold()
    for number, month in enumerate(MONTHS, start=1):
        if month.startswith(name) or (name == "sept" and month == "september"):
            return number
    raise ValueError(name)
