"""A two-hour space through the real log and the real archive: how soon it can be played, how much
memory it takes, and how fast a recording is made anew.

No peer: no other product posts a conversation with stems and a receipt. The bounds are ours.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench import report, usage
from hustings import chunk, keys, limits, run, stem
from hustings.audio.aac import AacEncoder
from hustings.audio.opus import OpusEncoder
from hustings.chunk import PROGRAMME_DELAY_SAMPLES, Chunk, Programme
from hustings.clock import CHUNK_NS, CHUNK_SAMPLES
from hustings.config import Settings
from hustings.log.connect import connect
from hustings.log.contract import Log
from hustings.log.follow import read_state
from hustings.log.server import NatsServer
from hustings.log.subjects import Kind
from hustings.space import Role, Status, encode
from hustings.space import event as e
from hustings.store import layout

SPACE: Final = "benchspace"
SEATS: Final = 4  # who send all the time, as open microphones do
POST_S: Final = limits.POST_S
MEMORY_MIB: Final = 300.0
REBUILD_S: Final = 30.0
REBUILD_MIB: Final = 200.0
CATCH_UP: Final = 100.0  # times real time, on a core of its own
_LOOP: Final = 25  # chunks of sound that are made; they come again
_AT_ONCE: Final = 64  # appends under way

Sound = NDArray[np.float32]

_REBUILD: Final = """
import sys
from pathlib import Path
from hustings.archive.label import Label
from hustings.archive.rebuild import Plan, rebuild
from hustings.space.cuts import Cuts
space, source, folder, slots = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
cuts = Cuts.of(slots, dropped=((0, 40), (slots // 2, slots // 2 + 90)), silenced=((100, 110),))
rebuild(source, folder, Plan(space=space, slots=slots, cuts=cuts, label=Label(title="A bench")))
"""


@dataclass(frozen=True, slots=True)
class Round:
    """What one space took."""

    post_s: float
    memory_mib: float
    catch_up: float
    rebuild_s: float
    rebuild_mib: float


async def main(*, rounds: int, chunks: int) -> int:
    """Measure, print; returns 0 if all bounds hold."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="hustings-bench-") as folder:
            found.append(await _round(Path(folder), chunks))
    hours = f"{chunks * 0.32 / 3600:.1f} h, {SEATS} seats"
    rows = [
        report.at_most(f"end to posted, {hours}", "s", [r.post_s for r in found], POST_S),
        report.at_most(
            "memory of the archive, at most", "MiB", [r.memory_mib for r in found], MEMORY_MIB
        ),
        report.at_most(
            "CPU to read it all again after a crash, per hour of sound",
            "s",
            [3600 / r.catch_up for r in found],
            3600 / CATCH_UP,
        ),
        report.at_most(
            f"made anew with cuts, {hours}", "s", [r.rebuild_s for r in found], REBUILD_S
        ),
        report.at_most(
            "memory while it is made anew", "MiB", [r.rebuild_mib for r in found], REBUILD_MIB
        ),
    ]
    return report.show("archive", rounds=rounds, rows=rows)


async def _round(folder: Path, chunks: int) -> Round:
    passwords = {role: _password(role) for role in keys.ROLES}
    live = NatsServer(name="live", folder=folder / "live", passwords=passwords)
    log = NatsServer(name="log", folder=folder / "log", passwords=passwords)
    keys.ensure(folder / "data")
    try:
        await live.start()
        await log.start()
        deciding, _, close_web = await connect(_as("web", live, log), name="bench-web")
        sounding, _, close_stage = await connect(_as("stage", live, log), name="bench-stage")
        try:
            await deciding.create(SPACE)
            await _feed(sounding, chunks)
            archive = {
                "HUSTINGS_DATA": str(folder / "data"),
                "HUSTINGS_LIVE_SERVERS": live.url,
                "HUSTINGS_LOG_SERVERS": log.url,
                "HUSTINGS_NATS_USER": "archive",
                "HUSTINGS_NATS_PASSWORD": _password("archive"),
            }
            work = folder / "data/work" / SPACE / "recording"
            async with _archive(archive) as pid:
                await _caught_up(work, chunks)
                catch_up = chunks * 0.32 / usage.cpu_seconds([pid])
                began = time.monotonic()
                await _end(sounding, chunks)
                await _posted(deciding)
                post_s = time.monotonic() - began
                memory = _high_mib(pid)
        finally:
            await close_web()
            await close_stage()
    finally:
        await live.stop()
        await log.stop()
    source = folder / "data/store" / layout.folder(SPACE)
    rebuild_s, rebuild_mib = await asyncio.to_thread(_rebuild, source, folder / "anew", chunks)
    return Round(post_s, memory, catch_up, rebuild_s, rebuild_mib)


def _password(role: str) -> str:
    return f"{role}-password"


def _as(role: str, live: NatsServer, log: NatsServer) -> Settings:
    return Settings(
        live_servers=(live.url,),
        log_servers=(log.url,),
        nats_user=role,
        nats_password=_password(role),
    )


def _sound() -> Sound:
    """Eight seconds that rise and fall as speech does."""
    rng = np.random.default_rng(1)
    count = _LOOP * CHUNK_SAMPLES
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / 48_000)
    pcm = np.fft.irfft(spectrum * (hz > 80) / (1 + (hz / 500) ** 2), count)
    at_s = np.arange(count) / 48_000
    pcm *= np.clip(np.sin(2 * np.pi * 3.5 * at_s), 0.05, 1)
    return np.asarray(0.25 * pcm / np.abs(pcm).max(), dtype=np.float32)


async def _feed(log: Log, chunks: int) -> None:
    """Everything but the end, as fast as the log takes it."""
    pcm = _sound()
    opus = OpusEncoder(bitrate_bps=32_000, complexity=5, application="audio", fec=False)
    aac = AacEncoder(bitrate_bps=64_000)
    made = [
        Chunk(
            epoch=1,
            n=0,
            boot_id=bytes(16),
            boottime_ns=0,
            programme=Programme.LIVE,
            opus=tuple(opus.encode(frame) for frame in part.reshape(-1, 960)),
            aac=tuple(aac.encode(frame) for frame in part.reshape(-1, 1024)),
        )
        for part in pcm.reshape(-1, CHUNK_SAMPLES)
    ]
    voice = OpusEncoder(bitrate_bps=32_000, complexity=5)
    spoken = [voice.encode(frame) for frame in pcm.reshape(-1, 960)]
    for number, event in enumerate(_opening()):
        kind = Kind.EV if isinstance(event, e.Decided) else Kind.OBS
        await log.append(SPACE, kind, encode(event), message_id=f"opening.{number}")
    room = asyncio.Semaphore(_AT_ONCE)

    async def append(kind: Kind, data: bytes, number: int) -> None:
        async with room:
            await log.append(SPACE, kind, data, message_id=f"{kind}.{number}")

    for n in range(chunks):
        one = msgspec.structs.replace(made[n % _LOOP], n=n, boottime_ns=(n + 1) * CHUNK_NS)
        writes = [append(Kind.MIX, chunk.pack(one), n)]
        writes += [
            append(Kind.STEM, _batch(spoken, n * 16 + at, n * 4 + at // 5), n * 4 + at // 5)
            for at in range(0, 16, 5)
        ]
        await asyncio.gather(*writes)


def _opening() -> list[e.Event]:
    now = time.time_ns() // 1_000_000
    seats = [f"seat{number}" for number in range(SEATS)]
    return [
        e.Scheduled(at_ms=now, by="account1", title="A bench", host="Ada"),
        *[
            e.SeatGranted(at_ms=now, by="account1", seat=seat, name=seat, role=Role.SPEAKER)
            for seat in seats
        ],
        e.DoorsOpened(at_ms=now, by="timer"),
        e.StageTaken(at_ms=now, n=0, epoch=1, cause="opened"),
        e.WentLive(at_ms=now, by="account1"),
        e.OnAir(at_ms=now, n=0, live=True),
    ]


def _batch(spoken: list[bytes], first: int, number: int) -> bytes:
    ticks = range(first, first + min(5, 16 - first % 16))
    packets = tuple(
        stem.StemPacket(
            f"seat{seat}",
            0,
            tick & 0xFFFF,
            tick * 960 & 0xFFFFFFFF,
            tick * 960 + PROGRAMME_DELAY_SAMPLES,
            spoken[tick % len(spoken)],
        )
        for tick in ticks
        for seat in range(SEATS)
    )
    return stem.pack(stem.StemBatch(epoch=1, number=number, packets=packets))


async def _end(log: Log, chunks: int) -> None:
    now = time.time_ns() // 1_000_000
    ended, off = e.Ended(at_ms=now, by="account1"), e.OnAir(at_ms=now, n=chunks, live=False)
    await log.append(SPACE, Kind.EV, encode(ended), message_id="end")
    await log.append(SPACE, Kind.OBS, encode(off), message_id="off")


@contextlib.asynccontextmanager
async def _archive(environment: dict[str, str]) -> AsyncIterator[int]:
    """The archive as its own process, ready; yields its id."""
    ready, tell = os.pipe()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hustings", "run", "archive"),
        env={**os.environ, **environment, run.READY_FD: str(tell)},
        pass_fds=(tell,),
    )
    os.close(tell)
    try:
        assert await asyncio.to_thread(os.read, ready, 1), "it ended before it was ready"
        yield child.pid
    finally:
        os.close(ready)
        child.terminate()
        await child.wait()


async def _caught_up(work: Path, chunks: int) -> None:
    """Wait until all packs but the last are written, and the replay no longer grows."""
    packs = (chunks - 1) // 192
    while len(list((work / "reel").glob("*.pack"))) < packs:
        await asyncio.sleep(0.1)
    size = -1
    while (now := (work / "replay.opus").stat().st_size) > size:
        size = now
        await asyncio.sleep(0.5)


async def _posted(log: Log) -> None:
    while True:
        state, _ = await read_state(log, SPACE, kinds=(Kind.EV,))
        if state is not None and state.status is Status.POSTED:
            return
        await asyncio.sleep(0.02)


def _high_mib(pid: int) -> float:
    """The most memory that a process has had at one time."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _rebuild(source: Path, folder: Path, slots: int) -> tuple[float, float]:
    """Seconds and the most memory that a version with two cuts takes, in a process of its own."""
    began = time.monotonic()
    order = [sys.executable, "-c", _REBUILD, SPACE, str(source), str(folder), str(slots)]
    with subprocess.Popen(order) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, "it could not be made anew"
    return time.monotonic() - began, used.ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.archive", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--quick", action="store_true", help="ten minutes of sound, once")
    given = parser.parse_args()
    if given.quick:
        sys.exit(asyncio.run(main(rounds=1, chunks=1_875)))
    sys.exit(asyncio.run(main(rounds=1, chunks=22_500)))
