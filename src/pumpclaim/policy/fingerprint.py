"""A short text that changes when anything in a policy changes: facts, readings, thresholds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pumpclaim.policy.model import PolicySet


def fingerprint(policy: PolicySet) -> str:
    """The same for equal policies on every machine."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in _pieces(policy):
        digest.update(piece.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[str]:
    yield type(value).__name__
    if is_dataclass(value):
        for one in fields(value):
            yield one.name
            yield from _pieces(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield str(key)
            yield from _pieces(value[key])
    elif isinstance(value, Set):
        yield from sorted(str(one) for one in value)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _pieces(one)
    else:
        yield str(value)
