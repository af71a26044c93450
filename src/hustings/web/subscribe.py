"""Subscribing for as long as the studio lives, whatever becomes of the live server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from hustings.errors import LogAway
from hustings.log.contract import Handler, Live

log = logging.getLogger("hustings.web")

_AGAIN_S: Final = 1.0


async def subscribe(live: Live, subject: str, handler: Handler) -> Callable[[], Awaitable[None]]:
    """Subscribe, however long the live path is away: the studio outlives its restarts."""
    while True:
        try:
            return await live.subscribe(subject, handler)
        except LogAway as error:
            log.warning("%s: %s", subject, error)
        await asyncio.sleep(_AGAIN_S)
