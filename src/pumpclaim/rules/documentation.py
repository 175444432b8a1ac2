"""DOC: does the record of the visit show what it must?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.denials import record_denial
from pumpclaim.rules.registry import Case, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


def _against_visit(line: Line, statement: str, role: Role = Role.MANAGEMENT) -> Truth:
    return line.is_a(role) & ~line.shows(statement)


@rule(
    "DOC100",
    outcome=Outcome.RECORDS,
    statements=["H1", "D1", "D2", "D3", "D4", "D5", "D6", "L1", "L2"],
    group="CO",
    carc="252",
    rarc="M127",
    scope="claim",
    message="To be obtained: {records_wanted}.",
)
def visit_record(line: Line) -> list[Case]:
    """The record of a refill, an interrogation or a reprogramming must show six things at least.

    Why: The article lists them, and a record that lacks the justification ends in denial. Without
    charts this is advice; with charts it asks for what the record of this patient and day leaves open,
    or for all of it where there is none. A claim with an implant is asked by COV100 instead, so that no
    claim is asked twice.
    Wrong: A claim for 62370 whose note has no volume and no response to the dose.
    Right: A note with status before and after, response, reason for a change, reassessment, proof of
    cost.
    Fix: Obtain what is listed, enter it in the record of the visit with its evidence, and keep it
    ready.
    """
    visit = line.is_a(Role.MANAGEMENT) & ~line.claim_has_implant
    if not line.charts_given:
        words = "Keep ready for {hcpcs} of {service_date}: {keep_ready}."
        return [Case(visit, outcome=Outcome.ADVISE, message=words)]
    return [Case(visit & line.claim_is_open)]


@record_denial("DOC101", "D1", "L2", readings=["visit-records"])
def no_pump_status(line: Line) -> Truth:
    """The record has no status of the pump before or after.

    Why: The article lists it among the least that the record must show. By our reading,
    `visit-records`, the status after is asked of a refill only.
    Wrong: A refill note without the volume that was left.
    Right: 3.1 mL left of 2.9 expected; 20 mL after the fill.
    Fix: Add the status if it was taken that day (a printout of the programmer will do); it cannot be
    made up.
    """
    return _against_visit(line, "D1")


@record_denial("DOC102", "D2", "L2")
def no_response(line: Line) -> Truth:
    """The record has no response to the present dose and rate.

    Why: The article lists it among the least that the record must show.
    Wrong: A note with volumes alone.
    Right: Pain 3 of 10 at 2.4 mg a day, no side effects.
    Fix: Add what was observed that day, as a dated late entry; else the service is not supported.
    """
    return _against_visit(line, "D2")


@record_denial("DOC103", "D3", "L2", readings=["visit-records"])
def no_reason_for_change(line: Line) -> Truth:
    """Dose or drug was changed without a reason on record.

    Why: The article lists it among the least that the record must show, where something changed.
    Wrong: Dose raised by a fifth, no word why.
    Right: Dose raised because pain rose from 3 to 6.
    Fix: Add the reason as a dated late entry, if it is known.
    """
    return _against_visit(line, "D3")


@record_denial("DOC104", "D4", "L2")
def no_reassessment(line: Line) -> Truth:
    """Condition and goals of treatment were not reassessed.

    Why: The article lists it among the least that the record must show. An evaluation and management
    visit of that day may hold it, and counts.
    Wrong: A refill note without a word on the patient's condition.
    Right: A reassessment in the note, or an office visit of that day.
    Fix: Show the office visit of that day, or add the reassessment as a dated late entry.
    """
    return _against_visit(line, "D4")


@record_denial("DOC105", "D5", "L2", readings=["visit-records"])
def incident_to_not_proven(line: Line) -> Truth:
    """Staff did the service, and the incident-to requirements are not proven.

    Why: The article lists it among the least that the record must show, where auxiliary staff did it.
    Wrong: Filled by a nurse while no physician was on site.
    Right: The plan of care, and the physician who supervised on site.
    Fix: Show who supervised; else the service cannot be billed as the physician's.
    """
    return _against_visit(line, "D5")


@record_denial("DOC106", "D6", "L2", readings=["visit-records"])
def drug_was_no_cost(line: Line) -> Truth:
    """The drug billed is not shown to be a cost to the practice.

    Why: Only the one who paid for the drug bills it; the article wants proof, such as the pharmacy's
    invoice up to the day of service.
    Wrong: A drug that the hospital's pharmacy supplied, billed by the physician.
    Right: The invoice of the compounding pharmacy to the practice.
    Fix: Add the invoice, or take the drug off the claim.
    """
    return _against_visit(line, "D6", Role.PUMP_DRUG)


@record_denial("DOC107", "L1", "L2")
def illegible(line: Line) -> Truth:
    """The record is not legible.

    Why: The article wants legible records; one that cannot be read ends in denial as not reasonable and
    necessary.
    Wrong: A note that nobody can read.
    Right: A typed or clearly written note.
    Fix: Have the author transcribe and sign the note, and send both.
    """
    return _against_visit(line, "L1", Role.MANAGEMENT | Role.IMPLANT)


@record_denial(
    "DOC108",
    "C11",
    message="The record of {service_date} says that the records of failed therapy are not at hand.",
)
def failed_therapy_not_on_record_of_patient(line: Line) -> Truth:
    """The record of failed therapy of this patient is not kept or cannot be produced.

    Why: It must be there when Medical Review asks, long after the implant too. It is looked for in the
    patient's newest implant chart; where there is none it is not asked of a visit.
    Wrong: An implant chart that says that the earlier records are lost.
    Right: The notes of the earlier treatment, ready to be sent.
    Fix: Ask the earlier physicians for their records.
    """
    return _against_visit(line, "C11")
