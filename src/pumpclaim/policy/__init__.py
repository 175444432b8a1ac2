"""What the articles say, as dated facts in TOML, and their loader.

``load()`` gives the shipped policy; ``load(readings={...})`` the same under other readings.
``PolicySet.in_force(contractor, day)`` answers what holds for a contractor on a date. A folder with an
``article.toml`` is one revision of an article; to add one is to add a folder.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError, nearest
from pumpclaim.policy.article_folder import (
    HERE,
    INGREDIENTS_AT_MOST,
    PARTS,
    article_folders,
    fee_rate,
    read_article,
    read_toml,
)
from pumpclaim.policy.drugs import load_drugs
from pumpclaim.policy.model import (
    NATIONAL_DATES,
    Article,
    Code,
    Fee,
    Medicare,
    PolicySet,
    Reading,
    Role,
    Statement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "HERE",
    "INGREDIENTS_AT_MOST",
    "PARTS",
    "Article",
    "Code",
    "Fee",
    "PolicySet",
    "Reading",
    "Role",
    "Statement",
    "article_folders",
    "fee_rate",
    "folders_given",
    "load",
    "read_article",
    "with_articles",
]

FRACTIONS = ("residual_volume", "refill_due_share", "largest_reservoir")
"""Thresholds that need not be whole numbers."""
ENVIRONMENT = "PUMPCLAIM_POLICY"
"""Variable that names folders of adopted articles, parted as in PATH."""


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
    given = dict.fromkeys([*folders_given(), *folders])
    return _loaded(
        tuple(sorted((readings or {}).items())),
        tuple(sorted((thresholds or {}).items())),
        tuple((folder, _written(folder)) for folder in given),
    )


def folders_given() -> list[Path]:
    """The folders of adopted articles that the environment names."""
    named = os.environ.get(ENVIRONMENT, "")
    return [Path(one) for one in named.split(os.pathsep) if one]


def _written(folder: Path) -> int:
    """When the facts in a folder were last written; what is made of them is made anew after that."""
    files = [path for pattern in ("*.toml", "*/*.toml") for path in folder.glob(pattern)]
    return max((path.stat().st_mtime_ns for path in files), default=0)


@lru_cache(maxsize=64)
def _loaded(
    readings: tuple[tuple[str, str], ...],
    thresholds: tuple[tuple[str, str], ...],
    folders: tuple[tuple[Path, int], ...],
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


def in_order(articles: Iterable[Article]) -> tuple[Article, ...]:
    """Revisions by their number, the newest first; articles in the order in which they are met.

    Of two with one number the last one given counts as newer.
    """
    by_id: dict[str, list[Article]] = {}
    for one in articles:
        by_id.setdefault(one.id, []).insert(0, one)
    return tuple(
        one
        for revisions in by_id.values()
        for one in sorted(revisions, key=lambda article: int(article.revision[1:]), reverse=True)
    )


def with_articles(policy: PolicySet, articles: Iterable[Article]) -> PolicySet:
    """The policy with these articles in the place of its own; raises InputError where they cannot hold
    together."""
    ordered = in_order(articles)
    changed = replace(policy, articles=ordered)
    _check_contracts(changed)
    for article in ordered:
        for fee in article.fees:
            if fee.drug is not None and fee.drug not in policy.drugs.by_id:
                raise InputError(
                    f"{article.id} has a fee for '{fee.drug}', which drugs.toml does not know"
                )
    chosen = {name: one.default for a in ordered for name, one in a.readings.items()}
    return replace(changed, chosen=chosen | policy.chosen)


@cache
def _facts(given: tuple[tuple[Path, int], ...]) -> PolicySet:
    folders = [*article_folders(HERE), *(one for path, _ in given for one in article_folders(path))]
    policy = PolicySet(
        articles=(),
        codes=_codes(read_toml(HERE / "code_set.toml")),
        drugs=load_drugs(),
        medicare=_medicare(read_toml(HERE / "medicare.toml")),
        thresholds={
            name: Decimal(entry["value"])
            for name, entry in read_toml(HERE / "thresholds.toml").items()
        },
    )
    return with_articles(policy, (read_article(folder) for folder in folders))


def _check_contracts(policy: PolicySet) -> None:
    """On every day a contract belongs to one article."""
    held: dict[str, list[tuple[str, date, date]]] = {}
    for article, (first, last) in zip(policy.articles, policy.spans, strict=True):
        for contract in article.contracts:
            for other, start, end in held.setdefault(contract.number, []):
                if other != article.id and first <= end and start <= last:
                    raise InputError(
                        f"the contract {contract.number} is in two articles, {other} and {article.id}"
                    )
            held[contract.number].append((article.id, first, last))


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


def days(day: date) -> int:
    """Days since 1970-01-01, as Polars keeps dates."""
    return (day - date(1970, 1, 1)).days
