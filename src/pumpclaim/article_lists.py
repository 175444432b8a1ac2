"""What a line is against its article's lists of diagnoses, bill types and revenue codes (K3 to K5)."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.model import Lists
    from pumpclaim.reach import Reach

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

NAMES = ("diagnosis_supports", "diagnosis_against", "bill_type_fits", "revenue_code_fits")
FAVOURABLE = {"diagnosis_supports": True, "diagnosis_against": False, "bill_type_fits": True,
              "revenue_code_fits": True}  # fmt: skip
"""What holds where an article has no list."""
ANY = "x"
"""The last digit of a bill type that stands for any."""


def has_lists(policy: PolicySet) -> bool:
    """Whether any article of the policy restricts anything by a list."""
    return any(any(astuple(article.lists)) for article in policy.articles)


def list_columns(
    claim_set: ClaimSet, policy: PolicySet, rows: Ints, reach: Reach
) -> tuple[dict[str, NDArray[Any]], dict[str, Bools]]:
    """The columns NAMES of the lines at ``rows``, and where each is known.

    A line's diagnoses are those that its pointers name, or all of its claim where there are none.
    """
    columns = {name: np.full(len(rows), FAVOURABLE[name]) for name in NAMES}
    if not has_lists(policy):
        return columns, {}
    known = {name: np.ones(len(rows), bool) for name in NAMES}
    lists = [article.lists for article in policy.articles]
    chosen = np.flatnonzero(reach.article >= 0)
    lines = claim_set.lines[rows[chosen]]
    claims = claim_set.claims[lines["claim"]]
    for place, article, codes, pointers, bill_type, revenue in zip(
        chosen.tolist(), reach.article[chosen].tolist(), claims["diagnoses"].to_list(),
        lines["diagnosis_pointers"].to_list(), claims["type_of_bill"].to_list(),
        lines["revenue_code"].to_list(), strict=True,
    ):  # fmt: skip
        own = lists[article]
        diagnoses = pointed(codes, pointers)
        answers = (
            _supports(own, diagnoses),
            None if not diagnoses else not own.diagnoses_not_covered.isdisjoint(diagnoses),
            _fits_bill(own, bill_type) if reach.institutional[place] else True,
            _fits_revenue(own, revenue),
        )
        for name, answer in zip(NAMES, answers, strict=True):
            known[name][place] = answer is not None
            columns[name][place] = FAVOURABLE[name] if answer is None else answer
    return columns, known


def pointed(codes: Iterable[str] | None, pointers: str | None) -> list[str]:
    """The diagnoses that a line's pointers (places from 1, or letters) name; all without pointers."""
    every = [code.replace(".", "").upper() for code in codes or ()]
    named = [
        place
        for one in (pointers or "").upper().split()
        if (place := int(one) if one.isdigit() else ord(one[0]) - ord("A") + 1)
        in range(1, len(every) + 1)
    ]
    return [every[place - 1] for place in named] or every


def _supports(lists: Lists, diagnoses: list[str]) -> bool | None:
    if not lists.diagnoses_covered:
        return True
    return None if not diagnoses else not lists.diagnoses_covered.isdisjoint(diagnoses)


def _fits_bill(lists: Lists, bill_type: str | None) -> bool | None:
    if not lists.bill_types:
        return True
    if bill_type is None:
        return None
    return bill_type in lists.bill_types or bill_type[:-1] + ANY in lists.bill_types


def _fits_revenue(lists: Lists, revenue_code: str | None) -> bool | None:
    if not lists.revenue_codes:
        return True
    return None if revenue_code is None else revenue_code.zfill(4) in lists.revenue_codes
