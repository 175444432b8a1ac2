"""The worklist: dollars at stake against plain Python, its order, its filters, its exports."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given, settings

import pumpclaim
from pumpclaim.claim_set import ClaimSet
from pumpclaim.errors import InputError
from pumpclaim.reports.amounts import dollars
from pumpclaim.reports.worklist import (
    FORMS,
    MONEY,
    render_csv,
    render_findings_csv,
    render_json,
    render_xlsx,
)
from pumpclaim.tables import OUTCOMES
from pumpclaim.worklist import Selection, choices, worklist

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

from .test_review_properties import SITUATION

EXAMPLES = Path(__file__).parents[2] / "examples"
CENTS = 10**7


@pytest.fixture(scope="module")
def review() -> pumpclaim.Review:
    return pumpclaim.check(
        pumpclaim.read(str(EXAMPLES / "clinic.837"), str(EXAMPLES / "hospital.837"))
    )


def stakes(review: pumpclaim.Review) -> dict[int, tuple[int | None, int | None]]:
    """Dollars at stake and left uncharged of every claim, line by line in plain Python."""
    lines: dict[int, list[dict[str, Any]]] = {}
    for row in review.prices.to_dicts():
        lines.setdefault(row["claim"], []).append(row)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in review.findings.to_dicts():
        found.setdefault(row["claim"], []).append(row)
    told: dict[int, tuple[int | None, int | None]] = {}
    for claim in range(review.claim_set.claims.height):
        at_stake: list[int | None] = []
        left: list[int | None] = []
        for line in lines.get(claim, []):
            own = [f for f in found.get(claim, []) if f["line"] in (None, line["line"])]
            rules = {f["rule"] for f in own}
            allowed = None if "DRG112" in rules else line["allowed"]
            payable = None if "DRG112" in rules else line["payable"]
            if any(f["outcome"] in ("deny", "reject", "records") for f in own):
                at_stake.append(payable or line["charge"] or allowed or None)
            if "PRC104" in rules:
                left.append(None if allowed is None else allowed - line["charge"])
        told[claim] = (
            None if None in at_stake else sum(filter(None, at_stake)),
            None if None in left else sum(filter(None, left)),
        )
    return told


def reckoned(table: pl.DataFrame) -> dict[int, tuple[int | None, int | None]]:
    return {
        claim: (stake, left)
        for claim, stake, left in table.select("claim", "at_stake", "left_uncharged").iter_rows()
    }


@settings(max_examples=60, deadline=None)
@given(SITUATION)
def test_dollars_are_those_of_the_lines_that_findings_concern(situation: Any) -> None:
    review = pumpclaim.check(claims_of(situation))
    table = worklist(review)
    assert reckoned(table) == stakes(review)
    assert sorted(table["claim"].to_list()) == list(range(len(situation)))


def test_a_charge_below_the_allowance_is_no_reason_to_work(review: pumpclaim.Review) -> None:
    day = date(2025, 3, 10)
    claims = claims_of([
        {"id": "LOW", "patient_id": "P1", "date": day, "lines": ["62370", {"line": "J7999-KD CLONIDINE 4000MCG", "charge": 10}]},
        {"id": "SLIP", "patient_id": "P2", "date": day, "lines": ["62370", {"line": "J7999-KD CLONIDINE 4000MG", "charge": 500}]},
        {"id": "KD", "patient_id": "P3", "date": day, "lines": ["62370", {"line": "J7999 CLONIDINE 400MCG", "charge": 100}]},
        {"id": "FINE", "patient_id": "P4", "date": day, "lines": ["62370", {"line": "J7999-KD CLONIDINE 400MCG", "charge": 100}]},
    ])  # fmt: skip
    table = worklist(pumpclaim.check(claims))
    told = {row["claim_id"]: row for row in table.to_dicts()}
    assert table["claim_id"].to_list() == ["SLIP", "KD", "LOW", "FINE"]
    assert told["LOW"]["at_stake"] == 0
    assert told["LOW"]["left_uncharged"] == 54_00 * CENTS
    assert told["SLIP"]["at_stake"] == 500_00 * CENTS  # the charge: the allowance is implausible
    assert told["SLIP"]["left_uncharged"] is None
    assert told["FINE"]["left_uncharged"] == 0


def test_dollars_at_stake_of_the_example(review: pumpclaim.Review) -> None:
    table = worklist(review)
    of = dict(table.select("claim_id", "at_stake").iter_rows())
    assert reckoned(table) == stakes(review)
    assert of["R-1006"] == 5200_00 * CENTS  # an implausible amount: the charge, not the allowance
    assert (
        of["R-1004"] == 220_00 * CENTS
    )  # the drug line without KD, its allowance below its charge
    assert of["R-1005"] == 900_00 * CENTS  # no narrative, so no allowance: the charge
    assert of["R-1009"] == 900_00 * CENTS  # nothing is allowed: the charge is at risk
    assert of["R-1001"] == 0  # advice alone


def test_what_costs_most_stands_first_and_what_needs_no_work_last(review: pumpclaim.Review) -> None:
    table = worklist(review)
    works = table["determination"].cast(pl.String).is_in(["denied", "fix", "records"])
    assert works.to_list() == sorted(works.to_list(), reverse=True)
    amounts = table.filter(works)["at_stake"].to_list()
    assert amounts == sorted(amounts, reverse=True)


def test_an_amount_that_is_not_known_is_null_and_stands_behind_those_that_are() -> None:
    claims = claims_of([
        {"id": "A", "patient_id": "P1", "date": date(2025, 3, 10), "lines": ["J7999-KD", "62370"]},
        {"id": "B", "patient_id": "P2", "date": date(2025, 3, 10), "lines": ["J7999 MORPHINE 360MG", "62370"]},
    ])  # fmt: skip
    claims = ClaimSet(claims.claims, claims.lines.with_columns(charge=pl.lit(None, pl.Int64)))
    table = worklist(pumpclaim.check(claims))
    assert table["claim_id"].to_list() == ["B", "A"]
    assert table["at_stake"].to_list() == [18_00 * CENTS + 60_00 * CENTS, None]


def test_each_filter_keeps_what_it_names_and_all_of_it(review: pumpclaim.Review) -> None:
    table = worklist(review)
    for name, values in choices(table).items():
        for value in values:
            kept = Selection(**{name: value}).of(table)
            column = {
                "determination": pl.col("determination").cast(pl.String) == value,
                "outcome": pl.col("outcomes").list.contains(value),
                "rule": pl.col("rules").list.contains(value),
                "provider": pl.col("billing_provider_npi") == value,
            }[name]
            assert kept.equals(table.filter(column))
            assert kept.height > 0
    assert Selection(rule="drg").of(table).height == sum(
        any(rule.startswith("DRG") for rule in rules) for rules in table["rules"]
    )
    assert Selection(patient="9xx0004").of(table)["claim_id"].to_list() == ["R-1006"]
    assert Selection(claim="1006").of(table).height == 1
    assert Selection(first_day=date(2026, 1, 1)).of(table).height == 16
    assert Selection(last_day=date(2025, 12, 31)).of(table).height == 3
    assert Selection(patient="(").of(table).height == 0


def test_outcomes_are_worst_first(review: pumpclaim.Review) -> None:
    order = OUTCOMES.categories.to_list()
    for outcomes in worklist(review)["outcomes"]:
        ranks = [order.index(one) for one in outcomes]
        assert ranks == sorted(ranks, reverse=True)


def test_a_worklist_of_nothing() -> None:
    table = worklist(pumpclaim.check(ClaimSet()))
    assert table.height == 0
    assert Selection(rule="DRG", patient="x").of(table).height == 0
    assert choices(table)["rule"] == []


HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "<script>alert(1)</script>", '"quoted"', "＝1+1", "＋1",
    "－1", "＠x", " =1", "\u200b=1", '"=1', ";=1", "a;=1+1", "a\t=1", "a\n=1", "a|+1", "a; -1",
]  # fmt: skip
BEGINS = re.compile(r"""[\s\u200b"']*[=+\-@＝＋－＠]""")
"""What a spreadsheet may take for the beginning of a formula."""


