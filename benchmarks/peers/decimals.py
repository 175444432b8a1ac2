"""Plain Python with Decimal: a dictionary of fees, a sum, one rounding."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np

CENT = Decimal("0.01")


def prepare(refills):
    fees = {name: fee.fee for name, fee in refills.fees.items()}
    records = [
        [(drug, Decimal(amount)) for drug, amount in one["drugs"]] for one in refills.records
    ]
    return fees, refills.compounding, records


def price(prepared):
    fees, compounding, records = prepared
    return [
        (sum((fees[drug] * amount for drug, amount in drugs), compounding)).quantize(
            CENT, ROUND_HALF_UP
        )
        for drugs in records
    ]


def cents(found):
    return np.array([int(one * 100) for one in found], np.int64)
