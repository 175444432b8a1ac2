"""What a person says of statements whose text changed: where they rest now, or that they were dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomli_w

from pumpclaim.articles.adopt import REVIEW, passage_rows
from pumpclaim.articles.passages import digest
from pumpclaim.errors import InputError
from pumpclaim.policy import read_article
from pumpclaim.policy.article_folder import read_toml
from pumpclaim.policy.model import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pumpclaim.policy import Article


def review(folder: Path, statement: str, passages: Sequence[int]) -> Article:
    """Say that a person has read what became of a statement. Gives the article as it is then.

    It rests on the passages of these numbers in ``review.toml``; where there are none, the text dropped it.
    Raises InputError for a statement that is not unreviewed, or a passage that is not there.
    """
    head = read_toml(folder / "article.toml")
    notes = read_toml(folder / REVIEW)
    article = read_article(folder)
    if statement not in article.unreviewed:
        waiting = ", ".join(sorted(article.unreviewed)) or "none"
        raise InputError(
            f"{statement} is not unreviewed; those that are: {waiting}", source=str(folder)
        )
    known = {row["number"]: row for row in notes["passages"]}
    found = []
    for number in passages:
        if number not in known:
            raise InputError(f"{REVIEW} has no passage {number}", source=str(folder))
        row = known[number]
        words = row["words"].split()
        found.append(Passage(statement, row["section"], len(words), digest(words)))
    kept = [one for one in article.passages if one.statement != statement]
    for name in ("changed", "absent"):
        head[name] = [one for one in head[name] if one != statement]
    files = {
        "passages.toml": {"passages": passage_rows([*kept, *found])},
        "article.toml": head,
    }
    for name, content in files.items():
        beside = folder / f".{name}.part"
        beside.write_bytes(tomli_w.dumps(content).encode())
        beside.replace(folder / name)
    return read_article(folder)
