"""Many texts at once: those of one shape have their numbers at the same places, so they are read as columns.

Texts that ``evaluate`` would take a closer look at are evaluated one by one, so the rows are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from pumpclaim.drug_text.closer import DIGITS, MAX_VOLUME, Row
from pumpclaim.drug_text.evaluate import LONGEST, Layout, Quick, evaluate, layout_of
from pumpclaim.drug_text.figures import MILLILITRE
from pumpclaim.drug_text.tokens import SHAPE
from pumpclaim.tables import INGREDIENTS, MAX_AMOUNT, NANO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

ENOUGH = 4
"""Texts of one shape from which on they are read as columns."""
_BETWEEN = "\x1e"
_TABLE = SHAPE[: ord(_BETWEEN)] + _BETWEEN.encode() + SHAPE[ord(_BETWEEN) + 1 :]
_VOLUME_DIGITS = 9
_MOST = 2**62
FACTS = ("text", "name", "drug", "amount", "volume", "concentration", "problem")
"""Columns of an ingredient that a reading gives, in the order of its rows."""


class _Columns(NamedTuple):
    """One part of the texts of one shape: where text and name stand, and what it comes to.

    ``of`` are the texts; concentration and volume are -1 where there is none.
    """

    of: Ints
    item: int
    quick: Quick
    amount: Ints
    volume: Ints
    concentration: Ints


def read_texts(texts: pl.Series) -> pl.DataFrame:
    """The ingredients of different texts: ``of`` (the text's place), ``item`` from 1, and FACTS, in order."""
    found: list[_Columns] = []
    strange = _strange(texts)
    plain = np.flatnonzero(~strange)
    written = texts.gather(pl.Series(plain))
    joined = _BETWEEN.join(written.to_list()).encode("ascii")
    shapes = (
        pl.Series(joined.translate(_TABLE).decode("ascii").split(_BETWEEN)) if len(plain) else None
    )
    bytes_ = np.frombuffer(joined, np.uint8)
    starts = np.zeros(len(plain), np.int64)
    starts[1:] = np.cumsum(written.str.len_bytes().to_numpy().astype(np.int64) + 1)[:-1]
    rest = [np.flatnonzero(strange)]
    for form, members in _groups(shapes):
        layout = layout_of(form.encode("ascii"))
        if layout.quick is None or len(members) < ENOUGH:
            rest.append(plain[members])
            continue
        letters = bytes_[starts[members][:, None] + np.arange(len(form))]
        fine, columns = _quickly(form, layout, layout.quick, letters)
        rest.append(plain[members[~fine]])
        found += [one._replace(of=plain[members[fine]]) for one in columns]
    fast = _frame(texts, found)
    slow = _one_by_one(texts, np.concatenate(rest))
    return pl.concat([fast, slow]).sort("of", "item")


def _strange(texts: pl.Series) -> Bools:
    """Texts that are not plain ASCII, too long, or hold the sign that we put between them."""
    size = texts.str.len_bytes()
    strange = (size != texts.str.len_chars()) | (size > LONGEST)
    return (strange | texts.str.contains(_BETWEEN, literal=True)).to_numpy()


def _groups(shapes: pl.Series | None) -> Iterator[tuple[str, Ints]]:
    """Each shape with the places of its texts."""
    if shapes is None:
        return
    coded = shapes.cast(pl.Categorical(pl.Categories.random()))
    number = coded.to_physical().to_numpy().astype(np.int64)
    order = np.argsort(number, kind="stable")
    ordered = number[order]
    starts = np.flatnonzero(np.concatenate((np.ones(1, bool), ordered[1:] != ordered[:-1])))
    forms = shapes.gather(pl.Series(order[starts])).to_list()
    yield from zip(forms, np.split(order, starts[1:]), strict=True)


def _quickly(
    form: str, layout: Layout, parts: Sequence[Quick], letters: NDArray[np.uint8]
) -> tuple[Bools, list[_Columns]]:
    """``evaluate._quickly`` for all texts of a shape: which are read so, and their columns."""
    count = len(letters)
    none = np.full(count, -1)
    fine = np.ones(count, bool)
    volume = none
    if layout.volume is not None:
        if not form[layout.volume].isdigit() or len(form[layout.volume]) > _VOLUME_DIGITS:
            return ~fine, []
        volume = _value(letters, layout.volume) * layout.volume_scale
        fine &= (volume > 0) & (volume <= MAX_VOLUME)
    found = []
    for item, part in enumerate(parts, start=1):
        written = form[part.number]
        whole, point, decimals = written.partition(".")
        if len(written) > DIGITS or (part.per and layout.volume is None):
            return ~np.ones(count, bool), []
        if not (
            written.isdigit() or (point and decimals.isdigit() and (not whole or whole.isdigit()))
        ):
            return ~np.ones(count, bool), []
        digits = [at for at in range(part.number.start, part.number.stop) if form[at] != "."]
        value, parts_of = _value(letters, digits), 10 ** len(decimals)
        # Beyond this a product would not fit 64 bits; such a text is looked at one by one.
        fine &= value <= _MOST // part.scale // max(MILLILITRE, MAX_VOLUME)
        if parts_of * max(part.per, 1) > _MOST:
            return ~np.ones(count, bool), []
        scaled = np.where(fine, value, 0) * part.scale
        if part.per:
            below = parts_of * part.per
            concentration, rest = np.divmod(scaled * MILLILITRE, below)
            amount, left = np.divmod(scaled * np.where(fine, volume, 0), below)
        else:
            amount, left = np.divmod(scaled, parts_of)
            concentration, rest = none, np.zeros(count, np.int64)
            if layout.volume is not None:
                concentration, rest = np.divmod(amount * MILLILITRE, np.where(fine, volume, 1))
        fine &= (left == 0) & (amount > 0) & (amount <= MAX_AMOUNT) & (concentration <= NANO)
        found.append(
            _Columns(none, item, part, amount, volume, np.where(rest == 0, concentration, -1))
        )
    return fine, [
        one._replace(amount=one.amount[fine], volume=one.volume[fine], concentration=one.concentration[fine])
        for one in found
    ]  # fmt: skip


def _value(letters: NDArray[np.uint8], digits: slice | Sequence[int]) -> Ints:
    """The number that stands at these places, its digits from the highest."""
    at = letters[:, digits].astype(np.int64) - ord("0")
    value: Ints = at @ (10 ** np.arange(at.shape[1] - 1, -1, -1, dtype=np.int64))
    return value


def _frame(texts: pl.Series, found: Sequence[_Columns]) -> pl.DataFrame:
    if not found:
        return _typed({name: [] for name in ("of", "item", *FACTS)})
    of = np.concatenate([one.of for one in found])
    sizes = [len(one.of) for one in found]

    def spread(values: Sequence[Any], dtype: Any) -> pl.Series:
        return pl.Series(np.repeat(np.array(values, dtype), sizes))

    places = {
        f"{name}_{end}": spread([getattr(getattr(one.quick, name), end) for one in found], np.int64)
        for name in ("text", "name")
        for end in ("start", "stop")
    }
    drugs = list(dict.fromkeys(one.quick.drug for one in found))
    drug = np.repeat([drugs.index(one.quick.drug) for one in found], sizes)
    whole = pl.DataFrame({"whole": texts.gather(pl.Series(of)), **places})
    cut = whole.select(_cut("text"), _cut("name"))
    numbers = {
        name: pl.Series(np.concatenate([getattr(one, name) for one in found]))
        for name in ("amount", "volume", "concentration")
    }
    return _typed({
        "of": of,
        "item": spread([one.item for one in found], np.int64),
        "text": cut["text"],
        "name": cut["name"],
        "drug": pl.Series(drugs, dtype=pl.String).gather(pl.Series(drug)),
        "problem": pl.Series([None], dtype=pl.String).new_from_index(0, len(of)),
        **{name: values.set(values < 0, None) for name, values in numbers.items()},
    })  # fmt: skip


def _cut(name: str) -> pl.Expr:
    start, stop = pl.col(f"{name}_start"), pl.col(f"{name}_stop")
    return pl.col("whole").str.slice(start, stop - start).alias(name)


def _one_by_one(texts: pl.Series, places: Ints) -> pl.DataFrame:
    of: list[int] = []
    items: list[int] = []
    rows: list[Row] = []
    for place, text in zip(places.tolist(), texts.gather(pl.Series(places)).to_list(), strict=True):
        own = evaluate(text).rows
        of += [place] * len(own)
        items += range(1, len(own) + 1)
        rows += own
    return rows_frame(of, items, rows)


def rows_frame(of: Sequence[int], items: Sequence[int], rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of readings as a table, each with its text's place and its item."""
    facts = zip(*rows, strict=True) if rows else [[] for _ in FACTS]
    return _typed({"of": of, "item": items, **dict(zip(FACTS, facts, strict=True))})


def _typed(columns: dict[str, Any]) -> pl.DataFrame:
    kinds = {"of": pl.Int64, **{name: INGREDIENTS.schema[name] for name in ("item", *FACTS)}}
    return pl.DataFrame([
        values.cast(kinds[name]).alias(name)
        if isinstance(values := columns[name], pl.Series)
        else pl.Series(name, values, kinds[name])
        for name in kinds
    ])  # fmt: skip
