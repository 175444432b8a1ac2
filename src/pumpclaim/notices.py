"""What is said once for each file: what its layout does not carry and what stays open for that, and that it
holds the same as another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

WORDS = {
    "description": "drug narrative",
    "modifier_3": "third and fourth modifier",
    "payer_id": "contract and no state",
}
"""Columns that stand for several, and what people call them."""
STAND_FOR = {
    "description": ("description", "note"),
    "modifier_3": ("modifier_3",),
    "payer_id": ("payer_id", "billing_state"),
}


@dataclass(frozen=True)
class Notice:
    """One file whose layout lacks columns: which, and the rules that are asked only as far as others tell.

    Or one that was not read because it holds the same as ``same_as``, which was.
    """

    source: str
    not_carried: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    same_as: str | None = None

    @property
    def sentence(self) -> str:
        """Where and what, in one sentence."""
        if self.same_as is not None:
            return f"{self.source}: it holds the same as {self.same_as}, so it is read once"
        carried_not = set(self.not_carried)
        lacks = [words for name, words in WORDS.items() if set(STAND_FOR[name]) <= carried_not]
        if not lacks:
            return f"{self.source}: the file's layout carries all that the rules ask for"
        judge = "; give the contract with --contractor" if "contract and no state" in lacks else ""
        priced = "; compounded drugs have no price" if "description" in self.not_carried else ""
        return (
            f"{self.source}: the file's layout carries no {', no '.join(lacks)}, so that is not known; "
            f"{', '.join(self.rules)} are asked only as far as other columns tell{priced}{judge}"
        )


def notices(claims: pl.DataFrame, codes: Sequence[str]) -> tuple[Notice, ...]:
    """The notices of a claims table, by file; ``codes`` are the rules that are run."""
    if claims["not_carried"].null_count() == claims.height:
        return ()
    files = claims.select("source", "not_carried").drop_nulls().unique(maintain_order=True)
    return tuple(notice(source, lacks, codes) for source, lacks in files.iter_rows())


def notice(source: str, not_carried: str, codes: Sequence[str]) -> Notice:
    """What is said of one file that lacks these columns."""
    lacks = tuple(not_carried.split())
    open_ = {name for name, columns in STAND_FOR.items() if set(columns) <= set(lacks)}
    rules = tuple(
        code for code in codes
        if any(set(STAND_FOR[name]) <= set(RULES[code].concerns) for name in open_)
    )  # fmt: skip
    return Notice(source, lacks, rules)
