"""The service lines of an 837 as a table: one narrow column for each element that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.readers.x12_claims import day_column, notes, npi, number_column
from pumpclaim.readers.x12_loops import LINE
from pumpclaim.readers.x12_segments import Ints, Segments, Spans, joined, owner, packed
from pumpclaim.readers.x12_values import GOOD, dates, numbers
from pumpclaim.tables import LINES, MAX_MONEY, UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.readers.x12_damage import Damage
    from pumpclaim.readers.x12_loops import Loops

MOST_UNITS = 999_999_999 * UNIT
"""The most units of service, or of a national drug code, that are believed."""
_UNIT_PLACES = 3
_HC, _N4, _472 = packed("HC"), packed("N4"), packed("472")
_CODED = ("hcpcs", "modifier_1", "modifier_2", "modifier_3", "modifier_4")


def read_lines(
    loops: Loops, institutional: NDArray[np.bool_], claims: pl.DataFrame, damage: Damage
) -> pl.DataFrame:
    """Every service line of ``claims``, damaged ones too. Columns of `LINES`, in order.

    ``damage`` learns which claims cannot be used for the sake of a line.
    """
    segments, count, of = loops.segments, loops.line_count, loops.claim_of_line
    in_hospital = institutional[of]
    professional = loops.first_in_line(loops.in_line("SV1"))
    hospital = loops.first_in_line(loops.in_line("SV2"))
    service = np.where(in_hospital, hospital, professional)
    shift = in_hospital.astype(np.int64)
    procedure = segments.parts(_element(segments, service, 1 + shift))
    revenue = _only(segments.element(service, 1), in_hospital)
    charge, charge_state = numbers(segments, _element(segments, service, 2 + shift), 9, MAX_MONEY)
    units, units_state = numbers(
        segments, _element(segments, service, 4 + shift), _UNIT_PLACES, MOST_UNITS
    )
    drugs = loops.in_line("LIN")
    drug = loops.first_in_line(drugs[segments.code(drugs, 2) == _N4])
    quantity = loops.first_in_line(loops.in_line("CTP"))
    quantity = np.where(drug >= 0, quantity, -1)
    ndc_units, ndc_state = numbers(
        segments, segments.element(quantity, 4), _UNIT_PLACES, MOST_UNITS
    )
    days = loops.in_line("DTP")
    day = loops.first_in_line(days[segments.code(days, 1) == _472])
    first, last, day_state = dates(segments, segments.element(day, 2), segments.element(day, 3))
    facility = loops.first_in_line(loops.named("77", LINE))
    rendering = loops.first_in_line(loops.named("82", LINE))

    missing = service < 0
    sought = np.where(in_hospital, "SV2", "SV1")
    for name in ("SV1", "SV2"):
        damage.add_where(missing & (sought == name), of, loops.lines, damage.of_segment(
            f"opens a service line without {name}; give its procedure and charge"
        ))  # fmt: skip
    qualifier = segments.codes(procedure.part(1))
    code = procedure.part(2)
    apart = (procedure.count == 1) & (procedure.spans.size > 2)
    empty = ~missing & ~apart & (code.size == 0)
    for hospital_form, element in ((False, 1), (True, 2)):
        mine = in_hospital == hospital_form
        damage.add_where(apart & mine, of, service, damage.of_composite(element))
        damage.add_numbers(np.where(mine, charge_state, 0), of, service, element + 1)
        damage.add_numbers(np.where(mine, units_state, 0), of, service, element + 3)
    damage.add_where(empty & ~in_hospital, of, service, damage.of_element(
        1, "has no procedure code; give qualifier and code, such as HC and 62370"
    ))  # fmt: skip
    damage.add_where(empty & in_hospital & (revenue.size == 0), of, service, damage.of_segment(
        "has neither a revenue code (SV201) nor a procedure code (SV202); give one"
    ))  # fmt: skip
    damage.add_numbers(ndc_state, of, quantity, 4)
    damage.add_dates(day_state, of, day, 3)
    misplaced = loops.in_line("HI")
    damage.add(owner(loops.claims, misplaced), misplaced, damage.of_segment(
        "stands among service lines: the CLM before it is missing, so the lines cannot be told "
        "apart; add the CLM"
    ))  # fmt: skip

    coded = (qualifier == _HC) | (qualifier == 0)
    pointers = _only(segments.element(service, 7), ~in_hospital)
    spans = {
        "hcpcs": _only(code, coded),
        **{f"modifier_{place}": procedure.part(place + 2) for place in (1, 2, 3, 4)},
        "description": procedure.part(7),
        "unit_basis": _element(segments, service, 3 + shift),
        "place_of_service": _only(segments.element(service, 5), ~in_hospital),
        "service_state": segments.element(loops.address(facility), 2),
        "rendering_provider_npi": npi(loops, rendering),
        "revenue_code": revenue,
        "ndc": segments.element(drug, 3),
        "ndc_unit": segments.parts(segments.element(quantity, 5)).part(1),
        "diagnosis_pointers": pointers,
    }
    strings = segments.strings(spans)
    if segments.any_lower(joined([spans[name] for name in _CODED]), 5):
        strings |= {name: strings[name].str.to_uppercase() for name in _CODED}
    strings["diagnosis_pointers"] = _spaced(segments, strings["diagnosis_pointers"])
    note_rows = loops.in_line("NTE")
    columns = strings | {
        "claim": pl.Series(of.astype(np.uint32)),
        "line": pl.Series(_line_numbers(loops).astype(np.uint32)),
        "segment": pl.Series((loops.lines + 1).astype(np.uint32)),
        "charge": number_column(charge, charge_state),
        "units": number_column(units, units_state),
        "ndc_units": number_column(ndc_units, ndc_state),
        "note": notes(loops, note_rows, owner(loops.lines, note_rows), count),
        **_service_days(day_column(first, day_state), day_column(last, day_state),
                        in_hospital & (day < 0), of, claims),
    }  # fmt: skip
    return pl.DataFrame({column.name: columns[column.name] for column in LINES})


def _element(segments: Segments, rows: Ints, numbers_of: Ints) -> Spans:
    """An element whose number differs from row to row."""
    low = int(numbers_of.min(initial=99))
    high = int(numbers_of.max(initial=0))
    if low >= high:
        return segments.element(rows, high)
    return segments.element(rows, high).where(numbers_of == high, segments.element(rows, low))


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


def _service_days(
    first: pl.Series,
    last: pl.Series,
    undated: NDArray[np.bool_],
    of: Ints,
    claims: pl.DataFrame,
) -> dict[str, pl.Series]:
    """The line's days of service; an institutional line without any has those of the statement."""
    if undated.any():
        at = np.flatnonzero(undated)
        first = first.scatter(at, claims["statement_from"].gather(of[at]))
        last = last.scatter(at, claims["statement_to"].gather(of[at]))
    return {"service_from": first, "service_to": last}


def _spaced(segments: Segments, pointers: pl.Series) -> pl.Series:
    """Diagnosis pointers by spaces instead of component separators."""
    for component in {chr(delimiters.component) for _, delimiters in segments.regions}:
        if pointers.str.contains(component, literal=True).any():
            pointers = pointers.str.replace_all(component, " ", literal=True)
    return pointers
