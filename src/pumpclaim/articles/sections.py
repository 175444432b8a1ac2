"""An article's lines cut into its sections by their headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pumpclaim.articles.published import Line

HEADINGS = {
    "contractors": ("contractor information",),
    "general": ("article information", "general information"),
    "policy": ("cms national coverage policy",),
    "text": ("article guidance", "article text"),
    "coding": ("coding information",),
    "codes": ("cpt/hcpcs codes", "cpt hcpcs codes"),
    "modifiers": ("cpt/hcpcs modifiers", "cpt/hcpcs modifier"),
    "covered": (
        "icd-10 codes that support medical necessity", "icd-10-cm codes that support medical necessity",
    ),
    "not_covered": (
        "icd-10 codes that do not support medical necessity",
        "icd-10-cm codes that do not support medical necessity",
    ),
    "more_diagnoses": ("additional icd-10 information", "icd-10-pcs codes"),
    "bill_types": ("bill type codes", "bill type code"),
    "revenue_codes": ("revenue codes", "revenue code"),
    "other_coding": ("other coding information", "coding table information"),
    "revisions": ("revision history information",),
    "associated": ("associated documents",),
    "related": (
        "related local coverage document(s)", "related local coverage documents",
        "related national coverage document(s)", "related national coverage documents",
    ),
    "links": (
        "statutory requirements url(s)", "statutory requirements urls", "rules and regulations url(s)",
        "rules and regulations urls", "cms manual explanations url(s)", "cms manual explanations urls",
        "other url(s)", "other urls", "medicare bpm ch 15.50.2 sad determinations", "sad process url 1",
        "sad process url 2",
    ),
    "versions": ("public version(s)", "public versions"),
    "keywords": ("keywords",),
}  # fmt: skip
"""Names of sections, and the headings under which they stand."""
TITLES = {
    "policy": "CMS National Coverage Policy",
    "text": "Article Text",
    "coding": "Coding Information",
    "codes": "CPT/HCPCS Codes",
    "modifiers": "CPT/HCPCS Modifiers",
    "covered": "ICD-10 Codes that Support Medical Necessity",
    "not_covered": "ICD-10 Codes that DO NOT Support Medical Necessity",
    "more_diagnoses": "Additional ICD-10 Information",
    "bill_types": "Bill Type Codes",
    "revenue_codes": "Revenue Codes",
    "other_coding": "Other Coding Information",
    "associated": "Associated Documents",
    "links": "Links",
    "revisions": "Revision History Information",
}
"""What the sections with prose of the article are called."""
_NAMES = {heading: name for name, headings in HEADINGS.items() for heading in headings}
NOTHING = ("n/a", "none", "not applicable")
"""A line that says that a section is empty."""


def heading_of(text: str) -> str | None:
    """The section that a line begins, or null."""
    return _NAMES.get(" ".join(text.split()).strip(" :").casefold())


def cut(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines of each section; what stands before the first heading is under ``title``."""
    sections: dict[str, list[Line]] = {"title": []}
    name = "title"
    for line in lines:
        found = heading_of(line.text)
        if found is not None:
            name = found
            sections.setdefault(name, [])
            continue
        sections[name].append(line)
    return sections


def says_nothing(line: Line) -> bool:
    """Whether a line only says that there is nothing."""
    return line.plain.casefold().strip(" .") in NOTHING
