"""The salt of a space: 32 random bytes that keep its sketches from telling who was there.

It is kept in the folder of the recording in the making, for the archive's eyes only, given to the
edges on request, and erased with that folder: when the space is posted, withheld or called off.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from hustings.crowd.sketch import SALT_BYTES

NAME: Final = "salt"
_MODE: Final = 0o600


def kept(folder: Path) -> bytes:
    """The salt in this folder, made when there is none; empty while the disk refuses."""
    path = folder / NAME
    with contextlib.suppress(OSError):
        salt = path.read_bytes()
        if len(salt) == SALT_BYTES:
            return salt
    salt = secrets.token_bytes(SALT_BYTES)
    temporary = path.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(salt)
        temporary.replace(path)
    except OSError:
        return b""
    return salt
