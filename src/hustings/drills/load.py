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

from hustings.drills import load_talk
from hustings.drills.load_crowd import Crowd, crowd
from hustings.drills.load_plan import Way
from hustings.drills.load_report import Report
from hustings.drills.load_screen import Screen, result, spoken
from hustings.drills.load_talk import TalkReport, Wishes
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
    chat: float,
    reactions: float,
    votes: int,
    hands: int,
    insecure: bool,
    as_json: bool,
) -> int:
    """Run a load test; returns the process's exit code: 1 if anybody heard wrong bytes, nobody
    heard anything, or something that was said was not accepted."""
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
    wishes = Wishes(chat_per_s=chat, said_per_s=reactions, votes=votes, hands=hands)
    report, talk = asyncio.run(_watched(people, seconds, wishes))
    if as_json:
        said = {} if talk is None else {"talk": talk.figures()}
        sys.stdout.write(json.dumps({**report.as_json(), **said}) + "\n")
    else:
        Console().print(result(report))
        if talk is not None:
            Console().print(spoken(talk))
    heard = report.sound and report.healthy.admitted
    return 0 if heard and (talk is None or talk.sound) else 1


async def _watched(
    people: contextlib.AbstractAsyncContextManager[Crowd], seconds: float, wishes: Wishes
) -> tuple[Report, TalkReport | None]:
    """The crowd's report after so many seconds, or at Ctrl-C; and what those who talk did."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with people as crowd_, contextlib.AsyncExitStack() as more:
        talkers = None
        if wishes.any:
            plan = await asyncio.to_thread(load_talk.plan, crowd_.plan, wishes, seconds)
            talkers = await more.enter_async_context(load_talk.talking(plan))
            await talkers.begin()
        ends_s = loop.time() + seconds
        with Screen() as screen:
            while (left_s := ends_s - loop.time()) > 0 and not stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), min(1.0, left_s))
                screen.show(crowd_.report())
        talk = None if talkers is None else await talkers.end()
    return crowd_.report(), talk
