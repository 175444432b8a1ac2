"""What the articles say, as dated facts in TOML, and their loader.

``load()`` gives the shipped policy; ``load(readings={...})`` the same under other readings.
``PolicySet.in_force(contractor, day)`` answers what holds for a contractor on a date. A folder with an
``article.toml`` is an article; to add one is to add a folder.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError, nearest
from pumpclaim.policy.chart import read_chart
from pumpclaim.policy.drugs import load_drugs
from pumpclaim.policy.model import (
    NATIONAL_DATES,
    Article,
    Code,
    Contract,
    Fee,
    Lists,
    Medicare,
    Passage,
    PolicySet,
    Reading,
    Revision,
    Role,
    Statement,
)
from pumpclaim.tables import MAX_AMOUNT, NANOGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "Article",
    "Code",
    "Fee",
    "PolicySet",
    "Reading",
    "Role",
    "Statement",
    "fee_rate",
    "load",
]

HERE = Path(__file__).parent
FRACTIONS = ("residual_volume", "refill_due_share", "largest_reservoir")
"""Thresholds that need not be whole numbers."""
ENVIRONMENT = "PUMPCLAIM_POLICY"
"""Variable that names folders of adopted articles, parted as in PATH."""
INGREDIENTS_AT_MOST = 100
"""Ingredients of one line whose extended fees are sure to fit int64 together."""


def load(
    readings: Mapping[str, str] | None = None,
    thresholds: Mapping[str, str] | None = None,
    folders: Sequence[Path] = (),
) -> PolicySet:
    """The shipped policy under ``readings`` (reading id to choice) and ``thresholds`` (name to value).

    Others keep their default. The same call gives the same policy, so that what is made of it is made once.
    Folders of articles that were adopted (``pumpclaim policy adopt``) count as well: those of ``folders``,
    and those that the environment names in PUMPCLAIM_POLICY. Raises InputError for a reading, choice,
    threshold or folder that does not exist, naming the nearest, and for a value that is no number.
    """
    named = os.environ.get(ENVIRONMENT, "")
    given = [*(Path(one) for one in named.split(os.pathsep) if one), *folders]
    return _loaded(
        tuple(sorted((readings or {}).items())),
        tuple(sorted((thresholds or {}).items())),
        tuple(given),
    )


@lru_cache(maxsize=64)
def _loaded(
    readings: tuple[tuple[str, str], ...],
    thresholds: tuple[tuple[str, str], ...],
    folders: tuple[Path, ...],
) -> PolicySet:
    policy = _facts(folders)
    if thresholds:
        policy = replace(policy, thresholds={**policy.thresholds, **_set(policy, dict(thresholds))})
    if not readings:
        return policy
    known = {name: one for article in policy.articles for name, one in article.readings.items()}
    for name, choice in readings:
        if name not in known:
            raise InputError(f"no reading is called '{name}'{nearest(name, known, listed=None)}")
        if choice not in known[name].choices:
            choices = ", ".join(known[name].choices)
            raise InputError(f"the reading '{name}' has no choice '{choice}'; it has {choices}")
        if known[name].planned:
            raise InputError(
                f"the reading '{name}' cannot be switched yet: its rules are still to come"
            )
    return replace(policy, chosen={**policy.chosen, **dict(readings)})


def _set(policy: PolicySet, given: Mapping[str, str]) -> dict[str, Decimal]:
    values = {}
    for name, text in given.items():
        if name not in policy.thresholds:
            raise InputError(
                f"no threshold is called '{name}'{nearest(name, policy.thresholds, listed=None)}"
            )
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal(-1)
        whole = name not in FRACTIONS
        if not (value.is_finite() and 0 <= value <= 10_000) or (whole and value != int(value)):
            kind = "a whole number" if whole else "a number"
            raise InputError(f"the threshold '{name}' is '{text}'; write {kind} from 0 to 10000")
        values[name] = value
    return values


def fee_rate(fee: Fee) -> int:
    """A drug's fee in nano-dollars per nanogram, which is whole dollars per gram (DESIGN.md, Money).

    Raises InputError for a fee that is not whole, or so high that amounts could overflow.
    """
    per_gram = fee.fee * (NANOGRAMS["g"] // NANOGRAMS[fee.per])
    if per_gram != int(per_gram) or per_gram < 0:
        raise InputError(
            f"the fee of {fee.drug}, {fee.fee} per {fee.per}, is no whole number of dollars per gram"
        )
    if int(per_gram) * MAX_AMOUNT * INGREDIENTS_AT_MOST >= 2**63:
        raise InputError(
            f"the fee of {fee.drug}, {fee.fee} per {fee.per}, is too high to be summed exactly"
        )
    return int(per_gram)


def article_folders(folder: Path) -> list[Path]:
    """The folders of articles in ``folder``: itself, or those in it; raises InputError when there is none."""
    if (folder / "article.toml").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/article.toml"))
    if not found:
        raise InputError("there is no article.toml in this folder of policies", source=str(folder))
    return found


def newest(articles: Iterable[Article]) -> tuple[Article, ...]:
    """Of each article the newest revision, which holds the facts of those before it; in order of ids met."""
    found: dict[str, Article] = {}
    for one in articles:
        before = found.get(one.id)
        if before is None or _age(before) <= _age(one):
            found[one.id] = one
    return tuple(found.values())


def _age(article: Article) -> tuple[date, int]:
    number = re.search(r"\d+", article.revision)
    return article.revisions[-1].effective, int(number[0]) if number else 0


@cache
def _facts(given: tuple[Path, ...]) -> PolicySet:
    folders = [*article_folders(HERE), *(one for path in given for one in article_folders(path))]
    articles = newest(read_article(folder) for folder in folders)
    _check_contracts(articles)
    drugs = load_drugs()
    for article in articles:
        for fee in article.fees:
            if fee.drug is not None and fee.drug not in drugs.by_id:
                raise InputError(
                    f"{article.id} has a fee for '{fee.drug}', which drugs.toml does not know"
                )
    return PolicySet(
        articles=articles,
        codes=_codes(_toml(HERE / "code_set.toml")),
        drugs=drugs,
        medicare=_medicare(_toml(HERE / "medicare.toml")),
        thresholds={
            name: Decimal(entry["value"]) for name, entry in _toml(HERE / "thresholds.toml").items()
        },
        chosen={name: one.default for a in articles for name, one in a.readings.items()},
    )


def _check_contracts(articles: Sequence[Article]) -> None:
    """A contract belongs to one article of the set."""
    owners: dict[str, str] = {}
    for article in articles:
        for one in article.contracts:
            owner = owners.setdefault(one.number, article.id)
            if owner != article.id:
                raise InputError(
                    f"the contract {one.number} is in two articles, {owner} and {article.id}"
                )


def read_article(folder: Path) -> Article:
    """The article whose facts lie in ``folder``; raises InputError for a fact that cannot hold.

    What an article is held to by us (statements, readings, chart) may be that of a shipped one, which
    ``like`` names.
    """
    head = _toml(folder / "article.toml")
    codes = _toml(folder / "codes.toml")
    statements = {
        row["id"]: Statement(
            row["id"], row["summary"], row["where"], tuple(row["decided_from"]), row.get("reason")
        )
        for row in _own(folder, head, "statements.toml")["statements"]
    }
    article = Article(
        id=head["id"],
        title=head["title"],
        type=head["type"],
        issuer=head["issuer"],
        jurisdiction=head["jurisdiction"],
        original_effective=head["original_effective"],
        revisions=tuple(_revision(row) for row in head["revisions"]),
        contracts=tuple(
            Contract(row["number"], row["kind"], tuple(row["states"]), row.get("region"))
            for row in head["contracts"]
        ),
        listed=frozenset(
            code for group in codes["listed"].values() if isinstance(group, list) for code in group
        ),
        kd_examples=tuple((row["code"], row["drug"]) for row in codes["kd_examples"]),
        fees=_fees(_toml(folder / "fees.toml")),
        statements=statements,
        readings={
            row["id"]: Reading(
                row["number"],
                row["id"],
                tuple(row["statements"]),
                row["question"],
                row["default"],
                row["choices"],
                row.get("planned", False),
            )
            for row in _own(folder, head, "readings.toml")["readings"]
        },
        chart=read_chart(_own(folder, head, "chart.toml"), statements),
        later_revision_known=head.get("later_revision_known"),
        lists=Lists(**{name: frozenset(listed) for name, listed in codes.get("lists", {}).items()}),
        ending=head.get("ending"),
        retired=head.get("retired"),
        unreviewed=frozenset(head.get("unreviewed", ())),
        passages=tuple(
            Passage(row["statement"], row["words"], row["sha256"])
            for row in _toml(folder / "passages.toml")["passages"]
        ),
    )
    _check(article)
    return article


def _own(folder: Path, head: dict[str, Any], name: str) -> dict[str, Any]:
    """A file of an article's folder, or that of the shipped article it is like."""
    if (folder / name).exists() or "like" not in head:
        return _toml(folder / name)
    return _toml(HERE / str(head["like"]) / name)


