"""Refills to price, in the shape that each peer's users would have them, and the exact answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from line_tables import DRUGS, GROUPS
from pumpclaim.compiled import CompiledPolicy, compile_policy
from pumpclaim.policy import load
from pumpclaim.tables import CENT, NANO

UNITS = {"mcg": 1_000, "mg": 1_000_000}


@dataclass(frozen=True)
class Refills:
    """``n`` refills of one to three different drugs; amounts in the unit of the fee table, with three decimals.

    Drugs and amounts are those of the made claims (``line_tables.DRUGS``): all that the article prices.
    """

    n: int

    @cached_property
    def compiled(self) -> CompiledPolicy:
        return compile_policy(load())

    @cached_property
    def fees(self) -> dict[str, Any]:
        """Drug -> its fee, of those the article prices."""
        article = self.compiled.policy.articles[0]
        return {fee.drug: fee for fee in article.fees if fee.drug is not None}

    @property
    def effective(self) -> date:
        """The day from which the fees hold."""
        return self.compiled.policy.articles[0].effective

    @cached_property
    def compounding(self) -> Any:
        """The compounding fee in dollars."""
        return next(fee.fee for fee in self.compiled.policy.articles[0].fees if fee.drug is None)

    @cached_property
    def _made(self) -> tuple[Any, ...]:
        rng = np.random.default_rng(3)
        names = [name for name, *_ in DRUGS if name in self.fees]
        count = rng.choice([1, 2, 3], self.n, p=[0.35, 0.4, 0.25])
        refill = np.repeat(np.arange(self.n), count)
        starts = np.cumsum(count) - count
        slot = np.arange(len(refill)) - starts[refill]
        which = rng.integers(*np.array(GROUPS)[slot].T)
        least, most = np.array([one[2:] for one in DRUGS]).T
        thousandths = rng.integers(least[which] * 1_000, most[which] * 1_000)
        days = rng.integers(17_500, 20_400, self.n).astype(np.int32)
        return names, refill, starts, which, thousandths, days

    @property
    def days(self) -> Any:
        """Days since 1970-01-01."""
        return self._made[5]

    @property
    def starts(self) -> Any:
        """The place of each refill's first drug."""
        return self._made[2]

    @cached_property
    def drug(self) -> Any:
        """Positions in the compiled policy."""
        names = self._made[0]
        places = np.array([self.compiled.drugs.index(name) + 1 for name in names])
        return places.astype(np.uint8)[self._made[3]]

    @cached_property
    def amount(self) -> Any:
        """Nanograms."""
        names = self._made[0]
        scale = np.array([UNITS[self.fees[name].per] // 1_000 for name in names])
        return self._made[4] * scale[self._made[3]]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row a drug: refill, day, drug, amount in its unit as an exact decimal."""
        names, refill, _, which, thousandths, days = self._made
        return pl.DataFrame({
            "refill": refill,
            "day": pl.Series(days[refill]).cast(pl.Date),
            "drug": pl.Series(names)[which],
            "amount": pl.Series(thousandths).cast(pl.Decimal(18, 0)).cast(pl.Decimal(18, 3)) / 1000,
        }).with_columns(pl.col("amount").cast(pl.Decimal(18, 3)))  # fmt: skip

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """One dictionary a refill: its day, and (drug, amount in its unit as text) of each drug."""
        names, refill, _, which, thousandths, days = self._made
        made: list[dict[str, Any]] = [
            {"day": date(1970, 1, 1) + timedelta(days=int(day)), "drugs": []} for day in days
        ]
        for at, drug, amount in zip(
            refill.tolist(), which.tolist(), thousandths.tolist(), strict=True
        ):
            made[at]["drugs"].append((names[drug], f"{amount // 1000}.{amount % 1000:03}"))
        return made

    @cached_property
    def exact_cents(self) -> Any:
        """What each comes to in cents, by Python's integers, one by one."""
        rates = {name: int(fee.fee * NANO) // UNITS[fee.per] for name, fee in self.fees.items()}
        names, refill, _, which, _, _ = self._made
        totals = [int(self.compounding * NANO)] * self.n
        for at, drug, amount in zip(
            refill.tolist(), which.tolist(), self.amount.tolist(), strict=True
        ):
            totals[at] += rates[names[drug]] * amount
        return np.array([(total + CENT // 2) // CENT for total in totals], np.int64)
