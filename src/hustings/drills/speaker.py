"""A synthetic speaker: joins the stage by WHIP and talks, over a WebRTC stack that is not ours.

aiortc serves as the client (ICE, DTLS-SRTP, Opus), so that whatever we misunderstand of the
standards shows. Like the studio's page, it posts a new offer whenever the return falls silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import http.client
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray

from hustings.clock import SAMPLE_RATE, TICK_SAMPLES
from hustings.errors import HustingsError

log = logging.getLogger("hustings.drills")

Sound = NDArray[np.float32]
# What is said: from a sample number of the monotonic clock (seconds x 48000) and a count to so many
# samples. All speakers of a machine can say one time code, and a listener knows when it was said.
Voice = Callable[[int, int], Sound]

HEARD_WITHIN_S: Final = 0.3  # no return for so long: offer again, as the studio's page does
OFFER_EVERY_S: Final = (0.15, 0.30)
HTTP_S: Final = 5.0


class NotSeated(HustingsError):
    """The gate refused for good; carries its status and words."""


class Microphone(MediaStreamTrack):
    """A track that says `voice`, 20 ms at a time, paced by the monotonic clock."""

    kind = "audio"

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice
        self._origin = 0
        self._sample = 0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms."""
        if not self._origin:
            self._origin = round(time.monotonic() * SAMPLE_RATE)
        # A frame is complete, and can be sent, when its last sample has been said.
        due = (self._origin + self._sample + TICK_SAMPLES) / SAMPLE_RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        sound = self._voice(self._origin + self._sample, TICK_SAMPLES)
        samples = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._sample
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._sample += TICK_SAMPLES
        return frame


@dataclass(frozen=True, slots=True)
class Return:
    """One frame of the mix-minus as it came back: when, and what."""

    at: float
    sound: Sound


class Speaker:
    """One person on stage. `returned` collects the mix-minus; `joins` counts the transports."""

    def __init__(self, *, gate_url: str, space: str, ticket: str, voice: Voice) -> None:
        self.microphone = Microphone(voice)
        self.returned: list[Return] = []
        self.joins = 0
        self.connected = asyncio.Event()
        self._gate = urlsplit(gate_url)
        self._path = f"/whip/{space}"
        self._ticket = ticket
        self._heard = asyncio.Event()
        self._connection: RTCPeerConnection | None = None
        self._closing: asyncio.Task[None] | None = None
        self._session = ""

    async def run(self) -> None:
        """Be on stage until cancelled: join, and come back whenever the return falls silent."""
        try:
            while True:
                await self._join()
                with contextlib.suppress(TimeoutError):
                    while True:
                        self._heard.clear()
                        async with asyncio.timeout(HEARD_WITHIN_S):
                            await self._heard.wait()
                self.connected.clear()
        finally:
            await self._leave()

    async def _join(self) -> None:
        while True:
            await self._drop()
            with contextlib.suppress(OSError, TimeoutError, http.client.HTTPException):
                if await self._offer():
                    return
            # S311: spreading retries, nothing secret
            await asyncio.sleep(random.uniform(*OFFER_EVERY_S))  # noqa: S311

    async def _offer(self) -> bool:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection = connection
        arrived = asyncio.Event()

        @connection.on("track")
        def listen(track: MediaStreamTrack) -> None:
            self._listening = asyncio.ensure_future(self._listen(track, arrived))

        # The microphone outlives its connections: each gets a proxy of its own.
        connection.addTrack(_Proxy(self.microphone))
        await connection.setLocalDescription(await connection.createOffer())
        status, headers, body = await asyncio.to_thread(self._post, connection.localDescription.sdp)
        if status in (403, 404, 410):
            raise NotSeated(f"the gate says {status}: {body[:200]}")
        if status != 201:
            log.debug("the gate says %s: %s", status, body[:200])
            return False
        self._session = headers.get("Location", "")
        await connection.setRemoteDescription(RTCSessionDescription(sdp=body, type="answer"))
        async with asyncio.timeout(HTTP_S):
            await arrived.wait()
        self.joins += 1
        self.connected.set()
        return True

    async def _listen(self, track: MediaStreamTrack, arrived: asyncio.Event) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                self._heard.set()
                arrived.set()
                sound = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
                self.returned.append(Return(time.monotonic(), (sound / 32768).astype(np.float32)))

    async def _leave(self) -> None:
        if self._session:
            with contextlib.suppress(OSError, http.client.HTTPException):
                await asyncio.to_thread(self._request, "DELETE", self._session, "")
        await self._drop()
        self.microphone.stop()

    async def _drop(self) -> None:
        # A close that is interrupted never ends, and the next one would wait for it.
        if self._connection is not None:
            self._closing = asyncio.create_task(self._connection.close())
            self._connection = None
        if self._closing is not None:
            await asyncio.shield(self._closing)

    def _post(self, sdp: str) -> tuple[int, Any, str]:
        return self._request("POST", self._path, sdp)

    def _request(self, method: str, path: str, body: str) -> tuple[int, Any, str]:
        kind = (
            http.client.HTTPSConnection
            if self._gate.scheme == "https"
            else http.client.HTTPConnection
        )
        connection = kind(self._gate.hostname or "", self._gate.port, timeout=HTTP_S)
        with contextlib.closing(connection):
            headers = {
                "Authorization": f"Bearer {self._ticket}",
                "Content-Type": "application/sdp",
            }
            connection.request(method, path, body.encode(), headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()


class _Proxy(MediaStreamTrack):
    """A track that dies with its connection while its source lives on."""

    kind = "audio"

    def __init__(self, source: Microphone) -> None:
        super().__init__()
        self._source = source

    async def recv(self) -> av.AudioFrame:
        return await self._source.recv()
