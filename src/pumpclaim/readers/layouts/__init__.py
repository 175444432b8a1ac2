"""Layouts in which analysts keep claims, told by their columns -> the flat layout (``readers.flat``).

Which column is which stands in the TOML files beside. A layout is a function of column names and of a
frame, so a file, a part of a stream and a partition on Spark are read alike.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import polars as pl

from pumpclaim.errors import InputError
from pumpclaim.readers.flat import REQUIRED
from pumpclaim.readers.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHIPPED = ("ccw_carrier", "ccw_outpatient", "tuva")
TEXTS = ("description", "note", "claim_note")
"""Columns that may name drugs."""
TOLD = (
    *TEXTS,
    "modifier_3",
    "modifier_4",
    "payer_id",
    "service_state",
    "facility_state",
    "billing_state",
)
"""Columns of which it is said when a file does not carry them: without them answers stay open."""
VOID = "8"
"""Claim frequency code of a claim that is taken back."""
EMPTY = ("", "\\N", "NULL", "null")
"""How exports write that there is nothing."""
FORMS = ("professional", "institutional")


@dataclass(frozen=True)
class Layout:
    """A layout as its TOML file tells it; ``names`` are the columns of one file in this layout."""

    told: dict[str, Any]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.told["name"])

    @property
    def may_be_empty(self) -> frozenset[str]:
        """Flat columns that are required of others and may be empty here."""
        return frozenset(self.told["may_be_empty"])

    @cached_property
    def _own(self) -> dict[str, str]:
        """Name in capitals -> the file's own, for every column."""
        return {_capitals(name): name for name in self.names}

    def _there(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._own[name.upper()] for name in names if name.upper() in self._own)

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """Flat column -> the file's columns that it is read from."""
        found = {flat: self._there(names) for flat, names in self.told["columns"].items()}
        for flat, names in self.told.get("joined", {}).items():
            own = self._there(names)
            found[flat] = own if len(own) == len(names) else ()
        for flat, one in self.told["several"].items():
            found[flat] = self._there(f"{one['name']}{at}" for at in range(1, one["most"] + 1))
        return {flat: own for flat, own in found.items() if own}

    def called(self, flat: str) -> str:
        """The file's own name of a flat column, as its first source has it."""
        return self.sources.get(flat, (flat,))[0]

    def needed(self, flat: Iterable[str] | None = None) -> list[str]:
        """The file's columns that are read, for all flat columns or for some, each once."""
        wanted = self.sources if flat is None else [one for one in flat if one in self.sources]
        own = [own for one in wanted for own in self.sources[one]]
        if flat is None:
            own += self._there(self.told.get("voids", {}))
        return list(dict.fromkeys(own))

    @property
    def not_carried(self) -> tuple[str, ...]:
        """Columns of TOLD that the file does not carry."""
        return tuple(flat for flat in TOLD if flat not in self.sources)

    def flat(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The file's rows under flat names, cells still as text or as typed as they are.

        Columns of the frame whose names begin with ``?`` stay as they are.
        """
        have = set(frame.columns)
        reading = self.told["reading"]
        columns = [pl.col(name) for name in frame.columns if name.startswith("?")]
        for flat, names in self.sources.items():
            own = [name for name in names if name in have]
            if own:
                columns.append(self._column(flat, own, frame.schema, reading).alias(flat))
        constants = [
            pl.lit(text).alias(flat) for flat, text in self.told.get("constants", {}).items()
        ]
        voids = [
            _given(pl.col(self._own[name]), frame.schema[self._own[name]]).is_in(values)
            for name, values in self.told.get("voids", {}).items()
            if self._own.get(name) in have
        ]
        if voids:
            is_void = pl.any_horizontal(voids).fill_null(value=False)
            columns.append(pl.when(is_void).then(pl.lit(VOID)).alias("frequency_code"))
        return frame.select(*columns, *constants)

    def services(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows, as ``flat`` gives them, without the sums of claims, which are no service lines."""
        total = self.told["reading"].get("totals")
        if total is None:
            return rows
        is_total = (pl.col("revenue_code") == total) & pl.col("hcpcs").is_null()
        return rows.filter(~is_total.fill_null(value=False))

    def _column(
        self, flat: str, own: Sequence[str], schema: pl.Schema, reading: dict[str, Any]
    ) -> pl.Expr:
        steps = [how for kind, how in READ.items() if flat in reading.get(kind, ())]
        if not steps and len(own) == 1 and schema[own[0]] != pl.String:
            return pl.col(own[0])
        texts = [_given(pl.col(name), schema[name]) for name in own]
        if flat in self.told["several"]:
            codes = pl.concat_list(texts).list.drop_nulls()
            return pl.when(codes.list.len() > 0).then(codes)
        if flat in self.told.get("joined", {}):
            return pl.concat_str(texts)
        cell = pl.coalesce(texts)
        for how in steps:
            cell = how(cell)
        return cell


def _state(cell: pl.Expr) -> pl.Expr:
    """A state by its code or its abbreviation; a code that is not known is null."""
    code = cell.str.pad_start(2, "0")
    by_code = code.replace_strict(states(), default=None, return_dtype=pl.String)
    return pl.when(code.str.contains(r"^\d+$")).then(by_code).otherwise(code)


def _contract(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(r"^\d{4,5}$")).then(cell.str.pad_start(5, "0"))


def _form(cell: pl.Expr) -> pl.Expr:
    form = cell.str.to_lowercase()
    return pl.when(form.is_in(FORMS)).then(form)


def _revenue_code(cell: pl.Expr) -> pl.Expr:
    """Four digits; exports drop the first zeros."""
    return cell.str.pad_start(4, "0")


def _no_zeros(cell: pl.Expr) -> pl.Expr:
    return pl.when(~cell.str.contains("^0+$")).then(cell)


READ: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "zeros_are_empty": _no_zeros,
    "states": _state,
    "contracts": _contract,
    "forms": _form,
    "revenue_codes": _revenue_code,
}
"""How the columns are read that a TOML file names under ``reading``."""


