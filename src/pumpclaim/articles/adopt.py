"""A published article taken in as a new dated folder of facts, beside the old, never over it.

The folder holds one revision; from its first day on it judges, and the older before. What changed in the
prose is left for a person to map to rules, and until then the statements it concerns are unreviewed.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from pumpclaim.articles.passages import Standing, cover, passages_in
from pumpclaim.articles.published import FEE
from pumpclaim.errors import InputError
from pumpclaim.policy import HERE, folders_given, load, read_article, with_articles
from pumpclaim.policy.article_folder import article_folders, read_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from pumpclaim.articles.published import Problem, Published, PublishedFee
    from pumpclaim.policy import Article

REVIEW = "review.toml"
FIRST = "a55239"
"""The shipped article on whose ground one is taken in of which nothing is held yet."""
EVERYTHING = "all"
"""Stands for every place where a fee may be lost."""


@dataclass(frozen=True)
class Adopted:
    """A folder that was written, its article, how its passages stand to those before, what was left out and
    why."""

    folder: Path
    article: Article
    standing: Standing
    left_out: tuple[str, ...]


def ground_of(document: Published, into: Path | None = None) -> Path:
    """The folder on whose ground a document is taken in: of its article's revisions the last before it.

    They are looked for in ``into``, in the folders of the environment, and among the shipped; the first
    shipped article stands in for one of which none is held.
    """
    given = [*folders_given(), *([into] if into is not None and into.is_dir() else [])]
    folders = article_folders(HERE)
    for one in given:
        folders += _own_folders(one)
    held = [
        (_number(article.revision), at, folder)
        for at, (folder, article) in enumerate((one, read_article(one)) for one in folders)
        if article.id == document.id
    ]
    number = _number(document.revision)
    before = [one for one in held if one[0] <= number]
    chosen = max(before) if before else min(held, default=(0, 0, HERE / FIRST))
    return chosen[2]


def _own_folders(folder: Path) -> list[Path]:
    try:
        return article_folders(folder)
    except InputError:
        return []


def _number(revision: str) -> int:
    return int(revision[1:])


def adopt(
    document: Published,
    into: Path,
    *,
    base: Path | None = None,
    start: date | None = None,
    leave_out: Collection[str] = (),
    draft: bool = False,
) -> Adopted:
    """Write the facts of ``document`` as a folder in ``into``, which hold from ``start`` (the document's
    own date).

    ``base`` is the folder of the revision that it continues (``ground_of`` if not given). ``leave_out`` names
    places of the document ("line 43", or "all") where a fee may stand that is not understood, and ``draft``
    lets a draft be taken in. Raises InputError, and writes nothing, for a document that is another kind of
    article, whose fees are not all understood or left out, that cannot hold beside what is held, or is
    there already.
    """
    unclear = _must_be_usable(document, leave_out, draft=draft)
    contracts, unknown = _contracts(document)
    left_out = (*unclear, *unknown)
    ground = base or ground_of(document, into)
    before = read_article(ground)
    standing = passages_in(before.passages, document.prose)
    first = start or document.effective
    name = f"{document.id.lower()}-{document.revision.lower()}-{first.isoformat()}"
    folder = into / name
    if folder.exists():
        raise InputError(
            "this revision is there already; it is never written over", source=str(folder)
        )
    files = {
        "article.toml": {
            "like": _like(ground),
            "effective": first,
            **_head(document, before, standing),
            "contracts": contracts,
        },
        "codes.toml": _codes(document, ground),
        "fees.toml": _fees(document, ground),
        "passages.toml": {"passages": passage_rows(cover(before.passages, document.prose))},
        REVIEW: _review(document, before, standing, left_out),
    }
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / name
        made.mkdir()
        for file, content in files.items():
            (made / file).write_bytes(tomli_w.dumps(content).encode())
        article = _checked(made, into)
        _put(made, folder)
    return Adopted(folder, article, standing, left_out)


def _checked(made: Path, into: Path) -> Article:
    """The article of a folder; raises InputError where it cannot be loaded beside what is held."""
    try:
        article = read_article(made)
        policy = load(folders=[into] if into.is_dir() and _own_folders(into) else ())
        with_articles(policy, [*policy.articles, article])
    except InputError as error:
        raise InputError(f"the article cannot be taken in: {error.what}") from None
    return article


def _put(made: Path, folder: Path) -> None:
    """Move a finished folder to its place; nothing is left where that fails."""
    missing = [one for one in (folder.parent, *folder.parent.parents) if not one.exists()]
    beside = folder.with_name(f".{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, beside)
        beside.rename(folder)
    except OSError as error:
        raise InputError(
            f"the article cannot be written ({error.strerror})", source=str(folder)
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        if not folder.exists():
            for one in missing:
                if one.is_dir() and not any(one.iterdir()):
                    one.rmdir()


def _must_be_usable(document: Published, leave_out: Collection[str], *, draft: bool) -> list[str]:
    """What is left out as asked for; raises InputError for a document that cannot be taken in."""
    source = document.source
    if document.is_draft and not draft:
        raise InputError(
            f"{document.head.id} is a draft; it binds nobody yet (--draft takes it in all the same)",
            source=source,
        )
    if not document.is_about_pumps:
        raise InputError(
            f"{document.id} is an article of another kind: it has no pump codes with a fee table",
            source=source,
        )
    unclear = [one for one in document.problems if one.about == FEE]
    asked = set(leave_out)
    open_ones = [one for one in unclear if one.place not in asked and EVERYTHING not in asked]
    if open_ones:
        raise InputError(_unclear(open_ones), source=source)
    for place in asked - {one.place for one in unclear} - {EVERYTHING}:
        raise InputError(f"at '{place}' there is no fee that is not understood", source=source)
    if not any(one.kind and one.states for one in document.contractors):
        raise InputError("the article names no contract with its kind and states", source=source)
    return [f"{one.value} ({one.place})" for one in unclear]


def _unclear(problems: Sequence[Problem]) -> str:
    first = problems[0]
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return (
        f"the fees are not clear: {first.value} ({first.place}){more}; mend the document, or leave them out "
        f'with --leave-out "{first.place}" or --leave-out {EVERYTHING}'
    )


def _like(ground: Path) -> str:
    """The shipped article whose statements, readings and chart hold."""
    return str(read_toml(ground / "article.toml").get("like", ground.name))


def _contracts(document: Published) -> tuple[list[dict[str, Any]], list[str]]:
    """The contracts as they stand in TOML, and those that are left out since too little is known of them."""
    known, unknown = [], []
    for one in document.contractors:
        if one.kind is None or not one.states:
            unknown.append(f"contract {one.number}: its kind or states are not known ({one.place})")
        else:
            region = {"region": one.region} if one.region else {}
            known.append(
                {"number": one.number, "kind": one.kind, "states": list(one.states), **region}
            )
    return known, unknown


def _head(document: Published, before: Article, standing: Standing) -> dict[str, Any]:
    same = before.id == document.id
    known = {one.number: one for one in before.revisions} if same else {}
    revisions = []
    for row in sorted(document.revisions, key=lambda one: _number(one.number)):
        told: dict[str, Any] = {"number": row.number, "effective": row.effective, "statements": []}
        ours = known.get(row.number)
        if ours is not None:
            told["statements"] = list(ours.statements)
            days = {"written": ours.written, "published": ours.published}
            told |= {name: day for name, day in days.items() if day is not None}
        revisions.append(told)
    changed, absent = _unreviewed(before, standing, same=same)
    head = document.head
    days = {
        "revision_effective": head.revision_effective,
        "ending": head.revision_ending,
        "retired": head.retired,
    }
    return {
        "id": document.id,
        "title": head.title,
        "type": head.type,
        "issuer": document.issuer,
        "jurisdiction": document.jurisdiction or "",
        "original_effective": head.original_effective,
        **{name: day for name, day in days.items() if day is not None},
        "changed": sorted(changed),
        "absent": sorted(absent),
        "related": list(dict.fromkeys(one.value for one in document.related)),
        "revisions": revisions,
    }


def _unreviewed(
    before: Article, standing: Standing, *, same: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """Statements whose text changed, and those that the article never had a text for.

    What was unreviewed before and has still no passage of its own remains so.
    """
    missing = standing.statements_missing
    if not same:
        return frozenset(), missing | before.unreviewed
    return before.changed | (missing - before.absent), before.absent


def _codes(document: Published, ground: Path) -> dict[str, Any]:
    return {
        "kd_examples": read_toml(ground / "codes.toml")["kd_examples"],
        "listed": {"codes": _values(document.codes)},
        "lists": {
            "modifiers": _values(document.modifiers),
            "diagnoses_covered": _values(document.diagnoses_covered),
            "diagnoses_not_covered": _values(document.diagnoses_not_covered),
            "bill_types": _values(document.bill_types),
            "revenue_codes": _values(document.revenue_codes),
        },
    }


def _values(found: Iterable[Any]) -> list[str]:
    return [one.value for one in found]


def _fees(document: Published, ground: Path) -> dict[str, Any]:
    compounding = [_fee(one) for one in document.fees if one.drug is None and not one.unknown]
    return {
        "statements": read_toml(ground / "fees.toml")["statements"],
        **({"compounding_fee": compounding[0]} if compounding else {}),
        "fees": [{"drug": one.drug, **_fee(one)} for one in document.fees if one.drug is not None],
    }


def _fee(fee: PublishedFee) -> dict[str, str]:
    written = {"written": fee.written} if fee.written != fee.per else {}
    return {"fee": f"{fee.fee:f}", "per": fee.per, **written}


def passage_rows(passages: Iterable[Any]) -> list[dict[str, Any]]:
    """Passages as they stand in TOML."""
    return [
        {
            **({"statement": one.statement} if one.statement else {}),
            "section": one.section,
            "words": one.words,
            "sha256": one.sha256,
        }
        for one in passages
    ]


def _review(
    document: Published, before: Article, standing: Standing, left_out: Sequence[str]
) -> dict[str, Any]:
    """What a person has to look at."""
    return {
        "about": "Statements whose passage is gone from the text, and words that no statement rests on. "
        "Map each with pumpclaim policy review.",
        "source": Path(document.source).name,
        "draft": document.is_draft,
        "continues": f"{before.id} {before.revision}",
        "left_out": list(left_out),
        "problems": [f"{one.value} ({one.place})" for one in document.problems],
        "gone": [
            {"statement": one.statement, "section": one.section, "place": place}
            for one, place in standing.missing
            if one.statement is not None
        ],
        "passages": [
            {"number": number, "section": run.section, "place": run.place, "words": run.text}
            for number, run in enumerate(standing.new, start=1)
        ],
    }
