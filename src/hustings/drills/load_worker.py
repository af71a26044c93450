"""One process of a load test: a share of the listeners on one thread, and its figures on a pipe.

    stdin   the plan, one JSON object on the first line; `go T`, T being the monotonic time of the
            first arrival; `ask N`; `leave N`, of those who hear sound; its end means stop
    stdout  "ready" after the plan; then samples, one JSON object a line: four a second, one for
            each `ask`, and a last one

Run as `python -m hustings.drills.load_worker`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import resource
import signal
import sys
import time
from typing import Final

import msgspec

from hustings.drills import load_arrivals
from hustings.drills.load_floor import Floor
from hustings.drills.load_loop import READ, Loop
from hustings.drills.load_plan import Plan
from hustings.drills.load_report import SOUNDING, Sample
from hustings.drills.load_visitor import Visitor
from hustings.errors import HustingsError
from hustings.process import raise_descriptor_limit

SAMPLE_S: Final = 0.25
_LOOK_S: Final = 0.5
_SPARE: Final = 64  # descriptors of the process itself


class Worker:
    """Its visitors, and the pipe to whoever started it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = Loop()
        self._floor = Floor(plan, self._loop)
        self._commands = b""
        # Made beforehand: a crowd that comes at one moment should not be kept by that.
        self._visitors, self._waiting = self._arrivals()

    def run(self) -> None:
        """Until told to stop."""
        os.write(1, b"ready\n")
        os.set_blocking(0, False)
        self._loop.watch(0, READ, self)
        self._loop.run()
        now = time.monotonic()
        for visitor in self._visitors:
            visitor.leave(now)
        self._send(self._measured(last=True))
        self._loop.close()

    def ready(self, mask: int) -> None:
        """A command has come."""
        data = os.read(0, 4_096)
        if not data:
            self._loop.stop()
            return
        *lines, self._commands = (self._commands + data).split(b"\n")
        for line in lines:
            if line.startswith(b"go "):
                self._begin(float(line[3:]))
            elif line.startswith(b"leave "):
                self._leave(int(line[6:]))
            elif line.startswith(b"ask "):
                self._send(self._measured(asked=int(line[4:])))

    def _arrivals(self) -> tuple[list[Visitor], list[tuple[float, Visitor]]]:
        """This worker's share of all visitors; and when each comes, the last one first."""
        plan = self._plan
        curve = load_arrivals.parse(plan.arrive)
        dice = random.Random(plan.seed)  # noqa: S311 - the same for all workers of a test
        every = load_arrivals.seconds(curve, plan.listeners, dice)
        mine = range(plan.worker, plan.listeners, plan.workers)
        visitors = [Visitor(self._floor, index) for index in mine]
        times = [every[index] for index in mine]
        return visitors, list(zip(times, visitors, strict=True))[::-1]

    def _begin(self, begins_s: float) -> None:
        self._floor.begins_s = begins_s
        for first in (self._arrive, self._sample, self._look):
            self._loop.at(begins_s, first)

    def _arrive(self) -> None:
        """Let one in whose time has come."""
        if not self._waiting:
            return
        after_s, visitor = self._waiting[-1]
        due_s = self._floor.begins_s + after_s
        now = time.monotonic()
        if due_s <= now:
            self._waiting.pop()
            visitor.arrive(due_s, now)
            due_s = now
        self._loop.at(due_s, self._arrive)

    def _leave(self, count: int) -> None:
        now = time.monotonic()
        sounding = [one for one in self._visitors if one.rung in SOUNDING]
        for visitor in self._floor.dice.sample(sounding, min(count, len(sounding))):
            visitor.leave(now)
            visitor.stand("gone")

    def _look(self) -> None:
        now = time.monotonic()
        for visitor in self._visitors:
            visitor.look(now)
        self._loop.after(_LOOK_S, self._look)

    def _sample(self) -> None:
        self._send(self._measured())
        self._loop.after(SAMPLE_S, self._sample)

    def _measured(self, *, asked: int = 0, last: bool = False) -> Sample:
        floor = self._floor
        used = resource.getrusage(resource.RUSAGE_SELF)
        libraries = floor.libraries.values()
        promotions, floor.promotions = floor.promotions, []
        return Sample(
            at_s=time.monotonic(),
            tallies=floor.tallies,
            rungs={rung: count for rung, count in floor.rungs.items() if count > 0},
            cpu_s=used.ru_utime + used.ru_stime,
            mismatches=sum(one.mismatches for one in libraries),
            filled=sum(one.filled for one in libraries),
            distinct=sum(one.distinct for one in libraries),
            fresh={codec: one.take_fresh() for codec, one in floor.libraries.items()},
            promotions=promotions,
            asked=asked,
            last=last,
        )

    def _send(self, sample: Sample) -> None:
        data = msgspec.json.encode(sample) + b"\n"
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(1, data) :]


def main() -> int:
    """Read the plan, carry it out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this says when to stop
    plan = msgspec.json.decode(_line(), type=Plan)
    needed = -(-plan.listeners // plan.workers) + _SPARE
    allowed = raise_descriptor_limit()
    if 0 <= allowed < needed:
        sys.stderr.write(
            f"a load worker may open {allowed} files and needs {needed}: raise the hard limit "
            "(ulimit -Hn), or start more workers\n"
        )
        return 1
    if plan.cpus:
        os.sched_setaffinity(0, plan.cpus)
    if plan.nice:
        os.nice(plan.nice)
    try:
        worker = Worker(plan)
    except HustingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    worker.run()
    return 0


def _line() -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        data += byte
    return data


if __name__ == "__main__":
    raise SystemExit(main())
