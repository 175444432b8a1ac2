"""A policy as arrays: what the context and the pricing look up by position instead of by name.

Positions: codes, contracts, states and drugs are numbered from 1; 0 is "not known". Dates are days
since 1970-01-01. Everything is compiled once for a policy and a choice of readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.fee_tables import ArticleFees, FeeTable, article_fees, through_revisions
from pumpclaim.periods import Periods, compile_periods
from pumpclaim.policy import days
from pumpclaim.policy.model import STATES, Article, Code, Role
from pumpclaim.visits import FAR_FUTURE, FAR_PAST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.policy import PolicySet

HOME = "12"
"""Place of service: the patient's home, where the patient's address is the place."""

KEYS = 256
"""Drugs are numbered below this, so that a drug and a concentration make one key."""


@dataclass(frozen=True, eq=False)
class Sold:
    """Concentrations sold nationally between two days; ``keys``: concentration * KEYS + drug, ascending."""

    keys: NDArray[np.int64]
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class CompiledPolicy:
    """The arrays, and the names behind their positions."""

    policy: PolicySet
    codes: tuple[Code, ...]
    code_names: tuple[str, ...]
    places: tuple[str, ...]
    place_is: dict[str, NDArray[np.bool_]]
    code_roles: NDArray[np.uint32]
    code_from: NDArray[np.int32]
    code_to: NDArray[np.int32]
    code_is_example: NDArray[np.bool_]
    code_is_trial: NDArray[np.bool_]
    own_drug_bit: NDArray[np.uint32]
    listed: NDArray[np.bool_]
    contracts: tuple[str, ...]
    periods: Periods
    opps_state: NDArray[np.bool_]
    drugs: tuple[str, ...]
    highest: NDArray[np.int64]
    sold: tuple[Sold, ...]
    perhaps_sold: tuple[Sold, ...]
    article_fees: ArticleFees
    compound_from: int

    @cached_property
    def fees(self) -> tuple[FeeTable, ...]:
        """The fees of each article through its revisions."""
        ids = dict.fromkeys(article.id for article in self.policy.articles)
        return tuple(through_revisions(self.policy, self.article_fees, one) for one in ids)

    def code_positions(self, column: pl.Series) -> NDArray[np.uint8]:
        """Position of each code of ``column``; 0 for codes that no fact knows."""
        return positions(column, self.code_names)

    def contract_positions(self, column: pl.Series) -> NDArray[np.uint8]:
        """Position of each contract number; 0 where the payer id is none."""
        return positions(column, self.contracts)

    def state_positions(self, column: pl.Series) -> NDArray[np.uint8]:
        """Position of each state's postal abbreviation; 0 for what is none."""
        return positions(column, STATES)

    def place_positions(self, column: pl.Series) -> NDArray[np.uint8]:
        """Position of each place of service among those that a rule asks for; 0 for the others."""
        return positions(column, self.places)

    def drug_positions(self, column: pl.Series) -> NDArray[np.uint8]:
        """Position of each drug id."""
        return positions(column, self.drugs)

    def contract_position(self, number: str) -> int:
        """Position of a contract number given by the user; InputError when it is none."""
        if number not in self.contracts:
            named = (one.number for article in self.policy.articles for one in article.contracts)
            known = ", ".join(dict.fromkeys(named))
            raise InputError(
                f"'{number}' is no Medicare A or B contract number; the article's are {known}"
            )
        return self.contracts.index(number) + 1


FEW = 512
"""Below this many values a dictionary is faster than a cast to an Enum."""
MOST_NAMES = 254
"""Names that positions of one byte can tell apart, beside "none of them" and null."""
FEW_NAMES = 3
"""Up to so many names comparing is faster than a cast."""


def positions(column: pl.Series, names: tuple[str, ...]) -> NDArray[np.uint8]:
    """Place of each value among ``names``, from 1; 0 for null and for what is none of them."""
    if column.null_count() == column.len():
        return np.zeros(column.len(), np.uint8)
    if len(names) <= FEW_NAMES and column.len() >= FEW:
        place = np.zeros(column.len(), np.uint8)
        for position, name in enumerate(names, start=1):
            place[column.eq_missing(name).to_numpy()] = position
        return place
    if column.len() < FEW:
        table = _table(names)
        return np.array([table.get(name, 0) for name in column.to_list()], np.uint8)
    if len(names) > MOST_NAMES:
        raise ValueError(f"{len(names)} names do not fit one byte")
    # Categories are numbered from 0 in one byte; null becomes 255, and one more than that is 0.
    coded = column.cast(_enum(names), strict=False).to_physical().fill_null(255)
    return coded.to_numpy() + np.uint8(1)


