"""Claims in context: the columns that rules use.

What a rule asks of a visit (one claim's lines of one day), a day (one patient's lines of one day) or a
patient's past is arithmetic over runs of neighbours (see ``visits``). Null means not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.article_lists import list_columns
from pumpclaim.contents import count
from pumpclaim.policy.model import Role
from pumpclaim.reach import Reach, find_reach
from pumpclaim.tables import UNIT, Column, Table
from pumpclaim.utilization.refills import not_early_from
from pumpclaim.visits import NO_DAY, Part, Visits, find_visits, starts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.compiled import CompiledPolicy
    from pumpclaim.lines import LineArrays
    from pumpclaim.policy import PolicySet

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

MODIFIERS = ("KD",)
"""Modifiers that rules ask for."""

CONTEXT = Table(
    "context",
    "one service line",
    (
        Column("roles", pl.UInt32, "what the line's code is, and whether it is a pump drug (Role)"),
        Column("visit_roles", pl.UInt32, "roles on the same claim and day"),
        Column("day_roles", pl.UInt32, "roles of the same patient and day"),
        Column("has_kd", pl.Boolean, "the line bears modifier KD; null where the file carries no more modifiers than it has"),
        Column("is_institutional", pl.Boolean, "the claim is institutional"),
        Column("is_governed", pl.Boolean, "the article reaches this line"),
        Column("is_pump_line", pl.Boolean, "a pump service or a drug given through the pump"),
        Column("is_unplaced_compound", pl.Boolean, "J7999 with nothing that shows a pump"),
        Column("is_withdrawn", pl.Boolean, "a void, or a claim that a later one in the set replaces or voids"),
        Column("is_medicare", pl.Boolean, "the payer is Medicare Part A or B, as far as is known"),
        Column("in_jurisdiction", pl.Boolean, "contract or state lies in an article's jurisdiction"),
        Column("is_reach_assumed", pl.Boolean, "contract and state, or the date, are not known"),
        Column("is_before_article", pl.Boolean, "the service was given before the article's facts hold"),
        Column("is_after_article", pl.Boolean, "the service was given after the article's last day"),
        Column("contract_in_article", pl.Boolean, "the contract is one of the article's; null when not known"),
        Column("state_in_article", pl.Boolean, "the state of service is one of the article's; null when not known"),
        Column("contract_serves_state", pl.Boolean, "the contract serves the state; null when either is not known"),
        Column("contract_fits_form", pl.Boolean, "an A contract on an institutional, a B contract on a professional claim"),
        Column("contract_is_regional", pl.Boolean, "the contract serves a part of its state only"),
        Column("is_before_code", pl.Boolean, "the service was given before its code was valid"),
        Column("is_after_code", pl.Boolean, "the service was given after its code was valid"),
        Column("units_on_day", pl.UInt32, "whole units of the line's code on the patient's day, analysis and refill codes only"),
        Column("is_newest_implant_unprogrammable", pl.Boolean, "the newest implant of the patient on record is a reservoir or constant-flow pump"),
        Column("has_trial_before", pl.Boolean, "a catheter trial of the patient on an earlier day; of implant lines only"),
        Column("has_implant_before", pl.Boolean, "an implant of the patient on an earlier day; of implant lines only"),
        Column("refill_interval", pl.Int32, "days since the patient's refill before, of refill lines", unit="days"),
        Column("supply_before", pl.Int32, "days that the fill before lasts, from records, never from intervals", unit="days"),
        Column("is_early_refill", pl.Boolean, "the refill came before it was due; null when the supply is not known"),
        Column("ran_dry", pl.Boolean, "the fill before would have been empty; null when that is not known"),
        Column("is_monthly_pattern", pl.Boolean, "the last of several monthly intervals in a row after fills of two months and more"),
        Column("is_monthly_unknown", pl.Boolean, "the last of several monthly intervals in a row"),
        Column("is_repeating", pl.Boolean, "the patient has been refilled several times"),
        Column("is_frequent_analysis", pl.Boolean, "the patient's last interrogation or reprogramming was within the threshold"),
        Column("claim_has_implant", pl.Boolean, "a line of the same claim implants a pump or a permanent catheter"),
        Column("is_kd_example", pl.Boolean, "the article prints KD with this code"),
        Column("own_drug_codes", pl.UInt8, "different drug codes other than J7999, given through the pump on the visit"),
        Column("has_narrative", pl.Boolean, "there is any text that could name drugs; this and what is read from it null where the file carries none"),
        Column("ingredients", pl.UInt16, "drugs read from the narrative"),
        Column("unread", pl.UInt16, "parts of the narrative that could not be read"),
        Column("unpriced", pl.UInt16, "drugs of the narrative without a fee in the article"),
        Column("implausible", pl.UInt16, "drugs of which more is billed than a reservoir can hold"),
        Column("is_sold_nationally", pl.Boolean, "one drug at a concentration sold nationally"),
        Column("is_perhaps_sold_nationally", pl.Boolean, "the same by a fact of less confidence"),
        Column("is_compound_after_code", pl.Boolean, "the day lies in the time of J7999"),
        Column("units_are_one", pl.Boolean, "one unit; null when units are not known"),
        Column("is_opps", pl.Boolean, "an institutional claim of a hospital paid under OPPS"),
        Column("is_opps_text", pl.Boolean, "the article's own text on packaging was written by then"),
        Column("is_hospital_outpatient", pl.Boolean, "place of service is a hospital's outpatient department"),
        Column("is_hospital_other", pl.Boolean, "place of service is another facility whose drugs the physician does not bill"),
        Column("is_surgical_center", pl.Boolean, "place of service is an ambulatory surgical center"),
        Column("compound_number", pl.UInt16, "which J7999 line of the refill this is, from 1; 0 for other lines"),
        Column("modifier_fits", pl.Boolean, "the article has no list of modifiers, or the line bears one of it; null where the file carries no more modifiers than it has"),
        Column("diagnosis_supports", pl.Boolean, "the article has no list of diagnoses, or a diagnosis of the line is on it; null without a diagnosis"),
        Column("diagnosis_against", pl.Boolean, "a diagnosis of the line is on the article's list of those not covered"),
        Column("bill_type_fits", pl.Boolean, "the article has no list of bill types, or the claim's is on it; null when not known"),
        Column("revenue_code_fits", pl.Boolean, "the article has no list of revenue codes, or the line's is on it; null when not known"),
        Column("allowed", pl.Int64, "the article's allowance", unit="nano-dollars"),
        Column("charge", pl.Int64, "line charge", unit="nano-dollars"),
    ),
)  # fmt: skip
COLUMNS = frozenset(column.name for column in CONTEXT)


@dataclass(frozen=True, eq=False)
class Context:
    """A part of the service lines in order of patient, day and claim (see ``visits.Order``).

    Everything has one value a line: ``rows`` are positions in the lines table, ``lines`` what was
    gathered of them, ``columns`` those of CONTEXT, ``known`` says where one of these is known.
    """

    claim_set: ClaimSet
    compiled: CompiledPolicy
    rows: Ints
    lines: LineArrays
    visits: Visits
    reach: Reach
    columns: dict[str, NDArray[Any]]
    known: dict[str, Bools]

    def asked(self, allowed: Ints) -> tuple[dict[str, NDArray[Any]], dict[str, Bools]]:
        """The CONTEXT columns, and where those are known that may not be; ``allowed`` comes from pricing."""
        charges = self.lines.charges
        return (
            {**self.columns, "charge": charges, "allowed": allowed},
            {**self.known, "charge": charges >= 0, "allowed": allowed >= 0},
        )


def build_context(
    claim_set: ClaimSet, compiled: CompiledPolicy, part: Part, lines: LineArrays
) -> Context:
    """The context of a part of the ``lines`` (those of the whole claim set)."""
    lines = lines.take(part.rows)
    rows = part.positions
    days, codes = lines.days, lines.codes
    visits = find_visits(part.starts, days, lines.claims)
    reach = find_reach(lines.facts, compiled, days)
    ingredients, unpriced = count(lines.counts, 0), count(lines.counts, 2)
    roles = compiled.code_roles[codes]
    visit_roles, day_roles = _runs(roles, visits, reach.withdrawn)
    pump_drug, unplaced = _pump_drugs(
        roles, visit_roles, day_roles, lines.has_kd, ingredients > unpriced
    )
    marked = np.where(pump_drug, np.uint32(Role.PUMP_DRUG), np.uint32(0))
    more = _runs(marked, visits, reach.withdrawn)
    roles, visit_roles, day_roles = roles | marked, visit_roles | more[0], day_roles | more[1]
    compound = pump_drug & has(roles, Role.COMPOUNDED) & ~reach.withdrawn
    pump_line = (has(roles, Role.PUMP_SERVICE) & reach.listed(codes)) | pump_drug

    columns: dict[str, NDArray[Any]] = {
        "roles": roles,
        "visit_roles": visit_roles,
        "day_roles": day_roles,
        "has_kd": lines.has_kd,
        "is_governed": pump_line & reach.governs,
        "is_pump_line": pump_line,
        "is_unplaced_compound": unplaced,
        **reach.columns(),
        "is_before_code": (days < compiled.code_from[codes]) & (days != NO_DAY),
        "is_after_code": days > compiled.code_to[codes],
        "units_on_day": _units_on_day(lines, roles, visits, reach.withdrawn),
        "is_newest_implant_unprogrammable": _newest_implant(roles, reach.withdrawn, visits),
        **_refills(lines, compiled.policy),
        "claim_has_implant": _claims_with_implants(roles, lines.claims),
        "has_trial_before": lines.trial_before,
        "has_implant_before": lines.implant_before,
        "is_kd_example": compiled.code_is_example[codes],
        "own_drug_codes": _own_drug_codes(pump_drug, codes, visits, compiled),
        "has_narrative": lines.has_narrative,
        "ingredients": ingredients,
        "unread": count(lines.counts, 1),
        "unpriced": unpriced,
        "implausible": count(lines.counts, 3),
        "is_sold_nationally": lines.sold,
        "is_perhaps_sold_nationally": lines.perhaps_sold,
        "is_compound_after_code": days >= compiled.compound_from,
        "units_are_one": lines.units == UNIT,
        "compound_number": _compound_numbers(compound, visits, claim_set, rows, lines.claims),
    }
    listed, listed_known = list_columns(claim_set, compiled.policy, rows, reach)
    columns |= listed
    known = {
        **reach.known(),
        **listed_known,
        "units_are_one": lines.units >= 0,
        "has_kd": lines.kd_known,
        "is_unplaced_compound": lines.text_known,
        "is_reach_assumed": lines.place_carried | (reach.contract != 0) | (days == NO_DAY),
        **dict.fromkeys(
            ("has_narrative", "ingredients", "unread", "unpriced", "implausible"), lines.text_known
        ),
        **_know_refills(lines),
    }
    if part.counts is not None:
        for name in ("is_governed", "is_pump_line", "is_unplaced_compound"):
            columns[name] = columns[name] & part.counts
    return Context(claim_set, compiled, rows, lines, visits, reach, columns, known)


def has(roles: NDArray[np.uint32], role: Role) -> Bools:
    """Whether each value has one of these roles."""
    answer: Bools = (roles & np.uint32(role)) != 0
    return answer


def _runs(
    roles: NDArray[np.uint32], visits: Visits, withdrawn: Bools
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Roles of each line's visit, and of its patient's day; withdrawn claims count in their own alone."""
    of_visit = visits.over(visits.visit_starts, roles, np.bitwise_or)
    if visits.alone and not withdrawn.any():
        return of_visit, of_visit
    alive = np.where(withdrawn, np.uint32(0), roles)
    return of_visit, visits.over(visits.day_starts, alive, np.bitwise_or) | of_visit


