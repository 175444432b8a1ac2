"""A review: claims held against the article, as tables and as one document."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pumpclaim.claim_set import ClaimSet
from pumpclaim.compiled import compile_policy
from pumpclaim.contents import extended, fees_by_unit
from pumpclaim.context import build_context
from pumpclaim.drug_text import cartridges as count_cartridges
from pumpclaim.drug_text import read_ingredients
from pumpclaim.engine import LEVELS, Determined, Hits, choose_rules, run_rules
from pumpclaim.errors import InputError
from pumpclaim.facts import Facts, dollars
from pumpclaim.lines import line_arrays, narrated
from pumpclaim.notices import Notice, notices
from pumpclaim.options import ALL_PATIENTS, RECORDS_OF
from pumpclaim.policy import load
from pumpclaim.pricing import TABLED, Prices, nullable, payable, price_lines
from pumpclaim.tables import (
    DETERMINATIONS,
    DETERMINED,
    FINDINGS,
    PRICE_ITEMS,
    PRICES,
)
from pumpclaim.threads import LARGE, each
from pumpclaim.visits import FAR_FUTURE, NO_DAY, sort_by, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pumpclaim.charts.chart_set import ChartSet
    from pumpclaim.charts.meeting import BlockCharts
    from pumpclaim.claim_set import Refusal
    from pumpclaim.contents import Contents
    from pumpclaim.context import Context
    from pumpclaim.lines import Arranged
    from pumpclaim.policy import Article, PolicySet
    from pumpclaim.rules import Rule
    from pumpclaim.rules.registry import Ruling
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
    codes: tuple[str, ...] = ()

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        """The revisions of articles that judged a line; the first of the policy where none did."""
        judged = np.zeros(len(self.policy.articles) + 1, bool)
        for block in self.blocks:
            judged[block.context.reach.article[block.context.columns["is_governed"]]] = True
        found = tuple(one for one, own in zip(self.policy.articles, judged, strict=False) if own)
        return found or self.policy.articles[:1]

    @property
    def article(self) -> dict[str, str]:
        """Id and revision of the first of ``articles``."""
        article = self.articles[0]
        return {"id": article.id, "revision": article.revision}

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What could not be used of the claims and of the charts."""
        return self.claim_set.refused + (self.charts.refused if self.charts is not None else ())

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Files that hold the same as others, and what the files' layouts do not carry, once for each."""
        same = tuple(Notice(source, same_as=one) for source, one in self.claim_set.repeated)
        return same + notices(self.claim_set.claims, self.codes)

    @cached_property
    def findings(self) -> pl.DataFrame:
        """Every finding (tables.FINDINGS), by claim, line and rule."""
        fired = [(block, hit) for block in self.blocks for hit in block.hits]
        if not fired:
            return FINDINGS.empty()
        of_hit = np.repeat(np.arange(len(fired)), [len(hit.places) for _, hit in fired])
        claims = np.concatenate([block.context.lines.claims[hit.places] for block, hit in fired])
        numbers = np.concatenate([self._line_numbers(block, hit) for block, hit in fired])
        codes = sorted({hit.ruling.rule.code for _, hit in fired})
        rank = np.array([codes.index(hit.ruling.rule.code) for _, hit in fired], np.int64)
        order = sort_by(claims, numbers, rank[of_hit])
        large = len(order) > LARGE
        worded = each(lambda one: self._messages(*one), fired, large=large)
        said, of_hit = (
            pl.concat([_said(hit.ruling) for _, hit in fired], rechunk=True),
            of_hit[order],
        )
        of_claim = self.claim_set.claims.select("claim_id", "source")[claims[order]]
        line = pl.Series(numbers[order] - 1, dtype=pl.Int64)
        found = {
            "claim": claims[order].astype(np.uint32),
            **of_claim.to_dict(),
            "line": line.set(line < 0, None),
            "message": pl.concat(worded, rechunk=True)[order],
            **said[of_hit].to_dict(),
        }
        return FINDINGS.of(found)

    def _messages(self, block: Block, hit: Hits) -> pl.Series:
        facts = Facts(
            block.context, self.contents, block.prices, hit.places, block.charts, self.arranged
        )
        messages = facts.messages(hit.ruling.message)
        if any(article.unreviewed for article in self.policy.articles):
            doubted = self._doubted(messages.to_list(), hit.ruling.rule, block.context, hit.places)
            return pl.Series(doubted, dtype=pl.String)
        return messages

    def _line_numbers(self, block: Block, hit: Hits) -> NDArray[np.int64]:
        """One more than the number of each line on which a rule fired; 0 for rules on whole claims."""
        if hit.ruling.rule.scope != "line":
            return np.zeros(len(hit.places), np.int64)
        lines = self.claim_set.lines["line"][block.context.rows[hit.places]]
        return whole_numbers(lines.cast(pl.Int64)) + 1

    def _doubted(
        self, messages: list[str], rule: Rule, context: Context, places: NDArray[np.int64]
    ) -> list[str]:
        """Messages that say which statements of the rule nobody has read since their text changed."""
        said = [article.doubt(rule.statements) for article in self.policy.articles]
        doubts = [f" {one}" if one else "" for one in [*said, ""]]
        articles = context.reach.article[places].tolist()
        return [
            message + doubts[article] for message, article in zip(messages, articles, strict=True)
        ]

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
        return PRICES.of(
            {
                "claim": lines["claim"],
                "claim_id": self.claim_set.claims["claim_id"][lines["claim"]],
                "row": pl.int_range(lines.height, dtype=pl.UInt32, eager=True),
                "line": lines["line"],
                "hcpcs": lines["hcpcs"],
                "service_date": lines["service_from"],
                "charge": lines["charge"],
                "allowed": allowed,
                "payable": payable(self.policy, allowed, lines["charge"]),
                "reason": reason,
            }
        )

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
        units, per_unit = fees_by_unit(contents, chosen)
        labels = np.array(
            ["", *(self.policy.drugs.by_id[one].label for one in compiled.drugs)], object
        )
        drugs = PRICE_ITEMS.of(
            {
                "row": contents.place[chosen].astype(np.uint32),
                "item": labels[drug].tolist(),
                "amount": contents.amount[chosen],
                "unit": units.tolist(),
                "fee": per_unit,
                "extended": extended(contents)[chosen],
            }
        )
        with_fee = np.flatnonzero(self.line_prices.fees > 0)
        fee, count = self.line_prices.compounding_fee[with_fee], self.line_prices.fees[with_fee]
        fees = PRICE_ITEMS.of({
            "row": with_fee.astype(np.uint32), "item": ["compounding fee"] * len(count),
            "amount": count, "unit": ["refill"] * len(count), "fee": fee, "extended": count * fee,
        })  # fmt: skip
        items = pl.concat([drugs, fees])
        return items.sort("row", maintain_order=True)

    @cached_property
    def determinations(self) -> pl.DataFrame:
        """What becomes of every reviewed claim (tables.DETERMINED), in order of the claims."""
        claims, lines = self.claim_set.claims, self.claim_set.lines
        of_line = lines["claim"].to_numpy()
        allowed, is_drug = self.line_prices.allowed, self.line_prices.is_drug
        sums = np.zeros(claims.height, np.int64)
        np.add.at(sums, of_line[is_drug], allowed[is_drug])
        is_known = np.zeros(claims.height, bool)
        is_known[of_line[is_drug]] = True
        is_known[of_line[is_drug & (allowed < 0)]] = False
        days = whole_numbers(lines["service_from"].cast(pl.Int32), NO_DAY)
        first = np.full(claims.height, FAR_FUTURE)
        np.minimum.at(first, of_line, np.where(days == NO_DAY, FAR_FUTURE, days))
        names = pl.Series(DETERMINATIONS.categories.to_list(), dtype=DETERMINATIONS)
        return DETERMINED.of({
            **{name: claims[name] for name in DETERMINED.schema if name in claims.columns},
            "service_date": _days(first),
            "determination": names[self.determined.determinations] if claims.height else names.clear(),
            "allowed": nullable(np.where(is_known, sums, -1)),
            "findings": self.determined.findings.astype(np.uint32),
        })  # fmt: skip

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
        outcomes = {str(hit.ruling.outcome) for block in self.blocks for hit in block.hits}
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
    records_of: str = ALL_PATIENTS,
) -> Review:
    """Hold claims against the article: every rule asked, every compounded drug priced.

    ``contractor`` is the contract number that judges all of them, in the place of their payer ids.
    ``select`` and ``ignore`` name rules or families. ``cartridges`` of each line stand for those that its
    narrative states. ``charts`` are what the medical record shows (``readers.chart.read_charts``): then
    coverage and documentation are judged too, and what they lack is asked for: ``records_of`` "all"
    patients, or of those "charted" alone, of whom there is a chart, the others being judged as without
    charts. ``past`` are earlier claims of the same patients, which count as history and are not judged
    themselves. Raises InputError for names that do not exist.
    """
    if records_of not in RECORDS_OF:
        raise InputError(f"records are asked of {' or '.join(RECORDS_OF)}, not of '{records_of}'")
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

        meeting = meet(whole, charts, policy, records_of)
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
    return Review(claims, policy, contents, blocks, determined, charts, arranged, past, codes)


