"""The price of one narrative: the same kernel as a claim's line, for a person who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.facts import dollars, unread_part
from pumpclaim.figures import FIGURES
from pumpclaim.policy import load
from pumpclaim.policy.model import NATIONAL_DATES
from pumpclaim.pricing import LOWER_BOUND, NO_FEE, REASONS
from pumpclaim.review import check
from pumpclaim.tables import CLAIMS, LINES, MAX_MONEY, NANO, NANOGRAMS, UNIT

if TYPE_CHECKING:
    from pumpclaim.policy import Article, PolicySet
    from pumpclaim.review import Review

PRICING = ("allowance of a compounded drug line", "compounding fee of a refill")
"""The figures of which a price is made."""

UNPRICED = {
    REASONS[NO_FEE]: "{drugs} no fee in the article: the contractor prices {it} from the invoice",
    REASONS[LOWER_BOUND]: "lower bound: {drugs} no fee in the article",
}
"""Reasons that name no drug, and the same with the drugs."""


@dataclass(frozen=True)
class PriceItem:
    """One step: ``amount`` of ``item`` in ``unit``, times ``fee`` dollars per ``per``."""

    item: str
    amount: Decimal
    unit: str
    fee: Decimal
    per: str
    extended: Decimal


@dataclass(frozen=True)
class Price:
    """What the article allows for one refill's drugs; amounts in dollars, null when not known."""

    text: str
    on: date
    article: Article
    allowed: Decimal | None
    payable: Decimal | None
    reason: str | None
    items: tuple[PriceItem, ...]
    problems: tuple[str, ...]

    @property
    def doubt(self) -> str | None:
        """What stands in doubt of the statements behind the price; null when nothing does."""
        behind = (one for name in PRICING for one in FIGURES[name])
        return self.article.doubt(behind) or None

    def to_dict(self) -> dict[str, Any]:
        """The same with dates and amounts as strings."""
        return {
            "text": self.text,
            "on": self.on.isoformat(),
            "article": {"id": self.article.id, "revision": self.article.revision},
            "allowed": _string(self.allowed),
            "payable": _string(self.payable),
            "reason": self.reason,
            "pricing": [
                {name: _string(value) for name, value in vars(item).items()} for item in self.items
            ],
            "problems": list(self.problems),
            "doubt": self.doubt,
        }


def price(
    text: str,
    *,
    on: date,
    cartridges: int | None = None,
    charge: Decimal | None = None,
    policy: PolicySet | None = None,
    contractor: str | None = None,
) -> Price:
    """The allowance of the drugs that ``text`` names, filled in one refill on that day (P2, P3).

    ``cartridges`` count only under the reading compounding-fee=per-cartridge, and stand for those that the
    text states. ``charge`` in dollars. ``contractor`` is the contract number by whose article the price is
    reckoned; the policy's first article if not given.
    Raises InputError for a charge or number of cartridges that cannot be, for a contract number that no
    article names, and for a day on which the article is not in force.
    """
    policy = policy or load()
    usual = policy.of_day(policy.articles[0].id, on).contracts[0].number
    contract = contractor or usual
    article = policy.in_force(contract, on)
    if article is None:
        raise InputError(_not_in_force(policy, contract, on))
    if cartridges is not None and not 1 <= cartridges <= 100:
        raise InputError(f"the number of cartridges must be from 1 to 100; it was {cartridges}")
    charged = None
    if charge is not None:
        if charge < 0 or charge * NANO > MAX_MONEY or charge * NANO != int(charge * NANO):
            raise InputError(
                f"the charge must be dollars from 0 to {MAX_MONEY // NANO}; it was {charge}"
            )
        charged = int(charge * NANO)
    claim_set = _refill(text, on, charged)
    stated = None if cartridges is None else np.full(claim_set.lines.height, cartridges)
    review = check(claim_set, policy=policy, cartridges=stated, contractor=contract)
    line = review.prices.row(1, named=True)
    problems = review.contents.ingredient_rows.filter(pl.col("problem").is_not_null())
    return Price(
        text=text,
        on=on,
        article=article,
        allowed=_dollars(line["allowed"]),
        payable=_dollars(line["payable"] if charge is not None else line["allowed"]),
        reason=_reason(line["reason"], review),
        items=tuple(_item(row) for row in review.price_items.iter_rows(named=True)),
        problems=tuple(
            unread_part(row["text"], row["problem"]) for row in problems.iter_rows(named=True)
        ),
    )


def _not_in_force(policy: PolicySet, contract: str, on: date) -> str:
    """Why no article answers for a contract on a day."""
    spans = [
        (article.id, first, last)
        for article, (first, last) in zip(policy.articles, policy.spans, strict=True)
        if article.contract(contract) is not None
    ]
    if not spans:
        numbers = (one.number for article in policy.articles for one in article.contracts)
        known = ", ".join(dict.fromkeys(numbers))
        return f"no article here is for contract {contract}; the contracts are {known}"
    first, last = min(one for _, one, _ in spans), max(one for _, _, one in spans)
    until = "" if last == NATIONAL_DATES[1] else f" to {last}"
    return f"article {spans[0][0]} is effective from {first}{until}; it says nothing of {on}"


def _reason(reason: str | None, review: Review) -> str | None:
    """Why there is no allowance, or no whole one, with the drugs named that have no fee."""
    contents = review.contents
    without = contents.ingredient_rows.filter(pl.Series(~contents.unread & (contents.rate < 0)))
    names = list(dict.fromkeys(name.lower() for name in without["name"].drop_nulls()))
    if reason not in UNPRICED or not names:
        return reason
    has, it = ("has", "it") if len(names) == 1 else ("have", "them")
    return UNPRICED[reason].format(drugs=f"{' and '.join(names)} {has}", it=it)


def _refill(text: str, on: date, charge: int | None) -> ClaimSet:
    """One claim of one refill in a clinic, whose drug line bears ``text``."""
    claims = CLAIMS.conform(pl.DataFrame({
        "claim": [0], "claim_id": ["price"], "form": ["professional"], "patient_id": ["price"],
        "filing_indicator": ["MB"], "place_of_service": ["11"],
    }))  # fmt: skip
    lines = LINES.conform(pl.DataFrame({
        "claim": [0, 0], "line": [1, 2], "hcpcs": ["62370", "J7999"], "modifier_1": [None, "KD"],
        "description": [None, text], "charge": [None, charge], "units": [UNIT, UNIT],
        "service_from": [on, on],
    }, schema_overrides={"charge": pl.Int64}))  # fmt: skip
    return ClaimSet(claims, lines)


def _item(row: dict[str, Any]) -> PriceItem:
    unit = row["unit"]
    amount = Decimal(row["amount"])
    if unit in NANOGRAMS:
        amount /= NANOGRAMS[unit]
    return PriceItem(
        row["item"], amount, unit, Decimal(row["fee"]) / NANO, unit, Decimal(row["extended"]) / NANO
    )


def _dollars(nano_dollars: int | None) -> Decimal | None:
    return None if nano_dollars is None else Decimal(dollars(nano_dollars))


def _string(value: object) -> str | None:
    return None if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