def _given(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The cell as text; null where it is empty, as exports write that."""
    text = plain(cell, dtype)
    return pl.when(~text.is_in(EMPTY)).then(text)


def recognise(names: Sequence[str], source: str = "") -> Layout | None:
    """The layout of a file with these columns; null when it is none of these.

    Raises InputError for a file of Medicare claims of another kind, which are not read, and for a layout
    with a column twice or without one that every service line needs.
    """
    own = set(map(_capitals, names))
    for other in _others():
        if own.issuperset(other["told_by"]):
            raise InputError(
                f"this is a file of {other['name']}; the CCW's carrier and outpatient claims are read",
                source=source,
            )
    for told in shipped_layouts():
        if own.issuperset(name.upper() for name in told["told_by"]):
            return _whole(Layout(told, tuple(names)), source)
    return None


def _whole(layout: Layout, source: str) -> Layout:
    """The layout, when its columns are enough and each is there once."""
    times = Counter(map(_capitals, layout.names))
    problems = [
        f"column '{name}' is there twice" for name in layout.needed() if times[_capitals(name)] > 1
    ]
    problems += [
        f"column '{layout.told['columns'][flat][0]}' is missing"
        for flat in REQUIRED
        if flat not in layout.sources
    ]
    if problems:
        raise InputError(f"this looks like {layout.name}, but {'; '.join(problems)}", source=source)
    return layout


def is_told(names: Sequence[str]) -> bool:
    """Whether the columns are those of any file that is known here, of the layouts and the others."""
    own = set(map(_capitals, names))
    every = (*shipped_layouts(), *_others())
    return any(own.issuperset(name.upper() for name in one["told_by"]) for one in every)


def _capitals(name: str) -> str:
    """A column's name as it is compared."""
    return name.strip(' "').lstrip("\ufeff").upper()


@lru_cache(maxsize=1)
def states() -> dict[str, str]:
    """State code of the Social Security Administration -> postal abbreviation."""
    return dict(_facts("states")["codes"])


@lru_cache(maxsize=1)
def shipped_layouts() -> tuple[dict[str, Any], ...]:
    """What the TOML files of the layouts tell."""
    return tuple(_facts(name) for name in SHIPPED)


@lru_cache(maxsize=1)
def _others() -> tuple[dict[str, Any], ...]:
    return tuple(_facts("others")["other"])


def _facts(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / f"{name}.toml").read_text("utf-8"))


def other_kinds() -> list[str]:
    """Kinds of files that are known and not read."""
    return [str(one["name"]) for one in _others()]
