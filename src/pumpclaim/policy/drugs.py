"""Facts about drugs in pumps: names on claims, concentrations sold, plausible ceilings.

``load_drugs()`` reads drugs.toml once. Concentrations are int nanograms per millilitre.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pumpclaim.errors import InputError
from pumpclaim.tables import NANOGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DRUGS_FILE = resources.files("pumpclaim.policy") / "drugs.toml"
"""Found as a resource, for on Spark the package may be a zip."""
WORD_KINDS = (
    "salts", "diluents", "whole", "containers", "packages", "rates", "apart", "each", "labels",
    "passed_over",
)  # fmt: skip
"""The kinds of words in a narrative that are no drug (drugs.toml, ``words``)."""


@dataclass(frozen=True)
class Concentration:
    """A concentration sold nationally, in nanograms per millilitre (C15)."""

    value: int
    confidence: str
    source: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Drug:
    """One drug. ``highest_concentration`` (nanograms per millilitre) is our own threshold.

    ``is_opioid`` decides C1. ``kind`` is "other" for a drug that the article's fee table does not have;
    then there are no concentrations and no ceiling.
    """

    id: str
    label: str
    kind: str
    aliases: tuple[str, ...]
    concentrations: tuple[Concentration, ...] = ()
    highest_concentration: int | None = None
    is_opioid: bool = False

    def sold(self, day: date) -> frozenset[int]:
        """Concentrations sold nationally on ``day``, in nanograms per millilitre (C15)."""
        return frozenset(
            one.value
            for one in self.concentrations
            if (one.start is None or one.start <= day) and (one.end is None or day <= one.end)
        )


@dataclass(frozen=True)
class Drugs:
    """Every drug by its id, the id behind every alias, and the words that are no drug by kind."""

    by_id: Mapping[str, Drug]
    aliases: Mapping[str, str]
    words: Mapping[str, frozenset[str]]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The id behind every alias, label and id, in small letters."""
        names = {alias.lower(): drug for alias, drug in self.aliases.items()}
        labels = {
            name.lower(): one.id for one in self.by_id.values() for name in (one.id, one.label)
        }
        return MappingProxyType(names | labels)


@cache
def load_drugs() -> Drugs:
    """The shipped drugs; raises InputError for a fact in drugs.toml that cannot hold."""
    with DRUGS_FILE.open("rb") as file:
        return drugs_from(tomllib.load(file))


def drugs_from(facts: Mapping[str, Any]) -> Drugs:
    """Drugs of the parsed drugs.toml ``facts``.

    Raises InputError when an id stands twice, an alias names two drugs or is also another kind of
    word, an alias is not in capitals, or a concentration cannot be read or is above the ceiling.
    """
    by_id: dict[str, Drug] = {}
    aliases: dict[str, str] = {}
    for row in [*facts["drugs"], *({**other, "kind": "other"} for other in facts["other"])]:
        drug = _drug(row)
        if drug.id in by_id:
            raise InputError(f"the drug '{drug.id}' stands twice", source=DRUGS_FILE.name)
        by_id[drug.id] = drug
        for alias in drug.aliases:
            if aliases.setdefault(alias, drug.id) != drug.id:
                raise InputError(
                    f"the alias {alias} names two drugs, {aliases[alias]} and {drug.id}",
                    source=DRUGS_FILE.name,
                )
    words = {kind: frozenset(_capitals(facts["words"][kind])) for kind in WORD_KINDS}
    for kind, members in words.items():
        for word in members & aliases.keys():
            raise InputError(
                f"{word} is an alias of {aliases[word]} and one of the words '{kind}'",
                source=DRUGS_FILE.name,
            )
    return Drugs(MappingProxyType(by_id), MappingProxyType(aliases), MappingProxyType(words))


def _drug(row: Mapping[str, Any]) -> Drug:
    highest = row.get("highest_concentration")
    ceiling = _per_millilitre(row["id"], highest) if highest else None
    concentrations = tuple(
        Concentration(
            _per_millilitre(row["id"], one),
            _confidence(row["id"], one["confidence"]),
            one["source"],
            one.get("from"),
            one.get("to"),
        )
        for one in row.get("concentrations", ())
    )
    if ceiling is not None and any(one.value > ceiling for one in concentrations):
        raise InputError(
            f"{row['id']}: a concentration that is sold lies above the highest plausible one",
            source=DRUGS_FILE.name,
        )
    return Drug(
        row["id"],
        row["label"],
        row["kind"],
        tuple(_capitals(row["aliases"])),
        concentrations,
        ceiling,
        row.get("opioid", row["kind"] == "opioid"),
    )


def _capitals(words: Iterable[str]) -> list[str]:
    out = list(words)
    for word in out:
        if not all(
            part.isascii() and part.isalpha() and part.isupper() for part in word.split(" ")
        ):
            raise InputError(
                f"'{word}' must be words of capital letters, parted by one space",
                source=DRUGS_FILE.name,
            )
    return out


def _confidence(drug: str, tag: str) -> str:
    if tag not in {"H", "M"}:
        raise InputError(
            f"{drug}: the confidence '{tag}' is neither H nor M", source=DRUGS_FILE.name
        )
    return tag


def _per_millilitre(drug: str, fact: Mapping[str, str]) -> int:
    """Nanograms per millilitre of ``{"value": "10", "unit": "mg/mL"}``."""
    mass, _, volume = fact["unit"].partition("/")
    if volume != "mL" or mass not in NANOGRAMS:
        raise InputError(f"{drug}: '{fact['unit']}' is no concentration", source=DRUGS_FILE.name)
    exact = Fraction(fact["value"]) * NANOGRAMS[mass]
    if exact.denominator != 1 or exact <= 0:
        raise InputError(
            f"{drug}: {fact['value']} {fact['unit']} is no whole number of nanograms per mL",
            source=DRUGS_FILE.name,
        )
    return exact.numerator
