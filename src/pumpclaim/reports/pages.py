"""Pages on rules and policy: what a rule says, what the article holds, what accounts for it.

Each subject is a plain document first (``rule_document``, ``policy_document``); the terminal's page
is printed from that document, so that text and JSON cannot differ.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.rule import Rule as Ruler
from rich.table import Table
from rich.text import Text

from pumpclaim.errors import InputError
from pumpclaim.policy.model import NATIONAL_DATES, Role
from pumpclaim.reports.words import BASES, OUTCOME_STYLES, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from rich.console import Console

    from pumpclaim.policy.model import Article, Code, PolicySet, Reading
    from pumpclaim.rules.registry import Rule

    Document = dict[str, Any]


def find_rule(asked: str, rules: Mapping[str, Rule]) -> Rule:
    """The rule of that code or name, in any case; raises InputError naming the nearest."""
    known = {name: rule for rule in rules.values() for name in (rule.code, rule.name.upper())}
    wanted = asked.strip().upper().replace("-", "_")
    if wanted not in known:
        near = get_close_matches(wanted, known, n=1, cutoff=0.5)
        hint = f"did you mean {known[near[0]].code}?" if near else "pumpclaim rule lists them all"
        raise InputError(f"no rule is called '{asked}'; {hint}")
    return known[wanted]


def rule_document(rule: Rule, policy: PolicySet) -> Document:
    """One rule with the statements and readings that it rests on."""
    statements = {
        name: one for article in policy.articles for name, one in article.statements.items()
    }
    return {
        "rule": rule.code,
        "name": rule.name,
        "title": rule.title,
        "outcome": str(rule.outcome),
        "basis": str(rule.basis),
        "scope": rule.scope,
        "statements": [
            {
                "statement": name,
                "summary": statements[name].summary,
                "where": statements[name].where,
            }
            for name in rule.statements
        ],
        "group": rule.group,
        "carc": rule.carc,
        "rarc": rule.rarc,
        "readings": [
            _reading(one, policy) for one in _readings(policy).values() if one.id in rule.readings
        ],
        **{name.lower(): text for name, text in rule.parts.items()},
    }


def _readings(policy: PolicySet) -> dict[str, Reading]:
    """Every reading of the policy by its id."""
    return {name: one for article in policy.articles for name, one in article.readings.items()}


def _reading(reading: Reading, policy: PolicySet) -> Document:
    return {
        "reading": reading.id,
        "statements": list(reading.statements),
        "question": reading.question,
        "chosen": policy.chosen[reading.id],
        "default": reading.default,
        "choices": dict(reading.choices),
        "planned": reading.planned,
    }


def show_rule(page: Document, console: Console) -> None:
    """Print one rule's page."""
    console.print(Ruler(Text(f"{page['rule']}  {page['name']}", "bold"), align="left", style="dim"))
    console.print(Text(page["title"], "bold"))
    console.print()
    facts = _facts()
    facts.add_row("Outcome", Text(page["outcome"], OUTCOME_STYLES[page["outcome"]]))
    facts.add_row("Rests on", BASES[page["basis"]])
    facts.add_row("Found on", "service lines" if page["scope"] == "line" else "whole claims")
    if codes := codes_text(page):
        facts.add_row("Remittance", codes)
    console.print(facts)
    for part in ("why", "wrong", "right", "fix"):
        if page.get(part):
            console.print()
            console.print(Text.assemble((f"{part.capitalize()}: ", "bold"), page[part]))
    console.print(Text("\nStatements of the article, in our words", "bold"))
    statements = _facts()
    for one in page["statements"]:
        statements.add_row(
            one["statement"], Text.assemble(one["summary"], (f" ({one['where']})", "dim"))
        )
    console.print(statements)
    if page["readings"]:
        console.print(Text("\nReadings that change it (--reading ID=CHOICE)", "bold"))
        _show_readings(page["readings"], console)


def codes_text(page: Document) -> str:
    """The codes of a remittance advice, such as ``group CO, CARC 4``."""
    names = (("group", "group"), ("CARC", "carc"), ("RARC", "rarc"))
    return ", ".join(f"{name} {page[key]}" for name, key in names if page[key])


def show_rules(pages: Iterable[Document], console: Console) -> None:
    """Print the list of rules."""
    table = _table("Rule", "Outcome", "What it says")
    for page in pages:
        outcome = Text(page["outcome"], OUTCOME_STYLES[page["outcome"]])
        table.add_row(Text(page["rule"], "bold"), outcome, page["title"])
    console.print(table)


def policy_document(
    policy: PolicySet, on: date | None = None, contractor: str | None = None
) -> Document:
    """Every revision of the articles, the newest first; those of one day and one contract where these are
    given.

    Raises InputError for a contract number that no article names, or a day on which none is in force.
    """
    articles = [
        one
        for one, (first, last) in zip(policy.articles, policy.spans, strict=True)
        if first <= last and (contractor is None or one.contract(contractor))
    ]
    if not articles:
        numbers = (one.number for article in policy.articles for one in article.contracts)
        known = ", ".join(dict.fromkeys(numbers))
        raise InputError(f"no article here is for contract {contractor}; the contracts are {known}")
    if on is not None:
        held = [one for one in articles if one in policy.on(on)]
        if not held:
            first = min(one.effective for one in articles)
            raise InputError(f"no article was in force on {on}; the first is held from {first}")
        articles = held
    return {
        "on": None if on is None else on.isoformat(),
        "contractor": contractor,
        "articles": [_article(one, policy, on, contractor) for one in articles],
        "thresholds": {name: str(value) for name, value in policy.thresholds.items()},
    }


