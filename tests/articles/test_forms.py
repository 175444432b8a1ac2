"""The same facts in every published form are read back equal; what is wrong is said."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from pumpclaim.articles.compare import facts_of_document
from pumpclaim.articles.passages import normal_words
from pumpclaim.articles.published import Published
from pumpclaim.articles.reading import read_article_data, read_article_file
from pumpclaim.errors import InputError
from pumpclaim.policy import load

from .rendered import WORDS, Invented, download, page, pdf, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMS: dict[str, Callable[[Invented], bytes]] = {
    "text": text, "pdf": pdf, "page": page, "download": download,
}  # fmt: skip


def read(data: bytes, **options: Any) -> Published:
    return read_article_data(data, "given", **options)


def facts(article: Published) -> set[tuple[str, str, str]]:
    return {(one.kind, one.name, one.value) for one in facts_of_document(article)}


def expected(a: Invented) -> set[tuple[str, str, str]]:
    """The facts of an invented article, from what it was made of."""
    return facts(read(text(a)))


@pytest.mark.parametrize("form", FORMS)
def test_the_facts_are_those_that_were_written(form: str) -> None:
    a = Invented()
    found = read(FORMS[form](a))
    assert found.problems == ()
    assert (found.id, found.title, found.type) == (a.id, a.title, "Billing and Coding")
    assert found.original_effective.isoformat() == "2018-01-01"
    assert found.revision_effective is not None
    assert found.revision_effective.isoformat() == "2024-03-01"
    assert [(c.number, c.kind, c.states) for c in found.contractors] == [
        ("99301", "A", ("ID",)), ("99302", "B", ("MT",)),
    ]  # fmt: skip
    assert [(f.drug, str(f.fee), f.per) for f in found.fees] == [
        ("morphine", "0.0700", "mg"), ("clonidine", "0.0020", "mcg"), ("fentanyl", "0.0080", "mcg"),
        (None, "45.00", "refill"),
    ]  # fmt: skip
    assert [one.value for one in found.codes] == a.codes
    for name, wanted in (
        ("modifiers", a.modifiers), ("diagnoses_covered", a.covered), ("revenue_codes", a.revenue_codes),
        ("diagnoses_not_covered", a.not_covered), ("bill_types", a.bill_types), ("keywords", a.keywords),
    ):  # fmt: skip
        assert [one.value for one in getattr(found, name)] == wanted, name
    assert [(r.number, r.effective.isoformat(), r.explanation) for r in found.revisions] == [
        ("R2", "2024-03-01", "Fees."), ("R1", "2018-01-01", "First words."),
    ]  # fmt: skip
    words = normal_words(one.value for one in found.paragraphs)
    assert words == normal_words(a.prose)
    assert WORDS.casefold() not in repr(found).casefold()
    licensed = read(FORMS[form](a), licensed=True)
    assert WORDS in licensed.groups[0].descriptors["62367"].casefold()


DRUGS = sorted(one.label for one in load().drugs.by_id.values() if one.kind != "other")
FEES = st.lists(
    st.tuples(st.sampled_from(DRUGS), st.integers(1, 99_999), st.sampled_from(["mcg", "mg", "microgram", "mgs"])),
    min_size=1, max_size=22, unique_by=lambda one: one[0],
)  # fmt: skip
ARTICLES = st.builds(
    lambda fees, codes, covered, bills, rows: (
        Invented(
            fees=[
                *((name, f"{amount / 10_000:.4f}", per) for name, amount, per in fees),
                ("Compounding Fee", "45.00", "refill"),
            ],
            codes=codes,
            covered=covered,
            bill_types=bills,
        ),
        rows,
    ),
    FEES,
    st.lists(st.sampled_from(["62350", "62362", "62367", "62370", "95990", "J7999", "0232T"]), min_size=1, unique=True),
    st.lists(st.sampled_from(["G89.4", "M96.1", "C79.51", "G80", "S06.0X1A"]), unique=True),
    st.lists(st.sampled_from(["013X", "0851", "011X"]), unique=True),
    st.integers(0, 40),
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(ARTICLES)
def test_every_form_says_the_same(made: tuple[Invented, int]) -> None:
    a, rows = made
    wanted = expected(a)
    fees = {name for kind, name, _ in wanted if kind == "fee"}
    assert len(fees) == len(a.fees)
    for form, data in (("pdf", pdf(a, rows)), ("page", page(a)), ("download", download(a))):
        assert facts(read(data)) == wanted, form


def test_every_fact_of_a_text_names_its_line() -> None:
    data = text(Invented())
    lines = data.decode().split("\n")
    for fact in facts_of_document(read(data)):
        if fact.kind in ("fee", "code", "contract", "modifier", "bill type", "covered diagnosis"):
            line = lines[int(fact.place.removeprefix("line ")) - 1]
            name = {"fentanyl": "Fentanyl", "compounding fee": "Compounding"}.get(
                fact.name, fact.name
            )
            assert name.casefold() in line.casefold()


def test_every_fact_of_a_pdf_names_its_page() -> None:
    data = pdf(Invented(), rows_before=40)
    pages = [one.extract_text() for one in PdfReader(io.BytesIO(data)).pages]
    assert len(pages) > 2
    for fact in facts_of_document(read(data)):
        if fact.kind in ("code", "contract", "modifier"):
            number = int(fact.place.split(",")[0].removeprefix("page "))
            assert fact.name in pages[number - 1]


SAME = {
    "CRLF": lambda t: t.replace("\n", "\r\n"),
    "a ligature": lambda t: t.replace("filled", "ﬁlled").replace("Filling", "Filling"),
    "hard blanks": lambda t: t.replace(" per ", "\u00a0per\u00a0"),
    "soft hyphens": lambda t: t.replace("Morphine", "Mor\u00adphine"),
    "unescaped dollars": lambda t: t.replace("\\$", "$"),
    "a page break in the table": lambda t: t.replace(
        "Clonidine\t", "Created on 03/05/2024. Page 2 of 9\n\nDrug Name\tDrug Fee Measure\nClonidine\t"
    ),
    "a row at the end": lambda t: t.replace("Clonidine\t\\$0.0020 per mcg\n", "").replace(
        "Compounding Fee\t\\$45.00 per cartridge", "Compounding Fee\t\\$45.00 per cartridge\n\tClonidine \\$0.0020 per mcg"
    ),
    "a row on two lines": lambda t: t.replace("Clonidine\t", "Clonidine\n"),
    "bold": lambda t: t.replace("Clonidine", "**Clonidine**"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_the_same_is_read_as_the_same(name: str) -> None:
    before = text(Invented()).decode()
    after = SAME[name](before)
    assert after != before
    assert facts(read(after.encode())) == facts(read(before.encode()))
    assert normal_words(one.value for one in read(after.encode()).paragraphs) == normal_words(
        Invented().prose
    )


PROBLEMS = {
    "no unit": (("Clonidine", "0.0020", "REMOVED"), "has no unit"),
    "an odd unit": (("Clonidine", "0.0020", "grain"), "has the unit 'grain'"),
    "an unknown drug": (("Blurbine", "0.0020", "mcg"), "'Blurbine' is no drug that we know"),
    "a drug per cartridge": (("Clonidine", "0.0020", "cartridge"), "which it cannot be"),
}


@pytest.mark.parametrize(("fee", "words"), PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("form", ["text", "page"])
def test_what_is_not_understood_is_listed(form: str, fee: tuple[str, str, str], words: str) -> None:
    a = Invented(fees=[("Morphine", "0.0700", "mg"), fee])
    problems = [one.value for one in read(FORMS[form](a).replace(b" per REMOVED", b"")).problems]
    assert any(re.search(words, one) for one in problems), problems


def test_of_a_download_one_article_is_chosen() -> None:
    one, other = Invented(), Invented(id="A99010", title="Another")
    both = download(one, replace(other, contracts=[("99401", "A", "California - Northern")]))
    with pytest.raises(InputError, match="has 2 articles"):
        read(both)
    assert read(both, article="A99010").title == "Another"
    assert read(both, article="A99010").contractors[0].states == ("CA",)
    with pytest.raises(InputError, match="has no article A1"):
        read(both, article="A1")
    with pytest.raises(InputError, match="twice"):
        read(download(one, one))


def test_text_columns_may_be_long() -> None:
    assert facts(read(download(Invented(), padding=400_000))) == expected(Invented())


def scan() -> bytes:
    out, picture = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (600, 800), "white").save(picture, "PNG")
    picture.seek(0)
    from reportlab.lib.utils import ImageReader

    canvas = Canvas(out)
    canvas.drawImage(ImageReader(picture), 0, 0)
    canvas.save()
    return out.getvalue()


def encrypted() -> bytes:
    writer, out = PdfWriter(clone_from=io.BytesIO(pdf(Invented()))), io.BytesIO()
    writer.encrypt("secret")
    writer.write(out)
    return out.getvalue()


def zipped(name: str, content: bytes = b"a,b\n1,2\n") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a scan": (scan, "the PDF is a scan"),
    "an encrypted PDF": (encrypted, "asks for a password"),
    "a PDF cut off": (lambda: pdf(Invented())[:900], "PDF"),
    "a PDF in name": (lambda: b"%PDF-1.7\nhello", "PDF cannot be read"),
    "another page": (
        lambda: b"<html><body><p>Hello</p></body></html>",
        "no article of the Medicare",
    ),
    "another text": (lambda: b"Dear colleague, hello.", "no article of the Medicare"),
    "an empty file": (lambda: b" \n", "the file is empty"),
    "a binary file": (lambda: bytes(range(256)) * 4, "binary file"),
    "a zip bomb": (lambda: zipped("article.csv", b"0" * (200 * 1024**2)), "unpacks to more than"),
    "a path that climbs": (lambda: zipped("../../article.csv"), "leaves its folder"),
    "an absolute path": (lambda: zipped("/etc/article.csv"), "leaves its folder"),
    "a climbing path of Windows": (lambda: zipped("..\\article.csv"), "leaves its folder"),
    "a zip without tables": (lambda: zipped("readme.txt"), "no CSV table"),
    "another table": (lambda: zipped("other.csv"), "no table article"),
    "a table without columns": (lambda: zipped("article.csv"), "no column article_id"),
    "a damaged zip": (lambda: download(Invented())[:-40], "damaged"),
    "zips too deep": (
        lambda: zipped("a.zip", zipped("b.zip", zipped("c.zip", zipped("d.zip")))),
        "too many",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_said_in_one_sentence(name: str) -> None:
    make, words = BAD[name]
    with pytest.raises(InputError, match=words) as raised:
        read(make())
    assert "\n" not in str(raised.value)
    if name == "a scan":
        assert ("tesseract is installed" in str(raised.value)) == bool(
            shutil.which("tesseract") and shutil.which("pdftoppm")
        )


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        read_article_file(tmp_path)
    with pytest.raises(InputError, match="cannot be opened"):
        read_article_file(tmp_path / "nothing.pdf")


def test_an_article_of_another_kind_is_read_and_known_as_such() -> None:
    other = Invented(codes=["99213"], fees=[])
    assert not read(text(other)).is_about_pumps
    assert read(text(Invented())).is_about_pumps


SEEDS = {name: make(Invented()) for name, make in FORMS.items()}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_damage_ends_in_anything_but_an_article_or_a_sentence(
    form: str, data: st.DataObject
) -> None:
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
            seed[at:at] = data.draw(
                st.sampled_from([b"$", b"\t", b"<td>", b"\x00", b"N/A", b"per mg", b"Codes"])
            )
        if not seed:
            break
    with contextlib.suppress(InputError):
        assert isinstance(read(bytes(seed)), Published)


@pytest.mark.parametrize(
    "line",
    ["a " * 40_000, "$1.0 per " * 9_000, "(" * 60_000, "Idaho " * 9_000, "99301 - MAC A " * 5_000],
)
def test_a_long_line_takes_no_longer_than_it_must(line: str) -> None:
    a = Invented(prose=[line])
    read(text(a))
    read(text(a).replace(b"Example Services\t", line.encode() + b"\t"))
