"""Checking claims: ours against the same checks as plain Python functions over dataclasses, findings and prices alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

import polars as pl

import pumpclaim
from line_tables import lines_table
from measure import table, timed
from pumpclaim.claim_set import ClaimSet
from pumpclaim.policy import PolicySet, load
from pumpclaim.tables import NANO, NANOGRAMS

RULES = ("COD103", "COD104", "COD105", "DRG101", "DRG104", "DRG107", "JUR101")
SIZES = (2, 1_000, 100_000)
PLAIN_REFILL, ANALYSIS, PROGRAMMED = {"95990", "95991"}, {"62367", "62368"}, {"62369", "62370"}
MANAGEMENT = PLAIN_REFILL | ANALYSIS | PROGRAMMED
IMPLANTS = {"62350", "62351", "62360", "62361", "62362"}
SERVICES = MANAGEMENT | IMPLANTS | {"62327"}
HOSPITAL = {"19", "21", "22", "23", "31", "51", "61"}
CENT = Decimal("0.01")
Finding = tuple[str, int, int | None]
"""Rule, claim and line, which is null for a finding of the whole claim."""
Line_ = tuple[int, int]
"""Claim and line."""


@dataclass
class Drug:
    name: str | None
    amount: Decimal


@dataclass
class Line:
    number: int
    hcpcs: str
    modifiers: tuple[str, ...]
    day: date
    drugs: list[Drug] = field(default_factory=list)


@dataclass
class Claim:
    number: int
    patient: str
    contract: str
    state: str
    place_of_service: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Article:
    """What the functions ask the article; fees are dollars per milligram."""

    contracts: frozenset[str]
    states: frozenset[str]
    fees: dict[str, Decimal]
    compounding: Decimal


def plain_refill_beside_programming(line: Line, of_day: set[str]) -> bool:
    return line.hcpcs in PLAIN_REFILL and bool(of_day & (ANALYSIS | PROGRAMMED))


def analysis_beside_refill(line: Line, of_day: set[str]) -> bool:
    return line.hcpcs in ANALYSIS and bool(of_day & PROGRAMMED)


def both_levels(line: Line, of_day: set[str]) -> bool:
    above = {"62369": "62370", "95990": "95991"}.get(line.hcpcs)
    return above in of_day


def drug_without_refill(line: Line, of_claim: set[str]) -> bool:
    return line.hcpcs == "J7999" and not of_claim & (MANAGEMENT | IMPLANTS)


def missing_kd(line: Line) -> bool:
    return line.hcpcs == "J7999" and "KD" not in line.modifiers


def no_narrative(line: Line) -> bool:
    return line.hcpcs == "J7999" and not line.drugs


def allowance(line: Line, claim: Claim, article: Article) -> Decimal | None:
    if claim.place_of_service in HOSPITAL:
        return Decimal(0)
    if not line.drugs or any(drug.name not in article.fees for drug in line.drugs):
        return None
    total = sum((article.fees[drug.name] * drug.amount for drug in line.drugs), article.compounding)
    return total.quantize(CENT, ROUND_HALF_UP)


def check(
    claims: list[Claim], article: Article
) -> tuple[list[Finding], dict[Line_, Decimal | None]]:
    """Findings and allowances: the days of each patient first, then claim by claim, line by line."""
    days: dict[tuple[str, date], set[str]] = {}
    for claim in claims:
        for line in claim.lines:
            days.setdefault((claim.patient, line.day), set()).add(line.hcpcs)
    found: list[Finding] = []
    allowed: dict[Line_, Decimal | None] = {}
    for claim in claims:
        pump = [line for line in claim.lines if is_pump(line, days[claim.patient, line.day])]
        if not pump or claim.contract not in article.contracts:
            continue
        if claim.state not in article.states:
            found.append(("JUR101", claim.number, None))
        codes = {line.hcpcs for line in claim.lines}
        for line in pump:
            found += [
                (rule, claim.number, line.number)
                for rule in findings(line, days[claim.patient, line.day], codes)
            ]
            if line.hcpcs == "J7999":
                allowed[claim.number, line.number] = allowance(line, claim, article)
    return found, allowed


def is_pump(line: Line, of_day: set[str]) -> bool:
    """A service of the pump, or a compounded drug that went into it."""
    if line.hcpcs in SERVICES:
        return True
    marked = "KD" in line.modifiers or bool(line.drugs) or bool(of_day & (MANAGEMENT | IMPLANTS))
    return line.hcpcs == "J7999" and marked


def findings(line: Line, of_day: set[str], of_claim: set[str]) -> Iterator[str]:
    if plain_refill_beside_programming(line, of_day):
        yield "COD103"
    if analysis_beside_refill(line, of_day):
        yield "COD104"
    if both_levels(line, of_day):
        yield "COD105"
    if drug_without_refill(line, of_claim):
        yield "DRG101"
    if missing_kd(line):
        yield "DRG104"
    if no_narrative(line):
        yield "DRG107"


def article_of(policy: PolicySet) -> Article:
    """The article's facts as the functions want them."""
    (article,) = policy.articles
    fees = {
        fee.drug: fee.fee * NANOGRAMS["mg"] / NANOGRAMS[fee.per]
        for fee in article.fees
        if fee.drug is not None
    }
    return Article(
        frozenset(one.number for one in article.contracts),
        frozenset(state for one in article.contracts for state in one.states),
        fees,
        next(fee.fee for fee in article.fees if fee.drug is None),
    )


