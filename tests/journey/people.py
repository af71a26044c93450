"""A live space with people in it: what the failure journeys begin with."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import usage
from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.listener import Listener
from hustings.drills.speaker import Speaker
from tests.journey.broken import Kill

BACK_S = 5.0  # a killed process is back within this


@dataclass(slots=True)
class Night:
    """A live space: two speakers who say a time code without a pause, and a crowd."""

    installation: Installation
    host: Host
    space: str
    speakers: list[Speaker]
    crowd: list[Listener]
    kills: list[Kill] = field(default_factory=list)
    back: dict[str, bool] = field(default_factory=dict)

    async def kill(self, what: str, *, back_s: float = BACK_S) -> None:
        """Kill a process in mid-speech, see it dead, and wait until it is back, or is not.

        `what` is a name of `Installation.processes`, or "stage" for the stage that holds the space.
        """
        name = self.busy_stage() if what == "stage" else what
        self.kills.append(Kill(what, time.monotonic()))
        pid = self.installation.kill(name)
        assert await until(lambda: not runs(pid), seconds=2.0), f"{name} survived"
        self.back[what] = await until(
            lambda: self.installation.processes().get(name, pid) != pid, seconds=back_s
        )

    def busy_stage(self) -> str:
        """The stage that holds the space: the one that has worked more."""
        stages = {n: p for n, p in self.installation.processes().items() if n.startswith("stage")}
        return max(stages, key=lambda name: usage.cpu_seconds([stages[name]]))


@asynccontextmanager
async def night(folder: Path, *, restart: bool = True) -> AsyncIterator[Night]:
    """An installation in `folder` with a space that has been live for some seconds."""
    async with Installation(folder, {"restart": str(restart).lower()}) as installation:
        host = Host(installation.studio_url)
        await host.sign_up((folder / "first-link").read_text().strip(), name="Host")
        space = await host.create("A night of failures")
        async with evening.on_stage(installation, host, space, count=2) as speakers:
            await host.step(space, "doors")
            listening = evening.crowd(
                installation.listen_url, space, count=3, codecs=("opus", "aac")
            )
            async with listening as crowd:
                await host.step(space, "live")
                await asyncio.sleep(3.0)
                yield Night(installation, host, space, speakers, crowd)


async def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait for a condition; returns whether it came true."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)
    return condition()


def runs(pid: int) -> bool:
    """Whether a process lives (and is not just waiting to be reaped)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
