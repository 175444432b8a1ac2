"""DRG: are the drugs on the refill's claim, under the right code, with a narrative that can be priced?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Basis, Case, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth

FILLING = Role.MANAGEMENT | Role.DEVICE_IMPLANT


def _compound(line: Line) -> Truth:
    return line.is_a(Role.COMPOUNDED) & line.is_a(Role.PUMP_DRUG)


@rule(
    "DRG101",
    outcome=Outcome.REJECT,
    statements=["B1", "B2"],
    group="CO",
    carc="B15",
    message="{hcpcs} of {service_date} has no refill or management code on its claim.",
)
def drug_without_refill(line: Line) -> Truth:
    """A pump drug is billed without a refill or management code on its claim.

    Why: The article wants every code of the refill and the management of the pump on one claim form, the
    drugs included, and no separate claim for the drugs. A pump filled when it is implanted counts.
    Wrong: A claim with J7999-KD alone.
    Right: 62370 and J7999-KD of that day on one claim.
    Fix: Bill the drug on the claim of its refill.
    """
    return line.is_a(Role.PUMP_DRUG) & ~line.visit_has(FILLING)


@rule(
    "DRG102",
    outcome=Outcome.ADVISE,
    statements=["B1"],
    readings=["refill-without-drug"],
    message="No drug is billed with {hcpcs} of {service_date}.",
)
def refill_without_drug(line: Line) -> Truth:
    """A refill is billed without any drug on its claim.

    Why: That is lawful when the drug is paid elsewhere (the hospital, another payer, a free supply). When
    it was bought for this patient it belongs on this claim, and cannot follow on another.
    Wrong: 62370 alone, and J7999 a week later on a claim of its own.
    Right: 62370 with J7999-KD, or 62370 alone because the drug was not the practice's cost.
    Fix: Add the drug if the practice paid for it; else keep on record who did.
    """
    return (
        line.is_a(Role.REFILL)
        & ~line.visit_has(Role.PUMP_DRUG)
        & ~line.day_has(Role.PUMP_DRUG)
        & line.reading("refill-without-drug", "lawful")
    )


@rule(
    "DRG103",
    outcome=Outcome.REJECT,
    statements=["B1", "B2"],
    group="CO",
    carc="16",
    rarc="MA130",
    message="The {other_half} of {service_date} is on another claim: {other_claims}.",
)
def split_refill(line: Line) -> Truth:
    """Refill and drug of one patient and day are billed on two claims.

    Why: The article wants them on one claim form and forbids a separate claim for the drugs.
    Wrong: One claim with 62370, another of the same day with J7999-KD.
    Right: One claim with both.
    Fix: Void or replace the two claims and bill refill and drug together.
    """
    drug_here = line.is_a(Role.PUMP_DRUG) & ~line.visit_has(Role.REFILL) & line.day_has(Role.REFILL)
    refill_here = (
        line.is_a(Role.REFILL) & ~line.visit_has(Role.PUMP_DRUG) & line.day_has(Role.PUMP_DRUG)
    )
    return drug_here | refill_here


@rule(
    "DRG104",
    outcome=Outcome.REJECT,
    statements=["C17", "K2"],
    group="CO",
    carc="4",
    rarc="N822",
    readings=["kd-on-compound"],
    message="{hcpcs} has no modifier KD.",
    concerns=["hcpcs", "modifier_1", "modifier_2", "modifier_3", "modifier_4"],
)
def missing_kd_modifier(line: Line) -> list[Case]:
    """A drug given through the pump is billed without modifier KD.

    Why: The article prints KD with every drug code of its examples (J0735, J1230, J3490). It lists J7999
    without a modifier; that a compounded pump drug bears KD too is the practice of the field and our
    reading, `kd-on-compound`.
    Wrong: J7999 on the claim of a refill.
    Right: J7999-KD.
    Fix: Add modifier KD to the drug's line.
    """
    unmarked = line.is_a(Role.PUMP_DRUG) & ~line.has_modifier("KD")
    required = line.reading("kd-on-compound", "required")
    return [
        Case(unmarked & line.is_kd_example),
        Case(unmarked & ~line.is_kd_example & required, basis=Basis.PRACTICE),
    ]


@rule(
    "DRG105",
    outcome=Outcome.REJECT,
    statements=["C15", "C17", "P1"],
    group="CO",
    carc="16",
    rarc="M20",
    message="{hcpcs} is one drug's own code, but {mixture} went into the pump.",
    concerns=["hcpcs", "description", "note"],
)
def mixture_under_own_code(line: Line) -> Truth:
    """A mixture is billed with one drug's own code instead of J7999.

    Why: A drug counts as compounded unless it is given in exactly a concentration sold nationally; a
    mixture never is. Compounded drugs are priced by the article's table under J7999.
    Wrong: J2274-KD and J0735-KD for morphine and clonidine in one pump.
    Right: J7999-KD once, with both drugs and their amounts in the narrative.
    Fix: Bill the whole mixture on one line of J7999-KD and name each drug with its amount.
    """
    several = (line.ingredients > 1) | (line.own_drug_codes > 1)
    return line.is_a(Role.OWN_DRUG) & line.is_a(Role.PUMP_DRUG) & several


@rule(
    "DRG106",
    outcome=Outcome.REJECT,
    statements=["C15"],
    group="CO",
    carc="16",
    rarc="M20",
    message="The narrative is one drug at a concentration sold nationally: {drugs}.",
    concerns=["hcpcs", "description", "note"],
)
def sold_nationally_as_compound(line: Line) -> list[Case]:
    """A single drug at a concentration sold nationally is billed as J7999.

    Why: A drug in exactly a concentration that national manufacturers sell does not count as compounded,
    so the article's table does not price it; its own code does. Where our fact on what is sold is less
    sure the finding is advice.
    Wrong: J7999-KD, MORPHINE 25 MG/ML X 20 ML, which is sold as such.
    Right: The drug's own code with KD.
    Fix: Bill the drug's own code with KD, or show in the narrative what was changed by compounding.
    """
    compound = line.is_a(Role.COMPOUNDED) & line.is_a(Role.PUMP_DRUG)
    return [
        Case(compound & line.is_sold_nationally),
        Case(
            compound & line.is_perhaps_sold_nationally & ~line.is_sold_nationally,
            basis=Basis.PRACTICE,
            outcome=Outcome.ADVISE,
        ),
    ]


@rule(
    "DRG107",
    outcome=Outcome.REJECT,
    statements=["P1", "P2"],
    group="CO",
    carc="16",
    rarc="M123",
    message="{hcpcs} has {what_text} that names drugs and amounts.",
    concerns=["hcpcs", "description", "note"],
)
def no_narrative(line: Line) -> Truth:
    """J7999 is billed without a narrative of drugs and amounts.

    Why: The contractor prices the compound from its drugs and their total amounts, and the claim's text is
    the only place for them: the line's description (SV101-7), else a note.
    Wrong: J7999-KD with the text COMPOUNDED DRUG.
    Right: J7999-KD with MORPHINE 360MG, BUPIVACAINE 90MG.
    Fix: Name each drug and its total amount in mg or mcg in SV101-7 (80 characters), the rest in the line's
    note.
    """
    return _compound(line) & (line.ingredients == 0) & (line.unread == 0)


@rule(
    "DRG108",
    outcome=Outcome.REJECT,
    statements=["P2"],
    group="CO",
    carc="16",
    rarc="M123",
    message="This part of the narrative cannot be read: {unread_parts}",
    concerns=["description", "note"],
)
def unreadable_narrative(line: Line) -> Truth:
    """A part of the narrative cannot be read, so the compound cannot be priced.

    Why: The price is the sum over all drugs; what is not understood is never guessed.
    Wrong: MORPHINE 20MG/ML, BUPIVACAINE 90 (no volume, no unit).
    Right: MORPHINE 20MG/ML X 18ML, BUPIVACAINE 90MG.
    Fix: Write each drug with its total amount and unit, or with concentration and volume.
    """
    return _compound(line) & (line.unread > 0)


@rule(
    "DRG109",
    outcome=Outcome.RECORDS,
    statements=["P5", "P1"],
    group="CO",
    carc="252",
    rarc="M23",
    readings=["unlisted-drug"],
    message="The article has no fee for {unpriced_drugs}.",
    concerns=["description", "note"],
)
def drug_without_fee(line: Line) -> Truth:
    """A drug of the compound is not in the article's fee table.

    Why: The table has sixteen drugs. For any other the contractor sets the price case by case, from the
    invoice; the line's allowance is not known, and it is not zero.
    Wrong: Taking the sum of the other drugs for the line's price.
    Right: Sending the invoice with the claim.
    Fix: Send the pharmacy's invoice, with name, strength, quantity and cost of the drug.
    """
    return _compound(line) & (line.unpriced > 0)


@rule(
    "DRG110",
    outcome=Outcome.REJECT,
    statements=["K1", "P1"],
    group="CO",
    carc="16",
    rarc="M20",
    message="{hcpcs} for a compounded pump drug of {service_date}, when J7999 was valid.",
)
def superseded_compound_code(line: Line) -> list[Case]:
    """A compounded drug is billed under a code that J7999 replaced.

    Why: J7999 is the compounded drug's code since 2016-01-01; Q9977 ended the day before, J7799 and J3490
    are for drugs that are not compounded. A mixture is always compounded.
    Wrong: J3490-KD with MORPHINE 360MG, BUPIVACAINE 90MG.
    Right: J7999-KD with the same narrative.
    Fix: Bill J7999-KD.
    """
    old = line.is_a(Role.SUPERSEDED_COMPOUND)
    mixture = line.is_a(Role.UNCLASSIFIED_DRUG) & (line.ingredients > 1)
    return [Case(line.is_a(Role.PUMP_DRUG) & line.is_compound_after_code & (old | mixture))]


@rule(
    "DRG111",
    outcome=Outcome.ADVISE,
    statements=["P2"],
    basis=Basis.PRACTICE,
    group="CO",
    carc="16",
    rarc="M53",
    readings=["amount-priced"],
    message="{hcpcs} has {units} units; the narrative is priced once, whatever the units.",
    concerns=["units"],
)
def units_of_compound(line: Line) -> Truth:
    """J7999 is billed with a number of units other than one.

    Why: A code without a defined unit is billed as one unit, and contractors return other numbers as
    unprocessable; the article does not speak of it. The price follows the narrative's total.
    Wrong: J7999-KD with 360 units for 360 mg.
    Right: J7999-KD with 1 unit and the amounts in the narrative.
    Fix: Bill one unit.
    """
    return _compound(line) & ~line.units_are_one


@rule(
    "DRG112",
    outcome=Outcome.REJECT,
    statements=["P2"],
    basis=Basis.THRESHOLD,
    group="CO",
    carc="16",
    rarc="M123",
    message="No reservoir holds {implausible_drugs}.",
    concerns=["description", "note"],
)
def implausible_amount(line: Line) -> Truth:
    """An amount is larger than a reservoir can hold, most often mg written for mcg.

    Why: Seven drugs are priced per mcg and nine per mg, and a slip between them is a factor of 1000 in the
    price. The ceiling is ours: the drug's highest plausible concentration times the largest reservoir.
    Wrong: CLONIDINE 4000 MG.
    Right: CLONIDINE 4000 MCG.
    Fix: Check the amount and its unit against the pharmacy's label and correct the narrative.
    """
    return line.is_a(Role.PUMP_DRUG) & (line.implausible > 0)


@rule(
    "DRG113",
    outcome=Outcome.ADVISE,
    statements=["B1", "U3"],
    basis=Basis.PRACTICE,
    message="{hcpcs} stands beside an interrogation only; no refill is billed for {service_date}.",
)
def drug_with_interrogation_only(line: Line) -> Truth:
    """A pump drug is billed beside an interrogation, with no refill for that day.

    Why: A drug is used when the pump is refilled. An interrogation manages the pump, so the claim form is
    right, but nothing on it says that anything was put in.
    Wrong: J7999-KD and 62368.
    Right: J7999-KD and 62370, when the pump was refilled.
    Fix: Bill the refill's code if the pump was refilled; else take off the drug.
    """
    refilled = line.day_has(Role.REFILL) | line.day_has(Role.DEVICE_IMPLANT)
    return line.is_a(Role.PUMP_DRUG) & line.visit_has(Role.ANALYSIS) & ~refilled
