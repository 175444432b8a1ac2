"""Checking claims: ours against the same checks as plain Python functions over dataclasses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pumpclaim
from line_tables import lines_table
from measure import table, timed
from pumpclaim.claim_set import ClaimSet
from pumpclaim.policy import load

RULES = ("COD103", "COD104", "DRG101", "DRG104", "JUR101")
SIZES = (2, 1_000, 100_000)
PLAIN_REFILL, PROGRAMMED = {"95990", "95991"}, {"62367", "62368", "62369", "62370"}
MANAGEMENT = PLAIN_REFILL | PROGRAMMED
IMPLANTS = {"62350", "62351", "62360", "62361", "62362"}


@dataclass
class Line:
    hcpcs: str
    modifiers: tuple[str, ...]
    day: date
    drugs: tuple[str, ...]


@dataclass
class Claim:
    id: str
    patient: str
    contract: str
    state: str
    lines: list[Line] = field(default_factory=list)


def plain_refill_with_programming(day: list[Line]) -> bool:
    codes = {line.hcpcs for line in day}
    return bool(codes & PLAIN_REFILL and codes & PROGRAMMED)


def analysis_beside_refill(day: list[Line]) -> bool:
    codes = {line.hcpcs for line in day}
    return bool(codes & {"62367", "62368"} and codes & {"62369", "62370"})


def check(claims: list[Claim], states: dict[str, set[str]]) -> Counter[str]:
    """Findings by rule: days of a patient first, then claim by claim, line by line."""
    days: dict[tuple[str, date], list[Line]] = {}
    for claim in claims:
        for line in claim.lines:
            days.setdefault((claim.patient, line.day), []).append(line)
    served = set().union(*states.values())
    found: Counter[str] = Counter()
    for claim in claims:
        pump = [line for line in claim.lines if _is_pump(line, days[claim.patient, line.day])]
        if not pump:
            continue
        found["JUR101"] += claim.state not in served
        if claim.contract not in states:
            continue
        codes = {line.hcpcs for line in claim.lines}
        for line in pump:
            of_day = days[claim.patient, line.day]
            if line.hcpcs in PLAIN_REFILL and plain_refill_with_programming(of_day):
                found["COD103"] += 1
            if line.hcpcs in {"62367", "62368"} and analysis_beside_refill(of_day):
                found["COD104"] += 1
            if line.hcpcs == "J7999":
                found["DRG101"] += not codes & (MANAGEMENT | IMPLANTS)
                found["DRG104"] += "KD" not in line.modifiers
    return found


def _is_pump(line: Line, of_day: list[Line]) -> bool:
    if line.hcpcs in MANAGEMENT | IMPLANTS | {"62327"}:
        return True
    service = any(other.hcpcs in MANAGEMENT | IMPLANTS for other in of_day)
    return line.hcpcs == "J7999" and ("KD" in line.modifiers or service or bool(line.drugs))


def objects(claims: ClaimSet) -> list[Claim]:
    """The claims as a Python programmer would have them."""
    ids = claims.claims.select("claim_id", "patient_id", "payer_id", "billing_state").rows()
    made = [Claim(*one) for one in ids]
    drugs: dict[int, list[str]] = {}
    if claims.ingredients is not None:
        for row, drug in claims.ingredients.select("row", "drug").iter_rows():
            drugs.setdefault(row, []).append(drug or "")
    rows = claims.lines.select("claim", "hcpcs", "modifier_1", "service_from").iter_rows()
    for row, (claim, hcpcs, modifier, day) in enumerate(rows):
        own = (modifier,) if modifier else ()
        made[claim].lines.append(Line(hcpcs, own, day, tuple(drugs.get(row, ()))))
    return made


def section(sizes: tuple[int, ...] = SIZES) -> list[str]:
    """The table of this section."""
    policy = load()
    states = {
        one.number: set(one.states) for article in policy.articles for one in article.contracts
    }
    rows = []
    for size in sizes:
        claims = lines_table(size, seed=5)
        plain = objects(claims)
        ours, theirs = timed(
            partial(pumpclaim.check, claims, select=RULES), partial(check, plain, states), runs=5
        )
        (whole,) = timed(partial(pumpclaim.check, claims), runs=5)
        review = pumpclaim.check(claims, select=RULES)
        mine = Counter(review.findings["rule"].to_list())
        other = check(plain, states)
        rows.append([
            f"{size:,}", f"{ours * 1000:,.1f}", f"{theirs * 1000:,.1f}", f"{theirs / ours:.1f}",
            f"{whole * 1000:,.1f}", _compared(mine, other),
        ])  # fmt: skip
    return [
        f"Five rules ({', '.join(RULES)}) on claims in memory, drugs read already; ours builds the whole context "
        "and prices every line besides. The last column but one is ours with all rules.",
        "",
        *table(
            ["lines", "ours, ms", "functions over dataclasses, ms", "times ours", "ours, all rules, ms", "findings, ours and theirs"],
            rows,
        ),
    ]  # fmt: skip


def _compared(mine: Counter[str], other: Counter[str]) -> str:
    """Both counts by rule where they differ: simple functions miss what rules know."""
    differ = [rule for rule in RULES if mine[rule] != other[rule]]
    same = f"{sum(mine.values()):,} and {sum(other.values()):,}"
    told = ", ".join(f"{rule} {mine[rule]:,}/{other[rule]:,}" for rule in differ)
    return f"{same} ({told})" if differ else same
