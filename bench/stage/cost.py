"""CPU time of a server per speaker-second, every seat's sound verified.

A round measures one server right after the other with the same table of speakers. A measurement is
refused, and made again, when the load was late, and fails when a seat heard what it should not.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bench.worker import Worker

LATE_MS_P99: Final = 12.0  # of the load: packets must keep their order and nearly their place
OTHERS_DB: Final = 18.0  # each of the others' tones stands out at least so far
OWN_DB: Final = 20.0  # one's own at most so far: the noise that twenty voices make reaches 17
OWN_BELOW_DB: Final = 6.0  # and at least so far below the others'
MISSING: Final = 0.02  # of packets, on loopback: more is a server that somebody kept from its core
_TRIES: Final = 4


class Room(Protocol):
    """A conference."""

    async def answer(self, seat: int, offer: str) -> str:
        """A seat's answer to an offer."""


class Server(Protocol):
    """A server under test."""

    def cpu_s(self) -> float:
        """CPU time so far."""

    def beside_cpu_s(self) -> float:
        """CPU time so far of what works for it on other cores."""

    def room(
        self, seats: int, *, live: bool = False
    ) -> contextlib.AbstractAsyncContextManager[Room]:
        """An empty room for so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who is in the room: `talking` of `seats`."""

    seats: int
    talking: int
    settle_s: float
    window_s: float


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds per speaker-second: of the server, and of what works beside it for it."""

    server_ms: float
    beside_ms: float


class Void(Exception):
    """The measurement says nothing; why, in words."""


async def cost_ms(server: Server, load: Worker, case: Case, *, live: bool = False) -> Cost:
    """What a case costs a server. `RuntimeError` when a seat did not hear what it must."""
    cause = ""
    for _ in range(_TRIES):
        try:
            return await _measured(server, load, case, live=live)
        except Void as void:
            cause = str(void)
            sys.stderr.write(f"measured again: {cause}\n")
    raise RuntimeError(f"{_TRIES} measurements in a row say nothing: {cause}")


async def _measured(server: Server, load: Worker, case: Case, *, live: bool) -> Cost:
    async with seated(server, load, seats=case.seats, talking=case.talking, live=live):
        await asyncio.sleep(case.settle_s)
        await load.ask("mark")
        before, beside = server.cpu_s(), server.beside_cpu_s()
        began = time.monotonic()
        await asyncio.sleep(case.window_s)
        spent, aside = server.cpu_s() - before, server.beside_cpu_s() - beside
        speaker_s = (time.monotonic() - began) * case.seats
        report = await load.ask("report")
    verify(report, case)
    return Cost(1000 * spent / speaker_s, 1000 * aside / speaker_s)


@contextlib.asynccontextmanager
async def seated(
    server: Server, load: Worker, *, seats: int, talking: int, live: bool = False
) -> AsyncIterator[Room]:
    """A room in which everybody sits, and hears something."""
    async with server.room(seats, live=live) as room:
        offers = (await load.ask("offer", seats=seats, talking=talking))["offers"]
        try:
            answers: list[str] = []
            for seat, offer in enumerate(offers):
                answers.append(await room.answer(seat, offer))
            await load.ask("connect", answers=answers)
            yield room
        finally:
            await load.ask("leave")


def verify(report: dict[str, Any], case: Case) -> None:
    """`Void` when somebody did not have a core, or a seat did not hear what it must."""
    if report["skipped"] or report["late_ms_p99"] > LATE_MS_P99:
        raise Void(f"the load was late: {report['skipped']} skipped, {report['late_ms_p99']} ms")
    for seat, one in enumerate(report["seats"]):
        own, others = one["own_db"], one["others_db"]
        short = one["due"] * (1 - MISSING) > one["received"] - one["missing"]
        mixed = others is None or others >= OTHERS_DB
        bound = OWN_DB if others is None else min(OWN_DB, others - OWN_BELOW_DB)
        minus = own is None or own <= bound
        if short or not (mixed and minus):
            raise Void(f"seat {seat} of {case}: {one}")
