"""Secrets that travel in links and cookies: random tokens, their hashes, signed values.

A token has 256 random bits; the database keeps its SHA-256 only (no salt needed at that length).
What has to be read again is kept encrypted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import string
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hustings import limits

_NONCE_BYTES: Final = 12
_ALPHABET: Final = string.ascii_lowercase + string.digits


def token() -> str:
    """A new token, 43 characters that need no quoting in an address."""
    return secrets.token_urlsafe(32)


def digest(given: str) -> str:
    """What the database keeps of a token: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(given.encode(errors="replace")).hexdigest()


def identifier(chars: int = limits.SPACE_ID_CHARS) -> str:
    """A new id of characters a-z and 0-9."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))


def seal(value: str, *, key: bytes) -> str:
    """`value` with its signature (HMAC-SHA-256), for a cookie."""
    return f"{value}.{_mac(value, key)}"


def unseal(sealed: str, *, key: bytes) -> str | None:
    """The value in `sealed`, or None if it was not sealed with `key`."""
    value, dot, mac = sealed.rpartition(".")
    good = hmac.compare_digest(mac.encode(errors="replace"), _mac(value, key).encode())
    return value if dot and good else None


def conceal(value: bytes, *, key: bytes, about: str) -> str:
    """`value` encrypted (AES-256-GCM), for a database that is not to give it away. It is read again
    with the same key and `about`, which says whose it is: two of them cannot be exchanged."""
    nonce = os.urandom(_NONCE_BYTES)
    made = nonce + _cipher(key).encrypt(nonce, value, about.encode())
    return base64.b64encode(made).decode()


def reveal(concealed: str, *, key: bytes, about: str) -> bytes | None:
    """What was concealed; None if it was not, or with another key, or about something else."""
    try:
        made = base64.b64decode(concealed, validate=True)
        nonce, rest = made[:_NONCE_BYTES], made[_NONCE_BYTES:]
        return _cipher(key).decrypt(nonce, rest, about.encode())
    except (ValueError, InvalidTag):
        return None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hashlib.blake2b(b"conceal", key=key[:64], digest_size=32).digest())


def _mac(value: str, key: bytes) -> str:
    made = hmac.digest(key, value.encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