def faulty(claims: ClaimSet) -> ClaimSet:
    """The made claims with more faults: both levels of a refill, an analysis beside it, drugs that nobody named."""
    code, first = pl.col("hcpcs"), pl.col("hcpcs").shift(2)
    beside = (code == "95990") & (pl.col("claim") == pl.col("claim").shift(2))
    some = beside & (pl.col("claim") % 2 == 0)
    lines = claims.lines.with_columns(
        hcpcs=pl.when(some & (first == "62370"))
        .then(pl.lit("62369"))
        .when(some & (first == "62369"))
        .then(pl.lit("62368"))
        .otherwise(code)
    )
    assert claims.ingredients is not None
    named = claims.ingredients.filter(pl.col("row") % 200 != 1)
    return replace(claims, lines=lines, ingredients=named)


def objects(claims: ClaimSet) -> list[Claim]:
    """The claims as a Python programmer would have them."""
    asked = ("claim", "patient_id", "payer_id", "billing_state", "place_of_service")
    made = [Claim(*one) for one in claims.claims.select(asked).rows()]
    assert claims.ingredients is not None
    drugs: dict[int, list[Drug]] = {}
    for row, drug, amount in claims.ingredients.select("row", "drug", "amount").iter_rows():
        drugs.setdefault(row, []).append(Drug(drug, Decimal(amount) / NANOGRAMS["mg"]))
    rows = claims.lines.select("claim", "line", "hcpcs", "modifier_1", "service_from").iter_rows()
    for row, (claim, number, hcpcs, modifier, day) in enumerate(rows):
        own = (modifier,) if modifier else ()
        made[claim].lines.append(Line(number, hcpcs, own, day, drugs.get(row, [])))
    return made


def ours(claims: ClaimSet) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Findings and prices as tables."""
    review = pumpclaim.check(claims, select=RULES)
    return review.findings, review.prices


def section(sizes: tuple[int, ...] = SIZES) -> list[str]:
    """The table of this section."""
    article = article_of(load())
    rows = []
    for size in sizes:
        claims = faulty(lines_table(size, seed=5))
        plain = objects(claims)
        mine, theirs, judged, whole = timed(
            partial(ours, claims), partial(check, plain, article),
            partial(pumpclaim.check, claims, select=RULES), partial(pumpclaim.check, claims),
        )  # fmt: skip
        found, priced = same(ours(claims), check(plain, article))
        rows.append([
            f"{size:,}", f"{theirs * 1000:,.2f}", f"{judged * 1000:,.2f}", f"{mine * 1000:,.2f}",
            f"{theirs / judged:.2f}", f"{theirs / mine:.2f}", f"{whole * 1000:,.2f}", f"{found:,}", f"{priced:,}",
        ])  # fmt: skip
    return [
        f"Seven rules ({', '.join(RULES)}) and the prices, on claims in memory with their drugs read: ours as "
        "tables, the functions' over dataclasses with Decimal. Ours judges and prices at once and writes the "
        "tables, with a sentence for each finding, when they are asked for; it builds the context of all rules "
        "besides. The findings and the prices of both are the same one by one, or this page is not written.",
        "",
        *table(
            [
                "lines", "functions, ms", "ours judged and priced, ms", "with its tables, ms",
                "functions, times ours", "times ours with tables", "ours with all rules, ms", "findings", "drug lines priced",
            ],
            rows,
        ),
    ]  # fmt: skip


def same(
    tables: tuple[pl.DataFrame, pl.DataFrame],
    plain: tuple[list[Finding], dict[Line_, Decimal | None]],
) -> tuple[int, int]:
    """How many findings and how many drug lines both have; raises where they differ."""
    mine = sorted(tables[0].select("rule", "claim", "line").rows(), key=str)
    theirs = sorted(plain[0], key=str)
    if mine != theirs:
        differ = sorted(set(mine) ^ set(theirs), key=str)
        raise AssertionError(f"{len(differ)} findings differ, as {differ[:5]}")
    rows = tables[1].select("claim", "line", "allowed").rows()
    allowed = {(claim, line): nano for claim, line, nano in rows}
    for key, price in plain[1].items():
        if allowed[key] != (None if price is None else int(price * NANO)):
            raise AssertionError(f"line {key} has {allowed[key]} and {price}")
    if len(plain[1]) < sum(nano is not None for nano in allowed.values()):
        raise AssertionError("ours prices lines that the functions do not")
    return len(mine), len(plain[1])
