"""Files, folders, standard input and .gz; what is no file of claims is said to be what it is."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import pumpclaim
from pumpclaim.readers import read_data, read_sources
from pumpclaim.readers.sources import BeyondError, Bounds, Source

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[2] / "examples"
CLINIC = EXAMPLES / "clinic.837"
HELD = CLINIC.read_text().count("CLM*")


def test_a_file() -> None:
    claims = pumpclaim.read(CLINIC)
    assert claims.refused == ()
    assert claims.claims.height == HELD
    assert claims.claims["source"].unique().to_list() == [str(CLINIC)]


def test_gzip_and_standard_input_give_the_same(tmp_path: Path) -> None:
    packed = tmp_path / "clinic.gz"
    packed.write_bytes(gzip.compress(CLINIC.read_bytes()))
    plain = pumpclaim.read(CLINIC).lines
    assert pumpclaim.read(packed).lines.equals(plain)
    assert pumpclaim.read("-", stdin=io.BytesIO(CLINIC.read_bytes())).lines.equals(plain)
    assert pumpclaim.read("-", stdin=io.BytesIO(packed.read_bytes())).lines.equals(plain)


def test_a_folder_goes_on_after_what_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.837").write_bytes(CLINIC.read_bytes())
    (tmp_path / "b.837").write_bytes((EXAMPLES / "hospital.837").read_bytes())
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / ".hidden").write_bytes(b"not looked at")
    claims = pumpclaim.read(tmp_path)
    assert claims.claims.height == HELD + 3
    assert claims.claims["claim"].to_list() == list(range(HELD + 3))
    assert claims.lines["claim"].is_sorted()
    assert [(r.source, "a PDF" in r.reason) for r in claims.refused] == [
        (str(tmp_path / "notes.pdf"), True)
    ]


def test_a_file_named_twice_is_read_once() -> None:
    assert pumpclaim.read(CLINIC, EXAMPLES / ".." / "examples" / "clinic.837").claims.height == HELD


def test_of_files_that_hold_the_same_one_is_read_and_the_other_named(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a.837", "b.837", "c.837"))
    for one in (first, second):
        one.write_bytes(CLINIC.read_bytes())
    third.write_bytes(CLINIC.read_bytes().replace(b"R-1001", b"R-9001"))
    claims = pumpclaim.read(tmp_path)
    assert claims.claims.height == 2 * HELD
    assert claims.repeated == ((str(second), str(first)),)
    said = pumpclaim.check(claims).notices[0].sentence
    assert said == f"{second}: it holds the same as {first}, so it is read once"


def within(unpacked_bytes: int, lines: int, *packed: bytes) -> pumpclaim.claim_set.ClaimSet:
    sources = [Source(f"{number}", None, one) for number, one in enumerate(packed)]
    return read_sources(sources, bounds=Bounds(unpacked_bytes, lines))


def test_all_files_of_a_set_share_its_bounds() -> None:
    text, other = CLINIC.read_bytes(), (EXAMPLES / "hospital.837").read_bytes()
    size, lines = len(text) + len(other), pumpclaim.read(CLINIC).lines.height
    assert within(size, 1000, text, other).refused == ()
    for second in (other, gzip.compress(other)):
        found = within(size - 1, 1000, text, second)
        assert found.claims.height == HELD
        (refusal,) = found.refused
        assert refusal.source == "1"
        assert "more than 0 MB" in refusal.reason
    assert within(size, lines, text).claims.height == HELD
    for files in ((text, other), (other, text)):
        with pytest.raises(BeyondError, match=f"more than the {lines} service lines"):
            within(size, lines, *files)


@pytest.mark.parametrize("kind", ["837", "csv", "parquet"])
def test_a_file_of_too_many_lines_is_told_before_they_are_judged(kind: str) -> None:
    content = {"837": CLINIC, "csv": EXAMPLES / "clinic.csv"}.get(kind, CLINIC).read_bytes()
    if kind == "parquet":
        table = io.BytesIO()
        pl.read_csv(EXAMPLES / "clinic.csv", infer_schema=False).write_parquet(table)
        content = table.getvalue()
    lines = read_data(content, "a").lines.height
    assert read_data(content, "a", lines).lines.height == lines
    with pytest.raises(BeyondError):
        read_data(content, "a", lines - 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"PK\x03\x04zip", "zip"),
        (b'{"resourceType": "Claim"}', "JSON"),
        (b"<html>", "XML or HTML"),
        (bytes(range(256)) * 8, "binary file"),
        (b"\x89PNG\r\n", "picture"),
        (b"MSH|^~\\&|A|B", "HL7"),
        (b"SQLite format 3\0", "SQLite"),
        (b"1,2,3\n4,5,6\n7,8,9\n", "names no column"),
        (b"PAR1 and then nothing", "Parquet"),
        (b"\x1f\x8b\x08\x00broken", ".gz"),
        (gzip.compress(CLINIC.read_bytes())[:-300], "cut off"),
        (b"just a sentence about pumps.", "X12"),
    ],
)
def test_what_is_no_file_of_claims(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "claims"
    path.write_bytes(content)
    claims = pumpclaim.read(path)
    assert claims.claims_read == 0
    assert len(claims.refused) == 1
    assert said in claims.refused[0].reason
    assert claims.refused[0].source == str(path)


def test_a_gzip_bomb_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\0" * (100 << 20)))
    claims = pumpclaim.read(path)
    assert "unpacks to more than" in claims.refused[0].reason


def test_what_is_not_there(tmp_path: Path) -> None:
    claims = pumpclaim.read(tmp_path / "none.837", tmp_path, CLINIC)
    assert claims.claims.height == HELD
    assert [r.reason.split(";")[0] for r in claims.refused] == [
        "there is no such file or folder",
        "there is no file in this folder",
    ]


def test_progress_names_every_file() -> None:
    told: list[tuple[str, int, int]] = []
    pumpclaim.read(CLINIC, EXAMPLES / "hospital.837", progress=lambda *step: told.append(step))
    assert told == [(str(CLINIC), 1, 2), (str(EXAMPLES / "hospital.837"), 2, 2)]


def test_a_csv_of_utf_16_is_told_from_x12(tmp_path: Path) -> None:
    path = tmp_path / "claims.txt"
    path.write_text((EXAMPLES / "clinic.csv").read_text().replace(",", "\t"), encoding="utf-16")
    assert pumpclaim.read(path).refused == ()


def test_the_kind_is_told_by_the_content(tmp_path: Path) -> None:
    wrong = tmp_path / "claims.parquet"
    wrong.write_bytes(CLINIC.read_bytes())
    assert pumpclaim.read(wrong).claims.height == HELD
    wrong.write_bytes((EXAMPLES / "clinic.csv").read_bytes())
    assert pumpclaim.read(wrong).claims.height == HELD


def test_standard_input_is_read_once() -> None:
    assert pumpclaim.read("-", "-", stdin=io.BytesIO(CLINIC.read_bytes())).claims.height == HELD


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, ""])
def test_names_that_no_file_can_have(name: str) -> None:
    claims = pumpclaim.read(name) if name else pumpclaim.read(Path("nowhere") / "none")
    assert claims.claims_read == 0
    assert len(claims.refused) == 1


def test_several_members_in_one_gzip(tmp_path: Path) -> None:
    data = CLINIC.read_bytes()
    path = tmp_path / "two.gz"
    path.write_bytes(gzip.compress(data[:3000]) + gzip.compress(data[3000:]) + bytes(100))
    assert pumpclaim.read(path).claims.height == HELD


def test_one_set_keeps_each_files_claims_apart() -> None:
    both = pumpclaim.read(CLINIC, EXAMPLES / "clinic.csv")
    assert both.claims.height == 2 * HELD
    assert both.lines.group_by("claim").len().height == 2 * HELD
    assert both.claims["source"].n_unique() == 2


def test_nothing_to_read() -> None:
    assert pumpclaim.read().claims_read == 0


def test_a_parquet_that_ends_who_reads_it_is_refused_and_the_rest_goes_on(
    tmp_path: Path, deadly: Callable[[Path], None]
) -> None:
    table = pl.read_csv(EXAMPLES / "clinic.csv", infer_schema=False)
    for name in ("a", "b", "c"):
        table.with_columns(claim_id=name + pl.col("claim_id")).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    deadly(tmp_path / "b.parquet")
    claims = pumpclaim.read(*sorted(tmp_path.iterdir()))
    assert [Path(one.source).name for one in claims.refused] == ["b.parquet"]
    assert "damaged inside" in claims.refused[0].reason
    assert claims.claims["source"].n_unique() == 2