def table_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets_of(content: bytes) -> dict[str, list[dict[str, str]]]:
    """The rows of a workbook's sheets as they are stored: texts from its table of strings, numbers as text."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {
            name: ElementTree.fromstring(book.read(name))
            for name in book.namelist()
            if name.endswith(".xml")
        }
    strings = ["".join(one.itertext()) for one in parts["xl/sharedStrings.xml"]]
    found = {}
    for number, sheet in enumerate(parts["xl/workbook.xml"].iter(f"{SHEET}sheet"), start=1):
        rows: list[dict[str, str]] = []
        for row in parts[f"xl/worksheets/sheet{number}.xml"].iter(f"{SHEET}row"):
            cells = {}
            for cell in row:
                value = cell.findtext(f"{SHEET}v") or ""
                column = re.sub(r"\d", "", cell.attrib["r"])
                cells[column] = strings[int(value)] if cell.get("t") == "s" else value
            rows.append(cells)
        head, *others = rows
        found[sheet.attrib["name"]] = [
            {name: row.get(column, "") for column, name in head.items()} for row in others
        ]
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_no_export_holds_a_formula(text: str) -> None:
    claims = claims_of(
        [{"id": "A", "date": date(2025, 3, 10), "lines": ["J7999 CLONIDINE 20MCG", "62370"]}]
    )
    claims = ClaimSet(
        claims.claims.with_columns(claim_id=pl.lit(text), patient_id=pl.lit(text), source=pl.lit(text)),
        claims.lines,
    )  # fmt: skip
    review = pumpclaim.check(claims)
    table = worklist(review)
    for render in (render_csv, render_findings_csv):
        rows = table_of(render(table, review.findings))
        assert rows
        for row in rows:
            for cell in row.values():
                for piece in re.split(r"[;|\t\r\n]", cell):
                    assert not BEGINS.match(piece) or piece.lstrip(' \u200b"').startswith("'"), cell
            assert row["claim_id"].replace("'", "") == text.replace("'", "")
    content = render_xlsx(table, review.findings)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for number in (1, 2):
            assert "<f>" not in book.read(f"xl/worksheets/sheet{number}.xml").decode()
    assert json.loads(render_json(table, review.findings))["claims"][0]["claim_id"] == text


def test_a_long_identifier_stays_text_in_a_workbook(review: pumpclaim.Review) -> None:
    sheets = sheets_of(render_xlsx(worklist(review), review.findings))
    assert "1234567802" in [row["billing_provider_npi"] for row in sheets["claims"]]
    with zipfile.ZipFile(io.BytesIO(render_xlsx(worklist(review), review.findings))) as book:
        assert "<v>1234567802</v>" not in book.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("name", ["at_stake", "left_uncharged", "charge", "allowed"])
def test_the_sum_of_a_column_of_money_is_the_total(review: pumpclaim.Review, name: str) -> None:
    table = worklist(review)
    total = dollars(int(table[name].fill_null(0).sum()))
    rows = table_of(render_csv(table, review.findings))
    assert len(rows) == table.height
    assert f"{sum(Decimal(row[name]) for row in rows if row[name]):.2f}" == total
    sheet = sheets_of(render_xlsx(table, review.findings))["claims"]
    assert f"{sum(Decimal(row[name]) for row in sheet if row[name]):.2f}" == total
    assert not set(rows[0]) & {"message", "fix"}
    assert not set(table_of(render_findings_csv(table, review.findings))[0]) & set(MONEY)


def test_findings_stand_in_a_file_and_a_sheet_of_their_own(review: pumpclaim.Review) -> None:
    table = worklist(review)
    rows = table_of(render_findings_csv(table, review.findings))
    sheet = sheets_of(render_xlsx(table, review.findings))["findings"]
    assert len(rows) == len(sheet) == review.findings.height
    order = [name for name in table["claim_id"] for row in rows if row["claim_id"] == name]
    assert [row["claim_id"] for row in rows] == [row["claim_id"] for row in sheet] == order
    one = next(row for row in rows if row["rule"] == "DRG104")
    assert one["title"] == "A drug given through the pump is billed without modifier KD."
    assert one["statements"].split() == list(pumpclaim.rules.RULES["DRG104"].statements)
    claims = table_of(render_csv(table, review.findings))
    first = next(row for row in claims if row["claim_id"] == "R-1013")
    assert first["rules"].split()[0] == "COD107", "the worst first"
    assert first["titles"].startswith("Programming is billed")


def test_what_no_workbook_holds_ends_in_a_sentence(
    review: pumpclaim.Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = worklist(review)
    long = review.findings.with_columns(message=pl.lit("x" * 32_768))
    with pytest.raises(
        InputError, match=r"message of claim R-\d+ holds 32,768 characters, more than the 32,767"
    ):
        render_xlsx(table, long)
    assert len(render_csv(table, long)) > 0
    monkeypatch.setattr("pumpclaim.reports.worklist.MOST_ROWS", 20)
    with pytest.raises(InputError, match="more than the 20 rows of a workbook's sheet"):
        render_xlsx(table, review.findings)


def test_columns_of_a_workbook_are_no_wider_than_a_screen(review: pumpclaim.Review) -> None:
    content = render_xlsx(worklist(review), review.findings)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for number in (1, 2):
            sheet = book.read(f"xl/worksheets/sheet{number}.xml").decode()
            widths = [float(one) for one in re.findall(r'<col [^>]*width="([\d.]+)"', sheet)]
            assert widths
            assert max(widths) < 62


def test_an_export_of_nothing() -> None:
    review = pumpclaim.check(ClaimSet())
    table = worklist(review)
    for _, render in FORMS.values():
        assert render(table, review.findings)


def test_the_json_tells_the_findings_of_each_claim(review: pumpclaim.Review) -> None:
    table = worklist(review)
    told = {
        one["claim_id"]: one for one in json.loads(render_json(table, review.findings))["claims"]
    }
    assert told["R-1004"]["at_stake"] == "220.00"
    assert told["R-1008"]["allowed"] is None
    for claim in pumpclaim.Review.to_dicts(review)["claims"]:
        own = told[claim["claim_id"]]["findings"]
        assert [f["rule"] for f in own] == [f["rule"] for f in claim["findings"]]
        assert all(f["title"] and f["statements"] for f in own)
    assert set(FORMS) == {"csv", "findings.csv", "json", "xlsx"}
