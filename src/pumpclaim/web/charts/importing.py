"""Chart files of any kind, taken over as charts of the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pumpclaim.charts.assessment import assess
from pumpclaim.claim_set import Refusal
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.reports.chart_template import chart_document
from pumpclaim.web.charts.store import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pumpclaim.web.charts.store import Chart
    from pumpclaim.web.security.visitors import Visitor
    from pumpclaim.web.services import Services

MOST = 1_000
"""Charts of one import."""


@dataclass(frozen=True)
class Found:
    """Charts that files hold, each with where it was read, and what could not be used."""

    charts: list[tuple[Refusal, str, str, dict[str, Any]]]
    refused: list[Refusal]


@dataclass(frozen=True)
class Imported:
    """The charts that were made, and a sentence for each chart or file that could not be used."""

    made: list[Chart]
    refused: list[str]


def charts_in(files: Sequence[tuple[str, bytes]], most_bytes: int) -> Found:
    """The charts that files hold. Raises InputError for no file at all, and for more than ``MOST`` charts."""
    if not files:
        raise InputError(
            "there is no file; choose charts as YAML, JSON, QuestionnaireResponse, CSV or Parquet"
        )
    policy = load()
    charts = read_chart_data(files, policy, most_bytes)
    if charts.count > MOST:
        raise InputError(
            f"these files hold {charts.count:,} charts, more than the {MOST:,} of one import; send them in "
            "parts, or use pumpclaim assess"
        )
    found = [
        (
            Refusal(one.source, None, "", one.place),
            one.part,
            one.patient_id,
            chart_document(one, policy)["answers"],
        )
        for one in assess(charts, policy=policy).charts
    ]
    return Found(found, list(charts.refused))


def import_charts(services: Services, visitor: Visitor, found: Found) -> Imported:
    """Make a chart of each that was found; those that are there already stay as they are."""
    made, refused = [], list(found.refused)
    for place, part, patient_id, answers in found.charts:
        chart = new_id()
        try:
            with services.audit.doing(visitor, "import chart", charts=[(chart, patient_id)]):
                made.append(
                    services.charts.create(visitor.id, part, patient_id, answers, chart=chart)
                )
        except InputError as error:
            refused.append(replace(place, reason=error.what))
    return Imported(made, [one.sentence for one in refused])
