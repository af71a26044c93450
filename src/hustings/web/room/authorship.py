"""Ids of messages and questions. An id shows whose it is, to whoever has the studio's key.

So an author can take back a message however old it is, at any web node, and nothing is looked up.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from hustings.web import secret

_RANDOM_CHARS: Final = 8
_MARK_CHARS: Final = 8  # 40 bits: tried through the API, guessing takes for ever
ID_PATTERN: Final = "^[a-z0-9]{4,32}$"


def identifier(space: str, person: str, *, key: bytes) -> str:
    """A new id for what `person` writes in `space`: 16 characters of a-z and 0-9."""
    random = secret.identifier(_RANDOM_CHARS)
    return random + _mark(random, space, person, key)


def wrote(identifier: str, space: str, person: str, *, key: bytes) -> bool:
    """Whether `person` wrote what has this id."""
    random, mark = identifier[:_RANDOM_CHARS], identifier[_RANDOM_CHARS:]
    return hmac.compare_digest(mark.encode(), _mark(random, space, person, key).encode())


def _mark(random: str, space: str, person: str, key: bytes) -> str:
    made = hmac.digest(key, f"wrote:{random}:{space}:{person}".encode(), "sha256")
    return base64.b32encode(made[:5]).decode().lower()[:_MARK_CHARS]
