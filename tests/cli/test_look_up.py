"""price, rule and policy: what a person asks without a claim."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from typer.testing import CliRunner, Result

from pumpclaim.cli.app import app
from pumpclaim.cli.options import dollars, readings, rule_codes
from pumpclaim.policy import load
from pumpclaim.rules import RULES


def invoke(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_price_with_derivation() -> None:
    result = invoke("price", "morphine 360 mg, bupivacaine 90 mg", "--on", "2024-03-05")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "360 mg $0.0500 per mg $18.00" in text
    assert "90 mg $0.0400 per mg $3.60" in text
    assert "Allowed on 2024-03-05 by A55239 R3: $81.60" in text


def test_price_today_by_default() -> None:
    assert "Allowed on 20" in invoke("price", "morphine 360 mg").stdout


def test_price_as_json() -> None:
    result = invoke(
        "price",
        "clonidine 1500 mcg",
        "--on",
        "2024-03-05",
        "--charge",
        "$1,050.5",
        "--format",
        "json",
    )
    found = json.loads(result.stdout)
    assert (found["allowed"], found["payable"], found["problems"]) == ("61.50", "61.50", [])
    drug, fee = found["pricing"]
    assert {key: drug[key] for key in ("amount", "unit", "fee", "per", "extended")} == {
        "amount": "1500", "unit": "mcg", "fee": "0.0010", "per": "mcg", "extended": "1.50",
    }  # fmt: skip
    assert (fee["amount"], fee["unit"], fee["extended"]) == ("1", "refill", "60.00")
    assert found["estimate"] is None


def test_price_lower_of_charge_and_estimate() -> None:
    result = invoke(
        "price",
        "morphine 360 mg",
        "--on",
        "2024-03-05",
        "--charge",
        "70",
        "--deductible-left",
        "20",
    )
    text = " ".join(result.stdout.split())
    assert "Payable, the lower of allowance and charge: $70.00" in text
    assert "deductible $20.00 coinsurance $10.00 sequestration $0.80" in text
    assert "Medicare pays $39.20 the patient pays $30.00" in text


def test_price_per_cartridge() -> None:
    per_cartridge = ("--cartridges", "2", "--reading", "compounding-fee=per-cartridge")
    common = ("price", "morphine 360 mg", "--on", "2024-03-05", "--format", "json")
    assert json.loads(invoke(*common).stdout)["allowed"] == "78.00"
    assert json.loads(invoke(*common, *per_cartridge).stdout)["allowed"] == "138.00"


def test_price_names_the_part_that_cannot_be_read() -> None:
    result = invoke("price", "morphine 360 mg, snakeoil 3 spoons", "--on", "2024-03-05")
    assert result.exit_code == 2
    assert "snakeoil" in result.stderr
    assert result.stdout == ""


def test_price_not_known() -> None:
    result = invoke("price", "gabapentin 10 mg, morphine 360 mg", "--on", "2024-03-05")
    assert result.exit_code in {1, 2}
    assert result.exit_code == 2 or "Allowed: not known" in result.stdout


def test_price_before_the_article() -> None:
    result = invoke("price", "morphine 360 mg", "--on", "2016-08-31")
    assert result.exit_code == 2
    assert "2016-09-01" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["price", "x", "--on", "2024-13-05"], "'2024-13-05' is no date"),
        (["price", "x", "--charge", "-1"], "no amount of dollars"),
        (["price", "x", "--charge", "nan"], "no amount of dollars"),
        (["price", "x", "--charge", "a lot"], "no amount of dollars"),
        (["price", "x", "--cartridges", "0"], "--cartridges"),
        (["price", "x", "--format", "jsn"], "did you mean 'json'?"),
        (["price", "x", "--reading", "kd"], "is not ID=CHOICE"),
        (["price"], "TEXT"),
        (["prise", "x"], "prise"),
        (["policy", "show", "--contractor", "131"], "five digits"),
        (["rule", "--formt", "json"], "--formt"),
    ],
)
def test_usage_errors(arguments: list[str], words: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ("kd-on-compuond=required", "did you mean 'kd-on-compound'?"),
        ("kd-on-compound=maybe", "it has required, not-required"),
    ],
)
def test_readings_that_do_not_exist(reading: str, words: str) -> None:
    result = invoke("policy", "show", "--reading", reading)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("code", list(RULES))
def test_page_of_every_rule(code: str) -> None:
    result = invoke("rule", code)
    text = " ".join(result.stdout.split())
    assert result.exit_code == 0
    for words in (
        code,
        RULES[code].title,
        "Why:",
        "Wrong:",
        "Right:",
        "Fix:",
        *RULES[code].statements,
    ):
        assert words in text


def test_rule_by_name_in_any_case() -> None:
    assert invoke("rule", "drg104").stdout == invoke("rule", "missing-kd-modifier").stdout


def test_rule_as_json() -> None:
    found = json.loads(invoke("rule", "DRG104", "--format", "json").stdout)
    assert found["rule"] == "DRG104"
    assert [one["statement"] for one in found["statements"]] == list(RULES["DRG104"].statements)
    assert found["readings"][0]["reading"] == "kd-on-compound"
    assert found["fix"] == RULES["DRG104"].fix


def test_list_of_rules() -> None:
    assert all(code in invoke("rule").stdout for code in RULES)
    assert [one["rule"] for one in json.loads(invoke("rule", "--format", "json").stdout)] == list(
        RULES
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [("DRG14", "did you mean DRG1"), ("zzzzzz", "pumpclaim rule lists them all")],
)
def test_rule_that_does_not_exist(asked: str, words: str) -> None:
    result = invoke("rule", asked)
    assert result.exit_code == 2
    assert words in result.stderr


def test_policy_show_holds_everything() -> None:
    found = json.loads(invoke("policy", "show", "--format", "json").stdout)
    article = found["articles"][0]
    held = load().articles[0]
    assert article["id"] == "A55239"
    assert len(article["fees"]) == len(held.fees)
    assert {one["code"] for one in article["codes"] if one["listed"]} == set(held.listed)
    assert [one["number"] for one in article["revisions"]] == ["R1", "R2", "R3"]
    assert {one["reading"] for one in article["readings"]} == set(held.readings)
    assert {one["chosen"] for one in article["readings"]} == {
        one.default for one in held.readings.values()
    }
    text = invoke("policy", "show").stdout
    for words in (
        "A55239 R3",
        "01312",
        "62370*",
        "compounding fee",
        "kd-on-compound",
        "→ required",
    ):
        assert words in text


def test_policy_show_on_a_day_and_for_a_contract() -> None:
    arguments = (
        "policy",
        "show",
        "--on",
        "2016-10-01",
        "--contractor",
        "01312",
        "--format",
        "json",
    )
    article = json.loads(invoke(*arguments).stdout)["articles"][0]
    assert [one["number"] for one in article["contracts"]] == ["01312"]
    codes = {one["code"] for one in article["codes"]}
    assert "62319" in codes
    assert "62327" not in codes


def test_policy_show_with_a_reading_switched() -> None:
    result = invoke("policy", "show", "--reading", "kd-on-compound=not-required")
    assert "→ not-required" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--contractor", "99999"),
            "no article here is for contract 99999; the contracts are 01111",
        ),
        (("--on", "2016-08-31"), "no article was in force on 2016-08-31"),
    ],
)
def test_policy_that_does_not_exist(arguments: tuple[str, ...], words: str) -> None:
    result = invoke("policy", "show", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_policy_trace_accounts_for_every_statement() -> None:
    found = json.loads(invoke("policy", "trace", "--format", "json").stdout)
    assert [one["statement"] for one in found] == list(load().articles[0].statements)
    keys = {
        "statement", "summary", "where", "decided_from", "rules", "figures", "readings", "revisions",
        "reason", "unreviewed",
    }  # fmt: skip
    assert all(set(one) == keys for one in found)
    assert all(one["statement"] in invoke("policy", "trace").stdout for one in found)


def test_option_values() -> None:
    assert dollars("$1,234.50") == Decimal("1234.50")
    assert readings(["a=b", "c=d=e", "a=f"]) == {"a": "f", "c": "d=e"}
    assert rule_codes(["DRG, PRC104", "JUR"]) == ["DRG", "PRC104", "JUR"]
    assert rule_codes(None) == []
