"""A published article taken in as a new dated folder of facts, beside the old, never over it.

Facts with a later start take over from that day; what changed in the prose is left for a person to map to
rules, and until then the statements it concerns are unreviewed.
"""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from pumpclaim.articles.passages import Standing, digest, normal_words, passages_in
from pumpclaim.errors import InputError
from pumpclaim.policy import read_article

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pumpclaim.articles.published import Published
    from pumpclaim.policy import Article

REVIEW = "review.toml"
FEWEST_WORDS = 4
"""A run of new words that is shorter is no passage of its own."""


@dataclass(frozen=True)
class Adopted:
    """A folder that was written: the statements whose passages changed, and what was left out and why."""

    folder: Path
    article: Article
    unreviewed: tuple[str, ...]
    new_passages: tuple[str, ...]
    left_out: tuple[str, ...]


def adopt(document: Published, base: Path, into: Path, start: date | None = None) -> Adopted:
    """Write the facts of ``document`` as a folder in ``into``, on the ground of the article in ``base``.

    Where ``base`` is the same article its dated facts are kept, and those that differ hold from ``start``
    (the document's revision date when not given). Raises InputError, and writes nothing, for a document
    without fees, contracts or pump codes, for fees that could not be understood, and for a folder that is
    there already.
    """
    _must_be_usable(document)
    before = read_article(base)
    same = before.id == document.id
    first = start or document.revision_effective or document.original_effective
    like = str(_toml(base / "article.toml").get("like", base.name))
    standing = passages_in(before.passages, (one.value for one in document.paragraphs))
    left_out: list[str] = []
    files = {
        "article.toml": _head(document, before, standing, like, same=same, left_out=left_out),
        "codes.toml": _codes(document, _toml(base / "codes.toml")),
        "fees.toml": _fees(
            document, _toml(base / "fees.toml"), first, same=same, left_out=left_out
        ),
        "passages.toml": _toml(base / "passages.toml"),
    }
    new = tuple(run for run in standing.other if len(run.split()) >= FEWEST_WORDS)
    revision = files["article.toml"]["revisions"][-1]["number"]
    name = f"{document.id.lower()}-{revision.lower()}-{first.isoformat()}"
    folder = into / name
    if folder.exists():
        raise InputError(
            "this revision is there already; it is never written over", source=str(folder)
        )
    beside = into / f".{name}.part"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        for file, content in files.items():
            (beside / file).write_bytes(tomli_w.dumps(content).encode())
        (beside / REVIEW).write_bytes(
            tomli_w.dumps(_review(document, standing, new, left_out)).encode()
        )
        article = read_article(beside)
        beside.rename(folder)
    except (OSError, InputError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        what = error.what if isinstance(error, InputError) else str(error.strerror)
        raise InputError(f"the article cannot be taken in: {what}", source=str(folder)) from None
    return Adopted(folder, article, tuple(sorted(article.unreviewed)), new, tuple(left_out))


def _must_be_usable(document: Published) -> None:
    if not document.is_about_pumps:
        raise InputError(
            f"{document.id} is an article of another kind: it has no pump codes with a fee table",
            source=document.source,
        )
    for one in document.problems:
        if "fee" in one.value:
            raise InputError(
                f"the fee table is not clear: {one.value} ({one.place})", source=document.source
            )
    if not any(one.kind and one.states for one in document.contractors):
        raise InputError(
            "the article names no contract with its kind and states", source=document.source
        )


def _head(
    document: Published,
    before: Article,
    standing: Standing,
    like: str,
    *,
    same: bool,
    left_out: list[str],
) -> dict[str, Any]:
    contracts: list[dict[str, Any]] = []
    for one in document.contractors:
        if one.kind is None or not one.states:
            left_out.append(
                f"contract {one.number}: its kind or states are not known ({one.place})"
            )
            continue
        region = {"region": one.region} if one.region else {}
        contracts.append(
            {"number": one.number, "kind": one.kind, "states": list(one.states), **region}
        )
    jurisdictions = dict.fromkeys(
        one.jurisdiction for one in document.contractors if one.jurisdiction
    )
    known = {one.number: one for one in before.revisions} if same else {}
    revisions = []
    for said in sorted(
        document.revisions, key=lambda row: (row.effective, len(row.number), row.number)
    ):
        ours = known.get(said.number)
        row: dict[str, Any] = {"number": said.number, "effective": said.effective, "statements": []}
        if ours is not None:
            row["statements"] = list(ours.statements)
            row |= {
                name: day
                for name, day in (("written", ours.written), ("published", ours.published))
                if day is not None
            }
        revisions.append(row)
    if not revisions:
        day = document.revision_effective or document.original_effective
        revisions = [{"number": "R0", "effective": day, "statements": []}]
    unreviewed = standing.changed | (before.unreviewed - standing.there if same else frozenset())
    days = {"ending": document.revision_ending, "retired": document.retired}
    return {
        "id": document.id,
        "like": like,
        "title": document.title,
        "type": document.type,
        "issuer": ", ".join(dict.fromkeys(one.name for one in document.contractors)),
        "jurisdiction": " ".join(jurisdictions),
        "original_effective": document.original_effective,
        **{name: day for name, day in days.items() if day is not None},
        "unreviewed": sorted(unreviewed),
        "statements": [],
        "revisions": revisions,
        "contracts": contracts,
    }


def _codes(document: Published, base: dict[str, Any]) -> dict[str, Any]:
    return {
        "listed": {"codes": [one.value for one in document.codes]},
        "kd_examples": base["kd_examples"],
        "lists": {
            "modifiers": _values(document.modifiers),
            "diagnoses_covered": [
                one.replace(".", "") for one in _values(document.diagnoses_covered)
            ],
            "diagnoses_not_covered": [
                one.replace(".", "") for one in _values(document.diagnoses_not_covered)
            ],
            "bill_types": [one.lstrip("0").lower() for one in _values(document.bill_types)],
            "revenue_codes": _values(document.revenue_codes),
        },
    }


def _values(found: Iterable[Any]) -> list[str]:
    return [one.value for one in found]


def _fees(
    document: Published, base: dict[str, Any], start: date, *, same: bool, left_out: list[str]
) -> dict[str, Any]:
    """The rows of before with what differs from ``start`` on; of another article only the document's."""
    result: dict[str, Any] = {"statement": base["statement"]}
    for table, key in (("compounding_fee", None), ("fees", "drug")):
        rows = [dict(row) for row in base[table]] if same else []
        said = {}
        for one in document.fees:
            if one.unknown:
                if key is not None:
                    left_out.append(f"fee of {one.name}: a drug that we do not know ({one.place})")
            elif (one.drug is None) == (key is None):
                said[one.drug] = one
        held = {row.get("drug"): row for row in sorted(rows, key=lambda row: row["from"])}
        for drug, fee in said.items():
            row = held.get(drug)
            if row is not None and "to" not in row and _same(row, str(fee.fee), fee.per):
                continue
            if row is not None and row["from"] >= start:
                rows.remove(row)
            more = {"drug": drug} if key else {"statement": base["compounding_fee"][0]["statement"]}
            rows.append({**more, "fee": str(fee.fee), "per": fee.per, "from": start})
        for drug, row in held.items():
            if drug not in said and "to" not in row:
                row["to"] = start - timedelta(days=1)
        result[table] = [row for row in rows if row.get("to", row["from"]) >= row["from"]]
    return result


def _same(row: dict[str, Any], fee: str, per: str) -> bool:
    return Decimal(row["fee"]) == Decimal(fee) and row["per"] == per


def _review(
    document: Published, standing: Standing, new: tuple[str, ...], left_out: list[str]
) -> dict[str, Any]:
    """What a person has to look at."""
    return {
        "about": "Statements whose passage is gone from the text, and passages that no statement rests on. "
        "Map each with pumpclaim policy review.",
        "source": Path(document.source).name,
        "changed": sorted(standing.changed),
        "left_out": left_out,
        "problems": [f"{one.value} ({one.place})" for one in document.problems],
        "passages": [
            {"number": number, "words": run, "sha256": digest(run.split())}
            for number, run in enumerate(new, start=1)
        ],
    }


def review(folder: Path, statement: str, passage: int | None) -> Article:
    """Say that a person has read what became of a statement. Gives the article as it is then.

    It rests on passage number ``passage`` of ``review.toml``, or, where that is null, on none any more.

    Raises InputError for a statement that is not unreviewed, or a passage that is not there.
    """
    head = _toml(folder / "article.toml")
    passages = _toml(folder / "passages.toml")
    notes = _toml(folder / REVIEW)
    if statement not in head.get("unreviewed", ()):
        waiting = ", ".join(head.get("unreviewed", ())) or "none"
        raise InputError(
            f"{statement} is not unreviewed; those that are: {waiting}", source=str(folder)
        )
    rows = [row for row in passages["passages"] if row["statement"] != statement]
    if passage is not None:
        known = {row["number"]: row for row in notes["passages"]}
        if passage not in known:
            raise InputError(f"review.toml has no passage {passage}", source=str(folder))
        words = normal_words([known[passage]["words"]])
        rows.append({"statement": statement, "words": len(words), "sha256": digest(words)})
    head["unreviewed"] = [one for one in head["unreviewed"] if one != statement]
    for name, content in (("passages.toml", {"passages": rows}), ("article.toml", head)):
        beside = folder / f".{name}.part"
        beside.write_bytes(tomli_w.dumps(content).encode())
        beside.replace(folder / name)
    return read_article(folder)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"these facts cannot be read ({why})", source=str(path)) from None
