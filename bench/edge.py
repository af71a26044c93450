"""What a listener costs: CPU of the server per listener-second, and memory per parked listener.

Measured in turn, round by round, on one core: our edge, a C loop that only calls send(), and
Icecast 2 with Ogg Opus; then our edge with TLS against itself without. A listener-second is a
second of sound that one listener has received, every byte of it checked.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import child, packages, report
from bench.audience import crowd, gather, join, short
from bench.child import Child
from bench.feeding import Stage, stage
from bench.floor import Floor, floor
from bench.icecast import Icecast, Source, icecast
from bench.ours import PUSH, Ours, ours
from bench.report import Peer, Row
from bench.worker import Worker
from hustings.clock import CHUNK_MS

FLOOR: Final = 1.15
ICECAST_320: Final = 1.2
ICECAST_960: Final = 1.0
ICECAST_250: Final = 0.4
TLS: Final = 1.5
PLAIN_KIB: Final = 4.0
TLS_KIB: Final = 20.0

_UNIT: Final = "µs/listener-s"
_ICECAST_ADMITS: Final = 800  # listeners a second that it lets in without losing many
_JOIN_S: Final = 120.0
_SLOW: Final = 960


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how many."""

    rounds: int
    listeners: int
    tls_listeners: int
    window_s: float
    settle_s: float


FULL: Final = Plan(rounds=5, listeners=5_000, tls_listeners=1_500, window_s=9.6, settle_s=2.0)
QUICK: Final = Plan(rounds=1, listeners=1_500, tls_listeners=400, window_s=2.88, settle_s=0.5)


@dataclass(slots=True)
class Side:
    """One server in a comparison: its crowd, and what was measured, a value per round."""

    child: Child
    people: Worker
    number_ms: int
    frame_ms: int
    begin: Callable[[], Awaitable[None]]
    end: Callable[[], Awaitable[None]]
    cost_us: list[float] = field(default_factory=list)
    memory_kib: list[float] = field(default_factory=list)


class Bench:
    """The servers under test, and the crowds that each belongs to one of them."""

    def __init__(self, plan: Plan, folder: Path, running: Stage) -> None:
        self.plan = plan
        self.folder = folder
        self.stage = running

    @contextlib.asynccontextmanager
    async def edge_side(
        self, edge: Ours, *, cadence_ms: int, count: int, tls: bool = False
    ) -> AsyncIterator[Side]:
        """Our edge: its listeners come anew for each round, and leave behind it."""
        path = PUSH if cadence_ms == CHUNK_MS else f"{PUSH}&cadence={cadence_ms}"
        async with crowd("push", edge.port, path, number_ms=CHUNK_MS, tls=tls) as people:
            await join(people, 10, within_s=0)
            await people.ask("leave")
            resting_kib = edge.child.memory_kib()

            async def begin() -> None:
                await join(people, count, within_s=2.0 if tls else 1.0)

            async def end() -> None:
                side.memory_kib.append((edge.child.memory_kib() - resting_kib) / count)
                await people.ask("leave")

            side = Side(edge.child, people, CHUNK_MS, cadence_ms, begin, end)
            yield side

    @contextlib.asynccontextmanager
    async def floor_side(
        self, below: Floor, *, frame_bytes: int, count: int
    ) -> AsyncIterator[Side]:
        """The floor: its listeners stay, and it stands still while others are measured."""
        async with crowd("floor", below.port, "/", number_ms=CHUNK_MS, size=frame_bytes) as people:
            await join(people, count, within_s=0.5)
            below.child.pause()

            async def begin() -> None:
                below.child.go_on()

            async def end() -> None:
                below.child.pause()

            yield Side(below.child, people, CHUNK_MS, CHUNK_MS, begin, end)

    @contextlib.asynccontextmanager
    async def icecast_side(self, peer: Icecast, *, page_ms: int, count: int) -> AsyncIterator[Side]:
        """Icecast: its listeners stay, and its source is silent while others are measured."""
        mount = f"pages-{page_ms}.ogg"
        async with (
            peer.source(mount, page_ms=page_ms) as source,
            crowd("ogg", peer.port, f"/{mount}", number_ms=page_ms) as people,
        ):
            source.playing.set()
            await gather(people, count, per_s=_ICECAST_ADMITS)
            source.playing.clear()
            yield Side(peer.child, people, page_ms, page_ms, *_switch(source))

    async def measure(self, side: Side) -> None:
        """One server's part of a round."""
        await side.begin()
        await asyncio.sleep(self.plan.settle_s)
        await side.people.ask("mark")
        before_s = side.child.cpu_s()
        await asyncio.sleep(self.plan.window_s)
        heard = await side.people.ask("report")
        spent_s = side.child.cpu_s() - before_s
        await side.end()
        _check(heard, side, at_least=int(self.plan.window_s * 1000 / side.frame_ms / 2))
        sound_s = heard["numbers"] * side.number_ms / 1000
        side.cost_us.append(spent_s / sound_s * 1e6)

    async def rounds(self, *sides: Side) -> None:
        """All rounds of one comparison."""
        for _ in range(self.plan.rounds):
            for side in sides:
                await self.measure(side)


async def main(plan: Plan) -> int:
    """Measure, print; returns 0 if all targets are met."""
    child.step_aside()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="hustings-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # Icecast reads its part as an unprivileged user
        async with (
            stage(folder / "nats") as running,
            ours(folder / "edge", running) as edge,
            contextlib.AsyncExitStack() as open_,
        ):
            bench = Bench(plan, folder, running)
            peer: Icecast | None = None
            try:
                peer = await open_.enter_async_context(
                    icecast(folder / "icecast", clients=plan.listeners)
                )
            except packages.Missing as error:
                sys.stderr.write(f"{error}\n")
            rows += await _normal(bench, edge, peer)
            rows += await _slow(bench, edge, peer)
            rows += await _secure(bench, edge)
    return report.show("edge", rounds=plan.rounds, rows=rows)


