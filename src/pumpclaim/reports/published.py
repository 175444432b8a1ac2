"""A published article, and articles held against each other, for a person and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from pumpclaim.articles.adopt import REVIEW
from pumpclaim.articles.compare import AGREES, DIFFERS, MISSING_HERE, MISSING_THERE, PASSAGE
from pumpclaim.reports.words import clean, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from pumpclaim.articles.adopt import Adopted
    from pumpclaim.articles.compare import Compared
    from pumpclaim.articles.compare_text import Change
    from pumpclaim.articles.published import Found, Problem, Published, PublishedFee

STYLES = {
    AGREES: "green",
    DIFFERS: "bold red",
    MISSING_HERE: "bold yellow",
    MISSING_THERE: "bold yellow",
}
MOST_WORDS = 40
"""Words of a new passage that are printed."""
MARKS = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
"""Marks around words in plain text, as word diffs have them."""
MARK_STYLES = {"same": "dim", "gone": "red strike", "new": "bold green"}


def published_document(article: Published) -> dict[str, Any]:
    """The facts of an article as plain lists and dicts: decimals as text, dates ISO 8601, places kept."""
    told = asdict(article)
    told |= told.pop("head")
    told |= {name: day.isoformat() for name, day in told.items() if isinstance(day, date)}
    for fee in [*told["fees"], *told["compounding"]]:
        fee["fee"] = str(fee["fee"])
    for revision in told["revisions"]:
        revision["effective"] = revision["effective"].isoformat()
    return told


def show_published(article: Published, console: Console) -> None:
    """Print what was found in an article, and what could not be understood."""
    head = article.head
    draft = " (a draft)" if article.is_draft else ""
    console.print(Text(f"{head.id} {clean(head.title)}{draft}", "bold"))
    facts = _grid()
    version = f", version {clean(head.version)}" if head.version else ""
    for name, value in (
        ("type", clean(head.type) + version),
        ("issuer", clean(article.issuer) or "not told"),
        ("jurisdiction", article.jurisdiction or "not told"),
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
    if article.compounding:
        console.print(Text(f"\n{_compounding(article.compounding)}"))
    console.print()
    for one in article.revisions:
        console.print(Text(f"{one.number} {one.effective} {clean(one.explanation)}"))
    counts = Counter(one.section for one in article.prose)
    console.print()
    for section, number in counts.items():
        console.print(Text(f"{section}: {count(number, 'line')} of prose"))
    _show_problems(article.problems, console)


def _compounding(named: Sequence[PublishedFee]) -> str:
    """Where the fee for compounding is named, and whether the places agree."""
    said = ", ".join(f"${one.fee} per {one.written} ({one.place})" for one in named)
    if len(named) == 1:
        return f"The compounding fee is named once: {said}"
    verb = "agrees" if len({one.fee for one in named}) == 1 else "differs"
    return f"The compounding fee {verb} where it is named: {said}"


def _days(article: Published) -> str:
    head = article.head
    said = [f"first from {head.original_effective}"]
    for words, day in (
        ("this revision from", head.revision_effective),
        ("until", head.revision_ending),
        ("retired", head.retired),
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
    changes: Sequence[Change] | None,
    problems: Sequence[Problem] = (),
) -> dict[str, Any]:
    """The comparison as JSON: counts, every fact, and the changes of the text where it was compared."""
    return {
        "counts": dict(Counter(one.state for one in compared)),
        "facts": [
            {
                "kind": one.kind, "name": one.name, "state": one.state, "here": one.here,
                "there": one.there, "percent": None if one.percent is None else str(one.percent),
                "place_here": one.place_here, "place_there": one.place_there,
            }
            for one in compared
        ],
        "text": None
        if changes is None
        else [
            {
                "section": change.section, "place_here": change.here, "place_there": change.there,
                "parts": [{"kind": one.kind, "text": one.text} for one in change.parts],
            }
            for change in changes
        ],
        "problems": [
            {"what": one.value, "place": one.place, "about": one.about} for one in problems
        ],
    }  # fmt: skip


def show_compared(
    compared: Sequence[Compared],
    changes: Sequence[Change] | None,
    problems: Sequence[Found],
    console: Console,
    *,
    everything: bool,
) -> None:
    """Print the facts (only those that do not agree, unless ``everything``) and the changes of the text."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for name in ("Kind", "Fact", "Here", "There", "", "Here at", "There at"):
        table.add_column(name)
    shown = [one for one in compared if everything or one.state != AGREES]
    for one in shown:
        if one.kind != PASSAGE:
            percent = "" if one.percent is None else f" ({one.percent:+}%)"
            table.add_row(
                one.kind, clean(one.name), clean(one.here), clean(one.there),
                Text(one.state + percent, STYLES[one.state]), one.place_here or "", one.place_there or "",
            )  # fmt: skip
    if table.row_count:
        console.print(table)
        console.print()
    for one in shown:
        if one.kind == PASSAGE:
            console.print(_passage(one))
    counts = Counter(one.state for one in compared)
    said = ", ".join(f"{counts[state]} {state}" for state in STYLES if counts[state])
    console.print(Text(f"{count(len(compared), 'fact')}: {said}", "bold"))
    for change in changes or ():
        text = Text(f"\n{change.section} ({change.here}; {change.there})\n", "bold")
        for part in change.parts:
            left, right = MARKS[part.kind]
            text.append(f"{left}{clean(part.text)}{right} ", f"not bold {MARK_STYLES[part.kind]}")
        console.print(text)
    if changes is not None:
        console.print(Text(f"\n{count(len(changes), 'place')} of the text changed", "bold"))
    _show_problems(problems, console)


def _passage(one: Compared) -> Text:
    """A passage of the prose: that it is there, that it is not, or that its words are new."""
    if one.here is None:
        words = clean(one.there).split()
        told = " ".join(words[:MOST_WORDS]) + (" …" if len(words) > MOST_WORDS else "")
        what = f"new: {told}"
    elif one.state == AGREES:
        what = f"{one.name}: {one.here}, as they were"
    else:
        what = f"{one.name}: its {one.here} do not stand here as they were"
    where = ", ".join(filter(None, (one.place_here, one.place_there)))
    return Text.assemble((what, STYLES[one.state]), f" ({where})")


def adopted_text(adopted: Adopted) -> str:
    """Where the facts of an adopted article are, and what is left for a person to do."""
    article, standing = adopted.article, adopted.standing
    lines = [
        f"the facts of {article.id} {article.revision} are in {adopted.folder}; they hold from "
        f"{article.effective}"
    ]
    for names, what in (
        (article.changed, "is not the one that our rules were made for"),
        (article.absent, "is not in this article"),
    ):
        if names:
            lines += ["", f"Not reviewed: the text behind {', '.join(sorted(names))} {what}."]
    if article.unreviewed:
        first = min(article.unreviewed)
        lines += [
            f"Read {REVIEW} there, and say for each on which passages it rests now, or that it was dropped:",
            f"    pumpclaim policy review {adopted.folder} {first} --passage 1",
            f"    pumpclaim policy review {adopted.folder} {first} --dropped",
        ]
    if standing.new:
        lines += ["", f"Passages that no statement rests on: {len(standing.new)} ({REVIEW})"]
    lines += [f"left out: {one}" for one in adopted.left_out]
    return "\n".join([*lines, ""])


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    return grid
