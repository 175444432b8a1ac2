"""Every statement of the article and what accounts for it: rules, figures, or the reason for neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pumpclaim import pricing
from pumpclaim.figures import FIGURES
from pumpclaim.rules import RULES

if TYPE_CHECKING:
    from pumpclaim.policy import PolicySet

__all__ = ["pricing", "trace"]


def trace(policy: PolicySet, article_id: str | None = None) -> list[dict[str, Any]]:
    """One entry for each statement of an article's newest revision (the first article's if not given).

    Raises InputError for an article that the policy does not have.

    Keys: ``statement``, ``summary``, ``where``, ``rules`` (codes), ``figures`` (names) and ``reason``,
    which is null where a rule or figure accounts for the statement; ``decided_from``, and the
    ``readings`` (ids) and ``revisions`` (numbers) that concern it; ``unreviewed``, whether its text changed
    with a revision and nobody has read what that means for our rules.
    """
    article = policy.article(article_id) if article_id else policy.articles[0]
    entries = []
    for statement in article.statements.values():
        rules = [code for code, rule in RULES.items() if statement.id in rule.statements]
        figures = sorted(name for name, rests_on in FIGURES.items() if statement.id in rests_on)
        is_filled = any(getattr(article.lists, name) for name in statement.lists)
        entries.append({
            "statement": statement.id,
            "summary": statement.filled if is_filled and statement.filled else statement.summary,
            "where": statement.where,
            "rules": rules,
            "figures": figures,
            "reason": None if is_filled else statement.reason,
            "decided_from": list(statement.decided_from),
            "readings": [
                one.id for one in article.readings.values() if statement.id in one.statements
            ],
            "revisions": [
                one.number for one in article.revisions if statement.id in one.statements
            ],
            "unreviewed": statement.id in article.unreviewed,
        })  # fmt: skip
    return entries
