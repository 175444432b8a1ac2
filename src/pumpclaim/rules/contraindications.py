"""COV2 to COV4: what stands against an implant, its history, and what to look at in its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.policy.model import Role
from pumpclaim.rules.denials import against_implant, coverage_denial
from pumpclaim.rules.registry import Basis, Case, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@coverage_denial("COV201", "X1", national=True)
def allergy(line: Line) -> list[Case]:
    """The patient is allergic to a drug in the pump.

    Why: A known allergy or hypersensitivity to the drug rules the implant out.
    Wrong: Allergies: morphine; drugs in the pump: morphine.
    Right: No drug of the pump among the allergies.
    Fix: Change the drug; correct the chart if it was an intolerance and no allergy.
    """
    return against_implant(line, "X1", national=True)


@coverage_denial("COV202", "X2", national=True, readings=["infection"])
def infection(line: Line) -> list[Case]:
    """An infection rules the implant out.

    Why: The article names infection, above all at or near the site. By our reading, `infection`, one at
    the site decides and a person judges one elsewhere.
    Wrong: An abscess at the pocket site on the day of the implant.
    Right: No infection, or one elsewhere that a physician found no obstacle.
    Fix: Treat the infection first.
    """
    return against_implant(line, "X2", national=True)


@coverage_denial("COV203", "X3", national=True)
def body_too_small(line: Line) -> list[Case]:
    """The body cannot bear the weight and bulk of the device.

    Why: The article rules the implant out then.
    Wrong: A chart that says that the body is too small.
    Right: The implanting physician's note that it is large enough.
    Fix: Choose another treatment or a smaller device.
    """
    return against_implant(line, "X3", national=True)


@coverage_denial("COV301", "H2", national=True, readings=["evaluating-specialist"])
def history_of_noninvasive_methods(line: Line) -> list[Case]:
    """The history shows no inadequate response to noninvasive methods.

    Why: One of three ways is enough for the article: systemic opioids, oral drugs in combination, or
    attempts at physical and behavioural causes. The national determination joins the first and the
    third, so their absence is advised (COV401).
    Wrong: A chart in which none of the three failed.
    Right: Systemic opioids without an adequate response.
    Fix: Document what was tried and how it failed.
    """
    return against_implant(line, "H2", national=True)


@rule(
    "COV401",
    outcome=Outcome.ADVISE,
    statements=["C1", "C10", "C12", "H2"],
    scope="claim",
    charts=True,
    readings=["evaluating-specialist"],
    basis=Basis.PRACTICE,
    message="The chart is worth a look: {chart_remarks}.",
)
def chart_to_look_at(line: Line) -> Truth:
    """The chart raises a point that decides nothing and should be looked at.

    Why: Where the article leaves room a reviewer may not: the evaluator implants the pump, the
    evaluation is older than the decision, the trial came first, the national determination asks for
    more.
    Wrong: An evaluation by the surgeon who implants the pump, and by nobody else.
    Right: An evaluation by an independent specialist.
    Fix: Strengthen the record on the points named.
    """
    return line.is_a(Role.IMPLANT) & line.has_remark
