"""COV: is the pump covered, by what the chart shows and the trial in the claims?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.denials import against_implant, coverage_denial, not_covered
from pumpclaim.rules.registry import Case, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@rule(
    "COV100",
    outcome=Outcome.RECORDS,
    statements=["H1", "C5", "C11", "L2"],
    group="CO",
    carc="252",
    rarc="M127",
    scope="claim",
    message="To be obtained: {records_wanted}.",
)
def implant_record(line: Line) -> list[Case]:
    """The record behind an implant must show every indication and limitation.

    Why: The article wants the record to support all that it asks for, and lets Medical Review call for
    it; a record that lacks the justification ends in denial. Without charts this is advice; with charts
    it asks for what the chart of this patient and day leaves open, or for all of it where there is
    none.
    Wrong: A claim for 62362 whose chart has no page on the trial.
    Right: A chart that answers every question, each with the page where it stands.
    Fix: Obtain what is listed, enter it in the chart with its evidence, and keep it ready.
    """
    implant = line.is_a(Role.IMPLANT)
    if not line.charts_given:
        words = "Keep ready for the implant of {service_date}: {keep_ready}."
        return [Case(implant, outcome=Outcome.ADVISE, message=words)]
    return [Case(implant & line.claim_is_open)]


@coverage_denial("COV101", "C1", national=True, readings=["no-opioid"])
def no_covered_drug(line: Line) -> list[Case]:
    """The pump gives no opioid, and that is not accepted.

    Why: The article covers a pump that gives opioids, alone or with other drugs. Whether one without
    any is covered a person decides; that is our reading, `no-opioid`.
    Wrong: A chart with clonidine alone, and a reviewer who does not accept it.
    Right: Morphine with bupivacaine; or ziconotide alone, accepted by a reviewer.
    Fix: Do not bill the implant as covered; ask the reviewer for his grounds.
    """
    return against_implant(line, "C1", national=True)


@coverage_denial("COV102", "C2", national=True)
def wrong_route(line: Line) -> list[Case]:
    """The drug is given by a route other than intrathecal or epidural.

    Why: The article covers these two routes alone; a pump that feeds a ventricle of the brain bears the
    same refill codes.
    Wrong: A chart with route: intraventricular.
    Right: A chart with route: intrathecal.
    Fix: Correct the chart if the operative note says otherwise; else the article does not cover the
    pump.
    """
    return against_implant(line, "C2", national=True)


@coverage_denial(
    "COV103", "C3", national=True, readings=["life-expectancy"], says="The record says that"
)
def pain_or_life_expectancy(line: Line) -> list[Case]:
    """The pain is not severe, chronic and intractable, or less than three months of life are expected.

    Why: The article covers the pump for such pain, of cancer or not, in a patient who is expected to
    live at least three months. We measure these when the implant is decided, three months included;
    that is our reading, `life-expectancy`.
    Wrong: A chart with two months of life expectancy on the day of the decision.
    Right: Three months or more, or a record that nothing shortens life.
    Fix: Correct the chart if the record says otherwise; else the pump is not covered.
    """
    asked = line.is_a(Role.IMPLANT | Role.MANAGEMENT)
    return not_covered(line, asked & ~line.shows("C3"), national=True)


@coverage_denial("COV104", "C4", national=True)
def less_invasive_therapy_works(line: Line) -> list[Case]:
    """Less invasive therapy has not been shown to fail.

    Why: The article wants the pain proved not to respond to less invasive treatment.
    Wrong: A chart that says that injections still help.
    Right: A chart with what was tried, how long, and that it failed.
    Fix: Document the failed treatment, or treat less invasively.
    """
    return against_implant(line, "C4", national=True)


@coverage_denial("COV105", "C6", "C5")
def route_not_needed(line: Line) -> list[Case]:
    """The drug does not need this route, or is not expected to work long term.

    Why: It is the first of four criteria that must all be met and clearly documented.
    Wrong: A chart that says that the same drug by mouth would do.
    Right: A chart with the reason for the route and the expected long-term effect.
    Fix: Have the physician document why this route and why for long; else it is not covered.
    """
    return against_implant(line, "C6")


@coverage_denial("COV106", "C7", "C5")
def oral_drugs_work(line: Line) -> list[Case]:
    """Drugs by mouth or under the skin work and are tolerated.

    Why: It is the second of the four criteria: such drugs must fail, or have side effects that the
    patient cannot accept. Either is enough.
    Wrong: A chart with good effect and no side effects of oral morphine.
    Right: A chart with sedation that the patient could not accept.
    Fix: Document the failure or the side effects; else it is not covered.
    """
    return against_implant(line, "C7")


@coverage_denial("COV107", "C8", "C5")
def other_modalities_work(line: Line) -> list[Case]:
    """Other kinds of treatment did not fail.

    Why: It is the third of the four criteria: the condition must need a pump because others failed.
    Wrong: A chart that says that spinal cord stimulation was not tried and is open.
    Right: A chart with the other treatments and their failure.
    Fix: Document the failure of the others; else it is not covered.
    """
    return against_implant(line, "C8")


@coverage_denial("COV108", "C9", "C5")
def dose_not_expected_to_help(line: Line) -> list[Case]:
    """Drug and dose cannot be expected to reduce the pain.

    Why: It is the fourth of the four criteria.
    Wrong: A chart whose reviewer finds the dose far too low to help.
    Right: A chart with drug, dose and the effect in the trial.
    Fix: Document why this drug at this dose is expected to help; else it is not covered.
    """
    return against_implant(line, "C9")


@coverage_denial("COV109", "C10", readings=["evaluating-specialist", "evaluation-age"])
def no_specialist_evaluation(line: Line) -> list[Case]:
    """No specialist who knows the disease confirms that nothing else is left.

    Why: The article wants an evaluation by an orthopaedic surgeon, a neurologist, a neurosurgeon, an
    oncologist or another specialist in the disease. Our readings: the implanting physician is accepted
    with advice (`evaluating-specialist`), and an evaluation older than the decision counts when the
    record confirms that it still holds (`evaluation-age`).
    Wrong: An evaluation by a general practitioner, or one after the implant.
    Right: A neurosurgeon's evaluation before the implant that confirms both.
    Fix: Obtain the evaluation before the implant; afterwards it cannot be made good.
    """
    return against_implant(line, "C10")


@coverage_denial("COV110", "C11")
def failed_therapy_not_on_record(line: Line) -> list[Case]:
    """The record of failed therapy is not kept or cannot be produced.

    Why: The article wants it kept and produced when Medical Review asks.
    Wrong: A chart that says that the earlier records are lost.
    Right: The notes of the earlier treatment, ready to be sent.
    Fix: Ask the earlier physicians for their records.
    """
    return against_implant(line, "C11")


@coverage_denial("COV111", "C12", "V1", national=True, readings=["trial-catheter"])
def no_valid_trial(line: Line) -> list[Case]:
    """The trial does not show what it must, or was no trial.

    Why: Before the implant a trial through a temporary catheter must show acceptable relief, the side
    effects and their effect on daily living, and that the patient accepts the therapy and complies. A
    single injection is no catheter trial, and a replacement needs no new one when the first is on
    record; that is our reading, `trial-catheter`.
    Wrong: A trial after the implant, or through the permanent catheter.
    Right: A temporary catheter, three days, relief, side effects and daily living on record.
    Fix: Correct the chart if the record says otherwise; an implant without a valid trial is not
    covered.
    """
    return against_implant(line, "C12", national=True)


@coverage_denial("COV112", "C13")
def drug_not_appropriate(line: Line) -> list[Case]:
    """A drug in the pump is not right for this patient.

    Why: The article wants every drug in the pump to be appropriate for the individual patient.
    Wrong: A chart whose reviewer finds a drug unsuitable.
    Right: A chart with the reasons for each drug.
    Fix: Change the drug, or document why it is right for this patient.
    """
    return against_implant(line, "C13")


@coverage_denial("COV113", "C16", "C17")
def off_label_not_accepted(line: Line) -> list[Case]:
    """A drug is used off label, and that is not medically accepted.

    Why: The article lets it be covered where compendia, literature or the standards of practice accept
    it; a person decides. The drugs of its own examples need no decision.
    Wrong: Ketamine off label, which the reviewer does not accept.
    Right: Clonidine, which the article names; or another drug with its source.
    Fix: Add the source that accepts the use, or change the drug.
    """
    return against_implant(line, "C16")


@rule(
    "COV114",
    outcome=Outcome.ADVISE,
    statements=["C12", "V1"],
    scope="claim",
    readings=["trial-catheter"],
    message="No catheter trial before the implant of {service_date} is among the claims of this call.",
)
def no_trial_in_history(line: Line) -> Truth:
    """No trial before the implant is found among the patient's claims.

    Why: The article makes a trial through a temporary catheter a condition. It is looked for among all
    claims of the call: 62325 and 62327, by our reading `trial-catheter` also 62324, 62326 and the codes
    before 2017. A trial in an inpatient stay bears none of these codes, so this is advice. It is silent
    when an earlier implant is found, or when a chart tells of the trial.
    Wrong: 62362 with no trial in the months before.
    Right: 62327 two weeks before 62362.
    Fix: Check the trial with the earlier claims in the same call, or show it in the chart.
    """
    unknown = line.is_a(Role.IMPLANT) & ~line.has_trial_before & ~line.has_implant_before
    return unknown & line.shows("C12").is_null() if line.charts_given else unknown


@coverage_denial("COV115", "C14")
def compounding_not_needed(line: Line) -> list[Case]:
    """The drug is compounded, and the patient does not need that.

    Why: The article lets drugs be covered that are compounded for the special needs of a patient.
    Wrong: A chart that says that the drug as sold would do.
    Right: A chart with the reason: two drugs in one pump, or a strength that is not sold.
    Fix: Document why compounding is needed, or use the drug as it is sold.
    """
    return against_implant(line, "C14")
