"""Contracts: states are those of the number's own row, or they are not known and that is said."""

from __future__ import annotations

import pytest

from pumpclaim.articles.contracts import kind_of, read_contracts
from pumpclaim.articles.lines import lines_of
from pumpclaim.articles.positions import Piece, contractor_rows


def read(text: str) -> tuple[dict[str, tuple[str | None, tuple[str, ...]]], list[str], set[str]]:
    problems: list = []
    found = read_contracts(list(lines_of(text)), problems)
    told = {one.number: (one.kind, one.states) for one in found}
    return told, [one.value for one in problems], {one.name for one in found}


TABLE = "CONTRACTOR NAME\tCONTRACT TYPE\tCONTRACT NUMBER\tJURISDICTION\tSTATE(S)\n"
NAME = "Wisconsin Physicians of Nevada, Inc"


def test_a_row_of_cells() -> None:
    told, problems, names = read(
        f"{TABLE}{NAME}\tA and B MAC\t99101 - MAC A\tJ - 5\tIowa Kansas\n"
        f"{NAME}\tMAC - Part B\t99102\tJ - 5\tCalifornia - Northern"
    )
    assert told == {"99101": ("A", ("IA", "KS")), "99102": ("B", ("CA",))}
    assert (problems, names) == ([], {NAME})


def test_lines_of_states_behind_a_row_of_cells_are_its_own() -> None:
    told, problems, _ = read(
        f"{NAME}\tA and B MAC\t99101 - MAC A\tJ - 5\tAmerican Samoa\nGuam\nHawaii\n"
        f"{NAME}\tA and B MAC\t99102 - MAC B\tJ - 5\tIowa"
    )
    assert told == {"99101": ("A", ("AS", "GU", "HI")), "99102": ("B", ("IA",))}
    assert problems == []


def test_a_row_in_one_line_without_cells() -> None:
    told, problems, names = read(
        f"Contractor Name Contract Type Contract Number Jurisdiction States\n"
        f"{NAME} A and B MAC 99101 - MAC A J - 5 Iowa Guam\n{NAME} A and B MAC 99102 - MAC B J - 5 Kansas"
    )
    assert told == {"99101": ("A", ("IA", "GU")), "99102": ("B", ("KS",))}
    assert (problems, names) == ([], {NAME})


def test_a_cell_in_each_line() -> None:
    told, problems, names = read(
        f"{NAME}\nA and B MAC\n99101 - MAC A\nJ - 5\nIowa\n{NAME}\nA and B MAC\n99102 - MAC B\nJ - 5\nGuam\nHawaii"
    )
    assert told == {"99101": ("A", ("IA",)), "99102": ("B", ("GU", "HI"))}
    assert (problems, names) == ([], {NAME})


def test_states_that_may_be_of_either_of_two_rows_are_not_known() -> None:
    told, problems, _ = read(
        f"{NAME}\nA and B MAC\n99101 - MAC A\nJ - 5\nNevada\nAmerican Samoa\nGuam\n"
        f"{NAME}\nA and B MAC\n99102 - MAC B\nJ - 5\nHawaii\n{NAME}\n99103 - MAC B\nIowa"
    )
    assert told == {"99101": ("A", ()), "99102": ("B", ()), "99103": ("B", ("IA",))}
    assert [("99101" in one, "over several lines" in one) for one in problems] == [
        (True, True), (False, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Iowa Palau Guam", "'Palau' among the states of contract 99101"),
        ("", "the contract 99101 names no state"),
        ("Iowa\nX\tA and B MAC\t99101 - MAC A\tJ - 5\tGuam", "the contract 99101 stands twice"),
        ("Iowa\nPalau", "'Palau' behind the last contract"),
    ],
)
def test_what_is_not_understood_is_said(row: str, said: str) -> None:
    _, problems, _ = read(f"X\tA and B MAC\t99101 - MAC A\tJ - 5\t{row}")
    assert len(problems) == 1
    assert said in problems[0]


def test_a_section_without_numbers() -> None:
    assert read("Nobody")[1] == ["no contract number was found"]
    assert read("")[1] == []


@pytest.mark.parametrize(
    ("said", "number", "kind"),
    [
        (["MAC A"], "99102", "A"), (["A and B MAC", "MAC - Part B"], "99101", "B"), (["A and B MAC"], "99101", "A"),
        ([], "99102", "B"), ([], "99103", None), (["DME MAC"], "99101", None), (["HHH MAC"], "99102", None),
    ],
)  # fmt: skip
def test_the_kind_of_a_contract(said: list[str], number: str, kind: str | None) -> None:
    assert kind_of(said, number) == kind


def pieces(*rows: tuple[int, float, float, str]) -> list[Piece]:
    return [Piece(text, page, x, y) for page, x, y, text in rows]


HEADS = (
    (1, 10, 0, "Contractor Information"), (1, 10, 20, "Contractor Name"), (1, 200, 14, "Contract"),
    (1, 200, 26, "Number"), (1, 300, 20, "Jurisdiction"), (1, 400, 20, "States"),
)  # fmt: skip


def rows_of(*rows: tuple[int, float, float, str]) -> list[list[str]]:
    end = (9, 10, 0, "Article Information")
    return [line.text.split("\t") for line in contractor_rows(pieces(*HEADS, *rows, end))]


def test_cells_in_the_middle_of_their_rows_are_told_by_where_they_stand() -> None:
    assert rows_of(
        (1, 10, 60, "One"), (1, 200, 60, "99101 - MAC A"), (1, 300, 60, "J - 5"), (1, 400, 53, "Nevada"),
        (1, 400, 67, "State of Iowa"),
        (1, 10, 120, "Two"), (1, 200, 120, "99102 - MAC B"), (1, 300, 120, "J - 5"),
        (1, 400, 99, "Guam"), (1, 400, 113, "Hawaii"), (1, 400, 127, "American"), (1, 400, 141, "Samoa"),
    ) == [
        ["One", "", "99101 - MAC A", "J - 5", "Nevada State of Iowa"],
        ["Two", "", "99102 - MAC B", "J - 5", "Guam Hawaii American Samoa"],
    ]  # fmt: skip


def test_a_page_may_break_a_row() -> None:
    assert rows_of(
        (1, 10, 700, "One"), (1, 200, 700, "99101 - MAC A"), (1, 300, 700, "J - 5"), (1, 400, 700, "Guam"),
        (1, 400, 714, "Hawaii"),
        (2, 10, 20, "Contractor Name"), (2, 400, 20, "States"), (2, 400, 40, "American Samoa"),
        (2, 10, 80, "Two"), (2, 200, 80, "99102 - MAC B"), (2, 300, 80, "J - 5"), (2, 400, 80, "Iowa"),
    ) == [
        ["One", "", "99101 - MAC A", "J - 5", "Guam Hawaii American Samoa"],
        ["Two", "", "99102 - MAC B", "J - 5", "Iowa"],
    ]  # fmt: skip


def test_states_that_stand_beside_no_number_make_the_table_unsure() -> None:
    assert rows_of(
        (1, 10, 60, "One"), (1, 200, 60, "99101 - MAC A"), (1, 400, 60, "Nevada"), (1, 400, 74, "Iowa"),
        (1, 400, 300, "Guam"),
    ) == []  # fmt: skip
