"""Whose claim it is: the names above each claim of an 837, and the patient's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from pumpclaim.readers.x12_loops import LEVEL
from pumpclaim.readers.x12_segments import last_before

if TYPE_CHECKING:
    from pumpclaim.readers.x12_damage import Damage
    from pumpclaim.readers.x12_loops import Loops
    from pumpclaim.readers.x12_segments import Ints, Segments, Spans

UNTIDY = r"^,| ,|,  |, $"
"""Where one of two names is missing, or has blanks around it."""


class Names(NamedTuple):
    """For each claim, places of the segments above it that name someone; -1 where there is none.

    ``patient`` is the dependent (2010CA) where there is one, else the subscriber (2010BA).
    """

    subscriber: Ints
    dependent: Ints
    patient: Ints
    payer: Ints
    billing: Ints
    filing: Ints
    birth: Ints


def find_names(loops: Loops, damage: Damage) -> Names:
    """Subscriber, patient, payer and billing provider of each claim.

    ``damage`` learns of the claims whose patient cannot be told.
    """
    rows = loops.claims
    under = np.where(loops.subscriber_level < 0, rows, loops.subscriber_level)
    subscriber = loops.last_named("IL", under)
    dependent = loops.last_named("QC", np.maximum(subscriber, under))
    patient = np.where(dependent >= 0, dependent, subscriber)
    begin = loops.starts[loops.transaction]
    names = Names(
        subscriber,
        dependent,
        patient,
        payer=loops.last_named("PR", under),
        billing=loops.last_named(
            "85", np.where(loops.billing_level < 0, begin, loops.billing_level)
        ),
        filing=last_before(_in_level(loops, "SBR"), rows, under),
        birth=last_before(_in_level(loops, "DMG"), rows, np.where(patient < 0, rows, patient)),
    )
    _judge(loops, names, damage)
    return names


def _in_level(loops: Loops, kind: str) -> Ints:
    rows = loops.segments.of(kind)
    mine: Ints = rows[loops.zone[rows] == LEVEL]
    return mine


def _judge(loops: Loops, names: Names, damage: Damage) -> None:
    """Claims whose patient cannot be told."""
    every, rows = np.arange(loops.count), loops.claims
    astray = last_before(loops.displaced, rows, np.maximum(loops.level, 0))
    under_dependent = (loops.dependent_level >= 0) & (names.subscriber >= 0)
    for bad, at, fault in (
        (
            (loops.subscriber_level < 0) & (loops.unknown_level < 0),
            rows,
            "stands under no subscriber (HL03 22), so the patient cannot be told; add the "
            "subscriber's HL and NM1*IL",
        ),
        (
            (loops.subscriber_level >= 0) & (names.subscriber < 0),
            rows,
            "has no subscriber (NM1*IL) above it, so the patient cannot be told; add it",
        ),
        (
            under_dependent & (names.dependent < loops.dependent_level),
            rows,
            "stands under a dependent (HL03 23) without a name (NM1*QC), so the patient cannot be "
            "told; add it",
        ),
        (
            astray >= 0,
            rows,
            "follows a subscriber, patient or provider without an HL of its own, so it cannot be "
            "told whose claim it is; add the HL",
        ),
    ):
        damage.add_where(bad, every, at, damage.of_segment(fault))
    fault = "is no level of a claim file (20, 22 or 23), so the patient cannot be told; correct it"
    damage.add_where(
        loops.unknown_level >= 0, every, loops.unknown_level, damage.of_element(3, fault)
    )


def patient_names(segments: Segments, names: pl.Series) -> pl.Series:
    """Family and given name with a comma between them; ``names`` are NM103 and NM104 as they stand."""
    marks = "".join(sorted({chr(one.element) for _, one in segments.regions}))
    if len(marks) == 1:
        told = names.str.replace(marks, ", ", literal=True)
    else:
        told = names.str.replace(f"[{re.escape(marks)}]", ", ")
    if not told.str.contains(UNTIDY).any():
        return told
    tidy = told.str.replace(r" *, +", ", ").str.strip_chars(", ")
    return tidy.set(tidy == "", None)


def patient_ids(
    segments: Segments, names: Names, spans: tuple[Spans, Spans], own: pl.Series, births: pl.Series
) -> pl.Series:
    """The patient's own id; else the subscriber's id, the patient's name and birth date by slashes.

    ``spans`` are NM109 of patient and subscriber, ``own`` the first as strings. Null where neither the
    subscriber's id nor the birth date stands beside the name.
    """
    own_ids, members = spans
    at = np.flatnonzero((own_ids.size == 0) & (names.patient >= 0))
    if not at.size:
        return own
    made = _made_ids(segments, members[at], births.gather(at), names.patient[at])
    return own.scatter(at, made)


def _made_ids(segments: Segments, members: Spans, births: pl.Series, patient: Ints) -> pl.Series:
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
