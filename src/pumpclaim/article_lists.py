"""What a line is against its article's lists of modifiers, diagnoses, bill types and revenue codes (K2 to
K5)."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.compiled import positions
from pumpclaim.policy.code_lists import BILL_TYPE, DIAGNOSIS, REVENUE_CODE, holder
from pumpclaim.visits import is_known, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.model import Lists
    from pumpclaim.reach import Reach

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Bits = NDArray[np.uint64]

FAVOURABLE = {
    "modifier_fits": True,
    "diagnosis_supports": True,
    "diagnosis_against": False,
    "bill_type_fits": True,
    "revenue_code_fits": True,
}
"""The columns, and what holds where an article has no list."""
MOST_DIAGNOSES = 64
"""Places of diagnoses that are looked at; a claim has at most 25."""
MODIFIERS = tuple(f"modifier_{place}" for place in (1, 2, 3, 4))


def list_columns(
    claim_set: ClaimSet, policy: PolicySet, rows: Ints, reach: Reach
) -> tuple[dict[str, NDArray[Any]], dict[str, Bools]]:
    """The columns FAVOURABLE of the lines at ``rows``, and where each is known.

    A line's diagnoses are those that its pointers name, or all of its claim where there are none.
    """
    columns = {name: np.full(len(rows), usual) for name, usual in FAVOURABLE.items()}
    known: dict[str, Bools] = {}
    for position, article in enumerate(policy.articles):
        if not any(astuple(article.lists)):
            continue
        at = np.flatnonzero(reach.article == position)
        lines = claim_set.lines[rows[at]]
        answers = _Lines(lines, claim_set.claims[lines["claim"]], reach.institutional[at])
        for name, (answer, told) in answers.against(article.lists).items():
            columns[name][at] = np.where(told, answer, FAVOURABLE[name])
            known.setdefault(name, np.ones(len(rows), bool))[at] = told
    return columns, known


class _Lines:
    """Some service lines, each with its claim, asked of lists."""

    def __init__(self, lines: pl.DataFrame, claims: pl.DataFrame, institutional: Bools) -> None:
        self.lines = lines
        self.claims = claims
        self.institutional = institutional

    def against(self, lists: Lists) -> dict[str, tuple[Bools, Bools]]:
        """Each column that a list decides: the answers, and where they are known."""
        found = {}
        if lists.modifiers:
            found["modifier_fits"] = self._modifiers(lists.modifiers)
        if lists.diagnoses_covered or lists.diagnoses_not_covered:
            pointed, listed = self._diagnoses(lists.diagnoses_covered, lists.diagnoses_not_covered)
            for name, asked, own in zip(
                ("diagnosis_supports", "diagnosis_against"),
                (lists.diagnoses_covered, lists.diagnoses_not_covered), listed, strict=True,
            ):  # fmt: skip
                if asked:
                    found[name] = (pointed & own) != 0, pointed != 0
        if lists.bill_types:
            fits, told = _on_list(self.claims["type_of_bill"], BILL_TYPE, lists.bill_types)
            found["bill_type_fits"] = fits | ~self.institutional, told | ~self.institutional
        if lists.revenue_codes:
            found["revenue_code_fits"] = _on_list(
                self.lines["revenue_code"], REVENUE_CODE, lists.revenue_codes
            )
        return found

    def _modifiers(self, listed: Collection[str]) -> tuple[Bools, Bools]:
        """Whether a line bears one of these; not known where its file carries no more modifiers than it
        has."""
        names = tuple(sorted(listed))
        bears = np.zeros(self.lines.height, bool)
        for column in MODIFIERS:
            bears |= positions(self.lines[column], names) != 0
        lacks = self.claims["not_carried"].fill_null("").str.contains(r"\bmodifier_3\b").to_numpy()
        full = is_known(self.lines["modifier_1"]) & is_known(self.lines["modifier_2"])
        return bears, bears | ~(lacks & full)

    def _diagnoses(self, *lists: Collection[str]) -> tuple[Bits, list[Bits]]:
        """The places of the diagnoses that each line names, and of its claim's that are on each list, as
        bits."""
        diagnoses = self.claims["diagnoses"].list.head(MOST_DIAGNOSES)
        sizes = whole_numbers(diagnoses.list.len().cast(pl.Int64), 0)
        have = _low_bits(sizes)
        flat = diagnoses.filter(pl.Series(sizes > 0)).explode(empty_as_null=False)
        starts = (np.cumsum(sizes) - sizes)[sizes > 0]
        place = np.arange(len(flat)) - np.repeat(starts, sizes[sizes > 0])
        listed = []
        for one in lists:
            bits = np.zeros(len(sizes), np.uint64)
            if len(flat):
                on = _on_list(flat, DIAGNOSIS, one)[0].astype(np.uint64) << place.astype(np.uint64)
                bits[sizes > 0] = np.bitwise_or.reduceat(on, starts)
            listed.append(bits)
        pointers = self.lines["diagnosis_pointers"].fill_null("")
        which, texts = _coded(pointers)
        named = np.array([pointed(text) for text in texts], np.uint64)[which] & have
        return np.where(named == 0, have, named), listed


def pointed(pointers: str) -> int:
    """The places that a line's pointers (numbers from 1, or letters) name, as bits."""
    bits = 0
    for one in pointers.upper().split():
        place = int(one) if one.isdecimal() else ord(one[0]) - ord("A") + 1
        if 1 <= place <= MOST_DIAGNOSES:
            bits |= 1 << (place - 1)
    return bits


def _low_bits(count: Ints) -> Bits:
    """So many bits from the lowest."""
    every = np.uint64(2**64 - 1)
    return np.where(count == 0, np.uint64(0), every >> (64 - count).astype(np.uint64))


def _on_list(column: pl.Series, kind: str, listed: Collection[str]) -> tuple[Bools, Bools]:
    """Whether each code is on the list, and whether it is known."""
    which, codes = _coded(column)
    holds = holder(kind, listed)
    on = np.array([*(holds(code) for code in codes), False])
    return on[which], which >= 0


def _coded(column: pl.Series) -> tuple[Ints, list[str]]:
    """Each value's position among the different ones, -1 for null; and these."""
    names = column.drop_nulls().unique().to_list()
    return whole_numbers(column.cast(pl.Enum(names)).to_physical().cast(pl.Int64)), names
