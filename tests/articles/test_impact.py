"""What a revision or a draft would change: the same claims under two policies."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from pumpclaim.articles.adopt import adopt
from pumpclaim.articles.impact import impact
from pumpclaim.articles.sides import alone, policy_under, under_revision
from pumpclaim.articles.text import read_text
from pumpclaim.cli.app import app
from pumpclaim.errors import InputError
from pumpclaim.pictures import impact as drawn
from pumpclaim.pictures import render
from pumpclaim.policy import load

from .invented import article

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

CLINIC = Path(__file__).parents[2] / "examples" / "clinic.837"
HISTORY = "{day}\tR{number}\tFees.\n01/01/2018\tR1\tFirst words."
IDAHO = {"payer_id": "99202", "billing_state": "ID"}


def write(folder: Path, name: str, **changed: str) -> Path:
    file = folder / name
    file.write_text(article(**changed))
    return file


def later(number: int, day: str, fee: str, **more: str) -> dict[str, str]:
    """A later revision of the invented article with another fee for morphine."""
    fees = f"Morphine\t${fee} per mg\nCompounding Fee\t$45 per refill"
    return {
        "history": HISTORY.format(day=day, number=number),
        "revision": day,
        "fees": fees,
        **more,
    }


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three revisions that were taken in: R1, R4, R10."""
    mine = tmp_path / "mine"
    for name, changed in (
        ("r1", {}), ("r4", later(4, "04/01/2024", "0.0800")), ("r10", later(10, "04/01/2025", "0.0900")),
    ):  # fmt: skip
        adopt(read_text(write(tmp_path, name, **changed).read_bytes(), name), mine)
    monkeypatch.setenv("PUMPCLAIM_POLICY", str(mine))
    return tmp_path


CLAIMS = [
    {"id": str(year), "patient_id": f"P{year}", **IDAHO, "date": date(year, 5, 1),
     "lines": ["62370", "J7999-KD MORPHINE 100MG"]}
    for year in (2023, 2024, 2025)
]  # fmt: skip


def allowed(*sides: str | None) -> list[list[int]]:
    return [
        [int(one) // 10**9 for one in impact_of(side)["allowed_after"].to_list()] for side in sides
    ]


def impact_of(side: str | None) -> pl.DataFrame:
    return impact(claims_of(CLAIMS), load(), policy_under(side)).claims


def test_what_we_hold_judges_by_the_day_and_a_revision_by_itself(held: Path) -> None:
    folders = {one.name[:9].rstrip("-"): str(one) for one in (held / "mine").iterdir()}
    assert allowed(None, str(held / "mine")) == [[52, 53, 54]] * 2
    four = ["R4", "A99007 r4", folders["a99007-r4"], str(held / "r4")]
    assert allowed(*four) == [[53, 53, 53]] * 4
    assert allowed("r10", str(held / "r10")) == [[54, 54, 54]] * 2


def test_a_revision_and_its_document_have_the_same_impact(held: Path) -> None:
    claims = claims_of(CLAIMS)
    one, other = (
        impact(claims, policy_under("R1"), policy_under(side)) for side in ("R4", str(held / "r4"))
    )
    assert one.claims.equals(other.claims)
    assert one.changed.height == 3


def test_a_draft_is_judged_as_its_article(held: Path) -> None:
    draft = write(held, "draft.txt", id="DA99007", **later(11, "04/01/2026", "0.0950"))
    assert allowed(str(draft)) == [[54, 54, 54]]
    assert impact(claims_of(CLAIMS), load(), policy_under(str(draft))).changed.height == 3


def test_of_a_revision_whose_facts_are_not_held_none_are_made_up(held: Path) -> None:
    adopted = held / "mine" / "a99007-r1-2018-01-01"
    for file in adopted.iterdir():
        file.unlink()
    adopted.rmdir()
    with pytest.raises(InputError, match="facts of A99007 R1 are not held"):
        under_revision(load(), "R1", "A99007")
    with pytest.raises(InputError, match="facts of a revision R9 are not held"):
        under_revision(load(), "R9")
    assert under_revision(load(), "R2").article("A55239").revision == "R2"


@pytest.mark.parametrize("side", ["nothing.txt", "R9x", "rules"])
def test_what_is_no_side_is_said_to_be_missing(side: str) -> None:
    with pytest.raises(InputError, match=f"{side}: this file is not there"):
        policy_under(side)


def test_a_fee_that_is_not_understood_is_said_or_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, "draft.txt", fees="Morphine\t$0.0800 per mg\nClonidine\t$0.1\nCompounding Fee\t$45 per refill")  # fmt: skip
    with pytest.raises(InputError, match="has no unit"):
        policy_under(str(file))
    assert policy_under(str(file), ["all"]).article("A99007").fee_of["morphine"].fee == Decimal(
        "0.0800"
    )


