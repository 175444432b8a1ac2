"""A text -> its ingredients: the grammar runs once for a template, after that only numbers count.

``evaluate`` looks up the layout of a text's shape. Where each part is a plain name with one plain
figure, as in nearly all narratives, the rows come straight from it; else ``closer`` looks at them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pumpclaim.drug_text.closer import DIGITS, MAX_VOLUME, Closer, Plan, Reading, Row, plan_of
from pumpclaim.drug_text.figures import MILLILITRE, Item
from pumpclaim.drug_text.grammar import Recipe, recipe
from pumpclaim.drug_text.tokens import lay_out, shape
from pumpclaim.tables import MAX_AMOUNT, NANO

LONGEST = 2_000
"""A longer text is cut here: a claim note has 80 characters, ten of them joined 800."""


class Quick(NamedTuple):
    """A part that is a name with one total, or one concentration: where its pieces stand.

    ``scale`` is nanograms, or for a concentration nanograms per ``per`` microlitres.
    """

    text: slice
    name: slice
    drug: str | None
    number: slice
    scale: int
    per: int


class Layout(NamedTuple):
    """What texts of one shape share. ``quick`` is None when a part takes a closer look."""

    plans: tuple[Plan, ...]
    recipe: Recipe
    cuts: tuple[int, ...]
    quick: tuple[Quick, ...] | None
    volume: slice | None
    volume_scale: int


@lru_cache(maxsize=16_384)
def _plans(template: tuple[str, ...]) -> tuple[tuple[Plan, ...], Recipe]:
    read = recipe(template)
    return tuple(map(plan_of, read.parts)), read


@lru_cache(maxsize=65_536)
def layout_of(form: bytes) -> Layout:
    template, cuts = lay_out(form.decode("ascii"))
    plans, read = _plans(template)
    volume = read.volumes[0] if len(read.volumes) == 1 and read.volumes[0].kind != "ratio" else None
    if volume and volume.number < 0:
        volume = None
    quick = None
    if not read.counts and (volume is not None or not read.volumes):
        found = [_quick(plan, cuts, volume) for plan in plans]
        quick = tuple(one for one in found if one is not None)
        if len(quick) < len(found):
            quick = None
    where = _slice(cuts, 2 * volume.number + 1) if volume else None
    return Layout(plans, read, cuts, quick, where, volume.scale if volume else 0)


def _slice(cuts: tuple[int, ...], at: int) -> slice:
    return slice(cuts[at], cuts[at + 1])


def _quick(plan: Plan, cuts: tuple[int, ...], volume: Item | None) -> Quick | None:
    """The part's quick form, or None when it takes a closer look."""
    part = plan.part
    only = (*plan.masses, *plan.concs)
    if part.name is None or part.problem or len(only) != 1 or plan.ratios or plan.others:
        return None
    if only[0].number < 0 or (plan.concs and volume is None):
        return None
    (start, end), (first, last) = part.name, (part.start, part.end)
    return Quick(
        slice(cuts[2 * first[0]] + first[1], cuts[2 * last[0]] + last[1]),
        slice(cuts[2 * start[0]] + start[1], cuts[2 * end[0]] + end[1]),
        part.drug,
        _slice(cuts, 2 * only[0].number + 1),
        only[0].scale,
        only[0].per if plan.concs else 0,
    )


def evaluate(text: str) -> Reading:
    """What ``text`` says; the grammar runs only for a template that was not met before."""
    text = text[:LONGEST]
    layout = layout_of(shape(text))
    if layout.quick is not None and (reading := _quickly(text, layout, layout.quick)):
        return reading
    return Closer(text, layout.plans, layout.recipe, layout.cuts).reading()


def _quickly(  # noqa: PLR0911, PLR0912 - one flat pass: this is the inner loop
    text: str, layout: Layout, parts: tuple[Quick, ...]
) -> Reading | None:
    """The common case: names with totals or concentrations in plain numbers, and one volume at
    most.

    None when any number or result takes a closer look.
    """
    volume: int | None = None
    if layout.volume is not None:
        written = text[layout.volume]
        if not written.isdigit() or len(written) > 9:
            return None
        volume = int(written) * layout.volume_scale
        if not 0 < volume <= MAX_VOLUME:
            return None
    rows: list[Row] = []
    for place, name, drug, number, scale, per in parts:
        written = text[number]
        if len(written) > DIGITS:
            return None
        if written.isdigit():
            amount, parts_of = int(written) * scale, 1
        else:
            whole, _, decimals = written.partition(".")
            if not decimals.isdigit() or not (whole.isdigit() or not whole):
                return None
            amount, parts_of = int(whole + decimals) * scale, 10 ** len(decimals)
        rest = 0
        concentration: int | None
        if per:
            if volume is None:
                return None
            concentration, rest = divmod(amount * MILLILITRE, parts_of * per)
            amount, left = divmod(amount * volume, parts_of * per)
            if left or concentration > NANO:
                return None
        else:
            amount, left = divmod(amount, parts_of)
            if left:
                return None
            concentration = None
            if volume:
                concentration, rest = divmod(amount * MILLILITRE, volume)
                if concentration > NANO:
                    return None
        if not 0 < amount <= MAX_AMOUNT:
            return None
        if rest:
            concentration = None
        rows.append((text[place], text[name], drug, amount, volume, concentration, None))
    return Reading(rows, volume, None)
