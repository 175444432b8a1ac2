"""What the context needs of every service line, as arrays in the order of the lines table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.compiled import FEW, positions
from pumpclaim.contents import Contents, drug_dollars, match_contents
from pumpclaim.past import implants_before
from pumpclaim.policy.model import Role
from pumpclaim.reach import are_withdrawn, find_article, pack_lines, pack_payers, pack_places
from pumpclaim.threads import LARGE, beside
from pumpclaim.utilization.refills import (
    Fills,
    Records,
    RefillFacts,
    Refills,
    Stay,
    facts_of_lines,
)
from pumpclaim.visits import NO_DAY, Order, is_known, order_lines, whole_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.charts.meeting import Meeting
    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.compiled import CompiledPolicy

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LineArrays:
    """One value a line. ``claims`` are positions in the claims table, ``codes`` in the compiled policy.

    ``days`` are days since 1970-01-01 (NO_DAY when not known), ``units`` thousandths and ``charges``
    nano-dollars (-1 when not known), ``facts`` what its claim says of its reach (``reach.pack_lines``),
    ``counts`` those of ``Contents.counts``, ``text_known`` whether its file carries texts that may name
    drugs, ``kd_known`` whether it is known that KD is or is not there, ``place_carried`` whether its file
    carries a contract or a state, ``drug_dollars`` the sum of its drugs in nano-dollars.
    """

    claims: Ints
    days: NDArray[np.int32]
    codes: NDArray[np.uint8]
    has_kd: Bools
    has_narrative: Bools
    units: Ints
    charges: Ints
    facts: NDArray[np.uint32]
    counts: NDArray[np.uint64]
    text_known: Bools
    kd_known: Bools
    place_carried: Bools
    drug_dollars: Ints
    sold: Bools
    perhaps_sold: Bools
    trial_before: Bools
    implant_before: Bools
    refills: RefillFacts

    def take(self, rows: slice | Ints) -> LineArrays:
        """The same for some lines, in the order of ``rows``; a slice copies nothing."""
        return LineArrays(*(getattr(self, one.name)[rows] for one in fields(self)))


@dataclass(frozen=True, eq=False)
class Arranged:
    """Every line of a claim set as arrays; its contents; the order by patient, day and claim; the refills.

    ``patients`` is a number for each claim's patient.
    """

    lines: LineArrays
    contents: Contents
    order: Order
    refills: Refills
    fills: Fills
    patients: Ints


def line_arrays(
    claim_set: ClaimSet,
    ingredients: pl.DataFrame,
    compiled: CompiledPolicy,
    contractor: str | None,
    meeting: Meeting | None = None,
) -> Arranged:
    """The arrays of every line, what was filled, the order of lines, and the refills.

    ``ingredients`` are the drugs read from the narratives; ``contractor`` is a contract number that
    stands for every claim's payer, or null; ``meeting`` are the charts of the call.
    """
    lines, claims = claim_set.lines, claim_set.claims
    claim_of = lines["claim"].to_numpy().astype(np.int64)
    days = whole_numbers(lines["service_from"].cast(pl.Int32), NO_DAY).astype(np.int32)

    has_kd = _has_modifier(lines, "KD")
    large = len(days) > LARGE

    def services() -> tuple[Order, NDArray[np.uint8], Ints]:
        codes = compiled.code_positions(lines["hcpcs"])
        roles = compiled.code_roles[codes]
        concerns = (roles & np.uint32(Role.CONCERNS)) != 0
        concerns |= has_kd & ((roles & np.uint32(Role.DRUG)) != 0)
        past = (roles & np.uint32(Role.UNPROGRAMMABLE_IMPLANT)) != 0
        patients = _patients(claims)
        return order_lines(patients, days, claim_of, concerns, past), codes, patients

    def drugs(articles: NDArray[np.int8] | None) -> tuple[Contents, Ints]:
        contents = match_contents(ingredients, compiled, articles, days)
        contents.counts  # noqa: B018  (worked out here, beside the other thread)
        return contents, drug_dollars(contents)

    with beside(large=large) as start:
        ordered = start(services)
        # With one revision it is known whose fees hold; with several the reach comes first.
        filled = start(lambda: drugs(None)) if len(compiled.policy.articles) == 1 else None
        payers = start(lambda: pack_payers(claims, compiled, contractor))
        of_claims = start(lambda: pack_places(claims, compiled))() | payers()
        facts = pack_lines(claim_set, compiled, of_claims, claim_of)
        order, codes, patients = ordered()
        stay = Stay(patients[claim_of], days, codes, ~are_withdrawn(facts))
        # Without records the past needs nothing of the drugs, and is worked out beside them.
        past = start(lambda: implants_before(stay.patients, days, codes, stay.stands, compiled))
        records = None
        if meeting is not None:
            records = Records(meeting.encounters, meeting.encounter_of, claims, patients)
        alone = (
            start(lambda: facts_of_lines(None, stay, compiled, None)) if records is None else None
        )
        contents, dollars = filled() if filled else drugs(find_article(facts, compiled, days))
        facts_of, refills, fills = (
            alone() if alone else facts_of_lines(contents, stay, compiled, records)
        )
    return Arranged(
        LineArrays(
            claim_of, days, codes, has_kd, _has_narrative(lines, claims, claim_of),
            whole_numbers(lines["units"]), whole_numbers(lines["charge"]), facts, contents.counts,
            *_carried(lines, claims, claim_of, has_kd), dollars, contents.sold(compiled.sold),
            contents.sold(compiled.perhaps_sold), *past(), facts_of,
        ),
        contents,
        order,
        refills,
        fills,
        patients,
    )  # fmt: skip


def _carried(
    lines: pl.DataFrame, claims: pl.DataFrame, claim_of: Ints, has_kd: Bools
) -> tuple[Bools, Bools, Bools]:
    """Of each line: its file carries texts; it is known that KD is or is not there; it carries a place."""
    everything = np.ones(lines.height, bool)
    if claims["not_carried"].null_count() == claims.height:
        return everything, everything, everything
    lacks = claims["not_carried"].fill_null("")
    text = lacks.str.contains(r"\bdescription\b.*\bnote\b").to_numpy()[claim_of]
    more = lacks.str.contains(r"\bmodifier_3\b").to_numpy()[claim_of]
    full = is_known(lines["modifier_1"]) & is_known(lines["modifier_2"])
    place = lacks.str.contains(r"\bpayer_id\b.*\bbilling_state\b").to_numpy()[claim_of]
    return ~text, has_kd | ~(more & full), ~place


def narrated(lines: pl.DataFrame, compiled: CompiledPolicy) -> Bools:
    """Lines whose drug only the narrative tells, and those with modifier KD."""
    roles = compiled.code_roles[compiled.code_positions(lines["hcpcs"])]
    told: Bools = (roles & np.uint32(Role.NARRATED)) != 0
    return told | _has_modifier(lines, "KD")


def _patients(claims: pl.DataFrame) -> Ints:
    """A number for each claim's patient; a claim whose patient is not known has one of its own."""
    if claims.height < FEW:
        seen: dict[str, int] = {}
        return np.array(
            [
                place if patient is None else seen.setdefault(patient, place)
                for place, patient in enumerate(claims["patient_id"].to_list())
            ],
            np.int64,
        )
    ids = claims["patient_id"].cast(pl.Categorical(pl.Categories.random())).to_physical()
    numbers = whole_numbers(ids.cast(pl.Int64))
    unknown = numbers < 0
    if unknown.any():
        alone = int(numbers.max()) + 1 + np.arange(len(numbers))
        numbers = np.where(unknown, alone, numbers)
    return numbers


def _has_modifier(lines: pl.DataFrame, modifier: str) -> Bools:
    have = np.zeros(lines.height, bool)
    for place in (1, 2, 3, 4):
        have |= positions(lines[f"modifier_{place}"], (modifier,)) != 0
    return have


def _has_narrative(lines: pl.DataFrame, claims: pl.DataFrame, claim_of: Ints) -> Bools:
    have = np.zeros(lines.height, bool)
    for column, at in (
        (lines["description"], None),
        (lines["note"], None),
        (claims["note"], claim_of),
    ):
        if column.null_count() < column.len():
            there = is_known(column)
            have |= there if at is None else there[at]
    return have
