"""An invented article rendered in each form in which articles are published."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

STATES = {
    "Idaho": "ID",
    "Montana": "MT",
    "California - Northern": "NF",
    "Northern Mariana Islands": "CNMI",
}
"""States of the invented contracts, and their abbreviations in the database's table."""
HEADINGS = (
    ("Modifiers", "CPT/HCPCS Modifiers", "modifiers"),
    ("Covered", "ICD-10 Codes that Support Medical Necessity", "covered"),
    ("Not covered", "ICD-10 Codes that DO NOT Support Medical Necessity", "not_covered"),
    ("Bill types", "Bill Type Codes", "bill_types"),
    ("Revenue", "Revenue Codes", "revenue_codes"),
)


@dataclass
class Invented:
    """What an article says, as a test makes it up."""

    id: str = "A99009"
    title: str = "Example Pumps and their Filling"
    original: str = "01/01/2018"
    revision: str = "03/01/2024"
    contracts: list[tuple[str, str, str]] = field(
        default_factory=lambda: [("99301", "A", "Idaho"), ("99302", "B", "Montana")]
    )
    prose: list[str] = field(
        default_factory=lambda: [
            "A pump may be filled when the reservoir runs low and the chart of that day says so.",
            "Every fill is written down by whoever gave it, on the day on which it was given.",
        ]
    )
    fees: list[tuple[str, str, str]] = field(
        default_factory=lambda: [
            ("Morphine Sulfate", "0.0700", "mg"),
            ("Clonidine", "0.0020", "mcg"),
            ("Fentanyl PF", "0.0080", "mcg"),
            ("Compounding Fee", "45.00", "cartridge"),
        ]
    )
    codes: list[str] = field(default_factory=lambda: ["62367", "62370", "J7999"])
    modifiers: list[str] = field(default_factory=lambda: ["KD"])
    covered: list[str] = field(default_factory=lambda: ["G89.4", "M96.1"])
    not_covered: list[str] = field(default_factory=lambda: ["M54.5"])
    bill_types: list[str] = field(default_factory=lambda: ["013X", "0851"])
    revenue_codes: list[str] = field(default_factory=lambda: ["0360"])
    history: list[tuple[str, str, str]] = field(
        default_factory=lambda: [
            ("03/01/2024", "R2", "Fees."),
            ("01/01/2018", "R1", "First words."),
        ]
    )
    keywords: list[str] = field(default_factory=lambda: ["Pump", "Refill"])


WORDS = "words of our own for this code"


def text(a: Invented) -> bytes:
    """As the text of the database's PDF."""
    lines = [f"Local Coverage Article: {a.title} ({a.id})", "", "Contractor Information", ""]
    lines.append("CONTRACTOR NAME\tCONTRACT TYPE\tCONTRACT NUMBER\tJURISDICTION\tSTATE(S)")
    lines += [
        f"Example Services\tA and B MAC\t{n} - MAC {kind}\tJ - Y\t{state}"
        for n, kind, state in a.contracts
    ]
    lines += ["", "Article Information", "General Information"]
    for label, value in general(a):
        lines += ["", label, "", value]
    lines += [
        "",
        "Article Guidance",
        "",
        "Article Text:",
        "",
        *a.prose,
        "",
        "Drug Name\tDrug Fee Measure",
    ]
    lines += [f"{name}\t\\${fee} per {per}" for name, fee, per in a.fees]
    lines += [
        "",
        "Coding Information",
        "",
        "CPT/HCPCS Codes",
        "",
        "Group 1 Paragraph:",
        "",
        "N/A",
        "",
    ]
    lines += [
        "Group 1 Codes:",
        "",
        "CODE\tDESCRIPTION",
        *(f"{code}\t{WORDS.upper()}" for code in a.codes),
    ]
    for _, heading, name in HEADINGS:
        lines += [
            "",
            heading,
            "",
            *(f"{one}\t{WORDS.capitalize()}" for one in getattr(a, name) or ["N/A"]),
        ]
    lines += ["", "Revision History Information", ""]
    lines.append("REVISION HISTORY DATE\tREVISION HISTORY NUMBER\tREVISION HISTORY EXPLANATION")
    lines += ["\t".join(row) for row in a.history]
    lines += ["", "Keywords", "", *(f"- {one}" for one in a.keywords)]
    return "\n".join(lines).encode()


def general(a: Invented) -> list[tuple[str, str]]:
    """Label and value of the general information, in the order of the document."""
    return [
        ("Article ID", a.id), ("Original Effective Date", a.original), ("Article Title", a.title),
        ("Revision Effective Date", a.revision), ("Article Type", "Billing and Coding"),
        ("Revision Ending Date", "N/A"), ("Retirement Date", "N/A"),
    ]  # fmt: skip


