"""SQL by hand in DuckDB: drugs joined to a dated fee table, summed by refill, DECIMAL throughout."""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl

SQL = """
SELECT d.refill, round(sum(d.amount * f.fee) + c.fee, 2) AS allowed
FROM drugs d
JOIN fees f ON f.drug = d.drug AND d.day >= f.start
CROSS JOIN compounding c
GROUP BY d.refill, c.fee
ORDER BY d.refill
"""


def prepare(refills):
    connection = duckdb.connect()
    money = pl.Decimal(18, 4)
    connection.register("fees_given", pl.DataFrame({
        "drug": list(refills.fees), "start": refills.effective,
        "fee": pl.Series([str(fee.fee) for fee in refills.fees.values()]).cast(money),
    }).to_arrow())  # fmt: skip
    connection.register("compounding_given", pl.DataFrame({"fee": pl.Series([str(refills.compounding)]).cast(money)}).to_arrow())  # fmt: skip
    connection.register("drugs_given", refills.frame.to_arrow())
    for name in ("fees", "compounding", "drugs"):
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")
    return connection


def price(connection):
    return connection.execute(SQL).fetchnumpy()["allowed"]


def cents(found):
    return np.rint(np.asarray(found, float) * 100).astype(np.int64)
