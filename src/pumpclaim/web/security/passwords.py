"""Passwords: what one must be, and argon2id hashes of them."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from pumpclaim.errors import InputError

LEAST = 15
MOST = 1024
"""Characters of a password; NIST SP 800-63B asks for 15 where a password is all that is asked for."""
LOOKED_AT = 72
"""Characters by which it is judged how soon a password would be guessed."""
GUESSES = 10
"""A password takes more guesses than ten to this power."""
AT_ONCE = 2
"""How many hashes are computed at a time; each takes 64 MB and its part of a second."""

_hasher = PasswordHasher(type=Type.ID)
_turn = BoundedSemaphore(AT_ONCE)
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$cHVtcGNsYWltLW5vYm9keQ$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""A hash that no password has, verified for a name that nobody has: it takes as long as any other."""


def check_password(password: str, name: str, stored: str | None = None) -> None:
    """Raise InputError for a password that is too short, too long, soon guessed (a common one, the name,
    repeats, rows of keys: NIST SP 800-63B), or the one whose hash is ``stored``."""
    if len(password) < LEAST:
        raise InputError(f"a password has at least {LEAST} characters")
    if len(password) > MOST:
        raise InputError(f"a password has at most {MOST:,} characters")
    from zxcvbn import zxcvbn  # noqa: PLC0415  (its lists load where a password is set)

    judged = zxcvbn(password[:LOOKED_AT], user_inputs=[name, *name.split("@"), "pumpclaim"])
    if judged["guesses_log10"] <= GUESSES:
        raise InputError(
            "this password would soon be guessed, for it is common, a name, a row of keys or a repeat; "
            "several unrelated words are easy to keep in mind"
        )
    if stored is not None and is_password(stored, password):
        raise InputError("this is the old password; the new one is another")


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
