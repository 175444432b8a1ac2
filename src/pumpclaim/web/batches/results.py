"""What was found in a batch, as Parquet files in its folder, and one patient's part of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from pumpclaim.charts.chart_set import ChartSet
from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.patient_ids import plain_ids
from pumpclaim.policy.chart import EVIDENCE
from pumpclaim.tables import CLAIMS, LINES, WORKLIST
from pumpclaim.utilization.measure import Utilization, of_review
from pumpclaim.worklist import worklist

if TYPE_CHECKING:
    from pathlib import Path

    from pumpclaim.policy import PolicySet
    from pumpclaim.review import Review

REFUSED, NOTICES = "refused.json", "notices.json"
CHARTS, NAMES = "charts.json", "names.json"
PARTS = ("implant", "encounter")
GONE = (
    "what was found in this upload is not there any more; it was removed, or is to be judged again"
)


def save(review: Review, past: ClaimSet | None, folder: Path) -> dict[str, Any]:
    """Write the tables of a review into ``folder`` and give the summary that the lists show.

    ``past`` are the earlier claims of the history that it was judged against; they and the charts that
    judged are kept beside, so that a claim can be judged anew as it was.
    """
    claim_set = review.claim_set
    found = worklist(review)
    tables = {
        "claims": claim_set.claims,
        "lines": claim_set.lines,
        "rejected": claim_set.rejected,
        "findings": review.findings,
        "worklist": found,
        "refills": of_review(review).refills,
    }
    if past is not None:
        tables |= {"past_claims": past.claims, "past_lines": past.lines}
    if review.charts is not None:
        tables |= {f"charts_{part}": review.charts.of(part) for part in PARTS}
        tables |= {"evidence": review.charts.evidence}
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet", row_group_size=100_000)
    (folder / NOTICES).write_bytes(orjson.dumps([one.sentence for one in review.notices]))
    refused = [one.sentence for one in review.refused]
    (folder / REFUSED).write_bytes(orjson.dumps(refused))
    counts = found.group_by(pl.col("determination").cast(pl.String)).len().rows()
    return {
        **review.summary(),
        **{name: int(found[name].fill_null(0).sum()) for name in ("at_stake", "left_uncharged")},
        "determinations": dict(counts),
        "refused": len(refused),
        "charted": _charted(review),
    }


def _charted(review: Review) -> int:
    """Patients of the claims of whom there is a chart."""
    if review.charts is None:
        return 0
    charts = [review.charts.of(part)["patient_id"] for part in PARTS]
    patients = plain_ids(review.claim_set.claims["patient_id"]).unique()
    return int(patients.is_in(plain_ids(pl.concat(charts)).implode()).sum())


def text_name(file: int) -> str:
    """Where the segments of an upload's file (from 0) are kept, in pieces, if it is an 837."""
    return f"text_{file:04d}.parquet"


class GoneError(InputError):
    """The tables of a batch are not there any more: it was removed or judged again meanwhile."""


