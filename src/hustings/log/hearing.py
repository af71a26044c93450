"""Hearing a subject without waiting for the server: for whoever has other work meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hustings.log.contract import Handler, Live


@asynccontextmanager
async def hearing(live: Live, subject: str, handler: Handler) -> AsyncIterator[None]:
    """Subscribed from as soon as the server is there until the block is left.

    What the server refuses (`ConfigError`) is raised when the block is left.
    """
    subscribing = asyncio.ensure_future(live.subscribe(subject, handler))
    try:
        yield
    finally:
        if subscribing.done():
            await subscribing.result()()
        else:
            subscribing.cancel()
            await asyncio.wait((subscribing,))
