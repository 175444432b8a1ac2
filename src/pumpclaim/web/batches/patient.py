"""One patient of a batch, judged anew from what is kept: the same review as in the batch, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from fastapi import HTTPException

from pumpclaim.options import ALL_PATIENTS
from pumpclaim.policy import load
from pumpclaim.readers.claim_text import claim_segments
from pumpclaim.readers.sources import Source, read_bytes
from pumpclaim.review import Review, check

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.readers.claim_text import ClaimSegment
    from pumpclaim.web.batches.results import Results
    from pumpclaim.web.batches.store import Batch


@dataclass(frozen=True)
class OneClaim:
    """A claim of a batch in the review of its patient's claims; ``position`` is its place there, and
    ``numbers`` are those of the claims in the batch."""

    review: Review
    position: int
    numbers: list[int]


def review_claim(batch: Batch, results: Results, claim: int) -> OneClaim:
    """Judge all claims of the patient of claim number ``claim`` as the batch was judged.

    Raises 404 when the batch has no such claim.
    """
    claims, numbers = results.of_patients(pl.col("claim") == claim)
    if claim not in numbers:
        raise HTTPException(404, "this upload has no such claim")
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


def segments_of(batch: Batch, folder: Path, source: str, segment: int) -> list[ClaimSegment] | None:
    """The claim's segments in the file it came from; null when that file is a table."""
    number = [one["name"] for one in batch.files].index(source) + 1
    data = read_bytes(Source(source, folder / "files" / f"{number:04d}"))
    if data[:4] == b"PAR1" or b"ISA" not in data[:4096]:
        return None
    return claim_segments(data, source, segment)
