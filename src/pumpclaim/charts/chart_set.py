"""Charts as tables: one row a chart, one column a question, and the evidence beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.policy.chart import EVIDENCE

if TYPE_CHECKING:
    from pumpclaim.policy.chart import Part
    from pumpclaim.tables import Refusal


@dataclass(frozen=True, eq=False)
class ChartSet:
    """Charts read from one or several files.

    ``implants`` and ``encounters`` have the columns of their part's table (``policy.chart.Part``),
    ``evidence`` those of ``policy.chart.EVIDENCE``. ``refused`` names the charts, files and parts of
    files that could not be used.
    """

    implants: pl.DataFrame
    encounters: pl.DataFrame
    evidence: pl.DataFrame = field(default_factory=EVIDENCE.empty)
    refused: tuple[Refusal, ...] = ()

    def of(self, part: str) -> pl.DataFrame:
        """The charts of one part, ``implant`` or ``encounter``."""
        return self.implants if part == "implant" else self.encounters

    @property
    def count(self) -> int:
        """Charts in all."""
        return self.implants.height + self.encounters.height

    def with_evidence(self, part: Part) -> pl.DataFrame:
        """The charts of one part with, for each question, whether its answer has evidence."""
        charts = self.of(part.id)
        known = self.evidence.filter(pl.col("part") == part.id)
        shown = dict(known.group_by("question").agg("chart").iter_rows())
        return charts.with_columns(
            pl.col("chart").is_in(shown.get(one.id, [])).alias(one.evidence)
            for one in part.questions.values()
        )
