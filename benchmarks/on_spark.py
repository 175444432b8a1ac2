"""Spark on two local cores: the check beside an identity over the same data, and beside pricing in Spark SQL."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from data_sets import SHARE_OF_PUMPS, make
from measure import alone, table

LINES, CLINICS = 2_000_000, 200_000
CLUSTER_CORES, BILLION = 100, 1_000_000_000


def section(lines: int = LINES, clinics: int = CLINICS) -> list[str]:
    """The tables of this section."""
    rows = []
    rates = {}
    for name, size, share in (
        ("a contractor's", lines, SHARE_OF_PUMPS),
        ("pump clinics alone", clinics, 1.0),
    ):
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / "in", size, pumps=share, by="patient")
            found = alone("spark_alone.py", str(Path(folder) / "in"))
            shutil.rmtree(folder, ignore_errors=True)
        seconds = found["seconds"]
        for key, what in (
            ("identity", "an identity `mapInArrow`"), ("pump", "`pumpclaim.spark.check(scope=\"pump\")`"),
            ("all", "`pumpclaim.spark.check`, every claim listed"), ("sql", "the pricing alone in Spark SQL"),
        ):  # fmt: skip
            rates[name, key] = size / seconds[key]
            rows.append([
                name, f"{size:,}", what, f"{seconds[key]:.2f}", f"{size / seconds[key]:,.0f}",
                f"{seconds[key] / seconds['identity']:.2f}",
            ])  # fmt: skip
    return [
        "Spark with two local cores, results thrown away (`noop`) after all three tables are made; best of two "
        "after one turn to warm up.",
        "",
        *table(["set", "lines", "", "seconds", "lines a second", "times the identity"], rows),
        "",
        *_estimate(rates),
    ]


def _estimate(rates: dict[tuple[str, str], float]) -> list[str]:
    """What a billion lines would take on a cluster, from the parts measured here."""
    pump, every = (rates["a contractor's", key] / 2 for key in ("pump", "all"))
    hours = {
        name: BILLION / (one * CLUSTER_CORES) / 60 for name, one in (("pump", pump), ("all", every))
    }
    return [
        f"An estimate, not a measurement: a core here does {pump:,.0f} lines a second with `scope=\"pump\"` and "
        f"{every:,.0f} with every claim listed, reading and shuffle in memory of one machine included. A billion "
        f"lines on {CLUSTER_CORES} such cores would take {hours['pump']:.1f} and {hours['all']:.1f} minutes if all "
        "cores stay busy. What comes on top on a cluster is the network of the one shuffle: a line is about 120 "
        f"bytes in the shuffle's format, so {BILLION * 120 / 1e9:.0f} GB in all with every claim listed, 12 s at "
        f"10 GB/s between the machines, and {SHARE_OF_PUMPS:.0%} of that with the scope; and the stragglers of "
        "the last wave, for which we would add a third."
    ]  # fmt: skip
