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
from pumpclaim.policy import fee_rate, load
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
    fees = article.fee_of
    assert len(fees) == 17
    assert fees[None].fee == Decimal("60.000")
    assert fees["ziconotide"].fee == Decimal("7.9000")
    assert len(article.readings) == 23
    assert article.listed <= set(load().codes)
    assert all(code.label and code.source for code in load().codes.values())


def later(tmp_path: Path, name: str, fee: str, **head: str) -> Path:
    """A copy of the shipped article with another fee for morphine and another head."""
    folder = tmp_path / name
    shutil.copytree(FOLDER, folder)
    fees = (folder / "fees.toml").read_text()
    old = 'drug = "morphine"\nfee = "0.0500"'
    (folder / "fees.toml").write_text(fees.replace(old, f'drug = "morphine"\nfee = "{fee}"'))
    told, revisions = (folder / "article.toml").read_text().split("[[", 1)
    kept = [line for line in told.split("\n") if line.split(" = ")[0] not in head]
    given = [f"{key} = {value}" for key, value in head.items()]
    number = revisions.replace('number = "R3"', f'number = "{name.upper()}"')
    (folder / "article.toml").write_text("\n".join([*given, *kept, f"[[{number}"]))
    return folder


def test_a_revision_holds_from_its_day_until_the_next(tmp_path: Path) -> None:
    later(tmp_path, "r10", "0.0900", effective="2025-04-01")
    later(tmp_path, "r4", "0.0700", effective="2024-04-01")
    policy = load(folders=[tmp_path])
    assert [one.revision for one in policy.articles] == ["R10", "R4", "R3"]
    days = [date(2024, 3, 31), date(2024, 4, 1), date(2025, 3, 31), date(2025, 4, 1)]
    priced = [pumpclaim.price("MORPHINE 100MG", on=day, policy=policy) for day in days]
    assert [one.article.revision for one in priced] == ["R3", "R4", "R4", "R10"]
    assert [str(one.allowed) for one in priced] == ["65.00", "67.00", "67.00", "69.00"]


def test_a_later_revision_takes_over_from_its_first_day_whenever_that_was(tmp_path: Path) -> None:
    later(tmp_path, "r4", "0.0700", effective="2024-04-01")
    later(tmp_path, "r5", "0.0900", effective="2023-01-01")
    policy = load(folders=[tmp_path])
    assert policy.of_day("A55239", date(2022, 12, 31)).revision == "R3"
    assert policy.of_day("A55239", date(2024, 6, 1)).revision == "R5"
    assert pumpclaim.price("MORPHINE 100MG", on=DAY, policy=policy).allowed == Decimal("69.00")


def test_an_end_ends_a_revision_and_nothing_else(tmp_path: Path) -> None:
    later(tmp_path, "r4", "0.0700", effective="2024-04-01", ending="2024-06-30")
    later(tmp_path, "r5", "0.0900", effective="2025-01-01", retired="2025-12-31")
    policy = load(folders=[tmp_path])
    assert policy.in_force("01312", date(2024, 6, 30)).revision == "R4"
    assert policy.in_force("01312", date(2024, 7, 1)) is None
    assert policy.in_force("01312", date(2025, 12, 31)).revision == "R5"
    with pytest.raises(InputError, match="to 2025-12-31; it says nothing of 2026-01-01"):
        pumpclaim.price("MORPHINE 100MG", on=date(2026, 1, 1), policy=policy)


@pytest.mark.parametrize(
    ("fee", "said"),
    [("0.0000000015", "at most nine decimals"), ("-1", "not exact"), ("999999999", "too high")],
)
def test_a_fee_that_cannot_be_exact_is_refused(fee: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        fee_rate(Fee("morphine", Decimal(fee), "mg", "P5"))


def test_the_highest_fee_is_told_and_holds() -> None:
    with pytest.raises(InputError) as raised:
        fee_rate(Fee("morphine", Decimal(999999999), "mg", "P5"))
    highest = Decimal(raised.value.what.rsplit(" ", 1)[1])
    assert fee_rate(Fee("morphine", highest, "mg", "P5"))[0] > 0
    with pytest.raises(InputError):
        fee_rate(Fee("morphine", highest + Decimal("0.001"), "mg", "P5"))


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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("effective = 2016-09-01\nrev", 'effective = "2016-09-01"\nrev', "write it without quotes"),
        ("effective = 2016-09-01\nrev", "effective = 2016-09-01T00:00:00\nrev", "without quotes"),
        ("effective = 2016-09-01\nrev", 'retired = "soon"\neffective = 2016-09-01\nrev', "'soon'"),
        ('states = ["NV"]', 'states = ["XX"]', "'XX' is no state"),
        ('kind = "B"', 'kind = "C"', "no kind A or B"),
        ('number = "R3"', 'number = "three"', "'three' is no number of a revision"),
        ('title = "', 'titel = "', "lack 'title'"),
        ("contracts]]", "contracts", "cannot be read"),
    ],
)
def test_facts_that_cannot_hold_are_said_with_their_folder(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "own"
    shutil.copytree(FOLDER, folder)
    text = (folder / "article.toml").read_text()
    assert old in text
    (folder / "article.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=said) as raised:
        load(folders=[tmp_path])
    assert "own" in str(raised.value.source)


def test_a_list_with_an_entry_that_is_no_code_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(FOLDER, folder)
    text = (folder / "codes.toml").read_text()
    (folder / "codes.toml").write_text(text.replace("bill_types = []", 'bill_types = ["hospital"]'))
    with pytest.raises(InputError, match="bill_types has 'hospital', which is no bill type"):
        load(folders=[tmp_path])


def test_facts_that_were_written_anew_are_read_anew(tmp_path: Path) -> None:
    folder = later(tmp_path, "r4", "0.0700", effective="2024-04-01")
    first = load(folders=[tmp_path])
    assert load(folders=[tmp_path]) is first
    fees = folder / "fees.toml"
    fees.write_text(fees.read_text().replace('fee = "0.0700"', 'fee = "0.0800"'))
    assert load(folders=[tmp_path]).articles[0].fee_of["morphine"].fee == Decimal("0.0800")


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
