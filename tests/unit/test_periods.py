"""Which revision judges which line on which day, against an oracle that asks the articles one by one."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pumpclaim
from pumpclaim.compiled import compile_policy
from pumpclaim.errors import InputError
from pumpclaim.policy import Article, PolicySet, load, with_articles
from pumpclaim.policy.model import Contract, Revision

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

FIRST = date(2020, 1, 1)
DAYS = st.integers(0, 20).map(lambda n: FIRST + timedelta(days=n))
PLACES = {"99101": "ID", "99102": "MT", "99103": "WY"}
CONTRACTS = st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=3, unique=True)


def revision(
    name: str, number: int, effective: date, contracts: list[str], end: date | None
) -> Article:
    return replace(
        load().articles[0], id=name, effective=effective, retired=end,
        revisions=(Revision(f"R{number}", effective, ()),),
        contracts=tuple(Contract(one, "B", (PLACES[one],)) for one in contracts),
    )  # fmt: skip


REVISIONS = st.lists(
    st.builds(
        revision, st.sampled_from(["A90001", "A90002"]), st.integers(1, 5), DAYS, CONTRACTS, st.none() | DAYS
    ),
    min_size=1, max_size=6, unique_by=lambda one: (one.id, one.revision),
)  # fmt: skip


def holding(articles: list[Article], name: str, day: date) -> Article | None:
    """The revision of an article on a day: the latest of those that no later one, already begun, has replaced."""
    begun = [one for one in articles if one.id == name and one.effective <= day]
    newest = max(begun, key=lambda one: int(one.revision[1:]), default=None)
    if newest is None or (newest.retired is not None and day > newest.retired):
        return None
    return newest


def together(articles: list[Article]) -> PolicySet | None:
    """The policy of these articles; null where two claim one contract on a day."""
    try:
        return with_articles(load(), articles)
    except InputError:
        return None


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
@given(REVISIONS)
def test_each_line_is_judged_by_the_revision_of_its_contract_and_day(
    articles: list[Article],
) -> None:
    policy = together(articles)
    if policy is None:
        return
    days = [FIRST + timedelta(days=n) for n in range(-2, 24)]
    asked = [(day, contract) for day in days for contract in PLACES]
    claims = claims_of([
        {"id": str(n), "patient_id": str(n), "payer_id": contract, "billing_state": PLACES[contract], "date": day,
         "lines": ["62370"]}
        for n, (day, contract) in enumerate(asked)
    ])  # fmt: skip
    review = pumpclaim.check(claims, policy=policy)
    governed = {
        row["claim_id"]: str(row["determination"]) != "not-governed"
        for row in review.determinations.to_dicts()
    }
    (block,) = review.blocks
    judge = dict(
        zip(block.context.lines.claims.tolist(), block.context.reach.article.tolist(), strict=True)
    )
    for n, (day, contract) in enumerate(asked):
        held = [holding(articles, name, day) for name in ("A90001", "A90002")]
        wanted = [one for one in held if one is not None and one.contract(contract) is not None]
        assert governed[str(n)] == bool(wanted), (day, contract)
        assert policy.in_force(contract, day) == (wanted[0] if wanted else None)
        if wanted:
            assert policy.articles[judge[n]] == wanted[0]
    named = {(one.id, one.revision) for one in review.articles}
    assert named == {
        (policy.articles[judge[n]].id, policy.articles[judge[n]].revision)
        for n in range(len(asked))
        if governed[str(n)]
    } or not any(governed.values())


def test_one_revision_is_one_period() -> None:
    periods = compile_policy(load()).periods
    assert len(periods.starts) == 1
    assert periods.of(periods.starts) == 0
