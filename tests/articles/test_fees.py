"""Fees: what cannot be misread is read, and whatever else could be one is said."""

from __future__ import annotations

import pytest

from pumpclaim.articles.fees import Fees, one_fee_each, take_fees
from pumpclaim.articles.published import Line, Problem
from pumpclaim.articles.reading import read_article_data
from pumpclaim.policy.drugs import load_drugs

from .invented import article


def taken(*lines: str) -> Fees:
    numbered = [Line(text, f"line {number}") for number, text in enumerate(lines, start=1)]
    return take_fees(numbered, load_drugs())


READ = {
    "Morphine Sulfate\t$0.0500 per mg": ("morphine", "0.0500", "mg"),
    "Morphine\t$.05/mg": ("morphine", "0.05", "mg"),
    "Fentanyl PF\t$0.0072 Per MCG": ("fentanyl", "0.0072", "mcg"),
    "Fentanyl $0.0072 per μg": ("fentanyl", "0.0072", "mcg"),
    "Morphine\t$0.07 per mg*": ("morphine", "0.07", "mg"),
    "Morphine\t$0.50 per 10 mg": ("morphine", "0.05", "mg"),
    "Morphine\t$50 per gram": ("morphine", "0.05", "mg"),
    "Morphine\t$0.50 per mg (PF)": ("morphine", "0.50", "mg"),
    "Morphine\t0.07 per mg": ("morphine", "0.07", "mg"),
    "Morphine\t$1,150.50 per mg": ("morphine", "1150.50", "mg"),
    "- Morphine - $0.05 per mg.": ("morphine", "0.05", "mg"),
    "J7999 Morphine $0.05 per mg": ("morphine", "0.05", "mg"),
    "Morphine Sulfate, Preservative Free (Infumorph)\t$0.05 each mg": ("morphine", "0.05", "mg"),
    "Baclofen (Lioresal, Gablofen): $0.003/mcg": ("baclofen", "0.003", "mcg"),
    "Compounding Fee = $60 per refill": (None, "60", "refill"),
    "Compounding Fee\t$60 per pump refill": (None, "60", "refill"),
    "Compounding Fee\t$60 per cartridge": (None, "60", "refill"),
    "Pharmacy Compounding Fee (per refill) $60.00": (None, "60.00", "refill"),
}


@pytest.mark.parametrize("line", READ)
def test_a_row_is_read(line: str) -> None:
    found = taken(line)
    assert [(one.drug, str(one.fee), one.per) for one in found.fees] == [READ[line]]
    assert (found.problems, found.rest) == ([], [])


BROKEN = [
    ("Ketamine", "$0.0048 per mcg"), ("Ketamine $0.0048", "per mcg"), ("Keta", "mine", "$0.0048 per mcg"),
    ("Keta-", "mine\t$0.0048 per mcg"), ("Ketamine", "HCl\t$0.0048 per mcg"),
    ("Ketamine", "Drug Name Drug Fee Measure", "$0.0048 per mcg"), ("Ketamine", "$0.0048 per", "mcg"),
]  # fmt: skip


@pytest.mark.parametrize("lines", BROKEN)
def test_a_row_may_be_broken_over_lines(lines: tuple[str, ...]) -> None:
    found = taken("Some words before it.", *lines, "Morphine $0.05 per mg")
    assert [(one.drug, str(one.fee)) for one in found.fees] == [
        ("ketamine", "0.0048"),
        ("morphine", "0.05"),
    ]
    assert found.problems == []


def test_two_rows_beside_each_other_are_two_rows() -> None:
    found = taken("Morphine\t$0.05 per mg\tBaclofen\t$0.003 per mcg")
    assert [one.drug for one in found.fees] == ["morphine", "baclofen"]


SAID = {
    "Morphine\t$0.50 per mg/mL": "could be a fee",
    "Morphine\t$0.50 per mL": "could be a fee",
    "Morphine\t$0.05 per grain": "could be a fee",
    "Morphine\t$0.05": "has no unit",
    "Morphine\t$0.05 per 3 mg": "cannot be told exactly",
    "Morphine\t€0.05 per mg": "could be a fee",
    "Morphine\t5 cents per mg": "could be a fee",
    "Morphine\t-$0.05 per mg": "could be a fee",
    "Morphine\t$-0.05 per mg": "could be a fee",
    "Morphine\t$1,15 per mg": "could be a fee",
    "Morphine\t$0.00 48 per mg": "could be a fee",
    "Morphine\t$0.04 - $0.06 per mg": "could be a fee",
    "Morphine\t$0.05 per mg\t$0.06 per mg": "could be a fee",
    "Morphine\t$0.05 per mg, at least $5": "could be a fee",
    "Morphine is paid at $0.09 per mg when it is needed.": "could be a fee",
    "Morphine of 0.09 mg is given": "could be a fee",
    "Morphine or Bupivacaine\t$0.07 per mg": "is not one drug that we know",
    "Fentanyl and Sufentanil\t$0.07 per mcg": "is not one drug that we know",
    "Morphine (or bupivacaine)\t$0.07 per mg": "is not one drug that we know",
    "Bupivacaine liposome\t$0.07 per mg": "is not one drug that we know",
    "Blurbine\t$0.07 per mg": "is not one drug that we know",
    "$0.05 per mg": "stands without a drug",
    "Clonidine\t$0.002 per cartridge": "is of no drug",
    "Dispensing fee\t$20 per refill": "is of no drug",
    "Compounding Fee\t$60": "has no unit",
    "Compounding Fee\t$60 per mg": "is for no refill",
}