def _check(article: Article) -> None:
    for fee in article.fees:
        if fee.drug is not None:
            fee_rate(fee)
    for name in article.unreviewed - set(article.statements):
        raise InputError(f"{article.id}: unreviewed names no statement '{name}'")
    for one in article.readings.values():
        if one.default not in one.choices:
            raise InputError(f"{article.id}: the reading '{one.id}' has no choice '{one.default}'")
        for statement in one.statements:
            if statement not in article.statements:
                raise InputError(
                    f"{article.id}: the reading '{one.id}' names no statement '{statement}'"
                )


def _revision(row: dict[str, Any]) -> Revision:
    return Revision(
        row["number"],
        row["effective"],
        tuple(row["statements"]),
        row.get("written"),
        row.get("published"),
    )


def _fees(document: dict[str, Any]) -> tuple[Fee, ...]:
    compounding = tuple(
        Fee(None, Decimal(row["fee"]), row["per"], row["from"], row["statement"], row.get("to"))
        for row in document["compounding_fee"]
    )
    return compounding + tuple(
        Fee(
            row["drug"],
            Decimal(row["fee"]),
            row["per"],
            row["from"],
            document["statement"],
            row.get("to"),
        )
        for row in document["fees"]
    )


def _codes(document: dict[str, Any]) -> dict[str, Code]:
    codes = {}
    for row in document["codes"]:
        roles = Role.NONE
        for name in row["roles"]:
            roles |= Role[name.upper().replace("-", "_")]
        codes[row["code"]] = Code(
            row["code"],
            row["label"],
            roles,
            row["source"],
            row.get("valid_from", NATIONAL_DATES[0]),
            row.get("valid_to", NATIONAL_DATES[1]),
            tuple(row.get("replaced_by", ())),
            row.get("drug"),
            row.get("confidence", "H"),
        )
    return codes


def _medicare(document: dict[str, Any]) -> Medicare:
    opps, part_b = document["opps"], document["part_b"]
    return Medicare(
        filing_indicators=tuple(document["payers"]["filing_indicators"]),
        opps_bill_types=tuple(opps["bill_types"]),
        opps_first_bill_type=tuple(opps["first_bill_type"]),
        opps_excluded_states=tuple(opps["excluded_states"]),
        opps_text_from=opps["article_text_from"],
        hospital_outpatient=tuple(document["hospital_places_of_service"]["outpatient"]),
        hospital_other=tuple(document["hospital_places_of_service"]["other"]),
        surgical_center=tuple(document["ambulatory_surgical_center"]["places_of_service"]),
        coinsurance_percent=Decimal(part_b["coinsurance_percent"]),
        deductible={int(year): Decimal(amount) for year, amount in part_b["deductible"].items()},
        sequestration=tuple(
            (row["from"], Decimal(row["percent"])) for row in document["sequestration"]
        ),
        other_contracts=tuple(document["other_contracts"]["numbers"]),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"these facts cannot be read ({why})", source=str(path)) from None


def days(day: date) -> int:
    """Days since 1970-01-01, as Polars keeps dates."""
    return (day - date(1970, 1, 1)).days
