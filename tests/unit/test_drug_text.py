"""Narratives as billers write them, and what is read from each."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pumpclaim.compiled import compile_policy
from pumpclaim.drug_text import (
    Ingredient,
    cartridges,
    read,
    read_ingredients,
    read_notes,
    render,
)
from pumpclaim.lines import narrated
from pumpclaim.policy import load
from pumpclaim.tables import CLAIMS, INGREDIENTS, LINES, NANOGRAMS

MG, MCG = NANOGRAMS["mg"], NANOGRAMS["mcg"]
MORPHINE_360 = [("morphine", 360 * MG)]
TWO = [("morphine", 360 * MG), ("bupivacaine", 90 * MG)]
THREE = [*TWO, ("clonidine", 2000 * MCG)]

READ_WHOLE = {
    "totals after names": ("MORPHINE SULFATE 360MG, BUPIVACAINE 90 MG", TWO),
    "concentration times volume": ("HYDROMORPHONE 10MG/ML X 18ML", [("hydromorphone", 180 * MG)]),
    "one volume for the mixture, after": (
        "MS 20mg/ml 40ml + Clonidine 100 mcg/mL",
        [("morphine", 800 * MG), ("clonidine", 4000 * MCG)],
    ),
    "one volume for the mixture, before": (
        "Clonidine 100 mcg/mL + MS 20mg/ml 40ml",
        [("clonidine", 4000 * MCG), ("morphine", 800 * MG)],
    ),
    "volume first": (
        "40 ML: MORPHINE 20 MG/ML, BUPIVACAINE 5 MG/ML",
        [("morphine", 800 * MG), ("bupivacaine", 200 * MG)],
    ),
    "volume of a drug": ("18ML OF MORPHINE 20MG/ML", MORPHINE_360),
    "volume at a concentration": ("MORPHINE 18ML @ 20MG/ML", MORPHINE_360),
    "volume after a comma": ("MORPHINE 20MG/ML, 18ML", MORPHINE_360),
    "a volume for each, after commas": (
        "MORPHINE 20MG/ML, 18ML, BUPIVACAINE 5MG/ML, 10ML",
        [("morphine", 360 * MG), ("bupivacaine", 50 * MG)],
    ),
    "a volume for each, without commas": (
        "MORPHINE 20MG/ML 18ML, BUPIVACAINE 5MG/ML 10ML",
        [("morphine", 360 * MG), ("bupivacaine", 50 * MG)],
    ),
    "thousands": ("FENT 40,000 MCG", [("fentanyl", 40_000 * MCG)]),
    "thousands and decimals": ("FENT 1,500.5mcg", [("fentanyl", 1_500_500)]),
    "thousands without space": ("FENTANYL 10,200MCG", [("fentanyl", 10_200 * MCG)]),
    "comma as separator without space": ("MORPHINE 360MG,BUPIVACAINE 90MG", TWO),
    "comma between a number's digits and a name": ("360MG MORPHINE,90MG BUPIVACAINE", TWO),
    "point first": ("HYDROMORPHONE .5 mg", [("hydromorphone", 500 * MCG)]),
    "point last": ("MORPHINE 360. MG", MORPHINE_360),
    "ug": ("CLONIDINE 2000 ug", [("clonidine", 2000 * MCG)]),
    "micro sign": ("CLONIDINE 2000 \u00b5g", [("clonidine", 2000 * MCG)]),
    "Greek mu": ("CLONIDINE 2000 \u03bcg", [("clonidine", 2000 * MCG)]),
    "mcgs": ("CLONIDINE 2000 mcgs", [("clonidine", 2000 * MCG)]),
    "ugs": ("CLONIDINE 2000ugs", [("clonidine", 2000 * MCG)]),
    "mgs": ("MORPHINE 360 mgs", MORPHINE_360),
    "gm": ("MORPHINE 0.36 gm", MORPHINE_360),
    "g": ("MORPHINE .36g", MORPHINE_360),
    "spelt out": ("morphine 360 milligrams", MORPHINE_360),
    "number spelt out": (
        "MORPHINE TWO MG, CLONIDINE 50MCG, BACLOFEN 60MCG",
        [("morphine", 2 * MG), ("clonidine", 50 * MCG), ("baclofen", 60 * MCG)],
    ),
    "volume spelt out": ("MORPHINE 20MG/ML X TWO ML", [("morphine", 40 * MG)]),
    "cc": ("MORPHINE 20MG/CC 18CC", MORPHINE_360),
    "per": ("MORPHINE 20 MG PER ML, 18 ML", MORPHINE_360),
    "in one millilitre": ("MORPHINE 20MG/1ML X 18 ML", MORPHINE_360),
    "total beside concentration and volume": ("MORPHINE 20MG/ML X 18ML = 360MG", MORPHINE_360),
    "total in brackets": ("MORPHINE 20MG/ML 18ML (360 MG)", MORPHINE_360),
    "one amount in two units": ("MORPHINE 0.36 G (360 MG)", MORPHINE_360),
    "total in a volume": ("MORPHINE 360MG/18ML", MORPHINE_360),
    "total in a volume, in words": ("MORPHINE 360MG IN 18ML NS", MORPHINE_360),
    "strength of a vial times a volume": ("MORPHINE 100MG/5ML X 18ML", MORPHINE_360),
    "names after amounts": ("360 MG MORPHINE, 90MG BUPIVACAINE", TWO),
    "names after amounts, no commas": ("360 MG MORPHINE 90MG BUPIVACAINE 2000MCG CLONIDINE", THREE),
    "names before amounts, no commas": ("MORPHINE 360MG BUPIVACAINE 90MG CLON 2000MCG", THREE),
    "commas inside": ("MORPHINE, 360MG, BUPIVACAINE, 90MG", TWO),
    "names in a row, amounts in a row": ("MORPHINE/BUPIVACAINE 360MG/90MG", TWO),
    "names in a row, concentrations in a row": (
        "MORPHINE/BUPIVACAINE 20MG/ML / 5MG/ML, 18ML",
        TWO,
    ),
    "concentration behind the total": ("MORPHINE TOTAL 360MG, CONC 20MG/ML, 18 ML", MORPHINE_360),
    "one vial": ("MORPHINE 20MG/ML 18ML VIAL X 1", MORPHINE_360),
    "amounts in a row, names in a row": ("360MG/90MG MORPHINE/BUPIVACAINE", TWO),
    "semicolons": ("MORPHINE 360MG;BUPIVACAINE 90MG;CLONIDINE 2000MCG", THREE),
    "slashes": ("MORPHINE 360MG/BUPIVACAINE 90MG / CLONIDINE 2000MCG", THREE),
    "plus and ampersand": ("MORPHINE 360MG + BUPIVACAINE 90MG & CLONIDINE 2000MCG", THREE),
    "and, with": ("MORPHINE 360MG AND BUPIVACAINE 90MG WITH CLONIDINE 2000MCG", THREE),
    "w/ and bars": ("MORPHINE 360MG W/BUPIVACAINE 90MG | CLONIDINE 2000MCG", THREE),
    "new lines and dashes": ("MORPHINE 360MG\nBUPIVACAINE 90MG - CLONIDINE 2000MCG", THREE),
    "full stops": ("MORPHINE 360MG. BUPIVACAINE 90MG. CLONIDINE 2000MCG.", THREE),
    "mixture with its volume": (
        "CMPD IT PUMP 40ML: HYDROMORPHONE 400MG, BUPIVACAINE 800MG, CLONIDINE 4000MCG",
        [("hydromorphone", 400 * MG), ("bupivacaine", 800 * MG), ("clonidine", 4000 * MCG)],
    ),
    "volume at the end": (
        "MORPHINE 400MG;BUPIVACAINE 300MG;CLONIDINE 2000MCG;20ML IT PUMP REFILL",
        [("morphine", 400 * MG), ("bupivacaine", 300 * MG), ("clonidine", 2000 * MCG)],
    ),
    "code, modifier, NDC and pharmacy": (
        "J7999 KD MORPHINE PF 25 MG/ML 40 ML NDC 12345-6789-01 ABC PHARMACY",
        [("morphine", 1000 * MG)],
    ),
    "NDC without dashes": ("NDC 12345678901 MORPHINE 360MG", MORPHINE_360),
    "lot, invoice and price": ("MORPHINE 360MG LOT A12-9, INV #5512, $412.50", MORPHINE_360),
    "lot without space": ("MORPHINE 360MG LOT12345", MORPHINE_360),
    "prescription number": ("RX 123456 MORPHINE 360MG", MORPHINE_360),
    "RX before an amount": ("RX 360MG MORPHINE", MORPHINE_360),
    "date and procedure code": ("DOS 01/05/2024 62370 MORPHINE 360MG", MORPHINE_360),
    "CPT keyword": ("CPT 62370 MORPHINE 360MG", MORPHINE_360),
    "percent": ("BUPIVACAINE 0.75% 20ML", [("bupivacaine", 150 * MG)]),
    "percent beside the same concentration": (
        "BUPIVACAINE 0.75% (7.5 MG/ML) 20ML",
        [("bupivacaine", 150 * MG)],
    ),
    "percent before the name": ("0.75% BUPIVACAINE 20ML", [("bupivacaine", 150 * MG)]),
    "diluent with its percent": (
        "MORPHINE 20MG/ML IN SODIUM CHLORIDE 0.9% QS 18ML",
        MORPHINE_360,
    ),
    "known drug without a fee": ("NOC VERAPAMIL 2.5MG", [("verapamil", 2_500_000)]),
    "unknown drug": ("FOOBARINE 3 MG", [(None, 3 * MG)]),
    "unknown drug of two words": ("FOO-BARINE HCL 3 MG", [(None, 3 * MG)]),
    "equals, colon, dash": ("MORPHINE=360MG, BUPIVACAINE: 90MG, CLONIDINE-2000MCG", THREE),
    "dash with spaces": ("MORPHINE - 360MG, BUPIVACAINE - 90MG", TWO),
    "dash before the unit": ("MORPHINE 360-MG", MORPHINE_360),
    "QS": ("MORPHINE 20MG/ML QS 18 ML", MORPHINE_360),
    "QS to": ("MORPHINE 20MG/ML, NS QS TO 18 ML", MORPHINE_360),
    "total volume": ("MORPHINE 20MG/ML, TOTAL VOLUME 18ML", MORPHINE_360),
    "volume, then its word": ("MORPHINE 20MG/ML, 18ML TOTAL VOLUME", MORPHINE_360),
    "same drug twice is kept as two": (
        "MORPHINE 200MG, MORPHINE 160MG",
        [("morphine", 200 * MG), ("morphine", 160 * MG)],
    ),
    "same amount twice is kept as two": (
        "MORPHINE 200MG, MORPHINE 200MG",
        [("morphine", 200 * MG), ("morphine", 200 * MG)],
    ),
    "concentrations, then the same drugs' totals": (
        "MORPHINE 20MG/ML, BUPIVACAINE 5MG/ML, 18ML; TOTAL MORPHINE 360MG, BUPIVACAINE 90MG",
        TWO,
    ),
    "trade name beside the name": ("MORPHINE (INFUMORPH) 360MG", MORPHINE_360),
    "name without amount, then with": ("MORPHINE PUMP REFILL, MORPHINE 360MG", MORPHINE_360),
    "missing spaces": ("MORPHINE20MG/MLX18ML", MORPHINE_360),
    "name glued to the unit": ("360MGMORPHINE 90MGBUPIVACAINE", TWO),
    "lower case and wide spaces": ("  morphine   360   mg ,  bupivacaine  90 mg ", TWO),
    "no-break space": ("MORPHINE\u00a0360\u00a0MG", MORPHINE_360),
    "multiplication sign": ("MORPHINE 20MG/ML \u00d7 18ML", MORPHINE_360),
    "salts and preservative free": (
        "MORPHINE SULFATE (PRESERVATIVE-FREE) 360MG, BUPIVACAINE HCL P.F. 90MG",
        TWO,
    ),
    "MSO4": ("MSO4 360MG", MORPHINE_360),
    "the article's spelling": ("SUFENTANYL 1000MCG", [("sufentanil", 1000 * MCG)]),
    "trade names": (
        "DILAUDID 10MG, MARCAINE 20MG, PRIALT 5MCG, LIORESAL 40MCG",
        [("hydromorphone", 10 * MG), ("bupivacaine", 20 * MG), ("ziconotide", 5 * MCG),
         ("baclofen", 40 * MCG)],
    ),
    "abbreviations": (
        "HM 10MG, BUPI 20MG, CLON 5MCG, SUFENT 4MCG, ZICO 3MCG",
        [("hydromorphone", 10 * MG), ("bupivacaine", 20 * MG), ("clonidine", 5 * MCG),
         ("sufentanil", 4 * MCG), ("ziconotide", 3 * MCG)],
    ),
    "common misspelling": ("BUPIVICAINE 90MG", [("bupivacaine", 90 * MG)]),
    "rate beside the total": ("MORPHINE 360MG, 3MG/DAY", MORPHINE_360),
    "rate and flow beside concentration and volume": (
        "MORPHINE 20MG/ML 18ML AT 3 MG/DAY, 0.15 ML/DAY",
        MORPHINE_360,
    ),
    "days of supply": ("MORPHINE 360MG 90 DAY SUPPLY", MORPHINE_360),
    "numbered list": ("1) MORPHINE 360MG 2) BUPIVACAINE 90MG", TWO),
    "prose around": ("COMPOUNDED MORPHINE 360MG FOR CHRONIC INTRACTABLE PAIN", MORPHINE_360),
    "doctor's name": ("MORPHINE 360MG DR EXAMPLE", MORPHINE_360),
    "smallest amount": ("CLONIDINE 0.001 MCG", [("clonidine", 1)]),
    "largest amount": ("MORPHINE 10 G", [("morphine", 10_000 * MG)]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ_WHOLE.values(), ids=READ_WHOLE.keys())
def test_read_whole(text, expected):
    read_ = read(text)
    assert not read_.problems
    assert [(one.drug, one.amount) for one in read_.ingredients] == expected


PROBLEMS = {
    "concentration without volume": ("MORPHINE 20 MG/ML", "MORPHINE 20 MG/ML", "no volume"),
    "concentration, volume of the diluent only": (
        "MORPHINE 20MG/ML, NS 20 ML", "MORPHINE 20MG/ML", "no volume",
    ),
    "amount without unit": ("MORPHINE 360", "360", "without a unit"),
    "decimal comma": ("MORPHINE 1,5 MG", "1", "without a unit"),
    "drug without amount": ("MORPHINE, BUPIVACAINE 90MG", "MORPHINE", "no amount"),
    "volume of a drug without amount": ("MORPHINE 20 ML", "MORPHINE 20 ML", "neither an amount"),
    "volume without drug": ("20ML IT PUMP REFILL", "20ML", "no drug is named"),
    "amount without drug": ("NOC DRUG 360 MG", "360 MG", "not named"),
    "milliequivalents": ("MORPHINE 5 MEQ", "5 MEQ", "no mass"),
    "units": ("BACLOFEN 500 UNITS", "500 UNITS", "no mass"),
    "units per millilitre": ("MORPHINE 500 IU/ML 20 ML", "500 IU/ML", "no mass"),
    "total that disagrees": ("MORPHINE 20MG/ML X 18ML = 361MG", "361MG", "360 mg"),
    "two totals": ("MORPHINE 360MG 350MG", "350MG", "differ"),
    "two concentrations": ("MORPHINE 20MG/ML 25MG/ML 18ML", "25MG/ML", "differ"),
    "percent that disagrees": ("BUPIVACAINE 0.75% 5MG/ML 20ML", "0.75%", "differ"),
    "two volumes": ("MORPHINE 20MG/ML 18ML 20ML", "20ML", "differ"),
    "which of two volumes": (
        "MORPHINE 20MG/ML 18ML, BUPIVACAINE 5MG/ML 10ML, CLONIDINE 5MCG/ML", "10ML", "not clear",
    ),
    "restated total that disagrees": (
        "MORPHINE 20MG/ML, 18ML; TOTAL MORPHINE 350MG", "350MG", "360 mg",
    ),
    "negative": ("MORPHINE -5 MG", "-5 MG", "negative"),
    "negative with a minus sign": ("MORPHINE \u22125 MG", "5 MG", "negative"),
    "more than any pump": ("MORPHINE 10.001 G", "10.001 G", "more than"),
    "absurd digits": ("MORPHINE 12345678901234567890 MG", "12345678901234567890", "digits"),
    "part of a nanogram": ("CLONIDINE 0.0005 MCG", "0.0005 MCG", "no whole number"),
    "zero": ("MORPHINE 0 MG", "0 MG", "zero"),
    "zero volume": ("MORPHINE 20MG/ML 0 ML", "0 ML", "no volume"),
    "two points": ("MORPHINE 1.000.5 MG", "1.000.5", "no readable number"),
    "thousands that are none": ("MORPHINE 1234,567 MG", "1234,567", "no readable number"),
    "zero before thousands": ("MORPHINE 0,500 MG", "0,500", "no readable number"),
    "daily dose": ("MORPHINE 3 MG/DAY", "3 MG/DAY", "dose rate"),
    "hourly dose": ("MORPHINE 0.1 MG/HR", "0.1 MG/HR", "dose rate"),
    "dose per 24 hours": ("MORPHINE 3MG/24HRS", "3MG/24HRS", "dose rate"),
    "daily in words": ("MORPHINE 3 MG DAILY", "3 MG DAILY", "dose rate"),
    "dose per day and kilogram": ("MORPHINE 3 MCG/KG/HR", "3 MCG/KG/HR", "dose rate"),
    "each syringe": ("MORPHINE 180MG PER SYRINGE, 2 SYRINGES", "180MG PER SYRINGE", "each"),
    "times syringes": ("MORPHINE 180MG X 2 SYRINGES", "2 SYRINGES", "not clear"),
    "vials": ("MORPHINE 180MG 2 VIALS", "2 VIALS", "not clear"),
    "range": ("MORPHINE 10-20 MG", "10", "without a unit"),
    "strengths in a row": (
        "MORPHINE/BUPIVACAINE 20MG/10MG PER ML 40ML", "MORPHINE", "cannot be told",
    ),
    "names and amounts that do not match": (
        "MORPHINE/BUPIVACAINE/CLONIDINE 360MG/90MG", "MORPHINE", "cannot be told",
    ),
    "unknown word in a drug's place": ("MORPHINE 360MG, XYZZY", "XYZZY", "no drug that is known"),
    "unknown word before a drug": ("XYZZY MORPHINE 360MG", "XYZZY", "no drug that is known"),
    "fraction sign": ("MORPHINE \u00bd MG", "MORPHINE", "no amount"),
    "superscript is no digit": ("MORPHINE 10\u00b2 MG", "10", "without a unit"),
    "more than solid": ("MORPHINE 2000 MG/ML 2 ML", "MORPHINE", "gram"),
    "waste": ("MORPHINE 360MG, WASTE 40MG", "40MG", "waste"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "part", "why"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_part_that_cannot_be_read_is_named(text, part, why):
    wrong = [one for one in read(text).ingredients if one.problem]
    assert any(part in one.problem and why in one.problem for one in wrong), read(text)
    assert all(one.amount is None for one in wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "COMPOUNDED DRUG",
        "SEE ATTACHED INVOICE",
        "SEE ATTACHED 3 PAGES",
        "J7999 KD",
        "NDC 12345-6789-01",
        "REFILL 62370",
        "NS",
    ],
)
def test_a_text_without_drugs_has_no_ingredients(text):
    assert read(text).ingredients == ()


def test_an_ingredient_says_where_it_was_read_and_in_what_it_is_dissolved():
    one, two = read("Morphine Sulfate PF 20mg/ml 40ml + Foobarine 3 mg").ingredients
    assert one == Ingredient(
        "Morphine Sulfate PF 20mg/ml 40ml", "Morphine Sulfate PF", "morphine",
        800 * MG, 40_000, 20 * MG,
    )  # fmt: skip
    assert (two.text, two.name, two.drug) == ("Foobarine 3 mg", "Foobarine", None)


def test_the_concentration_of_a_total_in_a_volume_is_given_when_it_is_whole():
    assert read("MORPHINE 400MG/20ML").ingredients[0].concentration == 20 * MG
    assert read("MORPHINE 400MG/30ML").ingredients[0].concentration is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("MORPHINE 360MG, 2 CARTRIDGES", 2),
        ("MORPHINE 360MG, X2 SYRINGES", 2),
        ("MORPHINE 360MG IN 3 SYRINGES", 3),
        ("MORPHINE 360MG; CARTRIDGES: 2", 2),
        ("MORPHINE 360MG, SYRINGES X 2", 2),
        ("TWO SYRINGES: MORPHINE 360MG", 2),
        ("MORPHINE 360MG X 1 SYRINGE", 1),
        ("MORPHINE 360MG", None),
        ("MORPHINE 360MG, 2 SYRINGES, 3 SYRINGES", None),
    ],
)
def test_the_number_of_cartridges(text, count):
    read_ = read(text)
    assert read_.cartridges == count
    assert not read_.problems
    assert read_.ingredients[0].amount == 360 * MG


def amounts(narrative):
    return [(one.drug, one.amount) for one in narrative.ingredients]


LONG = "MORPHINE SULFATE PRESERVATIVE FREE 360MG, BUPIVACAINE HCL PRESERVATIVE FREE 90 M"

TWO_PLACES = {
    "description alone": ("MORPHINE 360MG", None, MORPHINE_360),
    "note alone": (None, "MORPHINE 360MG", MORPHINE_360),
    "description without a drug": ("COMPOUNDED DRUG", "MORPHINE 360MG", MORPHINE_360),
    "description with a drug, no amount": ("MORPHINE", "MORPHINE 360MG", MORPHINE_360),
    "both the same": ("MORPHINE 360MG", "morphine 0.36 g", MORPHINE_360),
    "note without a drug": ("MORPHINE 360MG", "SEE INVOICE", MORPHINE_360),
    "note goes on": ("MORPHINE 360MG", "BUPIVACAINE 90MG", TWO),
    "note repeats and goes on": ("MORPHINE 360MG", "MORPHINE 360MG, BUPIVACAINE 90MG", TWO),
    "volume in the description": ("CMPD 18ML", "MORPHINE 20MG/ML", MORPHINE_360),
    "cut off inside a unit": (LONG, "G, CLONIDINE 2000MCG", THREE),
    "cut off, and repeated whole": (
        LONG, "MORPHINE 360 MG, BUPIVACAINE 90 MG, CLONIDINE 2000MCG", THREE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("description", "note", "expected"), TWO_PLACES.values(), ids=TWO_PLACES.keys()
)
def test_description_and_note(description, note, expected):
    read_ = read_notes(description, note)
    assert not read_.problems
    assert amounts(read_) == expected


def test_description_and_note_that_contradict_each_other():
    read_ = read_notes("MORPHINE 360MG, BUPIVACAINE 90MG", "MORPHINE 300MG, BUPIVACAINE 90MG")
    assert amounts(read_) == [("morphine", None), ("bupivacaine", 90 * MG)]
    assert read_.problems == (
        "SV101-7 and NTE disagree about MORPHINE: MORPHINE 360MG and MORPHINE 300MG",
    )


def test_a_drug_of_the_description_without_amount_is_not_lost_to_the_note():
    read_ = read_notes("MORPHINE, BUPIVACAINE", "MORPHINE 360MG")
    assert sorted(amounts(read_)) == [("bupivacaine", None), ("morphine", 360 * MG)]
    assert any("BUPIVACAINE" in problem for problem in read_.problems)


def frames(claims, lines):
    claims = pl.DataFrame(claims, schema_overrides={"note": pl.String})
    lines = pl.DataFrame(lines, infer_schema_length=None)
    return CLAIMS.conform(claims), LINES.conform(lines)


def test_the_table_of_ingredients():
    rows = [
        (0, "62370", None, "MORPHINE 1MG", None),
        (0, "J7999", "KD", "MORPHINE 360MG, BUPI 90MG", None),
        (1, "J7999", None, " ", None),
        (2, "J7999", None, None, None),
        (2, "J0735", "KD", None, "CLONIDINE 8MCG"),
        (3, "J7999", None, None, "MORPHINE 360MG, XYZZY"),
        (3, "J0735", None, "CLONIDINE 1MCG", None),
    ]
    names = ("claim", "hcpcs", "modifier_1", "description", "note")
    claims, lines = frames(
        {"claim": [0, 1, 2, 3], "note": [None, "MORPHINE 5MG", "CLONIDINE 7MCG", "FENT 9MCG"]},
        [dict(zip(names, row, strict=True)) for row in rows],
    )
    table = read_ingredients(claims, lines, narrated(lines, compile_policy(load())))
    assert table.schema == pl.Schema(INGREDIENTS.schema)
    assert table.select("row", "item", "drug", "amount").rows() == [
        (1, 1, "morphine", 360 * MG),
        (1, 2, "bupivacaine", 90 * MG),
        (2, 1, "morphine", 5 * MG),
        (4, 1, "clonidine", 8 * MCG),
        (5, 1, "morphine", 360 * MG),
        (5, 2, None, None),
    ]
    assert table["problem"].null_count() == 5


def test_the_lines_wanted_can_be_named():
    claims, lines = frames(
        {"claim": [0], "note": [None]},
        {"claim": [0, 0], "hcpcs": ["J0735", "J7999"], "description": ["CLON 1MCG", "CLON 2MCG"]},
    )
    table = read_ingredients(claims, lines, np.array([True, False]))
    assert table.select("row", "amount").rows() == [(0, MCG)]


def test_tables_without_lines_or_narratives():
    assert read_ingredients(CLAIMS.empty(), LINES.empty(), np.zeros(0, bool)).equals(
        INGREDIENTS.empty()
    )
    claims, lines = frames({"claim": [0], "note": [None]}, {"claim": [0], "hcpcs": ["J7999"]})
    every = np.ones(1, bool)
    assert read_ingredients(claims, lines, every).equals(INGREDIENTS.empty())
    assert cartridges(claims, lines, every).is_empty()


def test_the_table_of_cartridges():
    claims, lines = frames(
        {"claim": [0], "note": [None]},
        {
            "claim": [0, 0],
            "hcpcs": ["J7999", "J7999"],
            "description": ["CLON 1MCG", "CLON 2MCG, 2 CARTRIDGES"],
        },
    )
    table = cartridges(claims, lines, np.ones(2, bool))
    assert table.schema == pl.Schema({"row": pl.UInt32, "cartridges": pl.UInt16})
    assert table.rows() == [(1, 2)]


def test_render_writes_whole_units_and_fits_eighty_characters():
    assert render(read("MS 360mg, CLON 2.5 MCG, FOOBARINE 1.5 MG").ingredients) == (
        "MORPHINE 360MG;CLONIDINE 2.5MCG;FOOBARINE 1500MCG"
    )
    wide = "HYDROMORPHONE 400MG, BUPIVACAINE 800MG, CLONIDINE 4MG, SUFENTANIL 1MG, ZICONOTIDE 1MG"
    assert len(render(read(wide).ingredients)) <= 80
    assert amounts(read(render(read(wide).ingredients))) == amounts(read(wide))
