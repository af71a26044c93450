"""A storm over one recording: seeded, and everything at once.

An evening of some 60 chunks is written to a log in which chunks are missing, double, late, out of
order and from stages that were replaced; numbers skip, clocks jump, entries are broken, stems come
late or never, speakers mute and come back. The archive that reads it is killed in the middle and
between any two of its steps at the end, again and again. `Evening` knows by heart what has to come
of it, because it wrote it; `aftermath` holds the posted files against that.

The sound is the time code of the whole programme, as one speaker's stage would mix it: encoded,
decoded and encoded again. It repeats after 25 chunks, so every frame is made only once.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from hustings import chunk, space, stem
from hustings.archive.recorder import Recorder
from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusDecoder, OpusEncoder
from hustings.chunk import PROGRAMME_DELAY_SAMPLES, Chunk, Programme
from hustings.clock import CHUNK_NS, CHUNK_SAMPLES
from hustings.config import Settings
from hustings.keys import Keys
from hustings.log.follow import read_state
from hustings.log.memory import MemoryLive, MemoryLog
from hustings.log.subjects import Kind
from hustings.space import Role, Status
from hustings.space import event as e
from hustings.store import layout
from hustings.store.objects import Objects
from tests.archive.script import SPACE, WALL_MS, hold_sound
from tests.tones import timecode, tone

Sound = NDArray[np.float32]

LOOP: Final = 25  # chunks after which the time code repeats
ZOMBIE_HZ: Final = 9_700  # what a stage says that was replaced: never to be heard
ORDER: Final = 14  # chunks by which an entry may be late and still count
TOO_LATE: Final = 60


# --- what is heard, encoded once ---------------------------------------------------------------


@functools.cache
def _code() -> Sound:
    return timecode(LOOP * 0.32)


@functools.cache
def _spoken() -> list[bytes]:
    """The speaker's packets of one loop, from an encoder that has been running. It keeps the wave's
    form, as CELT does: what it is off by could not be told from what the archive is off by."""
    encoder = OpusEncoder(bitrate_bps=64_000, complexity=5, application="audio", fec=False)
    frames = _code().reshape(-1, 960)
    for frame in frames[-50:]:
        encoder.encode(frame)
    return [encoder.encode(frame) for frame in frames]


@functools.cache
def mixed() -> Sound:
    """What the stage mixes of it in one loop."""
    decoder = OpusDecoder()
    packets = _spoken()
    for packet in packets[-50:]:
        decoder.decode(packet)
    return np.concatenate([decoder.decode(packet) for packet in packets])


@functools.cache
def _frames(n: int, *, fresh: bool, sound: str = "code") -> tuple[tuple[bytes, ...], ...]:
    """Opus and AAC frames of chunk `n` (modulo the loop): from an encoder that begins with it
    (`fresh`), or has been running."""
    pcm = {"code": mixed, "hold": _hold, "zombie": _zombie}[sound]()
    opus = OpusEncoder(bitrate_bps=32_000, complexity=5, application="audio", fec=False)
    aac = AacEncoder(bitrate_bps=64_000)
    if not fresh:
        before = np.roll(pcm, -(n - 1) * CHUNK_SAMPLES)[:CHUNK_SAMPLES]
        for frame in before.reshape(-1, 960):
            opus.encode(frame)
        for frame in before.reshape(-1, 1024):
            aac.encode(frame)
    now = np.roll(pcm, -n * CHUNK_SAMPLES)[:CHUNK_SAMPLES]
    first, *rest = now.reshape(-1, 960)
    packets = (opus.encode_alone(first), *map(opus.encode, rest))
    return packets, tuple(aac.encode(frame) for frame in now.reshape(-1, 1024))


@functools.cache
def _hold() -> Sound:
    return np.tile(hold_sound(), LOOP)


@functools.cache
def _zombie() -> Sound:
    return np.resize(tone(ZOMBIE_HZ, 1.0), LOOP * CHUNK_SAMPLES).astype(np.float32)


# --- the evening ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meant:
    """A slot of the replay as it must come out: `what` is mix, remix or silence. `stem`: the
    speaker's own track has its sound."""

    n: int
    what: str
    run: int  # slots of one run were encoded without a break
    stem: bool


