"""Peers of an endpoint in tests: an independent WebRTC client (aiortc), and a relay that loses.

The client sends a tone and keeps what it hears; the relay stands between it and the endpoint,
because the kernel's own network emulation is not everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
from collections.abc import AsyncIterator, Callable
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from hypothesis import HealthCheck, settings

from hustings.stage.endpoint import Endpoint
from hustings.stage.rtp import MediaPacket
from hustings.stage.transport import Transport
from tests import tones

WAIT_S = 15.0
# For property tests: a busy machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def until(condition: Callable[[], object], seconds: float = WAIT_S) -> None:
    """Wait for a condition, at most so long."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Tone(MediaStreamTrack):
    """A microphone that whistles."""

    kind = "audio"

    def __init__(self, hz: float) -> None:
        super().__init__()
        self._second = np.round(tones.tone(hz, 1.0) * 32767).astype(np.int16).reshape(50, 1, 960)
        self._frame = 0
        self._origin = 0.0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms."""
        loop = asyncio.get_running_loop()
        self._origin = self._origin or loop.time()
        await asyncio.sleep(max(0.0, self._origin + 0.02 * self._frame - loop.time()))
        frame = av.AudioFrame.from_ndarray(
            self._second[self._frame % 50], format="s16", layout="mono"
        )
        frame.sample_rate = 48_000
        frame.pts = self._frame * 960
        frame.time_base = fractions.Fraction(1, 48_000)
        self._frame += 1
        return frame


class Caller:
    """aiortc's RTCPeerConnection with a whistling microphone."""

    def __init__(self, hz: float = 600.0) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.heard: list[tones.Sound] = []
        self._listening: asyncio.Task[None] | None = None
        self.connection.addTrack(Tone(hz))
        self.connection.on("track", self._on_track)

    async def offer(self) -> str:
        """The SDP offer."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def answered(self, sdp: str) -> None:
        """Take the answer; connecting begins."""
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    @property
    def state(self) -> str:
        """The connection's state."""
        return str(self.connection.connectionState)

    @property
    def sound(self) -> tones.Sound:
        """All that was heard."""
        return np.concatenate(self.heard) if self.heard else tones.silence(0)

    async def close(self) -> None:
        """Hang up."""
        await self.connection.close()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
                self.heard.append((samples / 32768).astype(np.float32))


class Session:
    """What the endpoint tells about one transport. With `echo`, each packet is sent back."""

    def __init__(self, endpoint: Endpoint, offer: str, *, echo: bool = True) -> None:
        self.packets: list[MediaPacket] = []
        self.states: list[str] = []
        self.echo = echo
        self.transport: Transport
        self.transport, self.answer = endpoint.accept(
            offer, on_packet=self._on_packet, on_state=self.states.append
        )

    def _on_packet(self, packet: MediaPacket) -> None:
        self.packets.append(packet)
        if self.echo:
            self.transport.send(packet.payload)


@contextlib.asynccontextmanager
async def running(host: str = "127.0.0.1", *advertise: str) -> AsyncIterator[Endpoint]:
    """An endpoint on a free port, with its timers."""
    endpoint = await Endpoint.open(host=host, port=0, advertise=advertise)
    timers = asyncio.create_task(endpoint.run())
    try:
        yield endpoint
    finally:
        timers.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await timers
        endpoint.close()
        await asyncio.sleep(0)


Verdict = Callable[[bool, int, bytes], list[bytes]]


class Relay(asyncio.DatagramProtocol):
    """A UDP path with faults. `verdict(up, index, datagram)` says what becomes of each datagram:

    an empty list loses it, two entries repeat it, a changed one damages it. `up` is towards the
    endpoint; `index` counts the datagrams of a direction.
    """

    def __init__(self, target: int, verdict: Verdict) -> None:
        self.verdict = verdict
        self.counts = {True: 0, False: 0}
        self._target = target
        self._address = "127.0.0.1"
        self._backs: dict[Any, asyncio.DatagramTransport] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def before(cls, target: int, verdict: Verdict) -> AsyncIterator[tuple[Relay, int]]:
        """A relay to a local port, and its own port."""
        loop = asyncio.get_running_loop()
        front, relay = await loop.create_datagram_endpoint(
            lambda: cls(target, verdict), local_addr=("127.0.0.1", 0)
        )
        relay._front = front
        try:
            yield relay, front.get_extra_info("sockname")[1]
        finally:
            for transport in (front, *relay._backs.values()):
                transport.close()
            await asyncio.sleep(0)

    _front: asyncio.DatagramTransport

    def rebind(self, address: str = "127.0.0.1") -> None:
        """Reach the endpoint from new ports of `address` from now on: a NAT has forgotten, or the
        network has changed."""
        self._address = address
        for back in self._backs.values():
            back.close()
        self._backs.clear()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """From a client."""
        back = self._backs.get(addr)
        if back is None:
            asyncio.ensure_future(self._open(addr, data))  # noqa: RUF006 ends within this loop turn
            return
        self._pass(True, data, back.sendto)

    async def _open(self, addr: Any, data: bytes) -> None:
        if addr not in self._backs:
            loop = asyncio.get_running_loop()
            back, _ = await loop.create_datagram_endpoint(
                lambda: _Back(
                    lambda d: self._pass(False, d, lambda o: self._front.sendto(o, addr))
                ),
                local_addr=(self._address, 0),
                remote_addr=("127.0.0.1", self._target),
            )
            if addr in self._backs:
                back.close()
            else:
                self._backs[addr] = back
        self._pass(True, data, self._backs[addr].sendto)

    def _pass(self, up: bool, data: bytes, send: Callable[[bytes], None]) -> None:
        self.counts[up] += 1
        for out in self.verdict(up, self.counts[up], data):
            send(out)


class _Back(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._received(data)


def through(answer: str, *, port: int, relay: int) -> str:
    """The answer with the relay's port in place of the endpoint's."""
    return answer.replace(f" {port} ", f" {relay} ")


def is_dtls(datagram: bytes) -> bool:
    """Whether a datagram is DTLS (RFC 7983)."""
    return 20 <= datagram[0] <= 63
