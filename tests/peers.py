"""A speaker in tests: an independent WebRTC client (aiortc) that sends a sound and keeps another.

async with Peer(tones.tone(600, 1.0), exchange) as peer:
    await until(lambda: peer.connected)
    ...
    peer.sound

`exchange` carries the SDP offer to the stage and brings the answer: through the gate, by request,
or straight to an endpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
from collections.abc import Awaitable, Callable
from typing import Final, Self

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpreceiver import RemoteStreamTrack

from tests import tones

Exchange = Callable[[str], Awaitable[str]]

WAIT_S: Final = 15.0
_FRAME: Final = 960


async def until(condition: Callable[[], object], seconds: float = WAIT_S) -> None:
    """Wait until `condition` holds; `TimeoutError` when it does not within `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Microphone(MediaStreamTrack):
    """A sound over and over, in frames of 20 ms; `sound` may be changed while it plays."""

    kind = "audio"

    def __init__(self, sound: tones.Sound) -> None:
        super().__init__()
        self.sound = sound
        self._frame = 0
        self._origin = 0.0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when they are due."""
        loop = asyncio.get_running_loop()
        self._origin = self._origin or loop.time()
        await asyncio.sleep(max(0.0, self._origin + 0.02 * self._frame - loop.time()))
        at = self._frame * _FRAME % (len(self.sound) // _FRAME * _FRAME)
        pcm = np.round(np.clip(self.sound[at : at + _FRAME], -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, _FRAME), format="s16", layout="mono")
        frame.sample_rate = tones.RATE
        frame.pts = self._frame * _FRAME
        frame.time_base = fractions.Fraction(1, tones.RATE)
        self._frame += 1
        return frame


class Peer:
    """One speaker with one connection. `reconnect` offers anew, as a page does after a failure."""

    def __init__(self, sound: tones.Sound, exchange: Exchange) -> None:
        self.microphone = Microphone(sound)
        self.heard: list[tones.Sound] = []
        self.offered = ""  # the newest SDP offer
        self._exchange = exchange
        self._connection: RTCPeerConnection | None = None
        self._listening: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Connect; an exchange that fails raises."""
        await self.reconnect()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        await self._hang_up()

    @property
    def connected(self) -> bool:
        """Whether keys are agreed on."""
        return self._connection is not None and self._connection.connectionState == "connected"

    @property
    def sound(self) -> tones.Sound:
        """All that was heard, over all connections."""
        return np.concatenate(self.heard) if self.heard else tones.silence(0)

    def last(self, seconds: float) -> tones.Sound:
        """The newest part of what was heard."""
        return self.sound[-round(seconds * tones.RATE) :]

    async def reconnect(self) -> None:
        """Offer a new connection and let go of the old one."""
        old = self._connection
        self._connection = connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._microphone_of(connection)
        connection.on("track", self._on_track)
        await connection.setLocalDescription(await connection.createOffer())
        self.offered = str(connection.localDescription.sdp)
        answer = await self._exchange(self.offered)
        await connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
        if old is not None:
            await until(lambda: self.connected)
            await old.close()

    def _microphone_of(self, connection: RTCPeerConnection) -> None:
        self.microphone = Microphone(self.microphone.sound)
        connection.addTrack(self.microphone)

    async def _hang_up(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        for task in self._listening:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _on_track(self, track: RemoteStreamTrack) -> None:
        self._listening.append(asyncio.ensure_future(self._listen(track)))

    async def _listen(self, track: RemoteStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
                self.heard.append(samples.astype(np.float32) / np.float32(32768))
