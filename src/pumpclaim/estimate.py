"""From the allowance to what Medicare would pay: an estimate, beyond the article."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from pumpclaim.errors import InputError
from pumpclaim.policy import load

if TYPE_CHECKING:
    from datetime import date

    from pumpclaim.policy import PolicySet

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Estimate:
    """Dollars of one payable amount: what the patient and what Medicare would pay."""

    payable: Decimal
    deductible: Decimal
    coinsurance: Decimal
    sequestration: Decimal
    sequestration_percent: Decimal
    medicare_pays: Decimal
    patient_pays: Decimal

    def to_dict(self) -> dict[str, str]:
        """The same with every amount as a string."""
        return {name: f"{value:f}" for name, value in asdict(self).items()}


def estimate(
    payable: Decimal,
    on: date,
    deductible_left: Decimal | None = None,
    policy: PolicySet | None = None,
) -> Estimate:
    """What Medicare would pay of ``payable`` dollars for a service on that day; an estimate.

    Deductible first (``deductible_left`` dollars of it, null for none left), then 20 percent
    coinsurance, then sequestration of Medicare's share by date of service (policy/medicare.toml).
    Raises InputError for a negative deductible or one above the year's, and for a day before the rates
    that are known.
    """
    law = (policy or load()).medicare
    left = deductible_left or Decimal(0)
    yearly = law.deductible.get(on.year)
    if left < 0 or (yearly is not None and left > yearly):
        ceiling = "" if yearly is None else f" and at most {yearly}, the deductible of {on.year}"
        raise InputError(f"the deductible left must be at least 0{ceiling}; it was {left}")
    rates = [percent for start, percent in law.sequestration if start <= on]
    if not rates:
        raise InputError(
            f"no sequestration rate is known for {on}; estimates begin with {law.sequestration[0][0]}"
        )
    deductible = min(left, payable)
    coinsurance = _cents((payable - deductible) * law.coinsurance_percent / HUNDRED)
    share = payable - deductible - coinsurance
    withheld = _cents(share * rates[-1] / HUNDRED)
    return Estimate(
        payable,
        deductible,
        coinsurance,
        withheld,
        rates[-1],
        share - withheld,
        deductible + coinsurance,
    )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
