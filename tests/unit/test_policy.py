"""The facts, their loader, the readings, the trace and the estimate."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import pumpclaim
from pumpclaim import policy as policies
from pumpclaim.errors import InputError
from pumpclaim.estimate import estimate
from pumpclaim.policy import fee_rate, load, read_article
from pumpclaim.policy.model import Fee
from pumpclaim.rules import RULES
from pumpclaim.trace import trace

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of, claims_of

FOLDER = Path(policies.__file__).parent / "a55239"
DAY = date(2025, 3, 10)


def test_what_holds_for_a_contractor_on_a_date() -> None:
    policy = load()
    article = policy.in_force("01312", date(2016, 9, 1))
    assert article is not None
    assert (article.id, article.revision) == ("A55239", "R3")
    assert policy.in_force("01312", date(2016, 8, 31)) is None
    assert policy.in_force("03102", DAY) is None


def test_the_article_in_numbers() -> None:
    article = load().articles[0]
    assert len(article.listed) == 16
    assert len(article.contracts) == 8
    assert article.states == {"AS", "CA", "GU", "HI", "MP", "NV"}
    fees = article.fees_on(DAY)
    assert len(fees) == 17
    assert fees[None].fee == Decimal("60.000")
    assert fees["ziconotide"].fee == Decimal("7.9000")
    assert len(article.readings) == 23
    assert article.listed <= set(load().codes)
    assert all(code.label and code.source for code in load().codes.values())


def test_a_later_fee_takes_over_from_its_day(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    shutil.copytree(FOLDER, folder)
    with (folder / "fees.toml").open("a") as fees:
        fees.write('\n[[fees]]\ndrug = "morphine"\nfee = "0.0700"\nper = "mg"\nfrom = 2024-04-01\n')
    article = read_article(folder)
    assert article.fees_on(date(2024, 3, 31))["morphine"].fee == Decimal("0.0500")
    assert article.fees_on(date(2024, 4, 1))["morphine"].fee == Decimal("0.0700")
    later = policies.replace(load(), articles=(article,))
    prices = [
        pumpclaim.price("MORPHINE 100MG", on=day, policy=later).allowed
        for day in (date(2024, 3, 31), date(2024, 4, 1))
    ]
    assert prices == [Decimal("65.00"), Decimal("67.00")]


@pytest.mark.parametrize("fee", ["0.00000015", "-1", "999999999"])
def test_a_fee_that_cannot_be_exact_is_refused(fee: str) -> None:
    with pytest.raises(InputError):
        fee_rate(Fee("morphine", Decimal(fee), "mg", DAY, "P5"))


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ({"compounding-fees": "per-refill"}, "did you mean 'compounding-fee'"),
        ({"compounding-fee": "per-pump"}, "it has per-refill, per-cartridge"),
        ({"monthly-pattern": "none"}, "it has thresholds"),
    ],
)
def test_a_reading_that_does_not_exist(readings: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(readings)


IMPLANT = [{"lines": ["62362"]}]
# For each reading that can be switched: claims, or claims and charts, on which the switch shows.
SHOWS: dict[str, Any] = {
    "compounding-fee": [{"lines": ["62370", "J7999-KD MORPHINE 360MG, 2 CARTRIDGES"]}],
    "replaced-codes": [{"date": date(2016, 11, 1), "lines": ["62319"]}],
    "revision-dates": [
        {
            "form": "institutional",
            "date": date(2018, 1, 1),
            "lines": ["62370", "J7999-KD MORPHINE 360MG"],
        }
    ],
    "kd-on-compound": [{"lines": ["62370", "J7999 MORPHINE 360MG"]}],
    "own-code-price": [{"lines": ["62370", "J2274-KD MORPHINE 360MG"]}],
    "unlisted-drug": [{"lines": ["62370", "J7999-KD MORPHINE 360MG, VERAPAMIL 2MG"]}],
    "several-compound-lines": [
        {"lines": ["62370", "J7999-KD MORPHINE 360MG", "J7999-KD CLONIDINE 200MCG"]}
    ],
    "california-split": [{"billing_state": "CA", "payer_id": "01112", "lines": ["62370"]}],
    "opps-bill-types": [
        {
            "form": "institutional",
            "type_of_bill": "121",
            "lines": ["62370", "J7999-KD MORPHINE 360MG"],
        }
    ],
    "opps-territories": [
        {
            "form": "institutional",
            "billing_state": "GU",
            "payer_id": "01211",
            "lines": ["62370", "J7999-KD MORPHINE 360MG"],
        }
    ],
    "packaging-before-text": [
        {
            "form": "institutional",
            "date": date(2018, 1, 1),
            "lines": ["62370", "J7999-KD MORPHINE 360MG"],
        }
    ],
    "refill-without-drug": [{"lines": ["62370"]}],
    "amount-priced": [{"lines": ["62370", {"line": "J7999-KD MORPHINE 100MG", "units": 2}]}],
    "life-expectancy": (
        [{"lines": ["62370"]}],
        [{"chart": "encounter", "answers": {"life_expectancy_months": 1}}],
    ),
    "no-opioid": (IMPLANT, [{"answers": {"pump_drugs": ["ziconotide"]}}]),
    "trial-catheter": (IMPLANT, [{"answers": {"trial_code": "62326"}}]),
    "evaluating-specialist": (IMPLANT, [{"answers": {"evaluator_is_implanting_physician": "yes"}}]),
    "infection": (IMPLANT, [{"answers": {"infection_elsewhere": "yes"}}]),
    "visit-records": (
        [{"lines": ["62368"]}],
        [{"chart": "encounter", "answers": {"services": ["interrogation"], "status_after": "no"}}],
    ),
    "remark-code": (IMPLANT, [{"answers": {"body_supports_device": "no"}}]),
    "evaluation-age": (
        IMPLANT,
        [{"answers": {"evaluation_date": "2024-02-03", "evaluation_still_holds": "no"}}],
    ),
    "monthly-pattern": [
        {"lines": ["62370"], "date": date(2025, month, 5)} for month in range(1, 6)
    ],
    "lower-of-charge": [{"lines": ["62370", {"line": "J7999-KD MORPHINE 360MG", "charge": 70}]}],
}


def test_every_reading_is_planned_or_shown_to_switch() -> None:
    readings = load().articles[0].readings
    assert set(SHOWS) == {name for name, one in readings.items() if not one.planned}
    assert all(len(one.choices) >= 2 for one in readings.values())


@pytest.mark.parametrize("name", SHOWS)
def test_switching_a_reading_changes_the_answer(name: str) -> None:
    given, charts = SHOWS[name] if isinstance(SHOWS[name], tuple) else (SHOWS[name], None)
    claims = claims_of(given)
    answers = set()
    for choice in load().articles[0].readings[name].choices:
        review = pumpclaim.check(
            claims, policy=load({name: choice}), charts=charts_of(charts) if charts else None
        )
        answers.add(str((
            review.findings.select("rule", "line", "outcome", "basis", "rarc").rows(),
            review.prices.select("allowed", "payable", "reason").rows(),
        )))  # fmt: skip
    assert len(answers) == len(load().articles[0].readings[name].choices)


def test_the_trace_accounts_for_every_statement() -> None:
    entries = {entry["statement"]: entry for entry in trace(load())}
    assert len(entries) == 58
    for name, entry in entries.items():
        assert entry["rules"] or entry["figures"] or entry["reason"], name
        assert set(entry["rules"]) <= set(RULES)
    assert entries["B1"]["rules"] == ["DRG101", "DRG102", "DRG103", "DRG113", "JUR205"]
    assert entries["P3"]["figures"] == ["compounding fee of a refill"]
    assert entries["R1"]["reason"].startswith("informational")
    assert entries["X1"]["rules"] == ["COV201"]
    assert not any(entry["reason"] == "planned" for entry in entries.values())
    assert entries["U4"]["rules"] == ["UTL102", "UTL105"]
    charted = [name for name in entries if name[0] in "CXHDL"]
    assert len(charted) == 16 + 3 + 2 + 6 + 2 + 1
    assert all(entries[name]["rules"] for name in charted)


@pytest.mark.parametrize(
    ("payable", "on", "left", "medicare"),
    [
        ("94.00", DAY, None, "73.70"),
        ("112.00", DAY, None, "87.81"),
        ("4010.00", DAY, None, "3143.84"),
        ("62.24", DAY, None, "48.79"),
        ("80.00", DAY, "50", "23.52"),
        ("80.00", DAY, "257", "0.00"),
        ("94.00", date(2021, 5, 1), None, "75.20"),
        ("94.00", date(2022, 5, 1), None, "74.45"),
    ],
)
def test_estimates(payable: str, on: date, left: str | None, medicare: str) -> None:
    told = estimate(Decimal(payable), on, Decimal(left) if left else None)
    assert told.medicare_pays == Decimal(medicare)
    assert told.deductible + told.coinsurance == told.patient_pays
    assert told.patient_pays + told.medicare_pays + told.sequestration == Decimal(payable)


def test_an_estimate_with_too_much_deductible() -> None:
    with pytest.raises(InputError, match="at most 257"):
        estimate(Decimal(80), DAY, Decimal(258))


def test_every_statement_says_by_itself_what_and_where() -> None:
    sections = (
        "Article Text, ", "Coding Information", "Contractor Information", "Copyright statement",
        "General Information", "Revision History", "Sources",
    )  # fmt: skip
    for article in load().articles:
        for one in article.statements.values():
            assert one.summary[0].isupper(), one.id
            assert one.where.startswith(sections), one.id
            assert "same" not in one.where.split(), one.id
