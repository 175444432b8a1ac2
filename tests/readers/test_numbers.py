"""Numbers of an 837 read one by one and a column at a time are the same numbers."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pumpclaim.readers import x12_values
from pumpclaim.readers.x12_segments import Spans

PIECES = [b"0", b"1", b"9", b".", b"-", b"5", b"00", b" ", b"x", b"+"]


def segments(texts: list[bytes]) -> tuple[Any, Spans]:
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    data = b"*".join(texts) + b"*" * 32
    spans = Spans(ends - np.array([len(text) for text in texts]), ends)
    return SimpleNamespace(data=data, bytes=np.frombuffer(data, np.uint8)), spans


def written(rng: random.Random) -> bytes:
    if rng.random() < 0.4:
        return str(round(rng.random() * 10 ** rng.randint(0, 8), rng.randint(0, 10))).encode()
    return b"".join(rng.choice(PIECES) for _ in range(rng.choice([0, 1, 2, 3, 5, 9, 20, 25])))


def test_one_by_one_and_by_column_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    for _ in range(400):
        given, spans = segments([written(rng) for _ in range(80)])
        places, most = rng.choice([0, 2, 9]), rng.choice([9, 10**6, 9 * 10**18])
        found = []
        for few in (0, 1000):
            monkeypatch.setattr(x12_values, "FEW", few)
            found.append(x12_values.numbers(given, spans, places, most))
        for by_column, one_by_one in zip(*found, strict=True):
            np.testing.assert_array_equal(by_column, one_by_one)


@pytest.mark.parametrize("text", [b".", b"-", b"-."])
def test_a_number_has_a_digit(text: bytes) -> None:
    given, spans = segments([text])
    assert x12_values.numbers(given, spans, 2, 100)[1].tolist() == [x12_values.NO_NUMBER]
