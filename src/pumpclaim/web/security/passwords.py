"""Passwords: what one must be, and argon2id hashes of them."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from pumpclaim.errors import InputError

LEAST = 12
MOST = 1024
"""Characters of a password."""
AT_ONCE = 2
"""How many hashes are computed at a time; each takes 64 MB and its part of a second."""

_hasher = PasswordHasher(type=Type.ID)
_turn = BoundedSemaphore(AT_ONCE)
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$cHVtcGNsYWltLW5vYm9keQ$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""A hash that no password has, verified for a name that nobody has: it takes as long as any other."""


def check_password(password: str, name: str) -> None:
    """Raise InputError for a password that is too short, too long, or the name."""
    if len(password) < LEAST:
        raise InputError(f"a password has at least {LEAST} characters")
    if len(password) > MOST:
        raise InputError(f"a password has at most {MOST:,} characters")
    if name.casefold() in password.casefold() and len(password) < len(name) + LEAST:
        raise InputError("a password is not the name")
    if len(set(password)) < 4:
        raise InputError("a password has at least four different characters")


def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters and salt."""
    with _turn:
        return _hasher.hash(password)


def is_password(stored: str | None, password: str) -> bool:
    """Whether a password is the one whose hash is stored; as slow for a null hash."""
    with _turn:
        try:
            _hasher.verify(stored or _NOBODY, password[: MOST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
