"""837P and 837I files (version 5010) -> ClaimSet, as columns.

The file is split once into a column of segments; claims and lines are then found by position, and
each element asked for becomes one column (x12_segments, x12_loops, x12_claims, x12_lines). What is
damaged is found by the same columns and located precisely (x12_damage, x12_envelope). Segments that
are not asked for are not looked at: real files break the guide everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.claim_set import ClaimSet, Refusal
from pumpclaim.errors import InputError
from pumpclaim.readers.sources import check_lines
from pumpclaim.readers.x12_claims import is_institutional, read_claims
from pumpclaim.readers.x12_damage import MOST_ELEMENT, Damage
from pumpclaim.readers.x12_delimiters import as_utf8, dirty_segments, split
from pumpclaim.readers.x12_envelope import OTHER_KINDS, Envelope, read_envelope, shortened
from pumpclaim.readers.x12_lines import read_lines
from pumpclaim.readers.x12_loops import LEVEL, Loops
from pumpclaim.readers.x12_segments import FEW, KIND, last_before, owner, side_by_side
from pumpclaim.tables import REJECTED

if TYPE_CHECKING:
    from pumpclaim.readers.x12_segments import Ints, Segments


def read_x12(data: bytes, source: str, most: int | None = None) -> ClaimSet:
    """The claims of an X12 file: 837P (005010X222) and 837I (005010X223), any lawful delimiters.

    Every CLM segment becomes a row of ``claims`` or of ``rejected``. Parts whose envelope is wrong
    are in ``refused``, and their claims in ``rejected``. ``source`` is the file's name.

    Raises InputError when the whole file is unusable: empty, no X12, or without an 837; BeyondError for
    more than ``most`` service lines.
    """
    segments, junk = split(as_utf8(data, source), source)
    envelope = read_envelope(segments, source)
    _must_hold_claims(segments, envelope, source)
    believed = [one for one in envelope.transactions if one.reason is None]
    loops = Loops(segments, believed)
    check_lines(loops.line_count, most)
    refused = list(envelope.refused)
    if junk:
        refused.insert(
            0,
            Refusal(
                source, None, f"{junk} bytes before the first ISA are not X12 and are not read"
            ),
        )
    if loops.orphans.size:
        row = int(loops.orphans[0])
        refused.append(
            Refusal(
                source,
                row + 1,
                f"{loops.orphans.size} service lines stand under no claim: the CLM before them is "
                "missing; they are not read",
            )
        )
    damage = Damage(segments, loops.count)
    institutional = is_institutional(loops, [one.institutional for one in believed])
    claims, lines = side_by_side(
        lambda: read_claims(loops, institutional, source, damage),
        lambda: read_lines(loops, institutional, damage),
        worthwhile=loops.count >= FEW,
    )
    _add_unreadable(loops, damage)
    damage.add_where(
        loops.empty_claims, np.arange(loops.count), loops.claims,
        damage.of_segment("has no service line (LX); give at least one"),
    )  # fmt: skip
    rejected = _rejected(loops, envelope, damage, source)
    bad = damage.claims
    if bad.size:
        keep = np.ones(loops.count, bool)
        keep[bad] = False
        number = (np.cumsum(keep) - 1).astype(np.uint32)
        lines = lines.filter(pl.Series(keep[loops.claim_of_line])).with_columns(
            claim=pl.Series(number[loops.claim_of_line[keep[loops.claim_of_line]]])
        )
        claims = claims.filter(pl.Series(keep)).with_columns(claim=pl.Series(number[keep]))
    return ClaimSet(claims=claims, lines=lines, rejected=rejected, refused=tuple(refused))


def _must_hold_claims(segments: Segments, envelope: Envelope, source: str) -> None:
    kinds = [one.kind for one in envelope.transactions]
    if "837" in kinds or (segments.kind == KIND["CLM"]).any():
        return
    if not kinds:
        raise InputError(
            "there is no transaction in this file (no ST segment); give an 837", source=source
        )
    one = envelope.transactions[0]
    what = OTHER_KINDS.get(one.kind, f'a transaction of the kind "{shortened(one.kind)}"')
    raise InputError(
        f"this is {what}, not a claim file; give the 837", source=source, segment=one.first + 1
    )


def _add_unreadable(loops: Loops, damage: Damage) -> None:
    """Control characters and endless elements, in a claim or in the levels above it."""
    segments = loops.segments
    long = np.flatnonzero(segments.end - segments.start > MOST_ELEMENT)
    is_endless = [max(map(len, segments.elements(row))) > MOST_ELEMENT for row in long.tolist()]
    endless = long[np.array(is_endless, bool)]
    for rows, fault in (
        (dirty_segments(segments), "holds bytes that are not text, or a line break where a segment "
         "terminator is missing; have the file written again"),
        (endless, f"has an element of more than {MOST_ELEMENT:,} characters, so a delimiter is "
         "missing; have the file written again"),
    ):  # fmt: skip
        if rows.size:
            _add_rows(loops, damage, rows, fault)


def _add_rows(loops: Loops, damage: Damage, rows: Ints, fault: str) -> None:
    zone = loops.zone[rows]
    mine = rows[zone > LEVEL]
    damage.add(owner(loops.claims, mine), mine, damage.of_segment(fault))
    above = rows[zone == LEVEL]
    for level in (loops.billing_level, loops.subscriber_level, loops.dependent_level):
        known = np.flatnonzero(level >= 0)
        levels = loops.rows("HL")
        ends = np.append(levels, len(loops.segments))
        until = np.minimum(ends[np.searchsorted(ends, level[known], "right")], loops.claims[known])
        found = last_before(above, until, level[known])
        damage.add(known[found >= 0], found[found >= 0], damage.of_segment(fault))


def _rejected(loops: Loops, envelope: Envelope, damage: Damage, source: str) -> pl.DataFrame:
    """Every CLM that did not become a claim, in the order of the file."""
    segments = loops.segments
    places, rows, reasons = damage.first()
    heads = loops.claims[places]
    lost = segments.of("CLM")
    lost = lost[~loops.believed[lost]]
    if not lost.size and not heads.size:
        return REJECTED.empty()
    starts = np.array([one.first for one in envelope.transactions], np.int64)
    of = owner(starts, lost)
    names = []
    for row, place in zip(lost.tolist(), of.tolist(), strict=True):
        one = envelope.transactions[place] if place >= 0 else None
        if one is None or row > one.last:
            names.append("it stands outside any transaction; have the file written again")
        else:
            names.append(f"its {one.name} (segment {one.first + 1}) is not read: {one.reason}")
    every = np.concatenate([heads, lost])
    order = np.argsort(every, kind="stable")
    ids = segments.strings({"id": segments.element(every[order], 1)})["id"]
    where = np.concatenate([rows, lost])[order] + 1
    reasons = [*reasons, *names]
    return pl.DataFrame(
        {
            "source": pl.Series([source], dtype=pl.String).new_from_index(0, every.size),
            "segment": where.astype(np.uint32),
            "claim_id": ids,
            "reason": [reasons[place] for place in order.tolist()],
        },
        schema=REJECTED.schema,
    )
