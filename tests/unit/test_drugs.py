"""drugs.toml: what it holds, and what its loader refuses."""

from __future__ import annotations

import copy
import tomllib
from datetime import date

import pytest

from pumpclaim.errors import InputError
from pumpclaim.policy.drugs import DRUGS_FILE, drugs_from, load_drugs
from pumpclaim.tables import NANOGRAMS

FEE_TABLE = [
    "baclofen",
    "bupivacaine",
    "clonidine",
    "droperidol",
    "fentanyl",
    "hydromorphone",
    "ketamine",
    "lidocaine",
    "meperidine",
    "methadone",
    "midazolam",
    "morphine",
    "ropivacaine",
    "sufentanil",
    "tetracaine",
    "ziconotide",
]


@pytest.fixture
def facts():
    with DRUGS_FILE.open("rb") as file:
        return copy.deepcopy(tomllib.load(file))


def test_the_sixteen_drugs_of_the_fee_table_are_there_with_all_their_facts():
    drugs = load_drugs()
    priced = [drug.id for drug in drugs.by_id.values() if drug.kind != "other"]
    assert priced == FEE_TABLE
    for drug in FEE_TABLE:
        one = drugs.by_id[drug]
        assert one.concentrations
        assert one.highest_concentration
        assert drugs.aliases[drug.upper()] == drug


def test_every_alias_is_an_own_word_of_one_drug():
    drugs = load_drugs()
    assert sum(len(set(drug.aliases)) for drug in drugs.by_id.values()) == len(drugs.aliases)
    assert all(len(set(drug.aliases)) == len(drug.aliases) for drug in drugs.by_id.values())


@pytest.mark.parametrize("word", ["METH", "HYDRO", "DEX", "BUP"])
def test_an_abbreviation_of_two_drugs_is_no_alias(word):
    assert word not in load_drugs().aliases


def test_concentrations_are_nanograms_per_millilitre():
    drugs = load_drugs()
    assert drugs.by_id["clonidine"].sold(date(2020, 1, 1)) == {100_000, 500_000}
    assert drugs.by_id["morphine"].sold(date(2020, 1, 1)) >= {10_000_000, 25_000_000}
    assert drugs.by_id["bupivacaine"].sold(date(2020, 1, 1)) == {2_500_000, 5_000_000, 7_500_000}


# The highest concentrations of domain.md 5.4, in mg/mL.
@pytest.mark.parametrize(
    ("drug", "published"),
    [
        ("morphine", "20"), ("hydromorphone", "15"), ("fentanyl", "10"), ("sufentanil", "5"),
        ("bupivacaine", "30"), ("clonidine", "1"), ("ziconotide", "0.1"), ("baclofen", "2"),
    ],
)  # fmt: skip
def test_the_ceiling_is_two_and_a_half_times_what_is_published_and_far_below_a_thousand(
    drug, published
):
    ceiling = load_drugs().by_id[drug].highest_concentration
    nanograms = int(float(published) * NANOGRAMS["mg"])
    assert 2.5 * nanograms <= ceiling <= 10 * nanograms


def test_a_concentration_has_a_first_and_a_last_day(facts):
    facts["drugs"][0]["concentrations"] = [
        {"value": "3", "unit": "mg/mL", "confidence": "M", "source": "x", "from": date(2020, 1, 1)},
        {"value": "4", "unit": "mg/mL", "confidence": "M", "source": "x", "to": date(2019, 12, 31)},
    ]
    drug = drugs_from(facts).by_id["baclofen"]
    assert drug.sold(date(2019, 12, 31)) == {4_000_000}
    assert drug.sold(date(2020, 1, 1)) == {3_000_000}


def test_an_alias_that_names_two_drugs_is_refused(facts):
    facts["drugs"][0]["aliases"].append("MORPH")
    with pytest.raises(InputError, match="MORPH names two drugs"):
        drugs_from(facts)


def test_an_alias_that_is_also_another_kind_of_word_is_refused(facts):
    facts["words"]["passed_over"].append("MORPH")
    with pytest.raises(InputError, match="MORPH is an alias of morphine"):
        drugs_from(facts)


@pytest.mark.parametrize("alias", ["Morph", "MORPH2", "MORPH  X", ""])
def test_an_alias_that_is_not_words_in_capitals_is_refused(facts, alias):
    facts["drugs"][0]["aliases"].append(alias)
    with pytest.raises(InputError, match="capital letters"):
        drugs_from(facts)


def test_a_drug_that_stands_twice_is_refused(facts):
    facts["other"].append({"id": "morphine", "label": "x", "aliases": ["XMORPH"]})
    with pytest.raises(InputError, match="stands twice"):
        drugs_from(facts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "mg/L"}, "no concentration"),
        ({"unit": "IU/mL"}, "no concentration"),
        ({"unit": "mcg/mL", "value": "0.0001"}, "no whole number"),
        ({"confidence": "L"}, "neither H nor M"),
        ({"value": "11"}, "above the highest"),
    ],
)
def test_a_concentration_that_cannot_be_is_refused(facts, change, message):
    fact = {"value": "10", "unit": "mg/mL", "confidence": "H", "source": "x"}
    facts["drugs"][0]["concentrations"] = [fact | change]
    with pytest.raises(InputError, match=message):
        drugs_from(facts)
