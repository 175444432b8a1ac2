"""An article taken in: a new folder, dated facts, unreviewed statements; and what it would change."""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

import pumpclaim
from pumpclaim.articles.adopt import adopt, review
from pumpclaim.articles.compare import compare, facts_of_article, facts_of_document
from pumpclaim.articles.impact import as_of_revision, impact, with_article
from pumpclaim.articles.published import Published
from pumpclaim.articles.text import read_text
from pumpclaim.cli.app import app
from pumpclaim.errors import InputError
from pumpclaim.pictures import impact as drawn
from pumpclaim.pictures import render
from pumpclaim.policy import HERE, load
from pumpclaim.trace import trace

from .invented import article

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import claims_of

SHIPPED = HERE / "a55239"
REAL = Path(__file__).parents[3] / "shared" / "article" / "A55239.txt"
real = pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not there")
NEW = {"history": "03/01/2026\tR2\tFees.\n01/01/2018\tR1\tFirst words.", "revision": "03/01/2026"}


def read(text: str) -> Published:
    return read_text(text.encode(), "article.txt")


def disagree(folder: Path, document: Published) -> list[Any]:
    from pumpclaim.policy import read_article

    compared = compare(facts_of_article(read_article(folder)), facts_of_document(document))
    return [one for one in compared if one.state != "agrees"]


def test_adopt_then_verify_is_a_fixed_point(tmp_path: Path) -> None:
    document = read(article(covered="G89.4\tOURS\nM96.1\tOURS", bills="013x\n0851"))
    first = adopt(document, SHIPPED, tmp_path)
    kinds = {one.kind for one in disagree(first.folder, document)}
    assert kinds <= {"covered diagnosis", "bill type"}, "points and zeros are written otherwise"
    plain = read(article())
    second = adopt(plain, SHIPPED, tmp_path / "plain")
    assert disagree(second.folder, plain) == []
    revised = read(article(**NEW, fees="Morphine\t$0.0770 per mg\nCompounding Fee\t$45 per refill"))
    third = adopt(revised, second.folder, tmp_path / "plain")
    assert disagree(third.folder, revised) == []
    assert third.folder.name == "a99007-r2-2026-03-01"


@pytest.mark.shared
@real
def test_adopting_the_real_text_is_a_fixed_point(tmp_path: Path) -> None:
    document = read_text(REAL.read_bytes(), "A55239.txt")
    adopted = adopt(document, SHIPPED, tmp_path)
    assert disagree(adopted.folder, document) == []
    assert adopted.unreviewed == ()
    claims = pumpclaim.read(str(Path(__file__).parents[2] / "examples" / "clinic.837"))
    ours, theirs = pumpclaim.check(claims), pumpclaim.check(claims, policy=load(folders=[tmp_path]))
    assert theirs.findings.equals(ours.findings)
    assert theirs.prices.equals(ours.prices)


@pytest.mark.shared
@real
def test_a_change_of_the_prose_leaves_its_statements_unreviewed(tmp_path: Path) -> None:
    old = "The frequency for refill must take into account"
    text = REAL.read_text()
    assert old in text
    new = text.replace(old, "How often a pump is filled has to respect")
    adopted = adopt(read_text(new.encode(), "new.txt"), SHIPPED, tmp_path, date(2025, 6, 1))
    assert adopted.unreviewed == ("U3",)
    policy = load(folders=[tmp_path])
    assert [one["statement"] for one in trace(policy) if one["unreviewed"]] == ["U3"]
    early = claims_of([
        {"id": "A", "date": date(2025, 7, 1), "lines": ["62370", "J7999-KD MORPHINE 360MG"]},
        {"id": "B", "date": date(2025, 7, 20), "lines": ["62370", "J7999 MORPHINE 360MG"]},
    ])  # fmt: skip
    for message, rule in (
        pumpclaim.check(early, policy=policy).findings.select("message", "rule").iter_rows()
    ):
        rests = "U3" in pumpclaim.rules.RULES[rule].statements
        assert (
            "The text behind U3 changed with R3 of A55239 and is not reviewed." in message
        ) == rests
    article_now = review(adopted.folder, "U3", 1)
    assert article_now.unreviewed == frozenset()
    again = adopt(
        read_text(new.encode(), "new.txt"), adopted.folder, tmp_path / "again", date(2025, 7, 1)
    )
    assert again.unreviewed == ()


