"""The service lines of an 837 as a table: one narrow column for each element that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from pumpclaim.readers.x12_claims import statement_days
from pumpclaim.readers.x12_columns import day_column, notes, npi, number_column, table
from pumpclaim.readers.x12_loops import LINE
from pumpclaim.readers.x12_segments import FEW, Ints, Segments, Spans, joined, owner, packed
from pumpclaim.readers.x12_values import ABSENT, GOOD, dates, numbers
from pumpclaim.tables import LINES, MAX_MONEY, UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.readers.x12_damage import Damage
    from pumpclaim.readers.x12_loops import Loops
    from pumpclaim.readers.x12_segments import Composite

MOST_UNITS = 999_999_999 * UNIT
"""The most units of service, or of a national drug code, that are believed."""
_UNIT_PLACES = 3
_HC, _N4, _472 = packed("HC"), packed("N4"), packed("472")
_CODED = ("hcpcs", "modifier_1", "modifier_2", "modifier_3", "modifier_4")


class _Elements(NamedTuple):
    """The elements of each service line that are asked for."""

    procedure: Spans
    amount: Spans
    unit_basis: Spans
    quantity: Spans
    revenue_code: Spans
    place_of_service: Spans
    pointers: Spans
    ndc: Spans
    ndc_amount: Spans
    ndc_basis: Spans
    service_state: Spans
    day_kind: Spans
    days: Spans


class _Rows(NamedTuple):
    """For each service line the places of its segments; -1 where it has none."""

    service: Ints
    day: Ints
    drug: Ints
    drug_quantity: Ints


def read_lines(loops: Loops, institutional: NDArray[np.bool_], damage: Damage) -> pl.DataFrame:
    """Every service line of the believed transactions, damaged ones too. Columns of `LINES`.

    ``damage`` learns which claims cannot be used for the sake of a line.
    """
    segments, count, of = loops.segments, loops.line_count, loops.claim_of_line
    hospital = institutional[of]
    rows = _rows(loops, hospital)
    facility = loops.first_in_line(loops.named("77", LINE))
    rendering = loops.first_in_line(loops.named("82", LINE))
    found = _elements(loops, rows, facility, hospital)
    procedure = segments.parts(found.procedure)
    scheme, code, *modifiers, description = procedure.parts(1, 2, 3, 4, 5, 6, 7)
    values, states = numbers(
        segments,
        joined([found.amount, found.quantity]),
        np.repeat([9, _UNIT_PLACES], count),
        np.repeat([MAX_MONEY, MOST_UNITS], count),
    )
    charge, units = values.reshape(2, count)
    charge_state, units_state = states.reshape(2, count)
    ndc_units, ndc_state = numbers(segments, found.ndc_amount, _UNIT_PLACES, MOST_UNITS)
    first, last, day_state = dates(segments, found.day_kind, found.days)

    _judge_misplaced(loops, damage)
    _judge_procedures(loops, rows.service, hospital, (procedure, code, found.revenue_code), damage)
    for form, shift in ((~hospital, 0), (hospital, 1)):
        damage.add_numbers(np.where(form, charge_state, GOOD), of, rows.service, 2 + shift)
        damage.add_numbers(np.where(form, units_state, GOOD), of, rows.service, 4 + shift)
    damage.add_numbers(ndc_state, of, rows.drug_quantity, 4)
    damage.add_dates(day_state, of, rows.day, 3)
    undated = np.flatnonzero(hospital & (day_state == ABSENT))
    if undated.size:
        begin, end, begin_state = statement_days(loops)
        claims = of[undated]
        first[undated], last[undated] = begin[claims], end[claims]
        day_state[undated] = begin_state[claims]

    qualifier = segments.codes(scheme)
    spans = {
        "hcpcs": _only(code, (qualifier == _HC) | (qualifier == 0)),
        **{f"modifier_{place}": span for place, span in enumerate(modifiers, 1)},
        "description": description,
        "unit_basis": found.unit_basis,
        "place_of_service": found.place_of_service,
        "service_state": found.service_state,
        "rendering_provider_npi": npi(segments, rendering),
        "revenue_code": found.revenue_code,
        "ndc": found.ndc,
        "ndc_unit": segments.parts(found.ndc_basis).part(1),
        "diagnosis_pointers": found.pointers,
    }
    strings = segments.strings(spans)
    if segments.any_lower(joined([spans[name] for name in _CODED])):
        strings |= {name: strings[name].str.to_uppercase() for name in _CODED}
    if (segments.parts(found.pointers).count > 1).any():
        strings["diagnosis_pointers"] = _spaced(segments, strings["diagnosis_pointers"])
    remarks = loops.in_line("NTE")
    columns = strings | {
        "claim": pl.Series(of.astype(np.uint32)),
        "line": pl.Series(_line_numbers(loops).astype(np.uint32)),
        "segment": pl.Series((loops.lines + 1).astype(np.uint32)),
        "charge": number_column(charge, charge_state),
        "units": number_column(units, units_state),
        "ndc_units": number_column(ndc_units, ndc_state),
        "note": notes(segments, remarks, owner(loops.lines, remarks), count),
        "service_from": day_column(first, day_state),
        "service_to": day_column(last, day_state),
    }
    return table(LINES, columns)


def _rows(loops: Loops, hospital: NDArray[np.bool_]) -> _Rows:
    segments = loops.segments
    professional_rows = loops.first_in_line(loops.in_line("SV1"))
    hospital_rows = loops.first_in_line(loops.in_line("SV2"))
    drugs, days = loops.in_line("LIN"), loops.in_line("DTP")
    drug = loops.first_in_line(drugs[segments.code(drugs, 2) == _N4])
    quantity = loops.first_in_line(loops.in_line("CTP"))
    return _Rows(
        service=np.where(hospital, hospital_rows, professional_rows),
        day=loops.first_in_line(days[segments.code(days, 1) == _472]),
        drug=drug,
        drug_quantity=np.where(drug >= 0, quantity, -1),
    )


def _elements(loops: Loops, rows: _Rows, facility: Ints, hospital: NDArray[np.bool_]) -> _Elements:
    """SV2 has the revenue code before what SV1 begins with."""
    shift = hospital.astype(np.int64)
    of_hospital = np.where(hospital, rows.service, -1)
    of_professional = np.where(hospital, -1, rows.service)
    return _Elements(
        *loops.segments.elements_of(
            (rows.service, 1 + shift),
            (rows.service, 2 + shift),
            (rows.service, 3 + shift),
            (rows.service, 4 + shift),
            (of_hospital, 1),
            (of_professional, 5),
            (of_professional, 7),
            (rows.drug, 3),
            (rows.drug_quantity, 4),
            (rows.drug_quantity, 5),
            (loops.address(facility), 2),
            (rows.day, 2),
            (rows.day, 3),
        )
    )


def _judge_procedures(
    loops: Loops,
    service: Ints,
    hospital: NDArray[np.bool_],
    what: tuple[Composite, Spans, Spans],
    damage: Damage,
) -> None:
    """Lines that do not say what was done; ``what`` is procedure, its code, and revenue code."""
    procedure, code, revenue = what
    of = loops.claim_of_line
    missing = service < 0
    apart = (procedure.count == 1) & (procedure.spans.size > 2)
    empty = ~missing & ~apart & (code.size == 0)
    for form, name, element in ((~hospital, "SV1", 1), (hospital, "SV2", 2)):
        fault = f"opens a service line without {name}; give its procedure and charge"
        damage.add_where(missing & form, of, loops.lines, damage.of_segment(fault))
        damage.add_where(apart & form, of, service, damage.of_composite(element))
    fault = "has no procedure code; give qualifier and code, such as HC and 62370"
    damage.add_where(empty & ~hospital, of, service, damage.of_element(1, fault))
    fault = "has neither a revenue code (SV201) nor a procedure code (SV202); give one"
    bare = empty & hospital & (revenue.size == 0)
    damage.add_where(bare, of, service, damage.of_segment(fault))


def _judge_misplaced(loops: Loops, damage: Damage) -> None:
    """Claims whose lines may belong to another claim."""
    misplaced = loops.in_line("HI")
    fault = (
        "stands among service lines: the CLM before it is missing, so it cannot be told which lines "
        "are whose; add the CLM"
    )
    damage.add(owner(loops.claims, misplaced), misplaced, damage.of_segment(fault))


def _only(spans: Spans, condition: NDArray[np.bool_]) -> Spans:
    return Spans(np.where(condition, spans.start, 0), np.where(condition, spans.end, 0))


def _line_numbers(loops: Loops) -> Ints:
    """LX01; the line's place on its claim where the numbers of a claim do not rise."""
    rows, of = loops.lines, loops.claim_of_line
    first = np.searchsorted(of, of)
    place = np.arange(rows.size) - first + 1
    value, state = numbers(loops.segments, loops.segments.element(rows, 1), 0, 999_999)
    value[state != GOOD] = 0
    rising = np.ones(rows.size, bool)
    rising[1:] = (of[1:] != of[:-1]) | (value[1:] > value[:-1])
    wrong = np.bincount(of[~rising | (value < 1)], minlength=loops.count) > 0
    return np.where(wrong[of], place, value)


def _spaced(segments: Segments, pointers: pl.Series) -> pl.Series:
    """Diagnosis pointers by spaces instead of component separators."""
    components = {chr(delimiters.component) for _, delimiters in segments.regions}
    if pointers.len() < FEW:
        swap = str.maketrans(dict.fromkeys(components, " "))
        return pl.Series([one and one.translate(swap) for one in pointers], dtype=pl.String)
    for component in components:
        pointers = pointers.str.replace_all(component, " ", literal=True)
    return pointers
