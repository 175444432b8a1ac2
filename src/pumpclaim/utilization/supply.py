"""Days of supply of real fills: from the record of the visit, else from the claim's own note.

Never from the interval to the next refill: that would excuse every early one. What is not known is -1.
All arithmetic is exact on whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pumpclaim.patient_ids import plain_ids
from pumpclaim.policy.chart import NUMBER
from pumpclaim.tables import NANO
from pumpclaim.visits import whole_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.contents import Contents
    from pumpclaim.policy import PolicySet
    from pumpclaim.utilization.refills import Stay

    Ints = NDArray[np.int64]

UNKNOWN = -1
FROM_RECORD, FROM_NOTE = 1, 2
"""Where a supply comes from: the record of the visit; the claim's note with the dose of a record."""
SUPPLY_ANSWERS = ("volume_after", "concentration", "daily_dose", "flow_rate")
"""Questions of a visit's record from which the supply of its fill is worked out (U3, U4)."""
DOSE_ANSWERS = ("visit_date", "drug", "daily_dose")
"""Those by which the supply of a fill is worked out that a claim's note describes."""
SAFE = 2.0**62
MICROLITRES, PICOGRAMS = 1_000, 1_000
"""Microlitres in a millilitre; picograms in a nanogram."""


def floor_of_products(a: Ints, b: Ints, c: Ints, d: Ints) -> Ints:
    """``a * b // (c * d)`` for whole numbers that are not negative, exact; ``c`` and ``d`` above zero.

    What would not fit int64 after reducing by common factors is worked out one by one.
    """
    # Concentration and dose nearly always reduce far enough; only what does not is reduced further.
    for first, second in (("b", "c"), ("a", "d"), ("a", "c"), ("b", "d")):
        of = {"a": a, "b": b, "c": c, "d": d}
        shared = np.maximum(np.gcd(of[first], of[second]), 1)
        of[first], of[second] = of[first] // shared, of[second] // shared
        a, b, c, d = of.values()
        fits = (a.astype(float) * b < SAFE) & (c.astype(float) * d < SAFE)
        if fits.all():
            return np.minimum(a * b // (c * d), 2**31 - 1)
    small = np.where(fits, a * np.where(fits, b, 0), 0) // np.where(
        fits, c * np.where(fits, d, 1), 1
    )
    for place in np.flatnonzero(~fits).tolist():
        whole = int(a[place]) * int(b[place]) // (int(c[place]) * int(d[place]))
        small[place] = min(whole, 2**31 - 1)
    bounded: Ints = np.minimum(small, 2**31 - 1)
    return bounded


def record_supply(encounters: pl.DataFrame, policy: PolicySet) -> tuple[Ints, Ints]:
    """Whole days of supply, and whole days until dry, of the fill of each visit's record.

    ``encounters`` has the columns of the encounter chart; volume after the fill, concentration and dose
    per day are needed, or the flow in the place of the last two.
    """
    volume, concentration, dose, flow = (
        whole_numbers(encounters[name], UNKNOWN) for name in SUPPLY_ANSWERS
    )
    residual = int(policy.thresholds["residual_volume"] * NUMBER)
    by_dose = (volume > residual) & (concentration > 0) & (dose > 0)
    by_flow = ~by_dose & (volume > residual) & (flow > 0)
    known = by_dose | by_flow
    one = np.ones(len(volume), np.int64)
    top = np.where(by_dose, concentration, one)
    bottom = np.where(by_dose, dose, np.where(by_flow, flow, one))
    per = np.where(by_dose, np.int64(NUMBER), one)
    held = np.where(known, volume, 0)
    usable = np.where(known, volume - residual, 0)
    supply = floor_of_products(usable, top, bottom, per)
    dry = floor_of_products(held, top, bottom, per)
    return np.where(known, supply, UNKNOWN), np.where(known, dry, UNKNOWN)


def doses_of(encounters: pl.DataFrame, claims: pl.DataFrame, numbers: Ints) -> pl.DataFrame:
    """The doses on record: ``patient`` (the number of its claims), ``day``, ``drug`` (id), ``dose``.

    Doses are picograms a day. ``numbers`` has one value a claim. Patients without claims are left out.
    """
    known = pl.DataFrame({"id": plain_ids(claims["patient_id"]), "patient": numbers}).unique("id")
    return (
        encounters.select(
            plain_ids(encounters["patient_id"]).alias("id"),
            pl.col("visit_date").to_physical().cast(pl.Int64).alias("day"),
            "drug",
            pl.col("daily_dose").alias("dose"),
        )
        .filter(pl.col("dose") > 0)
        .join(known, on="id", how="inner")
    )


def note_supply(
    contents: Contents,
    rows: Ints,
    stay: Stay,
    doses: pl.DataFrame,
    policy: PolicySet,
) -> tuple[Ints, Ints, Ints]:
    """Supply, days until dry, and the day of the dose, of refills that a claim's note describes.

    ``rows`` are refill lines. A note of the patient's day counts that gives volume and concentration of
    the drug of the newest dose on record up to that day.
    """
    none = np.full(len(rows), UNKNOWN, np.int64)
    if not doses.height or not len(rows) or not contents.ingredient_rows.height:
        return none, none.copy(), none.copy()
    patients, days = stay.patients, stay.days
    names = pl.Series(["", *contents.compiled.drugs])
    told = pl.DataFrame({
        "patient": patients[contents.place],
        "day": days[contents.place].astype(np.int64),
        "its_drug": names.gather(pl.Series(contents.drug.astype(np.int64))),
        "volume": whole_numbers(contents.ingredient_rows["volume"], UNKNOWN),
        "concentration": contents.concentration,
    }).filter((pl.col("volume") > 0) & (pl.col("concentration") > 0))  # fmt: skip
    wanted = pl.DataFrame({
        "place": np.arange(len(rows)), "patient": patients[rows], "day": days[rows].astype(np.int64),
    })  # fmt: skip
    found = (
        wanted.sort("day")
        .join_asof(
            doses.with_columns(dose_day="day").sort("day"), on="day", by="patient",
            strategy="backward", check_sortedness=False,
        )
        .filter(pl.col("dose").is_not_null())
        .join(told, on=["patient", "day"], how="inner")
        .filter(pl.col("drug").is_null() | (pl.col("drug") == pl.col("its_drug")))
        .unique("place", keep="first", maintain_order=True)
    )  # fmt: skip
    residual = int(policy.thresholds["residual_volume"] * MICROLITRES)
    volume, concentration, dose = (
        found[name].to_numpy().astype(np.int64) for name in ("volume", "concentration", "dose")
    )
    per = np.full(len(volume), MICROLITRES, np.int64)
    supply, dry, dose_day = none, none.copy(), none.copy()
    at = found["place"].to_numpy()
    strength = concentration * PICOGRAMS
    supply[at] = floor_of_products(np.maximum(volume - residual, 0), strength, dose, per)
    dry[at] = floor_of_products(volume, strength, dose, per)
    dose_day[at] = found["dose_day"].to_numpy()
    return supply, dry, dose_day


assert NUMBER == NANO  # noqa: S101  (doses in billionths of a milligram are picograms)
