"""A synthetic listener: pulls `push` over real HTTP, decodes it, and plays it against the clock.

Reads boxes by itself and decodes with PyAV, so that it shares nothing with the side that wrote
them. Its playout is a model of the page's player: it starts `TARGET_S` behind what it has, and a
sample that is not there when it is due is a stall.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 48_000
PROGRAMME_DELAY: Final = 2_048  # programme sample = sample at the mixer's input + this
OPUS_LAG: Final = 312
TARGET_S: Final = 0.9  # as the page plays: a chunk, and a cushion (player/latency.js)
SILENT_S: Final = 2.0  # no bytes for so long: connect again
_OPUS_HEAD: Final = struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, 0, SAMPLE_RATE, 0, 0)

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """One fragment: when it arrived, the programme sample of its first sample, its sound."""

    at: float
    sample: int
    sound: Sound


@dataclass(frozen=True, slots=True)
class Stall:
    """The player ran dry at programme sample `sample`, for `seconds`."""

    sample: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Playout:
    """How a listener's player went: playing sample `sample` at moment `at`, and its stalls."""

    at: float
    sample: int
    stalls: tuple[Stall, ...]

    def heard_at(self, sample: int) -> float:
        """The moment at which a programme sample came out of the loudspeaker."""
        return self.at + (sample - self.sample) / SAMPLE_RATE


@dataclass(slots=True)
class Listener:
    """One person who listens. `run` until cancelled; then look at what was heard."""

    listen_url: str
    space: str
    codec: str = "opus"
    requested_at: float = 0.0
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    _end_ms: int = -1
    _decoder: av.AudioCodecContext | None = None  # outlives connections, as in a browser

    async def run(self) -> None:
        """Listen; connect again, resuming where the sound ended, whenever the stream breaks."""
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
                await self._listen()
            await asyncio.sleep(random.uniform(0.02, 0.2))  # noqa: S311

    def playout(self) -> Playout | None:
        """Play what was heard against the clock; None if nothing was."""
        if not self.heard:
            return None
        first = self.heard[0]
        burst = [h for h in self.heard if h.at - first.at < 0.1]
        end = max(h.sample + len(h.sound) for h in burst)
        began_at, began = burst[-1].at, max(first.sample, end - round(TARGET_S * SAMPLE_RATE))
        # A player that joins waits until it holds the target.
        began_at += max(0.0, TARGET_S - (end - began) / SAMPLE_RATE)
        stalls = []
        for earlier, later in zip(self.heard, self.heard[1:], strict=False):
            due = began_at + (earlier.sample + len(earlier.sound) - began) / SAMPLE_RATE
            if later.at > due:
                stalls.append(Stall(later.sample, later.at - due))
                began_at += later.at - due
        return Playout(began_at, began, tuple(stalls))

    def sound(self) -> tuple[int, Sound]:
        """Everything heard on the programme's clock: first sample, and the sound with its gaps as
        silence."""
        if not self.heard:
            return 0, np.zeros(0, np.float32)
        start = self.heard[0].sample
        end = max(h.sample + len(h.sound) for h in self.heard)
        out = np.zeros(end - start, np.float32)
        for one in self.heard:
            out[one.sample - start : one.sample - start + len(one.sound)] = one.sound
        return start, out

    async def _listen(self) -> None:
        url = urlsplit(self.listen_url)
        assert url.hostname is not None
        reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=1 << 20)
        try:
            path = f"/live/{self.space}/push?codec={self.codec}"
            if self._end_ms >= 0:
                path += f"&from={self._end_ms}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
            if not self.requested_at:
                self.requested_at = time.monotonic()
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise EOFError
            self.connections += 1
            await self._decode(reader, chunked=b"transfer-encoding: chunked" in head.lower())
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _decode(self, reader: asyncio.StreamReader, *, chunked: bool) -> None:
        self._decoder = decoder = self._decoder or _decoder(self.codec)
        buffer = b""
        moof = b""
        while True:
            async with asyncio.timeout(SILENT_S):
                piece = await (_piece(reader) if chunked else reader.read(65536))
            if not piece:
                raise EOFError
            arrived = time.monotonic()
            buffer += piece
            while (box := _box(buffer)) is not None:
                kind, body = box
                buffer = buffer[8 + len(body) :]
                if kind == b"moof":
                    moof = body
                elif kind == b"mdat":
                    self._fragment(decoder, moof, body, arrived)

    def _fragment(
        self, decoder: av.AudioCodecContext, moof: bytes, mdat: bytes, arrived: float
    ) -> None:
        time_, sizes = _samples(moof)
        pieces = []
        offset = 0
        for size in sizes:
            for frame in decoder.decode(av.Packet(mdat[offset : offset + size])):
                pieces.append(frame.to_ndarray().reshape(-1))  # noqa: PERF401 - frames own buffers
            offset += size
        if not pieces:
            return
        sound = np.concatenate(pieces).astype(np.float32)
        self.heard.append(Heard(arrived, time_, sound))
        span = (16 * 960 if self.codec == "opus" else 15 * 1024) * 1000
        base = time_ - (PROGRAMME_DELAY - OPUS_LAG if self.codec == "opus" else 0)
        self._end_ms = (base * 1000 + span) // SAMPLE_RATE


def _decoder(codec: str) -> av.AudioCodecContext:
    made = av.CodecContext.create("opus" if codec == "opus" else "aac", "r")
    assert isinstance(made, av.AudioCodecContext)
    made.sample_rate = SAMPLE_RATE
    made.extradata = _OPUS_HEAD if codec == "opus" else b"\x11\x88"
    return made


async def _piece(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readuntil(b"\r\n"), 16)
    data = await reader.readexactly(size)
    await reader.readexactly(2)
    return data


def _box(buffer: bytes) -> tuple[bytes, bytes] | None:
    if len(buffer) < 8:
        return None
    size, kind = struct.unpack_from(">I4s", buffer)
    if len(buffer) < size:
        return None
    return kind, buffer[8:size]


def _inside(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    while (box := _box(body)) is not None:
        yield box
        body = body[8 + len(box[1]) :]


def _samples(moof: bytes) -> tuple[int, list[int]]:
    """Decode time and sample sizes of a fragment (ISO/IEC 14496-12, 8.8)."""
    traf = dict(_inside(dict(_inside(moof))[b"traf"]))
    decode_time: int = struct.unpack_from(">Q", traf[b"tfdt"], 4)[0]
    trun = traf[b"trun"]
    flags, count = struct.unpack_from(">II", trun)
    assert flags & 0x200, "trun without sample sizes"
    before = 8 + 4 * (flags & 1) + 4 * (flags >> 2 & 1)
    each = 4 * sum(flags >> bit & 1 for bit in (8, 9, 10, 11))
    at = before + 4 * (flags >> 8 & 1)
    sizes = [struct.unpack_from(">I", trun, at + i * each)[0] for i in range(count)]
    return decode_time, sizes
