"""Patience with a log that is away: a question is asked again until it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from hustings.errors import LogAway

_AGAIN_S: Final = 0.05

_T = TypeVar("_T")


async def patiently(ask: Callable[[], Awaitable[_T]]) -> _T:
    """What `ask` returns, as soon as it does not raise `LogAway`."""
    while True:
        try:
            return await ask()
        except LogAway:
            await asyncio.sleep(_AGAIN_S)
