"""What a load test is to do: one plan, which the command makes and every worker gets. Pure."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from hustings.drills import load_arrivals
from hustings.errors import BadInput

Way: TypeAlias = Literal["push", "segments", "hls", "events"]
Kind: TypeAlias = Literal["healthy", "slow", "stalled"]

WAYS: Final[tuple[Way, ...]] = ("push", "segments", "hls", "events")
OPEN: Final = ("doors", "live", "held")  # the states of a space that can be listened to
CADENCES_MS: Final = (320, 960, 1920)
LISTENERS_MAX: Final = 1_000_000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is the edge's origin, `space` the conversation there.

    `way` is what listeners ask for first; `ladder` whether a refused one enters the ladder, as the
    page's player does, or just tries again. `page` has each open the space's page before. `slow`
    and `stalled` are shares of them. On loopback each `per_address` of them have an address of
    their own, counted from `base`; `sources` are the addresses used elsewhere.
    Workers run on `cpus`, if any are named, with niceness `nice`.
    """

    url: str
    space: str
    listeners: int
    arrive: str = "step"
    seed: int = 0
    codec: str = "opus"
    way: Way = "push"
    cadence_ms: int | None = None
    slow: float = 0.0
    stalled: float = 0.0
    page: bool = False
    ladder: bool = True
    per_address: int = 1
    base: int = 0
    sources: tuple[str, ...] = ()
    insecure: bool = False
    cpus: tuple[int, ...] = ()
    nice: int = 0
    worker: int = 0
    workers: int = 1

    def checked(self) -> Plan:
        """The plan itself; `BadInput` when it cannot be carried out."""
        load_arrivals.parse(self.arrive)
        if not 1 <= self.listeners <= LISTENERS_MAX:
            raise BadInput("listeners", expected=f"1 to {LISTENERS_MAX}", got=str(self.listeners))
        if self.codec not in ("opus", "aac"):
            raise BadInput("codec", expected="opus or aac", got=self.codec)
        if self.way not in WAYS:
            raise BadInput("rung", expected=", ".join(WAYS), got=self.way)
        if self.cadence_ms is not None and self.cadence_ms not in CADENCES_MS:
            raise BadInput("cadence", expected="320, 960 or 1920", got=str(self.cadence_ms))
        if min(self.slow, self.stalled) < 0 or self.slow + self.stalled > 1:
            raise BadInput("shares", expected="from 0 to 1 together", got=str(self.slow))
        if self.per_address < 1 or self.workers < 1:
            raise BadInput("listeners per address and workers", expected="at least 1")
        return self

    def kind(self, index: int) -> Kind:
        """What sort of reader listener `index` is: the sorts are spread evenly."""
        place = index * 0.6180339887498949 % 1.0
        if place < self.slow:
            return "slow"
        return "stalled" if place < self.slow + self.stalled else "healthy"

    def source(self, index: int, *, loopback: bool) -> str | None:
        """The address from which listener `index` comes; None leaves it to the system."""
        number = index // self.per_address
        if self.sources:
            return self.sources[number % len(self.sources)]
        if not loopback:
            return None
        number = (number + self.base * 65_536) % (240 * 65_536) + 10 * 65_536
        return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"
