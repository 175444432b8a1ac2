"""Names of users: how they are kept and compared, and that no two of them look alike."""

from __future__ import annotations

import re
import unicodedata

from pumpclaim.errors import InputError

NAME = re.compile(r"[\w.@+-]{1,64}")
LONGEST = 64
STROKES = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "p", "ħ": "h", "ŧ": "t", "ı": "i"}
)  # fmt: skip
"""Latin letters that are no other letter with a mark, and what they look like."""
ALIKE = (("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"))
"""What is taken for what in small letters."""


def kept(name: str) -> str:
    """A name as it is kept and looked up: in small letters, compatible forms of a letter made one."""
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    return unicodedata.normalize("NFKC", plain)


def check(name: str) -> str:
    """The name as it is kept; raises InputError for one that cannot be one."""
    tidy = kept(name)
    if not NAME.fullmatch(tidy) or not _plain(tidy).isascii():
        raise InputError(
            f"a user's name is 1 to {LONGEST} Latin letters, digits and . _ - @ +, without a space"
        )
    return tidy


def looks(name: str) -> str:
    """What a kept name looks like to who reads quickly: the same for two that are taken for one another."""
    plain = _plain(name)
    for one, other in ALIKE:
        plain = plain.replace(one, other)
    return plain


def _plain(name: str) -> str:
    """Without marks and strokes."""
    parts = unicodedata.normalize("NFKD", name.translate(STROKES))
    return "".join(part for part in parts if not unicodedata.combining(part))