def with_fee(drug: str, fee: str | None) -> Any:
    ours = load().articles[0]
    fees = tuple(
        replace(one, fee=Decimal(fee or 0)) if one.drug == drug else one
        for one in ours.fees
        if fee is not None or one.drug != drug
    )
    return alone(load(), replace(ours, fees=fees))


TWO = [
    {"id": "A", "patient_id": "P1", "lines": ["62370", "J7999-KD HYDROMORPHONE 100MG"]},
    {"id": "B", "patient_id": "P2", "billing_provider_npi": "1888888883", "lines": ["62370", "J7999-KD MORPHINE 100MG"]},
]  # fmt: skip


def test_impact_of_one_fee() -> None:
    claims = claims_of(TWO)
    found = impact(claims, load(), with_fee("hydromorphone", "0.1515"))
    assert found.changed["claim_id"].to_list() == ["A"]
    row = found.by_provider().row(0, named=True)
    assert (row["billing_provider_npi"], row["difference"]) == ("1999999984", 2_150_000_000)
    assert found.by_rule().height == 0
    assert impact(claims, load(), load()).changed.height == 0
    picture = drawn(found)
    assert render(picture, "png")[:4] == b"\x89PNG"
    assert "$73.00 before, $75.15 after" in picture.words


def test_dollars_that_become_unknown_or_known_are_told_apart() -> None:
    claims = claims_of(TWO)
    lost = impact(claims, load(), with_fee("hydromorphone", None))
    gained = impact(claims, with_fee("hydromorphone", None), load())
    for found, name, other, words in (
        (lost, "lost", "gained", "$73.00 no longer known"), (gained, "gained", "lost", "$73.00 newly known"),
    ):  # fmt: skip
        rows = {row["billing_provider_npi"]: row for row in found.by_provider().to_dicts()}
        row = rows["1999999984"]
        assert (row[name], row[f"{name}_claims"], row[other], row["difference"]) == (
            73 * 10**9,
            1,
            0,
            0,
        )
        assert rows["1888888883"][name] == 0
        assert words in drawn(found).words


def test_impact_tells_rules_and_determinations_that_change(tmp_path: Path) -> None:
    claims = claims_of([{"id": "A", **IDAHO, "lines": ["62370", "J7999 MORPHINE 100MG"]}])
    file = write(tmp_path, "article.txt")
    found = impact(claims, load(), policy_under(str(file)))
    assert found.determinations().rows() == [("not-governed", "fix", 1)]
    assert "DRG104" in found.by_rule().filter(pl.col("anew") == 1)["rule"].to_list()
    assert "JUR202" in found.by_rule().filter(pl.col("no_more") == 1)["rule"].to_list()


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_command(tmp_path: Path) -> None:
    file = write(tmp_path, "article.txt", fees="Morphine\t$0.0800 per mg\nCompounding Fee\t$45 per refill",
                 contracts="X\tA and B MAC\t01312 - MAC B\tJ - Y\tNevada", id="A55239")  # fmt: skip
    picture = tmp_path / "impact.svg"
    told = run("policy", "impact", CLINIC, "--to", file, "--plot", picture, "--format", "json")
    assert told.exit_code == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["claims"] == 16
    assert set(found["dollars"]) == {"allowed_before", "allowed_after", "lost", "gained"}
    assert Decimal(found["dollars"]["lost"]) > 0
    assert "<svg" in picture.read_text()
    text = run("policy", "impact", CLINIC, "--to", file).stdout
    assert "claims of 16 change" in text
    assert "known under the first side alone" in text
    assert run("policy", "impact", CLINIC, "--to", "R9").exit_code == 2
    assert run("policy", "impact", CLINIC, "--to", tmp_path / "no.txt").exit_code == 2
    assert run("policy", "impact", CLINIC, "--to", "R2", "--plot", "x.gif").exit_code == 2
