"""UTL: are refills and interrogations as often as size, dose and symptoms require?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Basis, Case, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@rule(
    "UTL101",
    outcome=Outcome.RECORDS,
    statements=["U3", "U1"],
    basis=Basis.THRESHOLD,
    group="CO",
    carc="252",
    rarc="M127",
    message="{refill_timing}. It was not due before day {not_early_from} ({early_thresholds}).",
    concerns=["service_from"],
)
def early_refill(line: Line) -> list[Case]:
    """A refill came well before the supply of the fill before was used up.

    Why: The article wants refills as often as the size of the pump and the dose require. The supply is
    worked out from the record of the visit (volume, concentration, dose), or from the claim's note with
    the dose of the latest record; never from the interval itself. When a refill is early is a threshold
    of ours. A change of dose or drug, a symptom or a complication in the record of the visit justifies
    it and is quoted.
    Wrong: A refill 30 days after a fill that lasts 120.
    Right: A refill 110 days after it; or one at 30 days with the reason on record.
    Fix: Show in the record why the pump was refilled early.
    """
    early = line.is_a(Role.REFILL) & line.is_early_refill
    if not line.charts_given:
        return [Case(early)]
    quoted = "{refill_timing}. The record gives a reason: {visit_reason}."
    return [
        Case(early & ~line.has_reason),
        Case(early & line.has_reason, outcome=Outcome.ADVISE, message=quoted),
    ]


@rule(
    "UTL102",
    outcome=Outcome.RECORDS,
    statements=["U4"],
    basis=Basis.THRESHOLD,
    group="CO",
    carc="252",
    rarc="M127",
    readings=["monthly-pattern"],
    message="{monthly_long_run} refills in a row came {monthly_thresholds} days after fills that last "
    "{long_supply} days and more; the last of them lasts {supply_before} days ({pattern_thresholds}).",
    concerns=["service_from"],
)
def monthly_pattern(line: Line) -> Truth:
    """Refills come every month although the pump holds two or three months.

    Why: It is the one abuse that the article names. What is monthly and what is a long supply are
    thresholds of ours (reading `monthly-pattern`), and are said in the finding.
    Wrong: Refills on the 3rd of each month of a pump that lasts 100 days.
    Right: Refills every 90 to 100 days.
    Fix: Refill by the supply; show in the record why it must be monthly if it must.
    """
    return (
        line.is_a(Role.REFILL)
        & line.is_monthly_pattern
        & line.reading("monthly-pattern", "thresholds")
    )


@rule(
    "UTL103",
    outcome=Outcome.RECORDS,
    statements=["U2"],
    basis=Basis.THRESHOLD,
    group="CO",
    carc="252",
    rarc="M127",
    message="The pump was interrogated or reprogrammed {analysis_interval} days before; again so soon needs "
    "symptoms on record ({analysis_thresholds}).",
    concerns=["hcpcs", "service_from"],
)
def frequent_analysis(line: Line) -> list[Case]:
    """Interrogation or reprogramming comes more often than the threshold, without symptoms on record.

    Why: The article wants 62367 and 62368 as often as the symptoms support. How often needs a reason is
    a threshold of ours. Without a record of the visit this is advice.
    Wrong: 62368 every week, and the record says nothing of symptoms.
    Right: 62368 ten days after the last, for new pain after a change of dose.
    Fix: Show the symptoms in the record of the visit.
    """
    often = line.is_a(Role.ANALYSIS) & line.is_frequent_analysis
    if not line.charts_given:
        return [Case(often, outcome=Outcome.ADVISE)]
    return [
        Case(often & line.has_record & ~line.has_reason),
        Case(often & ~line.has_record, outcome=Outcome.ADVISE),
    ]


@rule(
    "UTL104",
    outcome=Outcome.ADVISE,
    statements=["U3"],
    basis=Basis.PRACTICE,
    message="Patient safety: {refill_timing}; the reservoir would have been empty after {dry_before} days.",
    concerns=["service_from"],
)
def ran_dry(line: Line) -> Truth:
    """The pump would have run dry before this refill.

    Why: A pump that runs dry stops the drug at once, and withdrawal can be dangerous. Either the pump
    was refilled elsewhere, or volume, concentration or dose on record are wrong, or the patient was
    without drug. This is advice for the patient's safety, not a ground against the claim.
    Wrong: A refill 150 days after a fill that is empty after 133.
    Right: A refill before the low-reservoir alarm.
    Fix: Check at once what happened between the two refills, and the figures of the record.
    """
    return line.is_a(Role.REFILL) & line.ran_dry


@rule(
    "UTL105",
    outcome=Outcome.RECORDS,
    statements=["U3", "U4"],
    basis=Basis.THRESHOLD,
    group="CO",
    carc="252",
    rarc="M127",
    message="Refills {monthly_run} times in a row every {monthly_thresholds} days ({past_refills}), and the "
    "supply is not known ({run_thresholds}).",
    concerns=["hcpcs"],
)
def supply_unknown(line: Line) -> list[Case]:
    """A patient is refilled again and again, and the supply is not known.

    Why: Whether refills are as often as size and dose require cannot be told from claims: they bear
    neither the size nor the dose, and the interval itself proves nothing. The pattern is told, and the
    record is asked for; where it is monthly the article's one abuse cannot be ruled out.
    Wrong: Four refills a month apart, and no record of volume, concentration and dose.
    Right: The same with records from which each supply follows.
    Fix: Give the records of the refills (volume after, concentration, dose) with `--charts`.
    """
    unknown = line.is_a(Role.REFILL) & line.supply_before.is_null()
    monthly = line.is_monthly_unknown & line.reading("monthly-pattern", "thresholds")
    words = (
        "This is refill {refill_number} of the patient ({past_refills}), and the supply is not known "
        "({repeat_thresholds})."
    )
    return [
        Case(unknown & monthly),
        Case(unknown & ~monthly & line.is_repeating, outcome=Outcome.ADVISE, message=words),
    ]