@dataclass(frozen=True)
class Results:
    """The tables of a judged batch; what is not asked for is not read. All that is raises GoneError."""

    folder: Path

    def _scan(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder / f"{name}.parquet")

    @cached_property
    def worklist(self) -> pl.DataFrame:
        """Every reviewed claim (tables.WORKLIST); what an earlier version did not write is null."""
        return WORKLIST.conform(_read(self._scan("worklist")))

    def determinations(self, claims: list[int]) -> dict[tuple[int, str | None], str]:
        """The determinations of some claims, by their numbers and ids."""
        rows = self._scan("worklist").select(
            "claim", "claim_id", pl.col("determination").cast(pl.String)
        )
        found = _read(rows.filter(pl.col("claim").is_in(claims)))
        return {(claim, claim_id): told for claim, claim_id, told in found.iter_rows()}

    @cached_property
    def rejected(self) -> pl.DataFrame:
        """Claims that could not be read (tables.REJECTED)."""
        return _read(self._scan("rejected"))

    @cached_property
    def refused(self) -> list[str]:
        """Files and parts of files that could not be used, a sentence each."""
        found: list[str] = self._json(REFUSED, [])
        return found

    @cached_property
    def notices(self) -> list[str]:
        """What layouts of files do not carry, a sentence each file."""
        found: list[str] = self._json(NOTICES, [])
        return found

    def findings_of(self, claims: pl.Series) -> pl.DataFrame:
        """The findings of some claims (tables.FINDINGS)."""
        return _read(self._scan("findings").filter(pl.col("claim").is_in(claims.to_list())))

    @cached_property
    def chart_documents(self) -> list[dict[str, Any]]:
        """The charts with which it was judged, as contents of chart files."""
        found: list[dict[str, Any]] = self._json(CHARTS, [])
        return found

    def charts(self, policy: PolicySet) -> ChartSet | None:
        """The charts with which it was judged, those of the history among them; null without any."""
        if not self._has("evidence.parquet"):
            return None
        implants, encounters = (
            policy.chart[part].table.conform(_read(self._scan(f"charts_{part}"))) for part in PARTS
        )
        return ChartSet(implants, encounters, EVIDENCE.conform(_read(self._scan("evidence"))))

    def of_patients(self, keep: pl.Expr) -> tuple[ClaimSet, pl.Series]:
        """The claims that ``keep`` chooses with all others of their patients, renumbered.

        Gives the claims (those of the batch before those of its history) and their numbers in the batch.
        Rules look at no other patient, so that these claims are judged as they were in the whole batch.
        """
        chosen = _read(self._scan("claims").filter(keep).select("claim", "patient_id"))
        patients = chosen["patient_id"].drop_nulls().unique().to_list()
        asked = pl.col("patient_id").is_in(patients) | pl.col("claim").is_in(
            chosen["claim"].to_list()
        )
        claims = _read(self._scan("claims").filter(asked))
        numbers = claims["claim"]
        return _renumbered(claims, self._lines("lines", numbers)), numbers

    def text_of(self, file: int, segment: int) -> tuple[bytes, int] | None:
        """The piece of an 837 in which a segment stands, and its first (see ``readers.claim_text``); null for
        a file that is none."""
        if not self._has(text_name(file)):
            return None
        found = pl.scan_parquet(self.folder / text_name(file)).filter(pl.col("first") <= segment)
        text, first = _read(found.last().select("text", "first")).row(0)
        return text, first

    def past_of(self, patients: list[str]) -> ClaimSet | None:
        """The earlier claims of these patients that the history gave; null without a history."""
        if not self._has("past_claims.parquet"):
            return None
        claims = _read(self._scan("past_claims").filter(pl.col("patient_id").is_in(patients)))
        return _renumbered(claims, self._lines("past_lines", claims["claim"]))

    def own_names(self, source: str) -> dict[str, str]:
        """What a table of the batch calls its columns (``readers.own_names``); empty where nothing tells."""
        found: dict[str, dict[str, str]] = self._json(NAMES, {})
        return found.get(source, {})

    def utilization(self, policy: PolicySet) -> Utilization:
        """The refills of the batch and of its history, as they were measured."""
        return Utilization(_read(self._scan("refills")), policy)

    def _lines(self, name: str, claims: pl.Series) -> pl.DataFrame:
        return _read(self._scan(name).filter(pl.col("claim").is_in(claims.to_list())))

    def _json(self, name: str, empty: Any) -> Any:
        """What a file holds; ``empty`` where an earlier version wrote none."""
        return orjson.loads((self.folder / name).read_bytes()) if self._has(name) else empty

    def _has(self, name: str) -> bool:
        """Whether a file was written."""
        if not self.folder.exists():
            raise GoneError(GONE)
        return (self.folder / name).exists()


def _read(asked: pl.LazyFrame) -> pl.DataFrame:
    try:
        return asked.collect()
    except FileNotFoundError:
        raise GoneError(GONE) from None


def _renumbered(claims: pl.DataFrame, lines: pl.DataFrame) -> ClaimSet:
    numbers = pl.DataFrame({
        "claim": claims["claim"], "new": pl.int_range(claims.height, dtype=pl.UInt32, eager=True),
    })  # fmt: skip
    moved = [
        table.join(numbers, on="claim", how="inner", maintain_order="left").with_columns(
            claim="new"
        )
        for table in (claims, lines)
    ]
    return ClaimSet(CLAIMS.conform(moved[0]), LINES.conform(moved[1]))
