"""Claims in context: the columns that rules use.

Lines are put in order of patient, day and claim; what a rule asks of a claim, a visit (one claim's lines
of one day), a day (one patient's lines of one day) or a patient's past is then arithmetic over runs of
neighbouring lines. Null in a column means not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.contents import Contents, match_contents
from pumpclaim.policy.model import Role
from pumpclaim.reach import Reach, find_reach
from pumpclaim.tables import UNIT, Column, Table
from pumpclaim.visits import NO_DAY, Visits, order_visits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.compiled import CompiledPolicy
    from pumpclaim.tables import ClaimSet

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

MODIFIERS = ("KD",)
"""Modifiers that rules ask for."""

CONTEXT = Table(
    "context",
    "one service line, in order of patient, day and claim",
    (
        Column("roles", pl.UInt32, "what the line's code is, and whether it is a pump drug (Role)"),
        Column("visit_roles", pl.UInt32, "roles on the same claim and day"),
        Column("day_roles", pl.UInt32, "roles of the same patient and day"),
        Column("has_kd", pl.Boolean, "the line bears modifier KD"),
        Column("is_institutional", pl.Boolean, "the claim is institutional"),
        Column("is_governed", pl.Boolean, "the article reaches this line"),
        Column("is_pump_line", pl.Boolean, "a pump service or a drug given through the pump"),
        Column("is_unplaced_compound", pl.Boolean, "J7999 with nothing that shows a pump"),
        Column("is_withdrawn", pl.Boolean, "a void, or a claim that a later one in the set replaces or voids"),
        Column("is_medicare", pl.Boolean, "the payer is Medicare Part A or B, as far as is known"),
        Column("in_jurisdiction", pl.Boolean, "contract or state lies in an article's jurisdiction"),
        Column("is_reach_assumed", pl.Boolean, "contract and state, or the date, are not known"),
        Column("is_before_article", pl.Boolean, "the service was given before the article took effect"),
        Column("contract_in_article", pl.Boolean, "the contract is one of the article's; null when not known"),
        Column("state_in_article", pl.Boolean, "the state of service is one of the article's; null when not known"),
        Column("contract_serves_state", pl.Boolean, "the contract serves the state; null when either is not known"),
        Column("contract_fits_form", pl.Boolean, "an A contract on an institutional, a B contract on a professional claim"),
        Column("contract_is_regional", pl.Boolean, "the contract serves a part of its state only"),
        Column("is_before_code", pl.Boolean, "the service was given before its code was valid"),
        Column("is_after_code", pl.Boolean, "the service was given after its code was valid"),
        Column("units_on_day", pl.UInt32, "whole units of the line's code on the patient's day, analysis and refill codes only"),
        Column("has_both_levels", pl.Boolean, "both levels of one kind of refill are billed on the patient's day"),
        Column("is_newest_implant_unprogrammable", pl.Boolean, "the newest implant of the patient on record is a reservoir or constant-flow pump"),
        Column("is_kd_example", pl.Boolean, "the article prints KD with this code"),
        Column("own_drug_codes", pl.UInt8, "different drug codes other than J7999, given through the pump on the visit"),
        Column("has_narrative", pl.Boolean, "there is any text that could name drugs"),
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
        Column("allowed", pl.Int64, "the article's allowance", unit="nano-dollars"),
        Column("charge", pl.Int64, "line charge", unit="nano-dollars"),
    ),
)  # fmt: skip
COLUMNS = frozenset(column.name for column in CONTEXT)


@dataclass(frozen=True, eq=False)
class Context:
    """Arrays and columns of one value a line, in visit order; ``columns`` are those of CONTEXT.

    ``rows`` and ``claims`` are positions in the claim set's tables, ``codes`` in the compiled policy,
    ``days`` days since 1970-01-01 (NO_DAY when not known), ``units`` thousandths (-1 when not known).
    """

    claim_set: ClaimSet
    compiled: CompiledPolicy
    visits: Visits
    reach: Reach
    contents: Contents
    rows: Ints
    claims: Ints
    codes: NDArray[np.uint8]
    days: NDArray[np.int32]
    units: Ints
    columns: dict[str, NDArray[Any] | pl.Series]

    def frame(self, allowed: pl.Series) -> pl.DataFrame:
        """The CONTEXT columns; the allowance is known only after pricing."""
        return pl.DataFrame({**self.columns, "allowed": allowed})


def build_context(
    claim_set: ClaimSet, ingredients: pl.DataFrame, compiled: CompiledPolicy, contractor: str | None
) -> Context:
    """The context of a claim set; ``ingredients`` are the drugs read from its narratives.

    ``contractor`` is a contract number that stands for every claim's payer, or null.
    """
    lines, claims = claim_set.lines, claim_set.claims
    claim_of = lines["claim"].to_numpy().astype(np.int64)
    days = lines["service_from"].to_physical().fill_null(NO_DAY).to_numpy()
    visits = order_visits(_patients(claims)[claim_of], days, claim_of)
    rows, claim_of = visits.order, claim_of[visits.order]
    days = days[rows]
    codes = compiled.code_positions(lines["hcpcs"])[rows]
    reach = find_reach(claim_set, compiled, contractor, rows, claim_of, days)
    contents = match_contents(ingredients, rows, compiled, reach.article, days)
    has_kd = _has_modifier(lines, "KD")[rows]

    roles = compiled.code_roles[codes]
    visit_roles, day_roles = _runs(roles, visits, reach.withdrawn, days)
    pump_drug, unplaced = _pump_drugs(roles, visit_roles, day_roles, has_kd, contents.priced)
    roles = roles | np.where(pump_drug, np.uint32(Role.PUMP_DRUG), np.uint32(0))
    visit_roles, day_roles = _runs(roles, visits, reach.withdrawn, days)
    compound = pump_drug & ((roles & Role.COMPOUNDED) != 0) & ~reach.withdrawn
    pump_line = (((roles & Role.PUMP_SERVICE) != 0) & reach.listed(codes)) | pump_drug
    units = _gather(lines["units"], rows)
    own = np.where(pump_drug, compiled.own_drug_bit[codes], np.uint32(0))

    columns: dict[str, NDArray[Any] | pl.Series] = {
        "roles": roles,
        "visit_roles": visit_roles,
        "day_roles": day_roles,
        "has_kd": has_kd,
        "is_governed": pump_line & reach.governs,
        "is_pump_line": pump_line,
        "is_unplaced_compound": unplaced,
        **reach.columns(),
        "is_before_code": (days < compiled.code_from[codes]) & (days != NO_DAY),
        "is_after_code": days > compiled.code_to[codes],
        "units_on_day": _units_on_day(units, roles, codes, visits, reach.withdrawn),
        "has_both_levels": _both_levels(roles, day_roles, visits, reach.withdrawn),
        "is_newest_implant_unprogrammable": _newest_implant(roles, reach.withdrawn, visits),
        "is_kd_example": compiled.code_is_example[codes],
        "own_drug_codes": np.bitwise_count(visits.over(visits.visit_starts, own, np.bitwise_or)),
        "has_narrative": _has_narrative(lines, claims, rows, claim_of),
        "ingredients": contents.ingredients,
        "unread": contents.unread_parts,
        "unpriced": contents.unpriced,
        "implausible": contents.implausible,
        "is_sold_nationally": contents.sold(compiled.sold),
        "is_perhaps_sold_nationally": contents.sold(compiled.perhaps_sold),
        "is_compound_after_code": days >= compiled.compound_from,
        "units_are_one": units == UNIT,
        **_places(claim_set, rows, claim_of, compiled),
        "compound_number": _compound_numbers(compound, visits, claim_set, rows, claim_of, days),
        "charge": _gather(lines["charge"], rows),
    }
    return Context(
        claim_set, compiled, visits, reach, contents, rows, claim_of, codes, days,
        units.fill_null(-1).to_numpy(), columns,
    )  # fmt: skip


def _gather(column: pl.Series, rows: Ints) -> pl.Series:
    return column.gather(pl.Series(rows)) if len(rows) else column


def _runs(
    roles: NDArray[np.uint32], visits: Visits, withdrawn: Bools, days: NDArray[np.int32]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Roles of each line's visit, and of its patient's day; withdrawn claims count in their own alone."""
    of_visit = visits.over(visits.visit_starts, roles, np.bitwise_or)
    alive = np.where(withdrawn, np.uint32(0), roles)
    of_day = visits.over(visits.day_starts, alive, np.bitwise_or) | of_visit
    return of_visit, np.where(days == NO_DAY, of_visit, of_day)