def _own_drug_codes(
    pump_drug: Bools, codes: NDArray[np.uint8], visits: Visits, compiled: CompiledPolicy
) -> NDArray[np.uint8]:
    """How many different drug codes other than J7999 were given through the pump on the visit."""
    own = np.where(pump_drug, compiled.own_drug_bit[codes], np.uint32(0))
    if not own.any():
        return np.zeros(len(own), np.uint8)
    codes_of_visit: NDArray[np.uint8] = np.bitwise_count(
        visits.over(visits.visit_starts, own, np.bitwise_or)
    )
    return codes_of_visit


def _pump_drugs(
    roles: NDArray[np.uint32],
    visit_roles: NDArray[np.uint32],
    day_roles: NDArray[np.uint32],
    has_kd: Bools,
    has_priced: Bools,
) -> tuple[Bools, Bools]:
    """Which drug lines were given through the pump, and which J7999 lines nothing ties to one.

    KD says so; so does a pump service of that day, for J7999 always and for other drug codes when no
    J7999 stands beside them (they may be sedation); so does one of the article's drugs in J7999's text.
    """
    either = Role.COMPOUNDED | Role.SUPERSEDED_COMPOUND
    compound = has(roles, either)
    service = has(day_roles, Role.MANAGEMENT | Role.DEVICE_IMPLANT)
    filled = has(visit_roles, Role.REFILL | Role.DEVICE_IMPLANT)
    alone = ~has(visit_roles, either)
    tied = has_kd | (compound & (service | has_priced)) | (filled & alone)
    return has(roles, Role.DRUG) & tied, compound & ~tied


