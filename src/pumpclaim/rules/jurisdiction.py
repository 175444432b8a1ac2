"""JUR: does the article reach this claim, and was it sent to the right contract?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpclaim.rules.registry import Basis, Line, Outcome, rule

if TYPE_CHECKING:
    from pumpclaim.truth import Truth


@rule(
    "JUR101",
    outcome=Outcome.REJECT,
    statements=["J1", "J2"],
    group="CO",
    carc="109",
    rarc="N104",
    scope="claim",
    message="The service was given in {state}; contract {contractor} is not the one for that state.",
    concerns=["payer_id", "service_state", "facility_state", "billing_state"],
)
def wrong_jurisdiction(line: Line) -> Truth:
    """The claim went to a contractor whose jurisdiction is not where the service was given.

    Why: The article holds for eight contracts of jurisdiction J-E and the states they serve. What
    counts is where the service was given: the line's own facility, then the claim's service facility,
    then the billing provider.
    Wrong: A claim for a refill given in Arizona, sent to contract 01312 (Nevada).
    Right: The same claim sent to the contractor for Arizona.
    Fix: Send the claim to the contractor for the state of service, or correct the service facility's
    address if it is wrong.
    """
    return line.contract_in_article != line.state_in_article


@rule(
    "JUR102",
    outcome=Outcome.REJECT,
    statements=["J1"],
    group="CO",
    carc="109",
    rarc="N104",
    scope="claim",
    message="This is {form_with_article} claim, and {contractor} is {contract_kind} contract.",
    concerns=["payer_id"],
)
def wrong_kind_of_contract(line: Line) -> Truth:
    """A professional claim goes to a B contract and an institutional claim to an A contract.

    Why: Each contract number of the article is either an A or a B contract.
    Wrong: An 837 professional claim sent to 01311, which is Nevada's A contract.
    Right: The same claim sent to 01312, Nevada's B contract.
    Fix: Send the claim to the state's other contract.
    """
    return line.contract_in_article & ~line.contract_fits_form


@rule(
    "JUR103",
    outcome=Outcome.REJECT,
    statements=["J1"],
    group="CO",
    carc="109",
    rarc="N104",
    scope="claim",
    message="Contract {contractor} does not serve {state}.",
    concerns=["payer_id", "service_state", "facility_state", "billing_state"],
)
def contract_does_not_serve_state(line: Line) -> Truth:
    """The contract is one of the article's, the state too, but that contract does not serve it.

    Why: Every contract of the article names the states it serves.
    Wrong: A refill given in Hawaii, sent to 01312, which serves Nevada.
    Right: The same claim sent to 01212, which serves Hawaii.
    Fix: Send the claim to the contract that serves the state of service.
    """
    return line.contract_in_article & line.state_in_article & ~line.contract_serves_state


@rule(
    "JUR104",
    outcome=Outcome.ADVISE,
    statements=["J1"],
    scope="claim",
    readings=["california-split"],
    message="Contract {contractor} serves one part of {state} only; the county decides.",
    concerns=["payer_id", "service_state", "facility_state", "billing_state"],
)
def state_has_two_contracts(line: Line) -> Truth:
    """California has a northern and a southern B contract, and the state alone does not tell which.

    Why: The article divides California between two B contracts. By our usual reading either is
    accepted; under the reading `california-split=ask` this rule says so.
    Wrong: A refill in San Diego sent to 01112, the northern contract.
    Right: The same claim sent to 01182.
    Fix: Look up the county of the service facility and send the claim to its contract.
    """
    return (
        line.contract_is_regional
        & line.contract_serves_state
        & line.reading("california-split", "ask")
    )


@rule(
    "JUR201",
    outcome=Outcome.ADVISE,
    statements=["G2", "G3"],
    scope="claim",
    reach="pump",
    message="The service of {service_date} was given before {first_day}, from when {article} is held here.",
    concerns=["service_from"],
)
def before_article(line: Line) -> Truth:
    """The service was given before the first day for which the article is held here, so it decides nothing.

    Why: A55239 and every revision of it bind from 2016-09-01. Of an article that was taken in later, the
    facts hold from the first revision that was taken in.
    Wrong: Holding a refill of 2016-08-15 against this article.
    Right: Looking up the policy that was in force on that day.
    Fix: Nothing to mend by this article; use the policy of that date.
    """
    return line.in_jurisdiction & line.is_before_article


@rule(
    "JUR202",
    outcome=Outcome.ADVISE,
    statements=["J1", "J2"],
    scope="claim",
    reach="pump",
    message="Neither the contract ({contractor}) nor the state ({state}) is one of the article's.",
    concerns=["payer_id", "service_state", "facility_state", "billing_state"],
)
def outside_article(line: Line) -> Truth:
    """Contract and state of service both lie outside the article, so it does not reach the claim.

    Why: The article holds for jurisdiction J-E only. Other contractors have their own articles.
    Wrong: Judging a claim from Arizona by this article.
    Right: Importing the article of Arizona's contractor and judging by that.
    Fix: Nothing to mend by this article; use the policy of the claim's own contractor.
    """
    return line.is_medicare & ~line.in_jurisdiction


@rule(
    "JUR203",
    outcome=Outcome.ADVISE,
    statements=["J1"],
    basis=Basis.LAW,
    scope="claim",
    reach="pump",
    message=(
        "The claim filing indicator is {filing_indicator}, not MA or MB, "
        "and {payer_id} is no contract of the article."
    ),
    concerns=["filing_indicator", "payer_id"],
)
def not_medicare(line: Line) -> Truth:
    """The payer is not Medicare Part A or B, so the article does not bind it.

    Why: A local coverage article binds a Medicare contractor. Other insurers, Medicare Advantage plans
    among them, may follow it or not.
    Wrong: Taking a commercial insurer's answer from this article.
    Right: Asking the insurer for its own policy.
    Fix: If the claim is for Medicare, correct the filing indicator (SBR09), or name the contract with
    --contractor.
    """
    return ~line.is_medicare


@rule(
    "JUR204",
    outcome=Outcome.ADVISE,
    statements=["J1", "G2"],
    scope="claim",
    message="The claim does not tell {unknown_place}; it is judged as if the article held.",
    concerns=["payer_id", "facility_state", "billing_state", "service_from"],
)
def reach_not_known(line: Line) -> Truth:
    """The claim does not tell by which contract, state or date it should be judged.

    Why: Whether the article reaches a claim is known from the contract or the state of service, and
    from the date of service. Where one of them cannot be known the article is taken to hold, and that
    is said.
    Wrong: A table of service lines without states and without contracts.
    Right: The same table with a state or a contract for each claim.
    Fix: Give the contract with --contractor, or complete the claim's service facility and dates.
    """
    return line.is_reach_assumed


@rule(
    "JUR205",
    outcome=Outcome.ADVISE,
    statements=["K1", "B1"],
    scope="line",
    reach="any",
    message="Nothing on this line, its claim or that day shows that {hcpcs} was put into an implanted pump.",
)
def compound_without_pump(line: Line) -> Truth:
    """A compounded drug is billed, but nothing shows that it was for an implanted pump.

    Why: J7999 is every compounded drug's code, eye injections among them; the article reaches it only
    when the drug fills an implanted pump: with modifier KD, with a pump service on the claim or that
    day, or with one of the article's drugs in the narrative.
    Wrong: Judging J7999 for a compounded eye injection by this article.
    Right: Leaving it alone.
    Fix: If the drug did go into a pump, add modifier KD, the narrative and the refill's code.
    """
    return line.is_unplaced_compound & line.in_jurisdiction


@rule(
    "JUR206",
    outcome=Outcome.ADVISE,
    statements=["K1"],
    basis=Basis.CODING,
    scope="claim",
    reach="pump",
    message="Frequency code {frequency_code}: {withdrawn_why}.",
    concerns=["frequency_code"],
)
def withdrawn_claim(line: Line) -> Truth:
    """The claim voids an earlier one, or a later one in the same set replaces or voids it.

    Why: A void (frequency code 8) bills nothing, and what was replaced (7) is judged in its new form;
    neither may count as a second refill of the same day.
    Wrong: Counting a refill twice because its corrected claim is in the same file.
    Right: Judging the corrected claim alone.
    Fix: Nothing; this is said so that no claim goes unlisted.
    """
    return line.is_withdrawn


@rule(
    "JUR207",
    outcome=Outcome.ADVISE,
    statements=["G3"],
    scope="claim",
    reach="pump",
    message="The service of {service_date} was given after {last_day}, the last day of {article}.",
    concerns=["service_from"],
)
def after_article(line: Line) -> Truth:
    """The article was retired, or had ended, by the day of service, so it says nothing of it.

    Why: A retired article binds no longer, and neither does a revision after its ending date when no later
    one is held here. A55239 R3 names neither date.
    Wrong: Pricing a refill by the fees of an article that was retired the year before.
    Right: Taking in the revision, or the article, that followed.
    Fix: Nothing to mend by this article; take in what followed it (`pumpclaim policy adopt`).
    """
    return line.in_jurisdiction & line.is_after_article
