"""The review for a person at a terminal: a summary, then what needs work, worst first.

Rich measures the terminal: from 100 columns on, tables stand side by side and findings in columns;
below that everything is stacked. There are no colours where the output is no terminal, or NO_COLOR
is set.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Group
from rich.padding import Padding
from rich.rule import Rule as Ruler
from rich.table import Table
from rich.text import Text

from pumpclaim._version import __version__
from pumpclaim.reports.amounts import (
    MASS_DIGITS,
    amount_with_commas,
    dollars,
    fee_text,
    with_commas,
)
from pumpclaim.reports.json import switched
from pumpclaim.reports.words import (
    BASES,
    DETERMINATION_STYLES,
    DETERMINATIONS,
    OUTCOME_STYLES,
    clean,
    count,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from pumpclaim.review import Review

    Row = dict[str, Any]
    Rows = list[Row]

WIDE = 100
"""Columns from which tables stand side by side."""
KEEP_READY = ("COV100", "DOC100")
"""Rules whose advice says the same of every claim."""
NEED_WORK = ("denied", "fix", "records")
"""Determinations that ask somebody to do something, worst first."""


def show(review: Review, console: Console, limit: int = 50) -> None:
    """Print the review on ``console``; of each kind at most ``limit`` claims, and how many more."""
    console.print(_summary(review, wide=console.width >= WIDE))
    work = _worst_first(review.determinations)
    shown = work.head(limit)
    _heading(console, "Claims that need work", work.height)
    claims = _Details(review, shown["claim"])
    for claim in shown.iter_rows(named=True):
        console.print(_block(claim, claims, wide=console.width >= WIDE))
    _more(console, work.height - shown.height, "claim that needs work", "claims that need work")
    _payable(review, console, limit)
    _keep_ready(review, console)
    _not_governed(review, console)
    _rejected(review, console, limit)


def _worst_first(determinations: pl.DataFrame) -> pl.DataFrame:
    """Claims that need work: by determination, then by charge, highest first."""
    work = determinations.filter(pl.col("determination").cast(pl.String).is_in(NEED_WORK))
    return work.sort(
        "determination", "charge", descending=True, nulls_last=True, maintain_order=True
    )


class _Details:
    """Findings, priced lines and derivations of some claims, by claim and by line."""

    def __init__(self, review: Review, claims: pl.Series) -> None:
        chosen = pl.col("claim").is_in(claims.to_list())
        prices = review.prices.filter(chosen)
        items = review.price_items.filter(pl.col("row").is_in(prices["row"].to_list()))
        self.findings = _by(review.findings.filter(chosen), "claim")
        self.lines = _by(prices, "claim")
        self.items = _by(items, "row")


def _by(frame: pl.DataFrame, key: str) -> dict[int, Rows]:
    groups: dict[int, Rows] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        groups[row[key]].append(row)
    return groups


def _summary(review: Review, *, wide: bool) -> RenderableType:
    figures = review.summary()
    articles = ", ".join(f"{one.id} {one.revision}" for one in review.articles)
    head = Text.assemble(
        ("pumpclaim ", "bold"), __version__, f", article {articles}\n",
        (count(figures["claims_read"], "claim"), "bold"), " read, ",
        f"{figures['claims_reviewed']:,} reviewed, {figures['claims_rejected']:,} rejected, ",
        count(figures["findings"], "finding"), ", ",
        (with_commas(figures["allowed"]), "bold"), " allowed",
    )  # fmt: skip
    for reading, choice in switched(review).items():
        head.append(f"\nreading {reading} = {choice}", "italic")
    tables = [_determinations(review), _findings_by_rule(review)]
    if not wide:
        return Group(head, "", tables[0], "", tables[1])
    side_by_side = Table.grid(padding=(0, 6, 0, 0))
    side_by_side.add_row(*tables)
    return Group(head, "", side_by_side)


def _determinations(review: Review) -> RenderableType:
    table = _table(
        "Determination", "Claims", "Charged", "Allowed", right=("Claims", "Charged", "Allowed")
    )
    of_kind = review.determinations.with_columns(pl.col("determination").cast(pl.String))
    for name, words in DETERMINATIONS.items():
        claims = of_kind.filter(pl.col("determination") == name)
        if claims.height:
            table.add_row(
                Text(words, DETERMINATION_STYLES[name]), f"{claims.height:,}",
                _sum(claims["charge"]), _sum(claims["allowed"]),
            )  # fmt: skip
    rejected = review.claim_set.rejected.height
    if rejected:
        table.add_row(Text("rejected: not readable", "red"), f"{rejected:,}", "–", "–")
    return table


def _sum(money: pl.Series) -> str:
    known = money.drop_nulls().to_list()
    return with_commas(dollars(sum(known))) if known else "–"


def _findings_by_rule(review: Review) -> RenderableType:
    if not review.findings.height:
        return Text("No findings.", "green")
    table = _table("Rule", "Outcome", "Found", "What", right=("Found",))
    found = (
        review.findings.with_columns(pl.col("outcome").to_physical().alias("level"))
        .group_by("rule", "outcome", "level", "title")
        .len("found")
        .sort("level", "found", "rule", descending=[True, True, False])
    )
    for row in found.iter_rows(named=True):
        table.add_row(
            row["rule"], Text(row["outcome"], OUTCOME_STYLES[row["outcome"]]), f"{row['found']:,}",
            Text(clean(row["title"])),
        )  # fmt: skip
    return table


def _block(claim: Row, details: _Details, *, wide: bool) -> RenderableType:
    """One claim: who, when, how much; its findings; its priced lines."""
    kind = claim["determination"]
    title = Text.assemble(
        (DETERMINATIONS[kind], DETERMINATION_STYLES[kind]), "  ", (clean(claim["claim_id"]), "bold")
    )
    parts: list[RenderableType] = [Ruler(title, align="left", style="dim"), _facts(claim)]
    parts += [_finding(one, wide=wide) for one in _sorted(details.findings.get(claim["claim"], []))]
    parts += [
        _priced(line, details.items.get(line["row"], []))
        for line in details.lines.get(claim["claim"], [])
    ]
    return Group(*parts, "")


def _facts(claim: Row) -> Text:
    """Where the claim stands and what it asks for."""
    money = f"charged {with_commas(dollars(claim['charge']))}"
    if claim["allowed"] is not None:
        money += f", allowed {with_commas(dollars(claim['allowed']))}"
    facts = [
        _place(claim["source"], claim["segment"]), f"patient {clean(claim['patient_id'])}",
        f"{clean(claim['service_date'])}", money,
    ]  # fmt: skip
    return Text(" · ".join(facts), "dim")


def _sorted(findings: Rows) -> Rows:
    """Findings worst first, without what is said of all claims together."""
    levels = list(OUTCOME_STYLES)
    own = [one for one in findings if not _is_for_all(one)]
    return sorted(own, key=lambda one: levels.index(one["outcome"]))


def _is_for_all(finding: Row) -> bool:
    return finding["rule"] in KEEP_READY and finding["outcome"] == "advise"


def _keep_ready(review: Review, console: Console) -> None:
    """What to keep ready for the claims, said once and not claim by claim."""
    advised = review.findings.filter(
        pl.col("rule").is_in(KEEP_READY) & (pl.col("outcome").cast(pl.String) == "advise")
    )
    _heading(console, "Keep the record ready", advised["claim"].n_unique())
    for rule, *_, claims in (
        advised.group_by("rule").agg(pl.col("claim").n_unique()).sort("rule").rows()
    ):
        message = advised.filter(rule=rule)["message"][0]
        text = Text.assemble((rule, "bold"), f"  {count(claims, 'claim')}: ")
        console.print(text.append(clean(message.partition(": ")[2])))


def _finding(finding: Row, *, wide: bool) -> RenderableType:
    outcome = Text(finding["outcome"], OUTCOME_STYLES[finding["outcome"]])
    where = "claim" if finding["line"] is None else f"line {finding['line']}"
    body = Text(clean(finding["message"]))
    body.append("\nFix: ", "bold").append(clean(finding["fix"]))
    body.append("\n").append(_sources(finding))
    if not wide:
        head = Text.assemble(outcome, " ", (finding["rule"], "bold"), f" {where}")
        return Group(head, Padding(body, (0, 0, 0, 2)))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in (7, 6, 8):
        grid.add_column(width=width, no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_row(outcome, Text(finding["rule"], "bold"), where, body)
    return grid


def _sources(finding: Row) -> Text:
    """Statements, what they are worth, and the codes of a remittance advice."""
    text = Text(", ".join(finding["statements"]), "dim")
    basis = finding["basis"]
    text.append(f" · rests on {BASES[basis]}", "dim" if basis == "article" else "italic yellow")
    codes = [
        f"{name} {finding[key]}"
        for name, key in (("group", "group"), ("CARC", "carc"), ("RARC", "rarc"))
        if finding[key]
    ]
    return text.append(f" · {', '.join(codes)}", "dim") if codes else text


def _priced(line: Row, items: Rows) -> RenderableType:
    """One service line: what is allowed and how that came about, or why it is not known."""
    head = Text.assemble(
        (f"line {line['line']}", "bold"),
        f"  {clean(line['hcpcs'])}  {clean(line['service_date'])}  ",
    )
    if line["allowed"] is None:
        head.append(clean(line["reason"]), "dim")
    else:
        head.append(
            f"allowed {with_commas(dollars(line['allowed']))}, "
            f"charged {with_commas(dollars(line['charge']))}, "
            f"payable {with_commas(dollars(line['payable']))}",
            "green",
        )
        if line["reason"]:
            head.append(f"  ({clean(line['reason'])})", "dim")
    return Group(head, Padding(derivation(items), (0, 0, 0, 2))) if items else head


def derivation(items: Rows) -> Table:
    """The steps of one line's allowance: amount times fee."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    for _ in range(3):
        grid.add_column(justify="right", no_wrap=True)
    for item in items:
        unit = item["unit"]
        grid.add_row(
            clean(item["item"]), amount_with_commas(item["amount"], unit),
            f"× ${fee_text(item['fee'], unit)}", f"= {with_commas(dollars(item['extended']))}",
        )  # fmt: skip
    return grid


