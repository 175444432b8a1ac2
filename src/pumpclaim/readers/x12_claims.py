"""The claims of an 837 as a table: one narrow column for each element that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from pumpclaim.readers.x12_columns import day_column, notes, npi, number_column, table
from pumpclaim.readers.x12_damage import MOST_CLAIM_ID
from pumpclaim.readers.x12_loops import CLAIM
from pumpclaim.readers.x12_patients import Names, find_names, patient_ids, patient_names
from pumpclaim.readers.x12_segments import FEW, Ints, Spans, empty_column, owner, packed
from pumpclaim.readers.x12_values import ABSENT, dates, numbers
from pumpclaim.tables import CLAIMS, FORMS, MAX_MONEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.readers.x12_damage import Damage
    from pumpclaim.readers.x12_loops import Loops

_F8, _434 = packed("F8"), packed("434")
_RANKS = {
    packed(code): rank
    for code, rank in {
        "ABK": 0,
        "BK": 0,
        "ABF": 1,
        "BF": 1,
        "ABJ": 2,
        "BJ": 2,
        "APR": 3,
        "PR": 3,
    }.items()
}
"""Diagnosis qualifiers of HI in the order of the list: principal, other, admitting, reason for visit.

External causes (ABN) are left out.
"""


def is_institutional(loops: Loops, by_version: list[bool | None]) -> NDArray[np.bool_]:
    """Whether each claim is institutional: by its version, else by its SV2 segments."""
    table = np.array([2 if one is None else int(one) for one in by_version], np.int8)
    form = table[loops.transaction]
    if (form == 2).any():
        has_sv2 = np.bincount(owner(loops.claims, loops.in_line("SV2")), minlength=loops.count)
        form = np.where(form == 2, has_sv2 > 0, form)
    institutional: NDArray[np.bool_] = form == 1
    return institutional


class _Elements(NamedTuple):
    """The elements of each claim that are asked for, and of the names around it."""

    claim_id: Spans
    amount: Spans
    place: Spans
    assignment: Spans
    birth_kind: Spans
    birth_day: Spans
    statement_kind: Spans
    statement_days: Spans
    own_id: Spans
    member_id: Spans
    filing_indicator: Spans
    payer_id: Spans
    replaced_id: Spans
    patient_state: Spans
    billing_state: Spans
    facility_state: Spans


def read_claims(
    loops: Loops, institutional: NDArray[np.bool_], source: str, damage: Damage
) -> pl.DataFrame:
    """Every claim of the believed transactions, damaged ones too. Columns of `CLAIMS`, in order.

    ``damage`` learns which of them cannot be used.
    """
    segments, rows, count = loops.segments, loops.claims, loops.count
    every = np.arange(count)
    names = find_names(loops, damage)
    rendering = loops.first_in_claim(loops.named("82", CLAIM))
    facility = loops.first_in_claim(loops.named("77", CLAIM))
    statement = _statements(loops)
    found = _elements(loops, names, facility, statement)
    place = segments.parts(found.place)
    spot, frequency = place.parts(1, 3)
    charge, charge_state = numbers(segments, found.amount, 9, MAX_MONEY)
    born, _, born_state = dates(segments, found.birth_kind, found.birth_day)
    first, last, statement_state = dates(segments, found.statement_kind, found.statement_days)
    npis = npi(segments, np.concatenate([names.billing, rendering, facility])).divided([count] * 3)

    _judge_id(loops, found.claim_id, damage)
    without = damage.of_segment("has no total charge (CLM02); give the sum of the lines")
    damage.add_where(charge_state == ABSENT, every, rows, without)
    damage.add_numbers(charge_state, every, rows, 2)
    alone = (place.count == 1) & (place.spans.size > 2)
    damage.add_where(alone, every, rows, damage.of_composite(5))
    damage.add_dates(statement_state, every, statement, 3)
    damage.add_dates(born_state, every, names.birth, 2)

    strings = segments.strings(
        {
            "claim_id": found.claim_id,
            "own_id": found.own_id,
            "name": segments.run_of_elements(names.patient, 3, 4),
            "patient_state": found.patient_state,
            "filing_indicator": found.filing_indicator,
            "payer_id": found.payer_id,
            "billing_provider_npi": npis[0],
            "billing_state": found.billing_state,
            "rendering_provider_npi": npis[1],
            "facility_npi": npis[2],
            "facility_state": found.facility_state,
            "place": spot,
            "frequency_code": frequency,
            "payer_claim_control_number": found.replaced_id,
            "assignment": found.assignment,
        }
    )
    birth_date = day_column(born, born_state)
    own, name = strings.pop("own_id"), strings.pop("name")
    remarks = loops.in_claim("NTE")
    columns = strings | {
        "claim": pl.Series(every.astype(np.uint32)),
        "source": pl.Series([source], dtype=pl.String).new_from_index(0, count),
        "segment": pl.Series((rows + 1).astype(np.uint32)),
        "form": _forms(institutional),
        "patient_id": patient_ids(
            segments, names, (found.own_id, found.member_id), own, birth_date
        ),
        "patient_name": patient_names(segments, name),
        "patient_birth_date": birth_date,
        **_places(strings.pop("place"), strings["frequency_code"], institutional),
        "charge": number_column(charge, charge_state),
        "statement_from": day_column(first, statement_state),
        "statement_to": day_column(last, statement_state),
        "diagnoses": _diagnoses(loops, damage),
        "note": notes(segments, remarks, owner(loops.claims, remarks), count),
        "not_carried": pl.Series([None], dtype=pl.String).new_from_index(0, count),
    }
    return table(CLAIMS, columns)


def _elements(loops: Loops, names: Names, facility: Ints, statement: Ints) -> _Elements:
    segments, rows = loops.segments, loops.claims
    references = segments.of("REF")
    references = references[loops.zone[references] == CLAIM]
    references = references[segments.code(references, 1) == _F8]
    return _Elements(
        *segments.elements_of(
            (rows, 1),
            (rows, 2),
            (rows, 5),
            (rows, 7),
            (names.birth, 1),
            (names.birth, 2),
            (statement, 2),
            (statement, 3),
            (names.patient, 9),
            (names.subscriber, 9),
            (names.filing, 9),
            (names.payer, 9),
            (loops.first_in_claim(references), 2),
            (loops.address(names.patient), 2),
            (loops.address(names.billing), 2),
            (loops.address(facility), 2),
        )
    )


def _judge_id(loops: Loops, claim_id: Spans, damage: Damage) -> None:
    every, rows = np.arange(loops.count), loops.claims
    without = damage.of_segment("has no claim id (CLM01); give the patient control number")
    damage.add_where(claim_id.size == 0, every, rows, without)
    fault = f"is longer than {MOST_CLAIM_ID} characters; give the patient control number"
    damage.add_where(claim_id.size > MOST_CLAIM_ID, every, rows, damage.of_element(1, fault))


def _places(
    place: pl.Series, frequency: pl.Series, institutional: NDArray[np.bool_]
) -> dict[str, pl.Series]:
    """CLM05: the place of service, or with the frequency code the type of bill."""
    if not institutional.any():
        return {"place_of_service": place, "type_of_bill": empty_column(place.len())}
    hospital = pl.Series(institutional)
    bill = place + frequency.fill_null("")
    return {
        "place_of_service": place.set(hospital, None),
        "type_of_bill": bill.set(~hospital, None),
    }


def _statements(loops: Loops) -> Ints:
    rows = loops.in_claim("DTP")
    return loops.first_in_claim(rows[loops.segments.code(rows, 1) == _434])


def statement_days(loops: Loops) -> tuple[Ints, Ints, NDArray[np.int8]]:
    """First and last day of each claim's statement (DTP*434), and what is to be said of them."""
    kinds, days = loops.segments.elements_of((_statements(loops), 2), (_statements(loops), 3))
    return dates(loops.segments, kinds, days)


