"""Measures and writes docs/performance.md: all sections, or those that are named.

    make bench
    make bench SECTIONS="pricing one-claim"

Every ratio is between times of one run on one machine: peers and we take turns on the same work. Sections that
are not run keep what they said, with their day.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

import checking
import how_often
import on_spark
import one_claim
import pricing
import reading
import scale
import web_load
from measure import ROOT

PAGE = ROOT / "docs" / "performance.md"
SECTIONS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "scale": ("From ten thousand to thirty million lines", scale.section),
    "pricing": ("Pricing refills", pricing.section),
    "checking": ("Checking, against plain functions", checking.section),
    "reading": ("Reading an 837", reading.section),
    "one-claim": ("One claim", one_claim.section),
    "how-often": ("How often", how_often.section),
    "spark": ("Spark", on_spark.section),
}
"""Name -> title on the page, and what measures it."""
PEERS = ("polars", "numpy", "orjson", "openx12", "x12sdk", "pyx12", "hccinfhir", "duckdb", "openfisca-core", "zen-engine", "pyspark")  # fmt: skip
WRITTEN_BY_HAND, ELSEWHERE = "What bounds it", web_load.HEADING.removeprefix("## ")


def machine() -> str:
    """The machine and the versions of what takes part."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
    blas = np.__config__.CONFIG["Build Dependencies"]["blas"]["name"]
    return (
        f"{platform.machine()}, Polars on {pl.thread_pool_size()} threads, Python "
        f"{platform.python_version()}, {versions}, NumPy with {blas}."
    )


def main() -> None:
    """Measure and write; sections that were not asked for keep what they said."""
    asked = sys.argv[1:] or list(SECTIONS)
    if unknown := set(asked) - set(SECTIONS):
        sys.exit(
            f"no section is called {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}"
        )
    said = _sections(PAGE.read_text())
    today = date.today().isoformat()  # noqa: DTZ011
    for name in asked:
        title, measure = SECTIONS[name]
        print(f"measuring: {title}", file=sys.stderr, flush=True)
        said[title] = "\n".join([f"Measured {today}.", "", *measure()])
        _write(said)


def _sections(page: str) -> dict[str, str]:
    """Title -> text of every section that the page has."""
    found = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return {
        title.strip(): text.strip() for title, text in zip(found[1::2], found[2::2], strict=True)
    }


def _write(said: dict[str, str]) -> None:
    order = [WRITTEN_BY_HAND, *(title for title, _ in SECTIONS.values()), ELSEWHERE]
    body = [f"## {title}\n\n{said[title]}" for title in order if title in said]
    head = (
        "# Performance\n\nWritten by `make bench`, section by section; medians of several runs, ratios within "
        "one run. The seconds of a shared machine drift by half and more from hour to hour, ratios do not.\n\n"
        + machine()
    )
    PAGE.write_text("\n\n".join([head, *body]) + "\n")


if __name__ == "__main__":
    main()