def pdf(a: Invented, rows_before: int = 0) -> bytes:
    """As a PDF: tables with wrapped cells, broken over pages with their header, a footer on every page.

    ``rows_before`` lines of prose push the tables down the page.
    """
    plain = getSampleStyleSheet()["BodyText"]

    def cells(rows: Iterable[Iterable[str]]) -> list[list[Paragraph]]:
        return [[Paragraph(html.escape(cell), plain) for cell in row] for row in rows]

    story: list[object] = [
        Paragraph(f"Local Coverage Article: {html.escape(a.title)} ({a.id})", plain)
    ]
    story.append(Paragraph("Contractor Information", plain))
    head = ["CONTRACTOR NAME", "CONTRACT TYPE", "CONTRACT NUMBER", "JURISDICTION", "STATE(S)"]
    rows = [
        ["Example Services", "A and B MAC", f"{n} - MAC {k}", "J - Y", s] for n, k, s in a.contracts
    ]
    story.append(Table(cells([head, *rows]), colWidths=[100, 80, 110, 90, 100], repeatRows=1))
    story += [Paragraph(one, plain) for one in ("Article Information", "General Information")]
    for label, value in general(a):
        story += [Paragraph(label, plain), Paragraph(html.escape(value), plain)]
    story += [Paragraph(one, plain) for one in ("Article Guidance", "Article Text:")]
    story += [Paragraph(html.escape(one), plain) for one in a.prose]
    story += [Spacer(1, 14)] * rows_before
    fees = [
        ["Drug Name", "Drug Fee Measure"],
        *([n, f"${fee} per {per}"] for n, fee, per in a.fees),
    ]
    story.append(Table(cells(fees), colWidths=[200, 200], repeatRows=1))
    story += [
        Paragraph(one, plain) for one in ("Coding Information", "CPT/HCPCS Codes", "Group 1 Codes:")
    ]
    codes = [["CODE", "DESCRIPTION"], *([code, f"{WORDS} " * 12] for code in a.codes)]
    story.append(Table(cells(codes), colWidths=[60, 400], repeatRows=1))
    for _, heading, name in HEADINGS:
        story.append(Paragraph(heading, plain))
        listed = getattr(a, name)
        story.append(
            Table(cells([one, WORDS.capitalize()] for one in listed), colWidths=[80, 380])
            if listed
            else Paragraph("N/A", plain)
        )
    story.append(Paragraph("Revision History Information", plain))
    names = ["REVISION HISTORY DATE", "REVISION HISTORY NUMBER", "REVISION HISTORY EXPLANATION"]
    story.append(Table(cells([names, *a.history]), colWidths=[150, 150, 180], repeatRows=1))
    story.append(Paragraph("Keywords", plain))
    story += [Paragraph(f"• {one}", plain) for one in a.keywords]

    def footer(canvas: object, document: object) -> None:
        canvas.drawString(72, 30, f"Created on 03/05/2024. Page {document.page} of 9")

    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=letter).build(story, onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def page(a: Invented) -> bytes:
    """As the saved page of the database, with what stands around the article."""

    def table(rows: Iterable[Iterable[str]]) -> str:
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows
        )
        return f"<table><tbody>{body}</tbody></table>"

    parts = [
        "<nav><a href='#'>Search</a> Contractor Information</nav><h1>Medicare Coverage Database</h1>",
        f"<div>LCD Reference Article</div><h2>{html.escape(a.title)}</h2><div>{a.id}</div>",
        "<h3>Contractor Information</h3>",
        table(
            [
                ["Contractor Name", "Contract Type", "Contract Number", "Jurisdiction", "States"],
                *(
                    ["Example Services", "A and B MAC", f"{n} - MAC {k}", "J - Y", s]
                    for n, k, s in a.contracts
                ),
            ]
        ),
        "<h3>Article Information</h3><h4>General Information</h4><dl>",
        *(f"<dt>{label}</dt><dd>{html.escape(value)}</dd>" for label, value in general(a)),
        "</dl><h3>Article Guidance</h3><strong>Article Text</strong>",
        *(f"<p>{html.escape(one)}</p>" for one in a.prose),
        table(
            [["Drug Name", "Drug Fee Measure"], *([n, f"${f} per {per}"] for n, f, per in a.fees)]
        ),
        "<h3>Coding Information</h3><h4>CPT/HCPCS Codes</h4><p>Group 1 Codes:</p>",
        table([["Code", "Description"], *([code, WORDS] for code in a.codes)]),
    ]
    for _, heading, name in HEADINGS:
        parts.append(f"<h4>{heading}</h4>")
        listed = getattr(a, name)
        parts.append(table([one, WORDS.capitalize()] for one in listed) if listed else "<p>N/A</p>")
    parts += [
        "<h3>Revision History Information</h3>",
        table([["Revision History Date", "Revision History Number", "Revision History Explanation"], *a.history]),
        "<h3>Keywords</h3><ul>", *(f"<li>{html.escape(one)}</li>" for one in a.keywords), "</ul>",
        "<script>var fee = '$9.0000 per mg';</script><footer>Page Last Modified</footer>",
    ]  # fmt: skip
    return f"<!doctype html><html><head><title>x</title></head><body>{''.join(parts)}</body></html>".encode()


