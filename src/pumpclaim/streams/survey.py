"""Before anything is judged: which patients' rows lie apart, and whom the article concerns at all.

Three columns are read. Patients stand as 64-bit hashes of their ids; two who share one are kept together.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.compiled import compile_policy
from pumpclaim.policy.model import Role
from pumpclaim.readers.flat import flat_columns
from pumpclaim.readers.values import read_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pumpclaim.policy import PolicySet
    from pumpclaim.streams.data_set import DataSet, Slice

    Bools = NDArray[np.bool_]
    Hashes = NDArray[np.uint64]

MODIFIERS = ("modifier_1", "modifier_2", "modifier_3", "modifier_4", "modifiers")
WORKERS = 2
"""Slices that are looked at side by side."""
SURVEYED = ("patient_id", "hcpcs", *MODIFIERS)


MOST_KEPT = 50_000_000
"""Rows up to which the patients' hashes are kept, 8 bytes each, so that they need not be read again."""


@dataclass(frozen=True)
class Survey:
    """What was found, as sorted hashes and ids.

    ``concerned`` are patients of whom a line bears one of the article's codes (null when it was not asked),
    ``ids_of_nobody`` claim ids of rows whose patient is not known. ``parts`` are the slices of the set
    that are read together, about as many rows of the scope in each; ``scattered`` are patients with rows in
    several of them. ``kept`` has the hashes of each slice's rows, where there was room.
    """

    parts: tuple[tuple[Slice, ...], ...]
    scattered: Hashes
    concerned: Hashes | None
    ids_of_nobody: tuple[str, ...]
    patients: int
    kept: dict[Slice, Hashes]


def hashes(patients: pl.Series) -> Hashes:
    """A number for each patient id, the same in every piece."""
    return patients.hash(seed=1).to_numpy()


def within(values: Hashes, known: Hashes) -> Bools:
    """Which values are among the ``known``."""
    found: Bools = pl.Series(values).is_in(pl.Series(known).implode()).to_numpy()
    return found


def patient_ids(rows: pl.DataFrame) -> pl.Series:
    """The patients of rows as the reader takes them; null where there is none or it cannot be read."""
    return read_cells("patient_id", flat_columns()["patient_id"], rows["patient_id"])


def concerns(rows: pl.DataFrame, policy: PolicySet) -> Bools:
    """Lines of which one is enough for the article to concern their patient."""
    compiled = compile_policy(policy)
    codes = rows["hcpcs"]
    distinct = codes.unique().drop_nulls()
    plain = read_cells("hcpcs", flat_columns()["hcpcs"], distinct)
    roles = compiled.code_roles[compiled.code_positions(plain)]
    found = _among(codes, distinct.filter(pl.Series((roles & np.uint32(Role.CONCERNS)) != 0)))
    drugs = distinct.filter(pl.Series((roles & np.uint32(Role.DRUG)) != 0))
    if len(drugs):
        marked = _among(codes, drugs)
        for name in MODIFIERS:
            if name in rows.columns and marked.any():
                found |= marked & _has_kd(rows[name])
    return found


def _among(column: pl.Series, values: pl.Series) -> Bools:
    return column.is_in(values.implode()).fill_null(value=False).to_numpy().copy()


def _has_kd(cells: pl.Series) -> Bools:
    if isinstance(cells.dtype, pl.List):
        cells = cells.cast(pl.List(pl.String)).list.join(" ")
    return cells.cast(pl.String).str.contains("(?i)kd").fill_null(value=False).to_numpy()


def survey(
    data: DataSet,
    policy: PolicySet,
    size: int,
    *,
    only_concerned: bool,
    done: Callable[[int], None],
) -> Survey:
    """Look through the whole set, for parts of about ``size`` rows; ``done`` is told the rows of each slice.

    Raises BadFileError.
    """
    slices = data.slices(size)
    keep = data.rows <= MOST_KEPT
    looked = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for one in pool.map(partial(_look, data, policy, only_concerned=only_concerned), slices):
            looked.append(one if keep else replace(one, rows=None))
            done(one.slice.rows)
    concerned = _distinct([one.concerned for one in looked]) if only_concerned else None
    if concerned is not None:
        looked = [
            replace(one, patients=one.patients[within(one.patients, concerned)]) for one in looked
        ]
    parts = _parts(looked, size)
    every = np.sort(np.concatenate([_distinct([one.patients for one in part]) for part in parts]))
    again = every[1:] == every[:-1]
    nobody = {claim for one in looked for claim in one.of_nobody}
    return Survey(
        tuple(tuple(one.slice for one in part) for part in parts),
        np.unique(every[1:][again]),
        concerned,
        tuple(sorted(nobody)),
        len(every) - int(again.sum()),
        {one.slice: one.rows for one in looked if one.rows is not None},
    )


@dataclass(frozen=True)
class _Looked:
    """What was seen of a slice: its rows' hashes, its patients, those concerned, claims of nobody."""

    slice: Slice
    rows: Hashes | None
    patients: Hashes
    concerned: Hashes
    of_nobody: frozenset[str]
    seen: int
    """Patients in all, of which ``patients`` may be some."""


def _look(data: DataSet, policy: PolicySet, one: Slice, *, only_concerned: bool) -> _Looked:
    rows = data.read(one, SURVEYED if only_concerned else ("patient_id",))
    ids = patient_ids(rows)
    own = hashes(ids)
    concerned = np.zeros(0, np.uint64)
    if only_concerned:
        # A row without a patient is looked at, whatever it bears: it is rejected and listed.
        concerned = np.unique(own[concerns(rows, policy) | ids.is_null().to_numpy()])
    of_nobody = _claims_of_nobody(data, one, ids) if ids.null_count() else frozenset()
    patients = _distinct([own])
    return _Looked(one, own, patients, concerned, of_nobody, len(patients))


def _distinct(values: Sequence[Hashes]) -> Hashes:
    whole = np.concatenate([np.zeros(0, np.uint64), *values])
    return np.sort(pl.Series(whole).unique().to_numpy())


def _parts(looked: Sequence[_Looked], size: int) -> list[list[_Looked]]:
    """Neighbouring slices together until their patients in the scope have about ``size`` rows."""
    parts: list[list[_Looked]] = [[]]
    room = float(size)
    for one in looked:
        share = len(one.patients) / max(one.seen, 1)
        rows = one.slice.rows * share
        if parts[-1] and rows > room:
            parts.append([])
            room = size
        parts[-1].append(one)
        room -= rows
    return parts


def _claims_of_nobody(data: DataSet, one: Slice, ids: pl.Series) -> frozenset[str]:
    claims = data.read(one, ("claim_id",))["claim_id"].filter(ids.is_null())
    return frozenset(read_cells("claim_id", flat_columns()["claim_id"], claims).drop_nulls())
