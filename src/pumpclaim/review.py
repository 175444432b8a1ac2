"""A review: claims held against the article, as tables and as one document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.compiled import compile_policy
from pumpclaim.context import build_context
from pumpclaim.drug_text import cartridges as count_cartridges
from pumpclaim.drug_text import read_ingredients
from pumpclaim.engine import LEVELS, Determined, Hits, choose_rules, run_rules
from pumpclaim.facts import Facts, dollars
from pumpclaim.lines import LARGE, line_arrays, narrated
from pumpclaim.policy import load
from pumpclaim.pricing import TABLED, Prices, payable, price_lines
from pumpclaim.tables import (
    BASES,
    DETERMINATIONS,
    DETERMINED,
    FINDINGS,
    NANOGRAMS,
    OUTCOMES,
    PRICE_ITEMS,
    PRICES,
    ClaimSet,
)
from pumpclaim.threads import each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.charts.meeting import BlockCharts
    from pumpclaim.contents import Contents
    from pumpclaim.context import Context
    from pumpclaim.lines import Arranged
    from pumpclaim.policy import PolicySet
    from pumpclaim.tables import Refusal
    from pumpclaim.visits import Part


BLOCK = 1 << 18
"""Lines that are judged together; more are judged block after block, patients whole."""


@dataclass(frozen=True, eq=False)
class Block:
    """A part of a review: some patients' lines, their prices, and where rules fired."""

    context: Context
    prices: Prices
    hits: list[Hits]
    charts: BlockCharts | None = None


