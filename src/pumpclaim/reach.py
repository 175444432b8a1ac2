"""Does an article reach a line: by contract, by state of service, by payer and by date (J1, J2, G2, G3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.policy import days as day_number
from pumpclaim.visits import NO_DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.compiled import CompiledPolicy
    from pumpclaim.tables import ClaimSet

    Bools = NDArray[np.bool_]

AT_HOME = "12"
"""Place of service: the patient's home, where the patient's address is the place."""


@dataclass(frozen=True, eq=False)
class Reach:
    """One value a line. ``contract`` and ``state`` are positions in the compiled policy, 0 unknown.

    ``article`` is the position of the article that judges the line, -1 for none.
    """

    compiled: CompiledPolicy
    article: NDArray[np.int8]
    contract: NDArray[np.uint8]
    state: NDArray[np.uint8]
    institutional: Bools
    medicare: Bools
    withdrawn: Bools
    opps: Bools
    days: NDArray[np.int32]

    @property
    def in_jurisdiction(self) -> Bools:
        """Contract or state is an article's; where neither is known, that is taken to be so."""
        return self.article >= 0

    @property
    def before_article(self) -> Bools:
        """The service was given before the article took effect (G2)."""
        return (self.days < self.compiled.effective[self.article]) & (self.days != NO_DAY)

    @property
    def governs(self) -> Bools:
        """The article holds for the line, whatever is billed on it."""
        return self.in_jurisdiction & self.medicare & ~self.before_article & ~self.withdrawn

    def listed(self, codes: NDArray[np.uint8]) -> Bools:
        """The article lists the code (K1), or the code that replaced it (V1)."""
        return self.compiled.listed[self.article, codes]

    def columns(self) -> dict[str, NDArray[np.bool_] | pl.Series]:
        """The context's columns on reach; those that rest on an unknown contract or state are null."""
        compiled, contract, state = self.compiled, self.contract, self.state
        both = (contract != 0) & (state != 0)
        text_from = day_number(compiled.policy.medicare.opps_text_from)
        return {
            "is_institutional": self.institutional,
            "is_withdrawn": self.withdrawn,
            "is_medicare": self.medicare,
            "in_jurisdiction": self.in_jurisdiction,
            "is_reach_assumed": ((contract == 0) & (state == 0)) | (self.days == NO_DAY),
            "is_before_article": self.before_article,
            "contract_in_article": _known(compiled.contract_article[contract] >= 0, contract != 0),
            "state_in_article": _known(compiled.state_article[state] >= 0, state != 0),
            "contract_serves_state": _known(compiled.serves[contract, state], both),
            "contract_fits_form": compiled.contract_kind_b[contract] != self.institutional,
            "contract_is_regional": compiled.contract_regional[contract],
            "is_opps": self.opps,
            "is_opps_text": self.days >= text_from,
        }


def find_reach(
    claim_set: ClaimSet,
    compiled: CompiledPolicy,
    contractor: str | None,
    rows: NDArray[np.int64],
    claim_of: NDArray[np.int64],
    days: NDArray[np.int32],
) -> Reach:
    """The reach of each line in the order of ``rows``; ``claim_of`` and ``days`` are in that order too."""
    claims = claim_set.claims
    if contractor is None:
        contract = compiled.contract_positions(claims["payer_id"])
    else:
        contract = np.full(claims.height, compiled.contract_position(contractor), np.uint8)
    indicator = claims["filing_indicator"]
    medicare = indicator.is_in(compiled.policy.medicare.filing_indicators).fill_null(value=True).to_numpy()
    medicare = medicare | (contract != 0)
    institutional = (claims["form"] == "institutional").fill_null(value=False).to_numpy()
    state = _claim_states(claims, compiled)[claim_of]
    own = claim_set.lines["service_state"]
    if own.null_count() < own.len():
        line_state = compiled.state_positions(own)[rows]
        state = np.where(line_state != 0, line_state, state)
    contract = contract[claim_of]
    by_contract = compiled.contract_article[contract]
    article = np.where(by_contract >= 0, by_contract, compiled.state_article[state])
    article = np.where((contract == 0) & (state == 0), np.int8(0), article)
    institutional = institutional[claim_of]
    opps = _opps_bills(claims, compiled)[claim_of] & institutional & compiled.opps_state[state]
    if compiled.policy.reading("revision-dates") == "written-date":
        opps &= days >= day_number(compiled.policy.medicare.opps_text_from)
    return Reach(
        compiled, article, contract, state, institutional, medicare[claim_of],
        _withdrawn(claims)[claim_of], opps, days,
    )  # fmt: skip


def _claim_states(claims: pl.DataFrame, compiled: CompiledPolicy) -> NDArray[np.uint8]:
    """Where the service was given: the facility, the patient's home, else the billing provider (J1)."""
    state = compiled.state_positions(claims["billing_state"])
    at_home = (claims["place_of_service"] == AT_HOME).fill_null(value=False).to_numpy()
    if at_home.any():
        home = compiled.state_positions(claims["patient_state"])
        state = np.where(at_home & (home != 0), home, state)
    facility = compiled.state_positions(claims["facility_state"])
    return np.where(facility != 0, facility, state)


def _withdrawn(claims: pl.DataFrame) -> Bools:
    """Voids, and claims that a replacement or void of the same id, patient and provider follows."""
    frequency = claims["frequency_code"]
    void = (frequency == "8").fill_null(value=False).to_numpy()
    later = frequency.is_in(["7", "8"]).fill_null(value=False)
    if not later.any():
        return void
    same = ["claim_id", "patient_id", "billing_provider_npi"]
    followed = claims.select(same).join(
        claims.filter(later).select(same).unique().with_columns(followed=pl.lit(value=True)),
        on=same, how="left", nulls_equal=True, maintain_order="left",
    )["followed"]  # fmt: skip
    return void | (followed.fill_null(value=False) & ~later).to_numpy()


def _opps_bills(claims: pl.DataFrame, compiled: CompiledPolicy) -> Bools:
    policy = compiled.policy
    kinds = (
        policy.medicare.opps_bill_types
        if policy.reading("opps-bill-types") == "12x-and-13x"
        else policy.medicare.opps_first_bill_type
    )
    bill = claims["type_of_bill"]
    if bill.null_count() == bill.len():
        return np.zeros(bill.len(), bool)
    return bill.str.strip_chars_start("0").str.slice(0, 2).is_in(kinds).fill_null(value=False).to_numpy()


def _known(values: Bools, known: Bools) -> pl.Series:
    if known.all():
        return pl.Series(values)
    return pl.select(pl.when(pl.Series(known)).then(pl.Series(values))).to_series()
