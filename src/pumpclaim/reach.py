"""Does an article reach a line: by contract, by state of service, by payer and by date (J1, J2, G2, G3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.compiled import positions
from pumpclaim.policy import days as day_number
from pumpclaim.visits import NO_DAY, is_known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.compiled import CompiledPolicy

    Bools = NDArray[np.bool_]

REPLACEMENT, VOID = "7", "8"
"""Claim frequency codes (CLM05-3) of a corrected claim and of one that is taken back."""


@dataclass(frozen=True, eq=False)
class Reach:
    """One value a line. ``contract``, ``state`` and ``place`` (of service) are positions in the
    compiled policy, 0 unknown; ``article`` is that of the revision that judges the line, -1 for none;
    ``period`` the one of its day (see ``periods``).
    """

    compiled: CompiledPolicy
    article: NDArray[np.int8]
    contract: NDArray[np.uint8]
    state: NDArray[np.uint8]
    place: NDArray[np.uint8]
    institutional: Bools
    medicare: Bools
    withdrawn: Bools
    opps: Bools
    days: NDArray[np.int32]
    period: NDArray[np.int64] | int

    @cached_property
    def in_jurisdiction(self) -> Bools:
        """Contract or state is an article's; where neither is known, that is taken to be so."""
        return self.article >= 0

    @cached_property
    def contract_is_b(self) -> Bools:
        """The contract is a B contract of an article."""
        is_b: Bools = self.compiled.periods.contract_is_b[self.period, self.contract]
        return is_b

    @cached_property
    def before_article(self) -> Bools:
        """The service was given before the first day on which the article's facts hold (G2)."""
        return self.compiled.periods.is_before(self.article, self.days)

    @cached_property
    def after_article(self) -> Bools:
        """The service was given after the article's last day (G3)."""
        return self.compiled.periods.is_after(self.article, self.days)

    @cached_property
    def governs(self) -> Bools:
        """The article holds for the line, whatever is billed on it."""
        in_force = ~self.before_article & ~self.after_article
        return self.in_jurisdiction & self.medicare & in_force & ~self.withdrawn

    def listed(self, codes: NDArray[np.uint8]) -> Bools:
        """The article lists the code (K1), or the code that replaced it (V1)."""
        if len(self.compiled.listed) == 1:
            alone: Bools = self.compiled.listed[0][codes]
            return alone
        own: Bools = self.compiled.listed[self.article, codes]
        return own

    def columns(self) -> dict[str, NDArray[np.bool_]]:
        """The context's columns on reach; where contract or state is unknown see ``known``."""
        compiled, contract, state = self.compiled, self.contract, self.state
        periods, period = compiled.periods, self.period
        text_from = day_number(compiled.policy.medicare.opps_text_from)
        kinds = {name: kind for name, kind in compiled.place_is.items() if name != "is_home"}
        if self.place.any():
            of_physicians = {
                name: kind[self.place] & ~self.institutional for name, kind in kinds.items()
            }
        else:
            of_physicians = dict.fromkeys(kinds, np.zeros(len(self.place), bool))
        return {
            "is_institutional": self.institutional,
            "is_withdrawn": self.withdrawn,
            "is_medicare": self.medicare,
            "in_jurisdiction": self.in_jurisdiction,
            "is_reach_assumed": ((contract == 0) & (state == 0)) | (self.days == NO_DAY),
            "is_before_article": self.before_article,
            "is_after_article": self.after_article,
            "contract_in_article": (periods.contract_article >= 0)[period, contract],
            "state_in_article": (periods.state_article >= 0)[period, state],
            "contract_serves_state": periods.contract_serves[period, contract, state],
            "contract_fits_form": self.contract_is_b != self.institutional,
            "contract_is_regional": periods.contract_is_regional[period, contract],
            "is_opps": self.opps,
            "is_opps_text": self.days >= text_from,
            **of_physicians,
        }

    def known(self) -> dict[str, Bools]:
        """Where the columns that rest on contract or state are known."""
        contract, state = self.contract != 0, self.state != 0
        return {
            "contract_in_article": contract,
            "state_in_article": state,
            "contract_serves_state": contract & state,
        }


def find_reach(
    facts: NDArray[np.uint32], compiled: CompiledPolicy, days: NDArray[np.int32]
) -> Reach:
    """The reach of lines, given their packed facts (``pack_lines``) and their days."""
    contract = facts.astype(np.uint8)
    state = (facts >> np.uint32(8)).astype(np.uint8)
    institutional, medicare, withdrawn, opps = (
        (facts & np.uint32(1 << bit)) != 0 for bit in range(24, 28)
    )
    opps = opps & institutional & compiled.opps_state[state]
    if compiled.policy.reading("revision-dates") == "written-date":
        opps &= days >= day_number(compiled.policy.medicare.opps_text_from)
    period = compiled.periods.of(days)
    return Reach(
        compiled, compiled.periods.article(period, contract, state), contract, state,
        (facts >> np.uint32(16)).astype(np.uint8), institutional, medicare, withdrawn, opps, days, period,
    )  # fmt: skip