def test_fees_hold_from_their_day_and_a_drug_that_is_gone_has_none_from_then(
    tmp_path: Path,
) -> None:
    first = adopt(read(article()), SHIPPED, tmp_path)
    revised = read(article(**NEW, fees="Morphine\t$0.0770 per mg\nCompounding Fee\t$50 per refill"))
    adopt(revised, first.folder, tmp_path)
    policy = load(folders=[tmp_path])
    ours = next(one for one in policy.articles if one.id == "A99007")
    before, after = ours.fees_on(date(2026, 2, 28)), ours.fees_on(date(2026, 3, 1))
    assert {drug: str(fee.fee) for drug, fee in before.items()} == {
        None: "45", "morphine": "0.0700", "clonidine": "0.0020",
    }  # fmt: skip
    assert {drug: str(fee.fee) for drug, fee in after.items()} == {None: "50", "morphine": "0.0770"}
    situation = [
        {"id": f"C{day.month}", "date": day, "payer_id": "99202", "billing_state": "ID", "patient_id": f"P{day.month}",
         "lines": ["62370", "J7999-KD MORPHINE 100MG, CLONIDINE 1000MCG"]}
        for day in (date(2026, 2, 28), date(2026, 3, 1))
    ]  # fmt: skip
    allowed = pumpclaim.check(claims_of(situation), policy=policy).prices.filter(hcpcs="J7999")[
        "allowed"
    ]
    assert allowed.to_list() == [54_000_000_000, None]


def test_a_claim_is_judged_by_its_own_contractors_article_in_one_set(tmp_path: Path) -> None:
    adopt(read(article()), SHIPPED, tmp_path)
    policy = load(folders=[tmp_path])
    drug = ["62370", "J7999-KD MORPHINE 100MG"]
    claims = claims_of([
        {"id": "NV", "patient_id": "P1", "lines": drug},
        {"id": "ID", "patient_id": "P2", "payer_id": "99202", "billing_state": "ID", "lines": drug},
        {"id": "XX", "patient_id": "P3", "payer_id": "99202", "billing_state": "NV", "lines": drug},
    ])  # fmt: skip
    review_ = pumpclaim.check(claims, policy=policy)
    allowed = dict(review_.determinations.select("claim_id", "allowed").iter_rows())
    assert allowed["NV"] == 65_000_000_000
    assert allowed["ID"] == 52_000_000_000
    assert "JUR103" in review_.findings.filter(claim_id="XX")["rule"].to_list()
    for one in ("NV", "ID"):
        rules = review_.findings.filter(claim_id=one)["rule"].to_list()
        assert not any(rule.startswith("JUR") for rule in rules)


