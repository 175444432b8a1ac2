"""The claims of an 837 as a table: one narrow column for each element that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.readers.x12_damage import MOST_CLAIM_ID
from pumpclaim.readers.x12_loops import CLAIM, LEVEL
from pumpclaim.readers.x12_segments import Ints, Spans, last_before, owner, packed
from pumpclaim.readers.x12_values import ABSENT, GOOD, dates, numbers
from pumpclaim.tables import CLAIMS, FORMS, MAX_MONEY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.readers.x12_damage import Damage
    from pumpclaim.readers.x12_loops import Loops

_XX = packed("XX")
_F8, _434 = packed("F8"), packed("434")
_RANKS = {"ABK": 0, "BK": 0, "ABF": 1, "BF": 1, "ABJ": 2, "BJ": 2, "APR": 3, "PR": 3}
"""Diagnosis qualifiers of HI in the order of the list: principal, other, admitting, reason for visit.

External causes (ABN) are left out.
"""
_MOST_DIAGNOSES = 12


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
    spans = segments.element(rows, 9)
    is_npi = segments.code(rows, 8) == _XX
    return Spans(np.where(is_npi, spans.start, 0), np.where(is_npi, spans.end, 0))


def notes(loops: Loops, rows: Ints, owners: Ints, count: int) -> pl.Series:
    """NTE02 of each owner, several joined by a semicolon. Shape (count,)."""
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
        has_sv2 = np.bincount(
            owner(loops.claims, loops.in_line("SV2")), minlength=loops.count
        )
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
    statements = loops.in_claim("DTP")
    statement = loops.first_in_claim(statements[segments.code(statements, 1) == _434])

    claim_id = segments.element(rows, 1)
    place = segments.parts(segments.element(rows, 5))
    charge, charge_state = numbers(segments, segments.element(rows, 2), 9, MAX_MONEY)
    born, _, born_state = dates(segments, segments.element(birth, 1), segments.element(birth, 2))
    first, last, statement_state = dates(
        segments, segments.element(statement, 2), segments.element(statement, 3)
    )

    damage.add_where(claim_id.size == 0, every, rows, damage.of_segment("has no claim id (CLM01); give one"))
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
        "own_id": segments.element(patient, 9),
        "member_id": segments.element(subscriber, 9),
        "patient_state": segments.element(loops.address(patient), 2),
        "filing_indicator": segments.element(filing, 9),
        "payer_id": segments.element(payer, 9),
        "billing_provider_npi": npi(loops, billing),
        "billing_state": segments.element(loops.address(billing), 2),
        "rendering_provider_npi": npi(loops, rendering),
        "facility_npi": npi(loops, facility),
        "facility_state": segments.element(loops.address(facility), 2),
        "place": place.part(1),
        "frequency_code": place.part(3),
        "payer_claim_control_number": segments.element(replaced, 2),
        "assignment": segments.element(rows, 7),
    }
    strings = segments.strings(spans)
    birth_date = day_column(born, born_state)
    own = strings.pop("own_id")
    own = _patient_ids(loops, own, strings.pop("member_id"), birth_date, patient, dependent)
    spot = strings.pop("place")
    if institutional.any():
        bill = (spot + strings["frequency_code"].fill_null("")).alias("b")
        which = pl.Series(institutional)
        spot, bill = spot.set(which, None), bill.set(~which, None)
    else:
        bill = pl.Series([None], dtype=pl.String).new_from_index(0, count)
    forms = pl.Series(["professional", "institutional"], dtype=FORMS)
    note_rows = loops.in_claim("NTE")
    columns = strings | {
        "claim": pl.Series(every.astype(np.uint32)),
        "source": pl.Series([source], dtype=pl.String).new_from_index(0, count),
        "segment": pl.Series((rows + 1).astype(np.uint32)),
        "form": forms.gather(institutional.astype(np.uint32)),
        "patient_id": own,
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


def _patient_ids(
    loops: Loops,
    own: pl.Series,
    member: pl.Series,
    birth: pl.Series,
    patient: Ints,
    dependent: Ints,
) -> pl.Series:
    """The patient's own id; else the subscriber's id, the patient's name and birth date by slashes."""
    lacking = own.is_null().to_numpy() & (patient >= 0)
    if not lacking.any():
        return own
    at = np.flatnonzero(lacking)
    segments = loops.segments
    names = segments.strings(
        {"last": segments.element(patient[at], 3), "first": segments.element(patient[at], 4)}
    )
    name = pl.concat_str("last", "first", separator=" ", ignore_nulls=True).str.to_uppercase()
    made = (
        pl.DataFrame(
            {
                **names,
                "member": member.gather(at),
                "birth": birth.gather(at).cast(pl.String),
                "dependent": dependent[at] >= 0,
            }
        )
        .select(
            pl.when(
                pl.col("last").is_not_null()
                & (pl.col("member").is_not_null() | pl.col("birth").is_not_null())
            ).then(pl.concat_str(pl.col("member"), name, "birth", separator="/", ignore_nulls=True))
        )
        .to_series()
    )
    return own.scatter(at, made)


def _diagnoses(loops: Loops, damage: Damage) -> pl.Series:
    """The diagnosis codes of each claim, principal first; null where there is none."""
    segments = loops.segments
    rows = loops.in_claim("HI")
    most = int((segments.last[rows] - segments.first[rows]).max(initial=0))
    codes: list[Spans] = []
    keys: list[Ints] = []
    for element in range(1, min(most, _MOST_DIAGNOSES) + 1):
        here = rows[segments.last[rows] - segments.first[rows] >= element]
        composite = segments.parts(segments.element(here, element))
        qualifier = segments.codes(composite.part(1))
        rank = np.full(here.size, -1, np.int64)
        for code, place in _RANKS.items():
            rank[qualifier == packed(code)] = place
        code_spans = composite.part(2)
        claims = owner(loops.claims, here)
        damage.add_where((rank >= 0) & (code_spans.size == 0), claims, here, damage.of_element(
            element, f"has no diagnosis code after its qualifier; separate them by ISA16"
        ))  # fmt: skip
        apart = (composite.count == 1) & (composite.spans.size > 3) & (rank < 0)
        damage.add_where(apart, claims, here, damage.of_composite(element))
        good = (rank >= 0) & (code_spans.size > 0)
        codes.append(code_spans[good])
        keys.append(((claims * 8 + rank) * len(segments) + here)[good] * 16 + element)
    if not codes:
        return pl.Series([None], dtype=pl.List(pl.String)).new_from_index(0, loops.count)
    key = np.concatenate(keys)
    order = np.argsort(key, kind="stable")
    every = Spans(np.concatenate([c.start for c in codes]), np.concatenate([c.end for c in codes]))
    text = segments.strings({"code": every[order]})["code"]
    if text.str.contains(".", literal=True).any():
        text = text.str.replace_all(".", "", literal=True)
    claims = key[order] // 16 // len(segments) // 8
    listed = (
        pl.DataFrame({"claim": claims, "code": text})
        .group_by("claim", maintain_order=True)
        .agg("code")
    )
    place = np.full(loops.count, -1, np.int64)
    place[listed["claim"].to_numpy()] = np.arange(listed.height)
    if (place >= 0).all():
        return listed["code"]
    return listed["code"].gather(pl.Series(place).set(pl.Series(place < 0), None))
