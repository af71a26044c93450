"""Secrets that travel in links and cookies: random tokens, their hashes, signed values.

A token has 256 random bits; the database keeps its SHA-256 only (no salt needed at that length).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
from typing import Final

from hustings import limits

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


def _mac(value: str, key: bytes) -> str:
    made = hmac.digest(key, value.encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
