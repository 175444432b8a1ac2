"""Spark on two local cores over a data set: ``spark_alone.py FOLDER``; prints JSON of seconds by piece of work."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

from pumpclaim.policy import load
from pumpclaim.spark import check, session


def sql(compounding: object) -> str:
    """The pricing of narratives such as ``MORPHINE 360MG, BUPIVACAINE 90MG`` in Spark SQL."""
    return f"""
    SELECT claim_id, line, round(sum(amount * fee) + {compounding}, 2) AS allowed
    FROM (
      SELECT claim_id, line, trim(regexp_extract(one, '^([A-Z]+) ', 1)) AS drug,
             cast(regexp_extract(one, ' ([0-9.]+)', 1) AS decimal(18, 3))
               * if(one LIKE '%MCG', cast(0.001 AS decimal(9, 3)), cast(1 AS decimal(9, 3))) AS amount
      FROM (
        SELECT claim_id, line, explode(split(description, ', ')) AS one
        FROM lines WHERE hcpcs = 'J7999' AND description IS NOT NULL
      )
    ) JOIN fees USING (drug)
    GROUP BY claim_id, line
    """


def main() -> None:
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    spark = session("local[2]", {
        "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.memory": "3g",
        "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "8",
    })  # fmt: skip
    spark.sparkContext.setLogLevel("ERROR")
    lines = spark.read.parquet(sys.argv[1])
    lines.createOrReplaceTempView("lines")
    article = load().articles[0]
    per_milligram = [
        (fee.drug.upper(), fee.fee if fee.per == "mg" else fee.fee * 1000)
        for fee in article.fees
        if fee.drug is not None
    ]
    spark.createDataFrame(per_milligram, "drug string, fee decimal(18, 4)").createOrReplaceTempView(
        "fees"
    )
    compounding = next(fee.fee for fee in article.fees if fee.drug is None)

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
        spark.sql(sql(compounding)).write.format("noop").mode("overwrite").save()

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
