"""Small invented tables of service lines, some of them damaged, and the tables that a local run gives."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

import pumpclaim
from pumpclaim.claim_set import ClaimSet
from pumpclaim.readers.tabular import read_table
from pumpclaim.reports.tabular import as_decimals
from pumpclaim.streams.tables import STREAMED

CODES = ["62370", "62369", "95991", "62368", "62362", "62350", "62327", "J7999", "J2270", "99213", "80053", " 62370", "j7999"]  # fmt: skip
TEXTS = ["MORPHINE 360MG", "MORPHINE 360MG, BUPIVACAINE 90MG", "CLONIDINE 2000MCG; VERAPAMIL 3MG", "PAIN PUMP", ""]  # fmt: skip
DAYS = ["2024-01-05", "2024-02-02", "2024-02-02", "2024-03-01", "2016-05-05", "2024-13-01"]
COMPARED = ("findings", "prices", "determinations")
KEYS = ("claim_id", "patient_id", "line", "rule", "hcpcs", "charge", "message", "segment")


def row(claim: int, line: int, patient: str, **cells: str) -> dict[str, str]:
    """One line of a claim; claims of one number are one claim, whatever else they say."""
    states = ("NV", "CA", "AZ")
    return {
        "claim_id": f"C{claim}", "patient_id": patient, "billing_provider_npi": "1234567893",
        "payer_id": ("01312", "01112", "01212")[claim % 3], "billing_state": states[claim % 3],
        "claim_place_of_service": "11", "line": str(line), **cells,
    }  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """Claims of a few patients in any order, cells as text."""
    rows = []
    for claim in range(draw(st.integers(1, 14))):
        patient = draw(st.sampled_from(["P1", "P2", "P3", "P4", " P1", ""]))
        day = draw(st.sampled_from(DAYS))
        for line in range(draw(st.integers(1, 3))):
            rows.append(row(
                claim, line + 1, patient,
                hcpcs=draw(st.sampled_from(CODES)), modifier_1=draw(st.sampled_from(["KD", "", "59"])),
                description=draw(st.sampled_from(TEXTS)), service_from=day,
                charge=draw(st.sampled_from(["100.00", "5000", "-1"] if claim % 5 == 0 else ["100.00", "5000"])),
                units=draw(st.sampled_from(["1", "2"])),
            ))  # fmt: skip
    table = pl.DataFrame(rows)
    return table[draw(st.permutations(range(table.height)))]


def local(table: pl.DataFrame, **options: Any) -> tuple[ClaimSet, dict[str, pl.DataFrame]]:
    """The claims of the whole table read at once, and what the check gives, ready to be compared."""
    names = table.columns
    claims = read_table(names, table.rename({name: str(at) for at, name in enumerate(names)}), "x")
    review = pumpclaim.check(claims, **options)
    patients = review.claim_set.claims.select("claim", "patient_id", "segment")
    found = {}
    for name in COMPARED:
        own = as_decimals(getattr(review, name))
        if "patient_id" not in own.columns:
            own = own.join(patients, on="claim", how="left", maintain_order="left")
        found[name] = own
    return claims, {name: comparable(name, one) for name, one in found.items()}


def comparable(name: str, table: pl.DataFrame, *, places: bool = False) -> pl.DataFrame:
    """The columns that a stream and a local run share, in one order; places in files only if asked."""
    kept = [c for c in STREAMED[name].schema if c != "source" and (places or c != "segment")]
    return table.select(kept).sort([key for key in KEYS if key in kept], nulls_last=True)


def written(folder: Path, name: str) -> pl.DataFrame:
    """A table of a stream's results; empty where no part was written."""
    parts = sorted((folder / name).glob("*.parquet"))
    if not parts:
        return STREAMED[name].empty()
    return pl.concat([pl.read_parquet(part) for part in parts]).cast(dict(STREAMED[name].schema))


def rejected(folder: Path) -> list[str | None]:
    """Ids of the rejected claims of a stream."""
    return sorted(written(folder, "rejected")["claim_id"].to_list(), key=str)


def in_files(table: pl.DataFrame, folder: Path, cuts: list[int]) -> list[str]:
    """The table's rows in several files, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    edges = [0, *sorted({min(cut, table.height) for cut in cuts}), table.height]
    paths = []
    for number, (begin, end) in enumerate(pairwise(edges)):
        path = folder / f"part-{number:03}.parquet"
        table[begin:end].write_parquet(path)
        paths.append(str(path))
    return paths
