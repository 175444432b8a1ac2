"""PRC: is the drug paid, by whom, and how much?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Basis, Case, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@rule(
    "PRC101",
    outcome=Outcome.PACKAGE,
    statements=["P4", "V2"],
    group="CO",
    carc="97",
    rarc="M15",
    readings=["opps-bill-types", "opps-territories", "packaging-before-text", "revision-dates"],
    message="Type of bill {type_of_bill} in {state}: {hcpcs} is paid with the other services of the claim.",
    concerns=["hcpcs", "type_of_bill"],
)
def packaged(line: Line) -> list[Case]:
    """In a hospital outpatient department paid under OPPS the pump's drugs are not paid separately.

    Why: The article says so since the text of 2018-11-07; before that it was the law of the outpatient
    payment system, which is cited for earlier dates. Critical access hospitals are not paid under OPPS, nor
    are hospitals of Guam, American Samoa and the Northern Mariana Islands.
    Wrong: Expecting a separate payment for J7999 on type of bill 131.
    Right: Reporting the drug with its charge and counting on no separate payment.
    Fix: Nothing to mend: keep the drug and its charge on the claim.
    """
    drug = line.is_a(Role.PUMP_DRUG) & line.is_opps
    before = Basis.LAW if line.reading("packaging-before-text", "cite-law") else Basis.ARTICLE
    return [Case(drug & line.is_opps_text), Case(drug & ~line.is_opps_text, basis=before)]


@rule(
    "PRC102",
    outcome=Outcome.DENY,
    statements=["P4", "D5", "D6"],
    basis=Basis.LAW,
    group="CO",
    carc="5",
    rarc="M77",
    message="Place of service {place_of_service}: the drug is the facility's, not the physician's.",
    concerns=["place_of_service"],
)
def drug_of_a_hospital(line: Line) -> Truth:
    """A physician bills the drug of a refill given in a hospital or skilled nursing facility.

    Why: A drug is paid to a physician as incident to his service, which needs a noninstitutional setting
    (42 CFR 410.26); in a hospital's outpatient department it is packaged into the hospital's payment.
    Wrong: J7999-KD with place of service 22 on a professional claim.
    Right: The refill's code alone on the professional claim; the hospital reports the drug.
    Fix: Take the drug off the professional claim, or correct the place of service if it is wrong.
    """
    return line.is_a(Role.PUMP_DRUG) & (line.is_hospital_outpatient | line.is_hospital_other)


@rule(
    "PRC103",
    outcome=Outcome.ADVISE,
    statements=["P3"],
    readings=["several-compound-lines", "compounding-fee"],
    message="This is J7999 line {compound_number} of one refill; the compounding fee is paid once.",
)
def second_compounding_fee(line: Line) -> Truth:
    """A second J7999 line in one refill brings no second compounding fee.

    Why: The article's text grants one compounding fee for each refill.
    Wrong: Expecting the fee twice for a mixture billed on two lines.
    Right: One line of J7999-KD for the whole mixture, with one fee.
    Fix: Bill the whole mixture on one line.
    """
    return (line.compound_number > 1) & line.reading("several-compound-lines", "one-fee")


@rule(
    "PRC104",
    outcome=Outcome.ADVISE,
    statements=["P2"],
    basis=Basis.LAW,
    readings=["lower-of-charge"],
    message="The charge of {charge} is below the allowance of {allowed}; the charge is paid.",
    concerns=["charge"],
)
def charge_below_allowance(line: Line) -> Truth:
    """The charge is below what the article allows, and the lower of the two is paid.

    Why: Medicare pays the lower of the charge and the allowance.
    Wrong: Charging 60.00 for a compound that the article allows 94.00 for.
    Right: A charge that covers the drug's full allowance.
    Fix: Check the charge; what was billed too low is not paid later.
    """
    return (line.charge < line.allowed) & line.reading("lower-of-charge", "lower")


@rule(
    "PRC105",
    outcome=Outcome.ADVISE,
    statements=["P4"],
    basis=Basis.LAW,
    message="Place of service {place_of_service} is a surgical center, whose payment mostly includes drugs.",
    concerns=["place_of_service"],
)
def drug_of_a_surgical_center(line: Line) -> Truth:
    """A pump drug is billed for an ambulatory surgical center.

    Why: The article speaks of hospitals paid under OPPS only; the payment system of surgical centers
    packages most drugs on its own rules (42 CFR 416.164).
    Wrong: Taking the article's allowance for granted in place of service 24.
    Right: Looking up the surgical center's own payment rules first.
    Fix: Check whether the center's payment already includes the drug.
    """
    return line.is_a(Role.PUMP_DRUG) & line.is_surgical_center