@dataclass
class Evening:
    """A log, and what has to come of it."""

    choice: random.Random
    entries: list[tuple[float, Kind, bytes]] = field(default_factory=list)  # by when it is logged
    meant: list[Meant] = field(default_factory=list)
    broken: int = 0
    n: int = 0
    epoch: int = 1
    join: int = 0
    stamp0: int = 0  # the speaker's RTP timestamp at programme number 0
    _run: int = 0
    _fresh: bool = True
    _boot: bytes = bytes(16)

    def happened(self, *events: e.Event) -> None:
        for event in events:
            kind = Kind.OBS if isinstance(event, space.Observed) else Kind.EV
            self.entries.append((self.n - 0.5, kind, space.encode(event)))

    def open(self) -> None:
        self.happened(e.StageTaken(at_ms=0, n=0, epoch=self.epoch, cause="opened"))
        self.happened(e.Scheduled(at_ms=WALL_MS, by="a", title="Storm", host="Ada"))
        seat = e.SeatGranted(at_ms=WALL_MS, by="a", seat="ada", name="Ada", role=Role.SPEAKER)
        self.happened(seat, e.SeatJoined(at_ms=WALL_MS, seat="ada", join=0, n=0))
        self.happened(e.DoorsOpened(at_ms=WALL_MS, by="timer"))
        self.stamp0 = self.choice.randrange(1 << 32)
        self.hold(self.choice.randrange(5))

    def hold(self, count: int) -> None:
        for _ in range(count):
            if self.choice.random() > 0.1:
                self._chunk(sound="hold")
            self.n += 1

    def on_air(self, live: bool) -> None:
        if live:
            self._run += 1
        late = self.choice.choice((0, 0, 0, 2))
        mark = e.OnAir(at_ms=WALL_MS, n=self.n, live=live)
        self.entries.append((self.n - 0.4 + late, Kind.OBS, space.encode(mark)))

    def live(self, count: int, *, logged: bool = True, spoken: bool = True) -> None:
        """Chunks on air: in the log or not, with the speaker's packets or without."""
        for _ in range(count):
            if logged:
                self._chunk()
            if spoken:
                self._speak()
            what = "mix" if logged else "remix" if spoken else "silence"
            self.meant.append(Meant(self.n, what, self._run, spoken))
            self.n += 1
            self._fresh = self._fresh and not logged

    def taken(self) -> None:
        """Another stage goes on, some numbers later; the old one says something still."""
        old = self.epoch
        self.epoch += self.choice.randrange(1, 9)
        lost = self.choice.choice((0, 0, 1, 3, 8))
        if self.choice.random() < 0.5:
            for ahead in range(self.choice.randrange(1, 4)):
                self._chunk(sound="zombie", n=self.n + lost + ahead, epoch=old, late=1.0 + lost)
        heard = lost and self.choice.random() < 0.5
        if lost:
            self.live(lost, logged=False, spoken=bool(heard))
        self._run += 1
        self._fresh = True
        if self.choice.random() < 0.5:
            self._boot = self.choice.randbytes(16)
        cause = self.choice.choice(("takeover", "restart"))
        self.happened(e.StageTaken(at_ms=WALL_MS, n=self.n, epoch=self.epoch, cause=cause))
        if self.choice.random() < 0.7:  # the speaker comes back with numbers of their own
            self.join += 1
            self.stamp0 = self.choice.randrange(1 << 32)

    def end(self) -> None:
        self.happened(e.Ended(at_ms=WALL_MS, by="a"))
        self.on_air(False)

    def logged(self) -> list[tuple[Kind, bytes]]:
        """The log, in its order; doubles and broken entries are in it."""
        out = []
        for _, kind, data in sorted(self.entries, key=lambda one: one[0]):
            out.append((kind, data))
            if kind in (Kind.MIX, Kind.STEM) and self.choice.random() < 0.04:
                out.append((kind, data))
            if self.choice.random() < 0.02:
                self.broken += 1
                broken = (Kind.MIX, Kind.STEM, Kind.EV, Kind.OBS)[self.choice.randrange(4)]
                out.append((broken, self.choice.randbytes(20)))
        return out

    def _chunk(
        self, *, sound: str = "code", n: int | None = None, epoch: int = 0, late: float = 0.0
    ) -> None:
        n = self.n if n is None else n
        opus, aac = _frames(n % LOOP, fresh=self._fresh and sound == "code", sound=sound)
        made = Chunk(
            epoch=epoch or self.epoch,
            n=n,
            boot_id=self._boot,
            boottime_ns=(n + 1) * CHUNK_NS,
            programme=Programme.HOLD if sound == "hold" else Programme.LIVE,
            opus=opus,
            aac=aac,
        )
        if sound == "code" and self.choice.random() < 0.15:
            late = self.choice.uniform(0, ORDER)
        self.entries.append((n + late, Kind.MIX, chunk.pack(made)))

    def _speak(self) -> None:
        """The packets of one chunk, in batches of 100 ms; some come late, some far too late."""
        packets = [self._packet(self.n * 16 + i) for i in range(16)]
        late = self.choice.uniform(0, ORDER) if self.choice.random() < 0.2 else 0.0
        for at in range(0, 16, 5):
            part = tuple(packets[at : at + 5])
            batch = stem.StemBatch(epoch=self.epoch, number=self.n * 4 + at // 5, packets=part)
            self.entries.append((self.n + late + at / 100, Kind.STEM, stem.pack(batch)))
        if self.choice.random() < 0.03:
            early = tuple(self._packet(self.n * 16 + i - TOO_LATE * 16) for i in range(3))
            batch = stem.StemBatch(epoch=self.epoch, number=1_000_000 + self.n, packets=early)
            if self.n > TOO_LATE:
                self.entries.append((self.n + 0.0, Kind.STEM, stem.pack(batch)))

    def _packet(self, tick: int) -> stem.StemPacket:
        timestamp = (self.stamp0 + tick * 960) & 0xFFFFFFFF
        # The stage notes where it enters the mix: a little off, as the network has it.
        noted = tick * 960 + PROGRAMME_DELAY_SAMPLES
        payload = _spoken()[tick % len(_spoken())]
        return stem.StemPacket("ada", self.join, tick & 0xFFFF, timestamp, noted, payload)


def evening(seed: int) -> Evening:
    """The evening of a seed."""
    choice = random.Random(seed)
    made = Evening(choice)
    made.open()
    made.happened(e.WentLive(at_ms=WALL_MS, by="a"))
    made.on_air(True)
    for _ in range(choice.randrange(5, 9)):
        made.live(choice.randrange(3, 9), spoken=choice.random() < 0.85)
        match choice.randrange(6):
            case 0:
                made.taken()
            case 1:  # an append that never came through
                made.live(choice.randrange(1, 5), logged=False, spoken=choice.random() < 0.7)
            case 2:  # muted: nothing is logged of the speaker
                muted = e.SeatMuted(at_ms=WALL_MS, by="ada", seat="ada")
                made.happened(muted)
                made.live(choice.randrange(1, 5), spoken=False)
                made.happened(e.SeatUnmuted(at_ms=WALL_MS, by="ada", seat="ada"))
            case 3:
                made.happened(e.Held(at_ms=WALL_MS, by="a", reason="Tea."))
                made.on_air(False)
                made.hold(choice.randrange(4))
                if choice.random() < 0.5:
                    made.n += choice.randrange(200)  # a restart in a hold: numbers go on later
                made.happened(e.Resumed(at_ms=WALL_MS, by="a"))
                made.on_air(True)
            case _:
                pass
    made.live(3)
    made.end()
    return made


# --- the archive in it --------------------------------------------------------------------------


class Killed(BaseException):
    """The archive is gone, as by kill -9: nothing of it runs any more."""


class _DyingStore(Objects):
    """A store at whose n-th object its user dies, before it or after it."""

    def arm(self, count: int, *, after: bool) -> None:
        self.count, self.after = count, after

    async def put(self, path: str, source: bytes | Path | IO[bytes]) -> None:
        self.count -= 1
        if self.count == 0 and not self.after:
            raise Killed
        await super().put(path, source)
        if self.count == 0:
            raise Killed


class _JumpingClock:
    """The log server's clock: it goes on, and now and then it jumps by hours."""

    def __init__(self, choice: random.Random) -> None:
        self._choice = choice
        self._now = WALL_MS * 1_000_000

    def __call__(self) -> int:
        self._now += 40_000_000
        if self._choice.random() < 0.002:
            self._now += self._choice.randrange(-7_200, 7_200) * 1_000_000_000
        return self._now


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was posted, and how often the archive died before it was."""

    folder: Path
    kills: int
    entries: int


async def posted(seed: int, made: Evening, *, folder: Path, keys: Keys) -> Outcome:
    """Have the archive post an evening, whatever happens to it."""
    choice = random.Random(seed * 7 + 1)
    log, live = MemoryLog(now_ns=_JumpingClock(choice)), MemoryLive()
    store = _DyingStore.open(Settings(data=str(folder)))
    assert isinstance(store, _DyingStore)
    await log.create(SPACE)
    entries = made.logged()
    kills, fed = 0, 0
    while True:
        recorder = Recorder(
            SPACE, folder=folder / "work", log=log, live=live, objects=store, keys=keys
        )
        store.arm(0, after=False)
        upto = len(entries)
        if kills < 2 and choice.random() < 0.5:
            upto = choice.randrange(fed, len(entries) + 1)
        elif kills < 4 and choice.random() < 0.6:
            store.arm(choice.randrange(1, 16), after=choice.random() < 0.5)
        running = asyncio.create_task(recorder.run())
        for number, (kind, data) in enumerate(entries[fed:upto], fed):
            await log.append(SPACE, kind, data, message_id=f"{kind}.{number}")
            if choice.random() < 0.05:
                await asyncio.sleep(0)
        fed = upto
        if fed < len(entries):
            await asyncio.sleep(choice.choice((0, 0.001, 0.02)))
            running.cancel()
        await asyncio.wait((running,))
        if running.cancelled() or isinstance(running.exception(), Killed):
            kills += 1
            continue
        running.result()
        state, _ = await read_state(log, SPACE, kinds=(Kind.EV,))
        assert state is not None
        assert state.status is Status.POSTED
        place = folder / "store" / layout.folder(SPACE)
        signed = (place / "receipt.json").read_bytes()
        assert state.receipt_sha256 == hashlib.sha256(signed).hexdigest()
        return Outcome(place, kills, len(entries))
