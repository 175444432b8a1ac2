"""Claims across uploads: names of patients, and what is found by a claim's id or a patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.patient_ids import plain_column, plain_id
from pumpclaim.tables import WORKLIST
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.security.visitors import SEE_ALL
from pumpclaim.worklist import contains, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pumpclaim.web.batches.store import Batch
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

FILE = "file"
"""Column that tells from which upload's table a row is."""


def judged_batches(services: Services, visitor: Visitor) -> list[Batch]:
    """The uploads that the visitor may see and that are judged, newest first."""
    mine = None if visitor.may(SEE_ALL) else visitor.id
    return [one for one in services.batches.of(mine) if one.state == DONE]


def _read(
    services: Services, batches: Sequence[Batch], asked: Callable[[pl.LazyFrame], pl.LazyFrame]
) -> pl.DataFrame:
    """What is ``asked`` of the worklists of uploads as one (tables.WORKLIST, in the order of the uploads),
    with ``batch``, the upload's id; of an upload that is removed or judged again meanwhile nothing."""
    files = {services.batches.results(one) / "worklist.parquet": one.id for one in batches}
    while there := {str(file): batch for file, batch in files.items() if file.exists()}:
        rows = pl.scan_parquet(
            list(there), schema=WORKLIST.schema, missing_columns="insert", extra_columns="ignore",
            include_file_paths=FILE, glob=False,
        )  # fmt: skip
        of_batch = pl.col(FILE).replace_strict(there, return_dtype=pl.String)
        try:
            return asked(rows.with_columns(batch=of_batch).drop(FILE)).collect(engine="streaming")
        except FileNotFoundError:
            continue
    return asked(WORKLIST.empty().lazy().with_columns(batch=pl.lit(None, pl.String))).collect()


def patient_names(services: Services, visitor: Visitor, patients: Iterable[str]) -> dict[str, str]:
    """Names of patients by their plain ids, as the visitor's uploads carry them, the newest first."""
    wanted = {plain_id(one) for one in patients}
    if not wanted:
        return {}
    found = _read(
        services,
        judged_batches(services, visitor),
        lambda rows: (
            rows.select("patient_name", plain=plain_column("patient_id"))
            .filter(pl.col("plain").is_in(list(wanted)), pl.col("patient_name").is_not_null())
            .unique("plain", keep="first", maintain_order=True)
        ),
    )
    return dict(found.select("plain", "patient_name").iter_rows())


def patient_claims(services: Services, visitor: Visitor, patient: str) -> list[dict[str, Any]]:
    """The claims of a patient in the visitor's uploads, the newest service first (tables.WORKLIST, with
    ``batch`` and the upload's ``title``)."""
    batches = judged_batches(services, visitor)
    is_own = plain_column("patient_id") == plain_id(patient)
    own = _read(services, batches, lambda rows: rows.filter(is_own))
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
    found = _read(services, batches, lambda rows: rows.filter(*asked).head(most))
    count = found.height
    if count == most:
        count = _read(services, batches, lambda rows: rows.filter(*asked).select(pl.len())).item()
    titles = {one.id: one.title for one in batches}
    return [{**row, "title": titles[row["batch"]]} for row in found.iter_rows(named=True)], count


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

    A claim sent again bears the same id and patient, whose id may be written otherwise.
    """
    if row["claim_id"] is None:
        return [], []
    others = [
        one for one in services.batches.of(batch.owner) if one.state == DONE and one.id != batch.id
    ]
    by_id = {one.id: one for one in others}
    patient = None if row["patient_id"] is None else plain_id(row["patient_id"])
    is_same = (pl.col("claim_id") == row["claim_id"]) & plain_column("patient_id").eq_missing(
        pl.lit(patient, pl.String)
    )
    told = ("batch", "claim", pl.col("determination").cast(pl.String), "at_stake")
    rows = _read(services, others, lambda rows: rows.filter(is_same).select(*told))
    found = [Again(by_id[name], *rest) for name, *rest in rows.iter_rows()]
    found.sort(key=lambda one: (one.batch.created, one.claim))
    earlier = [one for one in found if one.batch.created <= batch.created]
    return earlier, [one for one in found if one.batch.created > batch.created]
