"""How much of a machine Hustings takes: start, memory, and CPU when idle and with one space live.

No peer: no other product runs this whole path on one machine. The bounds are the design's.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import report, usage
from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation

READY_S: Final = 6.0
IDLE_MIB: Final = 500.0
IDLE_CORE: Final = 0.02
LIVE_CORE: Final = 0.40
LISTENERS: Final = 100
SPEAKERS: Final = 2
SETTLE_S: Final = 3.0


async def main(*, rounds: int, idle_s: float, live_s: float) -> int:
    """Measure, print; returns 0 if all bounds hold."""
    ready: list[float] = []
    memory: list[float] = []
    idle: list[float] = []
    live: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hustings-bench-") as folder:
        async with Installation(Path(folder)):  # the first start makes keys and the database
            pass
        for _ in range(rounds):
            async with Installation(Path(folder)) as installation:
                ready.append(installation.ready_s)
                await asyncio.sleep(SETTLE_S)
                idle.append(await _cores(installation, idle_s))
                memory.append(usage.pss_mib(usage.tree(installation.pid)))
                live.append(await _live(installation, Path(folder), live_s))
                link = Path(folder) / "first-link"
            assert not link.exists(), "the account was not made"
            # Each round signs up anew: the account's password is not kept.
            for name in ("hustings.db", "hustings.db-wal", "hustings.db-shm"):
                (Path(folder) / name).unlink(missing_ok=True)
    rows = [
        report.at_most("ready, warm start", "s", ready, READY_S),
        report.at_most("memory in all when idle (PSS)", "MiB", memory, IDLE_MIB),
        report.at_most("CPU in all when idle", "cores", idle, IDLE_CORE),
        report.at_most(
            f"CPU in all, {SPEAKERS} speakers and {LISTENERS} listeners", "cores", live, LIVE_CORE
        ),
    ]
    return report.show("footprint", rounds=rounds, rows=rows)


async def _cores(installation: Installation, seconds: float) -> float:
    """Cores' worth of CPU that the installation takes over some seconds."""
    before, began = usage.cpu_seconds(usage.tree(installation.pid)), time.monotonic()
    await asyncio.sleep(seconds)
    spent = usage.cpu_seconds(usage.tree(installation.pid)) - before
    return spent / (time.monotonic() - began)


async def _live(installation: Installation, folder: Path, seconds: float) -> float:
    host = Host(installation.studio_url)
    await host.sign_up((folder / "first-link").read_text().strip(), name="Bench")
    space = await host.create("A bench")
    people = evening.on_stage(installation, host, space, count=SPEAKERS)
    listeners = evening.crowd(installation.listen_url, space, count=LISTENERS)
    async with people:
        await host.step(space, "doors")
        async with listeners as crowd:
            await host.step(space, "live")
            before = [len(one.heard) for one in crowd]
            cores = await _cores(installation, seconds)
            heard = [len(one.heard) - b for one, b in zip(crowd, before, strict=True)]
            assert min(heard) > seconds, "a listener heard less than a third of it"
            await host.step(space, "end")
    return cores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.footprint", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON (it always does)")
    parser.add_argument("--quick", action="store_true", help="one round, under a minute")
    given = parser.parse_args()
    if given.quick:
        sys.exit(asyncio.run(main(rounds=1, idle_s=8.0, live_s=10.0)))
    sys.exit(asyncio.run(main(rounds=3, idle_s=20.0, live_s=20.0)))
