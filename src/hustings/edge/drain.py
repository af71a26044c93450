"""How an edge lets its listeners go: all are told to move, and hear on until they have."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Final, Protocol

from hustings import limits
from hustings.edge.broadcast import Broadcaster
from hustings.edge.push import Push

_LOOK_S: Final = 0.05


class Told(Protocol):
    """Whoever has listeners: a programme, or the news of a space."""

    def move(self, within_ms: int) -> None:
        """Tell them all to go elsewhere within that time."""


async def drain(told: Iterable[Told], *, broadcaster: Broadcaster, push: Push) -> bool:
    """Have all listeners and readers leave; whether they did within `limits.DRAIN_S`.

    Newcomers are no longer accepted when this is called. With nobody here it returns at once. Who
    is left is cut off by whoever called.
    """
    for one in told:
        one.move(limits.MOVE_MS)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limits.DRAIN_S):
            while broadcaster.listeners or push.chasing:
                await broadcaster.emptied.wait()
                if push.chasing:
                    await asyncio.sleep(_LOOK_S)  # they are parked soon, and told like the others
    return not broadcaster.listeners and not push.chasing