@pytest.mark.parametrize("line", SAID)
def test_what_could_be_a_fee_is_said_and_not_read(line: str) -> None:
    found = taken(line)
    assert [one for one in found.fees if not one.unknown] == []
    assert [one.about for one in found.problems] == ["fee"]
    assert SAID[line] in found.problems[0].value


def test_words_without_money_or_amounts_are_words() -> None:
    lines = (
        "- Clonidine (Duraclon) (J0735-KD)",
        "A pump of 2 or 3 months, 40 mL.",
        "Morphine is a drug.",
    )
    found = taken(*lines)
    assert ([one.text for one in found.rest], found.problems) == (list(lines), [])


def test_descriptions_of_codes_may_name_drugs_and_amounts() -> None:
    line = [Line("J2274\tINJECTION, MORPHINE SULFATE, 10 MG", "line 1")]
    assert len(take_fees(line, load_drugs()).problems) == 1
    assert take_fees(line, load_drugs(), money_alone=True).problems == []


def fees_of(*lines: str) -> tuple[dict[str | None, str], list[Problem]]:
    found = taken(*lines)
    problems = list(found.problems)
    fees = one_fee_each(found.fees, found.in_prose, problems)
    return {one.drug: str(one.fee) for one in fees}, problems


SENTENCE = ("In addition a compounding fee of", "$60 per refill is paid.")


def test_the_sentence_on_compounding_stands_in_for_its_row_and_must_agree_with_it() -> None:
    assert fees_of("Morphine $0.05 per mg", *SENTENCE) == ({"morphine": "0.05", None: "60"}, [])
    assert fees_of("Compounding Fee $60.00 per cartridge", *SENTENCE) == ({None: "60.00"}, [])
    fees, problems = fees_of("Compounding Fee $75 per refill", *SENTENCE)
    assert fees == {}
    assert ["has two fees" in one.value for one in problems] == [True]
    fees, problems = fees_of("Morphine $0.05 per mg")
    assert ["no fee for compounding" in one.value for one in problems] == [True]
    assert [one.value for one in fees_of(*SENTENCE, "and $5 of postage.")[1]] == [
        "'and $5 of postage.' could be a fee"
    ]


def test_a_drug_with_two_fees_has_none() -> None:
    fees, problems = fees_of("Morphine $0.05 per mg", "Morphine Sulfate $0.06 per mg", "Compounding Fee $1 per refill")  # fmt: skip
    assert fees == {None: "1"}
    assert [(one.place, one.about) for one in problems] == [("line 2", "fee")]
    assert fees_of("Morphine $0.05 per mg", "Morphine $0.050 per mg", "Compounding Fee $1 per refill")[1] == []  # fmt: skip


ELSEWHERE = {
    "a group's paragraph": (
        "Group 1 Codes:\n",
        "Group 1 Paragraph:\n\n{}\nGroup 1 Codes:\n",
    ),
    "another section": ("Coding Information\n", "Coding Information\n\n{}\n"),
    "the last of the lists": ("Revision History Information", "{}\n\nRevision History Information"),
}


@pytest.mark.parametrize(("old", "new"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_table_of_fees_may_stand_in_any_section(old: str, new: str) -> None:
    table = "Drug Name\tDrug Fee Measure\nKetamine\t$0.0048 per mcg\nMorphine\t$0.0700 per mg"
    text = article()
    assert old in text
    before = read_article_data(text.encode(), "given")
    found = read_article_data(text.replace(old, new.format(table), 1).encode(), "given")
    assert found.problems == ()
    fees = {one.drug: str(one.fee) for one in found.fees}
    assert fees == {one.drug: str(one.fee) for one in before.fees} | {"ketamine": "0.0048"}
    assert [one.text for one in found.prose] == [one.text for one in before.prose]
    assert [one.value for one in found.codes] == [one.value for one in before.codes]
    other = text.replace(old, new.format(table.replace("0.0700", "0.0800")), 1)
    said = [one.value for one in read_article_data(other.encode(), "given").problems]
    assert ["two fees" in one for one in said] == [True]
