"""Spark on two local cores over a data set: ``spark_alone.py FOLDER``; prints JSON of seconds by piece of work."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession

from pumpclaim.policy import load
from pumpclaim.spark import check, session

SQL = """
WITH drugs AS (
  SELECT claim_id, patient_id, line, service_from, payer_id, billing_state, claim_place_of_service,
         explode(split(description, ', ')) AS part
  FROM lines WHERE hcpcs = 'J7999'
),
amounts AS (
  SELECT d.*, f.fee,
         cast(regexp_extract(part, ' ([0-9]+([.][0-9]+)?)(MCG|MG)$', 1) AS decimal(18, 3))
           * if(part LIKE '%MCG', cast(0.001 AS decimal(9, 3)), cast(1 AS decimal(9, 3))) AS amount
  FROM drugs d
  LEFT JOIN fees f ON f.drug = regexp_extract(part, '^([A-Z]+) ', 1)
                  AND d.service_from >= f.start AND (f.end IS NULL OR d.service_from <= f.end)
),
sums AS (
  SELECT claim_id, patient_id, line, service_from, payer_id, billing_state, claim_place_of_service,
         sum(amount * fee) AS total, count(*) = count(amount * fee) AS is_known
  FROM amounts GROUP BY ALL
),
numbered AS (
  SELECT *, row_number() OVER (PARTITION BY patient_id, service_from ORDER BY claim_id, line) AS number
  FROM (
    SELECT s.*, c.fee AS compounding FROM sums s
    LEFT JOIN contracts p ON p.contract = s.payer_id
    LEFT JOIN states t ON t.state = s.billing_state
    JOIN compounding c ON s.service_from >= c.start AND (c.end IS NULL OR s.service_from <= c.end)
    WHERE p.contract IS NOT NULL OR t.state IS NOT NULL
  )
)
SELECT claim_id, line, CASE
  WHEN claim_place_of_service IN ('19', '21', '22', '23', '24', '31') THEN cast(0 AS decimal(18, 2))
  WHEN is_known THEN cast(round(total + if(number = 1, compounding, 0), 2) AS decimal(18, 2))
END AS allowed
FROM numbered
"""
"""The same prices by hand: narratives such as ``MORPHINE 360MG, BUPIVACAINE 90MG``, each day's fees, one
compounding fee a refill, nothing where a drug has no fee, claims of the article's contracts or states alone."""


def tables(spark: SparkSession) -> None:
    """The article's facts as tables, as a user of SQL would have them."""
    article = load().articles[0]
    period = (article.effective, article.ending)
    fees = [
        (fee.drug.upper(), *period, fee.fee if fee.per == "mg" else fee.fee * 1000)
        for fee in article.fees
        if fee.drug is not None
    ]
    dated = "start date, end date, fee decimal(18, 4)"
    compounding = [(*period, fee.fee) for fee in article.fees if fee.drug is None]
    contracts = [(one.number,) for one in article.contracts]
    states = sorted({(state,) for one in article.contracts for state in one.states})
    for name, rows, schema in (
        ("fees", fees, f"drug string, {dated}"),
        ("compounding", compounding, dated),
        ("contracts", contracts, "contract string"),
        ("states", states, "state string"),
    ):
        spark.createDataFrame(rows, schema).createOrReplaceTempView(name)


def agree(spark: SparkSession, lines: DataFrame) -> None:
    """Stop unless the SQL gives our prices, line by line."""
    checked = check(lines, scope="pump", partitions=8)
    _, prices, _ = checked
    ours = prices.where(
        "hcpcs = 'J7999' AND reason IS DISTINCT FROM 'the article does not reach this line'"
    )
    ours = ours.selectExpr("claim_id", "cast(line AS bigint) AS line", "allowed")
    theirs = spark.sql(SQL).selectExpr("claim_id", "cast(line AS bigint) AS line", "allowed")
    more, less = ours.exceptAll(theirs), theirs.exceptAll(ours)
    if not (more.isEmpty() and less.isEmpty()):
        sys.exit(f"the SQL prices otherwise: {more.take(5)} against {less.take(5)}")
    checked.unpersist()


def main() -> None:
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    spark = session("local[2]", {
        "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.memory": "3g",
        "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "8",
    })  # fmt: skip
    spark.sparkContext.setLogLevel("ERROR")
    lines = spark.read.parquet(sys.argv[1])
    lines.createOrReplaceTempView("lines")
    tables(spark)

    def ours(scope: str) -> Callable[[], None]:
        def work() -> None:
            checked = check(lines, scope=scope, partitions=8)
            for one in checked:
                one.write.format("noop").mode("overwrite").save()
            checked.unpersist()

        return work

    def identity() -> None:
        same = lines.mapInArrow(lambda batches: batches, lines.schema)
        same.write.format("noop").mode("overwrite").save()

    def by_sql() -> None:
        spark.sql(SQL).write.format("noop").mode("overwrite").save()

    agree(spark, lines)
    works = {"identity": identity, "pump": ours("pump"), "all": ours("all"), "sql": by_sql}
    seconds: dict[str, float] = {}
    for name, work in works.items():
        spent = []
        for turn in range(1 if name == "all" and len(sys.argv) > 2 else 3):
            start = time.perf_counter()
            work()
            if turn or name == "all":
                spent.append(time.perf_counter() - start)
        seconds[name] = min(spent)
    print(json.dumps({"seconds": seconds, "lines": lines.count()}))


if __name__ == "__main__":
    main()
