"""`hustings load`: a crowd at the door of a space, which checks every byte and measures everything.

The listeners live in processes of their own, one a core; programs use `crowd`. Ends by itself after
the given time, or with Ctrl-C, and prints what was measured until then.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence

from rich.console import Console

from hustings.drills.load_crowd import Crowd, crowd
from hustings.drills.load_plan import Way
from hustings.drills.load_report import Report
from hustings.drills.load_screen import Screen, result
from hustings.errors import BadInput

__all__ = ["Crowd", "Report", "crowd", "load"]

_SECONDS_MAX = 7 * 24 * 3600.0


def load(
    url: str,
    *,
    listeners: int,
    seconds: float,
    arrive: str,
    rung: Way,
    codec: str,
    cadence: int | None,
    slow: float,
    stalled: float,
    page: bool,
    ladder: bool,
    workers: int | None,
    pids: Sequence[int],
    per_address: int,
    sources: Sequence[str],
    insecure: bool,
    as_json: bool,
) -> int:
    """Run a load test; returns the process's exit code: 1 if anybody heard wrong bytes or nobody
    heard anything."""
    if not 0 < seconds <= _SECONDS_MAX:
        raise BadInput("seconds", expected=f"above 0, at most {_SECONDS_MAX:.0f}", got=str(seconds))
    people = crowd(
        url,
        listeners=listeners,
        arrive=arrive,
        rung=rung,
        codec=codec,
        cadence=cadence,
        slow=slow,
        stalled=stalled,
        page=page,
        ladder=ladder,
        workers=workers,
        pids=pids,
        per_address=per_address,
        sources=sources,
        insecure=insecure,
    )
    report = asyncio.run(_watched(people, seconds))
    if as_json:
        sys.stdout.write(json.dumps(report.as_json()) + "\n")
    else:
        Console().print(result(report))
    return 0 if report.sound and report.healthy.admitted else 1


async def _watched(people: contextlib.AbstractAsyncContextManager[Crowd], seconds: float) -> Report:
    """The crowd's report after so many seconds, or at Ctrl-C."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    ends_s = loop.time() + seconds
    async with people as crowd_:
        ends_s = loop.time() + seconds
        with Screen() as screen:
            while (left_s := ends_s - loop.time()) > 0 and not stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), min(1.0, left_s))
                screen.show(crowd_.report())
    return crowd_.report()
