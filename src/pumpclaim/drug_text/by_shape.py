"""Many texts -> their ingredients, by whole columns.

Texts of one shape have their numbers, names and units at the same places, so what ``evaluate`` does
for one text in plain numbers is done here for all of them at once, in whole numbers of 64 bits. A
text in which a number, a result or an intermediate product does not fit is left to ``evaluate``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from pumpclaim.drug_text.closer import DIGITS, MAX_VOLUME
from pumpclaim.drug_text.evaluate import LONGEST, layout_of
from pumpclaim.drug_text.figures import MILLILITRE
from pumpclaim.drug_text.tokens import FOLD, SHAPE
from pumpclaim.tables import INGREDIENTS, MAX_AMOUNT, NANO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pumpclaim.drug_text.evaluate import Layout, Quick

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_END = "\0"
"""Stands between texts; a text that holds it is left."""
_SHAPE = b"\0" + SHAPE[1:]
_LARGEST = int(np.iinfo(np.int64).max)
_VOLUME_DIGITS = 9


class Facts(NamedTuple):
    """The ingredients of texts: the columns of their rows, and the position of each row's text.

    ``left`` says for each text whether it still has to be read, by itself.
    """

    rows: pl.DataFrame
    of: Ints
    left: Bools


class _Parts(NamedTuple):
    """Parts of shapes: where text, name and number stand, and what the number counts; by columns.

    ``point`` is the place of the decimal point in the number, or the number's length.
    ``denominator`` is the power of ten of its decimals, for a concentration times ``Quick.per``.
    """

    begin: Ints
    length: Ints
    name_begin: Ints
    name_length: Ints
    number_begin: Ints
    number_length: Ints
    point: Ints
    scale: Ints
    denominator: Ints
    is_concentration: Ints


class _Shapes(NamedTuple):
    """What is known of each shape, as columns; ``first`` and number of its rows in ``parts``."""

    quick: Bools
    first: Ints
    number: Ints
    volume_begin: Ints
    volume_length: Ints
    volume_scale: Ints
    parts: Ints
    drugs: pl.Series


def read_by_shape(texts: pl.Series) -> Facts:
    """The ingredients of ``texts``, which are different and not null; rows in order of the texts."""
    folded = _folded(texts)
    left = ((folded.str.len_bytes() > LONGEST) | folded.str.contains(_END, literal=True)).to_numpy()
    position = np.flatnonzero(~left)
    if not len(position):
        return Facts(INGREDIENTS.empty().drop("row", "item"), position, left)
    chosen = folded.filter(~left)
    joined = (chosen.str.join(_END).item() + _END).encode("ascii")
    lengths = chosen.str.len_bytes().to_numpy().astype(np.int64)
    forms = pl.Series([joined[:-1].translate(_SHAPE).decode("ascii")]).str.split(_END).explode()
    distinct, form = number_distinct(forms.to_frame("form"))
    shapes = _shapes(distinct["form"])
    quick = shapes.quick[form]
    left[position[~quick]] = True
    begins = (np.cumsum(lengths + 1) - lengths - 1)[quick]
    position, form = position[quick], form[quick]
    return _evaluated(
        texts, left, position, form, begins, np.frombuffer(joined, dtype=np.uint8), shapes
    )


def number_distinct(table: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The different rows of ``table``, and which of them each row is."""
    distinct = table.unique(maintain_order=True)
    if distinct.height == table.height:
        return table, np.arange(table.height)
    which = table.join(
        distinct.with_row_index("which"),
        on=table.columns, how="left", maintain_order="left", nulls_equal=True,
    )["which"]  # fmt: skip
    return distinct, which.to_numpy().astype(np.int64)


