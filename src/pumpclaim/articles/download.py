"""Articles in the tables of the coverage database's download."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.articles.archive import tables_of
from pumpclaim.articles.facts import day_of
from pumpclaim.articles.fees import take_fees
from pumpclaim.articles.lines import tidy
from pumpclaim.articles.page import lines_of_html
from pumpclaim.articles.published import (
    CodeGroup,
    Contractor,
    Found,
    Published,
    PublishedRevision,
)
from pumpclaim.articles.states import state_of
from pumpclaim.errors import InputError
from pumpclaim.policy.drugs import load_drugs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

KEY = ("article_id", "article_version")
NONE_SUCH = {"999", "0", "TBD", "N/A"}
"""Bill types that mean none."""
ESCAPED = 3
"""How often text may be escaped on the way into a dump."""
KIND = re.compile(r"\b(?:part|mac) ?-? ?(?:part )?([AB])\b", re.IGNORECASE)


def read_download(
    data: bytes, source: str, *, article: str | None = None, licensed: bool = False
) -> Published:
    """One article of a download: the only one, or that whose id is asked for, in its newest version.

    Raises InputError when the zip cannot be used, the article is not there, or it is there twice.
    """
    tables = _Tables(tables_of(data, source), source)
    articles = tables.of("article", "article_id", "article_version", "title")
    row = _chosen(articles, article, source)
    return _Article(tables, row, source).published(licensed=licensed)


def _chosen(articles: pl.DataFrame, asked: str | None, source: str) -> dict[str, Any]:
    ids = articles["article_id"].cast(pl.String)
    if asked is not None:
        number = asked.upper().removeprefix("D").removeprefix("A")
        found = articles.filter(ids == number)
        if not found.height:
            raise InputError(f"the download has no article {asked}", source=source)
    elif ids.n_unique() == 1:
        found = articles
    else:
        some = ", ".join(f"A{one}" for one in ids.unique().sort().head(5))
        raise InputError(
            f"the download has {ids.n_unique():,} articles ({some}...); say which with --article",
            source=source,
        )
    version = pl.col("article_version").cast(pl.Int64, strict=False)
    newest = found.filter(version == found.select(version.max()).item())
    if newest.height > 1:
        said = f"A{newest['article_id'][0]}, version {newest['article_version'][0]}"
        raise InputError(f"the download has the article {said} twice", source=source)
    if not newest.height:
        raise InputError("the article has no version", source=source)
    return newest.row(0, named=True)


class _Tables:
    """The tables of a download by name; one that is not there is empty."""

    def __init__(self, tables: dict[str, pl.DataFrame], source: str) -> None:
        self.tables = tables
        self.source = source

    def of(self, name: str, *needed: str) -> pl.DataFrame:
        """A table that must be there, with the columns that must be."""
        table = self.tables.get(name)
        if table is None:
            raise InputError(f"the download has no table {name}", source=self.source)
        for column in needed:
            if column not in table.columns:
                raise InputError(f"the table {name} has no column {column}", source=self.source)
        return table

    def rows(self, name: str, **keys: Any) -> Iterator[dict[str, Any]]:
        """Rows of a table whose columns have these values, each with its number under ``row``."""
        table = self.tables.get(name)
        if table is None or not table.height or not set(keys) <= set(table.columns):
            return
        numbered = table.with_row_index("row", offset=2)
        yield from numbered.filter(**keys).iter_rows(named=True)


class _Article:
    """One row of the article table with what the other tables say of it."""

    def __init__(self, tables: _Tables, row: dict[str, Any], source: str) -> None:
        self.tables = tables
        self.row = row
        self.source = source
        self.key = {name: row[name] for name in KEY}
        self.problems: list[Found] = []

    def published(self, *, licensed: bool) -> Published:
        """The article's facts."""
        row = self.row
        body = list(lines_of_html(unescaped(row.get("description")), "article.description"))
        rest, fees, unclear = take_fees(body, load_drugs())
        self.problems += unclear
        if not fees:
            self.problems.append(Found("there is no fee table in the text", "article.description"))
        original = self.day("article_eff_date")
        if original is None:
            raise InputError("the article gives no effective date", source=self.source)
        return Published(
            source=self.source,
            id=f"A{row['article_id']}",
            version=row["article_version"],
            title=_plain(row.get("title")),
            type=self.type(),
            original_effective=original,
            revision_effective=self.day("article_rev_eff_date") or self.newest_revision(),
            revision_ending=self.day("article_rev_end_date") or self.day("article_end_date"),
            retired=self.day("date_retired"),
            contractors=tuple(self.contractors()),
            paragraphs=tuple(Found(line.plain, line.place) for line in rest),
            fees=tuple(fees),
            groups=tuple(self.groups(licensed=licensed)),
            modifiers=self.codes("article_x_hcpc_modifier", "hcpc_modifier_code_id"),
            diagnoses_covered=self.codes("article_x_icd10_covered", "icd10_code_id"),
            diagnoses_not_covered=self.codes("article_x_icd10_noncovered", "icd10_code_id"),
            bill_types=self.codes("article_x_bill_code", "bill_code_id"),
            revenue_codes=self.codes("article_x_revenue_code", "revenue_code_id"),
            revisions=tuple(self.revisions()),
            related=tuple(self.related()),
            keywords=tuple(
                Found(word.strip(), "article.keywords")
                for word in re.split(r"[,;\n•]|<br ?/?>", unescaped(row.get("keywords")))
                if word.strip()
            ),
            problems=tuple(self.problems),
        )

    def day(self, column: str) -> date | None:
        """A date of the article's row; null when there is none."""
        text = (self.row.get(column) or "").strip()
        if not text or text.startswith(("N/A", "1900", "01/01/1900")):
            return None
        try:
            return day_of(text)
        except ValueError:
            self.problems.append(Found(f"'{text}' is no date", f"article.{column}"))
            return None

    def type(self) -> str:
        """The article's type in words, where the download explains its number."""
        number = self.row.get("article_type")
        for one in self.tables.rows("article_type_lookup"):
            values = list(one.values())
            if number in (values[1], one.get("article_type_id")):
                return _plain(one.get("description") or values[-1])
        return _plain(number)

    def newest_revision(self) -> date | None:
        """The effective date of the newest revision."""
        days = [one.effective for one in self.revisions()]
        return max(days, default=None)

    def contractors(self) -> Iterator[Contractor]:
        """The article's contracts, with the states that are theirs today."""
        own = list(self.tables.rows("article_x_contractor", **self.key))
        primary = [
            one["state_id"]
            for one in self.tables.rows("article_x_primary_jurisdiction", **self.key)
        ]
        for one in own:
            same = {"contractor_id": one["contractor_id"]}
            found = [
                row
                for row in self.tables.rows("contractor", **same)
                if row.get("contractor_version") in (None, one.get("contractor_version"))
                and row.get("contractor_type_id") in (None, one.get("contractor_type_id"))
            ]
            place = f"article_x_contractor row {one['row']}"
            if not found:
                self.problems.append(
                    Found(f"contractor {one['contractor_id']} is not in its table", place)
                )
                continue
            contractor = found[0]
            ids = [
                row["state_id"]
                for row in self.tables.rows("contractor_jurisdiction", **same)
                if not (row.get("term_date") or "").strip()
                and row.get("contractor_version") in (None, one.get("contractor_version"))
            ]
            states, region = self.states(primary if len(own) == 1 and primary else ids)
            if not states:
                said = f"the contract {contractor['contractor_number']} names no state"
                self.problems.append(Found(said, place))
            yield Contractor(
                name=_plain(contractor.get("contractor_bus_name")),
                number=str(contractor["contractor_number"]).zfill(5),
                kind=self.kind(contractor),
                jurisdiction=_plain(contractor.get("jurisdiction")),
                states=states,
                region=region,
                place=place,
            )

    def states(self, ids: list[str]) -> tuple[tuple[str, ...], str | None]:
        """Postal codes of state ids, each once, and the part of a state that they name."""
        found: dict[str, None] = {}
        region = None
        for number in ids:
            for one in self.tables.rows("state_lookup", state_id=number):
                state, part = state_of(one["state_abbrev"].strip())
                found[state] = None
                region = part or region
        return tuple(found), region

    def kind(self, contractor: dict[str, Any]) -> str | None:
        """A or B where the download says which the contract is; null where it does not."""
        said = [str(contractor.get("contractor_bus_name") or "")]
        for table, column in (
            ("contractor_type_lookup", "contractor_type_id"),
            ("contractor_subtype_lookup", "contractor_subtype_id"),
        ):
            number = contractor.get(column)
            said += [
                " ".join(str(value) for value in one.values())
                for one in self.tables.rows(table, **{column: number})
            ]
        for text in said:
            found = KIND.search(text)
            if found is not None:
                return found[1].upper()
        return None

    def groups(self, *, licensed: bool) -> Iterator[CodeGroup]:
        """The groups of codes with their paragraphs."""
        name = "hcpc_code_group"
        paragraphs = {
            int(one[name]): _plain(one.get("paragraph"))
            for one in self.tables.rows("article_x_hcpc_code_group", **self.key)
        }
        codes: dict[int, dict[str, Found]] = {}
        words: dict[int, dict[str, str]] = {}
        for one in self.tables.rows("article_x_hcpc_code", **self.key):
            number, code = int(one[name] or 1), one["hcpc_code_id"].strip().upper()
            codes.setdefault(number, {})[code] = Found(
                code, f"article_x_hcpc_code row {one['row']}"
            )
            words.setdefault(number, {})[code] = _plain(one.get("long_description"))
        for number in sorted({*paragraphs, *codes}):
            text = paragraphs.get(number, "")
            yield CodeGroup(
                number,
                "" if text.upper() == "N/A" else text,
                tuple(codes.get(number, {}).values()),
                words.get(number, {}) if licensed else {},
            )

    def codes(self, table: str, column: str) -> tuple[Found, ...]:
        """The codes of a table, each once; what means none is left out."""
        found: dict[str, Found] = {}
        for one in self.tables.rows(table, **self.key):
            code = str(one.get(column) or "").strip().upper()
            if code and code not in NONE_SUCH:
                found.setdefault(code, Found(code, f"{table} row {one['row']}"))
        return tuple(found.values())

    def revisions(self) -> Iterator[PublishedRevision]:
        """The revision history, newest first as the database shows it."""
        for one in self.tables.rows("article_x_revision_history", **self.key):
            place = f"article_x_revision_history row {one['row']}"
            number = _plain(one["rev_hist_num"])
            try:
                day = day_of(one["rev_hist_date"] or "")
            except ValueError:
                self.problems.append(Found(f"revision {number} has no date", place))
                continue
            number = number if number.startswith("R") else f"R{number}"
            yield PublishedRevision(number, day, _plain(one.get("rev_hist_exp")), place)

    def related(self) -> Iterator[Found]:
        """Related documents by their numbers."""
        for one in self.tables.rows("article_related_documents", **self.key):
            for column, letter in (("r_article_id", "A"), ("r_lcd_id", "L")):
                number = (one.get(column) or "").strip()
                if number and number != "0":
                    yield Found(f"{letter}{number}", f"article_related_documents row {one['row']}")


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
