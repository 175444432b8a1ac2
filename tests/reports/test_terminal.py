"""What a person reads at a terminal: wide, narrow, long, hostile."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from pumpclaim.claim_set import Refusal
from pumpclaim.reports.terminal import show

from .conftest import HandBuilt, determined, finding, review_of


def shown(review: HandBuilt, width: int = 120, limit: int = 50, *, terminal: bool = False) -> str:
    out = io.StringIO()
    show(review, Console(file=out, width=width, force_terminal=terminal), limit)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(review: HandBuilt, width: int) -> None:
    assert max(len(line) for line in shown(review, width).splitlines()) <= width


@pytest.mark.parametrize("width", [60, 120])
def test_says_everything_about_a_claim_that_needs_work(review: HandBuilt, width: int) -> None:
    text = " ".join(shown(review, width).split())
    for words in (
        "8 claims read, 7 reviewed, 1 rejected, 6 findings, $141.62 allowed",
        "morning.837, segment 80", "patient 1EG4TE5MK72", "PRC102 fired here.",
        "Fix: Mend what PRC102 names.",
        "C17 · rests on Medicare law or manual, not the article · group CO, CARC 5, RARC M77",
        "V1, K1 · rests on the code's own definition, not the article",
        "no narrative of drugs and amounts",
    ):  # fmt: skip
        assert words in text


def test_worst_first(review: HandBuilt) -> None:
    text = shown(review).split("Claims that need work")[1]
    places = [
        text.index(name) for name in ("PUMP-2", "PUMP-1", "PUMP-3", "Payable", "PUMP-5", "PUMP-9")
    ]
    assert places == sorted(places)


def test_the_dearest_of_equally_bad_claims_comes_first() -> None:
    claims = [determined(number, "fix", charge=charge, claim_id=f"C{number}")
              for number, charge in enumerate([5, None, 9])]  # fmt: skip
    text = shown(review_of(claims, [], [], []))
    assert text.index("C2") < text.index("C0") < text.index("C1")


def test_derivation_of_a_claim_that_needs_work(review: HandBuilt) -> None:
    review.price_items = review.price_items.with_columns(row=review.prices["row"][4]).cast(
        review.price_items.schema
    )
    text = " ".join(shown(review).split())
    assert "morphine 360 mg × $0.0500 = $18.00 bupivacaine 90.5 mg × $0.0400 = $3.62" in text
    assert "compounding fee 1 refill × $60.00 = $60.00" in text


def test_payable_in_short(review: HandBuilt) -> None:
    text = shown(review)
    assert (
        "$81.62  morphine 360 mg + bupivacaine 90.5 mg + clonidine 1.5 mcg + compounding fee"
        in text
    )
    assert "advise PRC104 line 2: The charge is below the allowance." in text


def test_not_governed_with_reasons(review: HandBuilt) -> None:
    text = shown(review)
    assert "Not governed by the article (2)" in text
    assert "1 claim  JUR201  Before the article took effect." in text
    assert "1 claim  no pump service and no pump drug on the claim" in text


def test_rejected_with_place_and_reason(review: HandBuilt) -> None:
    text = shown(review)
    assert "PUMP-9  morning.837, segment 400" in text
    assert "CLM02 is 'abc'" in text


def test_limit(many: HandBuilt) -> None:
    text = shown(many, limit=7)
    assert text.count("DRG104 fired here.") == 7
    assert "… and 293 more claims that need work (--limit)" in text
    assert shown(many, limit=300).count("DRG104 fired here.") == 300


def test_nothing_to_report(empty: HandBuilt) -> None:
    text = shown(empty)
    assert "0 claims read" in text
    assert "No findings." in text
    assert "Claims that need work" not in text


def test_no_colour_unless_a_terminal(review: HandBuilt, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in shown(review)
    assert "\x1b[" in shown(review, terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown(review, terminal=True))


def test_markup_and_control_characters_are_only_text() -> None:
    evil = "\x1b[2J[bold red]boo\x07\x9b\u202e"
    one = review_of(
        [determined(0, "fix", claim_id=evil, source=evil)],
        [finding(0, "DRG104", "reject", message=evil, title=evil, fix=evil)], [], [],
        rejected=[{"source": evil, "segment": 1, "claim_id": evil, "reason": evil}],
    )  # fmt: skip
    text = shown(one)
    assert not set("\x1b\x07\x9b\u202e") & set(text)
    assert "[bold red]boo" in text


def test_switched_readings_are_said() -> None:
    one = review_of(
        [], [], [], [], refused=(Refusal("a", 1, "b"),), **{"kd-on-compound": "not-required"}
    )
    assert "reading kd-on-compound = not-required" in shown(one)
