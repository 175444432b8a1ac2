"""One patient of a batch, judged anew from what is kept: the same review as in the batch, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from fastapi import HTTPException

from pumpclaim.errors import InputError
from pumpclaim.options import ALL_PATIENTS
from pumpclaim.policy import load
from pumpclaim.readers.claim_text import claim_segments
from pumpclaim.review import Review, check

if TYPE_CHECKING:
    from pumpclaim.readers.claim_text import ClaimSegment
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch


MOST_LINES = 20_000
"""Service lines of one patient that a page judges anew."""
NONE_SUCH = "this upload has no such claim"
LARGEST_PIECE = 64 * 1024**2
"""Bytes in which the segments of a claim are looked for."""


@dataclass(frozen=True)
class OneClaim:
    """A claim of a batch in the review of its patient's claims; ``position`` is its place there, and
    ``numbers`` are those of the claims in the batch."""

    review: Review
    position: int
    numbers: list[int]


def review_claim(batch: Batch, results: Results, claim: int) -> OneClaim:
    """Judge all claims of the patient of claim number ``claim`` as the batch was judged.

    Raises 404 when the batch has no such claim, and InputError for a patient with too many lines for a page.
    """
    if not 0 <= claim < 2**32:
        raise HTTPException(404, NONE_SUCH)
    claims, numbers = results.of_patients(pl.col("claim") == claim)
    if claim not in numbers:
        raise HTTPException(404, NONE_SUCH)
    if claims.lines.height > MOST_LINES:
        raise InputError(
            f"the patient of this claim has {claims.lines.height:,} service lines in this upload, more than "
            f"the {MOST_LINES:,} that a page judges together; pumpclaim check judges any number"
        )
    policy = load(batch.options.get("readings"), batch.options.get("thresholds"))
    patients = claims.claims["patient_id"].drop_nulls().unique().to_list()
    review = check(
        claims,
        policy=policy,
        contractor=batch.options.get("contractor"),
        charts=results.charts(policy),
        past=results.past_of(patients),
        records_of=batch.options.get("records_of", ALL_PATIENTS),
    )
    return OneClaim(review, numbers.to_list().index(claim), numbers.to_list())


def segments_of(
    batch: Batch, results: Results, source: str, segment: int
) -> list[ClaimSegment] | None:
    """The claim's segments in the file it came from; null when that file is a table.

    Raises InputError where they cannot be told.
    """
    piece = results.text_of([one["name"] for one in batch.files].index(source), segment)
    if piece is None:
        return None
    text, first = piece
    if len(text) > LARGEST_PIECE:
        raise InputError(
            "this claim stands among too many others to be shown by itself", source=source
        )
    return claim_segments(text, source, segment, first)
