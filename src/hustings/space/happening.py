"""What every event of a space has: when it happened and, if somebody decided it, who."""

from __future__ import annotations

import msgspec


class Happening(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True
):
    """Something that happened. `at_ms` is Unix time in milliseconds, for people."""

    at_ms: int


class Decision(Happening, frozen=True, kw_only=True):
    """Something that was decided, by an account id, a seat id, "system" or "timer"."""

    by: str
