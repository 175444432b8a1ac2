"""The pages that a packet adds to the documents: cover, index, slips, what is missing, page numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import reportlab
from PIL import Image as Picture
from PIL import UnidentifiedImageError
from pypdf import PdfReader
from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from pumpclaim._version import __version__
from pumpclaim.errors import InputError
from pumpclaim.reports.assessment.words import (
    DETERMINATION_WORDS,
    missing_words,
    status_words,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pypdf import PdfWriter
    from reportlab.platypus.flowables import Flowable

    from pumpclaim.charts.assessment import AssessedChart, Assessment
    from pumpclaim.reports.assessment.packet import Document

MARGIN = 18 * mm
MOST_TEXT = 2_000_000
"""Characters of a text document that are put into the packet."""
MOST_PIXELS = 100_000_000
_COLOURS = {
    "covered": "#1b6e3c", "met": "#1b6e3c", "not covered": "#a4161a", "not met": "#a4161a",
    "records needed": "#6a3d9a", "not documented": "#6a3d9a", "not applicable": "#5c5c5c",
}  # fmt: skip


def _fonts() -> None:
    if "Vera" not in pdfmetrics.getRegisteredFontNames():
        folder = f"{reportlab.__path__[0]}/fonts"
        pdfmetrics.registerFont(TTFont("Vera", f"{folder}/Vera.ttf"))
        pdfmetrics.registerFont(TTFont("VeraBd", f"{folder}/VeraBd.ttf"))
        pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd")


_fonts()
BODY = ParagraphStyle("body", fontName="Vera", fontSize=9, leading=12)
SMALL = ParagraphStyle(
    "small", parent=BODY, fontSize=8, leading=10, textColor=colors.HexColor("#5c5c5c")
)
TITLE = ParagraphStyle(
    "title", parent=BODY, fontName="VeraBd", fontSize=18, leading=23, spaceAfter=6
)
HEAD = ParagraphStyle(
    "head", parent=BODY, fontName="VeraBd", fontSize=12, leading=16, spaceBefore=12, spaceAfter=4
)
MONO = ParagraphStyle("mono", fontName="Vera", fontSize=8.5, leading=11)


def front(assessment: Assessment, found: list[Document]) -> PdfReader:
    """The cover with each chart's determination, and the index from statement to document and page."""
    article = assessment.policy.articles[0]
    story: list[Flowable] = [
        Paragraph("Answer to a request for documents", TITLE),
        Paragraph(
            f"What the medical record shows, held against {_text(article.id)}, {_text(article.title)}, "
            f"revision {article.revision}. Advice with its source, not a payer's decision.", SMALL,
        ),
    ]  # fmt: skip
    for chart in assessment.charts:
        story += _cover(chart, assessment)
    story.append(Paragraph("Documents, in this order", HEAD))
    rows = [["#", "Document", "Pages", "From packet page"]]
    for number, one in enumerate(found, start=1):
        extent = str(one.count) if one.pages else _text(one.problem or "")
        rows.append([str(number), _text(one.name), extent, str(one.first or "")])
    story.append(_table(rows, (10, 90, 50, 25)) if found else Paragraph("None is cited.", BODY))
    for chart in assessment.charts:
        story += _index(chart, assessment, found)
    return _pdf(story)


def _cover(chart: AssessedChart, assessment: Assessment) -> list[Flowable]:
    part = assessment.policy.chart[chart.part]
    colour = _COLOURS[chart.determination]
    box = Table(
        [[Paragraph(
            f'<font name="VeraBd" size="13" color="{colour}">{chart.determination.upper()}</font><br/>'
            f"{_text(DETERMINATION_WORDS[chart.determination])}", BODY,
        )]],
        colWidths=[175 * mm],
        style=TableStyle([
            ("BOX", (0, 0), (-1, -1), 1.4, colors.HexColor(colour)),
            ("TOPPADDING", (0, 0), (-1, -1), 6), ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
        ]),
    )  # fmt: skip
    head = f"{part.title}: patient {chart.patient_id}" + (f", {chart.day}" if chart.day else "")
    against = [
        Paragraph(f"{shown.statement}: {_text('; '.join(shown.against))}", BODY)
        for shown in chart.statements
        if shown.against
    ]
    return [Paragraph(_text(head), HEAD), box, *against, Spacer(1, 4)]


