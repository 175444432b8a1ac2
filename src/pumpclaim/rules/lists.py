"""COV302, COV303, COD108, COD109, COD110: what an article restricts by its lists, where it has any (K2 to
K5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.registry import Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@rule(
    "COV302",
    outcome=Outcome.DENY,
    statements=["K3"],
    group="CO",
    carc="50",
    message="None of the diagnoses of {hcpcs} ({diagnoses}) is on the list of those that support it.",
    concerns=["diagnoses", "hcpcs"],
)
def diagnosis_does_not_support(line: Line) -> Truth:
    """No diagnosis of the service is on the article's list of those that support medical necessity.

    Why: Where an article lists the diagnoses that support a service, another diagnosis does not. Only the
    diagnoses to which the line points count; all of the claim where it points to none. A55239 has no such
    list; another contractor's article may have one.
    Wrong: A refill with a diagnosis that the list does not have.
    Right: A diagnosis of the record that is on the list, pointed to by the line.
    Fix: Bill the diagnosis that the record supports; if none of the list does, the service is not covered.
    """
    return line.is_a(Role.PUMP_SERVICE) & ~line.diagnosis_supports


@rule(
    "COV303",
    outcome=Outcome.DENY,
    statements=["K3"],
    group="CO",
    carc="11",
    message="A diagnosis of {hcpcs} ({diagnoses}) is on the article's list of those that do not support it.",
    concerns=["diagnoses", "hcpcs"],
)
def diagnosis_against(line: Line) -> Truth:
    """A diagnosis of the service is on the article's list of those that do not support medical necessity.

    Why: Where an article lists diagnoses for which a service is never necessary, it is denied with them.
    A55239 has no such list; another contractor's article may have one.
    Wrong: A refill whose line points to a diagnosis of that list.
    Right: A line that points to the diagnosis for which the pump was filled.
    Fix: Point to the diagnosis of the record for which the service was given.
    """
    return line.is_a(Role.PUMP_SERVICE) & line.diagnosis_against


@rule(
    "COD108",
    outcome=Outcome.ADVISE,
    statements=["K4"],
    message="Type of bill {type_of_bill} is not on the article's list.",
    concerns=["type_of_bill"],
    scope="claim",
)
def bill_type_not_listed(line: Line) -> Truth:
    """The type of bill is not on the article's list.

    Why: An article may name the bill types on which a service is usual. One that is missing there is not
    forbidden by that, but worth a look. A55239 names none.
    Wrong: A bill type that the list does not have.
    Right: One of the list.
    Fix: Look whether the type of bill is that of the facility and the encounter.
    """
    return ~line.bill_type_fits


@rule(
    "COD109",
    outcome=Outcome.ADVISE,
    statements=["K5"],
    message="Revenue code {revenue_code} of {hcpcs} is not on the article's list.",
    concerns=["revenue_code"],
)
def revenue_code_not_listed(line: Line) -> Truth:
    """The revenue code of a line is not on the article's list.

    Why: An article may name the revenue codes under which a service is usual; they are advisory. A55239 names
    none.
    Wrong: A revenue code that the list does not have.
    Right: One of the list.
    Fix: Look whether the revenue code is that of the department that gave the service.
    """
    return ~line.revenue_code_fits


@rule(
    "COD110",
    outcome=Outcome.ADVISE,
    statements=["K2"],
    message="{hcpcs} bears none of the modifiers that {article} lists.",
    concerns=["hcpcs", "modifier_1", "modifier_2", "modifier_3", "modifier_4"],
)
def modifier_not_listed(line: Line) -> Truth:
    """A code is billed without any of the modifiers on the article's list.

    Why: An article may list the modifiers with which its codes are billed. The list does not say which code
    needs which, so a code without any of them is worth a look, no more. A55239 names none.
    Wrong: A listed code without a modifier, under an article that lists some.
    Right: The code with the modifier of the list that fits what was done.
    Fix: Look up which modifier the article asks for with this code, and add it if it fits.
    """
    return ~line.modifier_fits
