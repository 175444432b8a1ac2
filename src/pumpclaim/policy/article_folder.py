"""One revision of an article as a folder of facts in TOML, and what makes a fact impossible."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pumpclaim.errors import InputError
from pumpclaim.policy.chart import read_chart
from pumpclaim.policy.code_lists import (
    BILL_TYPE,
    DIAGNOSIS,
    MODIFIER,
    REVENUE_CODE,
    normal_list,
)
from pumpclaim.policy.model import (
    STATES,
    Article,
    Contract,
    Fee,
    Lists,
    Passage,
    Reading,
    Revision,
    Statement,
)
from pumpclaim.tables import MAX_AMOUNT, NANO, NANOGRAMS

HERE = Path(__file__).parent
INGREDIENTS_AT_MOST = 25
"""Ingredients of one line whose extended fees are sure to fit int64 together."""
PARTS = 1_000_000
"""Parts of a dollar per gram in which a fee is told beyond whole dollars."""
REVISION_NUMBER = re.compile(r"R\d{1,4}")
KINDS = {
    "modifiers": MODIFIER,
    "diagnoses_covered": DIAGNOSIS,
    "diagnoses_not_covered": DIAGNOSIS,
    "bill_types": BILL_TYPE,
    "revenue_codes": REVENUE_CODE,
}
"""The kind of codes of each of an article's lists."""


def fee_rate(fee: Fee) -> tuple[int, int]:
    """A drug's fee in nano-dollars per nanogram, which is dollars per gram: the whole ones, and the PARTS
    beyond.

    Raises InputError for a fee that is no whole number of nano-dollars, or so high that amounts could
    overflow.
    """
    said = f"the fee of {fee.drug}, {fee.fee} per {fee.per},"
    nano_dollars = fee.fee * NANO
    if nano_dollars != int(nano_dollars) or nano_dollars < 0:
        raise InputError(f"{said} is not exact here; write it with at most nine decimals")
    parts = int(nano_dollars) * PARTS // NANOGRAMS[fee.per]
    rate, part = divmod(parts, PARTS)
    highest = (2**63 - 1) // (MAX_AMOUNT * INGREDIENTS_AT_MOST) - 1
    if rate > highest:
        most = Decimal(highest) * NANOGRAMS[fee.per] / NANO
        raise InputError(f"{said} is too high to be summed exactly; the highest is {most:f}")
    return rate, part


def article_folders(folder: Path) -> list[Path]:
    """The folders of articles in ``folder``: itself, or those in it; raises InputError when there is none."""
    if (folder / "article.toml").is_file():
        return [folder]
    found = sorted(
        path.parent for path in folder.glob("*/article.toml") if path.parent.name[0] != "."
    )
    if not found:
        raise InputError("there is no article.toml in this folder of policies", source=str(folder))
    return found


