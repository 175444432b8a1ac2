"""Invented Parquet data sets of any size, as an analyst has them: flat layout, a file a million lines.

Two kinds of lines: pump clinics (``line_tables``: every claim concerns a pump), and everybody else's (office
visits, laboratory, imaging), which are most of what a contractor holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

from line_tables import lines_table
from pumpclaim.readers.flat import claim_columns, line_columns
from pumpclaim.tables import NANO, UNIT

A_FILE = 1_000_000
OTHERS = ["99213", "99214", "99232", "36415", "80053", "85025", "93000", "71046", "97110", "J1885", "G0439", "92014"]  # fmt: skip
SHARE_OF_PUMPS = 0.02
"""Lines of patients with a pump among a contractor's; real shares are smaller."""


def make(folder: Path, lines: int, *, pumps: float, by: str) -> list[Path]:
    """Write ``lines`` service lines, a share of them of pump patients, sorted ``by`` patient or by year.

    By year they lie in hive partitions, and a patient's lines are scattered over them.
    """
    sizes = [min(A_FILE, lines - start) for start in range(0, lines, A_FILE)]
    folder.mkdir(parents=True, exist_ok=True)
    asked = [(folder, number, size, pumps, by) for number, size in enumerate(sizes)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return [path for paths in pool.map(_write, asked) for path in paths]


def _write(asked: tuple[Path, int, int, float, str]) -> list[Path]:
    folder, number, size, pumps, by = asked
    table = flat(size, number, pumps)
    if by == "patient":
        path = folder / f"part-{number:04}.parquet"
        table.sort("patient_id", "claim_id", "line").write_parquet(path)
        return [path]
    return list(_by_year(table, folder, number))


def _by_year(table: pl.DataFrame, folder: Path, number: int) -> Iterator[Path]:
    years = table["service_from"].dt.year()
    for year in years.unique().sort():
        path = folder / f"year={year}" / f"part-{number:04}.parquet"
        path.parent.mkdir(exist_ok=True)
        table.filter(years == year).sort("service_from", "claim_id", "line").write_parquet(path)
        yield path


def flat(size: int, number: int, pumps: float) -> pl.DataFrame:
    """``size`` lines in the flat layout, money in dollars and cents; patients are this table's own."""
    of_pumps = round(size * pumps)
    tables = []
    if of_pumps:
        tables.append(clinics(of_pumps, number))
    if size > of_pumps:
        tables.append(others(size - of_pumps, number))
    return pl.concat(tables, how="diagonal_relaxed")


def clinics(size: int, number: int) -> pl.DataFrame:
    """Lines of pump clinics."""
    made = lines_table(size, seed=number + 1)
    of_claim = made.claims.select(pl.col(c.name).alias(name) for name, c in claim_columns().items())
    whole = pl.concat(
        [of_claim[made.lines["claim"]], made.lines.select(list(line_columns()))], how="horizontal"
    )
    kept = [name for name in whole.columns if whole[name].null_count() < size]
    own = pl.lit(f"{number:04}-")
    return whole.select(kept).with_columns(
        form=pl.col("form").cast(pl.String),
        claim_id=own + pl.col("claim_id"),
        patient_id=own + pl.col("patient_id"),
        charge=(pl.col("charge") // (NANO // 100)).cast(pl.Decimal(18, 0)).cast(pl.Decimal(18, 2)) / 100,
        units=pl.col("units") // UNIT,
    ).with_columns(pl.col("charge").cast(pl.Decimal(18, 2)))  # fmt: skip


def others(size: int, number: int) -> pl.DataFrame:
    """Lines that no pump has to do with: two a claim, twenty claims a patient."""
    rng = np.random.default_rng([number, 7])
    claim = np.arange(size) // 2
    patient = claim // 20
    day = pl.Series(rng.integers(17_169, 20_453, claim[-1] + 1)[claim], dtype=pl.Int32).cast(
        pl.Date
    )
    cents = rng.integers(500, 60_000, size)
    own = f"{number:04}-"
    return pl.DataFrame({
        "claim_id": own + "C" + pl.Series(claim).cast(pl.String),
        "form": pl.repeat("professional", size, eager=True),
        "patient_id": own + "B" + pl.Series(patient).cast(pl.String),
        "filing_indicator": pl.repeat("MB", size, eager=True),
        "payer_id": pl.Series(["01112", "01312", "01212"])[patient % 3],
        "billing_provider_npi": pl.Series(1_100_000_000 + patient % 997).cast(pl.String),
        "billing_state": pl.Series(["CA", "NV", "HI"])[patient % 3],
        "claim_place_of_service": pl.Series(["11", "22"])[claim % 7 // 6],
        "frequency_code": pl.repeat("1", size, eager=True),
        "assignment": pl.repeat("A", size, eager=True),
        "diagnoses": pl.Series([["I10", "E119"]]).new_from_index(0, size),
        "line": (np.arange(size) % 2 + 1).astype(np.uint32),
        "hcpcs": pl.Series(OTHERS)[rng.integers(0, len(OTHERS), size)],
        "charge": pl.Series(cents).cast(pl.Decimal(18, 0)).cast(pl.Decimal(18, 2)) / 100,
        "units": np.ones(size, np.int64),
        "unit_basis": pl.repeat("UN", size, eager=True),
        "service_from": day,
        "service_to": day,
    }).with_columns(pl.col("charge").cast(pl.Decimal(18, 2)))  # fmt: skip
