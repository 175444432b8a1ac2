"""An article that a test makes up, in each form in which articles are published, and its facts as written."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STATES = {
    "Idaho": ("ID", "ID"), "Montana": ("MT", "MT"), "Nevada": ("NV", "NV"), "Guam": ("GU", "GU"),
    "Hawaii": ("HI", "HI"), "American Samoa": ("AS", "AS"), "California - Entire State": ("CA", "CA"),
    "California - Northern": ("NF", "CA"), "California - Southern": ("SF", "CA"),
    "Northern Mariana Islands": ("CNMI", "MP"), "West Virginia": ("WV", "WV"),
}  # fmt: skip
"""States as they are written, their abbreviations in the database's table, and their postal codes."""
REGIONS = {"California - Northern": "Northern California", "California - Southern": "Southern California"}  # fmt: skip
HEADINGS = (
    ("modifier", "CPT/HCPCS Modifiers", "modifiers"),
    ("covered diagnosis", "ICD-10 Codes that Support Medical Necessity", "covered"),
    ("diagnosis not covered", "ICD-10 Codes that DO NOT Support Medical Necessity", "not_covered"),
    ("bill type", "Bill Type Codes", "bill_types"),
    ("revenue code", "Revenue Codes", "revenue_codes"),
)
WORDS = "words of our own for this code"


@dataclass
class Invented:
    """What an article says. Fees are a name, dollars, a unit, and the drug's id (null for compounding); codes of
    lists are what is written and their normal forms; contracts are a number, a kind and the states."""

    id: str = "A99009"
    title: str = "Example Pumps and their Filling"
    issuer: str = "Example Services, LLC"
    jurisdiction: str = "J-Y"
    original: str = "01/01/2018"
    revision: str = "03/01/2024"
    contracts: list[tuple[str, str, list[str]]] = field(
        default_factory=lambda: [
            ("99301", "A", ["Idaho", "Guam", "Northern Mariana Islands"]),
            ("99302", "B", ["California - Northern"]),
        ]
    )
    prose: list[str] = field(
        default_factory=lambda: [
            "A pump may be filled when the reservoir runs low and the chart of that day says so.",
            "- 1. Every fill is written down by whoever gave it, on the day on which it was given.",
            "2. No fill is billed that 1) was not given or 2) was given to another (3) times.",
        ]
    )
    fees: list[tuple[str, str, str, str | None]] = field(
        default_factory=lambda: [
            ("Morphine Sulfate", "0.0700", "mg", "morphine"),
            ("Clonidine", "0.0020", "mcg", "clonidine"),
            ("Fentanyl PF", "0.0080", "mcg", "fentanyl"),
            ("Compounding Fee", "45.00", "cartridge", None),
        ]
    )
    codes: list[str] = field(default_factory=lambda: ["62367", "62370", "J7999"])
    paragraph: str = "These codes are billed as the text above says."
    modifiers: list[tuple[str, list[str]]] = field(default_factory=lambda: [("KD", ["KD"])])
    covered: list[tuple[str, list[str]]] = field(
        default_factory=lambda: [
            ("G89.4", ["G89.4"]), ("M96.1*", ["M96.1*"]), ("G89.21 - G89.29", ["G89.21-G89.29"]),
        ]
    )  # fmt: skip
    not_covered: list[tuple[str, list[str]]] = field(default_factory=lambda: [("M54.5", ["M54.5"])])
    bill_types: list[tuple[str, list[str]]] = field(
        default_factory=lambda: [("013X", ["013x"]), ("0851", ["0851"])]
    )
    revenue_codes: list[tuple[str, list[str]]] = field(
        default_factory=lambda: [("0360", ["0360"]), ("025X", ["025x"]), ("0636 - 0637", ["0636", "0637"])]
    )  # fmt: skip
    history: list[tuple[str, str, str]] = field(
        default_factory=lambda: [
            ("03/01/2024", "R2", "Fees of the year."),
            ("01/01/2018", "R1", "First words."),
        ]
    )
    other_coding: str = "A drug is billed with its own number of units."
    keywords: list[str] = field(default_factory=lambda: ["Pump", "Refill"])

    def facts(self) -> set[tuple[str, str, str]]:
        """Kind, name and value of every fact but the jurisdiction, which not every form tells."""
        told = {
            ("article", "id", self.id), ("article", "title", self.title), ("article", "type", "Billing and Coding"),
            ("article", "issuer", self.issuer), ("date", "original effective", iso(self.original)),
            ("date", "revision effective", iso(self.revision)), ("date", "revision ending", "none"),
            ("date", "retired", "none"),
        }  # fmt: skip
        for number, kind, states in self.contracts:
            region = "; ".join(REGIONS[one] for one in states if one in REGIONS)
            postal = " ".join(sorted({STATES[one][1] for one in states}))
            told.add(("contract", number, f"{kind} MAC, {postal}{f' ({region})' * bool(region)}"))
        for _, fee, per, drug in self.fees:
            told.add(("fee", drug or "compounding fee", f"{plain(fee)} per {per}"))
        told |= {("code", code, "listed") for code in self.codes}
        for kind, _, name in HEADINGS:
            told |= {(kind, one, "listed") for _, normal in getattr(self, name) for one in normal}
        return told | {("revision", number, iso(day)) for day, number, _ in self.history}

    def words(self) -> str:
        """The prose in one line, as it was written."""
        return " ".join(
            [*self.prose, self.paragraph, self.other_coding, *(row[2] for row in self.history)]
        )