async def _normal(bench: Bench, edge: Ours, peer: Icecast | None) -> list[Row]:
    """Our usual cadence against the floor, and against Icecast with pages as long."""
    count = bench.plan.listeners
    async with contextlib.AsyncExitStack() as open_:
        here = await open_.enter_async_context(
            bench.edge_side(edge, cadence_ms=CHUNK_MS, count=count)
        )
        size = await _mean_frame(edge)
        below = await open_.enter_async_context(
            floor(bench.folder / "floor", frame_bytes=size, every_ms=CHUNK_MS)
        )
        sides = [
            here,
            await open_.enter_async_context(bench.floor_side(below, frame_bytes=size, count=count)),
        ]
        if peer is not None:
            sides.append(
                await open_.enter_async_context(
                    bench.icecast_side(peer, page_ms=CHUNK_MS, count=count)
                )
            )
        await bench.rounds(*sides)
    said = f"{count} listeners, 32 kbit/s Opus"
    return [
        report.times_at_most(
            f"CPU of a push, events included, a frame every 320 ms; {said}; the loop sends as many"
            " bytes as often",
            _UNIT,
            here.cost_us,
            Peer(below.name, below.version, sides[1].cost_us),
            FLOOR,
        ),
        report.times_at_most(
            f"CPU of a push, events included, a frame every 320 ms; {said}; Ogg pages of 320 ms",
            _UNIT,
            here.cost_us,
            _icecast(peer, sides[2].cost_us if peer else []),
            ICECAST_320,
        ),
        report.at_most(
            f"memory of a parked listener in user space; {count} listeners",
            "KiB",
            here.memory_kib,
            PLAIN_KIB,
        ),
    ]


async def _slow(bench: Bench, edge: Ours, peer: Icecast | None) -> list[Row]:
    """Our slow cadence against Icecast with pages as long, and with pages of 250 ms."""
    count = bench.plan.listeners
    rows: list[Row] = []
    for page_ms, bound in ((_SLOW, ICECAST_960), (250, ICECAST_250)):
        async with contextlib.AsyncExitStack() as open_:
            here = await open_.enter_async_context(
                bench.edge_side(edge, cadence_ms=_SLOW, count=count)
            )
            theirs: list[float] = []
            if peer is not None:
                there = await open_.enter_async_context(
                    bench.icecast_side(peer, page_ms=page_ms, count=count)
                )
                await bench.rounds(here, there)
                theirs = there.cost_us
            else:
                await bench.rounds(here)
        apart = "" if page_ms == _SLOW else " (another cadence: Icecast's pages are shorter)"
        rows.append(
            report.times_at_most(
                f"CPU of a push, events included, a frame every 960 ms; {count} listeners,"
                f" 32 kbit/s Opus; Ogg pages of {page_ms} ms{apart}",
                _UNIT,
                here.cost_us,
                _icecast(peer, theirs),
                bound,
            )
        )
    return rows


async def _secure(bench: Bench, edge: Ours) -> list[Row]:
    """TLS in the process against plain."""
    count = bench.plan.tls_listeners
    async with (
        ours(bench.folder / "edge-tls", bench.stage, index=1, tls=True) as second,
        bench.edge_side(second, cadence_ms=CHUNK_MS, count=count, tls=True) as secure,
        bench.edge_side(edge, cadence_ms=CHUNK_MS, count=count) as plain,
    ):
        await bench.rounds(secure, plain)
    return [
        report.times_at_most(
            f"CPU of a push over TLS 1.3 in the process; {count} listeners",
            _UNIT,
            secure.cost_us,
            Peer("our push without TLS", "the same", plain.cost_us),
            TLS,
        ),
        report.at_most(
            f"memory of a parked listener in user space, TLS; {count} listeners",
            "KiB",
            secure.memory_kib,
            TLS_KIB,
        ),
    ]


async def _mean_frame(edge: Ours) -> int:
    """Bytes of a frame of ours in the mean, all that goes into a socket counted."""
    async with crowd("push", edge.port, PUSH, number_ms=CHUNK_MS) as people:
        await join(people, 1, within_s=0)
        await people.ask("mark")
        await asyncio.sleep(3.2)
        heard = await people.ask("report")
    mean: float = heard["bytes"] / heard["frames"]
    return round(mean)


def _check(heard: dict[str, Any], side: Side, *, at_least: int) -> None:
    """Whether everybody got everything, in frames of the length that was asked for."""
    if heard["numbers"] * side.number_ms != heard["frames"] * side.frame_ms:
        raise RuntimeError(f"the frames do not last {side.frame_ms} ms: {short(heard)}")
    if heard["gone"] or heard["gaps"] or heard["frames_min"] < at_least:
        raise RuntimeError(f"somebody did not get what is due: {short(heard)}")


def _switch(source: Source) -> tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]:
    async def begin() -> None:
        source.playing.set()

    async def end() -> None:
        source.playing.clear()

    return begin, end


def _icecast(peer: Icecast | None, values: list[float]) -> Peer:
    return Peer("Icecast", "missing" if peer is None else peer.version, values)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.edge", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--quick", action="store_true", help="fewer listeners, under a minute")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(QUICK if given.quick else FULL)))
