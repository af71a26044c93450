"""A table of synthetic speakers: a worker that joins, talks, listens and judges what it heard.

`python -m bench.stage.speakers`, for `bench.worker`. Each speaker sends every 20 ms, evenly spread
over the tick. How late packets went out is told with every report: a measurement during which the
load itself was late says nothing about the server.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench import orders
from bench.stage import voices
from bench.stage.client import Client, Heard, identity
from hustings import process
from hustings.audio.opus import has_fec
from hustings.clock import SAMPLE_RATE, TICK_SAMPLES

TICK_S: Final = 0.02
_TIMER_S: Final = 0.05
_JOIN_S: Final = 20.0
_STEPS_MAX: Final = 500  # a greater jump of the stamps is another stream
_BEHIND_S: Final = 0.2  # what is later is not sent any more: the load has skipped


class Table:
    """Speakers of one room, from their offers to their leaving."""

    def __init__(self, talking: int, seats: int) -> None:
        own = identity()
        self.talking = talking
        self.clients = [
            Client(
                own,
                voices.talking(seat) if seat < talking else voices.quiet(),
                level=30 if seat < talking else 70,
            )
            for seat in range(seats)
        ]
        self._late_s: list[float] = []
        self._skipped = 0
        self._began = 0.0
        self._received: list[int] = []
        self._tasks = [asyncio.create_task(work) for work in (self._talk(), self._timers())]

    async def connect(self, answers: list[str]) -> None:
        """Take the answers, and wait until everybody hears something."""
        for client, answer in zip(self.clients, answers, strict=True):
            client.take(answer)
        async with asyncio.timeout(_JOIN_S):
            await asyncio.gather(*(client.connected.wait() for client in self.clients))
            while not all(client.received for client in self.clients):
                await asyncio.sleep(0.01)

    def mark(self) -> None:
        """The measurement begins."""
        for client in self.clients:
            client.heard.clear()
            client.keeping = True
        self._late_s.clear()
        self._skipped = 0
        self._began = time.monotonic()

    def report(self) -> dict[str, Any]:
        """The measurement is over: what went out and came in."""
        seconds = time.monotonic() - self._began
        for client in self.clients:
            client.keeping = False
        late = sorted(self._late_s)
        return {
            "seconds": seconds,
            "late_ms_p99": round(1000 * late[int(len(late) * 0.99)], 2),
            "late_ms_max": round(1000 * late[-1], 2),
            "skipped": self._skipped,
            "ticks": asdict(ticks(self.clients[0].heard)),
            "seats": [self._judge(seat, seconds) for seat in range(len(self.clients))],
        }

    def close(self) -> None:
        """Everybody leaves."""
        for task in self._tasks:
            task.cancel()
        for client in self.clients:
            client.close()

    def _judge(self, seat: int, seconds: float) -> dict[str, Any]:
        heard = self.clients[seat].heard
        row = in_order(heard)
        tones = voices.standing_out_db(voices.decoded(row), range(self.talking)) if row else {}
        others = [db for other, db in tones.items() if other != seat]
        return {
            "due": round(seconds / TICK_S),
            "received": len(heard),
            "missing": sum(packet is None for packet in row),
            "bytes": round(sum(len(one.payload) for one in heard) / max(1, len(heard)), 1),
            "fec": round(sum(has_fec(one.payload) for one in heard) / max(1, len(heard)), 3),
            "own_db": tones.get(seat),
            "others_db": min(others, default=None),
        }

    async def _talk(self) -> None:
        count = len(self.clients)
        origin = time.monotonic() + TICK_S
        due = [(origin + TICK_S * seat / count, seat) for seat in range(count)]
        heapq.heapify(due)
        while True:
            at, seat = due[0]
            now = time.monotonic()
            if at > now:
                await asyncio.sleep(at - now)
                continue
            ticks = 1 if now - at < _BEHIND_S else round((now - at) / TICK_S)
            self._late_s.append(now - at)
            self._skipped += ticks - 1
            self.clients[seat].send(960 * ticks)
            heapq.heapreplace(due, (at + TICK_S * ticks, seat))

    async def _timers(self) -> None:
        while True:
            await asyncio.sleep(_TIMER_S)
            now = time.monotonic()
            for client in self.clients:
                client.tick(now)


@dataclass(frozen=True, slots=True)
class Ticks:
    """How evenly a server sent to one seat, read off its packets' times and stamps.

    `late_ms_p99` and `late_ms_max` are against the earliest packet of the measurement.
    """

    sent: int
    skipped: int
    late_ms_p99: float
    late_ms_max: float


def ticks(heard: list[Heard]) -> Ticks:
    """What the packets of one seat tell of the server's ticks."""
    pairs = list(itertools.pairwise(heard))
    steps = [(b.timestamp - a.timestamp & 0xFFFF_FFFF) // TICK_SAMPLES for a, b in pairs]
    at_ns, due_ns = 0, 0
    late = [0]
    for (before, packet), step in zip(pairs, steps, strict=True):
        at_ns += packet.at_ns - before.at_ns
        due_ns += step * TICK_SAMPLES * 1_000_000_000 // SAMPLE_RATE
        late.append(at_ns - due_ns)
    ordered = sorted(one - min(late) for one in late)
    return Ticks(
        sent=len(heard),
        skipped=sum(step - 1 for step in steps if 0 < step < _STEPS_MAX),
        late_ms_p99=round(ordered[int(len(ordered) * 0.99)] / 1e6, 2),
        late_ms_max=round(ordered[-1] / 1e6, 2),
    )


def in_order(heard: list[Heard]) -> list[bytes | None]:
    """The packets by their numbers, with None for each that is missing."""
    if not heard:
        return []
    first = heard[0].sequence
    by_number = {(one.sequence - first + 0x8000 & 0xFFFF) - 0x8000: one.payload for one in heard}
    return [by_number.get(i) for i in range(min(by_number), max(by_number) + 1)]


class Orders:
    """What the benchmark asks for."""

    def __init__(self) -> None:
        self._table: Table | None = None

    async def do(self, what: str, given: dict[str, Any]) -> dict[str, Any]:
        """One command."""
        if what == "offer":
            self._table = Table(given["talking"], given["seats"])
            return {"offers": [client.offer() for client in self._table.clients]}
        assert self._table is not None
        match what:
            case "connect":
                await self._table.connect(given["answers"])
            case "mark":
                self._table.mark()
            case "report":
                return self._table.report()
            case "leave":
                self._table.close()
        return {}


if __name__ == "__main__":
    process.raise_descriptor_limit()
    process.go_realtime()  # where allowed: what is measured is the server, not who else is here
    asyncio.run(orders.obey(Orders().do))