@dataclass(frozen=True, eq=False)
class Review:
    """Claims held against the article.

    The tables have the columns of ``pumpclaim.tables``: ``determinations`` (every reviewed claim),
    ``findings``, ``prices`` (every service line), ``price_items`` (the derivations). What could not be
    read is in ``claim_set.rejected`` and ``claim_set.refused``; ``past`` are claims that counted as history.
    Tables are made when first asked for.
    """

    claim_set: ClaimSet
    policy: PolicySet
    contents: Contents
    blocks: list[Block]
    determined: Determined
    charts: ChartSet | None = None
    arranged: Arranged | None = None
    past: ClaimSet | None = None

    @property
    def article(self) -> dict[str, str]:
        """Id and newest revision of the article."""
        article = self.policy.articles[0]
        return {"id": article.id, "revision": article.revision}

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What could not be used of the claims and of the charts."""
        return self.claim_set.refused + (self.charts.refused if self.charts is not None else ())

    @cached_property
    def findings(self) -> pl.DataFrame:
        """Every finding (tables.FINDINGS), by claim, line and rule."""
        parts = [self._findings_of(block, hit) for block in self.blocks for hit in block.hits]
        if not parts:
            return FINDINGS.empty()
        table = pl.concat(parts).sort(
            "claim", "line", "rule", nulls_last=False, maintain_order=True
        )
        claims = self.claim_set.claims[table["claim"].cast(pl.Int64)].select("claim_id", "source")
        return FINDINGS.conform(table.with_columns(claims))

    def _findings_of(self, block: Block, hit: Hits) -> pl.DataFrame:
        rule, case, context = hit.planned.rule, hit.planned.case, block.context
        facts = Facts(context, self.contents, block.prices, hit.places, block.charts, self.arranged)
        line = self.claim_set.lines["line"].gather(pl.Series(context.rows[hit.places]))
        return pl.DataFrame({
            "claim": pl.Series(context.lines.claims[hit.places]).cast(pl.UInt32),
            "line": line if rule.scope == "line" else pl.Series([None] * len(hit.places), dtype=pl.UInt32),
            "message": pl.Series(facts.messages(case.message or rule.message), dtype=pl.String),
        }).with_columns(
            pl.lit(rule.code).alias("rule"),
            pl.lit(rule.title).alias("title"),
            pl.lit(str(case.outcome), OUTCOMES).alias("outcome"),
            pl.lit(list(rule.statements), pl.List(pl.String)).alias("statements"),
            pl.lit(str(case.basis), BASES).alias("basis"),
            pl.lit(rule.group, pl.String).alias("group"),
            pl.lit(rule.carc, pl.String).alias("carc"),
            pl.lit(case.rarc, pl.String).alias("rarc"),
            pl.lit(rule.fix).alias("fix"),
        )  # fmt: skip

    @cached_property
    def with_past(self) -> ClaimSet:
        """The claims of the review, those of the past behind them."""
        return self.claim_set if self.past is None else ClaimSet.concat([self.claim_set, self.past])

    @cached_property
    def all_prices(self) -> Prices:
        """The prices of every line, those of the past behind those of the review."""
        return Prices.in_order(
            len(self.contents.days),
            ((block.context.rows, block.prices) for block in self.blocks),
        )

    @property
    def line_prices(self) -> Prices:
        """The prices of every line, in order of the lines table."""
        return self.all_prices.first(self.claim_set.lines.height)

    @cached_property
    def prices(self) -> pl.DataFrame:
        """What the article allows for every service line (tables.PRICES), in order of the lines."""
        lines = self.claim_set.lines
        allowed, reason = self.line_prices.columns
        return PRICES.conform(pl.DataFrame({
            "claim": lines["claim"],
            "claim_id": self.claim_set.claims["claim_id"].gather(lines["claim"]),
            "row": pl.int_range(lines.height, dtype=pl.UInt32, eager=True),
            "line": lines["line"],
            "hcpcs": lines["hcpcs"],
            "service_date": lines["service_from"],
            "charge": lines["charge"],
            "allowed": allowed,
            "payable": payable(self.policy, allowed, lines["charge"]),
            "reason": reason,
        }))  # fmt: skip

    @cached_property
    def price_items(self) -> pl.DataFrame:
        """The derivation of every line whose drugs could be priced (tables.PRICE_ITEMS), by row."""
        contents, compiled = self.contents, self.contents.compiled
        tabled = np.isin(self.line_prices.reason, TABLED)
        here = np.flatnonzero(contents.place < len(tabled))
        chosen = here[
            tabled[contents.place[here]] & ~contents.unread[here] & (contents.rate[here] >= 0)
        ]
        drug = contents.drug[chosen]
        units = _fee_units(self.policy, compiled.drugs)[drug]
        per_unit = contents.rate[chosen] * np.where(
            units == "mg", NANOGRAMS["mg"], NANOGRAMS["mcg"]
        )
        labels = np.array(
            ["", *(self.policy.drugs.by_id[one].label for one in compiled.drugs)], object
        )
        drugs = pl.DataFrame({
            "row": contents.place[chosen].astype(np.uint32),
            "item": pl.Series(labels[drug].tolist(), dtype=pl.String),
            "amount": contents.amount[chosen],
            "unit": pl.Series(units.tolist(), dtype=pl.String),
            "fee": per_unit,
            "extended": contents.amount[chosen] * contents.rate[chosen],
        })  # fmt: skip
        with_fee = np.flatnonzero(self.line_prices.fees > 0)
        fee, count = self.line_prices.compounding_fee[with_fee], self.line_prices.fees[with_fee]
        fees = pl.DataFrame({
            "row": with_fee.astype(np.uint32), "amount": count, "fee": fee, "extended": count * fee,
        }).with_columns(item=pl.lit("compounding fee"), unit=pl.lit("refill"))  # fmt: skip
        items = pl.concat([PRICE_ITEMS.conform(drugs), PRICE_ITEMS.conform(fees)])
        return items.sort("row", maintain_order=True)

    @cached_property
    def determinations(self) -> pl.DataFrame:
        """What becomes of every reviewed claim (tables.DETERMINED), in order of the claims."""
        claims, lines = self.claim_set.claims, self.claim_set.lines
        allowed, _ = self.line_prices.columns
        of_lines = pl.DataFrame({
            "claim": lines["claim"], "day": lines["service_from"], "allowed": allowed,
            "is_drug": self.line_prices.is_drug,
        })  # fmt: skip
        drugs = (
            of_lines.filter("is_drug")
            .group_by("claim")
            .agg(pl.when(pl.col("allowed").is_not_null().all()).then(pl.col("allowed").sum()))
        )
        first = of_lines.group_by("claim").agg(service_date=pl.col("day").min())
        names = pl.Series(DETERMINATIONS.categories.to_list(), dtype=DETERMINATIONS)
        return DETERMINED.conform(
            claims.with_columns(
                determination=names.gather(pl.Series(self.determined.determinations))
                if claims.height
                else names.clear(),
                findings=pl.Series(self.determined.findings, dtype=pl.UInt32),
            )
            .join(first, on="claim", how="left", maintain_order="left")
            .join(drugs, on="claim", how="left", maintain_order="left")
        )

    def summary(self) -> dict[str, Any]:
        """Counts of claims and findings, and the dollars allowed in all."""
        allowed = self.line_prices.allowed
        return {
            "claims_read": self.claim_set.claims_read,
            "claims_reviewed": self.claim_set.claims.height,
            "claims_rejected": self.claim_set.rejected.height,
            "findings": int(self.determined.findings.sum()),
            "allowed": dollars(
                int(np.maximum(allowed, 0).astype(object).sum()) if len(allowed) else 0
            ),
        }

    def worst(self) -> str | None:
        """The worst outcome among the findings, or null when there is none."""
        outcomes = {str(hit.planned.case.outcome) for block in self.blocks for hit in block.hits}
        return max(outcomes, key=LEVELS.__getitem__, default=None)

    def to_dicts(self) -> dict[str, Any]:
        """The whole review as one document (DESIGN.md, JSON of check)."""
        from pumpclaim.reports.json import document  # noqa: PLC0415  (reports stand above the review)

        return document(self)


def check(
    claims: ClaimSet,
    *,
    policy: PolicySet | None = None,
    contractor: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    cartridges: NDArray[np.int64] | None = None,
    charts: ChartSet | None = None,
    past: ClaimSet | None = None,
) -> Review:
    """Hold claims against the article: every rule asked, every compounded drug priced.

    ``contractor`` is the contract number that judges all of them, in the place of their payer ids.
    ``select`` and ``ignore`` name rules or families. ``cartridges`` of each line stand for those that its
    narrative states. ``charts`` are what the medical record shows (``readers.chart.read_charts``): then
    coverage and documentation are judged too. ``past`` are earlier claims of the same patients, which count
    as history and are not judged themselves. Raises InputError for names that do not exist.
    """
    policy = policy or load()
    codes = choose_rules(select, ignore)
    compiled = compile_policy(policy)
    whole = claims if past is None else ClaimSet.concat([claims, past])
    ingredients = whole.ingredients
    if ingredients is None:
        ingredients = read_ingredients(whole.claims, whole.lines, narrated(whole.lines, compiled))
    determined = Determined(whole.claims.height)
    if cartridges is None:
        cartridges = stated_cartridges(whole, policy)

    meeting = None
    if charts is not None:
        from pumpclaim.charts.meeting import BlockCharts, meet  # noqa: PLC0415  (not without charts)

        meeting = meet(whole, charts, policy)
    arranged = line_arrays(whole, ingredients, compiled, contractor, meeting)
    lines, contents = arranged.lines, arranged.contents

    def judge(part: Part) -> Block:
        if past is not None:
            part = part.up_to(claims.lines.height)
        context = build_context(whole, compiled, part, lines)
        prices = price_lines(context, cartridges)
        shown = None if meeting is None else BlockCharts(meeting, context)
        hits = run_rules(prices.allowed, context, codes, shown)
        determined.add(context, hits)
        return Block(context, prices, hits, shown)

    blocks = each(judge, arranged.order.parts(BLOCK), large=whole.lines.height > LARGE)
    if past is not None:
        determined = determined.first(claims.claims.height)
    return Review(claims, policy, contents, blocks, determined, charts, arranged, past)


def stated_cartridges(claims: ClaimSet, policy: PolicySet) -> NDArray[np.int64] | None:
    """Cartridges that each line's narrative states, 0 for none; null where they are not paid (P3)."""
    if policy.reading("compounding-fee") != "per-cartridge":
        return None
    stated = np.zeros(claims.lines.height, np.int64)
    told = narrated(claims.lines, compile_policy(policy))
    counted = count_cartridges(claims.claims, claims.lines, told)
    stated[counted["row"].to_numpy()] = counted["cartridges"].to_numpy()
    return stated


def _fee_units(policy: PolicySet, drugs: Sequence[str]) -> NDArray[np.object_]:
    """The unit in which each drug of the compiled policy is priced; empty where it has no fee."""
    per = {fee.drug: fee.per for article in policy.articles for fee in article.fees}
    return np.array(["", *(per.get(drug, "") for drug in drugs)], object)
