"""As many seats as there can be: fifty sit and are heard, and one more is told that it is full.

The speakers only send, a packet now and then: what is shown is that the seats are there, not what
fifty voices cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
from collections.abc import AsyncIterator

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from hustings import limits, signal
from hustings.space.event import SeatJoined
from tests.stage.hall import Hall, hall
from tests.stage.peers import until

__all__ = ["hall"]

EVERY_S = 1.0


class Murmur(MediaStreamTrack):
    """A microphone that sends 20 ms now and then."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frame = 0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms of sound."""
        if self._frame:
            await asyncio.sleep(EVERY_S)
        noise = np.random.default_rng(self._frame).integers(-9_000, 9_000, (1, 960), np.int16)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
        frame.sample_rate = 48_000
        frame.pts = self._frame * 960
        frame.time_base = fractions.Fraction(1, 48_000)
        self._frame += 1
        return frame


class Row:
    """Speakers beside each other."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._connections: list[RTCPeerConnection] = []

    async def sit(self, seat: str) -> signal.Answer:
        """Offer to take a seat, and take it if one may."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connections.append(connection)
        connection.addTransceiver(Murmur(), direction="sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        answer = await self._hall.request(seat, connection.localDescription.sdp)
        if answer.status == 201:
            told = RTCSessionDescription(sdp=answer.sdp, type="answer")
            await connection.setRemoteDescription(told)
        return answer

    async def seated(self, count: int) -> None:
        """Wait until so many are connected, and the stage hears each of them."""
        await until(lambda: len(joined(self._hall)) == count, 30)
        heard: set[str] = set()

        def all_heard() -> bool:
            for levels in self._hall.levels:
                heard.update(seat for seat, level in levels.items() if level > -40)
            return len(heard) == count

        await until(all_heard, 30)

    async def close(self) -> None:
        """Hang up."""
        await asyncio.gather(*(connection.close() for connection in self._connections))


def joined(hall: Hall) -> set[str]:
    """The seats that the stage says are here."""
    return {event.seat for event in hall.observed if isinstance(event, SeatJoined)}


@contextlib.asynccontextmanager
async def row(hall: Hall) -> AsyncIterator[Row]:
    """A row that ends with the test."""
    made = Row(hall)
    try:
        yield made
    finally:
        await made.close()


async def test_fifty_sit_and_are_heard(hall: Hall) -> None:
    names = [f"seat{i:02}" for i in range(limits.SEATS_COUNT)]
    await hall.stage(speakers_max=limits.SEATS_COUNT)
    await hall.scheduled(*names)
    async with row(hall) as speakers:
        for name in names:
            assert (await speakers.sit(name)).status == 201
        await speakers.seated(limits.SEATS_COUNT)


async def test_the_fourteenth_is_told_that_the_stage_is_full(hall: Hall) -> None:
    names = [f"seat{i:02}" for i in range(14)]
    stage = await hall.stage()
    assert stage.context.settings.speakers_max == 13
    await hall.scheduled(*names)
    async with row(hall) as speakers:
        for name in names[:13]:
            answer = await speakers.sit(name)
            assert answer.status == 201
        await speakers.seated(13)
        full = await speakers.sit(names[13])
        assert (full.status, full.code) == (409, "full")
        assert full.detail == "All 13 places on stage are taken."
        await hall.leave(names[12], answer.session)
        assert (await speakers.sit(names[13])).status == 201
        await speakers.seated(14)
