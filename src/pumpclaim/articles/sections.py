"""An article's lines cut into its sections by their headings."""

from __future__ import annotations

import re
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
    "other_coding": ("other coding information",),
    "revisions": ("revision history information",),
    "associated": ("associated documents",),
    "related": (
        "related local coverage document(s)", "related local coverage documents",
        "related national coverage document(s)", "related national coverage documents",
    ),
    "links": (
        "statutory requirements url(s)", "statutory requirements urls", "rules and regulations url(s)",
        "rules and regulations urls", "cms manual explanations url(s)", "cms manual explanations urls",
        "other url(s)", "other urls",
    ),
    "versions": ("public version(s)", "public versions"),
    "keywords": ("keywords",),
}  # fmt: skip
"""Names of sections, and the headings under which they stand."""
_NAMES = {heading: name for name, headings in HEADINGS.items() for heading in headings}


def heading_of(line: Line) -> str | None:
    """The section that a line begins, or null."""
    text = re.sub(r"\s+", " ", line.plain).strip(" :").casefold()
    return _NAMES.get(text)


def cut(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines of each section; what stands before the first heading is under ``title``."""
    sections: dict[str, list[Line]] = {"title": []}
    name = "title"
    for line in lines:
        found = heading_of(line)
        if found is not None:
            name = found
            sections.setdefault(name, [])
            continue
        sections[name].append(line)
    return sections


def is_empty(lines: Iterable[Line]) -> bool:
    """Whether a section says nothing, or says that there is nothing."""
    return all(line.plain.casefold() in ("n/a", "none", "") for line in lines)
