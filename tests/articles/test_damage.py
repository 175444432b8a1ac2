"""Damage of bytes and of lines, in every form: an article, or one sentence and nothing written; never a fault."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pumpclaim.articles.reading import read_article_data

from .downloaded import download
from .rendered import Invented, page, pdf, saved, text
from .surviving import survives

FORMS = {"text": text, "pdf": pdf, "page": page, "saved": saved, "download": download}
SEEDS = {name: make(Invented()) for name, make in FORMS.items()}
PIECES = [b"$", b"\t", b"<td>", b"\x00", b"N/A", b"per mg", b"Codes", b"R9 ", b"Group 1 "]
LINES = [
    "N/A", "$", "$0.05 per mg", "Article ID", "Article Text:", "Coding Information", "Keywords", "01111 - MAC A",
    "99/99/9999", "\t", "Group 99999999999999999999 Codes", "Group 1 Codes:", "Contractor Information", "R1",
    "02/30/2020 R9 x", "per", "G89.4", "<td>", "</table>", "&#0;", "<tr><td>", "\x0b", "0" * 5_000,
    "Revision Effective Date", "DA99009", "Revision History Information", "Group 1 Paragraph", "01/01/2024\tR99999\tx",
    "Bill Type Codes", "Compounding Fee $0 per refill",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_of_bytes(form: str, data: st.DataObject) -> None:
    seed = bytearray(SEEDS[form])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(seed) - 1))
        what = data.draw(st.sampled_from(["flip", "cut", "double", "insert"]))
        if what == "flip":
            seed[at] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del seed[at : at + data.draw(st.integers(1, 200))]
        elif what == "double":
            seed[at:at] = seed[at : at + 100]
        else:
            seed[at:at] = data.draw(st.sampled_from(PIECES))
        if not seed:
            return
    survives(bytes(seed))


@pytest.mark.parametrize("form", ["text", "page"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_of_lines(form: str, data: st.DataObject) -> None:
    whole = SEEDS[form].decode()
    parted = "\n" if form == "text" else ">"
    lines = whole.split(parted)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.integers(0, len(lines) - 1))
        what = data.draw(st.sampled_from(["insert", "cut", "swap", "join", "tail"]))
        if what == "insert":
            lines.insert(at, data.draw(st.sampled_from(LINES)))
        elif what == "cut":
            del lines[at : at + data.draw(st.integers(1, 20))]
        elif what == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif what == "join":
            lines[at] += " " + lines[other]
        else:
            lines[at] = lines[at][: len(lines[at]) // 2] + data.draw(st.sampled_from(LINES))
        if not lines:
            return
    survives(parted.join(lines).encode())


@pytest.mark.parametrize(
    "line",
    ["a " * 40_000, "$1.0 per " * 9_000, "(" * 60_000, "Idaho " * 9_000, "99301 - MAC A " * 5_000, "G89.4 - " * 9_000],
)  # fmt: skip
def test_a_long_line_takes_no_longer_than_it_must(line: str) -> None:
    a = Invented(prose=[line])
    read_article_data(text(a), "given")
    for before in (b"Example Services, LLC\t", b"62367\t", b"G89.4\t"):
        read_article_data(text(a).replace(before, line.encode() + b"\n" + before, 1), "given")
