"""Files, folders, standard input and .gz; what is no file of claims is said to be what it is."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

import pumpclaim

EXAMPLES = Path(__file__).parents[2] / "examples"
CLINIC = EXAMPLES / "clinic.837"


def test_a_file() -> None:
    claims = pumpclaim.read(CLINIC)
    assert claims.refused == ()
    assert claims.claims.height == 15
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
    assert claims.claims.height == 18
    assert claims.claims["claim"].to_list() == list(range(18))
    assert claims.lines["claim"].is_sorted()
    assert [(r.source, "a PDF" in r.reason) for r in claims.refused] == [(str(tmp_path / "notes.pdf"), True)]


def test_a_file_named_twice_is_read_once() -> None:
    assert pumpclaim.read(CLINIC, EXAMPLES / ".." / "examples" / "clinic.837").claims.height == 15


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"PK\x03\x04zip", "zip"),
        (b'{"resourceType": "Claim"}', "JSON"),
        (b"<html>", "XML or HTML"),
        (bytes(range(256)) * 8, "X12"),
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
    assert claims.claims.height == 15
    assert [r.reason.split(";")[0] for r in claims.refused] == ["there is no such file or folder", "there is no file in this folder"]


def test_progress_names_every_file() -> None:
    told: list[tuple[str, int, int]] = []
    pumpclaim.read(CLINIC, EXAMPLES / "hospital.837", progress=lambda *step: told.append(step))
    assert told == [(str(CLINIC), 1, 2), (str(EXAMPLES / "hospital.837"), 2, 2)]
