"""An article that a test makes up, as the coverage database's download."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from typing import TYPE_CHECKING

from .rendered import STATES, WORDS

if TYPE_CHECKING:
    from .rendered import Invented

Tables = dict[str, list[list[str]]]
COLUMNS = {
    "article": "article_id article_version article_type article_eff_date article_end_date title description "
    "other_comments status article_rev_end_date date_retired keywords add_icd10_info cms_cov_policy",
    "article_type_lookup": "article_type_id description last_updated",
    "article_x_contractor": "article_id article_version article_type contractor_id contractor_type_id "
    "contractor_version last_updated",
    "contractor": "contractor_id contractor_type_id contractor_version contractor_bus_name contractor_number "
    "contractor_subtype_id",
    "contractor_subtype_lookup": "contractor_subtype_id description",
    "contractor_jurisdiction": "contractor_id contractor_type_id contractor_version state_id active_date "
    "term_date last_updated",
    "state_lookup": "state_id state_abbrev description",
    "article_x_hcpc_code": "article_id article_version hcpc_code_id hcpc_code_version hcpc_code_group "
    "long_description short_description range last_updated",
    "article_x_hcpc_code_group": "article_id article_version hcpc_code_group paragraph last_updated",
    "article_x_hcpc_modifier": "article_id article_version hcpc_modifier_code_id description",
    "article_x_icd10_covered": "article_id article_version icd10_code_id range asterisk description",
    "article_x_icd10_noncovered": "article_id article_version icd10_code_id range description",
    "article_x_bill_code": "article_id article_version bill_code_id description",
    "article_x_revenue_code": "article_id article_version revenue_code_id range description",
    "article_x_revision_history": "article_id article_version rev_hist_num rev_hist_date rev_hist_exp",
}
LISTS = (
    ("article_x_hcpc_modifier", "modifiers", "hcpc_modifier_code_id", "XX"),
    ("article_x_icd10_covered", "covered", "icd10_code_id", "XX000"),
    ("article_x_icd10_noncovered", "not_covered", "icd10_code_id", "XX000"),
    ("article_x_bill_code", "bill_types", "bill_code_id", "999"),
    ("article_x_revenue_code", "revenue_codes", "revenue_code_id", "99999"),
)
"""Tables of lists, what an invented article calls them, the column of the code, and what stands for none."""


def tables_of(*articles: Invented, padding: int = 0) -> Tables:
    """The tables of a download, each with its columns first."""
    tables: Tables = {name: [columns.split()] for name, columns in COLUMNS.items()}

    def add(table: str, **cells: str) -> None:
        tables[table].append([cells.get(column, "") for column in tables[table][0]])

    add("article_type_lookup", article_type_id="7", description="Billing and Coding")
    for number, kind in (("1", "MAC - Part A"), ("2", "MAC - Part B")):
        add("contractor_subtype_lookup", contractor_subtype_id=number, description=kind)
    for number, (name, (abbreviation, _)) in enumerate(STATES.items(), start=1):
        add("state_lookup", state_id=str(number), state_abbrev=abbreviation, description=name)
    add("state_lookup", state_id="99", state_abbrev="TX", description="Texas")
    contractors: dict[str, str] = {}
    for a in articles:
        key = {"article_id": a.id[1:], "article_version": "3"}
        fees = "".join(
            f"<tr><td>{n}</td><td>${fee} per {per}</td></tr>" for n, fee, per, _ in a.fees
        )
        body = "".join(f"<p>{html.escape(one)}</p>" for one in a.prose)
        padded = f"<!-- {'x' * padding} -->" if padding else ""
        table = f"<table><tr><th>Drug Name</th><th>Drug Fee Measure</th></tr>{fees}</table>"
        add(
            "article", **key, article_type="7", article_eff_date=a.original, title=a.title, status="A",
            description=html.escape(f"{padded}{body}{table}"), keywords=", ".join(a.keywords),
            other_comments=html.escape(f"<p>{html.escape(a.other_coding)}</p>"),
        )  # fmt: skip
        for contract, kind, states in a.contracts:
            own = contractors.setdefault(contract, str(100 + len(contractors)))
            ids = {"contractor_id": own, "contractor_type_id": "8", "contractor_version": "1"}
            add("article_x_contractor", **key, **ids)
            if any(row[4] == contract for row in tables["contractor"]):
                continue
            subtype = "1" if kind == "A" else "2"
            add("contractor", **ids, contractor_bus_name=a.issuer, contractor_number=contract, contractor_subtype_id=subtype)  # fmt: skip
            for state in states:
                place = str(list(STATES).index(state) + 1)
                add("contractor_jurisdiction", **ids, state_id=place, active_date="01/01/2018")
            add("contractor_jurisdiction", **ids, state_id="99", term_date="12/31/2017")
        add("article_x_hcpc_code_group", **key, hcpc_code_group="1", paragraph=html.escape(f"<p>{a.paragraph or 'N/A'}</p>"))  # fmt: skip
        for code in a.codes:
            add("article_x_hcpc_code", **key, hcpc_code_id=code, hcpc_code_group="1", long_description=WORDS, range="N")  # fmt: skip
        for name, own, column, none in LISTS:
            listed = getattr(a, own)
            for written, _ in listed:
                ends = written.split(" - ")
                marks = ["N"] if len(ends) == 1 else ["B", "E"]
                for code, mark in zip(ends, marks, strict=True):
                    note = "Y" if code.endswith("*") else "N"
                    plain = code.rstrip("*")
                    add(
                        name, **key, **{column: plain}, range=mark, asterisk=note, description=WORDS
                    )
            if not listed:
                add(name, **key, **{column: none}, range="N", description="Not Applicable")
        for day, revision, words in a.history:
            add("article_x_revision_history", **key, rev_hist_num=revision, rev_hist_date=day, rev_hist_exp=html.escape(f"<p>{words}</p>"))  # fmt: skip
    return tables


def zipped(tables: Tables) -> bytes:
    """Tables as a zip in a zip of CSV files, cp1252."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            out = io.StringIO()
            csv.writer(out).writerows(rows)
            archive.writestr(f"{name}.csv", out.getvalue().encode("cp1252", "replace"))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "An invented download.")
        archive.writestr("current_article_csv.zip", inner.getvalue())
    return outer.getvalue()


def download(*articles: Invented, padding: int = 0) -> bytes:
    """As the database's download: escaped HTML, prices only inside it."""
    return zipped(tables_of(*articles, padding=padding))