def iso(day: str) -> str:
    """05/31/2024 as 2024-05-31."""
    month, number, year = day.split("/")
    return f"{year}-{month}-{number}"


def plain(fee: str) -> str:
    """A decimal without zeros at its end."""
    return fee.rstrip("0").rstrip(".") if "." in fee else fee


def general(a: Invented) -> list[tuple[str, str]]:
    """Label and value of the general information, in the order of the document."""
    return [
        ("Article ID", a.id), ("Original Effective Date", a.original), ("Article Title", a.title),
        ("Revision Effective Date", a.revision), ("Article Type", "Billing and Coding"),
        ("Revision Ending Date", "N/A"), ("Retirement Date", "N/A"),
    ]  # fmt: skip


def text(a: Invented) -> bytes:
    """As the text of the database's PDF."""
    place = a.jurisdiction.replace("-", " - ")
    lines = [f"Local Coverage Article: {a.title} ({a.id})", "", "Contractor Information", ""]
    lines.append("CONTRACTOR NAME\tCONTRACT TYPE\tCONTRACT NUMBER\tJURISDICTION\tSTATE(S)")
    lines += [
        f"{a.issuer}\tA and B MAC\t{n} - MAC {kind}\t{place}\t{' '.join(states)}"
        for n, kind, states in a.contracts
    ]
    lines += ["", "Article Information", "General Information"]
    for label, value in general(a):
        lines += ["", label, "", value]
    lines += ["", "Article Guidance", "", "Article Text:", "", *a.prose, ""]
    lines += ["Drug Name\tDrug Fee Measure"]
    lines += [f"{name}\t\\${fee} per {per}" for name, fee, per, _ in a.fees]
    lines += ["", "Coding Information", "", "CPT/HCPCS Codes", "", "Group 1 Paragraph:", ""]
    lines += [a.paragraph or "N/A", "", "Group 1 Codes:", "", "CODE\tDESCRIPTION"]
    lines += [f"{code}\t{WORDS.upper()}" for code in a.codes]
    for _, heading, name in HEADINGS:
        rows = [f"{written}\t{WORDS.capitalize()}" for written, _ in getattr(a, name)]
        lines += ["", heading, "", *(rows or ["N/A"])]
    lines += ["", "Other Coding Information", "", a.other_coding or "N/A"]
    lines += ["", "Revision History Information", ""]
    lines.append("REVISION HISTORY DATE\tREVISION HISTORY NUMBER\tREVISION HISTORY EXPLANATION")
    lines += ["\t".join(row) for row in a.history]
    lines += ["", "Keywords", "", *(f"- {one}" for one in a.keywords)]
    return "\n".join(lines).encode()


@dataclass(frozen=True)
class Print:
    """How a PDF is laid out: blank lines before the fee table, cells in the middle of their rows, narrow columns, a
    line that runs on every page, words set with ligatures."""

    rows_before: int = 0
    middle: bool = False
    narrow: bool = False
    running: bool = False
    ligatures: bool = False


