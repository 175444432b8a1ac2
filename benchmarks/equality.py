"""Local and streamed results on millions of generated lines, row by row: ``equality.py LINES``.

The local run holds everything in memory at once (about a gigabyte a million lines).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl

import pumpclaim
from data_sets import SHARE_OF_PUMPS, make
from pumpclaim.readers.tabular import read_table
from pumpclaim.reports.tabular import as_decimals
from pumpclaim.streams import check_stream

KEYS = ("claim_id", "patient_id", "line", "rule")


def main() -> None:
    lines = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        paths = make(room / "in", lines, pumps=SHARE_OF_PUMPS, by="year")
        check_stream([str(room / "in")], room / "out")
        table = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths], how="diagonal_relaxed")  # fmt: skip
        names = table.columns
        claims = read_table(
            names, table.rename({one: str(at) for at, one in enumerate(names)}), "x"
        )
        del table
        review = pumpclaim.check(claims)
        for kind in ("findings", "determinations", "prices"):
            local = as_decimals(getattr(review, kind))
            streamed = pl.read_parquet(room / "out" / kind / "*.parquet")
            kept = [
                c for c in local.columns if c in streamed.columns and c not in ("source", "segment")
            ]
            keys = [key for key in KEYS if key in kept]
            same = streamed.select(kept).sort(keys).equals(local.select(kept).sort(keys))
            print(f"{kind}: {local.height:,} rows, {'equal' if same else 'DIFFERENT'}", flush=True)
            if not same:
                sys.exit(1)


if __name__ == "__main__":
    main()
