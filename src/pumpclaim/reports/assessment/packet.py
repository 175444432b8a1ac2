"""The packet that answers a request for documents: cover, index, the documents in order, what is missing.

``write_packet`` puts it into a folder: ``packet.pdf`` with everything, the documents as files, and
``index.csv``. Nothing is sent anywhere, and no file outside the folder of the documents is read.
"""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pypdf import PdfReader, PdfWriter

from pumpclaim.errors import InputError
from pumpclaim.reports.assessment import packet_pages as pages
from pumpclaim.reports.assessment.words import place_words

if TYPE_CHECKING:
    from pumpclaim.charts.assessment import AssessedChart, Assessment, Evidence

IMAGES = (".png", ".jpg", ".jpeg")
TEXTS = (".txt", ".md", ".csv")
LARGEST = 200 * 1024**2
"""Bytes of the largest document."""


@dataclass(eq=False)
class Document:
    """One document of the packet: its name in the charts, its file, its pages, where they begin.

    ``problem`` says why its pages are not in the PDF; then a slip stands in their place.
    """

    name: str
    path: Path | None
    pages: PdfReader | None = None
    problem: str | None = None
    first: int = 0
    file: str | None = None
    cited: list[tuple[str, str, Evidence]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Its pages in the packet, the slip included."""
        return len(self.pages.pages) if self.pages is not None else 1

    def page_of(self, place: Evidence) -> int | None:
        """The page of the packet on which evidence stands; null when the document has no such page."""
        if self.pages is None:
            return self.first
        page = place.page or 1
        return self.first + page - 1 if page <= self.count else None


@dataclass(frozen=True)
class Packet:
    """A packet as it was written: its PDF and files, and a sentence for each document with a problem."""

    pdf: Path
    files: tuple[Path, ...]
    problems: tuple[str, ...]


def write_packet(assessment: Assessment, folder: Path, documents: Path) -> Packet:
    """Assemble the packet for all charts of the assessment in ``folder``, which must be empty or new.

    ``documents`` is the folder in which the documents of the evidence lie. Raises InputError for a
    folder that holds files, or a packet without charts.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("the packet needs a new or empty folder", source=str(folder))
    if not assessment.charts:
        raise InputError("there is no chart to make a packet of", source=str(folder))
    found = _documents(assessment, documents)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    # All is made beside the folder and then put in its place, so that nothing half is left.
    with TemporaryDirectory(dir=folder.absolute().parent, prefix=".packet-") as made:
        half = Path(made)
        (half / "documents").mkdir()
        for number, document in enumerate(found, start=1):
            _open(document)
            if document.path is not None:
                document.file = f"{number:02d}-{document.path.name}"
                shutil.copyfile(document.path, half / "documents" / document.file)
        _write_pdf(assessment, found, half / "packet.pdf")
        _write_index(assessment, found, half / "index.csv")
        folder.mkdir(exist_ok=True)
        for one in sorted(half.iterdir()):
            one.replace(folder / one.name)
    files = tuple(folder / "documents" / one.file for one in found if one.file)
    return Packet(folder / "packet.pdf", files, tuple(_problems(found)))


def _documents(assessment: Assessment, folder: Path) -> list[Document]:
    """Every document that the charts cite, in the order of the statements they serve."""
    found: dict[str, Document] = {}
    root = folder.resolve()
    for chart in assessment.charts:
        part = assessment.policy.chart[chart.part]
        for statement, question, place in _cited(chart):
            if place.document not in found:
                path, inside = _find(root, place.document)
                document = Document(place.document, path)
                if not inside:
                    document.problem = f"it lies outside the folder of the documents, {folder}"
                elif document.path is None:
                    document.problem = f"there is no such file in {folder}"
                elif document.path.stat().st_size > LARGEST:
                    document.path, document.problem = None, "it is larger than 200 MB"
                found[place.document] = document
            label = part.questions[question].label
            found[place.document].cited.append((statement, label, place))
    return list(found.values())


def _find(root: Path, name: str) -> tuple[Path | None, bool]:
    """The file of a document, null when there is none; and whether its name stays in the folder."""
    try:
        path = (root / name).resolve()
        inside = path.is_relative_to(root)
        return (path if inside and path.is_file() else None), inside
    except (OSError, ValueError):
        return None, True


def _cited(chart: AssessedChart) -> list[tuple[str, str, Evidence]]:
    """Statement, question and place of every piece of evidence, statement by statement, details last."""
    cited, seen = [], set()
    for shown in chart.statements:
        for answer in () if shown.composite else shown.answers:
            seen.add(answer.question)
            cited += [(shown.statement, answer.question, place) for place in answer.evidence]
    for answer in chart.answers:
        if answer.question not in seen:
            cited += [("", answer.question, place) for place in answer.evidence]
    return cited


def _open(document: Document) -> None:
    """Turn a document into PDF pages, or say why not."""
    if document.path is None:
        return
    ending = document.path.suffix.lower()
    try:
        if ending == ".pdf":
            document.pages = _read_pdf(document.path)
        elif ending in IMAGES:
            document.pages = pages.of_image(document.path)
        elif ending in TEXTS:
            document.pages = pages.of_text(document.path)
        else:
            document.problem = (
                f"a {ending or 'nameless'} file cannot be put into a PDF; it lies beside it"
            )
    except Exception as error:
        said = error.what if isinstance(error, InputError) else "it is damaged or locked"
        document.pages = None
        document.problem = f"{said}; the file lies beside the packet as it is"


def _read_pdf(path: Path) -> PdfReader:
    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise InputError("it is locked with a password")
    if not reader.pages:
        raise InputError("it has no pages")
    # A damaged page fails here, alone, and not in the middle of the packet.
    trial = PdfWriter()
    trial.append(reader, import_outline=False)
    pages.number(trial)
    trial.write(io.BytesIO())
    return reader


def _write_pdf(assessment: Assessment, found: list[Document], pdf: Path) -> None:
    # The index names pages of the packet, and is itself of a length that is known only when made.
    front = pages.front(assessment, found)
    for _ in range(3):
        first = len(front.pages) + 1
        for document in found:
            document.first = first
            first += document.count
        again = pages.front(assessment, found)
        if len(again.pages) == len(front.pages):
            front = again
            break
        front = again
    writer = PdfWriter()
    writer.append(front, outline_item="Cover and index", import_outline=False)
    for document in found:
        content = document.pages or pages.slip(document)
        writer.append(content, outline_item=document.name, import_outline=False)
    writer.append(
        pages.missing(assessment, found), outline_item="What is missing", import_outline=False
    )
    pages.number(writer)
    writer.add_metadata({"/Title": "Answer to a request for documents", "/Producer": "pumpclaim"})
    with pdf.open("wb") as file:
        writer.write(file)


def _write_index(assessment: Assessment, found: list[Document], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["statement", "question", "document", "page", "packet_page", "file"])
        for document in found:
            for statement, label, place in document.cited:
                cells = [
                    statement,
                    label,
                    document.name,
                    place.page,
                    document.page_of(place),
                    document.file,
                ]
                rows.writerow([_safe(cell) for cell in cells])


def _safe(cell: object) -> object:
    text = "" if cell is None else str(cell)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _problems(found: list[Document]) -> list[str]:
    said = [f"{one.name}: {one.problem}" for one in found if one.problem]
    for document in found:
        if document.pages is not None:
            said += [
                f"{document.name}: it has {document.count} pages, the evidence of '{label}' is on "
                f"{place_words(place)}"
                for _, label, place in document.cited
                if document.page_of(place) is None
            ]
    return list(dict.fromkeys(said))
