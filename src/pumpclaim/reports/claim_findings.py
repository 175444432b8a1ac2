"""One claim's findings for whoever works on it: worst first, with statements and the claims they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpclaim.facts import Facts
from pumpclaim.tables import OUTCOMES
from pumpclaim.worklist import AT_STAKE

if TYPE_CHECKING:
    from pumpclaim.review import Review

    Found = dict[str, Any]

FOLDED = 3
"""Statements from which on they are folded."""
NAMES_CLAIMS = "{other_claims}"
"""What a message has in it that names other claims."""


def finding_documents(review: Review, claim: int, found: list[Found]) -> list[Found]:
    """The findings of the JSON of check, worst first, each with more.

    ``anchor`` is its place on a page, ``is_costly`` whether it costs something when nobody acts, ``about``
    its statements in our words, ``parts`` its message as texts, each with the position of the claim that it
    names or null.
    """
    statements = {
        name: one for article in review.policy.articles for name, one in article.statements.items()
    }
    named = _named_claims(review, claim)
    rank = {outcome: place for place, outcome in enumerate(OUTCOMES.categories.to_list())}
    ordered = sorted(found, key=lambda one: (-rank[one["outcome"]], one["line"] or 0))
    return [
        {
            **one,
            "anchor": f"finding-{number}",
            "is_costly": one["outcome"] in AT_STAKE,
            "is_folded": len(one["statements"]) >= FOLDED,
            "about": [
                {"statement": name, "summary": statements[name].summary, "where": statements[name].where}
                for name in one["statements"]
            ],
            "parts": _parts(one["message"], named.get((one["rule"], one["line"]), {})),
        }
        for number, one in enumerate(ordered, start=1)
    ]  # fmt: skip


def _named_claims(review: Review, claim: int) -> dict[tuple[str, int | None], dict[str, int]]:
    """By rule and line of a claim: what its message calls other claims, and their positions."""
    named: dict[tuple[str, int | None], dict[str, int]] = {}
    for block in review.blocks:
        for hit in block.hits:
            places = hit.places[block.context.lines.claims[hit.places] == claim]
            if NAMES_CLAIMS not in hit.ruling.message or not len(places):
                continue
            facts = Facts(
                block.context, review.contents, block.prices, places, block.charts, review.arranged
            )
            lines = review.with_past.lines["line"][block.context.rows[places]].to_list()
            for line, others in zip(lines, facts.others(), strict=True):
                names = {facts.claim_id(one): one for one in reversed(others)}
                named[hit.ruling.rule.code, line] = dict(reversed(names.items()))
    return named


def _parts(message: str, claims: dict[str, int]) -> list[dict[str, Any]]:
    """A message split at the ids of the claims that it names, as ``Facts.other_claims`` writes them."""
    if not claims:
        return [{"text": message, "claim": None}]
    before, _, after = message.rpartition(", ".join(claims))
    parts: list[dict[str, Any]] = [{"text": before, "claim": None}]
    for number, (name, claim) in enumerate(claims.items()):
        parts += [{"text": ", ", "claim": None}] if number else []
        parts.append({"text": name, "claim": claim})
    return [*parts, {"text": after, "claim": None}]