def _forms(institutional: NDArray[np.bool_]) -> pl.Series:
    forms = pl.Series(["professional", "institutional"], dtype=FORMS)
    if institutional.all() or not institutional.any():
        return forms.new_from_index(int(institutional.any()), institutional.size)
    return forms.gather(institutional.astype(np.uint32))


def _diagnoses(loops: Loops, damage: Damage) -> pl.Series:
    """The diagnosis codes of each claim, principal first; null where there is none."""
    segments = loops.segments
    rows = loops.in_claim("HI")
    times = segments.last[rows] - segments.first[rows]
    here = np.repeat(rows, times)
    element = np.arange(here.size) - np.repeat(np.cumsum(times) - times, times) + 1
    claims = owner(loops.claims, here)
    composite = segments.parts(segments.element(here, element))
    kinds, codes = composite.parts(1, 2)
    qualifier = segments.codes(kinds)
    rank = np.full(here.size, -1, np.int64)
    for code, place in _RANKS.items():
        rank[qualifier == code] = place
    without = (rank >= 0) & (codes.size == 0)
    apart = (composite.count == 1) & (composite.spans.size > 3) & (rank < 0)
    if without.any() or apart.any():
        for number in np.unique(element[without | apart]).tolist():
            mine = element == number
            fault = "is a qualifier without a code; join the two by the separator of ISA16"
            damage.add_where(without & mine, claims, here, damage.of_element(number, fault))
            damage.add_where(apart & mine, claims, here, damage.of_composite(number))
    good = np.flatnonzero((rank >= 0) & (codes.size > 0))
    order = good[np.lexsort((rank[good], claims[good]))]
    text = segments.strings({"code": codes[order]})["code"]
    return _listed(claims[order], text, loops.count)


def _listed(claims: Ints, codes: pl.Series, count: int) -> pl.Series:
    """The codes of each claim as a list, points removed; null where there is none."""
    if codes.len() < FEW:
        lists: list[list[str] | None] = [None] * count
        for claim, code in zip(claims.tolist(), codes.to_list(), strict=True):
            lists[claim] = [*(lists[claim] or []), code.replace(".", "")]
        return pl.Series(lists, dtype=pl.List(pl.String))
    listed = (
        pl.DataFrame({"claim": claims, "code": codes})
        .lazy()
        .group_by("claim", maintain_order=True)
        .agg(pl.col("code").str.replace_all(".", "", literal=True))
        .collect()
    )
    place = np.full(count, -1, np.int64)
    place[listed["claim"].to_numpy()] = np.arange(listed.height)
    if (place >= 0).all():
        return listed["code"]
    return listed["code"].gather(pl.Series(place).set(pl.Series(place < 0), None))
