"""A template's recipe: which drug has which figures.

A drug's name stands before its figures or after them; which, is decided for each clause by what
comes first in it. A volume that belongs to no drug, or the only one there is, is that of the
mixture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from pumpclaim.drug_text.figures import DOSES, TELLING, Item, items
from pumpclaim.drug_text.tokens import Place, tokens

_JOINTS = frozenset(
    {"skip", "equals", "open", "close", "at", "dash", "times", "to", "in", "per", "hash", "salt"}
    | {"apart", "rate", "each", "whole", "package", "container", "slash"}
)
"""Items that neither name a drug nor say how much."""


@dataclass
class Part:
    """One drug and its figures, or a part of a narrative that cannot be read (``problem``).

    ``name`` is the place of the drug's name; ``soft`` are volumes that stand behind a comma.
    """

    start: Place
    end: Place
    name: tuple[Place, Place] | None = None
    drug: str | None = None
    figures: list[Item] = field(default_factory=list)
    soft: list[Item] = field(default_factory=list)
    problem: str = ""

    def take(self, item: Item, *, soft: bool = False) -> None:
        """``item`` becomes one of this part's figures."""
        (self.soft if soft else self.figures).append(item)
        self.start, self.end = min(self.start, item.start), max(self.end, item.end)

    def has(self, *kinds: str) -> bool:
        """Whether one of the figures is of one of ``kinds``."""
        return any(item.kind in kinds for item in self.figures)


@dataclass(frozen=True)
class Recipe:
    """What to evaluate for every text of a template: its parts, the mixture's volumes, the counts.

    ``known`` says whether any drug or amount was met at all.
    """

    parts: tuple[Part, ...]
    volumes: tuple[Item, ...]
    counts: tuple[Item, ...]
    known: bool


def recipe(template: tuple[str, ...]) -> Recipe:
    """The recipe of a template; never raises."""
    parts: list[Part] = []
    volumes: list[Item] = []
    counts: list[Item] = []
    waiting: Part | None = None
    for clause in _clauses(items(tokens(template))):
        counts += (item for item in clause if item.kind == "count")
        volumes += (item for item in clause if item.kind in {"volume", "mixture", "ratio"})
        named = _names(clause)
        if not any(one.kind == "name" for one in named):
            waiting = _unnamed(named, parts, waiting)
            continue
        found = _named(named)
        parts += found
        last = parts[-1]
        waiting = last if len(found) == 1 and last.name and not last.figures else None
    drugs = any(part.name is not None for part in parts)
    known = drugs or any(part.figures for part in parts)
    if volumes and not known:
        known = True
        parts = [Part(v.start, v.end, problem="is a volume, but no drug is named") for v in volumes]
    parts = _restated(_paired(parts)) if known else []
    return Recipe(tuple(parts), tuple(volumes), tuple(counts), known)


def _clauses(row: list[Item]) -> list[list[Item]]:
    """The items parted at commas, semicolons, slashes between drugs and the like."""
    clauses: list[list[Item]] = [[]]
    for item in row:
        header = (
            item.kind == "equals"
            and clauses[-1]
            and not any(one.kind in {"drug", "word"} for one in clauses[-1])
            and any(one.kind == "volume" for one in clauses[-1])
        )
        if item.kind in {"sep", "slash"} or header:
            if clauses[-1]:
                clauses.append([])
        else:
            clauses[-1].append(item)
    return [clause for clause in clauses if clause]


def _names(clause: list[Item]) -> list[Item]:
    """The clause with drugs' names joined, unknown words told apart, joints left out.

    Kinds left: ``name``, ``unread`` (a word that names no drug we know and has no figure), figures.
    """
    merged = _joined_words(clause)
    row = [item for item in merged if item.kind not in _JOINTS or item.kind == "equals"]
    plain = [item for item in row if item.kind != "equals"]
    figure_first = next(
        (item.kind in DOSES for item in plain if item.kind in DOSES | {"drug"}), False
    )
    out: list[Item] = []
    equals = False
    for place, item in enumerate(row):
        if item.kind == "equals":
            equals = True
            continue
        after = next((one.kind for one in row[place + 1 :] if one.kind != "equals"), "")
        before = next((one.kind for one in reversed(row[:place]) if one.kind != "equals"), "")
        if item.kind == "drug":
            last = next((one for one in reversed(out) if one.kind == "name"), None)
            again = last is not None and last.drug == item.drug
            if not (again and (equals or out[-1].kind == "name")):
                out.append(item._replace(kind="name"))
        elif item.kind == "word":
            if after in TELLING - {"bare"} or (
                figure_first and before in DOSES and after != "drug"
            ):
                out.append(item._replace(kind="name"))
            elif "label" not in {before, after}:
                out.append(item._replace(kind="unread"))
        elif item.kind == "strange":
            out.append(item._replace(kind="unread"))
        elif item.kind not in {"label", "diluent", "thinner", "count"} or item.repeated:
            out.append(item)
        equals = False
    return out


def _joined_words(clause: list[Item]) -> list[Item]:
    """The clause with words, and salts behind a name, joined to one name."""
    merged: list[Item] = []
    for item in clause:
        previous = merged[-1] if merged else None
        if (item.kind == "salt" and previous and previous.kind in {"drug", "word"}) or (
            item.kind == "word" and previous and previous.kind == "word"
        ):
            merged[-1] = previous._replace(end=item.end)
        elif item.kind == "word" and _hyphenated(merged, item):
            merged[-2:] = [merged[-2]._replace(end=item.end)]
        else:
            merged.append(item)
    return merged