REFUSED = {
    "no fees": ({"fees": ""}, "no pump codes with a fee table"),
    "another kind": ({"codes": "99213\tOURS"}, "article of another kind"),
    "a fee without unit": ({"fees": "Morphine\t$0.0700\nCompounding Fee\t$45 per refill"}, "has no unit"),
    "an odd unit": ({"fees": "Morphine\t$0.0700 per grain\nClonidine\t$0.0020 per mcg"}, "we do not know"),
    "two fees": ({"fees": "Morphine\t$0.0700 per mg\nMorphine\t$0.0800 per mg"}, "has two fees"),
    "no contract": ({"contracts": ""}, "names no contract"),
    "a fee that is no whole number of dollars per gram": (
        {"fees": "Morphine\t$0.00075 per mg\nCompounding Fee\t$45 per refill"}, "no whole number",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_taken_in_is_said_and_nothing_is_written(
    tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        adopt(read(article(**changed)), SHIPPED, tmp_path / "mine")
    assert list((tmp_path / "mine").glob("*")) == []


def test_a_revision_is_never_written_over(tmp_path: Path) -> None:
    adopt(read(article()), SHIPPED, tmp_path)
    with pytest.raises(InputError, match="never written over"):
        adopt(read(article()), SHIPPED, tmp_path)


def test_a_drug_that_we_do_not_know_is_left_out_and_named(tmp_path: Path) -> None:
    fees = "Morphine\t$0.0700 per mg\nBlurbine\t$0.1000 per mg\nCompounding Fee\t$45 per refill"
    adopted = adopt(read(article(fees=fees)), SHIPPED, tmp_path)
    assert adopted.left_out == ("fee of Blurbine: a drug that we do not know (line 43)",)


def test_one_contract_in_two_articles_is_refused(tmp_path: Path) -> None:
    twin = article().replace("99202 - MAC B", "01312 - MAC B")
    adopt(read(twin), SHIPPED, tmp_path)
    with pytest.raises(InputError, match="contract 01312 is in two articles"):
        load(folders=[tmp_path])


def test_impact_of_one_fee(tmp_path: Path) -> None:
    claims = claims_of([
        {"id": "A", "patient_id": "P1", "lines": ["62370", "J7999-KD HYDROMORPHONE 100MG"]},
        {"id": "B", "patient_id": "P2", "billing_provider_npi": "1888888883", "lines": ["62370", "J7999-KD MORPHINE 100MG"]},
    ])  # fmt: skip
    policy = load()
    ours = policy.articles[0]
    from dataclasses import replace

    fees = tuple(
        replace(fee, fee=Decimal("0.1500")) if fee.drug == "hydromorphone" else fee
        for fee in ours.fees
    )
    found = impact(claims, policy, with_article(policy, replace(ours, fees=fees)))
    assert found.changed["claim_id"].to_list() == ["A"]
    row = found.by_provider().row(0, named=True)
    assert (row["billing_provider_npi"], row["difference"]) == ("1999999984", 2_000_000_000)
    assert found.by_rule().height == 0
    assert impact(claims, policy, policy).changed.height == 0
    picture = drawn(found)
    assert render(picture, "png")[:4] == b"\x89PNG"
    assert "$73.00 before, $75.00 after" in picture.words


def test_impact_tells_rules_and_determinations_that_change(tmp_path: Path) -> None:
    claims = claims_of([
        {"id": "A", "payer_id": "99202", "billing_state": "ID", "lines": ["62370", "J7999 MORPHINE 100MG"]}
    ])  # fmt: skip
    adopted = adopt(read(article()), SHIPPED, tmp_path)
    found = impact(claims, load(), with_article(load(), adopted.article))
    assert found.determinations().rows() == [("not-governed", "fix", 1)]
    assert "DRG104" in found.by_rule().filter(pl.col("anew") == 1)["rule"].to_list()
    assert "JUR202" in found.by_rule().filter(pl.col("no_more") == 1)["rule"].to_list()


def test_as_of_a_revision() -> None:
    policy = load()
    assert as_of_revision(policy, "R2").articles[0].revision == "R2"
    with pytest.raises(InputError, match="no article has a revision R9"):
        as_of_revision(policy, "R9")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "article.txt"
    file.write_text(article())
    mine = tmp_path / "mine"
    told = json.loads(run("policy", "import", file, "--format", "json").stdout)
    assert [fee["fee"] for fee in told["fees"]] == ["0.0700", "0.0020", "45"]
    assert run("policy", "verify", file).exit_code == 2
    made = run("policy", "adopt", file, "--into", mine)
    assert made.exit_code == 0, made.stderr
    assert "Not reviewed" in made.stdout
    assert run("policy", "adopt", file, "--into", mine).exit_code == 2
    monkeypatch.setenv("PUMPCLAIM_POLICY", str(mine))
    assert run("policy", "verify", file).exit_code == 0
    traced = json.loads(run("policy", "trace", "--article", "A99007", "--format", "json").stdout)
    assert all(one["unreviewed"] for one in traced if one["statement"] in ("C1", "C12", "P2"))
    assert run("policy", "trace", "--article", "A1").exit_code == 2
    folder = next(mine.glob("*"))
    assert run("policy", "review", folder, "c1").exit_code == 0
    assert "still to be read" in run("policy", "review", folder, "C2").stdout
    assert run("policy", "review", folder, "C2").exit_code == 2
    changed = tmp_path / "draft.txt"
    changed.write_text(
        article(
            fees="Morphine\t$0.0800 per mg\nClonidine\t$0.0020 per mcg\nCompounding Fee\t$45 per refill"
        )
    )
    found = json.loads(run("policy", "diff", file, changed, "--format", "json").stdout)
    assert [one["percent"] for one in found["facts"] if one["state"] == "differs"] == ["14.3"]
    page = tmp_path / "diff.html"
    assert run("policy", "diff", file, changed, "--format", "html", "-o", page).exit_code == 1
    assert "+14.3%" in page.read_text()
    claims = Path(__file__).parents[2] / "examples" / "clinic.837"
    picture = tmp_path / "impact.svg"
    told = run("policy", "impact", claims, "--to", changed, "--plot", picture, "--format", "json")
    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["claims"] == 16
    assert "<svg" in picture.read_text()
    assert "claims of 16 change" in run("policy", "impact", claims, "--to", changed).stdout
    assert run("policy", "impact", claims, "--to", "R9").exit_code == 2
    assert run("policy", "adopt", tmp_path / "nothing.txt", "--into", mine).exit_code == 2
