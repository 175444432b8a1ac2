"""NumPy as most write it: float64 amounts and fees, bincount, round."""

from __future__ import annotations

import numpy as np


def prepare(refills):
    names = sorted(refills.fees)
    fees = np.array([float(refills.fees[name].fee) for name in names])
    frame = refills.frame
    which = np.array([names.index(name) for name in names])[
        np.searchsorted(names, frame["drug"].to_numpy())
    ]
    return (
        fees,
        float(refills.compounding),
        which,
        frame["amount"].cast(float).to_numpy(),
        frame["refill"].to_numpy(),
        refills.n,
    )


def price(prepared):
    fees, compounding, which, amount, refill, count = prepared
    total = np.bincount(refill, weights=fees[which] * amount, minlength=count) + compounding
    return np.round(total, 2)


def cents(found):
    return np.rint(found * 100).astype(np.int64)