def download(*articles: Invented, padding: int = 0) -> bytes:
    """As the database's download: a zip in a zip of tables, cp1252, escaped HTML, prices only inside it."""
    tables: dict[str, list[list[str]]] = {
        "article": [["article_id", "article_version", "article_type", "article_eff_date", "article_end_date",
                     "title", "description", "status", "article_rev_end_date", "date_retired", "keywords"]],
        "article_type_lookup": [["article_type_id", "description", "last_updated"], ["7", "Billing and Coding", "x"]],
        "article_x_contractor": [["article_id", "article_version", "article_type", "contractor_id",
                                  "contractor_type_id", "contractor_version", "last_updated"]],
        "contractor": [["contractor_id", "contractor_type_id", "contractor_version", "contractor_bus_name",
                        "contractor_number", "contractor_subtype_id"]],
        "contractor_subtype_lookup": [["contractor_subtype_id", "description"], ["1", "MAC - Part A"], ["2", "MAC - Part B"]],
        "contractor_jurisdiction": [["contractor_id", "contractor_type_id", "contractor_version", "state_id",
                                     "active_date", "term_date", "last_updated"]],
        "state_lookup": [["state_id", "state_abbrev", "description"],
                         *([str(n), ab, name] for n, (name, ab) in enumerate(STATES.items(), 1)), ["99", "TX", "Texas"]],
        "article_x_hcpc_code": [["article_id", "article_version", "hcpc_code_id", "hcpc_code_version",
                                 "hcpc_code_group", "long_description", "short_description", "range", "last_updated"]],
        "article_x_hcpc_code_group": [["article_id", "article_version", "hcpc_code_group", "paragraph", "last_updated"]],
        "article_x_hcpc_modifier": [["article_id", "article_version", "hcpc_modifier_code_id", "description"]],
        "article_x_icd10_covered": [["article_id", "article_version", "icd10_code_id", "icd10_covered_group", "description"]],
        "article_x_icd10_noncovered": [["article_id", "article_version", "icd10_code_id", "icd10_noncovered_group"]],
        "article_x_bill_code": [["article_id", "article_version", "bill_code_id", "description"]],
        "article_x_revenue_code": [["article_id", "article_version", "revenue_code_id", "range", "description"]],
        "article_x_revision_history": [["article_id", "article_version", "rev_hist_num", "rev_hist_date", "rev_hist_exp"]],
    }  # fmt: skip
    contractors: dict[str, str] = {}
    for a in articles:
        key = [a.id[1:], "3"]
        fees = "".join(f"<tr><td>{n}</td><td>${fee} per {per}</td></tr>" for n, fee, per in a.fees)
        body = "".join(f"<p>{html.escape(one)}</p>" for one in a.prose)
        padded = f"<!-- {'x' * padding} -->" if padding else ""
        description = html.escape(
            f"{padded}{body}<table><tr><th>Drug Name</th><th>Drug Fee Measure</th></tr>{fees}</table>"
        )
        tables["article"].append(
            [*key, "7", a.original, "", a.title, description, "A", "", "", ", ".join(a.keywords)]
        )
        for contract, kind, state in a.contracts:
            own = contractors.setdefault(contract, str(100 + len(contractors)))
            tables["article_x_contractor"].append([*key, "7", own, "8", "1", "x"])
            if not any(row[4] == contract for row in tables["contractor"]):
                tables["contractor"].append(
                    [own, "8", "1", "Example Services – “Y”", contract, "1" if kind == "A" else "2"]
                )
                place = str(list(STATES).index(state) + 1)
                tables["contractor_jurisdiction"].append(
                    [own, "8", "1", place, "01/01/2018", "", "x"]
                )
                tables["contractor_jurisdiction"].append(
                    [own, "8", "1", "99", "01/01/2010", "12/31/2017", "x"]
                )
        tables["article_x_hcpc_code_group"].append([*key, "1", "N/A", "x"])
        for code in a.codes:
            tables["article_x_hcpc_code"].append([*key, code, "2", "1", WORDS, WORDS, "N", "x"])
        for table, name in (
            ("article_x_hcpc_modifier", "modifiers"), ("article_x_icd10_covered", "covered"),
            ("article_x_icd10_noncovered", "not_covered"), ("article_x_bill_code", "bill_types"),
            ("article_x_revenue_code", "revenue_codes"),
        ):  # fmt: skip
            width = len(tables[table][0]) - 3
            tables[table] += [[*key, one, *(["1"] * width)] for one in getattr(a, name)]
        if not a.bill_types:
            tables["article_x_bill_code"].append([*key, "999", "Not Applicable"])
        for day, revision, words in a.history:
            tables["article_x_revision_history"].append(
                [*key, revision, day, html.escape(f"<p>{words}</p>")]
            )
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            out = io.StringIO()
            csv.writer(out).writerows(rows)
            archive.writestr(f"{name}.csv", out.getvalue().encode("cp1252"))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "An invented download.")
        archive.writestr("current_article_csv.zip", inner.getvalue())
    return outer.getvalue()
