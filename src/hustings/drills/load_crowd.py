"""A crowd of synthetic listeners in processes of their own, and what it measures while it lasts.

    async with crowd(url, listeners=5_000, arrive="ramp:10") as people:
        await people.until(lambda report: report.playing == 5_000, seconds=30)
        report = await people.measure()

`url` is the address of a space's page. At the end of the block all listeners leave; `report()` then
has everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from hustings.drills.load_meter import Meter
from hustings.drills.load_plan import OPEN, Plan, Way
from hustings.drills.load_report import SOUNDING, Promotion, Report, Sample, Tally, merged
from hustings.errors import BadInput, HustingsError

READY_S: Final = 20.0
STOP_S: Final = 10.0
_PROBE_S: Final = 5.0
_LEAD_S: Final = 0.1  # from the plan to the first arrival, so that all workers begin together
_METER_S: Final = 0.5
_PIPE_BYTES: Final = 64 * 1024 * 1024  # of a sample that waits to be read
_PER_WORKER: Final = 500  # a smaller crowd needs no second process


class Crowd:
    """The processes, and the newest of what they measured. `began_s` is the monotonic time of the
    first arrival."""

    def __init__(self, plan: Plan, members: list[_Member], pids: Sequence[int], url: str) -> None:
        self.plan = plan
        self.began_s = 0.0
        self._url = url
        self._members = members
        self._meter = Meter(pids) if pids else None
        self._timeline: list[dict[str, Any]] = []
        self._asked = 0
        self._metering: asyncio.Task[None] | None = None

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [member.process.pid for member in self._members]

    def report(self) -> Report:
        """What was measured up to a quarter of a second ago; `HustingsError` if a worker died."""
        samples = [one for member in self._members if (one := member.checked()) is not None]
        kinds = {name for sample in samples for name in sample.tallies}
        tallies = {
            kind: merged(s.tallies[kind] for s in samples if kind in s.tallies) for kind in kinds
        }
        rungs: dict[str, int] = {}
        for sample in samples:
            for rung, count in sample.rungs.items():
                rungs[rung] = rungs.get(rung, 0) + count
        seconds = max((s.at_s for s in samples), default=self.began_s) - self.began_s
        return Report(
            url=self._url,
            seconds=seconds,
            listeners=self.plan.listeners,
            rungs=rungs,
            healthy=tallies.get("healthy", Tally()),
            slow=tallies.get("slow"),
            stalled=tallies.get("stalled"),
            promotions=[one for member in self._members for one in member.promotions],
            mismatches=sum(s.mismatches for s in samples) + _differing(self._members),
            filled=sum(s.filled for s in samples),
            distinct=sum(s.distinct for s in samples),
            workers=len(self._members),
            load_cores=sum(s.cpu_s for s in samples) / seconds if seconds > 0 else 0.0,
            server=None if self._meter is None else self._meter.figures(),
            timeline=self._timeline,
        )

    async def measure(self) -> Report:
        """What was measured up to now."""
        self._asked += 1
        for member in self._members:
            member.ask(self._asked)
        async with asyncio.timeout(STOP_S):
            while any(member.answered < self._asked for member in self._members):
                for member in self._members:
                    member.checked()
                await asyncio.sleep(0.01)
        return self.report()

    def leave(self, count: int) -> None:
        """Have so many of those who hear sound leave for good."""
        for index, member in enumerate(self._members):
            share = (count + index) // len(self._members)
            member.leave(share)

    async def until(self, true: Callable[[Report], bool], *, seconds: float) -> Report:
        """The first report that is as wanted; `TimeoutError` after `seconds`."""
        async with asyncio.timeout(seconds):
            while not true(report := self.report()):
                await asyncio.sleep(0.05)
        return report

    async def start(self) -> None:
        """Have them arrive."""
        self.began_s = time.monotonic() + _LEAD_S
        for member in self._members:
            member.go(self.began_s)
        self._metering = asyncio.create_task(self._meter_on())

    async def stop(self) -> None:
        """Have them leave."""
        if self._metering is not None:
            self._metering.cancel()
        await asyncio.gather(*(member.stop() for member in self._members))

    async def _meter_on(self) -> None:
        """Read the meter twice a second, and write the timeline once."""
        turn = 0
        before: Report | None = None
        while True:
            await asyncio.sleep(_METER_S)
            if any(member.latest is None for member in self._members):
                continue
            try:
                report = self.report()
            except HustingsError:
                return
            turn += 1
            cores = None
            if self._meter is not None:
                cores = round(self._meter.read(time.monotonic(), report.playing), 3)
            if turn % 2 == 0:
                self._timeline.append(_moment(report, before, cores))
                before = report


class _Member:
    """One worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.latest: Sample | None = None
        self.answered = 0
        self.promotions: list[Promotion] = []
        self.chunks: dict[str, dict[int, int]] = {}
        self._reading = asyncio.create_task(self._read())
        self._ready = asyncio.Event()
        self._words = b""

    async def ready(self, plan: Plan) -> None:
        """Give it the plan, and wait until it can begin."""
        self._write(msgspec.json.encode(plan) + b"\n")
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            (waiting, self._reading), timeout=READY_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not self._ready.is_set():
            raise HustingsError("a load worker did not start: " + self._words.decode()[-500:])

    def go(self, began_s: float) -> None:
        """Have its listeners arrive from a monotonic time on."""
        self._write(b"go %r\n" % began_s)

    def ask(self, number: int) -> None:
        """Have it send a sample now."""
        self._write(b"ask %d\n" % number)

    def leave(self, count: int) -> None:
        """Have so many of its listeners leave."""
        self._write(b"leave %d\n" % count)

    def checked(self) -> Sample | None:
        """Its newest sample; `HustingsError` if it died before its time."""
        if self._reading.done() and (self.latest is None or not self.latest.last):
            raise HustingsError("a load worker ended: " + self._words.decode().strip()[-500:])
        return self.latest

    async def stop(self) -> None:
        """Have it send its last sample and end."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await self._reading
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def _write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(data)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if await self.process.stdout.readline() == b"ready\n":
            self._ready.set()
        async for line in self.process.stdout:
            sample = self.latest = msgspec.json.decode(line, type=Sample)
            self.answered = max(self.answered, sample.asked)
            self.promotions += sample.promotions
            for codec, fresh in sample.fresh.items():
                self.chunks.setdefault(codec, {}).update(fresh)
        self._words = await self.process.stderr.read()


@asynccontextmanager
async def crowd(
    url: str,
    *,
    listeners: int,
    arrive: str = "step",
    rung: Way = "push",
    codec: str = "opus",
    cadence: int | None = None,
    slow: float = 0.0,
    stalled: float = 0.0,
    page: bool = False,
    ladder: bool = True,
    workers: int | None = None,
    pids: Sequence[int] = (),
    per_address: int = 1,
    sources: Sequence[str] = (),
    insecure: bool = False,
    cpus: Sequence[int] = (),
    nice: int = 0,
    seed: int | None = None,
) -> AsyncIterator[Crowd]:
    """Listeners of the space at `url`, who arrive from now on. See `Plan` for what each means."""
    origin, space = _parts(url)
    if workers is None:
        workers = max(1, min(len(cpus) or os.cpu_count() or 1, listeners // _PER_WORKER))
    plan = Plan(
        url=origin,
        space=space,
        listeners=listeners,
        arrive=arrive,
        seed=random.getrandbits(32) if seed is None else seed,
        codec=codec,
        way=rung,
        cadence_ms=cadence,
        slow=slow,
        stalled=stalled,
        page=page,
        ladder=ladder,
        per_address=per_address,
        base=random.randrange(200),  # noqa: S311 - two crowds at once get addresses of their own
        sources=tuple(sources),
        insecure=insecure,
        cpus=tuple(cpus),
        nice=nice,
        workers=workers,
    ).checked()
    await asyncio.to_thread(_probe, origin, space, insecure=insecure)
    members: list[_Member] = []
    try:
        while len(members) < workers:
            members.append(await _member())
        await asyncio.gather(
            *(
                member.ready(msgspec.structs.replace(plan, worker=index))
                for index, member in enumerate(members)
            )
        )
        people = Crowd(plan, members, pids, url)
        await people.start()
    except BaseException:
        await asyncio.gather(*(member.stop() for member in members))
        raise
    try:
        yield people
    finally:
        await people.stop()


async def _member() -> _Member:
    return _Member(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hustings.drills.load_worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_PIPE_BYTES,
            start_new_session=True,  # Ctrl-C is for whoever started this
        )
    )


def _parts(url: str) -> tuple[str, str]:
    """Origin and space of the address of a space's page."""
    parts = urlsplit(url)
    names = [name for name in parts.path.split("/") if name]
    if parts.scheme not in ("http", "https") or not parts.netloc or len(names) != 2:
        raise BadInput("address", expected="that of a space, http://HOST/s/SPACE", got=url)
    if names[0] not in ("s", "live"):
        raise BadInput("address", expected="that of a space, http://HOST/s/SPACE", got=url)
    return f"{parts.scheme}://{parts.netloc}", names[1]


