"""One claim for whoever works on it: its lines with what was found on each, prices step by step, its past,
its chart, and its own segments with the elements that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpclaim.charts.assessment import assess
from pumpclaim.patient_ids import plain_id
from pumpclaim.policy.model import Role
from pumpclaim.readers.flat import claim_columns, line_columns
from pumpclaim.reports.amounts import MONEY_DIGITS, decimal_text
from pumpclaim.reports.assessment.page import chart_view
from pumpclaim.reports.claim_findings import finding_documents
from pumpclaim.reports.json import document
from pumpclaim.rules import RULES
from pumpclaim.utilization.measure import of_review

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pumpclaim.readers.claim_text import ClaimSegment
    from pumpclaim.review import Review

HEAD = (
    "claim_id", "form", "patient_name", "patient_id", "patient_birth_date", "payer_id", "filing_indicator",
    "billing_provider_npi", "billing_state", "rendering_provider_npi", "facility_npi", "facility_state",
    "place_of_service", "type_of_bill", "frequency_code", "payer_claim_control_number", "diagnoses", "note",
)  # fmt: skip
"""What is shown of a claim's head, in this order, where it is known."""
MODIFIERS = ("modifier_1", "modifier_2", "modifier_3", "modifier_4")


def claim_document(review: Review, claim: int) -> dict[str, Any]:
    """The claim at position ``claim`` of a review: the JSON of check with more of what was billed.

    Keys beyond those of check: ``head`` (name and text of what is known), ``charge``, ``of_claim`` (the
    findings on the whole claim), ``asked_charts`` (kind and day of each chart that the article asks of its
    services); each line has ``modifiers``, ``description``, ``note``, ``units``, ``charge``,
    ``place_of_service``, ``revenue_code`` and its own ``findings``; of findings see ``finding_documents``.
    """
    told: dict[str, Any] = document(review)["claims"][claim]
    row = review.claim_set.claims.row(claim, named=True)
    lines = review.claim_set.lines.filter(claim=claim).to_dicts()
    told["findings"] = finding_documents(review, claim, told["findings"])
    for line, billed in zip(told["lines"], lines, strict=True):
        line |= {
            "modifiers": [billed[name] for name in MODIFIERS if billed[name]],
            "units": None if billed["units"] is None else decimal_text(billed["units"], 3),
            "findings": [one for one in told["findings"] if one["line"] == line["line"]],
            **{
                name: billed[name]
                for name in (
                    "description",
                    "note",
                    "charge",
                    "place_of_service",
                    "revenue_code",
                    "ndc",
                )
            },
        }
    return {
        **told,
        "charge": row["charge"],
        "patient_id": row["patient_id"],
        "patient_name": row["patient_name"],
        "head": [
            (name.replace("_", " "), ", ".join(row[name]) if isinstance(row[name], list) else str(row[name]))
            for name in HEAD
            if row[name]
        ],
        "of_claim": [one for one in told["findings"] if one["line"] is None],
        "asked_charts": _asked_charts(review, lines),
    }  # fmt: skip


def _asked_charts(review: Review, lines: list[dict[str, Any]]) -> list[tuple[str, date]]:
    """The kinds of chart that services of these lines ask for, each with the first day of such a service."""
    roles = {code.code: code.roles for code in review.contents.compiled.codes}
    days: dict[str, date] = {}
    for part, wanted in (("implant", Role.IMPLANT), ("encounter", Role.MANAGEMENT)):
        for line in lines:
            if line["service_from"] and roles.get(line["hcpcs"], Role.NONE) & wanted:
                days.setdefault(part, line["service_from"])
    return list(days.items())


def past_document(review: Review, patient_id: str | None) -> list[dict[str, Any]]:
    """The patient's refills, oldest first (utilization's columns); none where the patient is not known."""
    if patient_id is None:
        return []
    refills = of_review(review).refills
    return refills.filter(patient_id=patient_id).sort("service_date").to_dicts()


