"""Sentences that the coverage database prints in every article, told by digests of their words."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pumpclaim.articles.passages import Text, words_of_line
from pumpclaim.articles.published import Prose
from pumpclaim.policy.model import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpclaim.articles.published import Line


@cache
def _passages() -> tuple[Passage, ...]:
    file = Path(__file__).with_name("boilerplate.toml")
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["sentences"]
    return tuple(Passage(None, "", row["words"], row["sha256"]) for row in rows)


def without_boilerplate(lines: Sequence[Line]) -> list[Line]:
    """The lines without those of which every word stands in such a sentence."""
    worded = [line for line in lines if words_of_line(line.text)]
    text = Text([Prose("", line.text, line.place) for line in worded])
    covered = text.covered(text.places(_passages()))
    left = {of for of, is_covered in zip(text.line_of, covered, strict=True) if not is_covered}
    dropped = {id(line) for at, line in enumerate(worded) if at not in left}
    return [line for line in lines if id(line) not in dropped]
