"""The claims of an 837 as a table: one narrow column for each element that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.readers.x12_damage import MOST_CLAIM_ID
from pumpclaim.readers.x12_loops import CLAIM, LEVEL
from pumpclaim.readers.x12_segments import (
    FEW,
    Ints,
    Spans,
    empty_column,
    last_before,
    owner,
    packed,
)
from pumpclaim.readers.x12_values import ABSENT, GOOD, dates, numbers
from pumpclaim.tables import CLAIMS, FORMS, MAX_MONEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.readers.x12_damage import Damage
    from pumpclaim.readers.x12_loops import Loops

_XX = packed("XX")
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


def day_column(days: Ints, state: NDArray[np.int8]) -> pl.Series:
    """Days since 1970 as dates; null unless `GOOD`."""
    column = pl.Series(days.astype(np.int32)).cast(pl.Date)
    return _known(column, state)


def number_column(values: Ints, state: NDArray[np.int8]) -> pl.Series:
    """Whole numbers; null unless `GOOD`."""
    return _known(pl.Series(values), state)


def _known(column: pl.Series, state: NDArray[np.int8]) -> pl.Series:
    good = state == GOOD
    return column if good.all() else column.set(pl.Series(~good), None)


def npi(loops: Loops, rows: Ints) -> Spans:
    """NM109 where NM108 says that it is an NPI (XX)."""
    segments = loops.segments
    spans, kinds = segments.elements_of((rows, 9), (rows, 8))
    is_npi = segments.codes(kinds) == _XX
    return Spans(np.where(is_npi, spans.start, 0), np.where(is_npi, spans.end, 0))


def notes(loops: Loops, rows: Ints, owners: Ints, count: int) -> pl.Series:
    """NTE02 of each owner, several joined by a semicolon. Shape (count,)."""
    if not rows.size:
        return empty_column(count)
    spans = loops.segments.element(rows, 2)
    full = spans.size > 0
    rows, owners, spans = rows[full], owners[full], spans[full]
    alone = np.zeros(count, np.int64), np.zeros(count, np.int64)
    alone[0][owners], alone[1][owners] = spans.start, spans.end
    text = loops.segments.strings({"note": Spans(*alone)})["note"]
    times = np.bincount(owners, minlength=count)
    if not (times > 1).any():
        return text
    several = times[owners] > 1
    parts = pl.DataFrame(
        {"owner": owners[several], "note": loops.segments.strings({"n": spans[several]})["n"]}
    )
    joined = parts.group_by("owner", maintain_order=True).agg(pl.col("note").str.join("; "))
    return text.scatter(joined["owner"], joined["note"])


def is_institutional(loops: Loops, by_version: list[bool | None]) -> NDArray[np.bool_]:
    """Whether each claim is institutional: by its version, else by its SV2 segments."""
    table = np.array([2 if one is None else int(one) for one in by_version], np.int8)
    form = table[loops.transaction]
    if (form == 2).any():
        has_sv2 = np.bincount(owner(loops.claims, loops.in_line("SV2")), minlength=loops.count)
        form = np.where(form == 2, has_sv2 > 0, form)
    return form == 1


def read_claims(
    loops: Loops, institutional: NDArray[np.bool_], source: str, damage: Damage
) -> pl.DataFrame:
    """Every claim of the believed transactions, damaged ones too. Columns of `CLAIMS`, in order.

    ``damage`` learns which of them cannot be used.
    """
    segments, rows, count = loops.segments, loops.claims, loops.count
    every = np.arange(count)
    begin = loops.starts[loops.transaction]
    since = np.maximum(loops.subscriber_level, 0)
    under = np.where(loops.subscriber_level < 0, rows, since)
    subscriber = loops.last_named("IL", under)
    dependent = loops.last_named("QC", np.maximum(subscriber, under))
    patient = np.where(dependent >= 0, dependent, subscriber)
    payer = loops.last_named("PR", under)
    billing = loops.last_named("85", np.where(loops.billing_level < 0, begin, loops.billing_level))
    rendering = loops.first_in_claim(loops.named("82", CLAIM))
    facility = loops.first_in_claim(loops.named("77", CLAIM))
    filing = last_before(_in_level(loops, "SBR"), rows, under)
    birth = last_before(_in_level(loops, "DMG"), rows, np.where(patient < 0, rows, patient))
    references = segments.of("REF")
    references = references[loops.zone[references] == CLAIM]
    references = references[segments.code(references, 1) == _F8]
    replaced = loops.first_in_claim(references)
    statement = _statements(loops)

    (
        claim_id, amount, spot, assignment, birth_kind, birth_day, statement_kind, statement_days,
        own_id, member_id, indicator, payer_id, replaced_id, patient_state, billing_state,
        facility_state,
    ) = segments.elements_of(
        (rows, 1), (rows, 2), (rows, 5), (rows, 7), (birth, 1), (birth, 2), (statement, 2),
        (statement, 3), (patient, 9), (subscriber, 9), (filing, 9), (payer, 9), (replaced, 2),
        (loops.address(patient), 2), (loops.address(billing), 2), (loops.address(facility), 2),
    )  # fmt: skip
    place = segments.parts(spot)
    place_code, frequency = place.parts(1, 3)
    charge, charge_state = numbers(segments, amount, 9, MAX_MONEY)
    born, _, born_state = dates(segments, birth_kind, birth_day)
    first, last, statement_state = dates(segments, statement_kind, statement_days)
    npis = npi(loops, np.concatenate([billing, rendering, facility])).divided([count] * 3)

    damage.add_where(
        claim_id.size == 0, every, rows, damage.of_segment("has no claim id (CLM01); give one")
    )
    damage.add_where(
        claim_id.size > MOST_CLAIM_ID, every, rows,
        damage.of_element(1, f"is longer than {MOST_CLAIM_ID} characters; give the patient control number"),
    )  # fmt: skip
    damage.add_where(
        charge_state == ABSENT, every, rows,
        damage.of_segment("has no total charge (CLM02); give the sum of the lines"),
    )  # fmt: skip
    damage.add_numbers(charge_state, every, rows, 2)
    alone = (place.count == 1) & (place.spans.size > 2)
    damage.add_where(alone, every, rows, damage.of_composite(5))
    damage.add_dates(statement_state, every, statement, 3)
    damage.add_dates(born_state, every, birth, 2)
    _patients(loops, subscriber, dependent, damage)

    spans = {
        "claim_id": claim_id,
        "own_id": own_id,
        "patient_state": patient_state,
        "filing_indicator": indicator,
        "payer_id": payer_id,
        "billing_provider_npi": npis[0],
        "billing_state": billing_state,
        "rendering_provider_npi": npis[1],
        "facility_npi": npis[2],
        "facility_state": facility_state,
        "place": place_code,
        "frequency_code": frequency,
        "payer_claim_control_number": replaced_id,
        "assignment": assignment,
    }
    strings = segments.strings(spans)
    birth_date = day_column(born, born_state)
    patients = strings.pop("own_id")
    lacking = np.flatnonzero((own_id.size == 0) & (patient >= 0))
    if lacking.size:
        made = _made_ids(
            loops,
            member_id[lacking],
            birth_date.gather(lacking),
            patient[lacking],
            dependent[lacking],
        )
        patients = patients.scatter(lacking, made)
    spot = strings.pop("place")
    if institutional.any():
        bill = (spot + strings["frequency_code"].fill_null("")).alias("b")
        which = pl.Series(institutional)
        spot, bill = spot.set(which, None), bill.set(~which, None)
    else:
        bill = empty_column(count)
    note_rows = loops.in_claim("NTE")
    columns = strings | {
        "claim": pl.Series(every.astype(np.uint32)),
        "source": pl.Series([source], dtype=pl.String).new_from_index(0, count),
        "segment": pl.Series((rows + 1).astype(np.uint32)),
        "form": _forms(institutional),
        "patient_id": patients,
        "patient_birth_date": birth_date,
        "place_of_service": spot,
        "type_of_bill": bill,
        "charge": number_column(charge, charge_state),
        "statement_from": day_column(first, statement_state),
        "statement_to": day_column(last, statement_state),
        "diagnoses": _diagnoses(loops, damage),
        "note": notes(loops, note_rows, owner(loops.claims, note_rows), count),
    }
    return pl.DataFrame({column.name: columns[column.name] for column in CLAIMS})


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


def _in_level(loops: Loops, kind: str) -> Ints:
    rows = loops.segments.of(kind)
    return rows[loops.zone[rows] == LEVEL]


def _patients(loops: Loops, subscriber: Ints, dependent: Ints, damage: Damage) -> None:
    """Claims whose patient cannot be told."""
    every, rows = np.arange(loops.count), loops.claims
    damage.add_where(
        loops.unknown_level >= 0, every, loops.unknown_level,
        damage.of_element(3, "is no level of a claim file (20, 22 or 23), so the patient cannot be told; correct it"),
    )  # fmt: skip
    damage.add_where(
        (loops.subscriber_level < 0) & (loops.unknown_level < 0), every, rows,
        damage.of_segment("stands under no subscriber (HL03 22), so the patient cannot be told; add the subscriber's HL and NM1*IL"),
    )  # fmt: skip
    damage.add_where(
        (loops.subscriber_level >= 0) & (subscriber < 0), every, rows,
        damage.of_segment("has no subscriber (NM1*IL) above it, so the patient cannot be told; add it"),
    )  # fmt: skip
    damage.add_where(
        (loops.dependent_level >= 0) & (dependent < loops.dependent_level) & (subscriber >= 0), every, rows,
        damage.of_segment("stands under a dependent (HL03 23) without a name (NM1*QC), so the patient cannot be told; add it"),
    )  # fmt: skip
    moved = loops.displaced
    if moved.size:
        astray = last_before(moved, rows, np.maximum(loops.level, 0))
        damage.add_where(
            astray >= 0, every, rows,
            damage.of_segment("follows a subscriber, patient or provider without an HL of its own, so it cannot be told whose claim it is; add the HL"),
        )  # fmt: skip


def _made_ids(
    loops: Loops, members: Spans, births: pl.Series, patient: Ints, dependent: Ints
) -> pl.Series:
    """For patients without an id of their own: the subscriber's id, name and birth date by slashes.

    Null where neither the subscriber's id nor the birth date stands beside the name.
    """
    segments = loops.segments
    last, first = segments.elements_of((patient, 3), (patient, 4))
    columns = segments.strings({"last": last, "first": first, "member": members})
    name = pl.concat_str("last", "first", separator=" ", ignore_nulls=True).str.to_uppercase()
    known = pl.col("member").is_not_null() | pl.col("birth").is_not_null()
    return (
        pl.DataFrame({**columns, "birth": births.cast(pl.String)})
        .select(
            pl.when(pl.col("last").is_not_null() & known).then(
                pl.concat_str("member", name, "birth", separator="/", ignore_nulls=True)
            )
        )
        .to_series()
    )


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
            damage.add_where(without & mine, claims, here, damage.of_element(
                number, "is a qualifier without a diagnosis code; join the two by ISA16"
            ))  # fmt: skip
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
