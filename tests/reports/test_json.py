"""The JSON of check: exact amounts, the published shape, and fast."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from pumpclaim._version import __version__
from pumpclaim.reports.amounts import decimal_text, with_commas
from pumpclaim.reports.json import document, render

from .conftest import HandBuilt, review_of

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "check.schema.json").read_text())


def validate(found: object) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)


def test_priced_claim_in_full(review: HandBuilt) -> None:
    claim = document(review)["claims"][0]
    assert claim == {
        "claim_id": "PUMP-0",
        "source": "morning.837",
        "segment": 20,
        "determination": "payable",
        "allowed": "81.62",
        "findings": [],
        "lines": [
            {"line": 1, "hcpcs": "62370", "service_date": "2024-03-05", "allowed": None,
             "payable": None, "reason": "priced by another schedule", "pricing": []},
            {"line": 2, "hcpcs": "J7999", "service_date": "2024-03-05", "allowed": "81.62",
             "payable": "81.62", "reason": None, "pricing": [
                {"item": "morphine", "amount": "360", "unit": "mg", "fee": "0.0500", "per": "mg",
                 "extended": "18.00"},
                {"item": "bupivacaine", "amount": "90.5", "unit": "mg", "fee": "0.0400",
                 "per": "mg", "extended": "3.62"},
                {"item": "clonidine", "amount": "1.5", "unit": "mcg", "fee": "0.0010", "per": "mcg",
                 "extended": "0.0015"},
                {"item": "compounding fee", "amount": "1", "unit": "refill", "fee": "60.0000",
                 "per": "refill", "extended": "60.00"},
             ]},
        ],
    }  # fmt: skip


def test_finding_in_full(review: HandBuilt) -> None:
    first, second = document(review)["claims"][1]["findings"]
    assert list(first) == list(second)
    assert first == {
        "rule": "DRG104", "title": "KD is missing.", "outcome": "reject", "line": 2,
        "message": "DRG104 fired here.", "statements": ["C17"], "basis": "article",
        "group": "CO", "carc": "4", "rarc": None, "fix": "Mend what DRG104 names.",
    }  # fmt: skip
    assert (second["line"], second["basis"], second["statements"]) == (None, "coding", ["V1", "K1"])


def test_head_and_tail(review: HandBuilt) -> None:
    found = document(review)
    assert found["article"] == {"id": "A55239", "revision": "R3"}
    assert found["articles"] == [
        {"id": "A55239", "revision": "R3", "from": "2016-09-01", "to": None}
    ]
    assert found["version"] == __version__
    assert found["summary"]["claims_read"] == 8
    assert found["rejected"] == [{
        "source": "morning.837", "segment": 400,
        "reason": "CLM02 is 'abc', which is no amount; correct the claim's total charge",
    }]  # fmt: skip
    assert found["refused"] == [
        {
            "source": "torn.837",
            "segment": 812,
            "line": None,
            "reason": "the file ends inside a claim; ask for it again",
        }
    ]
    assert found["readings"] == {}


def test_zero_is_not_unknown(review: HandBuilt) -> None:
    claims = document(review)["claims"]
    assert claims[2]["lines"][0]["allowed"] == "0.00"
    assert claims[1]["lines"][0]["allowed"] is None


def test_claim_without_lines_is_listed(review: HandBuilt) -> None:
    assert document(review)["claims"][6]["lines"] == []


def test_switched_readings_are_named() -> None:
    found = document(review_of([], [], [], [], **{"kd-on-compound": "not-required"}))
    assert found["readings"] == {"kd-on-compound": "not-required"}


@pytest.mark.parametrize("name", ["review", "many", "empty"])
def test_validates_against_the_published_schema(name: str, request: pytest.FixtureRequest) -> None:
    validate(json.loads(render(request.getfixturevalue(name))))


@pytest.mark.parametrize("key", ["determination", "outcome"])
def test_schema_is_strict(review: HandBuilt, key: str) -> None:
    found = json.loads(render(review))
    holder = found["claims"][1] if key == "determination" else found["claims"][1]["findings"][0]
    holder[key] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        validate(found)
    holder.pop(key)
    with pytest.raises(jsonschema.ValidationError):
        validate(found)


def test_schema_refuses_keys_it_does_not_know(review: HandBuilt) -> None:
    found = json.loads(render(review))
    found["claims"][0]["lines"][1]["pricing"][0]["colour"] = "blue"
    with pytest.raises(jsonschema.ValidationError):
        validate(found)


def test_bytes_are_indented_and_end_with_a_line_break(empty: HandBuilt) -> None:
    text = render(empty).decode()
    assert text.startswith('{\n  "article"')
    assert text.endswith("}\n")


def test_order_of_rows_within_tables_does_not_matter(review: HandBuilt) -> None:
    straight = document(review)
    review.price_items = review.price_items.sort("row", descending=True, maintain_order=True)
    review.prices = pl.concat([review.prices[3:], review.prices[:3]])
    assert document(review) == straight


@pytest.mark.parametrize(
    ("value", "digits", "least", "text"),
    [
        (82_500_000_000, 9, 2, "82.50"),
        (1_500_000, 9, 2, "0.0015"),
        (0, 9, 2, "0.00"),
        (-1_250_000_000, 9, 2, "-1.25"),
        (9_000_000_000_000_000_000, 9, 2, "9000000000.00"),
        (1, 9, 4, "0.000000001"),
        (1_500, 3, 0, "1.5"),
        (360_000, 3, 0, "360"),
        (1, 6, 0, "0.000001"),
    ],
)
def test_decimal_text(value: int, digits: int, least: int, text: str) -> None:
    assert decimal_text(value, digits, least) == text


def test_dollars_for_people() -> None:
    assert with_commas("1234567.50") == "$1,234,567.50"
    assert with_commas("0.00") == "$0.00"
    assert with_commas(None) == "–"