def _probe(origin: str, space: str, *, insecure: bool) -> None:
    """Ask the door whether there is something to hear; `HustingsError` says why not."""
    context = None
    if origin.startswith("https"):
        context = ssl.create_default_context()
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    address = f"{origin}/live/{space}/door.json"
    try:
        with urllib.request.urlopen(address, timeout=_PROBE_S, context=context) as answer:  # noqa: S310
            door = json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:
            raise HustingsError(f"there is no space {space} at {origin}") from None
        raise HustingsError(f"the door of {space} at {origin} says {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise HustingsError(f"{origin} cannot be reached: {reason}") from None
    if door.get("status") not in OPEN:
        raise HustingsError(
            f"{space} cannot be listened to: it is {door.get('status')}; "
            "open its doors first (see docs/host.md)"
        )


def _differing(members: Sequence[_Member]) -> int:
    """Chunks of which different workers heard different bytes; each other version counts."""
    heard: dict[tuple[str, int], set[int]] = {}
    for member in members:
        for codec, chunks in member.chunks.items():
            for n, checksum in chunks.items():
                heard.setdefault((codec, n), set()).add(checksum)
    return sum(len(versions) - 1 for versions in heard.values())


def _moment(report: Report, before: Report | None, cores: float | None) -> dict[str, Any]:
    """One line of the timeline: where all are, and what happened since the line before."""
    now, then = report.healthy, Tally() if before is None else before.healthy
    return {
        "s": round(report.seconds, 1),
        "rungs": report.rungs,
        "attempts": now.attempts - then.attempts,
        "stalls": now.stall_ms.count - then.stall_ms.count,
        "reconnects": now.reconnects - then.reconnects,
        "kB": round((now.bytes - then.bytes) / 1000),
        "server_cores": cores,
        "sounding": sum(report.rungs.get(rung, 0) for rung in SOUNDING),
    }
