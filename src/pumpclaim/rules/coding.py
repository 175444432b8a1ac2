"""COD: are the codes valid on that day, and may they stand beside each other?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Basis, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@rule(
    "COD101",
    outcome=Outcome.REJECT,
    statements=["V1"],
    group="CO",
    carc="181",
    rarc="N56",
    readings=["replaced-codes"],
    message="{hcpcs} was no longer valid on {service_date}; {replaced_by} took its place.",
    concerns=["hcpcs", "service_from"],
)
def replaced_code(line: Line) -> Truth:
    """The code was replaced by the date of service.

    Why: The article's first revision put 62325 in the place of 62318 and 62327 in that of 62319; the old
    codes ended with 2016. The date of service decides, not the date of the claim.
    Wrong: 62319 for a trial of 2018-03-01.
    Right: 62327 (with imaging) or 62326 (without) for that day.
    Fix: Bill the code that replaced it, with imaging or without as it was done.
    """
    return line.is_after_code & line.is_a(Role.TRIAL)


@rule(
    "COD102",
    outcome=Outcome.REJECT,
    statements=["V1", "V4"],
    basis=Basis.CODING,
    group="CO",
    carc="181",
    rarc="N56",
    readings=["replaced-codes"],
    message="{hcpcs} was not yet valid on {service_date}; it is valid from {valid_from}.",
    concerns=["hcpcs", "service_from"],
)
def code_not_yet_valid(line: Line) -> Truth:
    """The code was not yet valid on the date of service.

    Why: The article's revision carries 2016-09-01, but 62325 and 62327 exist only from 2017-01-01; until
    then 62318 and 62319 were the codes.
    Wrong: 62327 for a trial of 2016-11-03.
    Right: 62319 for that day.
    Fix: Bill the code that was valid on the date of service, or correct the date.
    """
    return line.is_before_code


@rule(
    "COD103",
    outcome=Outcome.REJECT,
    statements=["K1"],
    basis=Basis.CODING,
    group="CO",
    carc="97",
    rarc="M15",
    message="{hcpcs} stands beside {analysis_codes} on {service_date}.",
)
def refill_beside_analysis(line: Line) -> Truth:
    """A plain refill code is billed with an analysis or reprogramming code on one day.

    Why: 95990 and 95991 include the pump's analysis when it is done, and 62369 and 62370 include the
    refill; 62367 to 62370 are not reported with 95990 or 95991.
    Wrong: 95990 and 62369 for one visit.
    Right: 62369 alone when the pump was reprogrammed and refilled, 95990 alone when it was only refilled.
    Fix: Keep the one code that says what was done and take off the other.
    """
    return line.is_a(Role.PLAIN_REFILL) & line.day_has(Role.ANALYSIS | Role.PROGRAMMED_REFILL)


@rule(
    "COD104",
    outcome=Outcome.REJECT,
    statements=["K1"],
    basis=Basis.CODING,
    group="CO",
    carc="97",
    rarc="M15",
    message="{hcpcs} is part of {refill_codes}, billed for the same day.",
)
def analysis_beside_refill(line: Line) -> Truth:
    """An interrogation or reprogramming is billed beside a refill that includes it, on one day.

    Why: 62369 and 62370 are analysis, reprogramming and refill in one; 62367 and 62368 are parts of them.
    Wrong: 62368 and 62370 for one visit.
    Right: 62370 alone.
    Fix: Take off 62367 or 62368.
    """
    return line.is_a(Role.ANALYSIS) & line.day_has(Role.PROGRAMMED_REFILL)


@rule(
    "COD105",
    outcome=Outcome.REJECT,
    statements=["K1"],
    basis=Basis.CODING,
    group="CO",
    carc="97",
    rarc="M15",
    message="Both levels of one refill are billed for {service_date}: {refill_codes}.",
)
def both_levels(line: Line) -> Truth:
    """Both levels of one refill are billed on one day.

    Why: 62369 and 62370, and 95990 and 95991, are the same refill by staff and by a physician or other
    qualified professional. One refill has one of them.
    Wrong: 62369 and 62370 for one visit.
    Right: 62370 when the visit needed the physician's skill, else 62369.
    Fix: Keep the level of the person whose skill the refill needed, as the record shows.
    """
    programmed = line.is_a(Role.PROGRAMMED_REFILL_BY_STAFF) & line.day_has(
        Role.PROGRAMMED_REFILL_BY_PHYSICIAN
    )
    plain = line.is_a(Role.PLAIN_REFILL_BY_STAFF) & line.day_has(Role.PLAIN_REFILL_BY_PHYSICIAN)
    return programmed | plain


@rule(
    "COD106",
    outcome=Outcome.REJECT,
    statements=["K1", "U2", "U3"],
    basis=Basis.CODING,
    group="CO",
    carc="151",
    rarc="N362",
    message="{hcpcs} is billed {units_on_day} times for {service_date}.",
    concerns=["units"],
)
def more_than_one_unit(line: Line) -> Truth:
    """An analysis or refill code is billed more than once for one day.

    Why: Each of these codes is one session with the pump; a day has one, whether as units of one line
    or as several lines.
    Wrong: 62370 with 2 units.
    Right: 62370 with 1 unit.
    Fix: Bill one unit, or correct the dates when there were two sessions on two days.
    """
    return line.units_on_day > 1


@rule(
    "COD107",
    outcome=Outcome.REJECT,
    statements=["K1"],
    basis=Basis.CODING,
    group="CO",
    carc="16",
    rarc="M20",
    message="{hcpcs} is for a programmable pump; the newest implant on record is {newest_implant}.",
)
def programming_without_programmable_pump(line: Line) -> Truth:
    """Programming is billed though the patient's newest implant on record cannot be programmed.

    Why: 62367 to 62370 are for programmable pumps. A reservoir (62360) or constant-flow pump (62361) is
    refilled with 95990 or 95991 until a programmable pump (62362) replaces it.
    Wrong: 62370 two months after 62361.
    Right: 95991 for that refill.
    Fix: Bill 95990 or 95991, or correct the implant's code if the pump is programmable.
    """
    return line.is_a(Role.PROGRAMMABLE_ONLY) & line.is_newest_implant_unprogrammable