def are_withdrawn(facts: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which lines stand on claims that are void, replaced or voided, given their packed facts."""
    withdrawn: NDArray[np.bool_] = (facts & np.uint32(1 << 26)) != 0
    return withdrawn


def find_article(
    facts: NDArray[np.uint32], compiled: CompiledPolicy, days: NDArray[np.int32]
) -> NDArray[np.int8]:
    """The position of the revision that judges each line, given their packed facts and days; -1 for none."""
    contract, state = facts.astype(np.uint8), (facts >> np.uint32(8)).astype(np.uint8)
    return compiled.periods.article(compiled.periods.of(days), contract, state)


def pack_lines(
    claim_set: ClaimSet,
    compiled: CompiledPolicy,
    of_claims: NDArray[np.uint32],
    claim_of: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """What each line's claim says of its reach, in one number, the line's own facility before it.

    ``of_claims`` is ``pack_payers`` and ``pack_places`` together: contract in bits 0 to 7, state in 8
    to 15, place of service in 16 to 23; then whether the claim is institutional, for Medicare,
    withdrawn, and on a bill type of OPPS.
    """
    packed = of_claims[claim_of]
    lines = claim_set.lines
    if lines["service_state"].null_count() < lines.height:
        own = compiled.state_positions(lines["service_state"]).astype(np.uint32)
        kept = np.where(own != 0, np.uint32(0xFFFF00FF), np.uint32(0xFFFFFFFF))
        packed = (packed & kept) | (own << np.uint32(8))
    if lines["place_of_service"].null_count() < lines.height:
        given = lines["place_of_service"].is_not_null().to_numpy()
        own = compiled.place_positions(lines["place_of_service"]).astype(np.uint32)
        kept = np.where(given, np.uint32(0xFF00FFFF), np.uint32(0xFFFFFFFF))
        packed = (packed & kept) | (own << np.uint32(16))
    return packed


def pack_payers(
    claims: pl.DataFrame, compiled: CompiledPolicy, contractor: str | None
) -> NDArray[np.uint32]:
    """Who judges each claim, and how it is billed: the contract and the four answers."""
    if contractor is None:
        contract = compiled.contract_positions(claims["payer_id"])
    else:
        contract = np.full(claims.height, compiled.contract_position(contractor), np.uint8)
    filed = claims["filing_indicator"]
    medicare = _is_one_of(filed, compiled.policy.medicare.filing_indicators)
    answers = (
        _is_one_of(claims["form"], ("institutional",)),
        medicare | ~is_known(filed) | (contract != 0),
        _withdrawn(claims),
        _opps_bills(claims, compiled),
    )
    packed = contract.astype(np.uint32)
    for bit, answer in enumerate(answers, start=24):
        packed |= answer.astype(np.uint32) << np.uint32(bit)
    return packed


def pack_places(claims: pl.DataFrame, compiled: CompiledPolicy) -> NDArray[np.uint32]:
    """Where the services of each claim were given: the state and the place of service."""
    place = compiled.place_positions(claims["place_of_service"])
    state = _claim_states(claims, place, compiled).astype(np.uint32)
    return (state << np.uint32(8)) | (place.astype(np.uint32) << np.uint32(16))


def _is_one_of(column: pl.Series, names: tuple[str, ...]) -> Bools:
    known: Bools = positions(column, names) != 0
    return known


def _claim_states(
    claims: pl.DataFrame, place: NDArray[np.uint8], compiled: CompiledPolicy
) -> NDArray[np.uint8]:
    """Where the service was given: the facility, the patient's home, else the billing provider (J1)."""
    state = compiled.state_positions(claims["billing_state"])
    at_home = compiled.place_is["is_home"][place]
    if at_home.any():
        home = compiled.state_positions(claims["patient_state"])
        state = np.where(at_home & (home != 0), home, state)
    facility = compiled.state_positions(claims["facility_state"])
    return np.where(facility != 0, facility, state)


def _withdrawn(claims: pl.DataFrame) -> Bools:
    """Voids, and claims that a replacement or void of the same id, patient and provider follows."""
    frequency = positions(claims["frequency_code"], (REPLACEMENT, VOID))
    if not frequency.any():
        return np.zeros(len(frequency), bool)
    later = pl.Series(frequency != 0)
    void: Bools = frequency == 2
    same = ["claim_id", "patient_id", "billing_provider_npi"]
    followed = claims.select(same).join(
        claims.filter(later).select(same).unique().with_columns(followed=pl.lit(value=True)),
        on=same, how="left", nulls_equal=True, maintain_order="left",
    )["followed"]  # fmt: skip
    replaced: Bools = (followed.fill_null(value=False) & ~later).to_numpy()
    return void | replaced


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
    return (
        bill.str.strip_chars_start("0")
        .str.slice(0, 2)
        .is_in(kinds)
        .fill_null(value=False)
        .to_numpy()
    )
