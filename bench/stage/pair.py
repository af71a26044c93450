"""Two on a bad line, as a worker: one says numbered frames, the other listens as a browser does.

`python -m bench.stage.pair`. Each has a `Relay` of its own between itself and the server. What the
listener receives is kept with its time of arrival and played out afterwards, tick by tick, through
a jitter buffer with FEC and concealment: the same for every server.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from bench import orders
from bench.stage import numbered, voices
from bench.stage.client import Client, Heard, identity
from bench.stage.relay import Fault, Relay
from hustings import process
from hustings.clock import TICK_SAMPLES
from hustings.stage.jitter import JitterBuffer
from hustings.stage.jitter_stats import JitterStats

TICK_S: Final = 0.02
TICK_NS: Final = 20_000_000
_LOOP_S: Final = 56.0  # longer than anybody listens: where it begins again, frames are cut
_TIMER_S: Final = 0.05
_JOIN_S: Final = 20.0


class Pair:
    """A speaker and a listener, from their offers to their leaving."""

    def __init__(self, *, nack: bool) -> None:
        own = identity()
        said = voices.encoded(numbered.sound(_LOOP_S))
        whole = len(said) // numbered.TONES * numbered.TONES
        self._clients = (
            Client(own, said[:whole], nack=nack),
            Client(own, voices.quiet(), level=70, nack=nack),
        )
        self._relays: list[Relay] = []
        self._tasks = [asyncio.create_task(work) for work in (self._talk(), self._timers())]
        self._late_s = 0.0

    @property
    def offers(self) -> list[str]:
        """Both offers, the speaker's first."""
        return [client.offer() for client in self._clients]

    async def connect(self, answers: list[str], fault: Fault, *, seed: int) -> None:
        """Take the answers, each by a relay of its own, and wait until both hear something."""
        for number, (client, answer) in enumerate(zip(self._clients, answers, strict=True)):
            found = re.search(r"^a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host", answer, re.M)
            assert found is not None
            relay = Relay(int(found[1]), fault, seed=10 * seed + number)
            self._relays.append(relay)
            client.take(answer, port=relay.port)
        async with asyncio.timeout(_JOIN_S):
            await asyncio.gather(*(client.connected.wait() for client in self._clients))
            while not all(client.received for client in self._clients):
                await asyncio.sleep(0.01)

    async def listen(self, seconds: float) -> dict[str, Any]:
        """What the listener hears of the frames in so many seconds."""
        listener = self._clients[1]
        listener.heard.clear()
        listener.keeping = True
        self._late_s = 0.0
        await asyncio.sleep(seconds)
        listener.keeping = False
        sound, stats = played(listener.heard)
        reading = numbered.read(sound)
        dropped = sum(relay.dropped for relay in self._relays)
        passed = sum(relay.passed for relay in self._relays)
        return {
            **asdict(reading),
            "late_ms_max": round(self._late_s * 1000, 1),
            "dropped": round(dropped / max(1, dropped + passed), 4),
            "buffer": asdict(stats),
        }

    def close(self) -> None:
        """Both leave."""
        for task in self._tasks:
            task.cancel()
        for client in self._clients:
            client.close()
        for relay in self._relays:
            relay.close()

    async def _talk(self) -> None:
        due = time.monotonic()
        while True:
            due += TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._late_s = max(self._late_s, time.monotonic() - due)
            for client in self._clients:
                client.send()

    async def _timers(self) -> None:
        while True:
            await asyncio.sleep(_TIMER_S)
            for client in self._clients:
                client.tick(time.monotonic())


def played(heard: list[Heard]) -> tuple[voices.Sound, JitterStats]:
    """What a listener hears of these packets: pulled every 20 ms, from the first arrival on."""
    buffer = JitterBuffer()
    pieces = []
    now_ns = heard[0].at_ns if heard else 0
    waiting = iter([*heard, None])
    packet = next(waiting)
    while packet is not None:
        now_ns += TICK_NS
        while packet is not None and packet.at_ns <= now_ns:
            buffer.push(
                sequence=packet.sequence,
                timestamp=packet.timestamp,
                payload=packet.payload,
                now_ns=packet.at_ns,
            )
            packet = next(waiting)
        frame = buffer.pull()
        pieces.append(np.zeros(TICK_SAMPLES, np.float32) if frame is None else frame)
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32), buffer.stats


class Orders:
    """What the benchmark asks for."""

    def __init__(self) -> None:
        self._pair: Pair | None = None

    async def do(self, what: str, given: dict[str, Any]) -> dict[str, Any]:
        """One command."""
        if what == "offer":
            self._pair = Pair(nack=given["nack"])
            process.keep_heap()  # before anybody talks: a search of all of it is longer than a tick
            return {"offers": self._pair.offers}
        assert self._pair is not None
        match what:
            case "connect":
                fault = Fault(loss=given["loss"], jitter_ms=given["jitter_ms"])
                await self._pair.connect(given["answers"], fault, seed=given["seed"])
            case "listen":
                return await self._pair.listen(given["seconds"])
            case "leave":
                self._pair.close()
        return {}


if __name__ == "__main__":
    process.raise_descriptor_limit()
    process.go_realtime()  # as `bench.stage.speakers`
    asyncio.run(orders.obey(Orders().do))