def _article(
    article: Article, policy: PolicySet, on: date | None, contractor: str | None
) -> Document:
    first, last = policy.spans[policy.articles.index(article)]
    labels = {name: drug.label for name, drug in policy.drugs.by_id.items()}
    return {
        "id": article.id,
        "title": article.title,
        "issuer": article.issuer,
        "jurisdiction": article.jurisdiction,
        "original_effective": article.original_effective.isoformat(),
        "revision": article.revision,
        "from": first.isoformat(),
        "to": None if last == NATIONAL_DATES[1] else last.isoformat(),
        "later_revision_known": article.later_revision_known,
        "revisions": [
            {
                "number": one.number,
                "effective": one.effective.isoformat(),
                "written": _iso(one.written),
                "published": _iso(one.published),
                "statements": list(one.statements),
            }
            for one in article.revisions
        ],
        "contracts": [
            {
                "number": one.number,
                "kind": one.kind,
                "states": list(one.states),
                "region": one.region,
            }
            for one in article.contracts
            if contractor in (None, one.number)
        ],
        "codes": [
            _code(one, article)
            for one in policy.codes.values()
            if on is None or one.valid_from <= on <= one.valid_to
        ],
        "fees": [
            {
                "drug": "compounding fee" if one.drug is None else labels[one.drug],
                "fee": str(one.fee),
                "per": one.per,
                "from": article.effective.isoformat(),
                "statement": one.statement,
            }
            for one in article.fees
        ],
        "readings": [_reading(one, policy) for one in article.readings.values()],
    }


def _code(code: Code, article: Article) -> Document:
    first, last = NATIONAL_DATES
    return {
        "code": code.code,
        "label": code.label,
        "listed": code.code in article.listed,
        "roles": [
            role.name.lower().replace("_", "-") for role in Role if role in code.roles and role.name
        ],
        "valid_from": None if code.valid_from == first else code.valid_from.isoformat(),
        "valid_to": None if code.valid_to == last else code.valid_to.isoformat(),
        "replaced_by": list(code.replaced_by),
        "source": code.source,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def show_policy(page: Document, console: Console) -> None:
    """Print the articles, their codes, fees and readings."""
    for article in page["articles"]:
        name = f"{article['id']} {article['revision']}"
        console.print(Ruler(Text(name, "bold"), align="left", style="dim"))
        console.print(Text(article["title"], "bold"))
        issued = f"{article['issuer']}, jurisdiction {article['jurisdiction']}"
        console.print(f"{issued}, effective from {article['original_effective']}")
        until = f" to {article['to']}" if article["to"] else " on"
        console.print(f"These facts hold from {article['from']}{until}")
        if article["later_revision_known"]:
            console.print(Text(article["later_revision_known"], "yellow"))
        for heading, columns, rows in _sections(article):
            table = _table(*columns)
            for row in rows:
                table.add_row(*(Text(clean(cell)) for cell in row))
            console.print(Text(f"\n{heading}", "bold underline"))
            console.print(table)
        console.print(Text("\nReadings (--reading ID=CHOICE)", "bold underline"))
        _show_readings(article["readings"], console)


def _sections(article: Document) -> Iterator[tuple[str, tuple[str, ...], Iterable[Sequence[str]]]]:
    """Heading, columns and rows of each table about an article."""
    yield (
        "Revisions",
        ("Revision", "Effective", "Written", "Published"),
        [
            [one[key] or "" for key in ("number", "effective", "written", "published")]
            for one in article["revisions"]
        ],
    )
    yield (
        "Contracts",
        ("Number", "Part", "States"),
        [
            [one["number"], one["kind"], one["region"] or " ".join(one["states"])]
            for one in article["contracts"]
        ],
    )
    yield (
        "Codes (the labels are our own; * is listed by the article)",
        ("Code", "What", "Role", "Valid"),
        [
            [
                one["code"] + ("*" if one["listed"] else ""),
                one["label"],
                ", ".join(one["roles"]).replace("-", " "),
                _valid(one),
            ]
            for one in article["codes"]
        ],
    )
    yield (
        "Fees",
        ("Drug", "Dollars", "Per", "From"),
        [[one[key] for key in ("drug", "fee", "per", "from")] for one in article["fees"]],
    )


def _valid(code: Document) -> str:
    return " ".join(
        f"{word} {code[key]}"
        for word, key in (("from", "valid_from"), ("to", "valid_to"))
        if code[key]
    )


def _show_readings(readings: list[Document], console: Console) -> None:
    for one in readings:
        planned = (" (planned: cannot be switched yet)", "italic") if one["planned"] else ""
        console.print(Text.assemble((one["reading"], "bold"), planned, f"  {one['question']}"))
        for choice, words in one["choices"].items():
            chosen = choice == one["chosen"]
            mark = ("→ ", "bold green") if chosen else "  "
            text = Text.assemble(mark, (choice, "bold green" if chosen else "bold"), f": {words}")
            console.print(Padding(text, (0, 0, 0, 2)))


def show_trace(entries: Iterable[Document], console: Console) -> None:
    """Print every statement of the article and what accounts for it."""
    table = _table("Id", "Statement, in our words", "Accounted for by")
    for one in entries:
        by = [", ".join(one["rules"]), ", ".join(one["figures"]), one["reason"] or ""]
        summary = Text.assemble(one["summary"], (f" ({one['where']})", "dim"))
        if one["unreviewed"]:
            summary.append(" UNREVIEWED: its text changed", "bold yellow")
        table.add_row(Text(one["statement"], "bold"), summary, "\n".join(filter(None, by)))
    console.print(table)


def _facts() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    return grid


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name)
    return table
