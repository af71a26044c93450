"""The stage's desk for the gate: answers offers, patches, closes and trials of one space.

While a stage holds the space its seats answer. For a space that is over, or that nobody knows, a
`Farewell` answers for a while, so that speakers' pages stop asking.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from hustings import limits, signal
from hustings.errors import LogError
from hustings.log import subjects
from hustings.log.contract import Live, Log, Message, Responder
from hustings.log.follow import Follower
from hustings.log.subjects import Kind
from hustings.stage.seats import Seats

_POLL_S: Final = 0.005  # how often the tail is looked at
_VAIN_S: Final = 2.0  # a seat that was not granted is not waited for again so soon


class Desk:
    """Answers for the seats of one space, from `open` to `close`."""

    def __init__(self, *, record: Log, live: Live, follower: Follower, seats: Seats) -> None:
        self._record = record
        self._live = live
        self._follower = follower
        self._seats = seats
        self._end: Callable[[], Awaitable[None]] | None = None
        self._vain: dict[str, float] = {}  # seats that were looked up in vain, and until when

    async def open(self) -> None:
        """Begin to answer."""
        self._end = await serve(
            self._live,
            self._follower.space_id,
            {
                "offer": self._offer,
                "patch": self._patch,
                "close": self._close,
                "trial": self._trial,
            },
        )

    async def close(self) -> None:
        """Answer no more."""
        if self._end is not None:
            await self._end()

    async def _offer(self, message: Message) -> bytes:
        offer = signal.decode_offer(message.data)
        space = self._follower.space
        if space is None or offer.ticket.seat not in space.seats:
            await self._look_up(offer.ticket.seat)
            space = self._follower.space
        assert space is not None, "a space without events is not put on stage"
        return signal.encode(self._seats.offer(space, offer))

    async def _patch(self, message: Message) -> bytes:
        return signal.encode(self._seats.change(signal.decode_patch(message.data)))

    async def _close(self, message: Message) -> bytes:
        return signal.encode(self._seats.leave(signal.decode_close(message.data)))

    async def _trial(self, message: Message) -> bytes:
        space = self._follower.space
        assert space is not None, "a space without events is not put on stage"
        return signal.encode(self._seats.trial(space, signal.decode_trial(message.data)))

    async def _look_up(self, seat: str) -> None:
        """Wait for a seat's grant, unless that was in vain just now: offers are answered one after
        the other, and one seat that is gone must not hold up who comes back to theirs."""
        now = time.monotonic()
        if now < self._vain.get(seat, 0.0):
            return
        await self._caught_up()
        space = self._follower.space
        if space is None or seat not in space.seats:
            self._vain = {one: until for one, until in self._vain.items() if now < until}
            self._vain[seat] = time.monotonic() + _VAIN_S

    async def _caught_up(self) -> None:
        """Wait until all that was decided before now is known here, such as the seat's grant."""
        follower = self._follower
        try:
            async with asyncio.timeout(limits.SEAT_GRANT_WAIT_S):
                newest = await self._record.last(follower.space_id, Kind.EV)
                while newest is not None and follower.ev_seq < newest.seq:
                    await asyncio.sleep(_POLL_S)
        except (TimeoutError, LogError):
            return  # with the log away, what is known here is the best there is


async def farewell(live: Live, space: str, answer: signal.Answer) -> None:
    """Give all that the gate asks of `space` the same answer for `limits.STAGE_FAREWELL_S`."""

    async def reply(_: Message) -> bytes:
        return signal.encode(answer)

    verbs = ("offer", "patch", "close", "trial")
    end = await serve(live, space, dict.fromkeys(verbs, reply))
    try:
        await asyncio.sleep(limits.STAGE_FAREWELL_S)
    finally:
        await end()


async def serve(
    live: Live, space: str, verbs: Mapping[str, Responder]
) -> Callable[[], Awaitable[None]]:
    """Answer all kinds of requests for `space`; returns what ends it."""
    ends: list[Callable[[], Awaitable[None]]] = []

    async def end() -> None:
        for one in ends:
            await one()

    try:
        for verb, responder in verbs.items():
            ends.append(await live.serve(subjects.stage(space, verb), responder))
    except BaseException:
        # A desk that stayed half open would answer for a space that another stage has by now.
        await end()
        raise
    return end
