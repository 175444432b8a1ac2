"""Utilization as tables: every refill with its interval, supply and dollars; patients and providers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.past import keys_of
from pumpclaim.policy import load
from pumpclaim.review import check
from pumpclaim.rules import RULES
from pumpclaim.tables import CENT, Column, Table
from pumpclaim.utilization.refills import not_early_from
from pumpclaim.utilization.supply import FROM_NOTE, FROM_RECORD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.claim_set import ClaimSet
    from pumpclaim.lines import Arranged
    from pumpclaim.policy import PolicySet
    from pumpclaim.review import Review

SUPPLY_FROM = {0: "unknown", FROM_RECORD: "record", FROM_NOTE: "note"}
REFILLS = Table(
    "refills",
    "one refill of one patient",
    (
        Column("patient_id", pl.String, "the patient"),
        Column("billing_provider_npi", pl.String, "billing provider"),
        Column("claim_id", pl.String, "id of the claim"),
        Column("service_date", pl.Date, "day of the refill"),
        Column("interval", pl.Int32, "days since the refill before", unit="days"),
        Column("supply", pl.Int32, "days that this fill lasts; null when not known", unit="days"),
        Column("supply_before", pl.Int32, "days that the fill before lasts", unit="days"),
        Column("supply_from", pl.String, "where the supply of this fill is known from: record, note, unknown"),
        Column("is_early", pl.Boolean, "it came before it was due; null when that is not known"),
        Column("is_monthly", pl.Boolean, "its interval is monthly by our thresholds; null for the first"),
        Column("ran_dry", pl.Boolean, "the fill before would have been empty; null when that is not known"),
        Column("allowed", pl.Int64, "the article's allowance for its drugs; null when not known", unit="nano-dollars"),
        Column("above_supply", pl.Int64, "the part of the allowance for the supply that was not used up", unit="nano-dollars"),
    ),
)  # fmt: skip
BY = {"provider": "billing_provider_npi", "patient": "patient_id"}


@dataclass(frozen=True, eq=False)
class Utilization:
    """Refills of a claim set. ``refills`` has the columns of REFILLS, by patient and day."""

    refills: pl.DataFrame
    policy: PolicySet

    @cached_property
    def thresholds(self) -> dict[str, str]:
        """The thresholds of ours that the tables rest on."""
        names = (
            "residual_volume", "longest_refill_interval", "refill_due_share", "refill_due_days",
            "monthly_from", "monthly_to",
        )  # fmt: skip
        return {name: str(self.policy.thresholds[name]) for name in names}

    def by(self, what: str) -> pl.DataFrame:
        """One row a ``provider`` or ``patient``: counts, median interval and supply in days, shares, dollars.

        Shares are of the refills of which it is known; null where there is none. Most refills first.
        """
        key = BY[what]
        known = pl.col("is_early").is_not_null()
        table = self.refills.group_by(key).agg(
            pl.col("patient_id").n_unique().alias("patients"),
            pl.len().alias("refills"),
            pl.col("interval").median().alias("median_interval"),
            pl.col("supply").median().alias("median_supply"),
            pl.col("is_monthly").sum().alias("monthly_refills"),
            pl.col("is_monthly").mean().alias("share_monthly"),
            known.sum().alias("refills_judged"),
            pl.col("is_early").sum().alias("early_refills"),
            pl.col("is_early").mean().alias("share_early"),
            pl.col("ran_dry").sum().alias("ran_dry"),
            pl.when(pl.col("allowed").is_not_null().any()).then(pl.col("allowed").sum()).alias("allowed"),
            pl.when(known.any()).then(pl.col("above_supply").sum()).alias("above_supply"),
        )  # fmt: skip
        if what == "patient":
            table = table.drop("patients")
        return table.sort("refills", key, descending=[True, False])

    def of_provider(self, provider: str) -> Utilization:
        """The refills of one billing provider alone; an interval counts from the refill before, wherever it was."""
        return Utilization(self.refills.filter(billing_provider_npi=provider), self.policy)

    def patients_of(self, provider: str) -> pl.DataFrame:
        """The table by ``patient`` of one billing provider's refills; ``elsewhere`` are the patient's others."""
        everywhere = self.refills.group_by("patient_id").agg(every=pl.len())
        table = self.of_provider(provider).by("patient")
        known = table.join(everywhere, on="patient_id", how="left", maintain_order="left")
        return known.with_columns(elsewhere=pl.col("every") - pl.col("refills")).drop("every")


def measure(
    claims: ClaimSet, *, charts: ChartSet | None = None, policy: PolicySet | None = None
) -> Utilization:
    """The refills of all claims, with what the charts tell of their supply. No rule is asked."""
    policy = policy or load()
    review = check(
        claims, charts=charts, policy=policy, ignore=sorted({code[:3] for code in RULES})
    )
    return of_review(review)


def of_review(review: Review) -> Utilization:
    """The refills of a review's claims, and of the earlier claims that counted as their history."""
    arranged, policy = review.arranged, review.policy
    assert arranged is not None  # noqa: S101  (a review made by check has them)
    refills = arranged.refills
    claims, lines = review.with_past.claims, review.with_past.lines
    claim = arranged.lines.claims[refills.row]
    heads = claims[claim].select("patient_id", "billing_provider_npi", "claim_id")
    allowed = _allowed(review, arranged)
    before, interval = refills.supply_before, refills.interval
    again, known = interval >= 0, (interval >= 0) & (refills.supply_before > 0)
    early = known & (interval < not_early_from(before, policy))
    left = np.where(early, before - interval, 0)
    # In whole cents, so that nothing overflows: cents times days of at most a century.
    cents = np.maximum(allowed, 0) // CENT
    above = np.where(early, cents * left // np.maximum(before, 1) * CENT, 0)
    source = pl.Series(list(SUPPLY_FROM.values())).gather(
        pl.Series(arranged.fills.source[refills.row].astype(np.int64))
    )
    table = heads.with_columns(
        service_date=lines["service_from"].gather(pl.Series(refills.row)),
        interval=_known(interval, again),
        supply=_known(refills.supply, refills.supply >= 0),
        supply_before=_known(before, before >= 0),
        supply_from=source,
        is_early=_known(early, known),
        is_monthly=_known(refills.monthly > 0, again),
        ran_dry=_known(interval > refills.dry_before, again & (refills.dry_before >= 0)),
        allowed=_known(allowed, allowed >= 0),
        above_supply=_known(above, known),
    )
    return Utilization(REFILLS.conform(table), policy)


def _known(values: NDArray[np.generic], where: NDArray[np.bool_]) -> pl.Series:
    column = pl.Series(values)
    return column if where.all() else column.set(pl.Series(~where), None)


def _allowed(review: Review, arranged: Arranged) -> NDArray[np.int64]:
    """Nano-dollars allowed for the drugs of each refill's day; -1 where there is none or one is not known."""
    refills, lines, prices = arranged.refills, arranged.lines, review.all_prices
    total = np.full(refills.count, -1, np.int64)
    drugs = np.flatnonzero(prices.is_drug)
    if not refills.count or not len(drugs):
        return total
    # Most drugs stand on the claim of their refill; for the others the patient's day is looked up.
    of_claim = np.full(len(arranged.patients), -1, np.int64)
    of_claim[lines.claims[refills.row]] = np.arange(refills.count)
    claims, days = lines.claims[drugs], lines.days[drugs]
    visit = of_claim[claims]
    here = (visit >= 0) & (refills.day[np.maximum(visit, 0)] == days)
    rest = np.flatnonzero(~here)
    if len(rest):
        keys = keys_of(refills.patient, refills.day)
        own = keys_of(arranged.patients[claims[rest]], days[rest])
        found = np.minimum(np.searchsorted(keys, own), refills.count - 1)
        visit[rest], here[rest] = found, keys[found] == own
    visit, drugs = visit[here], drugs[here]
    sums = np.zeros(refills.count, np.int64)
    np.add.at(sums, visit, np.maximum(prices.allowed[drugs], 0))
    unknown = np.zeros(refills.count, bool)
    unknown[visit[prices.allowed[drugs] < 0]] = True
    total[visit] = sums[visit]
    total[unknown] = -1
    return total
