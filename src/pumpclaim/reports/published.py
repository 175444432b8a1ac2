"""A published article, and articles held against each other, for a person and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from pumpclaim.reports.words import clean, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pumpclaim.articles.compare import Compared, Passage
    from pumpclaim.articles.published import Found, Published

STYLES = {
    "agrees": "green",
    "differs": "bold red",
    "missing here": "bold yellow",
    "missing there": "bold yellow",
}
PASSAGES = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
"""Marks around a passage in plain text, as word diffs have them."""
PASSAGE_STYLES = {"same": "dim", "gone": "red strike", "new": "bold green"}


def published_document(article: Published) -> dict[str, Any]:
    """The facts of an article as plain lists and dicts: decimals as text, dates ISO 8601, places kept."""
    told = asdict(article)
    for name in ("original_effective", "revision_effective", "revision_ending", "retired"):
        told[name] = None if told[name] is None else told[name].isoformat()
    for fee in told["fees"]:
        fee["fee"] = str(fee["fee"])
    for revision in told["revisions"]:
        revision["effective"] = revision["effective"].isoformat()
    return told


def show_published(article: Published, console: Console) -> None:
    """Print what was found in an article, and what could not be understood."""
    console.print(Text(f"{article.id} {clean(article.title)}", "bold"))
    facts = _grid()
    version = f", version {article.version}" if article.version else ""
    for name, value in (
        ("type", clean(article.type) + version),
        ("effective", _days(article)),
        (
            "contracts",
            ", ".join(f"{c.number} {c.kind or '?'}" for c in article.contractors) or "none",
        ),
        ("states", " ".join(sorted({s for c in article.contractors for s in c.states})) or "none"),
        ("codes", " ".join(one.value for one in article.codes) or "none"),
        ("modifiers", _listed(article.modifiers)),
        ("covered diagnoses", _listed(article.diagnoses_covered)),
        ("not covered", _listed(article.diagnoses_not_covered)),
        ("bill types", _listed(article.bill_types)),
        ("revenue codes", _listed(article.revenue_codes)),
        ("related", _listed(article.related)),
    ):
        facts.add_row(name, value)
    console.print(facts)
    if article.fees:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
        for name in ("Drug as written", "Ours", "Fee", "Read at"):
            table.add_column(name, justify="right" if name == "Fee" else "left")
        for fee in article.fees:
            ours = fee.drug or ("not known" if fee.unknown else "compounding fee")
            table.add_row(clean(fee.name), ours, f"${fee.fee} per {fee.per}", fee.place)
        console.print()
        console.print(table)
    console.print()
    for one in article.revisions:
        console.print(Text(f"{one.number} {one.effective} {clean(one.explanation)}"))
    _show_problems(article.problems, console)


def _days(article: Published) -> str:
    said = [f"first from {article.original_effective}"]
    for words, day in (
        ("this revision from", article.revision_effective),
        ("until", article.revision_ending),
        ("retired", article.retired),
    ):
        if day is not None:
            said.append(f"{words} {day}")
    return ", ".join(said)


def _listed(found: Sequence[Found]) -> str:
    some = " ".join(clean(one.value) for one in found[:30])
    return f"{some} and {len(found) - 30} more" if len(found) > 30 else some or "none"


def _show_problems(problems: Sequence[Found], console: Console) -> None:
    if problems:
        console.print(Text("\nNot understood", "bold yellow"))
        for one in problems:
            console.print(Text(f"{clean(one.value)} ({one.place})"))


def compared_document(
    compared: Sequence[Compared],
    changes: Sequence[Sequence[Passage]] | None,
    problems: Sequence[Found] = (),
) -> dict[str, Any]:
    """The comparison as JSON: counts, every fact, and the changes of the text where it was compared."""
    return {
        "counts": dict(Counter(one.state for one in compared)),
        "facts": [
            {
                "kind": one.kind, "name": one.name, "state": one.state, "here": one.here,
                "there": one.there, "percent": None if one.percent is None else str(one.percent),
                "place": one.place,
            }
            for one in compared
        ],
        "text": None
        if changes is None
        else [[{"kind": one.kind, "text": one.text} for one in change] for change in changes],
        "problems": [{"what": one.value, "place": one.place} for one in problems],
    }  # fmt: skip


def show_compared(
    compared: Sequence[Compared],
    changes: Sequence[Sequence[Passage]] | None,
    problems: Sequence[Found],
    console: Console,
    *,
    everything: bool,
) -> None:
    """Print the facts (only those that do not agree, unless ``everything``) and the changes of the text."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for name in ("Kind", "Fact", "Here", "There", "", "Read at"):
        table.add_column(name)
    for one in compared:
        if everything or one.state != "agrees":
            percent = "" if one.percent is None else f" ({one.percent:+}%)"
            table.add_row(
                one.kind, clean(one.name), clean(one.here), clean(one.there),
                Text(one.state + percent, STYLES[one.state]), one.place or "",
            )  # fmt: skip
    if table.row_count:
        console.print(table)
        console.print()
    counts = Counter(one.state for one in compared)
    said = ", ".join(f"{counts[state]} {state}" if state in STYLES else "" for state in counts)
    console.print(Text(f"{count(len(compared), 'fact')}: {said}", "bold"))
    for change in changes or ():
        console.print()
        text = Text()
        for passage in change:
            left, right = PASSAGES[passage.kind]
            text.append(f"{left}{clean(passage.text)}{right} ", PASSAGE_STYLES[passage.kind])
        console.print(text)
    if changes is not None:
        console.print(Text(f"\n{count(len(changes), 'place')} of the text changed", "bold"))
    _show_problems(problems, console)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    return grid
