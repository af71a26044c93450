"""A stage of paper: writes the log of a space as a stage would, from sound given chunk by chunk.

Nothing here runs in time: `Script` collects entries in order. They are fed to a recording directly
(`entries`), or appended to a real log (`feed`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hustings import chunk, space, stem
from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusEncoder
from hustings.chunk import PROGRAMME_DELAY_SAMPLES, Chunk, Programme
from hustings.clock import CHUNK_NS, CHUNK_SAMPLES
from hustings.log import subjects
from hustings.log.contract import Entry, Log
from hustings.log.subjects import Kind
from hustings.space import event as e
from tests.tones import tone

Sound = NDArray[np.float32]

SPACE: Final = "abcdefghij"
WALL_MS: Final = 1_750_000_000_000
HOLD_HZ: Final = 6_000
BOOT: Final = bytes(range(16))


def hold_sound() -> Sound:
    """What the audience hears in a chunk that is off air: a tone that no test uses on air."""
    return np.resize(tone(HOLD_HZ, 1.0), CHUNK_SAMPLES).astype(np.float32)


class Speaker:
    """A microphone: sound in, stem packets out, with RTP numbers of its own."""

    def __init__(self, seat: str, *, timestamp: int = 4_294_960_000) -> None:
        self.seat = seat
        self.join = 0
        self.timestamp = timestamp
        self.sequence = 65_500
        self._opus = OpusEncoder(bitrate_bps=32_000, complexity=5)

    def rejoin(self, *, timestamp: int) -> None:
        """A new transport: RTP numbers start anew."""
        self.join += 1
        self.timestamp, self.sequence = timestamp, 0

    def speak(self, pcm: Sound, *, at: int, lateness: int = 0) -> list[stem.StemPacket]:
        """Packets of sound that enters the mixer at input sample `at`. The stage notes a programme
        time that is `lateness` samples off."""
        out = []
        for offset in range(0, len(pcm) - 959, 960):
            payload = self._opus.encode(pcm[offset : offset + 960])
            noted = at + offset + PROGRAMME_DELAY_SAMPLES + lateness
            out.append(self.packet(payload, noted=noted))
        return out

    def packet(self, payload: bytes, *, noted: int, samples: int = 960) -> stem.StemPacket:
        made = stem.StemPacket(
            self.seat, self.join, self.sequence & 0xFFFF, self.timestamp, noted, payload
        )
        self.skip(samples)
        return made

    def skip(self, samples: int) -> None:
        """Time in which nothing is sent, or lost."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + samples) & 0xFFFFFFFF


@dataclass
class Script:
    """The log of one space. `n` is the next chunk's number."""

    space: str = SPACE
    n: int = 0
    epoch: int = 0
    wall_ms: int = WALL_MS
    entries: list[Entry] = field(default_factory=list)
    batches: int = 0

    def __post_init__(self) -> None:
        self.take("opened", 0)

    def put(self, kind: Kind, data: bytes) -> None:
        seq = len(self.entries) + 1
        self.entries.append(Entry(kind, seq, data, self.wall_ms * 1_000_000))

    def event(self, *events: e.Event) -> None:
        for event in events:
            observed = isinstance(event, space.Observed)
            self.put(Kind.OBS if observed else Kind.EV, space.encode(event))

    def take(self, cause: str, lost_chunks: int) -> None:
        """A stage takes the space over: new encoders, some numbers never made."""
        self.epoch = len(self.entries) + 1
        self.put(Kind.LEASE, b"{}")
        self.n += lost_chunks
        self.wall_ms += lost_chunks * 320
        self.event(e.StageTaken(at_ms=self.wall_ms, n=self.n, epoch=self.epoch, cause=cause))
        self._aac = AacEncoder(bitrate_bps=64_000)
        self._opus = OpusEncoder(bitrate_bps=32_000, complexity=5, application="audio", fec=False)

    def made(self, pcm: Sound, *, live: bool) -> Chunk:
        """The next chunk, encoded but not logged."""
        assert len(pcm) == CHUNK_SAMPLES
        first, *rest = pcm.reshape(-1, 960)
        made = Chunk(
            epoch=self.epoch,
            n=self.n,
            boot_id=BOOT,
            boottime_ns=(self.n + 1) * CHUNK_NS,
            programme=Programme.LIVE if live else Programme.HOLD,
            opus=(self._opus.encode_alone(first), *map(self._opus.encode, rest)),
            aac=tuple(self._aac.encode(f) for f in pcm.reshape(-1, 1024)),
        )
        self.n += 1
        self.wall_ms += 320
        return made

    def live(self, pcm: Sound) -> None:
        """Chunks on air, from sound of any whole number of chunks."""
        for part in pcm.reshape(-1, CHUNK_SAMPLES):
            self.put(Kind.MIX, chunk.pack(self.made(part, live=True)))

    def hold(self, count: int) -> None:
        """Chunks of hold sound."""
        for _ in range(count):
            self.put(Kind.MIX, chunk.pack(self.made(hold_sound(), live=False)))

    def lose(self, pcm: Sound) -> None:
        """Chunks that were sent live and never came to the log."""
        for part in pcm.reshape(-1, CHUNK_SAMPLES):
            self.made(part, live=True)

    def stems(self, packets: list[stem.StemPacket]) -> None:
        """Packets of all seats, five to a batch."""
        for at in range(0, len(packets), 5):
            part = tuple(packets[at : at + 5])
            batch = stem.StemBatch(epoch=self.epoch, number=self.batches, packets=part)
            self.put(Kind.STEM, stem.pack(batch))
            self.batches += 1

    def open(self, *seats: str, title: str = "An evening") -> None:
        """Scheduled, seats granted and joined, doors open."""
        at = self.wall_ms
        self.event(e.Scheduled(at_ms=at, by="account1", title=title, host="Ada"))
        for seat in seats:
            self.event(
                e.SeatGranted(
                    at_ms=at, by="account1", seat=seat, name=seat.title(), role=space.Role.SPEAKER
                ),
                e.SeatJoined(at_ms=at, seat=seat, join=0, n=self.n),
            )
        self.event(e.DoorsOpened(at_ms=at, by="timer"))

    def go_live(self) -> None:
        self.event(
            e.WentLive(at_ms=self.wall_ms, by="account1"),
            e.OnAir(at_ms=self.wall_ms, n=self.n, live=True),
        )

    def go_off(self, reason: str = "") -> None:
        self.event(
            e.Held(at_ms=self.wall_ms, by="account1", reason=reason),
            e.OnAir(at_ms=self.wall_ms, n=self.n, live=False),
        )

    def resume(self) -> None:
        self.event(
            e.Resumed(at_ms=self.wall_ms, by="account1"),
            e.OnAir(at_ms=self.wall_ms, n=self.n, live=True),
        )

    def end(self) -> None:
        self.event(
            e.Ended(at_ms=self.wall_ms, by="account1"),
            e.OnAir(at_ms=self.wall_ms, n=self.n, live=False),
        )


async def feed(log: Log, script: Script, *, start: int = 0, end: int | None = None) -> None:
    """Append the script's entries to a log that exists, as they stand, without fences."""
    for entry in script.entries[start:end]:
        message_id = f"{subjects.log(script.space, entry.kind)}.test.{entry.seq}"
        await log.append(script.space, entry.kind, entry.data, message_id=message_id)