def _hyphenated(before: list[Item], word: Item) -> bool:
    """Whether ``word`` hangs on the word before it by a hyphen."""
    return (
        len(before) > 1
        and before[-1].kind == "dash"
        and before[-2].kind == "word"
        and before[-2].end == before[-1].start
        and before[-1].end == word.start
    )


def _unnamed(clause: list[Item], parts: list[Part], waiting: Part | None) -> Part | None:
    """A clause without a name: its figures go to the drug that waits for them, or to none."""
    last = parts[-1] if parts and parts[-1].name else None
    for item in clause:
        if waiting is not None and item.kind in TELLING | {"volume"}:
            waiting.take(item)
        elif item.kind in {"volume", "mixture"}:
            if (
                last is not None
                and item.kind == "volume"
                and last.has("conc")
                and not last.has("volume", "ratio")
            ):
                last.take(item, soft=True)
        elif (
            (item.kind in {"mass", "dosing"} or (item.kind == "conc" and len(parts) == 1))
            and last is not None
            and last.has("conc", "mass")
            and not last.has(item.kind)
        ):
            last.take(item)
        elif item.kind in {"dosing", "count", "skip", "pieces"}:
            if item.kind in {"count", "pieces"} and last is not None:
                last.figures.append(item)
        else:
            parts.append(_lone(item))
    return None


def _lone(item: Item) -> Part:
    """A part for a figure or word that belongs to no drug."""
    if item.kind == "unread":
        return Part(item.start, item.end, problem="is no drug that is known, and has no amount")
    why = {"bare": "is a number without a unit", "bad": item.why}
    part = Part(
        item.start, item.end, problem=why.get(item.kind, "is an amount, but its drug is not named")
    )
    if item.kind != "bare":
        part.figures.append(item)
    return part


def _named(clause: list[Item]) -> list[Part]:
    """The parts of a clause with one drug's name or several."""
    names = [item for item in clause if item.kind == "name"]
    first = next(item.kind for item in clause if item.kind == "name" or item.kind in DOSES)
    parts: list[Part] = []
    leading: list[Item] = []
    figure_first = first != "name" and len(names) > 1
    opens_with_volume = clause[0].kind == "volume"
    current: Part | None = None
    stray: list[Part] = []
    for item in clause:
        if item.kind == "unread":
            stray.append(_lone(item))
        elif item.kind == "name":
            current = Part(item.start, item.end, (item.start, item.end), item.drug)
            parts.append(current)
            for one in leading:
                current.take(one)
            leading = []
        elif item.kind in {"mixture", "skip"}:
            continue
        elif current is None or (
            figure_first and not (item.kind == "volume" and not opens_with_volume and not leading)
        ):
            leading.append(item)
        else:
            current.take(item)
    for one in leading:
        if one.kind == "volume":
            continue
        parts.append(_lone(one))
    return sorted([*parts, *stray], key=lambda part: part.start) if stray else parts


def _paired(parts: list[Part]) -> list[Part]:
    """``MORPHINE/BUPIVACAINE 360MG/90MG``: as many amounts in a row as names in a row, in order."""
    marks = "".join(_mark(part) for part in parts)
    for found in reversed(list(re.finditer("(n+)b(a+)|(a+)b(n+)", marks))):
        names, amounts = (found[1], found[2]) if found[1] else (found[4], found[3])
        kinds = {item.kind for part in parts[found.start() : found.end()] for item in part.figures}
        if len(names) != len(amounts) or len(kinds & DOSES) != 1:
            why = f"cannot be told: {len(names) + 1} names, then {len(amounts) + 1} amounts"
            for part in parts[found.start() : found.end()]:
                part.problem = part.problem or why
            continue
        row = parts[found.start() : found.end()]
        start, end = row[0].start, max(part.end for part in row)
        masses = [item for part in row for item in part.figures]
        named = [part for part in row if part.name]
        parts[found.start() : found.end()] = [
            Part(start, end, part.name, part.drug, [mass])
            for part, mass in zip(named, masses, strict=True)
        ]
    return parts


def _mark(part: Part) -> str:
    """n: a name alone, a: a dose alone, b: a name and its one dose, else a space."""
    kinds = [item.kind for item in part.figures]
    doses = [kind for kind in kinds if kind in DOSES]
    if part.name is None:
        return "a" if len(doses) == 1 else " "
    if not kinds:
        return "n" if not part.soft else " "
    return "b" if len(doses) == 1 and doses == kinds else " "


def _restated(parts: list[Part]) -> list[Part]:
    """Two mentions of one drug that complete each other become one part; all others are kept.

    A mention without a figure is only a mention when the drug has its amount elsewhere. A
    concentration here and a total there are one drug, held against each other. The same drug with
    two amounts is kept as two, and both are priced.
    """
    out: list[Part] = []
    told = {part.drug for part in parts if part.drug and part.has(*DOSES)}
    for part in parts:
        if part.drug in told and not part.figures and not part.soft:
            continue
        twin = next(
            (
                one
                for one in out
                if part.drug is not None
                and one.drug == part.drug
                and not part.problem
                and {one.has("conc"), part.has("conc")} == {True, False}
                and one.has("mass") == part.has("conc")
                and part.has("mass") == one.has("conc")
            ),
            None,
        )
        if twin is None:
            out.append(replace(part, figures=list(part.figures)))
        else:
            twin.figures += part.figures
            twin.soft += part.soft
            twin.end = max(twin.end, part.end)
    return out
