"""Articles in the tables of the coverage database's download."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from pumpclaim.articles.archive import tables_of
from pumpclaim.articles.contracts import kind_of
from pumpclaim.articles.dates import NONE, day_in
from pumpclaim.articles.download_codes import Ranged, read_codes
from pumpclaim.articles.download_tables import KEY, Row, Tables, cell, chosen
from pumpclaim.articles.facts import fees_of, prose_of
from pumpclaim.articles.lines import tidy
from pumpclaim.articles.page import lines_of_html
from pumpclaim.articles.published import (
    CODES,
    CONTRACT,
    DATE,
    REVISION,
    CodeGroup,
    Contractor,
    Found,
    Head,
    Line,
    Problem,
    Published,
    PublishedRevision,
)
from pumpclaim.articles.sections import TITLES, says_nothing
from pumpclaim.articles.states import states_of
from pumpclaim.errors import InputError
from pumpclaim.policy.article_folder import REVISION_NUMBER
from pumpclaim.policy.code_lists import BILL_TYPE, CODE, DIAGNOSIS, MODIFIER, REVENUE_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

ESCAPED = 3
"""How often text may be escaped on the way into a dump."""
NO_DATE = ("1900", "01/01/1900", "1/1/1900")
"""What begins a date that stands for none."""
TEXTS = {
    "cms_cov_policy": "policy",
    "description": "text",
    "add_icd10_info": "more_diagnoses",
    "other_comments": "other_coding",
}
"""Columns of the article that hold prose, and the sections that they are."""
PARAGRAPHS = {
    "article_x_hcpc_code_group": ("codes", ("paragraph",)),
    "article_x_hcpc_modifier_group": ("modifiers", ("paragraph",)),
    "article_x_icd10_covered_group": ("covered", ("paragraph", "icd10_covered_ast")),
    "article_x_icd10_noncovered_group": ("not_covered", ("paragraph",)),
    "article_x_other_coding_group": ("other_coding", ("paragraph",)),
}
"""Tables of groups, the sections that their text is of, and the columns that hold it."""
DAYS = {
    "original_effective": ("article_eff_date",),
    "revision_effective": ("article_rev_eff_date",),
    "revision_ending": ("article_rev_end_date", "article_end_date"),
    "retired": ("date_retired",),
}


def read_download(
    data: bytes, source: str, *, article: str | None = None, licensed: bool = False
) -> Published:
    """One article of a download: the only one, or that whose id is asked for, in its newest version.

    Raises InputError when the zip cannot be used, the article is not there, or it is there twice.
    """
    tables = Tables(tables_of(data, source), source)
    row, problems = chosen(tables.needed("article", *KEY, "title"), article, source)
    return _Article(tables, row, source, problems).published(licensed=licensed)


class _Article:
    """One row of the article table with what the other tables say of it."""

    def __init__(self, tables: Tables, row: Row, source: str, problems: list[Problem]) -> None:
        self.tables = tables
        self.row = row
        self.source = source
        self.key = {name: row[name] for name in KEY}
        self.problems = problems

    def own(self, table: str, *columns: str) -> Iterator[tuple[Row, str]]:
        """The article's rows of a table."""
        return self.tables.rows(table, self.problems, *columns, **self.key)

    def published(self, *, licensed: bool) -> Published:
        """The article's facts."""
        revisions = list(self.revisions())
        head = self.head(revisions)
        sections = self.texts()
        fees, compounding = fees_of(sections, self.problems)
        groups = self.groups(licensed=licensed)
        if not groups:
            said = "there is no list of CPT/HCPCS codes"
            self.problems.append(Problem(said, "article_x_hcpc_code", CODES))
        return Published(
            source=self.source,
            head=head,
            contractors=tuple(self.contractors()),
            prose=tuple(prose_of(sections, revisions)),
            fees=tuple(fees),
            compounding=tuple(compounding),
            groups=tuple(groups),
            modifiers=self.codes("article_x_hcpc_modifier", "hcpc_modifier_code_id", MODIFIER),
            diagnoses_covered=self.codes("article_x_icd10_covered", "icd10_code_id", DIAGNOSIS),
            diagnoses_not_covered=self.codes(
                "article_x_icd10_noncovered", "icd10_code_id", DIAGNOSIS
            ),
            bill_types=self.codes("article_x_bill_code", "bill_code_id", BILL_TYPE),
            revenue_codes=self.codes("article_x_revenue_code", "revenue_code_id", REVENUE_CODE),
            revisions=tuple(revisions),
            related=tuple(self.related()),
            keywords=tuple(
                Found(word.strip(), "article.keywords")
                for word in re.split(r"[,;\n•]|<br ?/?>", unescaped(self.row.get("keywords")))
                if word.strip()
            ),
            problems=tuple(self.problems),
        )

    def head(self, revisions: list[PublishedRevision]) -> Head:
        """What the article's row says of it; the newest revision's date where no column has it."""
        days = {name: self.day(columns) for name, columns in DAYS.items()}
        first = days["original_effective"]
        if first is None:
            raise InputError("the article gives no effective date", source=self.source)
        newest = max(revisions, key=lambda one: int(one.number[1:]), default=None)
        if days["revision_effective"] is None and newest is not None:
            days["revision_effective"] = newest.effective
        return Head(
            id=f"A{self.row['article_id']}",
            title=_plain(self.row.get("title")),
            type=self.type(),
            original_effective=first,
            revision_effective=days["revision_effective"],
            revision_ending=days["revision_ending"],
            retired=days["retired"],
            version=cell(self.row, "article_version"),
            places={
                "id": "article.article_id", "title": "article.title", "type": "article.article_type",
                "original_effective": "article.article_eff_date",
                "revision_effective": "article_x_revision_history",
                "revision_ending": "article.article_rev_end_date", "retired": "article.date_retired",
            },
        )  # fmt: skip

    def day(self, columns: tuple[str, ...]) -> date | None:
        """The first date of these columns of the article's row; null when there is none."""
        for column in columns:
            text = cell(self.row, column)
            if text.casefold() in NONE or text.startswith(NO_DATE):
                continue
            try:
                return day_in(text)
            except ValueError:
                self.problems.append(Problem(f"'{text}' is no date", f"article.{column}", DATE))
        return None

    def type(self) -> str:
        """The article's type in words, where the download explains its number."""
        number = cell(self.row, "article_type")
        for row, _ in self.tables.rows(
            "article_type_lookup", self.problems, "description", article_type_id=number
        ):
            return _plain(row.get("description"))
        return number

    def texts(self) -> dict[str, list[Line]]:
        """The article's text by sections: of its own columns, and of the paragraphs of its groups."""
        sections: dict[str, list[Line]] = {name: [] for name in TITLES}
        for column, section in TEXTS.items():
            sections[section] += _lines(self.row.get(column), f"article.{column}")
        for table, (section, columns) in PARAGRAPHS.items():
            for row, place in self.own(table):
                for column in columns:
                    sections[section] += _lines(row.get(column), f"{place}, {column}")
        return sections

    def contractors(self) -> Iterator[Contractor]:
        """The article's contracts, with the states that are theirs today."""
        own = list(self.own("article_x_contractor", "contractor_id"))
        primary = [
            cell(row, "state_id")
            for row, _ in self.own("article_x_primary_jurisdiction", "state_id")
        ]
        if not own:
            self.problems.append(
                Problem("the article names no contractor", "article_x_contractor", CONTRACT)
            )
        for link, place in own:
            found = self.contractor(link)
            number = cell(found, "contractor_number").zfill(5) if found else ""
            if found is None or not re.fullmatch(r"\d{5}", number) or not int(number):
                said = (
                    f"contractor {cell(link, 'contractor_id') or '(blank)'} has no contract number"
                )
                self.problems.append(Problem(said, place, CONTRACT))
                continue
            ids = self.states_of(link)
            abbreviations = self.abbreviations(primary if len(own) == 1 and primary else ids, place)
            served = states_of(abbreviations)
            if served.unknown or not served.states:
                what = (
                    f"'{served.unknown}' among the states of contract {number} is no state that we know"
                    if served.unknown
                    else f"the contract {number} names no state"
                )
                self.problems.append(Problem(what, place, CONTRACT))
            kind = kind_of(self.kinds(found), number)
            if kind is None:
                said = f"the contract {number} is neither an A nor a B contract"
                self.problems.append(Problem(said, place, CONTRACT))
            yield Contractor(
                name=_plain(found.get("contractor_bus_name")),
                number=number,
                kind=kind,
                jurisdiction=None,
                states=served.states,
                region=served.region,
                place=place,
            )

    def contractor(self, link: Row) -> Row | None:
        """The contractor's own row, of the version and type that the article names."""
        for row, _ in self.tables.rows(
            "contractor", self.problems, "contractor_number", contractor_id=link["contractor_id"]
        ):
            if all(
                not cell(row, name) or cell(row, name) == cell(link, name)
                for name in ("contractor_version", "contractor_type_id")
            ):
                return row
        return None

    def states_of(self, link: Row) -> list[str]:
        """The ids of the states that a contractor serves today."""
        return [
            cell(row, "state_id")
            for row, _ in self.tables.rows(
                "contractor_jurisdiction", self.problems, "state_id",
                contractor_id=link["contractor_id"],
            )
            if not cell(row, "term_date")
            and cell(row, "contractor_version") in ("", cell(link, "contractor_version"))
        ]  # fmt: skip

    def abbreviations(self, ids: list[str], place: str) -> list[str]:
        """The abbreviations of states by their ids."""
        found = []
        for number in dict.fromkeys(ids):
            rows = self.tables.rows("state_lookup", self.problems, "state_abbrev", state_id=number)
            row = next(rows, None)
            if row is None:
                said = f"the state {number or '(blank)'} is not in its table"
                self.problems.append(Problem(said, place, CONTRACT))
            else:
                found.append(cell(row[0], "state_abbrev"))
        return found

    def kinds(self, contractor: Row) -> list[str]:
        """What the download says of a contract's kind."""
        said = [cell(contractor, "contractor_bus_name")]
        for table, column in (
            ("contractor_subtype_lookup", "contractor_subtype_id"),
            ("contractor_type_lookup", "contractor_type_id"),
        ):
            if number := cell(contractor, column):
                for row, _ in self.tables.rows(table, self.problems, **{column: number}):
                    said += [cell(row, name) for name in row]
        return said

    def groups(self, *, licensed: bool) -> list[CodeGroup]:
        """The groups of codes."""
        codes: dict[int, dict[str, Found]] = {}
        words: dict[int, dict[str, str]] = {}
        group = "hcpc_code_group"
        for row, place in self.own("article_x_hcpc_code", "hcpc_code_id"):
            number = cell(row, group) or "1"
            if not re.fullmatch(r"\d{1,4}", number):
                self.problems.append(Problem(f"the group '{number}' is no number", place, CODES))
                number = "1"
            ranged = Ranged(
                cell(row, "hcpc_code_id"),
                cell(row, "range"),
                cell(row, "short_description"),
                place,
            )
            for one in read_codes([ranged], CODE, self.problems):
                codes.setdefault(int(number), {}).setdefault(one.value, one)
                description = _plain(row.get("long_description"))
                words.setdefault(int(number), {}).setdefault(one.value, description)
        return [
            CodeGroup(number, tuple(own.values()), words[number] if licensed else {})
            for number, own in sorted(codes.items())
        ]

    def codes(self, table: str, column: str, kind: str) -> tuple[Found, ...]:
        """The codes of a table in their normal forms, each once."""
        rows = [
            Ranged(
                cell(row, column), cell(row, "range"), _plain(row.get("description")), place,
                has_note=cell(row, "asterisk").upper() == "Y",
            )
            for row, place in self.own(table, column)
        ]  # fmt: skip
        return tuple(read_codes(rows, kind, self.problems))

    def revisions(self) -> Iterator[PublishedRevision]:
        """The revision history, in the order of the table."""
        for row, place in self.own("article_x_revision_history", "rev_hist_num", "rev_hist_date"):
            said = _plain(row.get("rev_hist_num"))
            number = said if said.startswith("R") else f"R{said}"
            if not REVISION_NUMBER.fullmatch(number):
                what = f"'{said}' is no number of a revision"
                self.problems.append(Problem(what, place, REVISION))
                continue
            try:
                day = day_in(cell(row, "rev_hist_date"))
            except ValueError:
                self.problems.append(Problem(f"revision {number} has no date", place, REVISION))
                continue
            yield PublishedRevision(number, day, _plain(row.get("rev_hist_exp")), place)

    def related(self) -> Iterator[Found]:
        """Related documents by their numbers."""
        for table, column, letter in (
            ("article_related_documents", "r_article_id", "A"),
            ("article_related_documents", "r_lcd_id", "L"),
            ("article_related_ncd_documents", "r_ncd_id", "NCD "),
        ):
            for row, place in self.own(table):
                number = cell(row, column)
                if number and number != "0":
                    yield Found(f"{letter}{number}", place)


def _lines(text: str | None, place: str) -> list[Line]:
    return [line for line in lines_of_html(unescaped(text), place) if not says_nothing(line)]


def unescaped(text: str | None) -> str:
    """HTML out of a text column, however often it was escaped."""
    text = text or ""
    for _ in range(ESCAPED):
        if "&lt;" not in text and "&amp;" not in text:
            break
        text = html.unescape(text)
    return html.unescape(text) if "<" not in text else text


def _plain(text: str | None) -> str:
    """The text of a column without its HTML, on one line."""
    inside = unescaped(text)
    if "<" in inside:
        inside = " ".join(line.plain for line in lines_of_html(inside))
    return " ".join(tidy(inside).split())
