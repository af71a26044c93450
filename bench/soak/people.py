"""The people of a soak, as a worker: seats that take turns, each by a clock of its own.

`python -m bench.soak.people`. Every seat's clock runs a little too fast or too slow, as those of
sound cards do. Whose turn it is says the time code; the others send the noise of their rooms. What
comes back is read as well: how long the sound of one seat takes to another's ear.
"""

from __future__ import annotations

import asyncio
import heapq
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from bench import orders
from bench.stage import voices
from bench.stage.client import Client, Heard, identity
from bench.stage.speakers import in_order
from hustings import process
from hustings.clock import SAMPLE_RATE, TICK_SAMPLES
from hustings.drills import timecode

PPM: Final = (100.0, -100.0, 60.0, -30.0)
TURN_S: Final = 16.0
TICK_S: Final = 0.02
LOOP: Final = timecode.SLOTS * timecode.SLOT_MS // 20  # packets of one round of the code
_PER_SLOT: Final = timecode.SLOT_MS // 20
_TIMER_S: Final = 0.05
_JOIN_S: Final = 20.0
_HTTP_S: Final = 10.0
_BEHIND_S: Final = 0.2


@dataclass(slots=True)
class Seat:
    """One person. `origin` is when packet 0 would have been sent, on the monotonic clock."""

    ppm: float
    origin: float
    client: Client | None = None
    joins_s: list[float] = field(default_factory=list)

    @property
    def period_s(self) -> float:
        """The time between two packets."""
        return TICK_S / (1 + self.ppm * 1e-6)


def whose_turn(now: float, seats: int) -> int:
    """Who talks at a moment of the monotonic clock."""
    return int(now / TURN_S) % seats


class People:
    """All seats, from their joining to the end."""

    def __init__(self, seats: int) -> None:
        code = timecode.samples(start=0, count=2 * LOOP * TICK_SAMPLES)
        # The second round: what an encoder that has been running makes of it.
        self._code = voices.encoded(code)[LOOP:]
        self._room = voices.quiet()[:LOOP]
        self._own = identity()
        now = time.monotonic()
        self._seats = [Seat(PPM[i % len(PPM)], now + TICK_S * i / seats) for i in range(seats)]
        self._skipped = 0
        self._late_s = 0.0
        self._tasks = [asyncio.create_task(work) for work in (self._talk(), self._timers())]

    async def join(self, number: int, *, url: str, ticket: str) -> float:
        """Take a seat, or take it anew; returns the seconds until its first sound."""
        seat = self._seats[number]
        began = time.monotonic()
        client = Client(self._own, self._room)
        answer = await asyncio.to_thread(_post, url, ticket, client.offer())
        client.take(answer)
        async with asyncio.timeout(_JOIN_S):
            while not client.received:
                client.tick(time.monotonic())
                client.send()
                await asyncio.sleep(TICK_S)
        old, seat.client = seat.client, client
        client.sent = round((time.monotonic() - seat.origin) / seat.period_s)
        if old is not None:
            old.close()
        seat.joins_s.append(time.monotonic() - began)
        return seat.joins_s[-1]

    async def listen(self, number: int, seconds: float) -> dict[str, Any]:
        """What a seat hears of who talks: delays in milliseconds, and packets missing."""
        client = self._seats[number].client
        assert client is not None
        client.heard.clear()
        client.keeping = True
        await asyncio.sleep(seconds)
        client.keeping = False
        speaker = whose_turn(time.monotonic(), len(self._seats))
        row = in_order(client.heard)
        return {
            "delays_ms": delays_ms(client.heard, self._seats[speaker]),
            "packets": len(row),
            "missing": sum(packet is None for packet in row),
            "late_ms_max": round(self._late_s * 1000, 1),
            "skipped": self._skipped,
        }

    def close(self) -> None:
        """Everybody leaves."""
        for task in self._tasks:
            task.cancel()
        for seat in self._seats:
            if seat.client is not None:
                seat.client.close()

    async def _talk(self) -> None:
        due = [(seat.origin, i, 0) for i, seat in enumerate(self._seats)]
        heapq.heapify(due)
        while True:
            at, number, packet = due[0]
            now = time.monotonic()
            if at > now:
                await asyncio.sleep(at - now)
                continue
            seat = self._seats[number]
            self._late_s = max(self._late_s, now - at)
            ticks = 1 if now - at < _BEHIND_S else round((now - at) / seat.period_s)
            self._skipped += ticks - 1
            packet += ticks
            if (client := seat.client) is not None:
                talks = whose_turn(now, len(self._seats)) == number
                client.packets = self._code if talks else self._room
                client.sent = packet
                client.send(TICK_SAMPLES * ticks)
            heapq.heapreplace(due, (seat.origin + packet * seat.period_s, number, packet))

    async def _timers(self) -> None:
        while True:
            await asyncio.sleep(_TIMER_S)
            now = time.monotonic()
            for seat in self._seats:
                if seat.client is not None:
                    seat.client.tick(now)


def delays_ms(heard: list[Heard], speaker: Seat) -> list[float]:
    """From mouth to arrival, for each slot of the code whose beginning was heard."""
    row = in_order(heard)
    if not row:
        return []
    first_ns, first = heard[0].at_ns, heard[0].sequence
    # Arrivals jitter by a tick; their evenest line is what an ear would be given.
    numbers = np.array([(one.sequence - first + 0x8000 & 0xFFFF) - 0x8000 for one in heard])
    offsets = np.array([one.at_ns - first_ns for one in heard]) / 1e9 - numbers * TICK_S
    begin = first_ns / 1e9 + float(np.median(offsets))
    found = []
    for reading in timecode.read(voices.decoded(row)):
        if not reading.whole:
            continue
        at = begin + reading.sample / SAMPLE_RATE
        # The newest packet that began this slot before it was heard.
        newest = int((at - speaker.origin) / speaker.period_s)
        back = (newest // _PER_SLOT - reading.slot) % timecode.SLOTS
        packet = (newest // _PER_SLOT - back) * _PER_SLOT
        said = speaker.origin + packet * speaker.period_s - TICK_S
        found.append(round((at - said) * 1000, 1))
    return found


def _post(url: str, ticket: str, offer: str) -> str:
    headers = {"Authorization": f"Bearer {ticket}", "Content-Type": "application/sdp"}
    request = urllib.request.Request(url, data=offer.encode(), headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=_HTTP_S) as response:
        text: str = response.read().decode()
        return text


class Orders:
    """What the soak asks for."""

    def __init__(self) -> None:
        self._people: People | None = None

    async def do(self, what: str, given: dict[str, Any]) -> dict[str, Any]:
        """One command."""
        if what == "seats":
            self._people = People(given["count"])
            return {}
        assert self._people is not None
        match what:
            case "join":
                number = given.pop("seat")
                return {"seconds": await self._people.join(number, **given)}
            case "listen":
                return await self._people.listen(given["seat"], given["seconds"])
            case "leave":
                self._people.close()
        return {}


if __name__ == "__main__":
    process.raise_descriptor_limit()
    process.go_realtime()  # as `bench.stage.speakers`
    asyncio.run(orders.obey(Orders().do))
