"""The figures of a template: which number is a mass, a concentration, a volume, a rate, a count."""

from __future__ import annotations

from typing import NamedTuple

from pumpclaim.drug_text.tokens import COUNTS, Place, Token

PERCENT = 10_000_000
"""Nanograms in a millilitre of a one percent solution: 1 g in 100 mL."""
MILLILITRE = 1_000
"""Microlitres in a millilitre."""


class Item(NamedTuple):
    """A figure, a drug's name, another word or a mark of a template.

    Kinds of figures: ``mass`` (scale: nanograms), ``conc`` (scale: nanograms, per: microlitres),
    ``ratio`` (the same, the volume being ``per`` times the number ``other``), ``volume`` (scale:
    microlitres), ``mixture`` (a volume of all drugs together), ``dosing`` (a rate or a dose out of
    the pump), ``count`` of cartridges, ``pieces`` of another package, ``bare`` (no unit), ``bad``
    (``why`` says what is wrong with it). ``number`` is the place of the figure's number among the
    text's numbers.
    """

    kind: str
    start: Place
    end: Place
    number: int = -1
    scale: int = 0
    other: int = -1
    per: int = MILLILITRE
    why: str = ""
    drug: str | None = None
    repeated: bool = False


DOSES = frozenset({"mass", "conc", "ratio"})
"""Figures that say how much of a drug there is."""
TELLING = DOSES | {"dosing", "bad", "bare"}
"""Figures that a drug's name stands beside, whether they can be used or not."""


def items(tokens: list[Token]) -> list[Item]:
    """The figures, names, words and marks of a template, in order."""
    out: list[Item] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind in {"number", "count"}:
            reader = _Reader(tokens, at)
            item = reader.figure()
            out.append(item)
            at = reader.at
        elif token.kind in {"container", "package"} and (count := _count_after(tokens, at)):
            out.append(count[0])
            at = count[1]
        else:
            kind = token.kind
            if kind in {"mass", "volume", "not mass"}:
                kind = "word"
            elif kind in {"percent", "time", "count"}:
                kind = "skip"
            out.append(
                Item(kind, token.start, token.end, drug=token.value if kind == "drug" else None)
            )
            at += 1
    return out


def _count_after(tokens: list[Token], at: int) -> tuple[Item, int] | None:
    """``SYRINGES X 2``, ``CARTRIDGES: 2``: a bare number after the container counts it."""
    after = at + 1
    if after >= len(tokens) or tokens[after].kind not in {"times", "equals"}:
        return None
    after += 1
    if after >= len(tokens) or tokens[after].kind != "number" or tokens[after].value[1]:
        return None
    if after + 1 < len(tokens) and tokens[after + 1].kind in {
        "mass",
        "volume",
        "not mass",
        "percent",
    }:
        return None
    kind = "count" if tokens[at].kind == "container" else "pieces"
    return Item(kind, tokens[at].start, tokens[after].end, tokens[after].value[0]), after + 1