def _payable(review: Review, console: Console, limit: int) -> None:
    """Claims that nothing stops, with their allowance in one line and what is advised, in short."""
    payable = review.determinations.filter(pl.col("determination").cast(pl.String) == "payable")
    shown = payable.sort("findings", descending=True, maintain_order=True).head(limit)
    details = _Details(review, shown["claim"])
    _heading(console, "Payable", payable.height)
    for claim in shown.iter_rows(named=True):
        text = Text.assemble(
            (clean(claim["claim_id"]), "bold"), f"  {clean(claim['service_date'])}"
        )
        if claim["allowed"] is not None:
            text.append(f"  {with_commas(dollars(claim['allowed']))}", "green")
        for line in details.lines.get(claim["claim"], []):
            if items := details.items.get(line["row"]):
                text.append("  " + " + ".join(map(_short, items)), "dim")
        for one in _sorted(details.findings.get(claim["claim"], [])):
            text.append(f"\n  {one['outcome']} {one['rule']}", OUTCOME_STYLES[one["outcome"]])
            text.append("" if one["line"] is None else f" line {one['line']}")
            text.append(f": {clean(one['message'])}")
        console.print(text)
    _more(console, payable.height - shown.height, "payable claim")


def _short(item: Row) -> str:
    is_drug = item["unit"] in MASS_DIGITS
    amount = f" {amount_with_commas(item['amount'], item['unit'])}" if is_drug else ""
    return clean(item["item"]) + amount


