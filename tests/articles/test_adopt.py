"""An article taken in: a new folder for each revision, what is refused, what is left for a person to read."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

import pumpclaim
from pumpclaim.articles.adopt import Adopted, adopt
from pumpclaim.articles.compare import disagreeing, verify
from pumpclaim.articles.published import Published
from pumpclaim.articles.reading import read_article_data
from pumpclaim.articles.review import review
from pumpclaim.articles.text import read_text
from pumpclaim.cli.app import app
from pumpclaim.errors import InputError
from pumpclaim.policy import load
from pumpclaim.trace import trace

from .downloaded import download
from .invented import article
from .real import REAL, real
from .rendered import Invented, page, pdf
from .test_forms import ARTICLES

sys.path.insert(0, str(Path(__file__).parents[1] / "rules"))
from situations import charts_of, claims_of

if TYPE_CHECKING:
    from pumpclaim.policy import PolicySet

R2 = {"history": "03/01/2026\tR2\tFees.\n01/01/2018\tR1\tFirst words.", "revision": "03/01/2026"}
R3 = {
    "history": "06/01/2026\tR3\tFees.\n03/01/2026\tR2\tFees.\n01/01/2018\tR1\tFirst words.",
    "revision": "06/01/2026",
}
MORPHINE = "Morphine\t$0.{} per mg\nCompounding Fee\t$45 per refill"


def read(text: str) -> Published:
    return read_text(text.encode(), "article.txt")


def disagree(adopted: Adopted, document: Published) -> list[Any]:
    return disagreeing(verify(adopted.article, document))


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(ARTICLES.filter(lambda a: set(a.codes) & {"62350", "62362", "62367", "95990"}))
def test_adopt_then_verify_is_a_fixed_point(a: Invented) -> None:
    import tempfile

    a.codes.append("62370")
    for make in (download, page, pdf):
        document = read_article_data(make(a), "given")
        with tempfile.TemporaryDirectory() as scratch:
            adopted = adopt(document, Path(scratch))
            assert disagree(adopted, document) == []
            assert disagree(adopted, read_article_data(page(a), "page")) == []
            assert adopted.left_out == ()


@pytest.mark.shared
@real
def test_adopting_the_real_text_is_a_fixed_point(tmp_path: Path) -> None:
    document = read_text(REAL.read_bytes(), "A55239.txt")
    adopted = adopt(document, tmp_path)
    assert disagree(adopted, document) == []
    assert adopted.article.unreviewed == frozenset()
    claims = pumpclaim.read(str(Path(__file__).parents[2] / "examples" / "clinic.837"))
    ours, theirs = pumpclaim.check(claims), pumpclaim.check(claims, policy=load(folders=[tmp_path]))
    assert theirs.findings.equals(ours.findings)
    assert theirs.prices.equals(ours.prices)


def test_one_revision_after_another_into_one_folder(tmp_path: Path) -> None:
    adopt(read(article()), tmp_path)
    adopt(read(article(**R2, fees=MORPHINE.format("0800"))), tmp_path)
    last = adopt(read(article(**R3, fees=MORPHINE.format("0900"))), tmp_path)
    assert last.folder.name == "a99007-r3-2026-06-01"
    policy = load(folders=[tmp_path])
    prices = {
        day: pumpclaim.price("MORPHINE 100MG", on=day, policy=policy, contractor="99202")
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 5, 31), date(2026, 6, 1))
    }
    assert [(one.article.revision, str(one.allowed)) for one in prices.values()] == [
        ("R1", "52.00"), ("R2", "53.00"), ("R2", "53.00"), ("R3", "54.00"),
    ]  # fmt: skip
    gone = pumpclaim.price(
        "CLONIDINE 1000MCG", on=date(2026, 3, 1), policy=policy, contractor="99202"
    )
    assert (gone.allowed, gone.reason is None) == (None, False)


def test_an_older_revision_may_be_taken_in_later(tmp_path: Path) -> None:
    adopt(read(article(**R3, fees=MORPHINE.format("0900"))), tmp_path)
    adopt(read(article(**R2, fees=MORPHINE.format("0800"))), tmp_path)
    policy = load(folders=[tmp_path])
    on = {
        day: policy.of_day("A99007", day).revision for day in (date(2026, 4, 1), date(2026, 7, 1))
    }
    assert list(on.values()) == ["R2", "R3"]


def test_what_was_reviewed_stays_so_through_the_next_revisions(tmp_path: Path) -> None:
    first = adopt(read(article()), tmp_path)
    assert "C12" in first.article.absent
    assert first.article.changed == frozenset()
    review(first.folder, "C12", [1])
    review(first.folder, "U3", [])
    second = adopt(read(article(**R2)), tmp_path)
    assert second.article.absent == first.article.absent - {"C12", "U3"}
    assert second.article.changed == frozenset()
    other = {"prose": "A pump may be filled whenever somebody likes."}
    third = adopt(read(article(**R3, **other)), tmp_path)
    assert third.article.changed == {"C12"}
    assert [one.statement for one, _ in third.standing.missing if one.statement] == ["C12"]


@pytest.mark.shared
@real
def test_a_change_of_the_prose_leaves_its_statements_unreviewed(tmp_path: Path) -> None:
    old, changed = (
        "The frequency for refill must take into account",
        "How often a pump is filled has to respect",
    )
    new = REAL.read_text().replace(old, changed)
    adopted = adopt(read_text(new.encode(), "new.txt"), tmp_path, start=date(2025, 6, 1))
    assert adopted.article.changed == {"U3"}
    policy = load(folders=[tmp_path])
    assert [one["statement"] for one in trace(policy) if one["unreviewed"]] == ["U3"]
    said = "The text behind U3 changed with R3 of A55239 and is not reviewed."
    for day, is_doubted in ((date(2025, 5, 31), False), (date(2025, 6, 1), True)):
        claims = claims_of([{"id": "A", "date": day, "lines": ["62370", "J7999 MORPHINE 360MG"]}])
        for message, rule in (
            pumpclaim.check(claims, policy=policy).findings.select("message", "rule").iter_rows()
        ):
            rests = "U3" in pumpclaim.rules.RULES[rule].statements
            assert (said in message) == (rests and is_doubted)
    assert review(adopted.folder, "U3", [1]).unreviewed == frozenset()
    again = adopt(read_text(new.encode(), "new.txt"), tmp_path, start=date(2025, 7, 1))
    assert again.article.unreviewed == frozenset()


@pytest.mark.shared
@real
def test_a_price_and_a_chart_say_that_a_statement_behind_them_is_unreviewed(tmp_path: Path) -> None:
    text = REAL.read_text().replace("have a life expectancy of at least", "are thought to live for")
    text = text.replace("multiplying the price per", "taking the price of every")
    adopt(read_text(text.encode(), "new.txt"), tmp_path, start=date(2025, 1, 1))
    policy = load(folders=[tmp_path])
    before, after = (
        pumpclaim.price("MORPHINE 100MG", on=day, policy=policy)
        for day in (date(2024, 12, 31), date(2025, 1, 1))
    )
    assert (before.doubt, after.doubt) == (
        None,
        "The text behind P2 changed with R3 of A55239 and is not reviewed.",
    )
    (chart,) = pumpclaim.assess(charts_of([{"chart": "implant"}]), policy=policy).charts
    remarks = {one.statement: [remark.words for remark in one.remarks] for one in chart.statements}
    assert any("The text behind C3 changed" in words for words in remarks["C3"])
    assert not any("changed" in words for words in remarks["C4"])


def test_an_article_that_never_had_a_text_says_so(tmp_path: Path) -> None:
    adopt(read(article()), tmp_path)
    policy = load(folders=[tmp_path])
    claims = claims_of(
        [{"payer_id": "99202", "billing_state": "ID", "lines": ["62370", "J7999 MORPHINE 360MG"]}]
    )
    messages = pumpclaim.check(claims, policy=policy).findings["message"].to_list()
    assert any(
        "A99007 has no text for C17 that we know; that is not reviewed." in one for one in messages
    )


def judged(policy: PolicySet, **claim: Any) -> tuple[str, list[str]]:
    """The determination of one claim, and the rules that fired on it."""
    found = pumpclaim.check(claims_of([claim]), policy=policy)
    return str(found.determinations["determination"][0]), found.findings["rule"].to_list()


def test_lists_codes_and_contracts_hold_from_their_day_alone(tmp_path: Path) -> None:
    adopt(read(article()), tmp_path)
    more = article(
        **R2, covered="M96.1\tOURS", bills="085x\tOURS", codes="62369\tOURS\nJ7999\tOURS",
        contracts="Example Services\tA and B MAC\t99202 - MAC B\tJ - Y\tIdaho\n"
        "Example Services\tA and B MAC\t99204 - MAC B\tJ - Y\tWyoming",
    )  # fmt: skip
    adopt(read(more), tmp_path)
    policy = load(folders=[tmp_path])
    refill = {"payer_id": "99202", "billing_state": "ID", "diagnoses": ["G894"]}
    for code, before, after in (
        ("62369", "payable", "denied"),
        ("62370", "payable", "not-governed"),
    ):
        for day, wanted in ((date(2026, 2, 28), before), (date(2026, 3, 1), after)):
            assert judged(policy, **refill, date=day, lines=[code])[0] == wanted
    other = {"payer_id": "99204", "billing_state": "WY", "diagnoses": ["M961"], "lines": ["62369"]}
    assert judged(policy, **other, date=date(2026, 2, 28)) == ("not-governed", ["JUR202"])
    assert judged(policy, **other, date=date(2026, 3, 1))[0] == "payable"
    gone = {"form": "institutional", "payer_id": "99201", "billing_state": "ID", "lines": ["62369"]}
    assert "JUR101" not in judged(policy, **gone, date=date(2026, 2, 28))[1]
    assert "JUR101" in judged(policy, **gone, date=date(2026, 3, 1))[1]
    entries = {one["statement"]: one for one in trace(policy, "A99007")}
    for statement, rule in (("K3", "COV302"), ("K4", "COD108")):
        assert rule in entries[statement]["rules"]
        assert entries[statement]["reason"] is None
        assert "No " not in entries[statement]["summary"]
    assert entries["K5"]["reason"] is not None


def test_a_claim_is_judged_by_its_own_contractors_article_in_one_set(tmp_path: Path) -> None:
    adopt(read(article()), tmp_path)
    policy = load(folders=[tmp_path])
    drug = ["62370", "J7999-KD MORPHINE 100MG"]
    claims = claims_of([
        {"id": "NV", "patient_id": "P1", "lines": drug},
        {"id": "ID", "patient_id": "P2", "payer_id": "99202", "billing_state": "ID", "lines": drug},
        {"id": "XX", "patient_id": "P3", "payer_id": "99202", "billing_state": "NV", "lines": drug},
    ])  # fmt: skip
    found = pumpclaim.check(claims, policy=policy)
    allowed = dict(found.determinations.select("claim_id", "allowed").iter_rows())
    assert (allowed["NV"], allowed["ID"]) == (65_000_000_000, 52_000_000_000)
    assert "JUR103" in found.findings.filter(claim_id="XX")["rule"].to_list()
    assert [(one["id"], one["revision"]) for one in found.to_dicts()["articles"]] == [
        ("A55239", "R3"), ("A99007", "R1"),
    ]  # fmt: skip
    only = pumpclaim.check(
        claims_of([{"payer_id": "99202", "billing_state": "ID", "lines": drug}]), policy=policy
    )
    assert only.article == {"id": "A99007", "revision": "R1"}


FEES = "Morphine\t$0.0700 per mg\nCompounding Fee\t$45 per refill"
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "no fees": ({"fees": ""}, "no pump codes with a fee table"),
    "another kind": ({"codes": "99213\tOURS"}, "article of another kind"),
    "a fee without unit": ({"fees": f"{FEES}\nClonidine\t$0.0020"}, "has no unit"),
    "an odd unit": ({"fees": f"{FEES}\nClonidine\t$0.0020 per grain"}, "could be a fee"),
    "two fees": ({"fees": f"{FEES}\nMorphine\t$0.0800 per mg"}, "has two fees"),
    "a drug that we do not know": ({"fees": f"{FEES}\nBlurbine\t$0.1000 per mg"}, "not one drug"),
    "two drugs in one row": ({"fees": f"{FEES}\nClonidine or Ketamine\t$0.1 per mg"}, "not one drug"),
    "no fee for compounding": ({"fees": "Morphine\t$0.0700 per mg"}, "no fee for compounding"),
    "a fee elsewhere": ({"covered": "Clonidine is paid at $0.002 per mcg in hard cases."}, "could be a fee"),
    "no contract": ({"contracts": ""}, "names no contract"),
    "a fee with too many decimals": ({"fees": f"{FEES}\nClonidine\t$0.00000000075 per mg"}, "at most nine decimals"),
    "a contract of another article": ({"contracts": "X\tA and B MAC\t01312 - MAC B\tJ - Y\tIdaho"}, "in two articles"),
    "a draft": ({"id": "DA99007"}, "DA99007 is a draft"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_in_is_said_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    changed, words = REFUSED[name]
    with pytest.raises(InputError, match=words):
        adopt(read(article(**changed)), tmp_path / "mine" / "own")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind_where_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        adopt(read(article()), tmp_path / "file" / "mine")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_revision_is_never_written_over(tmp_path: Path) -> None:
    adopt(read(article()), tmp_path)
    with pytest.raises(InputError, match="never written over"):
        adopt(read(article()), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["a99007-r1-2018-01-01"]


def test_what_may_be_a_fee_is_left_out_when_that_is_asked_for(tmp_path: Path) -> None:
    text = article(fees=f"{FEES}\nBlurbine\t$0.1000 per mg\nClonidine\t$0.0020")
    lines = {name: f"line {[line[:8] for line in text.split(chr(10))].index(name[:8]) + 1}" for name in ("Blurbine", "Clonidine")}  # fmt: skip
    with pytest.raises(InputError, match=f"{lines['Clonidine']}\\)"):
        adopt(read(text), tmp_path, leave_out=[lines["Blurbine"]])
    with pytest.raises(InputError, match="at 'line 1' there is no fee"):
        adopt(read(text), tmp_path, leave_out=["all", "line 1"])
    adopted = adopt(read(text), tmp_path, leave_out=list(lines.values()))
    assert [lines["Clonidine"] in one for one in adopted.left_out] == [True, False]
    assert sorted(fee.drug or "" for fee in adopted.article.fees) == ["", "morphine"]
    assert lines["Blurbine"] in (adopted.folder / "review.toml").read_text()
    assert adopt(read(text), tmp_path / "all", leave_out=["all"]).left_out == adopted.left_out


def test_without_a_fee_for_compounding_prices_are_not_known(tmp_path: Path) -> None:
    adopt(read(article(fees="Morphine\t$0.0700 per mg")), tmp_path, leave_out=["all"])
    policy = load(folders=[tmp_path])
    price = pumpclaim.price(
        "MORPHINE 100MG", on=date(2026, 3, 1), policy=policy, contractor="99202"
    )
    assert (price.allowed, price.reason) == (None, "the article's compounding fee is not known")


def test_a_draft_is_taken_in_when_that_is_asked_for(tmp_path: Path) -> None:
    adopted = adopt(read(article(id="DA99007")), tmp_path, draft=True)
    assert adopted.article.id == "A99007"
    assert "draft = true" in (adopted.folder / "review.toml").read_text()


def test_review_needs_a_statement_that_waits_and_a_passage_that_is_there(tmp_path: Path) -> None:
    folder = adopt(read(article()), tmp_path).folder
    with pytest.raises(InputError, match="no passage 99"):
        review(folder, "C1", [99])
    assert "C1" not in review(folder, "C1", [1, 2]).unreviewed
    with pytest.raises(InputError, match="C1 is not unreviewed"):
        review(folder, "C1", [])


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, mine = tmp_path / "article.txt", tmp_path / "mine"
    file.write_text(article())
    told = json.loads(run("policy", "import", file, "--format", "json").stdout)
    assert [fee["fee"] for fee in told["fees"]] == ["0.0700", "0.0020", "45"]
    assert (told["id"], told["places"]["title"].startswith("line")) == ("A99007", True)
    assert run("policy", "import", file).exit_code == 0
    assert (
        "The compounding fee is named once: $45 per refill" in run("policy", "import", file).stdout
    )
    also = tmp_path / "also.txt"
    also.write_text(article(prose="Beside it a compounding fee of $45.00 per fill is paid."))
    assert "fee agrees where it is named: $45 per refill" in run("policy", "import", also).stdout
    also.write_text(article(prose="Beside it a compounding fee of $50 per fill is paid."))
    differing = run("policy", "import", also)
    assert (differing.exit_code, "fee differs where it is named" in differing.stdout) == (1, True)
    assert run("policy", "verify", file).exit_code == 2
    made = run("policy", "adopt", file, "--into", mine)
    assert made.exit_code == 0, made.stderr
    assert "Not reviewed" in made.stdout
    assert run("policy", "adopt", file, "--into", mine).exit_code == 2
    monkeypatch.setenv("PUMPCLAIM_POLICY", str(mine))
    assert run("policy", "verify", file).exit_code == 0
    assert "agrees" in run("policy", "verify", file, "--all").stdout
    traced = json.loads(run("policy", "trace", "--article", "A99007", "--format", "json").stdout)
    assert all(one["unreviewed"] for one in traced if one["statement"] in ("C1", "C12", "P2"))
    assert run("policy", "trace", "--article", "A1").exit_code == 2
    priced = run("price", "morphine 100 mg", "--on", "2024-03-05", "--contractor", "99202")
    assert "by A99007 R1: $52.00" in priced.stdout
    assert "A99007 has no text for" in priced.stdout
    assert run("price", "morphine 100 mg", "--contractor", "09999").exit_code == 2
    folder = next(mine.glob("*"))
    assert run("policy", "review", folder, "c1").exit_code == 2
    assert run("policy", "review", folder, "c1", "--passage", 1, "--dropped").exit_code == 2
    assert run("policy", "review", folder, "c1", "--passage", 1).exit_code == 0
    assert "still to be read" in run("policy", "review", folder, "C2", "--dropped").stdout
    changed = tmp_path / "changed.txt"
    changed.write_text(
        article(fees=article.__globals__["PARTS"]["fees"].replace("0.0700", "0.0800"))
    )
    found = json.loads(run("policy", "diff", file, changed, "--format", "json").stdout)
    assert [one["percent"] for one in found["facts"] if one["state"] == "differs"] == ["14.3"]
    assert run("policy", "diff", file, file).exit_code == 0
    assert run("policy", "diff", "A99007 R1", file).exit_code == 0
    assert run("policy", "diff", "A99007", "A55239 R3").exit_code == 1
    assert run("policy", "diff", "A99007 R7", file).exit_code == 2
    html = tmp_path / "diff.html"
    assert run("policy", "diff", file, changed, "--format", "html", "-o", html).exit_code == 1
    assert "+14.3%" in html.read_text()
    two = tmp_path / "two.txt"
    two.write_text(article(fees=f"{FEES}\nMorphine\t$0.0700 per grain\nClonidine\t$0.0020 per mcg"))
    told = run("policy", "verify", two)
    assert (told.exit_code, "could be a fee" in told.stdout) == (1, True)
    assert run("policy", "adopt", tmp_path / "nothing.txt", "--into", mine).exit_code == 2
