"""The sides of a comparison by name: what we hold, one revision of it, a folder, or a document."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pumpclaim.articles.adopt import adopt, ground_of
from pumpclaim.articles.compare import Fact, facts_of_article, facts_of_document
from pumpclaim.articles.reading import read_article_file
from pumpclaim.errors import InputError
from pumpclaim.policy import load, read_article, with_articles

if TYPE_CHECKING:
    from collections.abc import Collection

    from pumpclaim.articles.published import Published
    from pumpclaim.policy import Article, PolicySet

REVISION = re.compile(r"(?:(?P<id>A\d{4,6}) )?(?P<number>R\d{1,4})", re.IGNORECASE)
"""A revision by its number, of every article that has it or of one: R4, A55239 R4."""


def alone(policy: PolicySet, article: Article) -> PolicySet:
    """The policy with this revision of an article and none other of it, as if it had held all along.

    So a revision, or a draft, meets the claims of the past. An article of another id comes in beside the
    others.
    """
    always = replace(
        article, effective=min(article.original_effective, article.effective), ending=None
    )
    others = [one for one in policy.articles if one.id != article.id]
    same = next((at for at, one in enumerate(policy.articles) if one.id == article.id), len(others))
    return with_articles(policy, [*others[:same], always, *others[same:]])


def under_revision(policy: PolicySet, number: str, article_id: str | None = None) -> PolicySet:
    """The policy under the revision of that number (R2), as if it had held all along: that of one article,
    or of each that has it.

    Where the facts of a revision are those of a later one that binds from the same day, they are taken.
    Raises InputError when its facts are not held.
    """
    found = {}
    for article in policy.articles:
        numbers = [one.number for one in article.revisions]
        if number not in numbers or article_id not in (None, article.id):
            continue
        row = article.revisions[numbers.index(number)]
        if article.revision == number or row.effective == article.revision_effective:
            kept = article.revisions[: numbers.index(number) + 1]
            found[article.id] = replace(article, revisions=kept)
    if not found:
        held = ", ".join(f"{one.id} {one.revision}" for one in policy.articles)
        asked = f"{article_id} {number}" if article_id else f"a revision {number}"
        raise InputError(f"the facts of {asked} are not held here, only of {held}")
    for article in found.values():
        policy = alone(policy, article)
    return policy


def policy_under(side: str | None, leave_out: Collection[str] = ()) -> PolicySet:
    """The policy of one side of an impact.

    Null is what we hold, each claim under the revision of its day; so is a folder of several. A revision's
    number, the folder of one, and a document (a draft, a what-if) stand for that one as if it had held all
    along. Raises InputError for a side that is none of these.
    """
    if side is None:
        return load()
    path = Path(side)
    if path.is_dir():
        if (path / "article.toml").is_file():
            return alone(load(), read_article(path))
        return load(folders=[path])
    if not path.exists():
        asked = REVISION.fullmatch(side.strip().upper())
        if asked is not None:
            return under_revision(load(), asked["number"], asked["id"])
        raise InputError(
            "this file is not there; give a file, a folder, or a revision such as R3", source=side
        )
    document = read_article_file(path)
    with tempfile.TemporaryDirectory() as scratch:
        adopted = adopt(
            document, Path(scratch), base=ground_of(document), leave_out=leave_out, draft=True
        )
    return alone(load(), adopted.article)


@dataclass(frozen=True)
class Side:
    """One side of a comparison of facts: by name, and the document or the article of ours that it is."""

    name: str
    facts: list[Fact]
    document: Published | None = None
    article: Article | None = None


def side_of(name: str) -> Side:
    """A document, or an article of ours by its id, with a revision's number behind it (A55239 R3) or its
    newest."""
    wanted, _, number = name.strip().partition(" ")
    held = [one for one in load().articles if one.id == wanted.upper()]
    if held and not Path(name).exists():
        article = next((one for one in held if number.upper() in ("", one.revision)), None)
        if article is None:
            known = ", ".join(one.revision for one in held)
            raise InputError(
                f"of {wanted.upper()} there is no revision {number} here, only {known}"
            )
        return Side(f"{article.id} {article.revision}", facts_of_article(article), article=article)
    document = read_article_file(Path(name))
    return Side(name, facts_of_document(document), document=document)


def ours_of(document: Published) -> Article:
    """The revision of ours that a document is: that of its number, else the newest; InputError when there
    is none."""
    held = [one for one in load().articles if one.id == document.id]
    if not held:
        known = ", ".join(dict.fromkeys(one.id for one in load().articles))
        raise InputError(
            f"we hold no facts of article {document.id}, only of {known}; "
            "take it in with pumpclaim policy adopt",
            source=document.source,
        )
    return next((one for one in held if one.revision == document.revision), held[0])
