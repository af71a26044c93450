"""Sound on bad lines: what share of what was said is not heard, and the longest gap.

One says numbered frames, another listens; both are behind relays that lose and delay, with the same
seeds for both servers. A frame counts by what is heard of its own tone: lost, concealed, or rebuilt
beyond recognition is lost.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import report
from bench.report import Peer, Row
from bench.stage.cost import Server
from bench.stage.hall import hall
from bench.stage.janus import Janus, janus
from bench.worker import Worker

LOST_PERCENT: Final = 0.5  # at 5 % loss each way
LATE_MS_MAX: Final = 25.0  # of the load: more is a stall that a jitter buffer answers to
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Line:
    """What the line does, each way."""

    loss: float = 0.0
    jitter_ms: float = 0.0
    nack: bool = False

    @property
    def said(self) -> str:
        """In words."""
        words = f"{self.loss:.0%} loss each way"
        if self.jitter_ms:
            words += f", 0 to {2 * self.jitter_ms:.0f} ms of delay"
        if not self.nack:
            words += ", nobody asks again (no NACK)"
        return words


TARGET: Final = Line(0.05, nack=True)
LINES: Final = (
    Line(nack=True),
    Line(0.02, nack=True),
    TARGET,
    Line(0.10, nack=True),
    Line(0.0, 40.0, nack=True),
    Line(0.05),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which lines, how often, how long."""

    rounds: int
    lines: tuple[Line, ...]
    settle_s: float
    listen_s: float


FULL: Final = Plan(rounds=3, lines=LINES, settle_s=3.0, listen_s=40.0)
QUICK: Final = Plan(rounds=1, lines=(TARGET,), settle_s=1.0, listen_s=5.0)


async def rows(folder: Path, plan: Plan) -> list[Row]:
    """Measure all lines."""
    lost: dict[tuple[Line, str], list[float]] = {}
    gaps: dict[tuple[Line, str], list[float]] = {}
    async with (
        hall(folder / "hall") as ours,
        janus(folder / "janus") as theirs,
        Worker("stage.pair") as load,
    ):
        servers: dict[str, Server] = {"ours": ours, "theirs": theirs}
        for seed, line in itertools.product(range(1, plan.rounds + 1), plan.lines):
            for who, server in servers.items():
                found = await _heard(server, load, line, plan, seed)
                lost.setdefault((line, who), []).append(100 * found["lost"])
                gaps.setdefault((line, who), []).append(found["gap_ms"])
        version = theirs.version
    made = []
    for line in plan.lines:
        peer = Peer(Janus.name, version, lost[line, "theirs"])
        what = f"sound lost at the ear, {line.said}"
        if line == TARGET:
            made.append(report.at_most(what, "%", lost[line, "ours"], LOST_PERCENT))
        made.append(report.noted(what, "%", lost[line, "ours"], peer))
        peer = Peer(Janus.name, version, gaps[line, "theirs"])
        what = f"longest time without anything new, {line.said}"
        made.append(report.noted(what, "ms", gaps[line, "ours"], peer))
    return made


async def _heard(server: Server, load: Worker, line: Line, plan: Plan, seed: int) -> dict[str, Any]:
    for _ in range(_TRIES):
        found = await _listened(server, load, line, plan, seed)
        if found["late_ms_max"] <= LATE_MS_MAX:
            return found
        sys.stderr.write(f"measured again: the load was {found['late_ms_max']} ms late\n")
    raise RuntimeError(f"the load was late {_TRIES} times: the machine is too busy")


async def _listened(
    server: Server, load: Worker, line: Line, plan: Plan, seed: int
) -> dict[str, Any]:
    async with server.room(2) as room:
        offers = (await load.ask("offer", nack=line.nack))["offers"]
        try:
            answers = [await room.answer(seat, offer) for seat, offer in enumerate(offers)]
            fault = {"loss": line.loss, "jitter_ms": line.jitter_ms}
            await load.ask("connect", answers=answers, seed=seed, **fault)
            await asyncio.sleep(plan.settle_s)
            return await load.ask("listen", seconds=plan.listen_s)
        finally:
            await load.ask("leave")
