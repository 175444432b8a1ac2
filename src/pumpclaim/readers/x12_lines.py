"""The service lines of an 837 as a table: one narrow column for each element that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.readers.x12_claims import day_column, notes, npi, number_column, statement_days
from pumpclaim.readers.x12_loops import LINE
from pumpclaim.readers.x12_segments import Ints, Segments, Spans, joined, owner, packed
from pumpclaim.readers.x12_values import ABSENT, GOOD, dates, numbers
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


def read_lines(loops: Loops, institutional: NDArray[np.bool_], damage: Damage) -> pl.DataFrame:
    """Every service line of the believed transactions, damaged ones too. Columns of `LINES`, in order.

    ``damage`` learns which claims cannot be used for the sake of a line.
    """
    segments, count, of = loops.segments, loops.line_count, loops.claim_of_line
    in_hospital = institutional[of]
    professional = loops.first_in_line(loops.in_line("SV1"))
    hospital = loops.first_in_line(loops.in_line("SV2"))
    service = np.where(in_hospital, hospital, professional)
    shift = in_hospital.astype(np.int64)
    drugs = loops.in_line("LIN")
    drug = loops.first_in_line(drugs[segments.code(drugs, 2) == _N4])
    quantity = loops.first_in_line(loops.in_line("CTP"))
    quantity = np.where(drug >= 0, quantity, -1)
    days = loops.in_line("DTP")
    day = loops.first_in_line(days[segments.code(days, 1) == _472])
    facility = loops.first_in_line(loops.named("77", LINE))
    rendering = loops.first_in_line(loops.named("82", LINE))

    (
        composite, amount, basis, quantity_of, revenue, place, pointers, code_of, state, ndc_amount,
        ndc_basis, day_kind, day_text,
    ) = segments.elements_of(
        (service, 1 + shift), (service, 2 + shift), (service, 3 + shift), (service, 4 + shift),
        (np.where(in_hospital, service, -1), 1), (np.where(in_hospital, -1, service), 5),
        (np.where(in_hospital, -1, service), 7), (drug, 3), (loops.address(facility), 2),
        (quantity, 4), (quantity, 5), (day, 2), (day, 3),
    )  # fmt: skip
    procedure = segments.parts(composite)
    scheme, code, *modifiers, description = procedure.parts(1, 2, 3, 4, 5, 6, 7)
    values, states = numbers(
        segments,
        joined([amount, quantity_of]),
        np.repeat([9, _UNIT_PLACES], count),
        np.repeat([MAX_MONEY, MOST_UNITS], count),
    )
    charge, units = values.reshape(2, count)
    charge_state, units_state = states.reshape(2, count)
    ndc_units, ndc_state = numbers(segments, ndc_amount, _UNIT_PLACES, MOST_UNITS)
    first, last, day_state = dates(segments, day_kind, day_text)

    damage.add_dates(day_state, of, day, 3)
    undated = np.flatnonzero(in_hospital & (day_state == ABSENT))
    if undated.size:
        begin, end, state = statement_days(loops)
        here = of[undated]
        first[undated], last[undated], day_state[undated] = begin[here], end[here], state[here]

    missing = service < 0
    sought = np.where(in_hospital, "SV2", "SV1")
    for name in ("SV1", "SV2"):
        damage.add_where(missing & (sought == name), of, loops.lines, damage.of_segment(
            f"opens a service line without {name}; give its procedure and charge"
        ))  # fmt: skip
    qualifier = segments.codes(scheme)
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
    misplaced = loops.in_line("HI")
    damage.add(owner(loops.claims, misplaced), misplaced, damage.of_segment(
        "stands among service lines: the CLM before it is missing, so the lines cannot be told "
        "apart; add the CLM"
    ))  # fmt: skip

    coded = (qualifier == _HC) | (qualifier == 0)
    spans = {
        "hcpcs": _only(code, coded),
        **{f"modifier_{place}": span for place, span in enumerate(modifiers, 1)},
        "description": description,
        "unit_basis": basis,
        "place_of_service": place,
        "service_state": state,
        "rendering_provider_npi": npi(loops, rendering),
        "revenue_code": revenue,
        "ndc": code_of,
        "ndc_unit": segments.parts(ndc_basis).parts(1)[0],
        "diagnosis_pointers": pointers,
    }
    strings = segments.strings(spans)
    if segments.any_lower(joined([spans[name] for name in _CODED])):
        strings |= {name: strings[name].str.to_uppercase() for name in _CODED}
    if (segments.parts(pointers).count > 1).any():
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
        "service_from": day_column(first, day_state),
        "service_to": day_column(last, day_state),
    }
    return pl.DataFrame({column.name: columns[column.name] for column in LINES})


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
    for component in {chr(delimiters.component) for _, delimiters in segments.regions}:
        pointers = pointers.str.replace_all(component, " ", literal=True)
    return pointers
