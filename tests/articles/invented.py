"""An invented article as text, whose parts a test changes."""

from __future__ import annotations

PARTS = {
    "id": "A99007",
    "original": "01/01/2018",
    "revision": "01/01/2018",
    "history": "01/01/2018\tR1\tFirst words.",
    "contracts": "Example Services\tA and B MAC\t99201 - MAC A\tJ - Y\tIdaho\n"
    "Example Services\tA and B MAC\t99202 - MAC B\tJ - Y\tIdaho",
    "prose": "A pump may be filled when the reservoir runs low and the chart of that day says so.\n\n"
    "Every fill is written down by whoever gave it, on the day on which it was given, in plain words.",
    "fees": "Morphine\t$0.0700 per mg\nClonidine\t$0.0020 per mcg\nCompounding Fee\t$45 per refill",
    "codes": "62369\tOUR OWN WORDS\n62370\tOUR OWN WORDS\nJ7999\tOUR OWN WORDS",
    "covered": "N/A",
    "bills": "N/A",
}


def article(**changed: str) -> str:
    """The text of the article with some parts changed."""
    part = {**PARTS, **changed}
    return f"""Local Coverage Article: Filling of Example Pumps ({part["id"]})

Contractor Information

CONTRACTOR NAME\tCONTRACT TYPE\tCONTRACT NUMBER\tJURISDICTION\tSTATE(S)
{part["contracts"]}

Article Information

General Information

Article ID

{part["id"]}

Original Effective Date

{part["original"]}

Article Title

Filling of Example Pumps

Revision Effective Date

{part["revision"]}

Article Type

Billing and Coding

Article Guidance

Article Text:

{part["prose"]}

Drug Name\tDrug Fee Measure
{part["fees"]}

Coding Information

CPT/HCPCS Codes

Group 1 Codes:

CODE\tDESCRIPTION
{part["codes"]}

ICD-10 Codes that Support Medical Necessity

{part["covered"]}

Bill Type Codes

{part["bills"]}

Revision History Information

REVISION HISTORY DATE\tREVISION HISTORY NUMBER\tREVISION HISTORY EXPLANATION
{part["history"]}

Keywords

- Example
"""
