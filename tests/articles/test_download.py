"""The coverage database's tables: what their cells may be, and that none of it goes unsaid or ends in a fault."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pumpclaim.articles.published import Published
from pumpclaim.articles.reading import read_article_data
from pumpclaim.errors import InputError

from .downloaded import COLUMNS, Tables, tables_of, zipped
from .rendered import Invented
from .surviving import survives

ARTICLE = tables_of(Invented())


def read(tables: Tables) -> Published:
    return read_article_data(zipped(tables), "given")


def changed(table: str, **cells: str) -> Tables:
    """The tables with other cells in the last row of one of them."""
    tables = copy.deepcopy(ARTICLE)
    for column, value in cells.items():
        tables[table][-1][tables[table][0].index(column)] = value
    return tables


def without(table: str, column: str) -> Tables:
    tables = copy.deepcopy(ARTICLE)
    at = tables[table][0].index(column)
    for row in tables[table]:
        del row[at]
    return tables


def added(table: str, **cells: str) -> Tables:
    tables = copy.deepcopy(ARTICLE)
    key = {"article_id": "99009", "article_version": "3", **cells}
    tables[table].append([key.get(column, "") for column in tables[table][0]])
    return tables


def told(article: Published) -> list[str]:
    return [one.value for one in article.problems]


def test_placeholders_are_no_list() -> None:
    empty = Invented(modifiers=[], covered=[], not_covered=[], bill_types=[], revenue_codes=[])
    found = read(tables_of(empty))
    assert (found.modifiers, found.diagnoses_covered, found.diagnoses_not_covered) == ((), (), ())
    assert (found.bill_types, found.revenue_codes, found.problems) == ((), (), ())


def test_prose_beside_the_text_is_seen() -> None:
    found = read(
        changed(
            "article", add_icd10_info="&lt;p&gt;Pain comes first.&lt;/p&gt;",
            cms_cov_policy="&lt;p&gt;NCD 280.14&lt;/p&gt;",
        )
    )  # fmt: skip
    assert (
        "Additional ICD-10 Information",
        "Pain comes first.",
        "article.add_icd10_info, block 1",
    ) in [(one.section, one.text, one.place) for one in found.prose]
    assert "NCD 280.14" in [one.text for one in found.prose]


SAID = {
    "a code that is none": (added("article_x_hcpc_code", hcpc_code_id="623"), "'623' is no code"),
    "an empty code": (added("article_x_hcpc_code"), "'(blank)' is no code"),
    "a group that is no number": (
        added("article_x_hcpc_code", hcpc_code_id="62355", hcpc_code_group="A"), "the group 'A' is no number",
    ),
    "a contract without a number": (changed("contractor", contractor_number=""), "contractor 101 has no contract number"),
    "a contract of nobody": (added("article_x_contractor"), "contractor (blank) has no contract number"),
    "a state that is not in its table": (changed("contractor_jurisdiction", state_id="77", term_date=""), "the state 77 is not"),
    "a state that is none": (changed("state_lookup", state_abbrev="QQ") | {
        "contractor_jurisdiction": changed("contractor_jurisdiction", term_date="")["contractor_jurisdiction"],
    }, "'QQ' among the states of contract 99302"),
    "a revision that is no number": (added("article_x_revision_history", rev_hist_num="../../x", rev_hist_date="01/01/2025"), "'../../x' is no number of a revision"),
    "a revision without a day": (added("article_x_revision_history", rev_hist_num="3"), "revision R3 has no date"),
    "a version that is no number": (changed("article", article_version="x") | {
        name: [[("x" if cell == "3" and column == "article_version" else cell) for column, cell in zip(rows[0], row, strict=True)] for row in rows]
        for name, rows in ARTICLE.items() if name.startswith("article_x")
    } | {"article": changed("article", article_version="x")["article"]}, "the version 'x' is no number"),
    "a range that does not end": (added("article_x_icd10_covered", icd10_code_id="G90.1", range="B"), "begins with G90.1 has no end"),
    "a range of an odd mark": (added("article_x_revenue_code", revenue_code_id="0270", range="Y"), "the mark 'Y' of a range on 0270"),
    "a date that is none": (changed("article", date_retired="13/45/2024"), "'13/45/2024' is no date"),
    "no contractor at all": ({**ARTICLE, "article_x_contractor": ARTICLE["article_x_contractor"][:1]}, "the article names no contractor"),
    "no codes at all": ({**ARTICLE, "article_x_hcpc_code": ARTICLE["article_x_hcpc_code"][:1]}, "no list of CPT/HCPCS codes"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_is_odd_is_listed(name: str) -> None:
    tables, said = SAID[name]
    assert any(said in one for one in told(read(tables))), told(read(tables))


NEEDED = [
    (table, column)
    for table, columns in COLUMNS.items()
    for column in columns.split()
    if (table, column) in {
        ("article_x_hcpc_code", "hcpc_code_id"), ("article_x_hcpc_code", "article_version"),
        ("article_x_icd10_covered", "icd10_code_id"), ("contractor", "contractor_number"),
        ("contractor", "contractor_id"), ("article_x_contractor", "contractor_id"), ("state_lookup", "state_abbrev"),
        ("state_lookup", "state_id"), ("contractor_jurisdiction", "state_id"),
        ("article_x_revision_history", "rev_hist_num"), ("article_x_revision_history", "rev_hist_date"),
        ("article_type_lookup", "description"),
    }
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), NEEDED)
def test_a_missing_column_is_listed(table: str, column: str) -> None:
    assert f"the table {table} has no column {column}" in told(read(without(table, column)))


def test_without_tables_of_kinds_the_number_tells_the_kind() -> None:
    tables = {k: v for k, v in ARTICLE.items() if k != "contractor_subtype_lookup"}
    found = read(tables)
    assert [(one.number, one.kind) for one in found.contractors] == [("99301", "A"), ("99302", "B")]
    odd = read(
        {**tables, "contractor": changed("contractor", contractor_number="99303")["contractor"]}
    )
    assert "the contract 99303 is neither an A nor a B contract" in told(odd)


@pytest.mark.parametrize("number", ["../../etc", "", "x", "1"])
def test_an_article_without_a_number_is_refused(number: str) -> None:
    with pytest.raises(InputError, match="names no article by its number"):
        read(changed("article", article_id=number))


CELLS = st.sampled_from(
    ["", "x", "-1", "9" * 21, "2024-13-45", "02/30/2024", "&lt;", "<p>", "\x00", "NaN", " 1 ", "1.0", "é“",
     "../..", "R9", "B", "E", "Y", "N/A", "$0.05 per mg", "00000"]
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_cell_ends_in_anything_but_facts_or_a_sentence(data: st.DataObject) -> None:
    tables = copy.deepcopy(ARTICLE)
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted(tables)))
        rows = tables[name]
        what = data.draw(st.sampled_from(["cell", "row", "double", "column", "rows", "table"]))
        if what == "table":
            del tables[name]
        elif what == "rows" or not rows or not rows[0]:
            tables[name] = rows[:1]
        elif what == "column":
            at = data.draw(st.integers(0, len(rows[0]) - 1))
            tables[name] = [row[:at] + row[at + 1 :] for row in rows]
        else:
            at = data.draw(st.integers(0, len(rows) - 1))
            if what == "cell":
                rows[at][data.draw(st.integers(0, len(rows[at]) - 1))] = data.draw(CELLS)
            elif what == "row":
                del rows[at]
            else:
                rows.append(list(rows[at]))
        if not tables:
            return
    survives(zipped(tables))


def test_two_articles_of_one_id_and_version_are_refused() -> None:
    tables: dict[str, Any] = copy.deepcopy(ARTICLE)
    tables["article"].append(list(tables["article"][-1]))
    with pytest.raises(InputError, match="A99009, version 3 twice"):
        read(tables)
