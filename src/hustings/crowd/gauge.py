"""What an edge says once a second on `crowd.<edge>`, and the sum over all edges. Pure.

    {"url": "https://…", "headroom": 1200, "rung": "live", "calls": {"<space>": 17},
     "spaces": {"<space>": {"listening": 3, "rungs": {"live": 2, "slow": 1, "text": 4},
                            "waiting": 0, "turned_away": 0, "came": "<base64>",
                            "sketch": "<base64>", "said": {"clap": 12}}}}

What is zero or empty is left out. `listening` is whoever hears the programme at this moment;
`turned_away` counts since the edge began; `said` is of this second; `sketch` comes when it has
changed, and now and then anyway, for those who came late. `came` holds the keys (8 bytes each) of
those who came back within this second, or asked while they wait at another edge: an edge that has
an older connection of one closes it, and one that keeps its number knows that it still waits.

An edge that fell silent counts no more after a while. Separate figures are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hustings import limits
from hustings.crowd.rung import Rung
from hustings.errors import BadInput

# What listeners may say without words.
REACTIONS: Final = frozenset({"clap", "heart", "laugh", "wow", "sad", "yes", "no"})

_Number = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Here(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The crowd of one space, on one edge or on all of them."""

    listening: _Number = 0
    rungs: dict[Rung, _Number] = {}
    waiting: _Number = 0
    turned_away: _Number = 0
    came: bytes = b""
    sketch: bytes = b""
    said: dict[str, _Number] = {}


class Gauge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edge: where it is, how many more it can take, on which rung newcomers begin there."""

    url: str = ""
    headroom: _Number = 0
    rung: Rung = Rung.LIVE
    calls: dict[str, _Number] = {}
    spaces: dict[str, Here] = {}


def encode(gauge: Gauge) -> bytes:
    """A gauge as it travels."""
    return _encoder.encode(gauge)


def decode(data: bytes) -> Gauge:
    """A gauge that came; `BadInput` when it is none."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BadInput("gauge", expected="an edge's figures", got=str(error)) from error


def total(parts: Iterable[Here]) -> Here:
    """The crowds of several edges as one, each figure by itself; without sketches."""
    listening = waiting = turned_away = 0
    rungs: dict[Rung, int] = {}
    said: dict[str, int] = {}
    for part in parts:
        listening += part.listening
        waiting += part.waiting
        turned_away += part.turned_away
        for rung, count in part.rungs.items():
            rungs[rung] = rungs.get(rung, 0) + count
        for what, count in part.said.items():
            said[what] = said.get(what, 0) + count
    return Here(
        listening=listening, rungs=rungs, waiting=waiting, turned_away=turned_away, said=said
    )


class Sums:
    """The newest gauge of every edge. `now` is monotonic seconds, passed in."""

    def __init__(self, *, fresh_s: float) -> None:
        self._fresh_s = fresh_s
        self._gauges: dict[str, tuple[float, Gauge]] = {}

    def take(self, edge: str, gauge: Gauge, *, now: float) -> None:
        """Keep an edge's newest gauge, and forget those that are stale."""
        self._gauges = {k: v for k, v in self._gauges.items() if self._fresh(v[0], now)}
        if edge in self._gauges or len(self._gauges) < limits.EDGES_COUNT:
            self._gauges[edge] = (now, gauge)

    def edges(self, *, now: float) -> dict[str, Gauge]:
        """The fresh gauges by edge."""
        return {edge: one for edge, (at, one) in self._gauges.items() if self._fresh(at, now)}

    def here(self, space: str, *, now: float) -> Here:
        """A space's crowd on all edges that are fresh."""
        gauges = self.edges(now=now).values()
        return total(one.spaces[space] for one in gauges if space in one.spaces)

    def _fresh(self, at: float, now: float) -> bool:
        return now - at <= self._fresh_s


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Gauge)