def _index(chart: AssessedChart, assessment: Assessment, found: list[Document]) -> list[Flowable]:
    part = assessment.policy.chart[chart.part]
    statements = assessment.policy.articles[0].statements
    by_name = {one.name: one for one in found}
    rows = [["Statement", "Status", "Where the record shows it"]]
    for shown in chart.statements:
        labels: dict[str, list[str]] = {}
        for answer in () if shown.composite else shown.answers:
            for place in answer.evidence:
                page = by_name[place.document].page_of(place)
                at = f", page {place.page}" if place.page else ""
                there = f"<b>packet page {page or '?'}</b>: {_text(place.document + at)}"
                labels.setdefault(there, []).append(part.questions[answer.question].label)
        colour = _COLOURS[shown.status]
        rows.append([
            f"<b>{shown.statement}</b> {_text(statements[shown.statement].summary)}",
            f'<font color="{colour}">{_text(status_words(shown))}</font>',
            "<br/>".join(f"{there} ({_text(', '.join(of))})" for there, of in labels.items()) or "–",
        ])  # fmt: skip
    title = f"Index: {part.title.lower()}, patient {chart.patient_id}"
    return [Paragraph(_text(title), HEAD), _table(rows, (62, 27, 86))]


def missing(assessment: Assessment, found: list[Document]) -> PdfReader:
    """The page of what is missing: answers, evidence, documents; it says so when nothing is."""
    story: list[Flowable] = [Paragraph("What is missing", TITLE)]
    any_missing = False
    for chart in assessment.charts:
        part = assessment.policy.chart[chart.part]
        story.append(Paragraph(_text(f"{part.title}: patient {chart.patient_id}"), HEAD))
        if not chart.missing:
            story.append(Paragraph("Nothing that the article asks for.", BODY))
            continue
        any_missing = True
        rows = [["#", "What the record should answer", "For", "Document and page"]]
        rows += [
            [str(number), _text(missing_words(one, part)), ", ".join(one.statements), ""]
            for number, one in enumerate(chart.missing, start=1)
        ]
        story.append(_table(rows, (10, 95, 30, 40)))
    problems = [f"{one.name}: {one.problem}" for one in found if one.problem]
    if problems:
        story.append(Paragraph("Documents that are not in this PDF", HEAD))
        story += [Paragraph(_text(said), BODY) for said in problems]
    elif not any_missing:
        story.append(Paragraph("All documents that are cited are in this packet.", BODY))
    return _pdf(story)


def slip(document: Document) -> PdfReader:
    """A page in the place of a document whose pages are not in the PDF."""
    said = f"{document.name}: {document.problem}."
    return _pdf(
        [Paragraph("A document that is not in this PDF", TITLE), Paragraph(_text(said), BODY)]
    )


def of_image(path: Path) -> PdfReader:
    """A picture as one page."""
    try:
        with Picture.open(path) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise InputError("the picture is too large")
            picture.verify()
    except (UnidentifiedImageError, Picture.DecompressionBombError, SyntaxError):
        raise InputError("it is no picture that can be read") from None
    room_x, room_y = LETTER[0] - 2 * MARGIN - 12, LETTER[1] - 2 * MARGIN - 12
    scale = min(room_x / width, room_y / height)
    return _pdf([Image(str(path), width * scale, height * scale)])


def of_text(path: Path) -> PdfReader:
    """A text as pages, line by line."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if len(text) > MOST_TEXT:
        raise InputError("the text is too long for the packet")
    lines = [line.replace("\x00", "") for line in text.splitlines()]
    return _pdf([Paragraph(_text(line) or "&nbsp;", MONO) for line in lines] or [Spacer(1, 1)])


def number(writer: PdfWriter) -> None:
    """Print the packet's page number at the foot of every page."""
    count = len(writer.pages)
    for place, page in enumerate(writer.pages, start=1):
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        buffer = io.BytesIO()
        canvas = Canvas(buffer, pagesize=(width, height))
        canvas.setFont("Vera", 8)
        canvas.setFillColor(colors.HexColor("#5c5c5c"))
        canvas.drawRightString(width - 24, 14, f"packet page {place} of {count}")
        canvas.save()
        buffer.seek(0)
        page.transfer_rotation_to_content()
        page.merge_page(PdfReader(buffer).pages[0])


def _text(text: str) -> str:
    return escape(text)


def _table(rows: list[list[str]], widths: tuple[int, ...]) -> Table:
    cells = [[Paragraph(f"<b>{cell}</b>", SMALL) for cell in rows[0]]]
    cells += [[Paragraph(cell, BODY) for cell in row] for row in rows[1:]]
    return Table(
        cells,
        colWidths=[width * mm for width in widths],
        repeatRows=1,
        splitInRow=1,
        style=TableStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEABOVE", (0, 1), (-1, -1), 0.4, colors.HexColor("#cfcfcf")),
            ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]),
    )  # fmt: skip


def _pdf(story: list[Flowable]) -> PdfReader:
    buffer = io.BytesIO()
    SimpleDocTemplate(
        buffer, pagesize=LETTER, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN,
        bottomMargin=MARGIN, title="pumpclaim packet", author=f"pumpclaim {__version__}",
    ).build(story)  # fmt: skip
    buffer.seek(0)
    return PdfReader(buffer)
