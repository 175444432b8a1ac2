"""The tables of the coverage database's download: the row of an article, and the rows that belong to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from pumpclaim.articles.published import DOCUMENT, Problem
from pumpclaim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, str | None]
KEY = ("article_id", "article_version")
ROW_NUMBER = "row number"


def chosen(articles: pl.DataFrame, asked: str | None, source: str) -> tuple[Row, list[Problem]]:
    """The row of the article that is asked for, in its newest version."""
    rows = [
        {**row, "article_id": cell(row, "article_id")} for row in articles.iter_rows(named=True)
    ]
    ids = sorted({row["article_id"] for row in rows})
    if asked is not None:
        number = re.sub(r"^D?A", "", asked.upper())
        rows = [row for row in rows if row["article_id"] == number]
        if not rows:
            raise InputError(f"the download has no article {asked}", source=source)
    elif len(ids) > 1:
        some = ", ".join(f"A{one}" for one in ids[:5])
        raise InputError(
            f"the download has {len(ids):,} articles ({some}...); say which with --article",
            source=source,
        )
    if not rows or not re.fullmatch(r"\d{4,6}", rows[0]["article_id"]):
        raise InputError("the article table names no article by its number", source=source)
    return _newest(rows, source)


def _newest(rows: list[Row], source: str) -> tuple[Row, list[Problem]]:
    versions = [cell(row, "article_version") for row in rows]
    numbers = [int(one) if re.fullmatch(r"\d{1,9}", one) else -1 for one in versions]
    newest = [row for row, number in zip(rows, numbers, strict=True) if number == max(numbers)]
    if len(newest) > 1:
        said = f"A{newest[0]['article_id']}, version {newest[0]['article_version']}"
        raise InputError(f"the download has the article {said} twice", source=source)
    odd = [one or "(blank)" for one, number in zip(versions, numbers, strict=True) if number < 0]
    return newest[0], [
        Problem(f"the version '{one}' is no number", "article.article_version", DOCUMENT)
        for one in odd
    ]


def cell(row: Row, column: str) -> str:
    """A cell without blanks around it; empty where there is none."""
    return str(row.get(column) or "").strip()


class Tables:
    """The tables of a download by name; one that is not there is empty."""

    def __init__(self, tables: dict[str, pl.DataFrame], source: str) -> None:
        self.tables = tables
        self.source = source

    def needed(self, name: str, *columns: str) -> pl.DataFrame:
        """A table that must be there, with the columns that must be."""
        table = self.tables.get(name)
        if table is None:
            raise InputError(f"the download has no table {name}", source=self.source)
        for column in columns:
            if column not in table.columns:
                raise InputError(f"the table {name} has no column {column}", source=self.source)
        return table

    def rows(
        self, name: str, problems: list[Problem], *columns: str, **keys: str | None
    ) -> Iterator[tuple[Row, str]]:
        """Rows of a table whose columns have these values, each with its place.

        A table that lacks one of ``columns`` or of the keys is said once and has no rows.
        """
        table = self.tables.get(name)
        if table is None or not table.height:
            return
        for column in (*keys, *columns):
            if column not in table.columns:
                said = Problem(f"the table {name} has no column {column}", name, DOCUMENT)
                if said not in problems:
                    problems.append(said)
                return
        same = [
            pl.col(column).fill_null("").str.strip_chars() == (value or "").strip()
            for column, value in keys.items()
        ]
        numbered = table.with_row_index(ROW_NUMBER, offset=2)
        for row in numbered.filter(*same).iter_rows(named=True):
            yield row, f"{name} row {row.pop(ROW_NUMBER)}"
