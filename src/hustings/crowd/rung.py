"""The rungs of the ladder: how a listener is served, the best way first. Pure.

Overload moves newcomers down them and never ends in an error (the law "Degrade by rung").
"""

from __future__ import annotations

import enum
from typing import Final


class Rung(enum.StrEnum):
    """One step of the ladder; in this order, the best first."""

    LIVE = "live"  # a chunk every 320 ms
    SLOW = "slow"  # three chunks every 960 ms
    SLOWER = "slower"  # six chunks every 1,920 ms
    EDGE = "edge"  # at another edge
    SEGMENTS = "segments"  # through caches
    TEXT = "text"  # events only
    WAIT = "wait"  # a place in line


# Whoever stands on one of these hears the programme here, and is counted as listening.
HEARING: Final = frozenset({Rung.LIVE, Rung.SLOW, Rung.SLOWER, Rung.SEGMENTS})
