"""Claims across uploads: names of patients, and what is found by a claim's id or a patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.patient_ids import plain_id, plain_ids
from pumpclaim.tables import WORKLIST
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.security.visitors import SEE_ALL
from pumpclaim.worklist import contains, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

FILE = "file"
"""Column that tells from which upload's table a row is."""


def judged_batches(services: Services, visitor: Visitor) -> list[Batch]:
    """The uploads that the visitor may see and that are judged, newest first."""
    mine = None if visitor.may(SEE_ALL) else visitor.id
    return [one for one in services.batches.of(mine) if one.state == DONE]


def claims_of(services: Services, batches: Sequence[Batch]) -> pl.LazyFrame:
    """The worklists of uploads as one (tables.WORKLIST), with ``batch``, the upload's id."""
    files = {str(services.batches.results(one) / "worklist.parquet"): one.id for one in batches}
    if not files:
        return WORKLIST.empty().lazy().with_columns(batch=pl.lit(None, pl.String))
    rows = pl.scan_parquet(
        list(files), schema=WORKLIST.schema, missing_columns="insert", extra_columns="ignore",
        include_file_paths=FILE,
    )  # fmt: skip
    return rows.with_columns(batch=pl.col(FILE).replace_strict(files, return_dtype=pl.String)).drop(
        FILE
    )


def patient_names(services: Services, visitor: Visitor, patients: Iterable[str]) -> dict[str, str]:
    """Names of patients by their plain ids, as the visitor's uploads carry them, the newest first."""
    wanted = {plain_id(one) for one in patients}
    if not wanted:
        return {}
    rows = claims_of(services, judged_batches(services, visitor))
    told = (
        rows.select("patient_id", "patient_name")
        .filter(pl.col("patient_name").is_not_null() & pl.col("patient_id").is_not_null())
        .unique(maintain_order=True)
        .collect()
    )
    known = told.with_columns(plain=plain_ids(told["patient_id"]))
    found = known.filter(pl.col("plain").is_in(list(wanted))).unique(
        "plain", keep="first", maintain_order=True
    )
    return dict(found.select("plain", "patient_name").iter_rows())


def patient_claims(services: Services, visitor: Visitor, patient: str) -> list[dict[str, Any]]:
    """The claims of a patient in the visitor's uploads, the newest service first (tables.WORKLIST, with
    ``batch`` and the upload's ``title``)."""
    batches = judged_batches(services, visitor)
    known = claims_of(services, batches).filter(pl.col("patient_id").is_not_null()).collect()
    own = known.filter(plain_ids(known["patient_id"]) == plain_id(patient))
    titles = {one.id: one.title for one in batches}
    newest = own.sort("service_date", descending=True, nulls_last=True, maintain_order=True)
    return [{**row, "title": titles[row["batch"]]} for row in newest.iter_rows(named=True)]


def find_claims(
    services: Services, visitor: Visitor, text: str, most: int
) -> tuple[list[dict[str, Any]], int]:
    """Claims of the visitor's uploads that have every word of ``text`` in id, patient or name, newest uploads
    first, at most ``most``; and how many there are. Each row is one of tables.WORKLIST with its ``batch``."""
    batches = judged_batches(services, visitor)
    asked = [
        pl.any_horizontal(
            contains(name, word) for name in ("claim_id", "patient_id", "patient_name")
        )
        for word in words_of(text)
    ]
    if not asked:
        return [], 0
    found = claims_of(services, batches).filter(*asked).collect()
    order = {one.id: number for number, one in enumerate(batches)}
    newest = found.sort(
        pl.col("batch").replace_strict(order, return_dtype=pl.Int64), maintain_order=True
    )
    titles = {one.id: one.title for one in batches}
    rows = [
        {**row, "title": titles[row["batch"]]} for row in newest.head(most).iter_rows(named=True)
    ]
    return rows, found.height


@dataclass(frozen=True)
class Again:
    """The same claim in another upload of its owner."""

    batch: Batch
    claim: int
    determination: str
    at_stake: int | None


def again(
    services: Services, batch: Batch, row: Mapping[str, Any]
) -> tuple[list[Again], list[Again]]:
    """Where the claim of a worklist's row stands in the owner's earlier and later uploads, oldest first.

    A claim sent again bears the same id and patient.
    """
    if row["claim_id"] is None:
        return [], []
    others = [
        one for one in services.batches.of(batch.owner) if one.state == DONE and one.id != batch.id
    ]
    by_id = {one.id: one for one in others}
    same = claims_of(services, others).filter(
        pl.col("claim_id") == row["claim_id"], pl.col("patient_id").eq_missing(row["patient_id"])
    )
    rows = same.select(
        "batch", "claim", pl.col("determination").cast(pl.String), "at_stake"
    ).collect()
    found = [Again(by_id[name], *rest) for name, *rest in rows.iter_rows()]
    found.sort(key=lambda one: (one.batch.created, one.claim))
    earlier = [one for one in found if one.batch.created <= batch.created]
    return earlier, [one for one in found if one.batch.created > batch.created]