def _patients(claims: pl.DataFrame) -> Ints:
    """A number for each claim's patient; a claim whose patient is not known has one of its own."""
    ids = claims["patient_id"].cast(pl.Categorical(pl.Categories.random())).to_physical()
    numbers = ids.cast(pl.Int64).fill_null(-1).to_numpy()
    unknown = numbers < 0
    if unknown.any():
        alone = int(numbers.max()) + 1 + np.arange(len(numbers))
        numbers = np.where(unknown, alone, numbers)
    return numbers


def _has_modifier(lines: pl.DataFrame, modifier: str) -> Bools:
    have = np.zeros(lines.height, bool)
    for place in (1, 2, 3, 4):
        column = lines[f"modifier_{place}"]
        if column.null_count() < column.len():
            have |= (column == modifier).fill_null(value=False).to_numpy()
    return have


def _has_narrative(lines: pl.DataFrame, claims: pl.DataFrame, rows: Ints, claim_of: Ints) -> Bools:
    own = (lines["description"].is_not_null() | lines["note"].is_not_null()).to_numpy()[rows]
    return own | claims["note"].is_not_null().to_numpy()[claim_of]


def _pump_drugs(
    roles: NDArray[np.uint32],
    visit_roles: NDArray[np.uint32],
    day_roles: NDArray[np.uint32],
    has_kd: Bools,
    priced: NDArray[np.uint16],
) -> tuple[Bools, Bools]:
    """Which drug lines were given through the pump, and which J7999 lines nothing ties to one.

    KD says so; so does a pump service of that day, for J7999 always and for other drug codes when no
    J7999 stands beside them (they may be sedation); so does one of the article's drugs in J7999's text.
    """
    drug = (roles & Role.DRUG) != 0
    compound = (roles & (Role.COMPOUNDED | Role.SUPERSEDED_COMPOUND)) != 0
    service = (day_roles & (Role.MANAGEMENT | Role.DEVICE_IMPLANT)) != 0
    filled = (visit_roles & (Role.REFILL | Role.DEVICE_IMPLANT)) != 0
    alone = (visit_roles & (Role.COMPOUNDED | Role.SUPERSEDED_COMPOUND)) == 0
    tied = has_kd | (compound & (service | (priced > 0))) | (filled & alone)
    return drug & tied, compound & ~tied


