"""What a revision or a draft would change: the same claims judged under two policies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.review import check
from pumpclaim.tables import DETERMINATIONS, Column, Table

if TYPE_CHECKING:
    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.policy import PolicySet
    from pumpclaim.review import Review

CHANGES = Table(
    "changes",
    "one reviewed claim under two policies",
    (
        Column("claim", pl.UInt32, "the claim's position in the set"),
        Column("claim_id", pl.String, "the claim's id"),
        Column("billing_provider_npi", pl.String, "billing provider"),
        Column("service_date", pl.Date, "first day of service on the claim"),
        Column("before", DETERMINATIONS, "what becomes of it under the first"),
        Column("after", DETERMINATIONS, "what becomes of it under the second"),
        Column("allowed_before", pl.Int64, "its drugs' allowance; null where not known", unit="nano-dollars"),
        Column("allowed_after", pl.Int64, "the same under the second", unit="nano-dollars"),
        Column("rules_gone", pl.List(pl.String), "rules that fired under the first alone"),
        Column("rules_new", pl.List(pl.String), "rules that fire under the second alone"),
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Impact:
    """Two reviews of the same claims."""

    before: Review
    after: Review

    @cached_property
    def claims(self) -> pl.DataFrame:
        """Every claim under both (CHANGES)."""
        sides = []
        for review in (self.before, self.after):
            rules = review.findings.group_by("claim").agg(rules=pl.col("rule").unique().sort())
            sides.append(
                review.determinations.join(
                    rules, on="claim", how="left", maintain_order="left"
                ).with_columns(pl.col("rules").fill_null([]))
            )
        first, second = sides
        table = first.with_columns(
            before="determination",
            after=second["determination"],
            allowed_before="allowed",
            allowed_after=second["allowed"],
            rules_gone=first["rules"].list.set_difference(second["rules"]).list.sort(),
            rules_new=second["rules"].list.set_difference(first["rules"]).list.sort(),
        )
        return CHANGES.conform(table)

    @cached_property
    def changed(self) -> pl.DataFrame:
        """The claims of which anything changes."""
        same = (
            pl.col("before").eq_missing(pl.col("after"))
            & pl.col("allowed_before").eq_missing(pl.col("allowed_after"))
            & (pl.col("rules_gone").list.len() == 0)
            & (pl.col("rules_new").list.len() == 0)
        )
        return self.claims.filter(~same)

    def by_provider(self) -> pl.DataFrame:
        """One row a provider: claims, those that change, dollars before and after; most changed first.

        Dollars before and after are those of claims whose allowance is known under both. ``lost`` is what is
        known under the first alone, ``gained`` under the second alone, each with its number of claims.
        """
        before, after = pl.col("allowed_before"), pl.col("allowed_after")
        known = before.is_not_null() & after.is_not_null()
        lost, gained = (
            before.is_not_null() & after.is_null(),
            before.is_null() & after.is_not_null(),
        )
        changed = self.changed["claim"]
        table = self.claims.group_by("billing_provider_npi").agg(
            claims=pl.len(),
            changed=pl.col("claim").is_in(changed.to_list()).sum(),
            allowed_before=before.filter(known).sum(),
            allowed_after=after.filter(known).sum(),
            lost=before.filter(lost).sum(),
            lost_claims=lost.sum(),
            gained=after.filter(gained).sum(),
            gained_claims=gained.sum(),
        )
        difference = pl.col("allowed_after") - pl.col("allowed_before")
        moved = difference.abs() + pl.col("lost") + pl.col("gained")
        return table.with_columns(difference=difference).sort(
            moved, "billing_provider_npi", descending=[True, False], nulls_last=True
        )

    def by_rule(self) -> pl.DataFrame:
        """One row a rule that fires on other claims: on how many no more, and on how many anew."""
        gone = self.changed["rules_gone"].explode(empty_as_null=False).drop_nulls().value_counts()
        new = self.changed["rules_new"].explode(empty_as_null=False).drop_nulls().value_counts()
        return (
            gone.rename({"rules_gone": "rule", "count": "no_more"})
            .join(
                new.rename({"rules_new": "rule", "count": "anew"}),
                on="rule",
                how="full",
                coalesce=True,
            )
            .with_columns(pl.col("no_more", "anew").fill_null(0))
            .sort("rule")
        )

    def determinations(self) -> pl.DataFrame:
        """How many claims go from which determination to which."""
        return (
            self.claims.group_by("before", "after")
            .len("claims")
            .sort("before", "after", descending=True)
        )


def impact(
    claims: ClaimSet, before: PolicySet, after: PolicySet, *, charts: ChartSet | None = None
) -> Impact:
    """Judge the same claims under two policies."""
    return Impact(
        check(claims, policy=before, charts=charts), check(claims, policy=after, charts=charts)
    )
