"""What is said when an input or a call cannot be used."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEW = 11
"""Names that a sentence may list."""


class InputError(Exception):
    """One clear sentence for the person who gave the input: what, where, what to do.

    ``source`` is the file's name, ``segment`` the number of the X12 segment (or of the row of a
    table) and ``line`` that of the line of a text, counted from 1, where they are known. The command
    line prints the sentence and exits 2.
    """

    def __init__(
        self,
        what: str,
        *,
        source: str | None = None,
        segment: int | None = None,
        line: int | None = None,
    ) -> None:
        self.what = what
        self.source = source
        self.segment = segment
        self.line = line
        where = ""
        if source is not None:
            at = f", segment {segment}" if segment is not None else ""
            where = source + at + (f", line {line}" if line is not None else "") + ": "
        super().__init__(where + what)


class UnusableError(InputError):
    """Nothing of what was given can be used: one sentence, and each part of it with what is wrong.

    Each of ``errors`` has ``where`` (a part's name and place) and ``what``.
    """

    def __init__(self, what: str, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(what)
        self.errors = errors


def nearest(name: str, known: Iterable[str], *, listed: int | None = FEW) -> str:
    """The end of a sentence on an unknown name: the nearest known one, else all of a few.

    All are named when they are at most ``listed``; null for however many.
    """
    known = list(known)
    near = get_close_matches(name, known, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; there are {', '.join(known)}" if listed is None or len(known) <= listed else ""
