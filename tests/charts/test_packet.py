"""The packet: cover, index, documents in order, what is missing; and documents that are damaged."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from pumpclaim.charts.assessment import assess
from pumpclaim.errors import InputError
from pumpclaim.reports.assessment.packet import Packet, write_packet

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of

ROUTE = {"answer": "intrathecal"}


def pdf(path: Path, *pages: str, password: str | None = None) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for words in pages:
        canvas.drawString(72, 720, words)
        canvas.showPage()
    canvas.save()
    writer = PdfWriter(io.BytesIO(buffer.getvalue()))
    if password:
        writer.encrypt(password)
    writer.write(path)


def answer(value: Any, document: str, page: int | None = None) -> dict[str, Any]:
    place: dict[str, Any] = {"document": document}
    return {"answer": value, "evidence": place | ({"page": page} if page else {})}


def packet(tmp_path: Path, answers: dict[str, Any]) -> Packet:
    charts = charts_of([{"blank": True, "answers": {"implant_date": "2025-03-10", **answers}}])
    return write_packet(assess(charts), tmp_path / "packet", tmp_path)


def text_of(made: Packet) -> list[str]:
    return [page.extract_text() for page in PdfReader(made.pdf).pages]


def test_documents_in_the_order_of_the_statements(tmp_path: Path) -> None:
    pdf(tmp_path / "consult.pdf", "consult page one", "consult page two", "consult page three")
    pdf(tmp_path / "plan.pdf", "plan page one")
    (tmp_path / "note.txt").write_text("a note of the nurse\nwith <two> lines & more")
    Image.new("RGB", (400, 900), "teal").save(tmp_path / "scan.png")
    made = packet(
        tmp_path,
        {
            "severe_pain": answer("yes", "consult.pdf", 3),
            "route": answer("intrathecal", "plan.pdf", 1),
            "body_supports_device": answer("yes", "scan.png"),
            "legible": answer("yes", "note.txt"),
            "infection_at_site": answer("yes", "consult.pdf", 2),
        },
    )
    assert made.problems == ()
    assert [file.name for file in made.files] == [
        "01-plan.pdf", "02-consult.pdf", "03-scan.png", "04-note.txt",
    ]  # fmt: skip
    pages = text_of(made)
    first = next(place for place, text in enumerate(pages) if "plan page one" in text)
    order = ["plan page one", "consult page one", "consult page two", "consult page three"]
    assert [order[n] in pages[first + n] for n in range(4)] == [True] * 4
    assert "with <two> lines & more" in pages[first + 5]
    assert "NOT COVERED" in pages[0]
    assert f"packet page {first + 4}" in "".join(pages[:first]).replace("\n", " ")
    assert any(text.startswith("What is missing") for text in pages[-3:])
    assert all(f"packet page {n} of {len(pages)}" in text for n, text in enumerate(pages, start=1))
    rows = list(csv.DictReader((tmp_path / "packet" / "index.csv").open()))
    pain = next(row for row in rows if row["question"] == "severe pain")
    assert (pain["statement"], pain["packet_page"]) == ("C3", str(first + 4))
    assert PdfReader(made.pdf).outline[1]["/Title"] == "plan.pdf"


def test_what_is_missing_stands_on_a_page_of_its_own(tmp_path: Path) -> None:
    made = packet(tmp_path, {"route": "intrathecal"})
    pages = text_of(made)
    begin = next(n for n, text in enumerate(pages) if text.startswith("What is missing"))
    assert "Did the patient comply with the therapy?" in "".join(pages[begin:])
    assert not any("Did the patient comply" in text for text in pages[:begin])


DAMAGED = [
    ("torn.pdf", b"%PDF-1.4 nothing more", "it is damaged"),
    ("picture.png", b"no picture", "no picture that can be read"),
    ("letter.docx", b"PK", "cannot be put into a PDF"),
    ("empty.pdf", b"", "it is damaged"),
]


@pytest.mark.parametrize(("name", "content", "said"), DAMAGED)
def test_a_damaged_document_is_named_and_the_rest_goes_on(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    pdf(tmp_path / "plan.pdf", "plan page one")
    made = packet(
        tmp_path, {"route": answer("intrathecal", "plan.pdf"), "legible": answer("yes", name)}
    )
    (problem,) = made.problems
    assert name in problem
    assert said in problem
    assert (tmp_path / "packet" / "documents" / f"02-{name}").read_bytes() == content
    pages = text_of(made)
    assert any("plan page one" in text for text in pages)
    assert any("A document that is not in this PDF" in text for text in pages)
    assert name in pages[-1]


def test_documents_outside_the_folder_absent_or_locked(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text("not for the packet")
    pdf(inside / "locked.pdf", "locked words", password="opensesame")
    charts = charts_of([{
        "blank": True,
        "answers": {
            "implant_date": "2025-03-10",
            "route": answer("intrathecal", "../secret.txt"),
            "legible": answer("yes", "absent.pdf"),
            "body_supports_device": answer("yes", "locked.pdf"),
        },
    }])  # fmt: skip
    made = write_packet(assess(charts), tmp_path / "packet", inside)
    assert len(made.problems) == 3
    assert any("outside the folder" in one for one in made.problems)
    assert any("no such file" in one for one in made.problems)
    assert any("locked with a password" in one for one in made.problems)
    assert not any("not for the packet" in text for text in text_of(made))
    assert [file.name for file in made.files] == ["02-locked.pdf"] or len(made.files) == 1


def test_a_page_that_the_document_does_not_have(tmp_path: Path) -> None:
    pdf(tmp_path / "plan.pdf", "plan page one")
    made = packet(tmp_path, {"route": answer("intrathecal", "plan.pdf", 9)})
    (problem,) = made.problems
    assert "it has 1 pages, the evidence of 'route' is on plan.pdf, page 9" in problem


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "packet").mkdir()
    (tmp_path / "packet" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="new or empty folder"):
        packet(tmp_path, {})
    assert [one.name for one in (tmp_path / "packet").iterdir()] == ["mine.txt"]


def test_many_places_of_one_answer_fit_the_index(tmp_path: Path) -> None:
    for number in range(70):
        (tmp_path / f"note{number}.txt").write_text(f"note {number}")
    places = [{"document": f"note{number}.txt", "page": 1} for number in range(70)]
    made = packet(tmp_path, {"route": {"answer": "intrathecal", "evidence": places}})
    assert not made.problems
    assert len(made.files) == 70


def test_a_name_that_no_file_can_have_and_a_fault_leave_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = packet(tmp_path, {"route": answer("intrathecal", "x" * 300 + ".pdf")})
    assert "no such file" in made.problems[0]
    from pumpclaim.reports.assessment import packet as module

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(module, "_write_index", fail)
    charts = charts_of([{"blank": True}])
    with pytest.raises(RuntimeError):
        write_packet(assess(charts), tmp_path / "second", tmp_path)
    assert not (tmp_path / "second").exists()
    assert not list(tmp_path.glob(".packet-*"))


def test_a_pdf_locked_with_an_empty_password(tmp_path: Path) -> None:
    pdf(tmp_path / "plan.pdf", "plan page one")
    writer = PdfWriter(tmp_path / "plan.pdf")
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(tmp_path / "rc4.pdf")
    made = packet(tmp_path, {"route": answer("intrathecal", "rc4.pdf")})
    assert made.problems or any("plan page one" in text for text in text_of(made))