def _units_on_day(
    units: pl.Series, roles: NDArray[np.uint32], codes: NDArray[np.uint8], visits: Visits, withdrawn: Bools
) -> NDArray[np.uint32]:
    """Units of the line's own code on the patient's day, at least one a line; 0 for other codes."""
    total = np.zeros(len(codes), np.uint32)
    places = np.flatnonzero(((roles & Role.MANAGEMENT) != 0) & ~withdrawn)
    whole = np.clip(units.fill_null(UNIT).to_numpy()[places] // UNIT, 1, 10_000)
    total[places] = whole
    days = visits.number(visits.day_starts)[places]
    again = days[1:] == days[:-1]
    if again.any():
        shared = np.isin(days, days[1:][again])
        places, whole = places[shared], whole[shared]
        key = days[shared] * 256 + codes[places]
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.concatenate(([True], np.diff(key[order]) != 0)))
        sums = np.repeat(np.add.reduceat(whole[order], starts), np.diff(starts, append=len(order)))
        total[places[order]] = np.minimum(sums, 2**31)
    return total


def _both_levels(
    roles: NDArray[np.uint32], day_roles: NDArray[np.uint32], visits: Visits, withdrawn: Bools
) -> Bools:
    """Whether the line's kind of refill is billed at both levels, by staff and by a physician, that day."""
    both = np.zeros(len(roles), bool)
    staff_days = (day_roles & Role.STAFF_LEVEL) != 0
    if not staff_days.any():
        return both
    for kind in (Role.PROGRAMMED_REFILL, Role.PLAIN_REFILL):
        of_kind = ((roles & kind) != 0) & ~withdrawn
        staff = of_kind & ((roles & Role.STAFF_LEVEL) != 0)
        one = visits.over(visits.day_starts, staff, np.logical_or)
        other = visits.over(visits.day_starts, of_kind & ~staff, np.logical_or)
        both |= of_kind & one & other
    return both