def _not_governed(review: Review, console: Console) -> None:
    claims = review.determinations.filter(pl.col("determination").cast(pl.String) == "not-governed")
    _heading(console, "Not governed by the article", claims.height)
    if not claims.height:
        return
    why = review.findings.filter(pl.col("claim").is_in(claims["claim"].to_list()))
    reasons = (
        why.group_by("rule", "title").agg(pl.col("claim").n_unique().alias("claims"))
        .sort("claims", "rule", descending=[True, False])
    )  # fmt: skip
    for row in reasons.iter_rows(named=True):
        console.print(
            Text(f"{count(row['claims'], 'claim')}  {row['rule']}  {clean(row['title'])}")
        )
    silent = claims.height - why["claim"].n_unique()
    if silent:
        console.print(
            Text(f"{count(silent, 'claim')}  no pump service and no pump drug on the claim")
        )


def _rejected(review: Review, console: Console, limit: int) -> None:
    rejected = review.claim_set.rejected
    _heading(console, "Rejected: could not be read", rejected.height)
    for row in rejected.head(limit).iter_rows(named=True):
        place = Text.assemble(
            (clean(row["claim_id"]), "bold"), f"  {_place(row['source'], row['segment'])}"
        )
        console.print(Group(place, Padding(Text(clean(row["reason"])), (0, 0, 0, 2))))
    _more(console, rejected.height - limit, "rejected claim")


def _place(source: str | None, segment: int | None) -> str:
    return clean(source) + (f", segment {segment}" if segment is not None else "")


def _heading(console: Console, words: str, number: int) -> None:
    if number:
        console.print()
        console.print(Text(f"{words} ({number:,})", "bold underline"))


def _more(console: Console, number: int, one: str, several: str | None = None) -> None:
    if number > 0:
        words = one if number == 1 else several or one + "s"
        console.print(Text(f"… and {number:,} more {words} (--limit)", "italic"))


def _table(*names: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for name in names:
        is_words = name == "What"
        table.add_column(name, justify="right" if name in right else "left", no_wrap=not is_words)
    return table