def stated_cartridges(claims: ClaimSet, policy: PolicySet) -> NDArray[np.int64] | None:
    """Cartridges that each line's narrative states, 0 for none; null where they are not paid (P3)."""
    if policy.reading("compounding-fee") != "per-cartridge":
        return None
    stated = np.zeros(claims.lines.height, np.int64)
    told = narrated(claims.lines, compile_policy(policy))
    counted = count_cartridges(claims.claims, claims.lines, told)
    stated[counted["row"].to_numpy()] = counted["cartridges"].to_numpy()
    return stated


@lru_cache(maxsize=1024)
def _said(ruling: Ruling) -> pl.DataFrame:
    """What all findings of one case say, in one row."""
    rule = ruling.rule
    said = {
        "rule": rule.code, "title": rule.title, "outcome": str(ruling.outcome),
        "statements": list(rule.statements), "basis": str(ruling.basis), "group": rule.group,
        "carc": rule.carc, "rarc": ruling.rarc, "fix": rule.fix,
    }  # fmt: skip
    return pl.DataFrame(
        [pl.Series(name, [one], FINDINGS.schema[name]) for name, one in said.items()]
    )


def _days(days: NDArray[np.int64]) -> pl.Series:
    """Days since 1970 as dates, FAR_FUTURE as null."""
    known = days != FAR_FUTURE
    series = pl.Series(days.astype(np.int32)).cast(pl.Date)
    return series if known.all() else series.set(pl.Series(~known), None)