def _newest_implant(roles: NDArray[np.uint32], withdrawn: Bools, visits: Visits) -> Bools:
    """Whether the patient's newest implant, up to and with that day, is no programmable pump."""
    implant = np.where(withdrawn, np.uint32(0), roles & np.uint32(Role.DEVICE_IMPLANT))
    if not implant.any():
        return np.zeros(len(roles), bool)
    implants = np.bitwise_or.reduceat(implant, visits.day_starts)
    newest = np.maximum.accumulate(np.where(implants != 0, np.arange(len(implants)), -1))
    first_day = np.searchsorted(visits.day_starts, visits.patient_starts)
    own = newest >= np.repeat(first_day, np.diff(first_day, append=len(visits.day_starts)))
    kind = implants[np.maximum(newest, 0)]
    unprogrammable = own & ((kind & Role.PROGRAMMABLE_IMPLANT) == 0)
    return np.repeat(unprogrammable, visits.lengths(visits.day_starts))


def _compound_numbers(
    compound: Bools, visits: Visits, claim_set: ClaimSet, rows: Ints, claim_of: Ints, days: NDArray[np.int32]
) -> NDArray[np.uint16]:
    """Which J7999 line of its patient's day each is, from 1, whatever the order of claims and files."""
    numbers = compound.astype(np.uint16)
    places = np.flatnonzero(compound)
    if len(places) < 2:  # noqa: PLR2004
        return numbers
    runs = np.where(days == NO_DAY, -1 - claim_of, visits.number(visits.day_starts))[places]
    again = runs[1:] == runs[:-1]
    if again.any():
        places = places[np.isin(runs, runs[1:][again])]
        runs = np.where(days == NO_DAY, -1 - claim_of, visits.number(visits.day_starts))[places]
        ranked = claim_set.claims[claim_of[places]].select("claim_id", "source", "segment").with_columns(
            run=pl.Series(runs),
            line=claim_set.lines["line"].gather(pl.Series(rows[places])),
            place=pl.Series(places),
        ).sort("run", "claim_id", "line", "source", "segment", "place")  # fmt: skip
        run = ranked["run"].to_numpy()
        starts = np.flatnonzero(np.concatenate(([True], run[1:] != run[:-1])))
        ordinal = np.arange(len(run)) - np.repeat(starts, np.diff(starts, append=len(run))) + 1
        numbers[ranked["place"].to_numpy()] = np.minimum(ordinal, 65_535)
    return numbers


def _places(claim_set: ClaimSet, rows: Ints, claim_of: Ints, compiled: CompiledPolicy) -> dict[str, Bools]:
    """Where the service was given, as far as it decides who is paid for the drug (P4)."""
    claims, own, law = claim_set.claims, claim_set.lines["place_of_service"], compiled.policy.medicare
    professional = (claims["form"] != "institutional").fill_null(value=True).to_numpy()[claim_of]
    kinds = {
        "is_hospital_outpatient": law.hospital_outpatient,
        "is_hospital_other": law.hospital_other,
        "is_surgical_center": law.surgical_center,
    }
    given = own.is_not_null().to_numpy()[rows] if own.null_count() < own.len() else None
    columns = {}
    for name, places in kinds.items():
        there = claims["place_of_service"].is_in(places).fill_null(value=False).to_numpy()[claim_of]
        if given is not None:
            line = own.is_in(places).fill_null(value=False).to_numpy()[rows]
            there = np.where(given, line, there)
        columns[name] = there & professional
    return columns
