"""A claim's own segments, and the elements that stand for a column."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pumpclaim.errors import InputError
from pumpclaim.readers import read_data
from pumpclaim.readers.claim_text import PLACES, ClaimSegment, claim_segments, pieces
from pumpclaim.tables import CLAIMS, LINES

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"
FILES = [EXAMPLES / "clinic.837", EXAMPLES / "hospital.837"]
OTHERS = sorted(SAMPLES.glob("*/*837*"))
TEXTS = (
    "claim_id", "payer_id", "billing_state", "facility_state", "filing_indicator", "frequency_code",
    "billing_provider_npi", "payer_claim_control_number",
)  # fmt: skip
OF_LINE = ("hcpcs", "modifier_1", "modifier_2", "description", "note", "revenue_code", "ndc")


def marked(segments: list[ClaimSegment], column: str, line: int | None) -> list[str]:
    """The texts that are marked for a column."""
    return [
        segment.elements[element][component - 1]
        if component
        else segment.component_mark.join(segment.elements[element])
        for segment in segments
        for element, component in sorted(segment.marks([column], line), key=str)
    ]


def check_file(path: Path) -> int:
    """Assert that what is marked for a column of every claim is what the reader read there."""
    data = path.read_bytes()
    try:
        claims = read_data(data, path.name)
    except InputError:
        return 0
    cut = pieces(data, path.name, 1000)
    for row in claims.claims.iter_rows(named=True):
        segments = claim_segments(data, path.name, row["segment"])
        piece = cut.filter(pl.col("first") <= row["segment"]).row(-1, named=True)
        assert segments == claim_segments(piece["text"], path.name, row["segment"], piece["first"])
        assert segments[-1].number >= row["segment"]
        assert any(s.id == "CLM" and s.number == row["segment"] for s in segments)
        for column in TEXTS:
            if row[column] and column != "filing_indicator":
                assert row[column] in marked(segments, column, None), column
        lines = claims.lines.filter(claim=row["claim"]).to_dicts()
        assert [s.number for s in segments if s.id == "LX"] == [line["segment"] for line in lines]
        for place, line in enumerate(lines):
            for column in OF_LINE:
                texts = marked(segments, column, place)
                for part in (line[column] or "").split("; "):
                    joined = " ".join(texts).upper()
                    assert part.upper() in joined, (column, part, texts)
    return claims.claims.height


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_marked_is_what_was_read(path: Path) -> None:
    assert check_file(path) > 0


@pytest.mark.shared
@pytest.mark.skipif(not OTHERS, reason=f"{SAMPLES} is not there")
def test_what_is_marked_is_what_was_read_in_files_of_others() -> None:
    assert sum(check_file(path) for path in OTHERS) > 15


def test_a_file_is_cut_between_transactions() -> None:
    """Three interchanges with delimiters of their own, cut as finely as it goes."""
    one = FILES[0].read_text()
    text = one + one.replace("*", "|").replace(":", ">") + FILES[1].read_text()
    data = text.encode()
    claims = read_data(data, "x").claims
    whole, cut = pieces(data, "x"), pieces(data, "x", 1)
    assert whole.height == 1
    assert cut.height == data.count(b"\nST") == 3
    for row in claims.iter_rows(named=True):
        told = claim_segments(data, "x", row["segment"])
        for table in (whole, cut):
            piece = table.filter(pl.col("first") <= row["segment"]).row(-1, named=True)
            assert claim_segments(piece["text"], "x", row["segment"], piece["first"]) == told
    assert (
        pieces(
            b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *250101*1200*^*00501*000000001*0*T*:~",
            "x",
        ).height
        == 0
    )


def test_every_place_is_of_a_column() -> None:
    assert set(PLACES) <= set(CLAIMS.schema) | set(LINES.schema)


def test_other_delimiters_and_line_ends() -> None:
    text = FILES[0].read_text().replace("*", "|").replace(":", ">")
    data = text.encode()
    row = read_data(data, "x").claims.row(3, named=True)
    segments = claim_segments(data, "x", row["segment"])
    assert marked(segments, "hcpcs", 0) == ["62370"]
    assert segments[0].element_mark == "|"


def test_the_segments_of_one_claim_hold_none_of_another() -> None:
    data = FILES[0].read_bytes()
    claims = read_data(data, "x").claims
    ids = claims["claim_id"].to_list()
    for row in claims.iter_rows(named=True):
        segments = claim_segments(data, "x", row["segment"])
        text = " ".join("*".join(":".join(e) for e in s.elements) for s in segments)
        assert [one for one in ids if one in text] == [row["claim_id"]]
        other = claims.filter(pl.col("patient_id") != row["patient_id"])["patient_id"]
        assert not any(one in text for one in other)


@pytest.mark.parametrize("segment", [0, 1, 9, 10**6])
def test_where_no_claim_stands_a_sentence_says_so(segment: int) -> None:
    with pytest.raises(InputError, match="no claim stands there"):
        claim_segments(FILES[0].read_bytes(), "x", segment)
