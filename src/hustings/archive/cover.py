"""The cover of a recording: a space's picture, as players of sound files read it (JPEG)."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

_QUALITY: Final = 88
_PIXELS_MAX: Final = 4_000_000  # our own pictures have a tenth of it


def jpeg(picture: bytes) -> bytes:
    """A picture of the store as JPEG; empty when it cannot be read."""
    try:
        with Image.open(io.BytesIO(picture), formats=("WEBP",)) as image:
            if image.width * image.height > _PIXELS_MAX:
                return b""
            made = io.BytesIO()
            image.convert("RGB").save(made, "JPEG", quality=_QUALITY, optimize=True)
    except (OSError, ValueError, Image.DecompressionBombError):
        return b""
    return made.getvalue()