class _Reader:
    """Reads one figure that begins with the number at ``at``, and moves ``at`` behind it."""

    def __init__(self, tokens: list[Token], at: int) -> None:
        self.tokens = tokens
        self.first = at
        self.at = at + 1

    def kind(self, ahead: int = 0) -> str:
        """Kind of the token ``ahead`` of the next one."""
        place = self.at + ahead
        return self.tokens[place].kind if place < len(self.tokens) else ""

    def make(self, kind: str, **facts: int | str) -> Item:
        """The figure from its number to the last token taken."""
        token = self.tokens[self.first]
        number, minus = token.value if token.kind == "number" else (-COUNTS[token.text] - 1, 0)
        end = self.tokens[self.at - 1].end
        if minus:
            return Item("bad", token.start, end, number, why="is a negative amount")
        return Item(kind, token.start, end, number, **facts)  # type: ignore[arg-type]

    def figure(self) -> Item:  # noqa: PLR0911 - one return for each kind
        """The figure; a number whose unit is missing or is no unit of ours comes out as such."""
        if self.kind() == "dash" and self.kind(1) in {"mass", "volume", "not mass", "container"}:
            self.at += 1
        kind = self.kind()
        if kind == "mass":
            return self.mass()
        if kind == "volume":
            return self.volume()
        if kind == "percent":
            self.at += 1
            if self.kind() == "diluent" or self.before(1) == "diluent":
                return self.make("thinner")
            return self.make("conc", scale=PERCENT)
        if kind == "not mass":
            unit = self.tokens[self.at].text
            self.at += 1
            if self.kind() in {"slash", "per"} and self.kind(1) == "volume":
                self.at += 2
            return self.make("bad", why=f"is in {unit}, which is no mass")
        if kind == "time":
            self.at += 1
            return self.make("skip")
        if kind in {"container", "package"}:
            return self.count(kind)
        if self.before(1) == "hash" or (kind == "close" and self.before(1) != "open"):
            return self.make("skip")
        if self.tokens[self.first].kind == "count":
            return self.make("skip")
        return self.make("bare")

    def before(self, back: int) -> str:
        """Kind of the token ``back`` before the number."""
        place = self.first - back
        return self.tokens[place].kind if place >= 0 else ""

    def count(self, kind: str) -> Item:
        """``2 SYRINGES``; after X and a figure it may multiply that figure (``repeated``)."""
        self.at += 1
        repeated = self.before(1) == "times" and self.before(2) in {"mass", "volume"}
        if kind == "container":
            return self.make("count", repeated=repeated)
        return self.make("pieces")

    def mass(self) -> Item:  # noqa: PLR0911 - one return for each kind
        """A mass, a concentration, a total in a volume, or a rate."""
        scale = self.tokens[self.at].value
        self.at += 1
        if self.kind() in {"slash", "per"}:
            after = self.kind(1)
            if after == "volume":
                per = self.tokens[self.at + 1].value
                self.at += 2
                return self.rated(self.make("conc", scale=scale, per=per))
            if after == "number" and self.kind(2) == "volume":
                other, minus = self.tokens[self.at + 1].value
                per = self.tokens[self.at + 2].value
                self.at += 3
                if minus:
                    return self.make("bad", why="has a negative volume")
                times = (
                    self.kind() == "times" and self.kind(1) == "number" and self.kind(2) == "volume"
                )
                return self.rated(
                    self.make("ratio", scale=scale, other=other, per=per, repeated=times)
                )
            if after == "time" or (after == "number" and self.kind(2) == "time"):
                return self.rated(self.make("dosing"))
            if after in {"container", "package", "each"}:
                self.at += 2
                return self.make("bad", why="is in each container, not in all")
            if self.kind() == "per":
                self.at += 1
                return self.make("bad", why="is a dose per something, not a total")
        if self.kind() == "rate":
            self.at += 1
            return self.make("dosing")
        if self.kind() == "each":
            self.at += 1
            return self.make("bad", why="is in each container, not in all")
        return self.rated(self.make("mass", scale=scale))

    def rated(self, item: Item) -> Item:
        """``item``, or a rate when a time follows it or a word such as DAILY stands before it."""
        rate = item.kind == "dosing"
        while self.kind() in {"slash", "per"} and (
            self.kind(1) == "time" or (self.kind(1) == "number" and self.kind(2) == "time")
        ):
            self.at += 2 if self.kind(1) == "time" else 3
            rate = True
        back = 1
        while self.before(back) in {"skip", "equals", "to", "in", "at", "package", "dash"}:
            back += 1
        before = self.before(back)
        if rate or (before == "rate" and item.kind == "mass"):
            return self.make("dosing")
        if before == "apart":
            return self.make("bad", why="is beside a word for waste or remains")
        return item

    def volume(self) -> Item:
        """A volume of a drug or of the whole mixture, a flow, or the volume of a diluent alone."""
        scale = self.tokens[self.at].value
        self.at += 1
        if self.kind() in {"slash", "per"} and (
            self.kind(1) == "time" or (self.kind(1) == "number" and self.kind(2) == "time")
        ):
            self.at += 2 if self.kind(1) == "time" else 3
            return self.make("skip")
        back = 1
        while self.before(back) in {"equals", "to", "skip", "dash"}:
            back += 1
        before = self.before(back)
        if before == "apart" or self.kind() == "apart":
            return self.make("skip")
        if before == "whole" or self.kind() == "whole":
            return self.make("mixture", scale=scale)
        dissolved = self.before(1) == "in" or (before == "in")
        ahead = 1 if self.kind() == "to" else 0
        if (
            (self.kind(ahead) == "diluent" and not dissolved)
            or before in {"diluent"}
            or (before == "percent" and self.before(back + 2) == "diluent")
        ):
            return self.make("thinner")
        return self.make("volume", scale=scale)
