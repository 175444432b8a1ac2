"""The worklist: reviewed claims in the order in which they are worth a person's time, and its filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.patient_ids import plain_column, plain_id
from pumpclaim.tables import OUTCOMES, WORKLIST

if TYPE_CHECKING:
    from datetime import date

    from pumpclaim.review import Review

AT_STAKE = ("deny", "reject", "records")
"""Outcomes that cost the lines they concern when nobody acts."""
NEEDS_WORK = ("denied", "fix", "records")
"""Determinations that ask for a person."""
UNDERCHARGED = "PRC104"
"""The rule of a charge below the allowance: what lies between is left uncharged."""
IMPLAUSIBLE = "DRG112"
"""The rule of an amount that no reservoir holds: an allowance that follows from it is not believed."""


def worklist(review: Review) -> pl.DataFrame:
    """Every reviewed claim with its dollars at stake (tables.WORKLIST), what costs most to ignore first.

    At stake is the money of the lines that a finding to deny, to reject or for records concerns (all lines
    of the claim where it concerns the claim): the lower of allowance and charge where the article allows
    anything, else the one of them that is known (a charge is at risk as well where nothing is allowed).
    Left uncharged is what charges lack to the allowance, which is paid to nobody. Both are null where a line
    has no such amount; of a line whose drug amount is implausible nothing is reckoned from its allowance.
    Claims that need work and have no known amount stand behind those that have one.
    """
    findings = review.findings.select(
        "claim", "line", "rule", outcome=pl.col("outcome").cast(pl.String)
    )
    lines = review.prices.join(
        findings.filter(rule=IMPLAUSIBLE).select("claim", "line", implausible=True),
        on=["claim", "line"], how="left", maintain_order="left",
    ).with_columns(allowed=_believed("allowed"), payable=_believed("payable"))  # fmt: skip
    money = lines.select(
        "claim", "row", "line",
        at_stake=pl.coalesce(_positive("payable"), "charge", _positive("allowed")),
        left_uncharged=pl.col("allowed") - pl.col("charge"),
    )  # fmt: skip
    costly = findings.filter(pl.col("outcome").is_in(AT_STAKE))
    told = review.findings.group_by("claim").agg(
        rules=pl.col("rule").unique().sort(),
        outcomes=pl.col("outcome").unique().sort(descending=True),
    )
    table = (
        review.determinations.join(
            _sums(money, costly, "at_stake"), on="claim", how="left", maintain_order="left"
        )
        .join(
            _sums(money, findings.filter(rule=UNDERCHARGED), "left_uncharged"),
            on="claim", how="left", maintain_order="left",
        )
        .join(told, on="claim", how="left", maintain_order="left")
        .with_columns(
            review.claim_set.claims["patient_name"],
            *(_of_all(name) for name in ("at_stake", "left_uncharged")),
            rules=pl.col("rules").fill_null([]),
            outcomes=pl.col("outcomes").list.eval(pl.element().cast(pl.String)).fill_null([]),
        )
    )  # fmt: skip
    works = pl.col("determination").cast(pl.String).is_in(NEEDS_WORK) | (pl.col("at_stake") > 0)
    return WORKLIST.conform(table).sort(
        works.fill_null(True), "at_stake", "left_uncharged", "determination", "claim",
        descending=[True, True, True, True, False],
        nulls_last=[False, True, True, False, False],
    )  # fmt: skip


def _sums(money: pl.DataFrame, findings: pl.DataFrame, name: str) -> pl.DataFrame:
    """Of each claim the sum of a column over the lines that findings concern; null where one is not known."""
    of_claim = findings.filter(pl.col("line").is_null()).select("claim")
    of_line = findings.filter(pl.col("line").is_not_null()).select("claim", "line")
    concerned = pl.concat(
        [
            money.join(of_claim, on="claim", how="semi"),
            money.join(of_line, on=["claim", "line"], how="semi"),
        ]
    ).unique("row")
    return concerned.group_by("claim").agg(
        pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()),
        pl.len().alias(f"lines_{name}"),
    )


def _of_all(name: str) -> pl.Expr:
    """A sum, zero for claims of which no line is concerned."""
    none = pl.col(f"lines_{name}").is_null()
    return pl.when(none).then(pl.lit(0, pl.Int64)).otherwise(name).alias(name)


def _believed(name: str) -> pl.Expr:
    return pl.when(pl.col("implausible").is_null()).then(name)


def _positive(name: str) -> pl.Expr:
    return pl.when(pl.col(name) > 0).then(name)


@dataclass(frozen=True)
class Selection:
    """Which claims of a worklist are wanted; what is null is not asked. Texts are compared as they stand,
    claim ids by what they contain, patients by words that their id or name contain (both as patient ids are
    compared), rules by code or family. ``done`` is asked of a table that says of each claim whether it is
    done."""

    determination: str | None = None
    outcome: str | None = None
    rule: str | None = None
    provider: str | None = None
    patient: str | None = None
    claim: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    done: bool | None = None

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """The rows of a worklist that are wanted, in its order."""
        asked: list[pl.Expr] = []
        if self.determination is not None:
            asked.append(pl.col("determination").cast(pl.String) == self.determination)
        if self.outcome is not None:
            asked.append(pl.col("outcomes").list.contains(self.outcome))
        if self.rule is not None:
            code = self.rule.upper()
            asked.append(pl.col("rules").list.eval(pl.element().str.starts_with(code)).list.any())
        if self.provider is not None:
            asked.append(pl.col("billing_provider_npi") == self.provider)
        if self.claim is not None and plain_id(self.claim):
            asked.append(contains("claim_id", self.claim))
        for word in words_of(self.patient or ""):
            asked.append(contains("patient_id", word) | contains("patient_name", word))
        if self.first_day is not None:
            asked.append(pl.col("service_date") >= self.first_day)
        if self.last_day is not None:
            asked.append(pl.col("service_date") <= self.last_day)
        if self.done is not None:
            asked.append(pl.col("done") == self.done)
        return table.filter(*asked) if asked else table


def words_of(text: str) -> list[str]:
    """The words by which people look for a patient, commas and what is nothing but hyphens aside."""
    return [word for word in text.replace(",", " ").split() if plain_id(word)]


def contains(name: str, text: str) -> pl.Expr:
    """Whether a column has ``text`` in it, both as patient ids are compared; not where it is null."""
    has = plain_column(name).str.contains(plain_id(text), literal=True)
    return has.fill_null(value=False)


def choices(table: pl.DataFrame) -> dict[str, list[str]]:
    """What a worklist can be narrowed to: its determinations and outcomes (worst first), rules, providers."""
    rules = table["rules"].explode(empty_as_null=False).unique().sort().to_list()
    outcomes = set(table["outcomes"].explode(empty_as_null=False).unique().to_list())
    determinations = table["determination"].unique().sort(descending=True)
    return {
        "determination": determinations.cast(pl.String).to_list(),
        "outcome": [one for one in reversed(OUTCOMES.categories.to_list()) if one in outcomes],
        "rule": rules,
        "provider": table["billing_provider_npi"].drop_nulls().unique().sort().to_list(),
    }
