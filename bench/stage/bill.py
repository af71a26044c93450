"""The bill: rows for CPU time per speaker-second, ours and Janus's in turn."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import report
from bench.report import Peer, Row
from bench.stage.cost import Case, cost_ms
from bench.stage.hall import Hall, hall
from bench.stage.janus import Janus, janus
from bench.worker import Worker

ALL_TALK: Final = 1.0
TWO_TALK: Final = 0.65
EVERYTHING: Final = 1.15
_SEATS: Final = 13  # of the rows that have a bound
_UNIT: Final = "ms/speaker-s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many, how long, how often."""

    rounds: int
    seats: tuple[int, ...]
    settle_s: float
    window_s: float


FULL: Final = Plan(rounds=5, seats=(5, 13, 20), settle_s=3.0, window_s=8.0)
QUICK: Final = Plan(rounds=1, seats=(13,), settle_s=1.0, window_s=2.5)


@dataclass(slots=True)
class Bill:
    """What one case cost, a value per round; `servers` is our two NATS servers' part."""

    conference: list[float] = field(default_factory=list)
    everything: list[float] = field(default_factory=list)
    servers: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)  # Janus without redundancy, of 13 seats


async def rows(folder: Path, plan: Plan) -> list[Row]:
    """Measure all cases."""
    bills = {pair: Bill() for seats in plan.seats for pair in ((seats, seats), (seats, 2))}
    async with (
        hall(folder / "hall") as ours,
        janus(folder / "janus") as theirs,
        Worker("stage.speakers") as load,
    ):
        for _, (pair, bill) in itertools.product(range(plan.rounds), bills.items()):
            case = Case(
                seats=pair[0], talking=pair[1], settle_s=plan.settle_s, window_s=plan.window_s
            )
            await _round(ours, theirs, load, case, bill)
        version = theirs.version
    return [row for pair, bill in bills.items() for row in _rows(*pair, bill, version)]


async def _round(ours: Hall, theirs: Janus, load: Worker, case: Case, bill: Bill) -> None:
    bill.theirs.append((await cost_ms(theirs, load, case)).server_ms)
    if case.seats == _SEATS:
        bare = theirs.without_redundancy()
        bill.bare.append((await cost_ms(bare, load, case)).server_ms)
    bill.conference.append((await cost_ms(ours, load, case)).server_ms)
    whole = await cost_ms(ours, load, case, live=True)
    bill.everything.append(whole.server_ms)
    bill.servers.append(whole.beside_ms)


def _rows(seats: int, talking: int, bill: Bill, version: str) -> list[Row]:
    peer = Peer(Janus.name, version, bill.theirs)
    who = f"CPU of the stage, {talking} of {seats} talking"
    what = f"{who}, conference only (redundancy: ours where packets get lost, Janus always)"
    if seats != _SEATS:
        found = [report.noted(what, _UNIT, bill.conference, peer)]
    else:
        bound = ALL_TALK if talking == seats else TWO_TALK
        found = [report.times_at_most(what, _UNIT, bill.conference, peer, bound)]
        what = f"{who}, conference only (no redundancy: ours 64 kbit/s CELT, Janus 32 hybrid)"
        bare = Peer(f"{Janus.name} without redundancy", version, bill.bare)
        found.append(report.noted(what, _UNIT, bill.conference, bare))
    what = f"{who}, everything on (programme, stems and log; Janus: conference only)"
    if seats == _SEATS and talking == seats:
        found.append(report.times_at_most(what, _UNIT, bill.everything, peer, EVERYTHING))
    else:
        found.append(report.noted(what, _UNIT, bill.everything, peer))
    both = [a + b for a, b in zip(bill.everything, bill.servers, strict=True)]
    found.append(report.noted(f"{who}, everything on, with both NATS servers", _UNIT, both, peer))
    return found
