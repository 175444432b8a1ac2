"""Claims read from files, as one set of tables, and what could not be used of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.tables import CLAIMS, LINES, REJECTED


@dataclass(frozen=True)
class Refusal:
    """A file, or a part of one, that could not be used: one sentence, and where."""

    source: str
    segment: int | None
    reason: str
    line: int | None = None

    @staticmethod
    def of(error: InputError, source: str = "") -> Refusal:
        """What an error says, as it is listed; ``source`` where the error names none."""
        return Refusal(error.source or source, error.segment, error.what, error.line)

    @property
    def sentence(self) -> str:
        """Where and what, in one sentence."""
        return str(
            InputError(self.reason, source=self.source, segment=self.segment, line=self.line)
        )


@dataclass(frozen=True)
class ClaimSet:
    """Claims read from one or several files, as tables.

    ``claims``, ``lines``, ``ingredients`` and ``rejected`` have the columns of this module.
    ``ingredients`` is null until the drug narratives are read (``drug_text.read_ingredients``).
    ``refused`` names the files, or parts of files, whose envelope made them unusable; their claims,
    where any could be told apart, are in ``rejected`` too. ``repeated`` are names of files that hold the
    same as one before them, each with the name of that one: such a file is read once.
    """

    claims: pl.DataFrame = field(default_factory=CLAIMS.empty)
    lines: pl.DataFrame = field(default_factory=LINES.empty)
    rejected: pl.DataFrame = field(default_factory=REJECTED.empty)
    refused: tuple[Refusal, ...] = ()
    ingredients: pl.DataFrame | None = None
    repeated: tuple[tuple[str, str], ...] = ()

    @property
    def claims_read(self) -> int:
        """Claims met in the input: those that were read and those that were rejected."""
        return self.claims.height + self.rejected.height

    @staticmethod
    def concat(sets: list[ClaimSet]) -> ClaimSet:
        """One set of several, claims renumbered in order; ingredients are read anew."""
        if len(sets) == 1:
            return sets[0]
        claims, lines, start = [], [], 0
        for one in sets:
            claims.append(one.claims.with_columns(pl.col("claim") + pl.lit(start, pl.UInt32)))
            lines.append(one.lines.with_columns(pl.col("claim") + pl.lit(start, pl.UInt32)))
            start += one.claims.height
        return ClaimSet(
            claims=pl.concat(claims) if claims else CLAIMS.empty(),
            lines=pl.concat(lines) if lines else LINES.empty(),
            rejected=pl.concat([one.rejected for one in sets]) if sets else REJECTED.empty(),
            refused=tuple(refusal for one in sets for refusal in one.refused),
            repeated=tuple(pair for one in sets for pair in one.repeated),
        )
