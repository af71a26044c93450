"""A conversation of two hours on real roles: memory, drift, gaps, and the recording afterwards.

Four seats take turns by clocks that are up to 100 ppm off; every minute one that is silent comes
back anew, as after a reload. All roles run as `hustings serve` runs them. It costs about a third of
a core, so it can run beside other work: every figure is one of the product's own, none of speed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import provenance, report, usage
from bench.report import Row
from bench.soak import recording
from bench.soak.people import TURN_S, whose_turn
from bench.worker import Worker
from hustings.drills import evening
from hustings.drills.host import Host, Person
from hustings.drills.installation import Installation

SEATS: Final = 4
MEMORY_MIB: Final = 5.0
SETTLED_S: Final = 600.0
DRIFT_MS: Final = 60.0  # of the delay: a jitter buffer keeps within 40 ms of its target
MISSING: Final = 0.0
LOST_MS: Final = 320.0  # of the recording's length: the end falls into a chunk
_SAMPLE_S: Final = 5.0
_AGAIN_S: Final = 60.0
_LISTEN_S: Final = 3.0


@dataclass(slots=True)
class Watched:
    """What was seen on the way; times in seconds since the space went live."""

    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # MiB by process
    delays: list[tuple[float, float]] = field(default_factory=list)  # ms, a median per listening
    packets: int = 0
    missing: int = 0
    joins_s: list[float] = field(default_factory=list)
    skipped: int = 0
    late_ms_max: float = 0.0


async def main(*, minutes: float) -> tuple[dict[str, Any], int]:
    """Run it; the object to print and the exit code."""
    watched = Watched()
    with tempfile.TemporaryDirectory(prefix="hustings-soak-") as name:
        folder = Path(name)
        async with Installation(folder) as installation, Worker("soak.people") as worker:
            soak = _Soak(installation, worker, watched)
            went_at, ended_at = await soak.talk(folder, minutes)
            door = await evening.posted(soak.host, installation.listen_url, soak.space)
            address = installation.listen_url + door["replay"]["m4a"]
            page = await soak.host.page(installation.listen_url + door["replay"]["receipt"])
            receipt = json.loads(page)["receipt"]
            first_turn_s = TURN_S - went_at % TURN_S
            reread = await asyncio.to_thread(
                recording.reread, address, turn_s=TURN_S, first_turn_s=first_turn_s
            )
    rows = _rows(watched, reread, receipt, seconds=ended_at - went_at)
    out = {
        "name": "soak",
        "minutes": minutes,
        "machine": provenance.machine(),
        "rows": [asdict(row) for row in rows],
        "load": {"skipped": watched.skipped, "late_ms_max": watched.late_ms_max},
        "breaks": list(reread.breaks),
        "gaps": receipt["gaps"],
        "memory_mib": {name: _minutes(values) for name, values in watched.memory.items()},
        "delay_ms": _minutes(watched.delays),
    }
    return out, 0 if all(row.met for row in rows) else 1


class _Soak:
    """The evening itself."""

    def __init__(self, installation: Installation, worker: Worker, watched: Watched) -> None:
        self.host = Host(installation.studio_url)
        self.space = ""
        self._people: list[Person] = []
        self._installation = installation
        self._worker = worker
        self._watched = watched
        self._went_at = 0.0

    async def talk(self, folder: Path, minutes: float) -> tuple[float, float]:
        """From the green room to the end; when it went live and when it ended."""
        await self.host.sign_up((folder / "first-link").read_text().strip(), name="Soak")
        self.space = await self.host.create("A long evening")
        self._people = [self.host]
        for number in range(1, SEATS):
            self._people.append(await self.host.invite(self.space, f"Seat {number}"))
        await self._worker.ask("seats", count=SEATS)
        for number in range(SEATS):
            await self._join(number)
        await self.host.step(self.space, "doors")
        await self.host.step(self.space, "live")
        self._went_at = time.monotonic()
        await self._watch(self._went_at + 60 * minutes)
        await self.host.step(self.space, "end")
        ended_at = time.monotonic()
        await self._worker.ask("leave")
        return self._went_at, ended_at

    async def _watch(self, until: float) -> None:
        again = self._went_at + _AGAIN_S / 2
        turns = 0
        while (now := time.monotonic()) < until:
            self._look()
            # In the middle of a turn, so that all of it is one voice.
            if TURN_S * 0.25 < now % TURN_S < TURN_S * 0.5:
                await self._listen(whose_turn(now, SEATS))
                if now >= again:
                    again += _AGAIN_S
                    turns += 1
                    silent = [i for i in range(SEATS) if i != whose_turn(now, SEATS)]
                    await self._join(silent[turns % len(silent)])
            await asyncio.sleep(min(_SAMPLE_S, max(0.0, until - time.monotonic())))

    async def _join(self, number: int) -> None:
        ticket = (await self._people[number].seat(self.space)).ticket
        url = f"{self._installation.gate_url}/whip/{self.space}"
        told = await self._worker.ask("join", seat=number, url=url, ticket=ticket)
        self._watched.joins_s.append(told["seconds"])

    async def _listen(self, speaker: int) -> None:
        told = await self._worker.ask("listen", seat=(speaker + 1) % SEATS, seconds=_LISTEN_S)
        watched = self._watched
        if told["delays_ms"]:
            delay = statistics.median(told["delays_ms"])
            watched.delays.append((time.monotonic() - self._went_at, delay))
        watched.packets += told["packets"]
        watched.missing += told["missing"]
        watched.skipped = told["skipped"]
        watched.late_ms_max = told["late_ms_max"]

    def _look(self) -> None:
        at = time.monotonic() - self._went_at
        for name, pid in self._installation.processes().items():
            values = self._watched.memory.setdefault(name, [])
            values.append((at, usage.anonymous_kib([pid]) / 1024))


def change(values: Sequence[tuple[float, float]], *, settled_s: float) -> float:
    """How far values of memory come away from the first after `settled_s`, either way.

    Compared are means of spans of that length: what collects its garbage now and then breathes by
    more than it may grow. What is left at the end, less than half a span, does not count.
    """
    spans: dict[int, list[float]] = {}
    for at, value in values:
        spans.setdefault(int(at // settled_s), []).append(value)
    whole = int((values[-1][0] + settled_s / 2) // settled_s) if values else 0
    means = [statistics.fmean(found) for i, found in spans.items() if 1 <= i < whole]
    return max((abs(one - means[0]) for one in means), default=0.0)


def _minutes(values: Sequence[tuple[float, float]]) -> list[float]:
    """The median of each minute."""
    by_minute: dict[int, list[float]] = {}
    for at, value in values:
        by_minute.setdefault(int(at // 60), []).append(value)
    return [round(statistics.median(found), 1) for _, found in sorted(by_minute.items())]


def _rows(
    watched: Watched, reread: recording.Reread, receipt: dict[str, Any], *, seconds: float
) -> list[Row]:
    settled_s = min(SETTLED_S, seconds / 3)
    rows = []
    for name, values in sorted(watched.memory.items()):
        grown = change(values, settled_s=settled_s)
        span = f"{settled_s / 60:.0f} minutes"
        what = f"memory of {name}, change of the mean of {span} after {span}"
        rows.append(report.at_most(what, "MiB", [round(grown, 2)], MEMORY_MIB))
    delays = [delay for at, delay in watched.delays]
    spread = max(delays) - min(delays) if delays else float("inf")
    clock_ms = receipt["audio"]["clock_ms"]
    rows += [
        report.at_most("delay from mouth to colleague, its spread", "ms", [spread], DRIFT_MS),
        report.at_most(
            f"packets missing at a seat, of {watched.packets}", "", [watched.missing], MISSING
        ),
        report.at_most("gaps in the receipt", "", [float(len(receipt["gaps"]))], 0.0),
        report.at_most(
            "length of the recording against the receipt's clock",
            "ms",
            [abs(reread.samples / 48 - clock_ms)],
            0.0,
        ),
        report.at_most(
            "length of the recording against the host's clock",
            "ms",
            [abs(clock_ms - 1000 * seconds)],
            LOST_MS,
        ),
        report.at_most("breaks of the code in it", "", [float(len(reread.breaks))], 0.0),
        report.at_most(
            "speech missing in it, share", "", [max(0.0, 1 - reread.slots / (10 * seconds))], 0.03
        ),
    ]
    rejoined = watched.joins_s[SEATS:]
    if rejoined:
        rows.append(report.at_most(f"{len(rejoined)} seats taken anew", "s", rejoined, 1.5))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--minutes", type=float, default=120.0, help="how long it is live")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="write the result here")
    given = parser.parse_args()
    found, code = asyncio.run(main(minutes=given.minutes))
    json.dump(found, sys.stdout, indent=1)
    sys.stdout.write("\n")
    if given.evidence is not None:
        given.evidence.mkdir(parents=True, exist_ok=True)
        stamped = {**provenance.stamp(), **found}
        (given.evidence / "soak.json").write_text(json.dumps(stamped, indent=1) + "\n")
    sys.exit(code)
