"""The criteria of an implant chart: C1 to C16, X1 to X3, H2 and L1 (A55239), under the chosen readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.charts.logic import All, Check, Criterion, Either, Note, OneOf, When, answer
from pumpclaim.tables import NANO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.charts.logic import Condition
    from pumpclaim.policy import PolicySet
    from pumpclaim.policy.chart import Part

MONTHS = 3
"""Months that the patient must be expected to live (C3)."""
SPECIALISTS = (
    "orthopaedic_surgeon", "neurologist", "neurosurgeon", "oncologist", "other_specialist",
)  # fmt: skip
"""Who may evaluate (C10): choices of the question ``evaluator_specialty``."""
ROUTES = ("intrathecal", "epidural")
"""The routes that the article covers (C2)."""


def implant_criteria(policy: PolicySet, part: Part) -> tuple[Criterion, ...]:
    """Every criterion of an implant chart, in the order of the article."""
    four = (
        Criterion(
            "C6",
            All((
                answer("requires_this_route", "the drug does not need this route"),
                answer("effective_long_term", "the drug is not expected to work long term"),
            )),
        ),
        Criterion(
            "C7",
            OneOf((
                answer("oral_or_subcutaneous_ineffective", "drugs by mouth or under the skin work"),
                answer("oral_or_subcutaneous_side_effects", "and their side effects are accepted"),
            )),
        ),
        Criterion("C8", answer("other_modalities_failed", "other kinds of treatment did not fail")),
        Criterion("C9", answer("dose_expected_to_help", "the drug at this dose is not expected to help")),
    )  # fmt: skip
    return (
        _opioid(policy),
        Criterion(
            "C2",
            Check(("route",), pl.col("route").is_in(ROUTES), "the route is neither intrathecal nor epidural"),
        ),
        _pain(),
        Criterion("C4", answer("less_invasive_failed", "less invasive therapy did not fail")),
        Criterion("C5", _documented(four, part), composite=True),
        *four,
        _evaluation(policy),
        Criterion(
            "C11", answer("failed_therapy_record_kept", "the records of failed therapy are not at hand")
        ),
        _trial(policy),
        Criterion("C13", answer("drugs_appropriate", "a drug in the pump is not right for this patient")),
        Criterion(
            "C14",
            answer("compounding_needed", "the patient does not need the drug to be compounded"),
            gate=answer("compounded", ""),
        ),
        _off_label(policy),
        _allergy(policy),
        _infection(policy),
        Criterion("X3", answer("body_supports_device", "the body is too small for the device"), absence=True),
        _history(),
        Criterion("L1", answer("legible", "the record is not legible")),
    )  # fmt: skip


def _opioid(policy: PolicySet) -> Criterion:
    opioids = [drug.id for drug in policy.drugs.by_id.values() if drug.is_opioid]
    drugs = pl.col("pump_drugs")
    count = drugs.list.set_intersection(pl.lit(opioids)).list.len()
    spasticity = Note(
        (drugs.list.len() == 1) & drugs.list.contains("baclofen"),
        "baclofen alone points to spasticity, which this article is not about (NCD 280.14)",
        basis="law",
    )
    given = Check(("pump_drugs",), count > 0, "no drug in the pump is an opioid")
    if policy.reading("no-opioid") == "not-covered":
        return Criterion("C1", given, notes=(spasticity,))
    without = Check(("pump_drugs",), count == 0, "")
    accepted = answer("opioid_free_accepted", "a reviewer does not accept a pump without an opioid")
    reader = Note(count == 0, "no drug in the pump is an opioid: a person decides")
    return Criterion("C1", When(without, accepted), notes=(reader, spasticity))


def life_expectancy() -> Check:
    """At least three months to live (C3): the months, else that nothing shortens life."""
    months = pl.col("life_expectancy_months")
    unlimited = pl.when(pl.col("life_expectancy_unlimited")).then(statement=True)
    return Check(
        ("life_expectancy_months", "life_expectancy_unlimited"),
        pl.coalesce(months >= MONTHS * NANO, unlimited),
        "life expectancy is under three months",
        alternatives=True,
    )


def _pain() -> Criterion:
    origin = pl.when(pl.col("pain_origin").is_not_null()).then(statement=True)
    return Criterion(
        "C3",
        All((
            answer("severe_pain", "the pain is not severe"),
            answer("chronic_pain", "the pain is not chronic"),
            answer("intractable_pain", "the pain is not intractable"),
            Check(("pain_origin",), origin, ""),
            life_expectancy(),
        )),
        notes=(
            Note(
                (pl.col("life_expectancy_months") < MONTHS * NANO)
                & pl.col("life_expectancy_unlimited"),
                "the chart says both that life is short and that nothing shortens it: the months count",
                basis="practice",
            ),
        ),
    )  # fmt: skip


def _documented(four: Sequence[Criterion], part: Part) -> Condition:
    """C5: all four are met, and each answer that speaks for them names where it stands in the record."""
    shown = [
        _evidenced(group, part)
        for one in four
        for group in (
            [one.requires.questions]
            if isinstance(one.requires, OneOf)
            else [(question,) for question in one.requires.questions]
        )
    ]
    return All((*(one.requires for one in four), *shown))


def _evidenced(questions: tuple[str, ...], part: Part) -> Check:
    """One of the questions that are answered yes says where; true as well where none is."""
    yes = [pl.col(name).fill_null(value=False) for name in questions]
    where = [pl.col(part.questions[name].evidence) for name in questions]
    said = pl.any_horizontal(a & b for a, b in zip(yes, where, strict=True))
    settled = said | ~pl.any_horizontal(yes)
    return Check(questions, pl.when(settled).then(statement=True), "", evidence=True)


def _evaluation(policy: PolicySet) -> Criterion:
    day, implant, decision = (
        pl.col(name) for name in ("evaluation_date", "implant_date", "decision_date")
    )
    conditions: list[Condition] = [
        Check(
            ("evaluator_specialty",),
            pl.col("evaluator_specialty").is_in(SPECIALISTS),
            "the evaluator is no specialist in the disease",
        ),
        answer("evaluation_treatments_failed", "the evaluation does not confirm that treatments failed"),
        answer("evaluation_no_other_option", "the evaluation leaves another reasonable option"),
        Check(
            ("evaluation_date",),
            pl.when(implant.is_null()).then(pl.when(day.is_not_null()).then(statement=True))
            .otherwise(day <= implant),
            "the evaluation came after the implant",
        ),
    ]  # fmt: skip
    if policy.reading("evaluating-specialist") == "independent-specialist":
        conditions.append(
            answer("evaluator_is_implanting_physician", "the evaluator implants the pump", wanted=False)
        )  # fmt: skip
    if policy.reading("evaluation-age") == "confirmed":
        conditions.append(
            When(
                Check(("evaluation_date", "decision_date"), day < decision, ""),
                answer("evaluation_still_holds", "the evaluation did not hold any more at the decision"),
            )
        )  # fmt: skip
    return Criterion(
        "C10",
        All(tuple(conditions)),
        notes=(
            Note(
                pl.col("evaluator_is_implanting_physician"),
                "the evaluator implants the pump: an independent evaluation is stronger",
                basis="practice",
            ),
            Note(day < decision, "the evaluation is older than the decision to implant"),
            Note(day > pl.col("trial_date"), "the evaluation came after the trial, which should follow it"),
        ),
    )  # fmt: skip


def _trial(policy: PolicySet) -> Criterion:
    day, implant = pl.col("trial_date"), pl.col("implant_date")
    conditions: list[Condition] = [
        Check(
            ("trial_method",),
            pl.col("trial_method") == "temporary_catheter",
            "the trial was not given through a temporary catheter",
        ),
        Check(
            ("trial_date",),
            pl.when(implant.is_null()).then(pl.when(day.is_not_null()).then(statement=True))
            .otherwise(day < implant),
            "the trial did not come before the implant",
        ),
        answer("trial_relief_acceptable", "the trial gave no acceptable relief"),
        answer("trial_side_effects_acceptable", "the side effects in the trial were not acceptable"),
        answer("trial_daily_living_acceptable", "their effect on daily living was not acceptable"),
        answer("trial_accepted", "the patient did not accept the therapy"),
        answer("trial_complied", "the patient did not comply with the therapy"),
    ]  # fmt: skip
    worse = Note(
        pl.col("pain_after") >= pl.col("pain_before"),
        "the score of pain did not fall in the trial: a person should look",
        basis="practice",
    )
    if policy.reading("trial-catheter") == "listed-codes-only":
        listed = sorted(policy.trial_codes)
        conditions.append(
            Check(
                ("trial_code",),
                pl.col("trial_code").is_in(listed),
                "the trial's code is not one the article lists",
            )
        )  # fmt: skip
        return Criterion("C12", All(tuple(conditions)), notes=(worse,))
    trial = All(tuple(conditions))
    replaced = Check(("replacement",), pl.col("replacement").fill_null(value=False), "")
    first = answer("first_trial_on_record", "the trial before the first pump is not on record")
    return Criterion(
        "C12",
        Either(replaced, OneOf((first, trial)), trial),
        notes=(worse, Note(pl.col("replacement"), "a replacement: the first trial stands for a new one")),
    )  # fmt: skip


def _off_label(policy: PolicySet) -> Criterion:
    drugs = pl.col("off_label_drugs")
    named = sorted({drug for _, drug in policy.articles[0].kd_examples})
    rest = drugs.list.set_difference(pl.lit(named)).list.len()
    return Criterion(
        "C16",
        answer("off_label_accepted", "the off-label use is not medically accepted"),
        gate=Check(("off_label_drugs",), rest > 0, ""),
        notes=(
            Note(
                (drugs.list.len() > 0) & (rest == 0),
                "used off label, as the article's own examples are (C17)",
            ),
        ),
    )


def _allergy(policy: PolicySet) -> Criterion:
    known = pl.lit(list(policy.drugs.by_id))
    pump, allergies = pl.col("pump_drugs"), pl.col("allergies")
    apart = Check(
        ("pump_drugs", "allergies"),
        pump.list.set_intersection("allergies").list.len() == 0,
        "the patient is allergic to a drug in the pump",
    )
    strange = (allergies.list.set_difference(known).list.len() > 0) | (
        (pump.list.set_difference(known).list.len() > 0) & (allergies.list.len() > 0)
    )
    checked = When(
        Check(("pump_drugs", "allergies"), strange, ""),
        answer("other_allergies_checked", "an allergy to another drug concerns one in the pump"),
    )
    return Criterion("X1", All((apart, checked)), absence=True)


def _infection(policy: PolicySet) -> Criterion:
    site = answer("infection_at_site", "there is an infection at or near the site", wanted=False)
    if policy.reading("infection") == "any":
        elsewhere = answer("infection_elsewhere", "there is an infection", wanted=False)
        return Criterion("X2", All((site, elsewhere)), absence=True)
    judged = When(
        answer("infection_elsewhere", ""),
        answer("infection_elsewhere_accepted", "an infection elsewhere stands against the implant"),
    )
    return Criterion("X2", All((site, judged)), absence=True)


def _history() -> Criterion:
    ways = ("systemic_opioids_failed", "oral_combination_failed", "behavioural_attempts_failed")
    met = pl.any_horizontal(*(pl.col(way) for way in ways))
    systemic, behavioural = (pl.col(ways[place]).fill_null(value=False) for place in (0, 2))
    return Criterion(
        "H2",
        OneOf((
            answer(ways[0], "systemic opioids did not fail"),
            answer(ways[1], "oral drugs in combination did not fail"),
            answer(ways[2], "physical and behavioural attempts did not fail or were not made"),
        )),
        notes=(
            Note(
                met & ~(systemic & behavioural),
                "NCD 280.14 asks for systemic opioids and for attempts at physical and behavioural causes",
                basis="law",
            ),
        ),
    )  # fmt: skip
