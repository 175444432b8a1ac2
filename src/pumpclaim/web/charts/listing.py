"""The list of charts: what each shows so far, sorted and filtered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pumpclaim.charts.assessment import assess
from pumpclaim.patient_ids import plain_id
from pumpclaim.reports.assessment.checklist import checklist
from pumpclaim.web.charts.store import read
from pumpclaim.worklist import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pumpclaim.policy import PolicySet
    from pumpclaim.web.charts.store import Chart

MOST_KNOWN = 20_000


@dataclass(frozen=True)
class Summary:
    """What one chart shows so far; ``problem`` is the reader's sentence where it can no longer be read."""

    determination: str
    css: str
    day: date | None
    met: int
    not_met: int
    not_documented: int
    problem: str | None = None


@dataclass(frozen=True)
class Row:
    """A chart of the list; ``name`` is the patient's, where an upload tells it."""

    chart: Chart
    summary: Summary
    owner: str
    name: str | None = None


_known: dict[tuple[str, int, PolicySet], Summary] = {}
"""Summaries by chart, version and policy: reading a chart takes some milliseconds, a list has hundreds."""


def summaries(charts: Sequence[Chart], policy: PolicySet) -> dict[str, Summary]:
    """The summary of each chart by its id."""
    if len(_known) > MOST_KNOWN:
        _known.clear()
    found = {one.id: _known.get((one.id, one.version, policy)) for one in charts}
    new = [one for one in charts if found[one.id] is None]
    for owner in {one.owner for one in new}:
        own = [one for one in new if one.owner == owner]
        versions = {one.id: one.version for one in own}
        for chart, summary in _of(own, policy).items():
            found[chart] = _known[chart, versions[chart], policy] = summary
    return {name: one for name, one in found.items() if one is not None}


def _of(charts: Sequence[Chart], policy: PolicySet) -> dict[str, Summary]:
    chart_set = read(charts, policy)
    by_source = {one.source: one for one in assess(chart_set, policy=policy).charts}
    refused = {one.source: one.reason for one in chart_set.refused}
    found = {}
    for one in charts:
        if one.source not in by_source:
            problem = refused.get(one.source, "it cannot be read")
            found[one.id] = Summary("unusable", "deny", None, 0, 0, 0, problem)
            continue
        told = checklist(by_source[one.source], policy)
        counts = told["counts"]
        found[one.id] = Summary(
            told["determination"], told["css"], told["day"],
            counts["met"], counts["not met"], counts["not documented"],
        )  # fmt: skip
    return found


SORTS: dict[str, Callable[[Row], Any]] = {
    "patient": lambda row: (row.name or "", plain_id(row.chart.patient_id)),
    "chart": lambda row: row.chart.part,
    "day": lambda row: row.summary.day or date.min,
    "determination": lambda row: row.summary.determination,
    "met": lambda row: row.summary.met,
    "not-met": lambda row: row.summary.not_met,
    "not-documented": lambda row: row.summary.not_documented,
    "changed": lambda row: row.chart.changed,
    "owner": lambda row: row.owner,
}


def is_of(text: str, patient_id: str, name: str | None) -> bool:
    """Whether every word of ``text`` is in a patient's id or name."""
    told = plain_id(patient_id), plain_id(name or "")
    return all(any(plain_id(word) in one for one in told) for word in words_of(text))


@dataclass(frozen=True)
class Selection:
    """Which charts are listed, and in which order; ``patient`` are words that id or name contain."""

    patient: str = ""
    determination: str = ""
    sort: str = "changed"
    descending: bool = True

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are chosen, in order."""
        chosen = [
            row
            for row in rows
            if is_of(self.patient, row.chart.patient_id, row.name)
            and self.determination in ("", row.summary.determination)
        ]
        return sorted(chosen, key=SORTS[self.sort], reverse=self.descending)
