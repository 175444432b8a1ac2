"""Charts as tables: one row a chart, one column a question, and the evidence beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.patient_ids import plain_id, plain_ids
from pumpclaim.policy.chart import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.claim_set import Refusal
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part


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

    def of_patient(self, patient_id: str) -> ChartSet:
        """The charts of one patient, renumbered; ids are compared without case, blanks and hyphens."""
        parts, evidence = {}, []
        for name in ("implant", "encounter"):
            charts = self.of(name)
            own = charts.filter(plain_ids(charts["patient_id"]) == plain_id(patient_id))
            numbers = own.select("chart").with_columns(new=pl.int_range(pl.len(), dtype=pl.UInt32))
            moved = self.evidence.filter(part=name).join(
                numbers, on="chart", how="inner", maintain_order="left"
            )
            evidence.append(moved.with_columns(chart="new").drop("new"))
            parts[name] = own.with_columns(chart=numbers["new"])
        return ChartSet(parts["implant"], parts["encounter"], pl.concat(evidence))

    def with_evidence(self, part: Part) -> pl.DataFrame:
        """The charts of one part with, for each question, whether its answer has evidence."""
        charts = self.of(part.id)
        known = self.evidence.filter(pl.col("part") == part.id)
        shown = dict(known.group_by("question").agg("chart").iter_rows())
        return charts.with_columns(
            pl.col("chart").is_in(shown.get(one.id, [])).alias(one.evidence)
            for one in part.questions.values()
        )


@dataclass(eq=False)
class ReadChart:
    """One chart before it stands in a table: its part, where it was read, values by question, evidence.

    ``evidence`` are rows of ``policy.chart.EVIDENCE`` without their chart.
    """

    part: str
    source: str
    line: int
    patient_id: str
    values: dict[str, Any]
    evidence: list[dict[str, Any]] = field(default_factory=list)


def chart_tables(
    charts: Sequence[ReadChart], policy: PolicySet, refused: tuple[Refusal, ...] = ()
) -> ChartSet:
    """Charts as tables, in their order; values of questions that the definition lacks are passed over."""
    tables, places = {}, []
    for part in policy.chart.parts.values():
        rows = [chart for chart in charts if chart.part == part.id]
        columns: dict[str, Any] = {
            "chart": range(len(rows)),
            "source": [chart.source for chart in rows],
            "place": [chart.line for chart in rows],
            "patient_id": [chart.patient_id for chart in rows],
        }
        columns |= {name: [chart.values.get(name) for chart in rows] for name in part.questions}
        tables[part.id] = pl.DataFrame(columns, schema=part.table.schema)
        places += [
            {"part": part.id, "chart": number, **place}
            for number, chart in enumerate(rows)
            for place in chart.evidence
        ]
    evidence = pl.DataFrame(
        {name: [place.get(name) for place in places] for name in EVIDENCE.schema},
        schema=EVIDENCE.schema,
    )
    return ChartSet(tables["implant"], tables["encounter"], evidence, refused)


def join_charts(one: ChartSet | None, past: ChartSet, policy: PolicySet) -> ChartSet:
    """The charts of a call with those kept; of two of one patient and day that of the call counts."""
    if one is None:
        return past
    kept = {}
    shift = {}
    for part in policy.chart.parts.values():
        days = pl.coalesce(*(name for name in (part.day, part.planned_day) if name))
        own, old = one.of(part.id), past.of(part.id)
        known = own.select(plain_ids(own["patient_id"]).alias("id"), day=days)
        rest = old.with_columns(id=plain_ids(old["patient_id"]), day=days).join(
            known, on=["id", "day"], how="anti", nulls_equal=True, maintain_order="left"
        )
        shift[part.id] = dict(
            zip(rest["chart"].to_list(), range(own.height, own.height + rest.height), strict=True)
        )
        whole = pl.concat([own, rest.drop("id", "day")])
        kept[part.id] = whole.with_columns(chart=pl.int_range(pl.len(), dtype=pl.UInt32))
    moved = [
        past.evidence.filter(part=part, chart=old).with_columns(chart=pl.lit(new, pl.UInt32))
        for part, places in shift.items()
        for old, new in places.items()
    ]
    evidence = pl.concat([one.evidence, *moved])
    return ChartSet(kept["implant"], kept["encounter"], evidence, one.refused + past.refused)
