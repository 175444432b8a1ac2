"""Claims across uploads: names of patients, and what is found by a claim's id or a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.patient_ids import plain_id, plain_ids
from pumpclaim.tables import WORKLIST
from pumpclaim.web.batches.store import DONE
from pumpclaim.web.security.visitors import SEE_ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    files = {str(services.batches.folder(one.id) / "worklist.parquet"): one.id for one in batches}
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
