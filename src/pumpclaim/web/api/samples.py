"""Invented questions to the API and what it answers to them, for its document."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from typing import Any

from pumpclaim.charts.assessment import assess
from pumpclaim.policy import load
from pumpclaim.quote import price
from pumpclaim.readers import read_data
from pumpclaim.readers.chart import read_chart_data
from pumpclaim.refill import plan
from pumpclaim.reports.assessment.json import document as assessment_document
from pumpclaim.reports.json import document as review_document
from pumpclaim.reports.pages import rule_document
from pumpclaim.reports.quote import price_document
from pumpclaim.reports.refill import document as refill_document
from pumpclaim.review import check
from pumpclaim.rules import RULES

DAY = date(2024, 3, 5)


def text(name: str) -> str:
    """One of the files in the folder ``examples``."""
    return (files("pumpclaim.web.api") / "examples" / name).read_text(encoding="utf-8")


def chart() -> Any:
    """A chart, as a JSON body."""
    return json.loads(text("chart.json"))


def answers() -> dict[tuple[str, str], Any]:
    """What the API answers to each of these, by path and method."""
    policy = load()
    charts = read_chart_data([("chart.json", text("chart.json").encode())], policy)
    review = check(read_data(text("claims.csv").encode(), "claims.csv"), policy=policy)
    refill = plan(
        on=DAY, policy=policy, volume="20", residual="2", concentrations=["morphine 20 mg/mL"],
        doses=["3 mg/day"],
    )  # fmt: skip
    return {
        ("/check", "post"): review_document(review),
        ("/assess", "post"): assessment_document(assess(charts, policy=policy)),
        ("/price", "post"): price_document(price("morphine 360 mg, bupivacaine 90 mg", on=DAY)),
        ("/refill", "post"): refill_document(refill),
        ("/rules/{code}", "get"): rule_document(RULES["DRG104"], policy),
    }
