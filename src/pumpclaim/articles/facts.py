"""From the lines of a published article to its facts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pumpclaim.articles.boilerplate import without_boilerplate
from pumpclaim.articles.contracts import read_contracts
from pumpclaim.articles.dates import day_in
from pumpclaim.articles.fees import one_fee_each, take_fees
from pumpclaim.articles.head import read_head
from pumpclaim.articles.listed import codes_of, read_groups
from pumpclaim.articles.published import (
    CODES,
    REVISION,
    CodeGroup,
    Found,
    Line,
    Problem,
    Prose,
    Published,
    PublishedFee,
    PublishedRevision,
)
from pumpclaim.articles.sections import TITLES, cut, says_nothing
from pumpclaim.policy.article_folder import REVISION_NUMBER
from pumpclaim.policy.code_lists import BILL_TYPE, CODE, DIAGNOSIS, MODIFIER, REVENUE_CODE
from pumpclaim.policy.drugs import load_drugs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LISTS = {
    "codes": CODE,
    "modifiers": MODIFIER,
    "covered": DIAGNOSIS,
    "not_covered": DIAGNOSIS,
    "bill_types": BILL_TYPE,
    "revenue_codes": REVENUE_CODE,
}
"""Sections that list codes, and the kind of each."""
PLAIN = ("policy", "text", "coding", "more_diagnoses", "other_coding", "associated", "links")
"""Sections whose lines are prose, once the fees are taken out."""
WITHOUT_FEES = ("title", "general", "revisions")
"""Sections in which no fee stands: what a revision says of fees is history."""
REVISION_ROW = re.compile(
    r"(?P<day>\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})(?:\s+(?P<number>R\d+)(?:\s+(?P<words>.*))?)?"
)
REVISION_HEADS = re.compile(
    r"(?:\b(?:revision|history|date|number|explanation)\b ?)+", re.IGNORECASE
)
"""The heads of the revision history's columns, or parts of them."""
RELATED_HEADS = re.compile(r"(?:lcd|ncd|article)s?(?:\(s\))?:?", re.IGNORECASE)
NUMBER_ROW = re.compile(r"(?P<number>R\d+)(?:\s+(?P<words>.*))?")


def read_facts(
    lines: Sequence[Line],
    source: str,
    *,
    contractors: Sequence[Line] = (),
    problems: Sequence[Problem] = (),
    licensed: bool = False,
) -> Published:
    """The facts of an article's lines; ``licensed`` keeps the descriptors of its codes.

    ``contractors`` are the rows of the contractor table where the form knows more of them than its lines
    tell; ``problems`` what it could not understand. Raises InputError when the text is no article of the
    database.
    """
    found = list(problems)
    sections = cut(lines)
    head = read_head(sections, source, found)
    fees, compounding = fees_of(sections, found)
    if "codes" not in sections:
        found.append(Problem("there is no list of CPT/HCPCS codes", "whole document", CODES))
    groups = {
        name: read_groups(without_boilerplate(sections.get(name, ())), kind, found)
        for name, kind in LISTS.items()
    }
    revisions = _revisions(sections.get("revisions", ()), found)
    text = {name: sections.get(name, []) for name in PLAIN} | {
        name: [line for group in own for line in group.paragraph] for name, own in groups.items()
    }
    return Published(
        source=source,
        head=head,
        contractors=tuple(read_contracts(contractors or sections.get("contractors", ()), found)),
        prose=tuple(prose_of(text, revisions)),
        fees=tuple(fees),
        compounding=tuple(compounding),
        groups=tuple(
            CodeGroup(
                one.number,
                tuple(one.codes.values()),
                {code: " ".join(filter(None, words)) for code, words in one.descriptors.items()}
                if licensed
                else {},
            )
            for one in groups["codes"]
            if one.codes
        ),
        modifiers=codes_of(groups["modifiers"]),
        diagnoses_covered=codes_of(groups["covered"]),
        diagnoses_not_covered=codes_of(groups["not_covered"]),
        bill_types=codes_of(groups["bill_types"]),
        revenue_codes=codes_of(groups["revenue_codes"]),
        revisions=tuple(revisions),
        related=tuple(
            one
            for one in _told(sections.get("related", ()))
            if not RELATED_HEADS.fullmatch(one.value)
        ),
        keywords=tuple(
            Found(one.value.lstrip("-•·▪* "), one.place)
            for one in _told(sections.get("keywords", ()))
        ),
        problems=tuple(found),
    )


def fees_of(
    sections: dict[str, list[Line]], problems: list[Problem]
) -> tuple[list[PublishedFee], list[PublishedFee]]:
    """The fees of every section, each once, taken out of its lines; and the fee for compounding wherever it
    is named.

    What could be a fee and is not clear is listed.
    """
    fees: list[PublishedFee] = []
    in_prose: list[PublishedFee] = []
    for name, lines in sections.items():
        if name not in WITHOUT_FEES:
            taken = take_fees(lines, load_drugs(), money_alone=name in LISTS)
            sections[name] = taken.rest
            fees += taken.fees
            in_prose += taken.in_prose
            problems += taken.problems
    compounding = [fee for fee in fees if fee.drug is None and not fee.unknown]
    return one_fee_each(fees, in_prose, problems), [*compounding, *in_prose]


def prose_of(
    sections: Mapping[str, Sequence[Line]], revisions: Sequence[PublishedRevision]
) -> Iterable[Prose]:
    """The text that people read, section by section, in one order whatever the form's."""
    for name, title in TITLES.items():
        for line in sections.get(name, ()):
            if not says_nothing(line):
                yield Prose(title, line.plain, line.place)
    for one in revisions:
        yield Prose(TITLES["revisions"], one.explanation, one.place)


def _told(lines: Iterable[Line]) -> Iterable[Found]:
    return [Found(line.plain, line.place) for line in lines if not says_nothing(line)]


def _revisions(lines: Sequence[Line], problems: list[Problem]) -> list[PublishedRevision]:
    """The rows of the revision history: a line that begins with a date and a number, and what follows it."""
    rows: list[tuple[str, str, str, list[str]]] = []
    day: tuple[str, str] | None = None
    for line in lines:
        text = line.plain
        if REVISION_HEADS.fullmatch(text) or says_nothing(line):
            continue
        row = REVISION_ROW.fullmatch(text)
        after = NUMBER_ROW.fullmatch(text) if day is not None else None
        if row is not None and row["number"] is not None:
            rows.append((row["day"], row["number"], line.place, [row["words"] or ""]))
            day = None
        elif after is not None and day is not None:
            rows.append((day[0], after["number"], day[1], [after["words"] or ""]))
            day = None
        elif row is not None:
            day = (row["day"], line.place)
        elif rows:
            rows[-1][3].append(text)
        else:
            said = f"'{text}' in the revision history is not understood"
            problems.append(Problem(said, line.place, REVISION))
    return [one for one in (_revision(*row, problems) for row in rows) if one is not None]


def _revision(
    day: str, number: str, place: str, words: Sequence[str], problems: list[Problem]
) -> PublishedRevision | None:
    if not REVISION_NUMBER.fullmatch(number):
        problems.append(Problem(f"'{number}' is no number of a revision", place, REVISION))
        return None
    try:
        effective = day_in(day)
    except ValueError:
        said = f"'{day}' in the revision history is no date"
        problems.append(Problem(said, place, REVISION))
        return None
    return PublishedRevision(number, effective, " ".join(filter(None, words)), place)
