"""Chart files of any kind, taken over as charts of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pumpclaim.charts.assessment import assess
from pumpclaim.claim_set import Refusal
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.reports.chart_template import chart_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.web.charts.store import Chart, ChartStore

MOST = 1_000
"""Charts of one import."""


@dataclass(frozen=True)
class Imported:
    """The charts that were made, and a sentence for each chart or file that could not be used."""

    made: list[Chart]
    refused: list[str]


def import_charts(
    store: ChartStore, owner: str, files: Sequence[tuple[str, bytes]], most_bytes: int
) -> Imported:
    """Make a chart of each that the files hold; those that are there already stay as they are.

    Raises InputError for no file at all, and for more than ``MOST`` charts.
    """
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
    made, refused = [], list(charts.refused)
    for one in assess(charts, policy=policy).charts:
        content = chart_document(one, policy)
        try:
            made.append(store.create(owner, one.part, one.patient_id, content["answers"]))
        except InputError as error:
            refused.append(Refusal(one.source, None, error.what, one.place))
    return Imported(made, [one.sentence for one in refused])
