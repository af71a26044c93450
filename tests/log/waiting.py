"""Waiting for conditions, with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from hustings.log.contract import Entry


async def until(condition: Callable[[], object], *, timeout: float = 10.0) -> None:
    """Return as soon as `condition` holds; `TimeoutError` when it does not in time."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.002)


async def collect(entries: AsyncIterator[Entry]) -> list[Entry]:
    return [entry async for entry in entries]
