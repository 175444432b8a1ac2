"""What a visitor seeks, sealed: an address may hold it, and nobody but this server reads it there.

Addresses stand in the logs of proxies and in the histories of browsers; names, member ids and claim ids
do not belong there.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SOUGHT = "sought"
"""The parameter of an address that holds what is sealed."""
NONCE, LONGEST = 12, 2_000


def seal(secret: bytes, owner: str, purpose: str, text: str) -> str:
    """A text as a word that only this server opens, and only for the same visitor and purpose (one word)."""
    nonce = token_bytes(NONCE)
    whole = nonce + _cipher(secret).encrypt(nonce, text.encode(), _about(owner, purpose))
    return urlsafe_b64encode(whole).decode().rstrip("=")


def unseal(secret: bytes, owner: str, purpose: str, word: str) -> str:
    """The text of a sealed word; empty for what is none, for another's, and for one of another purpose."""
    if not word or len(word) > LONGEST:
        return ""
    try:
        whole = urlsafe_b64decode(word + "=" * (-len(word) % 4))
        return (
            _cipher(secret).decrypt(whole[:NONCE], whole[NONCE:], _about(owner, purpose)).decode()
        )
    except (InvalidTag, ValueError):
        return ""


def _about(owner: str, purpose: str) -> bytes:
    return f"{purpose} {owner}".encode()


@lru_cache(maxsize=8)
def _cipher(secret: bytes) -> AESGCM:
    own = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"pumpclaim sought").derive(secret)
    return AESGCM(own)
