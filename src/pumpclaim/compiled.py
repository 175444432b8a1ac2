"""A policy as arrays: what the context and the pricing look up by position instead of by name.

Positions: codes, contracts, states and drugs are numbered from 1; 0 is "not known". Dates are days
since 1970-01-01. Everything is compiled once for a policy and a choice of readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.policy import days, fee_rate
from pumpclaim.policy.model import Article, Code, Role
from pumpclaim.tables import NANO
from pumpclaim.visits import FAR_FUTURE, FAR_PAST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.policy import PolicySet

HOME = "12"
"""Place of service: the patient's home, where the patient's address is the place."""
STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA",
    "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM",
    "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA",
    "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI",
)  # fmt: skip
"""Postal abbreviations of states and territories."""


KEYS = 256
"""Drugs are numbered below this, so that a drug and a concentration make one key."""


@dataclass(frozen=True, eq=False)
class Sold:
    """Concentrations sold nationally between two days: ``keys`` are concentration * KEYS + drug."""

    keys: NDArray[np.int64]
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class FeeTable:
    """Drug fees of one article: ``rates[period, drug]`` in nano-dollars per nanogram, -1 for none.

    ``starts`` are the first days of the periods; ``compounding[period]`` is nano-dollars per refill.
    """

    starts: NDArray[np.int32]
    rates: NDArray[np.int64]
    compounding: NDArray[np.int64]

    @cached_property
    def charged(self) -> NDArray[np.int64]:
        """The rates with 0 where there is none, and one more position of which there is none."""
        return np.pad(np.maximum(self.rates, 0), ((0, 0), (0, 1)))

    def period(self, day: NDArray[np.int32]) -> NDArray[np.int64]:
        """The period of each day, -1 before the first."""
        if len(self.starts) == 1:
            return np.where(day >= self.starts[0], 0, -1)
        return np.searchsorted(self.starts, day, side="right").astype(np.int64) - 1

    def look_up(self, day: NDArray[np.int32], drug: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The rate of each drug on each day, -1 where there is none."""
        period = self.period(day)
        if len(self.starts) == 1:
            return np.where(period < 0, -1, self.rates[0][drug])
        return np.where(period < 0, -1, self.rates[np.maximum(period, 0), drug])


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
    contract_article: NDArray[np.int8]
    contract_kind_b: NDArray[np.bool_]
    contract_regional: NDArray[np.bool_]
    serves: NDArray[np.bool_]
    state_article: NDArray[np.int8]
    opps_state: NDArray[np.bool_]
    effective: NDArray[np.int32]
    drugs: tuple[str, ...]
    highest: NDArray[np.int64]
    sold: tuple[Sold, ...]
    perhaps_sold: tuple[Sold, ...]
    fees: tuple[FeeTable, ...]
    compound_from: int

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
            known = [one.number for article in self.policy.articles for one in article.contracts]
            raise InputError(
                f"'{number}' is no Medicare A or B contract number; the article's are {', '.join(known)}"
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
    serves = np.zeros((len(contracts) + 1, len(STATES) + 1), bool)
    article_of = np.full(len(contracts) + 1, -1, np.int8)
    kind_b = np.zeros(len(contracts) + 1, bool)
    regional = np.zeros(len(contracts) + 1, bool)
    state_article = np.full(len(STATES) + 1, -1, np.int8)
    for position, article in reversed(list(enumerate(policy.articles))):
        for contract in article.contracts:
            place = contracts.index(contract.number) + 1
            article_of[place] = position
            kind_b[place] = contract.kind == "B"
            regional[place] = contract.region is not None
            for state in contract.states:
                serves[place, STATES.index(state) + 1] = True
                state_article[STATES.index(state) + 1] = position
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
        contract_article=article_of,
        contract_kind_b=kind_b,
        contract_regional=regional,
        serves=serves,
        state_article=state_article,
        opps_state=np.array([True, *(state not in excluded for state in STATES)]),
        effective=np.array(
            [days(article.original_effective) for article in policy.articles], np.int32
        ),
        drugs=drugs,
        highest=np.array([2**62, *(_highest(policy, drug) for drug in drugs)], np.int64),
        sold=_sold(policy, drugs, "H"),
        perhaps_sold=_sold(policy, drugs, "M"),
        fees=tuple(_fee_table(article, drugs) for article in policy.articles),
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
        Sold(np.array(keys, np.int64), start, end) for (start, end), keys in periods.items()
    )


def _fee_table(article: Article, drugs: Sequence[str]) -> FeeTable:
    ends = {fee.end + timedelta(days=1) for fee in article.fees if fee.end is not None}
    starts = sorted({fee.start for fee in article.fees} | ends)
    rates = np.full((len(starts), len(drugs) + 1), -1, np.int64)
    compounding = np.zeros(len(starts), np.int64)
    for period, start in enumerate(starts):
        for drug, fee in article.fees_on(start).items():
            if drug is None:
                compounding[period] = int(fee.fee * NANO)
            else:
                rates[period, drugs.index(drug) + 1] = fee_rate(fee)
    return FeeTable(np.array([days(start) for start in starts], np.int32), rates, compounding)
