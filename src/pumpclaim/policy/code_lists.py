"""The codes that an article lists, in one normal form for each kind, and which codes of claims they hold.

* HCPCS and CPT codes: ``62370``, ``J7999``. A range stands for each of its codes.
* Modifiers: ``KD``.
* Diagnoses: ``G89.4``; a range ``G89.21-G89.29``, which holds what its last code begins as well;
  ``G89.4*``, a code and all that begins like it.
* Bill types: three digits and the fourth, or ``x`` for any: ``0131``, ``013x``. A range as for codes.
* Revenue codes: four digits, or three and ``x`` for any fourth: ``0636``, ``025x``. A range as for codes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

CODE, MODIFIER, DIAGNOSIS, BILL_TYPE, REVENUE_CODE = (
    "code", "modifier", "diagnosis", "bill type", "revenue code",
)  # fmt: skip
FORMS = {
    CODE: r"[A-Z]\d{4}|\d{4}[A-Z0-9]",
    MODIFIER: r"[A-Z0-9]{2}",
    DIAGNOSIS: r"[A-Za-z]\d[0-9A-Za-z](?:\.?[0-9A-Za-z]{1,4})?",
    BILL_TYPE: r"0?\d\d[0-9xX]",
    REVENUE_CODE: r"\d{3,4}|\d{2,3}[xX]",
}
"""One code of each kind as it is written."""
MARK = r"(?:\.?-(?![\w ])|\.?[*†‡]+)"
"""Behind a code: it stands for all that begins like it, or a note explains it."""
ENTRIES = {
    kind: re.compile(
        rf"(?P<first>{form})(?P<mark>{MARK})?"
        + (
            rf"(?:(?: ?- ?| to | through )(?P<last>{form}){MARK}?)?"
            if kind != MODIFIER
            else "(?P<last>(?!))?"
        )
        + r"(?![\w.]*\w)"
    )
    for kind, form in FORMS.items()
}
"""One entry of a list of each kind: a code, one with a mark, or a range."""
LONGEST_RANGE = 1_000
"""Codes that a range may stand for."""
PLACEHOLDERS = frozenset({"XX000", "999", "999X", "9999", "99999", "0", "TBD", "N/A", "NA", "NONE"})
"""What the coverage database writes where there is no code."""
WIDTH = 4
"""Digits of a bill type with its leading zero, and of a revenue code."""
CATEGORY = 3
"""Characters of a diagnosis before its point."""


def normal(kind: str, text: str) -> tuple[str, ...] | None:
    """The normal forms of one entry of a list; null when it is none of that kind (a key of FORMS).

    Behind a diagnosis a mark makes it stand for all that begins like it. Where the mark only points to a note
    that comes to the same, for then the code has nothing below it.
    """
    found = ENTRIES[kind].fullmatch(" ".join(text.split()))
    if found is None:
        return None
    first = _one(kind, found["first"].upper())
    if found["last"] is None:
        return (first + "*",) if kind == DIAGNOSIS and found["mark"] else (first,)
    last = _one(kind, found["last"].upper())
    if kind == DIAGNOSIS:
        return (f"{first}-{last}",) if first <= last else None
    return _expanded(first, last)


def _one(kind: str, code: str) -> str:
    if kind == DIAGNOSIS:
        plain = code.replace(".", "")
        return ".".join(filter(None, (plain[:CATEGORY], plain[CATEGORY:])))
    if kind == BILL_TYPE:
        # Three digits with the leading zero name the type, without it the type and the fourth digit.
        whole = code + "x" if len(code) < WIDTH and code[0] == "0" else code.zfill(WIDTH)
        return whole.replace("X", "x")
    return code.zfill(WIDTH).replace("X", "x") if kind == REVENUE_CODE else code


def _expanded(first: str, last: str) -> tuple[str, ...] | None:
    """Every code from first to last, which differ in their number alone."""
    number = re.compile(r"(\D*)(\d+)(\D*)")
    one, other = number.fullmatch(first), number.fullmatch(last)
    if one is None or other is None or (one[1], one[3]) != (other[1], other[3]):
        return None
    start, end = int(one[2]), int(other[2])
    if not start <= end < start + LONGEST_RANGE:
        return None
    return tuple(f"{one[1]}{n:0{len(one[2])}}{one[3]}" for n in range(start, end + 1))


def is_placeholder(code: str, description: str = "") -> bool:
    """Whether a row of a list only says that there is no code."""
    return code.strip().upper() in PLACEHOLDERS or (
        description.strip().casefold() == "not applicable"
    )


def normal_list(kind: str, entries: Collection[str]) -> frozenset[str]:
    """The normal forms of a whole list; raises ValueError, naming it, for an entry that is none."""
    found: set[str] = set()
    for entry in entries:
        own = normal(kind, entry)
        if own is None:
            raise ValueError(entry)
        found.update(own)
    return frozenset(found)


def holder(kind: str, listed: Collection[str]) -> Callable[[str], bool]:
    """Whether a list in normal forms holds a code as claims write it: diagnoses without points, bill types
    without their leading zero."""
    if kind == DIAGNOSIS:
        return _holder_of_diagnoses(listed)
    if kind in (BILL_TYPE, REVENUE_CODE):
        return lambda code: not {code.zfill(WIDTH), code.zfill(WIDTH)[:-1] + "x"}.isdisjoint(listed)
    return lambda code: code in listed


def _holder_of_diagnoses(listed: Collection[str]) -> Callable[[str], bool]:
    plain = [one.replace(".", "") for one in listed]
    exact = frozenset(one for one in plain if one.isalnum())
    prefixes = tuple(one[:-1] for one in plain if one.endswith("*"))
    ranges = [tuple(one.split("-")) for one in plain if "-" in one]

    def holds(code: str) -> bool:
        code = code.replace(".", "").upper()
        return (
            code in exact
            or code.startswith(prefixes)
            or any(first <= code and code[: len(last)] <= last for first, last in ranges)
        )

    return holds