def chart_documents(review: Review, claim: int) -> list[dict[str, Any]]:
    """What the patient's charts show: those of implants, and the records of the claim's own days."""
    row = review.claim_set.claims.row(claim, named=True)
    if review.charts is None or row["patient_id"] is None:
        return []
    days = set(review.claim_set.lines.filter(claim=claim)["service_from"].to_list())
    own = review.charts.of_patient(plain_id(row["patient_id"]))
    return [
        chart_view(chart, review.policy)
        for chart in assess(own, policy=review.policy).charts
        if chart.part == "implant" or chart.day in days
    ]


def segment_documents(
    segments: Sequence[ClaimSegment], told: dict[str, Any]
) -> list[dict[str, Any]]:
    """Segments as parts of text, each with the codes of the rules that concern it.

    ``told`` is ``claim_document``'s. Each segment has ``number``, ``loop``, ``line`` (the line's number on
    the claim), ``parts`` (text and rules, delimiters included), ``end`` (its terminator, where that can be
    seen) and all its ``rules``.
    """
    places = {line["line"]: place for place, line in enumerate(told["lines"])}
    numbers = {place: line for line, place in places.items()}
    shown = []
    for segment in segments:
        marked: dict[tuple[int, int | None], list[str]] = {}
        for finding in told["findings"]:
            concerns = RULES[finding["rule"]].concerns
            for where in segment.marks(concerns, places.get(finding["line"])):
                marked.setdefault(where, []).append(finding["rule"])
        shown.append({
            "number": segment.number,
            "loop": segment.loop,
            "line": numbers.get(segment.line) if segment.line is not None else None,
            "parts": _parts(segment, marked),
            "end": segment.end_mark.strip(),
            "rules": sorted({rule for rules in marked.values() for rule in rules}),
        })  # fmt: skip
    return shown


def _parts(
    segment: ClaimSegment, marked: dict[tuple[int, int | None], list[str]]
) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for element, components in enumerate(segment.elements):
        if element:
            parts.append({"text": segment.element_mark, "rules": []})
        whole = marked.get((element, None), [])
        for number, text in enumerate(components, start=1):
            if number > 1:
                parts.append({"text": segment.component_mark, "rules": whole})
            rules = sorted({*whole, *marked.get((element, number), [])})
            parts.append({"text": text, "rules": rules if text else []})
    return parts


def row_documents(
    review: Review, claim: int, told: dict[str, Any], names: dict[str, str]
) -> list[dict[str, Any]]:
    """The rows of a claim that came from a table: name and value of every cell that is filled, with the rules
    that concern it; one entry for the claim, one for each line with the number of its ``row``.

    ``names`` are the file's own (``readers.own_names``); what it does not carry is left out where they are
    known, as what we worked out ourselves.
    """
    claims, lines = review.claim_set.claims, review.claim_set.lines
    heads = {column.name: flat for flat, column in claim_columns().items()}
    bodies = {column.name: flat for flat, column in line_columns().items()}
    own = lines.filter(claim=claim).to_dicts()
    entries = [
        (None, heads, claims.row(claim, named=True)),
        *((row["line"], bodies, row) for row in own),
    ]
    return [
        {
            "line": line,
            "row": row["segment"],
            "cells": [
                {
                    "name": names.get(flat[name], name.replace("_", " ")),
                    "value": _cell(name, value),
                    "rules": sorted({
                        one["rule"]
                        for one in told["findings"]
                        if one["line"] in (None, line) or line is None
                        if name in RULES[one["rule"]].concerns
                    }),
                }
                for name, value in row.items()
                if name in flat and value not in (None, []) and (not names or flat[name] in names)
            ],
        }
        for line, flat, row in entries
    ]  # fmt: skip


def _cell(name: str, value: Any) -> str:
    if name == "charge":
        return decimal_text(value, MONEY_DIGITS, 2)
    if name in ("units", "ndc_units"):
        return decimal_text(value, 3)
    return " ".join(value) if isinstance(value, list) else str(value)
