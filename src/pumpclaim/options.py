"""How the values of options are read, the same on the command line and over HTTP.

Each function takes what a person wrote and raises InputError, one sentence, for what cannot be used.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTRACT_DIGITS = 5
ALL_PATIENTS, CHARTED_PATIENTS = "all", "charted"
RECORDS_OF = (ALL_PATIENTS, CHARTED_PATIENTS)
"""Of whom records are asked for: of all patients, or of those of whom there is a chart."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DOLLARS = re.compile(r"[0-9]{1,15}(\.[0-9]{0,9})?|\.[0-9]{1,9}")


def contract_number(text: str) -> str:
    """A contract number, five digits."""
    if not (len(text) == CONTRACT_DIGITS and text.isascii() and text.isdigit()):
        raise InputError(f"'{text}' is no contract number: five digits, such as 01312")
    return text


def day(text: str) -> date:
    """A date in the long form of ISO 8601."""
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no date; write year, month and day as 2024-03-05") from None


def today() -> date:
    """Today by this machine's clock."""
    return datetime.now(UTC).astimezone().date()


def dollars(text: str) -> Decimal:
    """An amount of money, not negative, with at most nine decimals."""
    amount = text.removeprefix("$").replace(",", "")
    if not _DOLLARS.fullmatch(amount):
        raise InputError(f"'{text}' is no amount of dollars; write it as 82.50")
    return Decimal(amount)


def pair(text: str) -> tuple[str, str]:
    """The two sides of ``ID=CHOICE``; the policy's loader knows which exist."""
    name, _, value = text.partition("=")
    if not (name and value):
        raise InputError(f"'{text}' is not ID=CHOICE, as kd-on-compound=not-required is")
    return name, value


def pairs(texts: Sequence[str] | None) -> dict[str, str]:
    """``ID=CHOICE`` texts as a dictionary, the last of an id winning."""
    return dict(pair(text) for text in texts or ())


def rule_codes(texts: Sequence[str] | None) -> list[str]:
    """Codes or families, given one by one or joined by commas."""
    return [code.strip() for text in texts or () for code in text.split(",") if code.strip()]