def _units_on_day(
    lines: LineArrays, roles: NDArray[np.uint32], visits: Visits, withdrawn: Bools
) -> NDArray[np.uint32]:
    """Units of the line's own code on the patient's day, at least one a line; 0 for other codes."""
    counted = has(roles, Role.MANAGEMENT) & ~withdrawn
    at = np.flatnonzero(counted)
    total = np.zeros(len(roles), np.uint32)
    total[at] = np.minimum(np.maximum(lines.units[at] // UNIT, 1), 10_000)
    many = visits.over(visits.day_starts, counted.astype(np.uint32), np.add) > 1
    places = np.flatnonzero(counted & many)
    if len(places):
        days = visits.number(visits.day_starts)[places]
        key, place = np.unique(days * 256 + lines.codes[places], return_inverse=True)
        sums = np.bincount(place, weights=total[places], minlength=len(key))
        total[places] = np.minimum(sums[place], 2**31).astype(np.uint32)
    return total


def _newest_implant(roles: NDArray[np.uint32], withdrawn: Bools, visits: Visits) -> Bools:
    """Whether the patient's newest implant, up to and with that day, is no programmable pump."""
    if not has(roles, Role.UNPROGRAMMABLE_IMPLANT).any():
        return np.zeros(len(roles), bool)
    implant = np.where(withdrawn, np.uint32(0), roles & np.uint32(Role.DEVICE_IMPLANT))
    implants = np.bitwise_or.reduceat(implant, visits.day_starts)
    newest = np.maximum.accumulate(np.where(implants != 0, np.arange(len(implants)), -1))
    first_day = np.searchsorted(visits.day_starts, visits.patient_starts)
    own = newest >= np.repeat(first_day, np.diff(first_day, append=len(implants)))
    kind = implants[np.maximum(newest, 0)]
    unprogrammable = own & ~has(kind, Role.PROGRAMMABLE_IMPLANT)
    return np.repeat(unprogrammable, visits.lengths(visits.day_starts))


def _refills(lines: LineArrays, policy: PolicySet) -> dict[str, NDArray[Any]]:
    """The columns on how often: intervals against the supply of the fill before (U2 to U4)."""
    facts = lines.refills
    return {
        "refill_interval": facts.interval,
        "supply_before": facts.supply_before,
        "is_early_refill": facts.interval < not_early_from(facts.supply_before, policy),
        "ran_dry": facts.interval > facts.dry_before,
        "is_monthly_pattern": facts.monthly_long >= int(policy.thresholds["monthly_run"]),
        "is_monthly_unknown": facts.monthly >= int(policy.thresholds["monthly_run"]),
        "is_repeating": facts.refill_number >= int(policy.thresholds["repeated_refills"]),
        "is_frequent_analysis": (facts.analysis_interval >= 0)
        & (facts.analysis_interval < int(policy.thresholds["analyses_within"])),
    }


def _know_refills(lines: LineArrays) -> dict[str, Bools]:
    facts = lines.refills
    again = facts.interval >= 0
    return {
        "refill_interval": again,
        "supply_before": facts.supply_before >= 0,
        "is_early_refill": again & (facts.supply_before >= 0),
        "ran_dry": again & (facts.dry_before >= 0),
    }


def _claims_with_implants(roles: NDArray[np.uint32], claims: Ints) -> Bools:
    implant = has(roles, Role.IMPLANT)
    return np.isin(claims, claims[implant]) if implant.any() else implant


def _compound_numbers(
    compound: Bools, visits: Visits, claim_set: ClaimSet, rows: Ints, claims: Ints
) -> NDArray[np.uint16]:
    """Which J7999 line of its patient's day each is, from 1, whatever the order of claims and files."""
    numbers = compound.astype(np.uint16)
    if not compound.any():
        return numbers
    many = visits.over(visits.day_starts, numbers.astype(np.uint32), np.add) > 1
    places = np.flatnonzero(compound & many)
    if len(places):
        same = ("claim_id", "billing_provider_npi", "frequency_code", "source", "segment")
        told = claim_set.claims[claims[places]].select(same)
        ranked = told.with_columns(
            day=pl.Series(visits.number(visits.day_starts)[places]),
            line=claim_set.lines["line"].gather(pl.Series(rows[places])),
            place=pl.Series(places),
        ).sort("day", "claim_id", "line", *same[1:], "place")  # fmt: skip
        day = ranked["day"].to_numpy()
        starts = starts_of(day[1:] != day[:-1])
        ordinal = np.arange(len(day)) - np.repeat(starts, np.diff(starts, append=len(day))) + 1
        numbers[ranked["place"].to_numpy()] = np.minimum(ordinal, 65_535)
    return numbers
