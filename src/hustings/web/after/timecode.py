"""Time codes: moments of a recording as people write and read them, `1:02:03.52`. Pure."""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"(?:(?:([0-9]{1,3}):)?([0-9]{1,4}):)?([0-9]{1,6})(?:[.,]([0-9]{1,3}))?")


def shown(ms: int) -> str:
    """Milliseconds as `0:12.16`, to a hundredth of a second."""
    hundredths = ms // 10
    seconds, rest = divmod(hundredths, 100)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    head = f"{hours}:{minute:02d}" if hours else f"{minute}"
    return f"{head}:{second:02d}.{rest:02d}"


def parse(text: str) -> int | None:
    """Milliseconds of `1:02:03.5`, `12:03` or `83.2`; None when it is none of these."""
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    fraction = int((found[4] or "").ljust(3, "0"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
