"""Lists of codes: each kind in one normal form, ranges and marks, and no line that goes unsaid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpclaim.articles.listed import codes_of, read_groups
from pumpclaim.articles.published import Line, Problem
from pumpclaim.policy.code_lists import (
    BILL_TYPE,
    CODE,
    DIAGNOSIS,
    MODIFIER,
    REVENUE_CODE,
    holder,
    normal,
    normal_list,
)

NORMAL = [
    (DIAGNOSIS, "G89.4", ("G89.4",)), (DIAGNOSIS, "g894", ("G89.4",)), (DIAGNOSIS, "U07.1", ("U07.1",)),
    (DIAGNOSIS, "G89", ("G89",)), (DIAGNOSIS, "G89.4*", ("G89.4*",)), (DIAGNOSIS, "G89.-", ("G89*",)),
    (DIAGNOSIS, "G89.21 - G89.29", ("G89.21-G89.29",)), (DIAGNOSIS, "G89.29 - G89.21", None),
    (DIAGNOSIS, "S06.0X1A", ("S06.0X1A",)), (DIAGNOSIS, "pain", None), (DIAGNOSIS, "XX000", None),
    (BILL_TYPE, "013x", ("013x",)), (BILL_TYPE, "013", ("013x",)), (BILL_TYPE, "13X", ("013x",)),
    (BILL_TYPE, "131", ("0131",)), (BILL_TYPE, "0851", ("0851",)), (BILL_TYPE, "011x-013x", ("011x", "012x", "013x")),
    (REVENUE_CODE, "0636", ("0636",)), (REVENUE_CODE, "636", ("0636",)), (REVENUE_CODE, "025X", ("025x",)),
    (REVENUE_CODE, "0250 - 0252", ("0250", "0251", "0252")), (REVENUE_CODE, "0250 - 9999", None),
    (CODE, "62370", ("62370",)), (CODE, "J7999*", ("J7999",)), (CODE, "62350-62352", ("62350", "62351", "62352")),
    (CODE, "0232T to 0233T", ("0232T", "0233T")), (CODE, "62370A", None),
    (MODIFIER, "KD", ("KD",)), (MODIFIER, "kd", None), (MODIFIER, "KDX", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "codes"), NORMAL)
def test_normal_forms(kind: str, text: str, codes: tuple[str, ...] | None) -> None:
    assert normal(kind, text) == codes
    for code in codes or ():
        assert normal(kind, code) == (code,), "a normal form is its own"


def test_a_list_with_an_entry_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="pain"):
        normal_list(DIAGNOSIS, ["G89.4", "pain"])


CLAIMED = st.from_regex(r"[A-TV-Z][0-9][0-9A-Z][0-9A-Z]{0,4}", fullmatch=True)


@given(CLAIMED, CLAIMED, CLAIMED)
def test_a_range_holds_what_lies_between_its_ends_and_below_the_last(
    one: str, other: str, code: str
) -> None:
    first, last = sorted((one, other))
    listed = normal(DIAGNOSIS, f"{first} - {last}")
    assert listed is not None
    between = first <= code and (code <= last or code.startswith(last))
    assert holder(DIAGNOSIS, listed)(code) == between


HOLDS = [
    (DIAGNOSIS, ["G89.4"], {"G894": True, "g89.4": True, "G8941": False, "G89": False}),
    (DIAGNOSIS, ["G89.2*"], {"G892": True, "G8929": True, "G893": False}),
    (BILL_TYPE, ["013x", "0851"], {"131": True, "137": True, "0131": True, "851": True, "852": False}),
    (REVENUE_CODE, ["025x", "0636"], {"250": True, "0259": True, "636": True, "0637": False}),
    (MODIFIER, ["KD"], {"KD": True, "JW": False}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "listed", "codes"), HOLDS)
def test_which_codes_a_list_holds(kind: str, listed: list[str], codes: dict[str, bool]) -> None:
    assert {code: holder(kind, listed)(code) for code in codes} == codes


def read(kind: str, *lines: str) -> tuple[list[str], list[str], list[str]]:
    """The codes, the paragraphs, and what is not understood."""
    problems: list[Problem] = []
    groups = read_groups([Line(one, f"line {n}") for n, one in enumerate(lines, 1)], kind, problems)
    paragraphs = [line.plain for group in groups for line in group.paragraph]
    return [one.value for one in codes_of(groups)], paragraphs, [one.value for one in problems]


def test_groups_with_paragraphs() -> None:
    assert read(
        DIAGNOSIS, "Group 1 Paragraph:", "For 62362 alone.", "62370 never.", "Group 1 Codes:",
        "CODE\tDESCRIPTION", "G89.4\tChronic pain of", "some kind", "Group 2 Codes", "(2 Codes)", "M96.1 after it",
        "U07.1", "Group 2 Medical Necessity ICD-10 Codes Asterisk Explanation: Only with a note.",
    ) == (["G89.4", "M96.1", "U07.1"], ["For 62362 alone.", "62370 never.", "Only with a note."], [])  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "lines", "codes"),
    [
        (MODIFIER, ["KD - drug through a pump", "OR anything", "KX\tDOCUMENTED", "JW, JZ"], ["KD", "KX", "JW", "JZ"]),
        (BILL_TYPE, ["013x, 085x and 0121"], ["013x", "085x", "0121"]),
        (BILL_TYPE, ["999x\tNot Applicable"], []),
        (BILL_TYPE, ["013\tHospital"], ["013x"]),
        (REVENUE_CODE, ["99999\tNot Applicable", "0636 drugs"], ["0636"]),
        (REVENUE_CODE, ["0250 - 0251\tPharmacy"], ["0250", "0251"]),
        (DIAGNOSIS, ["XX000\tNot Applicable"], []),
        (DIAGNOSIS, ["N/A"], []),
        (CODE, ["62350-62351\tOURS", "62360 62361", "J7999"], ["62350", "62351", "62360", "62361", "J7999"]),
    ],
)  # fmt: skip
def test_rows(kind: str, lines: list[str], codes: list[str]) -> None:
    assert read(kind, *lines) == (codes, [], [])


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (DIAGNOSIS, "See the other list."), (BILL_TYPE, "Bill types 13x and 85x only"),
        (REVENUE_CODE, "Any revenue code"), (DIAGNOSIS, "G89.29 - G89.21"), (MODIFIER, "OR anything"),
        (CODE, "All codes of pumps"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_row_is_said(kind: str, line: str) -> None:
    codes, _, problems = read(kind, line)
    assert (codes, len(problems)) == ([], 1)


def test_a_code_within_what_follows_a_row_is_no_mere_description() -> None:
    codes, _, problems = read(
        DIAGNOSIS, "G89.4\tPain", "of a kind", "also M96.1 when it is asked for"
    )
    assert (codes, len(problems)) == (["G89.4"], 1)
