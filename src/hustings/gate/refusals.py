"""What stages have refused lately: spaces for which they have no room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from hustings import limits
from hustings.errors import BadInput
from hustings.log import subjects
from hustings.log.contract import Live, Message


class Refusals:
    """The newest refusals, each with the time of the monotonic clock at which it came.

    Listens from the first `listen` to `close`: a gate starts without the live path.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._at_s: dict[str, float] = {}
        self._end: Callable[[], Awaitable[None]] | None = None
        self._beginning = asyncio.Lock()

    async def listen(self) -> None:
        """Hear of every refusal from now on. Called before a stage is called for."""
        async with self._beginning:
            if self._end is not None:
                return
            self._end = await self._live.subscribe(subjects.full("*"), self._take)

    async def close(self) -> None:
        """Listen no more."""
        if self._end is not None:
            await self._end()

    async def _take(self, message: Message) -> None:
        """A stage has no room for the space in the message."""
        try:
            space = subjects.checked(message.data.decode())
        except (BadInput, UnicodeDecodeError):
            return
        self._at_s.pop(space, None)
        self._at_s[space] = time.monotonic()
        while len(self._at_s) > limits.GATE_REFUSALS_COUNT:
            del self._at_s[next(iter(self._at_s))]

    def since(self, space: str, began_s: float) -> bool:
        """Whether a stage has refused the space since `began_s`."""
        return self._at_s.get(space, -1.0) >= began_s