def read_article(folder: Path) -> Article:
    """The article whose facts lie in ``folder``; raises InputError for a fact that cannot hold.

    What an article is held to by us (statements, readings, chart) may be that of a shipped one, which
    ``like`` names.
    """
    try:
        article = _article(folder)
        _check(article)
    except KeyError as error:
        raise InputError(f"the article's facts lack {error}", source=str(folder)) from None
    except InputError as error:
        if error.source is not None:
            raise
        raise InputError(error.what, source=str(folder)) from None
    except (TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise InputError(
            f"the article's facts cannot be used ({error})", source=str(folder)
        ) from None
    return article


def _article(folder: Path) -> Article:
    head = read_toml(folder / "article.toml")
    codes = read_toml(folder / "codes.toml")
    statements = {
        row["id"]: Statement(
            row["id"],
            row["summary"],
            row["where"],
            tuple(row["decided_from"]),
            row.get("reason"),
            tuple(row.get("lists", ())),
            row.get("filled"),
        )
        for row in _own(folder, head, "statements.toml")["statements"]
    }
    return Article(
        id=head["id"],
        title=head["title"],
        type=head["type"],
        issuer=head["issuer"],
        jurisdiction=head["jurisdiction"],
        original_effective=head["original_effective"],
        effective=head["effective"],
        revisions=tuple(_revision(row) for row in head["revisions"]),
        contracts=tuple(
            Contract(row["number"], row["kind"], tuple(row["states"]), row.get("region"))
            for row in head["contracts"]
        ),
        listed=frozenset(
            code for group in codes["listed"].values() if isinstance(group, list) for code in group
        ),
        kd_examples=tuple((row["code"], row["drug"]) for row in codes["kd_examples"]),
        fees=_fees(read_toml(folder / "fees.toml")),
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
        lists=_lists(codes.get("lists", {})),
        revision_effective=head.get("revision_effective"),
        ending=head.get("ending"),
        retired=head.get("retired"),
        changed=frozenset(head.get("changed", ())),
        absent=frozenset(head.get("absent", ())),
        passages=tuple(
            Passage(row.get("statement"), row["section"], row["words"], row["sha256"])
            for row in read_toml(folder / "passages.toml")["passages"]
        ),
        related=frozenset(head.get("related", ())),
    )


def _own(folder: Path, head: dict[str, Any], name: str) -> dict[str, Any]:
    """A file of an article's folder, or that of the shipped article it is like."""
    if (folder / name).exists() or "like" not in head:
        return read_toml(folder / name)
    return read_toml(HERE / str(head["like"]) / name)


def _revision(row: dict[str, Any]) -> Revision:
    return Revision(
        row["number"],
        row["effective"],
        tuple(row["statements"]),
        row.get("written"),
        row.get("published"),
    )


def _fees(document: dict[str, Any]) -> tuple[Fee, ...]:
    """The compounding fee, where the article has one, and those of the drugs."""
    compounding = document.get("compounding_fee")
    rows = ([] if compounding is None else [compounding]) + document["fees"]
    statements = document["statements"]
    return tuple(
        Fee(
            row.get("drug"),
            Decimal(row["fee"]),
            row["per"],
            statements["drugs" if "drug" in row else "compounding"],
            row.get("written"),
        )
        for row in rows
    )


def _lists(document: dict[str, Any]) -> Lists:
    found = {}
    for name, entries in document.items():
        try:
            found[name] = normal_list(KINDS[name], entries)
        except ValueError as error:
            raise InputError(f"the list {name} has '{error}', which is no {KINDS[name]}") from None
    return Lists(**found)


def _check(article: Article) -> None:
    _check_revisions(article)
    _check_contracts(article.contracts)
    _check_fees(article.fees)
    _check_statements(article)


def _check_revisions(article: Article) -> None:
    for one in article.revisions:
        if not REVISION_NUMBER.fullmatch(one.number):
            raise InputError(f"'{one.number}' is no number of a revision, such as R3")
    required = [article.original_effective, article.effective]
    required += [one.effective for one in article.revisions]
    optional = [article.revision_effective, article.ending, article.retired]
    for day in required + [day for day in optional if day is not None]:
        if type(day) is not date:
            raise InputError(f"'{day}' is no date; write it without quotes, as 2024-03-05")


def _check_contracts(contracts: tuple[Contract, ...]) -> None:
    for one in contracts:
        unknown = sorted(set(one.states) - set(STATES))
        if unknown or not one.states or one.kind not in ("A", "B"):
            what = (
                f"'{unknown[0]}' is no state" if unknown else "it names no state, or no kind A or B"
            )
            raise InputError(f"the contract {one.number} cannot be: {what}")


def _check_fees(fees: tuple[Fee, ...]) -> None:
    for one in fees:
        if one.drug is not None:
            fee_rate(one)
        elif one.fee * NANO != int(one.fee * NANO) or not 0 <= one.fee * NANO < 2**53:
            raise InputError(f"the compounding fee of {one.fee} is not exact here")


def _check_statements(article: Article) -> None:
    for name in article.unreviewed - set(article.statements):
        raise InputError(f"{article.id}: unreviewed names no statement '{name}'")
    for reading in article.readings.values():
        if reading.default not in reading.choices:
            raise InputError(
                f"{article.id}: the reading '{reading.id}' has no choice '{reading.default}'"
            )
        for statement in reading.statements:
            if statement not in article.statements:
                raise InputError(
                    f"{article.id}: the reading '{reading.id}' names no statement '{statement}'"
                )


def read_toml(path: Path) -> dict[str, Any]:
    """A file of facts; raises InputError when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"these facts cannot be read ({why})", source=str(path)) from None
