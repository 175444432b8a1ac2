"""Documents about the article beyond ``pages``: statements by family, thresholds, drugs, chart questions."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pumpclaim.charts.bearing import bearings
from pumpclaim.errors import InputError, nearest
from pumpclaim.policy import HERE, load
from pumpclaim.reports.assessment.words import bearing_words
from pumpclaim.reports.chart_template import how
from pumpclaim.reservoir import plain
from pumpclaim.tables import NANOGRAMS
from pumpclaim.trace import trace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pumpclaim.policy.drugs import Drug
    from pumpclaim.policy.model import PolicySet
    from pumpclaim.rules.registry import Rule

    Document = dict[str, Any]

FAMILIES = {
    "J": "Contracts and states",
    "G": "The article itself",
    "V": "Revisions",
    "C": "Coverage",
    "X": "Contraindications",
    "H": "History of treatment",
    "D": "What the record of a visit shows",
    "L": "Legible records",
    "B": "One claim for refill and drugs",
    "K": "Codes and lists",
    "U": "How often",
    "P": "Payment",
    "R": "Sources",
}
"""What the statements of each letter are about."""


def statement_families(policy: PolicySet) -> list[Document]:
    """The entries of ``trace`` by their letter: ``letter``, ``title``, ``statements``."""
    families: dict[str, list[Document]] = {}
    for entry in trace(policy):
        families.setdefault(entry["statement"].rstrip("0123456789"), []).append(entry)
    return [
        {"letter": letter, "title": FAMILIES.get(letter, letter), "statements": entries}
        for letter, entries in families.items()
    ]


def statement_document(asked: str, policy: PolicySet) -> Document:
    """One entry of ``trace`` with the ids of its neighbours and the chart's questions that serve it.

    Raises InputError for an id that no statement has, naming the nearest.
    """
    entries = trace(policy)
    ids = [one["statement"] for one in entries]
    wanted = asked.strip().upper()
    if wanted not in ids:
        raise InputError(f"no statement is called '{asked}'{nearest(wanted, ids)}")
    at = ids.index(wanted)
    return {
        **entries[at],
        "previous": ids[at - 1] if at else None,
        "next": ids[at + 1] if at + 1 < len(ids) else None,
        "questions": [one for one in question_documents(policy) if wanted in one["statements"]],
    }


def rule_families(rules: Iterable[Rule]) -> dict[str, str]:
    """What each family of rules asks: ``COD`` to "are the codes valid on that day, ...?"."""
    titles: dict[str, str] = {}
    for rule in rules:
        if rule.family not in titles:
            told = import_module(rule.function.__module__).__doc__ or rule.family
            titles[rule.family] = told.split("\n", 1)[0].partition(": ")[2] or rule.family
    return titles


def threshold_documents(policy: PolicySet) -> list[Document]:
    """Every threshold of ours: its value under this policy, the shipped one, unit, meaning, source."""
    shipped = load().thresholds
    return [
        {
            "threshold": name,
            "value": _short(policy.thresholds[name]),
            "default": _short(shipped[name]),
            "switched": policy.thresholds[name] != shipped[name],
            "unit": told["unit"],
            "meaning": told["meaning"],
            "source": told["source"],
        }
        for name, told in _thresholds().items()
    ]


@cache
def _thresholds() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE / "thresholds.toml").read_text(encoding="utf-8"))


def _short(value: Decimal) -> str:
    return f"{value.normalize():f}"


def drug_documents(policy: PolicySet, on: date | None = None) -> list[Document]:
    """Every drug that a narrative may name: its names, whether it has a fee, what is sold (of a day)."""
    priced = {fee.drug for article in policy.articles for fee in article.fees}
    return [
        {
            "drug": one.id,
            "label": one.label,
            "names": [name.capitalize() for name in one.aliases if name != one.label.upper()],
            "has_fee": one.id in priced,
            "is_opioid": one.is_opioid,
            "concentrations": _sold(one, on),
            "highest": None
            if one.highest_concentration is None
            else _strength(one.highest_concentration),
        }
        for one in policy.drugs.by_id.values()
    ]


def _sold(drug: Drug, on: date | None) -> list[str]:
    values = drug.sold(on) if on else {one.value for one in drug.concentrations}
    return [_strength(value) for value in sorted(values)]


def _strength(nanograms: int) -> str:
    unit = "mg" if nanograms >= NANOGRAMS["mg"] else "mcg"
    return f"{plain(Fraction(nanograms, NANOGRAMS[unit]))} {unit}/mL"


def fee_statements(policy: PolicySet, on: date) -> dict[str, str]:
    """Item of a price (a drug's label, or the compounding fee) to the statement that gives its fee."""
    labels = {name: drug.label for name, drug in policy.drugs.by_id.items()}
    return {
        "compounding fee" if fee.drug is None else labels[fee.drug]: fee.statement
        for fee in policy.of_day(policy.articles[0].id, on).fees
    }


def question_documents(policy: PolicySet) -> list[Document]:
    """Every question to the chart, in the chart's order."""
    return [
        {
            "question": one.id,
            "part": part.id,
            "part_title": part.title,
            "section": section.title,
            "label": one.label,
            "text": one.text,
            "help": one.help,
            "how": how(one, policy),
            "statements": list(one.statements),
            "bearing": bearing_words(bearings(policy, part.id)[one.id]),
        }
        for part in policy.chart.parts.values()
        for section in part.sections
        for one in part.of_section(section)
    ]
