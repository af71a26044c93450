"""How fast a crowd gets in: from the request to sound, all at once and over some seconds.

Our edge lets 5,000 in at once while 1,000 others listen, then 5,000 over ten seconds. Icecast lets
in fewer at once, because it takes long (its row says how many), and rates are compared: who got in,
by the time until the last one did, or until patience ended. Where it is spared the rush, Icecast
does far better, so the rate that it reaches then is told as well. A listener is in when it has
heard its first whole frame of sound; time counts from the moment of connecting.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import child, packages, report
from bench.audience import crowd, join, short
from bench.feeding import stage
from bench.icecast import icecast
from bench.ours import PUSH, Ours, ours
from bench.report import Peer
from bench.worker import Worker
from hustings.clock import CHUNK_MS

FASTER: Final = 20.0
P50_MS: Final = 150.0
P99_MS: Final = 500.0
SILENCE_MS: Final = 1_000.0

_OVER_S: Final = 10.0
_PLAYING_S: Final = 3.0
_BETWEEN_S: Final = 2.0
_BEHIND: Final = 5  # whoever connects must not keep those who listen on that core from reading
_PACE: Final = 1_500  # listeners a second: what Icecast takes in best


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many, and how often."""

    rounds: int
    listeners: int
    playing: int
    peer_listeners: int
    patience_s: float


FULL: Final = Plan(rounds=5, listeners=5_000, playing=1_000, peer_listeners=2_000, patience_s=40.0)
QUICK: Final = Plan(rounds=1, listeners=2_000, playing=500, peer_listeners=500, patience_s=15.0)


@dataclass(slots=True)
class Found:
    """What the rounds have measured."""

    rate: list[float] = field(default_factory=list)
    peer_rate: list[float] = field(default_factory=list)
    paced_rate: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    stalled: list[float] = field(default_factory=list)
    silence_ms: list[float] = field(default_factory=list)
    version: str = "missing"


async def main(plan: Plan) -> int:
    """Measure, print; returns 0 if all targets are met."""
    child.step_aside()
    found = Found()
    with tempfile.TemporaryDirectory(prefix="hustings-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # Icecast reads its part as an unprivileged user
        async with stage(folder / "nats") as running:
            for number in range(plan.rounds):
                async with ours(folder / f"edge-{number}", running) as edge:
                    await _ours(edge, plan, found)
                try:
                    theirs = folder / f"icecast-{number}"
                    rate = await _theirs(theirs, plan.peer_listeners, 0.0, plan, found)
                    found.peer_rate.append(rate)
                    within_s = plan.listeners / _PACE
                    rate = await _theirs(theirs, plan.listeners, within_s, plan, found)
                    found.paced_rate.append(rate)
                except packages.Missing as error:
                    sys.stderr.write(f"{error}\n")
    return report.show("join", rounds=plan.rounds, rows=_rows(plan, found))


async def _ours(edge: Ours, plan: Plan, found: Found) -> None:
    """One round on an edge that was just started."""
    async with (
        crowd("push", edge.port, PUSH, number_ms=CHUNK_MS, first="a") as playing,
        crowd("push", edge.port, PUSH, number_ms=CHUNK_MS, first="b", nice=_BEHIND) as newcomers,
    ):
        await join(playing, plan.playing, within_s=1.0)
        await asyncio.sleep(_PLAYING_S)
        await playing.ask("mark")
        came = await join(newcomers, plan.listeners, within_s=0.0)
        found.rate.append(plan.listeners / came["all_s"])
        await _listen(newcomers)
        heard = await playing.ask("report")
        _whole(heard)
        found.stalled.append(heard["stalled"])
        found.silence_ms.append(heard["silence_max_s"] * 1000)
        await newcomers.ask("leave")
        await asyncio.sleep(_BETWEEN_S)
        came = await join(newcomers, plan.listeners, within_s=_OVER_S)
        found.p50_ms.append(_percentile(came["first_s"], 50) * 1000)
        found.p99_ms.append(_percentile(came["first_s"], 99) * 1000)
        await _listen(newcomers)


async def _theirs(folder: Path, count: int, within_s: float, plan: Plan, found: Found) -> float:
    """How many an Icecast that was just started lets in per second."""
    async with contextlib.AsyncExitStack() as open_:
        peer = await open_.enter_async_context(icecast(folder, clients=count))
        source = await open_.enter_async_context(peer.source("s.ogg", page_ms=CHUNK_MS))
        source.playing.set()
        newcomers = await open_.enter_async_context(
            crowd("ogg", peer.port, "/s.ogg", number_ms=CHUNK_MS)
        )
        await asyncio.sleep(_BETWEEN_S)
        came = await newcomers.ask("join", count=count, within_s=within_s, wait_s=plan.patience_s)
        found.version = peer.version
        rate: float = len(came["in_s"]) / came["all_s"]
        return rate


async def _listen(people: Worker) -> None:
    """Everybody who came goes on hearing everything."""
    await people.ask("mark")
    await asyncio.sleep(_PLAYING_S)
    _whole(await people.ask("report"))


def _whole(heard: dict[str, Any]) -> None:
    if heard["gone"] or heard["gaps"] or not heard["frames_min"]:
        raise RuntimeError(f"somebody did not get what is due: {short(heard)}")


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _rows(plan: Plan, found: Found) -> list[report.Row]:
    peer = Peer("Icecast", found.version, found.peer_rate)
    arriving = f"{plan.listeners} arrive over {_OVER_S:g} s"
    return [
        report.times_at_least(
            f"listeners that hear sound, per second, on one core: {plan.listeners} arrive at once;"
            f" Icecast with pages of 320 ms and {plan.peer_listeners} at once",
            "listeners/s",
            found.rate,
            peer,
            FASTER,
        ),
        report.noted(
            f"the same, but Icecast's listeners come at {_PACE} a second, so that its queue never"
            " overflows",
            "listeners/s",
            found.rate,
            Peer("Icecast", found.version, found.paced_rate),
        ),
        report.at_most(f"first sound, median; {arriving}", "ms", found.p50_ms, P50_MS),
        report.at_most(f"first sound, 99 of 100; {arriving}", "ms", found.p99_ms, P99_MS),
        report.at_most(
            f"of {plan.playing} who listen while {plan.listeners} arrive at once: fall silent",
            "listeners",
            found.stalled,
            0,
        ),
        report.at_most(
            f"of {plan.playing} who listen while {plan.listeners} arrive at once: the longest wait"
            " for a frame",
            "ms",
            found.silence_ms,
            SILENCE_MS,
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.join", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--quick", action="store_true", help="fewer listeners, under a minute")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(QUICK if given.quick else FULL)))
