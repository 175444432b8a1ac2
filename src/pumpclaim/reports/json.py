"""The review as JSON; its schema is docs/check.schema.json.

Every amount is a string that holds it exactly, every date is ISO 8601, what is not known is null.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim._version import __version__
from pumpclaim.policy.model import NATIONAL_DATES
from pumpclaim.reports.amounts import FEE_PLACES, amount_texts, date_texts, dollar_texts
from pumpclaim.reports.written import json_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pumpclaim.policy import Article, PolicySet
    from pumpclaim.review import Review

    Rows = list[dict[str, Any]]

FINDING = (
    "rule", "title", "outcome", "line", "message", "statements", "basis", "group", "carc", "rarc",
    "fix",
)  # fmt: skip
CLAIM = ("claim", "claim_id", "source", "segment", "determination", "allowed")
LINE = ("row", "line", "hcpcs", "service_date", "allowed", "payable", "reason")


def document(review: Review) -> dict[str, Any]:
    """The review as plain lists, dicts, strings and numbers, claims in the order they were read."""
    with _without_collector():
        findings = _group(review.findings["claim"], _findings(review.findings))
        lines = _group(review.prices["claim"], _lines(review))
        claims = _rows(review.determinations, CLAIM, allowed=dollar_texts)
        return {
            "article": review.article,
            "articles": [article_document(one, review.policy) for one in review.articles],
            "version": __version__,
            "summary": review.summary(),
            "claims": [
                {
                    "claim_id": claim_id,
                    "source": source,
                    "segment": segment,
                    "determination": determination,
                    "allowed": allowed,
                    "findings": findings.get(claim, []),
                    "lines": lines.get(claim, []),
                }
                for claim, claim_id, source, segment, determination, allowed in claims
            ],
            "rejected": review.claim_set.rejected.select("source", "segment", "reason").to_dicts(),
            "refused": [
                {
                    "source": one.source,
                    "segment": one.segment,
                    "line": one.line,
                    "reason": one.reason,
                }
                for one in review.refused
            ],
            "notices": [
                {
                    "source": one.source,
                    "not_carried": list(one.not_carried),
                    "rules": list(one.rules),
                    "same_as": one.same_as,
                    "sentence": one.sentence,
                }
                for one in review.notices
            ],
            "readings": switched(review),
        }


def article_document(article: Article, policy: PolicySet) -> dict[str, Any]:
    """A revision of an article: ``id``, ``revision``, its days ``from`` and ``to`` (null when it is open)."""
    first, last = policy.spans[policy.articles.index(article)]
    return {
        "id": article.id,
        "revision": article.revision,
        "from": first.isoformat(),
        "to": None if last == NATIONAL_DATES[1] else last.isoformat(),
    }


def render(review: Review) -> bytes:
    """The review as UTF-8 JSON, indented by two spaces, with a line break at the end."""
    return json_bytes(document(review))


def switched(review: Review) -> dict[str, str]:
    """The readings of the article that were switched away from their default, and what to."""
    defaults = {
        name: one.default
        for article in review.policy.articles
        for name, one in article.readings.items()
    }
    return {
        name: choice
        for name, choice in review.policy.chosen.items()
        if defaults.get(name) != choice
    }


def _findings(findings: pl.DataFrame) -> Rows:
    return [
        {
            "rule": rule,
            "title": title,
            "outcome": outcome,
            "line": line,
            "message": message,
            "statements": statements,
            "basis": basis,
            "group": group,
            "carc": carc,
            "rarc": rarc,
            "fix": fix,
        }
        for rule, title, outcome, line, message, statements, basis, group, carc, rarc, fix in _rows(
            findings, FINDING
        )
    ]


def _lines(review: Review) -> Rows:
    pricing = _group(review.price_items["row"], _items(review.price_items))
    lines = _rows(
        review.prices, LINE, service_date=date_texts, allowed=dollar_texts, payable=dollar_texts
    )
    return [
        {
            "line": line,
            "hcpcs": hcpcs,
            "service_date": service_date,
            "allowed": allowed,
            "payable": payable,
            "reason": reason,
            "pricing": pricing.get(row, []),
        }
        for row, line, hcpcs, service_date, allowed, payable, reason in lines
    ]


def _items(items: pl.DataFrame) -> Rows:
    amounts = amount_texts(items["amount"], items["unit"])
    fees, extended = dollar_texts(items["fee"], FEE_PLACES), dollar_texts(items["extended"])
    return [
        {"item": item, "amount": amount, "unit": unit, "fee": fee, "per": unit, "extended": total}
        for item, amount, unit, fee, total in zip(
            items["item"].to_list(), amounts, items["unit"].to_list(), fees, extended, strict=True
        )
    ]


def _rows(
    frame: pl.DataFrame, names: tuple[str, ...], **write: Callable[[pl.Series], list[str | None]]
) -> Iterable[tuple[Any, ...]]:
    """The named columns row by row, those in ``write`` as the text it makes of them."""
    columns = (
        write[name](frame[name]) if name in write else frame[name].to_list() for name in names
    )
    return zip(*columns, strict=True)


def _group(keys: pl.Series, rows: Rows) -> dict[int, Rows]:
    groups: dict[int, Rows] = defaultdict(list)
    for key, row in zip(keys.to_list(), rows, strict=True):
        groups[key].append(row)
    return groups


@contextmanager
def _without_collector() -> Iterator[None]:
    # A hundred thousand small dicts set the cycle collector going again and again.
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