@lru_cache(maxsize=16)
def _table(names: tuple[str, ...]) -> dict[str | None, int]:
    return {name: position for position, name in enumerate(names, start=1)}


@lru_cache(maxsize=16)
def _enum(names: tuple[str, ...]) -> pl.Enum:
    return pl.Enum(names)


@lru_cache(maxsize=64)
def compile_policy(policy: PolicySet) -> CompiledPolicy:
    """The policy's arrays; compiled once for each policy object."""
    codes = tuple(policy.codes.values())
    drugs = tuple(policy.drugs.by_id)
    numbers = [one.number for article in policy.articles for one in article.contracts]
    contracts = tuple(dict.fromkeys([*numbers, *policy.medicare.other_contracts]))
    examples = {code for article in policy.articles for code, _ in article.kd_examples}
    by_article_date = policy.reading("replaced-codes") == "article-date"
    valid = [_validity(code, policy, by_article_date) for code in codes]
    owned = [code for code in codes if code.roles & (Role.OWN_DRUG | Role.UNCLASSIFIED_DRUG)]
    law = policy.medicare
    kinds = {
        "is_hospital_outpatient": law.hospital_outpatient,
        "is_hospital_other": law.hospital_other,
        "is_surgical_center": law.surgical_center,
        "is_home": (HOME,),
    }
    places = tuple(place for kind in kinds.values() for place in kind)
    excluded = (
        policy.medicare.opps_excluded_states
        if policy.reading("opps-territories") == "excluded"
        else ()
    )
    return CompiledPolicy(
        policy=policy,
        codes=codes,
        code_names=tuple(code.code for code in codes),
        places=places,
        place_is={
            name: np.array([False, *(place in kind for place in places)])
            for name, kind in kinds.items()
        },
        code_roles=np.array([0, *(int(code.roles) for code in codes)], np.uint32),
        code_from=np.array([FAR_PAST, *(one[0] for one in valid)], np.int32),
        code_to=np.array([FAR_FUTURE, *(one[1] for one in valid)], np.int32),
        code_is_trial=np.array([False, *(code.code in policy.trial_codes for code in codes)]),
        code_is_example=np.array([False, *(code.code in examples for code in codes)]),
        own_drug_bit=np.array(
            [0, *(1 << owned.index(code) if code in owned else 0 for code in codes)], np.uint32
        ),
        listed=np.array(
            [[False, *(_reaches(article, code) for code in codes)] for article in policy.articles]
        ),
        contracts=contracts,
        periods=compile_periods(policy, contracts),
        opps_state=np.array([True, *(state not in excluded for state in STATES)]),
        drugs=drugs,
        highest=np.array([2**62, *(_highest(policy, drug) for drug in drugs)], np.int64),
        sold=_sold(policy, drugs, "H"),
        perhaps_sold=_sold(policy, drugs, "M"),
        article_fees=article_fees(policy, drugs),
        compound_from=min(days(code.valid_from) for code in codes if code.roles & Role.COMPOUNDED),
    )


def _reaches(article: Article, code: Code) -> bool:
    """The article lists the code, or the code that replaced it (V1)."""
    return code.code in article.listed or any(new in article.listed for new in code.replaced_by)


def _validity(code: Code, policy: PolicySet, by_article_date: bool) -> tuple[int, int]:
    start, end = _clip(code.valid_from), _clip(code.valid_to)
    if by_article_date and code.roles & Role.TRIAL:
        turn = days(policy.articles[0].original_effective)
        if code.replaced_by:
            end = turn - 1
        elif any(code.code in article.listed for article in policy.articles):
            start = turn
    return start, end


def _clip(day: date) -> int:
    return min(max(days(day), FAR_PAST), FAR_FUTURE)


def _highest(policy: PolicySet, drug: str) -> int:
    """Nanograms of the drug that the largest reservoir can hold at its highest concentration."""
    ceiling = policy.drugs.by_id[drug].highest_concentration
    if ceiling is None:
        return 2**62
    return int(ceiling * policy.thresholds["largest_reservoir"])


def _sold(policy: PolicySet, drugs: Sequence[str], confidence: str) -> tuple[Sold, ...]:
    """Concentrations sold nationally, by confidence of the fact and by the time it holds (C15)."""
    periods: dict[tuple[int, int], list[int]] = {}
    for position, drug in enumerate(drugs, start=1):
        for one in policy.drugs.by_id[drug].concentrations:
            if one.confidence == confidence:
                start = FAR_PAST if one.start is None else days(one.start)
                end = FAR_FUTURE if one.end is None else days(one.end)
                periods.setdefault((start, end), []).append(one.value * KEYS + position)
    return tuple(
        Sold(np.sort(np.array(keys, np.int64)), start, end)
        for (start, end), keys in periods.items()
    )