def spread(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """``first``, ``first`` + 1, ... as many as ``count`` says, and whose place each of them is."""
    of = np.repeat(np.arange(len(count)), count)
    before = np.cumsum(count) - count
    return np.arange(len(of)) + (first - before)[of], of


def _folded(texts: pl.Series) -> pl.Series:
    """The texts in ASCII, as many bytes as they have characters, with the digits that they have."""
    other = texts.str.len_bytes() != texts.str.len_chars()
    if not other.any():
        return texts
    folded = (
        texts.filter(other)
        .str.replace_many([chr(c) for c in FOLD], list(FOLD.values()))
        .str.replace_all(r"[^\x00-\x7F]", "?")
    )
    return texts.clone().scatter(other.arg_true(), folded)


def _shapes(forms: pl.Series) -> _Shapes:
    parts: list[tuple[int, ...]] = []
    drugs: list[str | None] = []
    known: list[tuple[bool, int, int, int, int, int]] = []
    for form in forms.to_list():
        layout = layout_of(form.encode("ascii"))
        found = _parts(form, layout)
        volume = layout.volume or slice(0, 0)
        known.append((
            found is not None, len(parts), len(found or ()),
            volume.start, volume.stop - volume.start, layout.volume_scale,
        ))  # fmt: skip
        if found:
            parts += found
            drugs += [quick.drug for quick in layout.quick or ()]
    columns = np.array(known, dtype=np.int64).reshape(-1, 6).T
    return _Shapes(
        columns[0] > 0,
        columns[1],
        columns[2],
        columns[3],
        columns[4],
        columns[5],
        np.array(parts, dtype=np.int64).reshape(-1, len(_Parts._fields)).T,
        pl.Series(drugs, dtype=pl.String),
    )


def _parts(form: str, layout: Layout) -> list[tuple[int, ...]] | None:
    """The parts of a shape, or None when texts of this shape are not read by columns."""
    if layout.quick is None:
        return None
    if layout.volume is not None:
        written = form[layout.volume]
        if not written.isdigit() or len(written) > _VOLUME_DIGITS:
            return None
    parts = [_part(form, quick, has_volume=layout.volume is not None) for quick in layout.quick]
    found = [part for part in parts if part is not None]
    return found if len(found) == len(parts) else None


def _part(form: str, quick: Quick, *, has_volume: bool) -> tuple[int, ...] | None:
    number = form[quick.number]
    whole, point, decimals = number.partition(".")
    if len(number) > DIGITS or (quick.per and not has_volume):
        return None
    if not (decimals.isdigit() if point else whole) or not (whole.isdigit() or not whole):
        return None
    denominator = 10 ** len(decimals) * (quick.per or 1)
    if denominator > _LARGEST:
        return None
    return (
        quick.text.start, quick.text.stop - quick.text.start,
        quick.name.start, quick.name.stop - quick.name.start,
        quick.number.start, len(number), len(whole),
        quick.scale, denominator, bool(quick.per),
    )  # fmt: skip


def _evaluated(  # noqa: PLR0917 - one pass over columns
    texts: pl.Series, left: Bools, position: Ints, form: Ints, begins: Ints,
    buffer: NDArray[np.uint8], shapes: _Shapes,
) -> Facts:  # fmt: skip
    """As ``evaluate`` does for one text; ``position``, ``form`` and ``begins`` are of the quick ones."""
    length = shapes.volume_length[form]
    volume = _numbers(buffer, begins + shapes.volume_begin[form], length, length)
    volume *= shapes.volume_scale[form]
    fits = (length == 0) | ((volume > 0) & (volume <= MAX_VOLUME))
    volume[~fits] = 0
    at, of = spread(shapes.first[form], shapes.number[form])
    part = _Parts(*shapes.parts[:, at])
    number = _numbers(buffer, begins[of] + part.number_begin, part.number_length, part.point)
    amount, concentration, right = _amounts(part, number, volume[of])
    fits[of[~right]] = False
    left[position[~fits]] = True
    told = pl.DataFrame({
        "whole": texts[position[of]],
        "begin": part.begin, "length": part.length,
        "name_begin": part.name_begin, "name_length": part.name_length,
        "drug": shapes.drugs[at],
        "amount": amount,
        "volume": volume[of],
        "concentration": concentration,
    })  # fmt: skip
    rows = told.filter(fits[of]).select(
        text=pl.col("whole").str.slice(pl.col("begin"), pl.col("length")),
        name=pl.col("whole").str.slice(pl.col("name_begin"), pl.col("name_length")),
        drug="drug",
        amount="amount",
        volume=pl.when(pl.col("volume") > 0).then("volume"),
        concentration=pl.when(pl.col("concentration") >= 0).then("concentration"),
        problem=pl.lit(None, dtype=pl.String),
    )
    return Facts(rows, position[of[fits[of]]], left)


def _amounts(part: _Parts, number: Ints, volume: Ints) -> tuple[Ints, Ints, Bools]:
    """Amount (nanograms) and concentration (nanograms per millilitre, -1 for none) of each part.

    ``volume`` is in microlitres, 0 for none. The last answer is whether the part can be taken so:
    within all bounds, an amount in whole nanograms, and no product beyond 64 bits.
    """
    by_volume = part.is_concentration > 0
    times = np.where(by_volume, volume, 1)
    right = number <= _LARGEST // part.scale // np.where(
        by_volume, np.maximum(times, MILLILITRE), 1
    )
    scaled = np.where(right, number, 0) * part.scale
    amount, rest = np.divmod(scaled * times, part.denominator)
    right &= (rest == 0) & (amount > 0) & (amount <= MAX_AMOUNT)
    has_volume = volume > 0
    concentration, rest = np.divmod(
        np.where(by_volume, scaled, np.where(right, amount, 0)) * MILLILITRE,
        np.where(by_volume, part.denominator, np.where(has_volume, volume, 1)),
    )
    right &= ~has_volume | (concentration <= NANO)
    concentration[~has_volume | (rest > 0)] = -1
    return amount, concentration, right


def _numbers(buffer: NDArray[np.uint8], begin: Ints, length: Ints, point: Ints) -> Ints:
    """The digits of each number as one whole number, with the decimal point passed over."""
    value = np.zeros(len(begin), np.int64)
    rest = np.flatnonzero(length > 0)
    place = 0
    while len(rest):
        digit = rest[point[rest] != place]
        value[digit] = value[digit] * 10 + (buffer[begin[digit] + place] - ord("0"))
        place += 1
        rest = rest[length[rest] > place]
    return value
