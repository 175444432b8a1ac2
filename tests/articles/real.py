"""The facts of A55239 R3, written by hand, and its text where that is at hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from .rendered import Invented

REAL = Path(__file__).parents[3] / "shared" / "article" / "A55239.txt"
real = pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not there")
FOUR = ["American Samoa", "Guam", "Hawaii", "Northern Mariana Islands"]
FACTS = Invented(
    id="A55239",
    title="Billing and Coding: Implantable Infusion Pumps for Chronic Pain",
    issuer="Noridian Healthcare Solutions, LLC",
    jurisdiction="J-E",
    original="09/01/2016",
    revision="09/01/2016",
    contracts=[
        ("01111", "A", ["California - Entire State"]),
        ("01112", "B", ["California - Northern"]),
        ("01182", "B", ["California - Southern"]),
        ("01211", "A", FOUR),
        ("01212", "B", FOUR),
        ("01311", "A", ["Nevada"]),
        ("01312", "B", ["Nevada"]),
        ("01911", "A", [*FOUR[:1], "California - Entire State", *FOUR[1:3], "Nevada", *FOUR[3:]]),
    ],
    fees=[
        ("Baclofen", "0.0030", "mcg", "baclofen"),
        ("Bupivacaine", "0.0400", "mg", "bupivacaine"),
        ("Clonidine", "0.0010", "mcg", "clonidine"),
        ("Droperidol", "0.0013", "mcg", "droperidol"),
        ("Fentanyl PF", "0.0072", "mcg", "fentanyl"),
        ("Hydromorphone", "0.1300", "mg", "hydromorphone"),
        ("Ketamine", "0.0048", "mcg", "ketamine"),
        ("Lidocaine", "0.0400", "mg", "lidocaine"),
        ("Meperidine", "0.0600", "mg", "meperidine"),
        ("Methadone", "0.0600", "mg", "methadone"),
        ("Midazolam Hcl", "1.1500", "mg", "midazolam"),
        ("Morphine Sulfate", "0.0500", "mg", "morphine"),
        ("Ropivacaine", "0.0400", "mg", "ropivacaine"),
        ("Sufentanyl", "0.0900", "mcg", "sufentanil"),
        ("Ziconotide", "7.9000", "mcg", "ziconotide"),
        ("Compounding Fee", "60.000", "cartridge", None),
        ("Tetracaine", "0.0400", "mg", "tetracaine"),
    ],
    codes=[
        "62325", "62327",  # trials
        "62350", "62351", "62355",  # catheters
        "62360", "62361", "62362", "62365",  # pumps
        "62367", "62368",  # analysis, reprogramming
        "62369", "62370", "95990", "95991",  # refills
        "J7999",
    ],
    paragraph="", modifiers=[], covered=[], not_covered=[], bill_types=[], revenue_codes=[], other_coding="",
    history=[("09/01/2016", f"R{number}", "Words of our own.") for number in (3, 2, 1)],
)  # fmt: skip
"""The prose is ours; ``with_prose`` puts the article's own in its place."""


def with_prose() -> Invented:
    """The same with the prose of the text, cut out of it by its headings."""
    text = REAL.read_text()
    said = text[text.index("Article Text:") + 13 : text.index("Drug Name\tDrug Fee")]
    sources = text[text.index("Resources\n") : text.index("Coding Information")]
    lines = [line.strip() for line in f"{said}\n{sources}".replace("\\$", "$").split("\n")]
    history = re.findall(r"^(\d\d/\d\d/\d{4})\t(R\d)\t(.*)$", text, re.MULTILINE)
    return replace(FACTS, prose=[line for line in lines if line], history=history)
