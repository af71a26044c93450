"""A crowded machine: how the stage keeps its 20 ms tick while others take all of every core.

Twenty seats, all talking, on whatever core the system gives it. The neighbours are loops that never
rest, one for each core. What is measured is what a seat receives: gaps in the stamps are ticks that
were skipped, arrivals against stamps are lateness. With the stage's real-time priority and without.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import report
from bench.report import Row
from bench.stage.cost import seated
from bench.stage.hall import hall
from bench.worker import Worker
from hustings import process

SEATS: Final = 20
SKIPPED: Final = 0.0
LATE_MS_P99: Final = 5.0
_LOOP: Final = "import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
_BOUND_S: Final = 300.0  # however this program ends, its neighbours do


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often, how long."""

    rounds: int
    settle_s: float
    window_s: float


FULL: Final = Plan(rounds=3, settle_s=2.0, window_s=20.0)
QUICK: Final = Plan(rounds=1, settle_s=0.5, window_s=3.0)


async def rows(folder: Path, plan: Plan) -> list[Row]:
    """Measure with and without real-time priority, in turn."""
    found: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for number in range(plan.rounds):
        for realtime, told in found.items():
            told.append(await _ticks(folder / f"{number}{realtime}", plan, realtime=realtime))
    with_, without = found[True], found[False]
    what = f"ticks skipped in {plan.window_s:g} s, {SEATS} seats, all cores loaded"
    late = f"lateness of a tick, p99, {SEATS} seats, all cores loaded"
    return [
        report.at_most(what, "ticks", _of(with_, "skipped"), SKIPPED),
        _noted(f"{what}, no real-time priority", "ticks", _of(without, "skipped")),
        report.at_most(late, "ms", _of(with_, "late_ms_p99"), LATE_MS_P99),
        _noted(f"{late}, no real-time priority", "ms", _of(without, "late_ms_p99")),
    ]


def _of(told: list[dict[str, Any]], name: str) -> list[float]:
    return [float(one[name]) for one in told]


def _noted(what: str, unit: str, values: list[float]) -> Row:
    return Row(what, unit, report.spread(values), "none", met=True, tie=False)


async def _ticks(folder: Path, plan: Plan, *, realtime: bool) -> dict[str, Any]:
    async with (
        hall(folder, realtime=realtime, pinned=False) as ours,
        Worker("stage.speakers") as load,
        seated(ours, load, seats=SEATS, talking=SEATS),
        _neighbours(),
    ):
        await asyncio.sleep(plan.settle_s)
        await load.ask("mark")
        await asyncio.sleep(plan.window_s)
        ticks: dict[str, Any] = (await load.ask("report"))["ticks"]
        return ticks


@contextlib.asynccontextmanager
async def _neighbours() -> AsyncIterator[None]:
    """One busy loop for each core."""
    command = [sys.executable, "-c", _LOOP.format(seconds=_BOUND_S)]
    loops = [
        await asyncio.create_subprocess_exec(
            *command, preexec_fn=functools.partial(_settle, os.getpid())
        )
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for one in loops:
            one.kill()
            await one.wait()


def _settle(parent: int) -> None:
    process.die_with_parent(parent)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