def pdf(a: Invented, how: Print = Print()) -> bytes:
    """As a PDF: tables with wrapped cells, broken over pages with their header, a footer on every page."""
    body = getSampleStyleSheet()["BodyText"]
    style = ParagraphStyle("plain", parent=body, fontSize=9, leading=11)
    if how.ligatures:
        pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
        style = ParagraphStyle("ligatures", parent=style, fontName="Vera")

    def said(words: str) -> Paragraph:
        if how.ligatures:
            words = words.replace("fi", "ﬁ").replace("fl", "ﬂ")
        return Paragraph(html.escape(words), style)

    def grid(rows: Iterable[Sequence[str]], widths: list[int], repeat: int = 1) -> Table:
        across = "MIDDLE" if how.middle else "TOP"
        cells = [[said(cell) for cell in row] for row in rows]
        return Table(
            cells, colWidths=widths, repeatRows=repeat, style=[("VALIGN", (0, 0), (-1, -1), across)]
        )

    place = a.jurisdiction.replace("-", " - ")
    head = ["CONTRACTOR NAME", "CONTRACT TYPE", "CONTRACT NUMBER", "JURISDICTION", "STATE(S)"]
    rows = [
        [a.issuer, "A and B MAC", f"{n} - MAC {k}", place, " ".join(states)]
        for n, k, states in a.contracts
    ]
    story: list[object] = [
        said(f"Local Coverage Article: {a.title} ({a.id})"), said("Contractor Information"),
        grid([head, *rows], [100, 80, 90, 90, 90 if how.narrow else 180]),
        said("Article Information"), said("General Information"),
    ]  # fmt: skip
    for label, value in general(a):
        story += [said(label), said(value)]
    story += [said("Article Guidance"), said("Article Text:"), *map(said, a.prose)]
    story += [Spacer(1, 14)] * how.rows_before
    fees = [["Drug Name", "Drug Fee Measure"], *([n, f"${f} per {per}"] for n, f, per, _ in a.fees)]
    story.append(grid(fees, [60, 70] if how.narrow else [200, 200]))
    story += [said(one) for one in ("Coding Information", "CPT/HCPCS Codes", "Group 1 Paragraph:")]
    story += [said(a.paragraph or "N/A"), said("Group 1 Codes:")]
    story.append(
        grid([["CODE", "DESCRIPTION"], *([c, f"{WORDS} " * 12] for c in a.codes)], [60, 400])
    )
    for _, heading, name in HEADINGS:
        listed = [[written, WORDS.capitalize()] for written, _ in getattr(a, name)]
        story += [said(heading), grid(listed, [100, 380], 0) if listed else said("N/A")]
    story += [said("Other Coding Information"), said(a.other_coding or "N/A")]
    names = ["REVISION HISTORY DATE", "REVISION HISTORY NUMBER", "REVISION HISTORY EXPLANATION"]
    story += [said("Revision History Information"), grid([names, *a.history], [90, 90, 280])]
    story += [said("Keywords"), *(said(f"• {one}") for one in a.keywords)]

    def furniture(canvas: Any, document: Any) -> None:
        canvas.drawString(72, 30, f"Created on 03/05/2024. Page {document.page} of 9")
        if how.running:
            canvas.drawString(72, 760, f"03/05/2024 {a.title} ({a.id}), sheet {document.page}")

    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=letter).build(
        story, onFirstPage=furniture, onLaterPages=furniture
    )
    return out.getvalue()


def page(a: Invented) -> bytes:
    """As the saved page of the database, with what stands around the article."""

    def table(rows: Iterable[Iterable[str]]) -> str:
        cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
        return f"<table><tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>"

    place = a.jurisdiction.replace("-", " - ")
    parts = [
        "<nav><a href='#'>Search</a> Contractor Information</nav><h1>Medicare Coverage Database</h1>",
        f"<div>LCD Reference Article</div><h2>{html.escape(a.title)}</h2><div>{a.id}</div>",
        "<h3>Contractor Information</h3>",
        table([
            ["Contractor Name", "Contract Type", "Contract Number", "Jurisdiction", "States"],
            *(
                [html.escape(a.issuer), "A and B MAC", f"{n} - MAC {k}", place, f"<ul>{''.join(f'<li>{s}</li>' for s in states)}</ul>"]
                for n, k, states in a.contracts
            ),
        ]),
        "<h3>Article Information</h3><h4>General Information</h4><dl>",
        *(f"<dt>{label}</dt><dd>{html.escape(value)}</dd>" for label, value in general(a)),
        "</dl><h3>Article Guidance</h3><strong>Article Text</strong>",
        *(f"<p>{html.escape(one)}</p>" for one in a.prose),
        table([["Drug Name", "Drug Fee Measure"], *([html.escape(n), f"<p>${f} per {per}&nbsp;</p>"] for n, f, per, _ in a.fees)]),
        "<h3>Coding Information</h3><h4>CPT/HCPCS Codes</h4><p>Group 1 Paragraph:</p>",
        f"<p>{html.escape(a.paragraph or 'N/A')}</p><p>Group 1 Codes:</p>",
        table([["Code", "Description"], *([code, WORDS] for code in a.codes)]),
    ]  # fmt: skip
    for _, heading, name in HEADINGS:
        listed = [[written, WORDS.capitalize()] for written, _ in getattr(a, name)]
        parts.append(f"<h4>{heading}</h4>{table(listed) if listed else '<p>N/A</p>'}")
    heads = ["Revision History Date", "Revision History Number", "Revision History Explanation"]
    history = ([day, number, html.escape(said)] for day, number, said in a.history)
    parts += [
        f"<h4>Other Coding Information</h4><p>{html.escape(a.other_coding or 'N/A')}</p>",
        f"<h3>Revision History Information</h3>{table([heads, *history])}",
        f"<h3>Keywords</h3><ul>{''.join(f'<li>{html.escape(one)}</li>' for one in a.keywords)}</ul>",
        "<script>var fee = '$9.0000 per mg';</script><footer>Page Last Modified</footer>",
    ]
    return f"<!doctype html><html><head><title>x</title></head><body>{''.join(parts)}</body></html>".encode()


def saved(a: Invented) -> bytes:
    """As the page saved whole by a browser (.mhtml)."""
    message = EmailMessage()
    message["Subject"] = "Article"
    message.set_content("a page")
    message.add_alternative(page(a).decode(), subtype="html", cte="quoted-printable")
    message.replace_header(
        "Content-Type", message["Content-Type"].replace("alternative", "related")
    )
    return b"From: <Saved by Blink>\r\n" + message.as_bytes()
