"""Before anything is judged: which patients' rows lie apart, and whom the article concerns at all.

Three columns are read. Patients stand as 64-bit hashes of their ids; two who share one are kept together.
"""

from __future__ import annotations

from dataclasses import dataclass
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

ALONE = Role.PUMP_SERVICE | Role.COMPOUNDED | Role.SUPERSEDED_COMPOUND
"""Codes of which one line makes the article concern its patient, whatever else is billed."""
WITH_KD = Role.DRUG
"""Codes that do so with modifier KD."""
MODIFIERS = ("modifier_1", "modifier_2", "modifier_3", "modifier_4", "modifiers")
SURVEYED = ("patient_id", "hcpcs", *MODIFIERS)


@dataclass(frozen=True)
class Survey:
    """What was found, as sorted hashes and ids.

    ``scattered`` are patients with rows in several pieces, ``concerned`` those of whom a line bears one of
    the article's codes (null when it was not asked); ``ids_of_nobody`` are claim ids of rows whose patient
    is not known.
    """

    scattered: Hashes
    concerned: Hashes | None
    ids_of_nobody: tuple[str, ...]
    patients: int


def hashes(patients: pl.Series) -> Hashes:
    """A number for each patient id, the same in every piece."""
    return patients.hash(seed=1).to_numpy()


def within(values: Hashes, known: Hashes) -> Bools:
    """Which values stand in the sorted ``known``."""
    if not len(known):
        return np.zeros(len(values), bool)
    at = np.searchsorted(known, values)
    at[at == len(known)] = 0
    found: Bools = known[at] == values
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
    found = _among(codes, distinct.filter(pl.Series((roles & np.uint32(ALONE)) != 0)))
    drugs = distinct.filter(pl.Series((roles & np.uint32(WITH_KD)) != 0))
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
    pieces: Sequence[tuple[Slice, ...]],
    policy: PolicySet,
    *,
    only_concerned: bool,
    done: Callable[[int], None],
) -> Survey:
    """Look through the whole set; ``done`` is told the rows of each piece. Raises BadFileError."""
    wanted = SURVEYED if only_concerned else ("patient_id",)
    each: list[Hashes] = []
    concerned: list[Hashes] = []
    nobody: set[str] = set()
    for piece in pieces:
        of_piece: list[Hashes] = []
        for one in piece:
            rows = data.read(one, wanted)
            ids = patient_ids(rows)
            own = hashes(ids)
            if ids.null_count():
                nobody |= _claims_of_nobody(data, one, ids)
            if only_concerned:
                concerned.append(
                    np.unique(own[concerns(rows, policy) & ids.is_not_null().to_numpy()])
                )
            of_piece.append(pl.Series(own).unique().to_numpy())
            done(one.rows)
        each.append(np.unique(np.concatenate(of_piece)))
    every = np.sort(np.concatenate(each)) if each else np.zeros(0, np.uint64)
    again = every[1:] == every[:-1]
    return Survey(
        np.unique(every[1:][again]),
        np.unique(np.concatenate(concerned)) if concerned else None,
        tuple(sorted(nobody)),
        len(every) - int(again.sum()),
    )


def _claims_of_nobody(data: DataSet, one: Slice, ids: pl.Series) -> set[str]:
    claims = data.read(one, ("claim_id",))["claim_id"].filter(ids.is_null())
    return set(read_cells("claim_id", flat_columns()["claim_id"], claims).drop_nulls())
