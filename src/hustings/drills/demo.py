"""`hustings demo`: a whole space with synthetic people, from an empty folder to a verified replay.

Starts the product as it is run, lets speakers join by WHIP and listeners pull real HTTP, ends the
space, and holds the replay against what was said. Prints one JSON object; exits 0 only if all of it
held.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.live import Live as Screen
from rich.table import Table

from hustings.drills import evening
from hustings.drills.host import Host
from hustings.drills.installation import Installation
from hustings.drills.verdict import Evening, Result, judge
from hustings.errors import ConfigError, HustingsError

SPEAKERS_MAX: Final = 8
LISTENERS_MAX: Final = 2000
SECONDS: Final = (10, 600)  # shorter says nothing, longer is `make proof`'s


@dataclass(frozen=True, slots=True)
class Plan:
    """Who takes part, and for how long they are on air."""

    speakers: int
    listeners: int
    seconds: int


def demo(*, speakers: int, listeners: int, seconds: int, as_json: bool) -> int:
    """Run the demo; returns the process's exit code."""
    _bounded("speakers", speakers, 1, SPEAKERS_MAX)
    _bounded("listeners", listeners, 1, LISTENERS_MAX)
    _bounded("seconds", seconds, *SECONDS)
    if importlib.util.find_spec("aiortc") is None:
        raise HustingsError(
            "the demo's speakers need the extra 'demo': pip install 'hustings[demo]'"
        )
    logging.getLogger("libav").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="hustings-demo-") as folder:
        result = asyncio.run(_demo(Path(folder), Plan(speakers, listeners, seconds)))
    if as_json:
        sys.stdout.write(json.dumps(asdict(result)) + "\n")
    else:
        _show(result)
    return 1 if result.problems else 0


def _bounded(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigError(name, value, allowed=f"a whole number from {low} to {high}")


async def _demo(folder: Path, plan: Plan) -> Result:
    progress = _Progress()
    with progress.shown():
        progress.step("starting the roles")
        async with Installation(folder) as installation:
            return await _evening(installation, folder, progress, plan)


async def _evening(
    installation: Installation,
    folder: Path,
    progress: _Progress,
    plan: Plan,
) -> Result:
    host = Host(installation.studio_url)
    await host.sign_up((folder / "first-link").read_text().strip(), name="Demo Host")
    space = await host.create("The demo")
    progress.step(f"{plan.speakers} speakers join the green room")
    async with evening.on_stage(installation, host, space, count=plan.speakers):
        progress.step(f"doors open; {plan.listeners} listeners come")
        await host.step(space, "doors")
        async with evening.crowd(installation.listen_url, space, count=plan.listeners) as crowd:
            went_at = time.monotonic()
            await host.step(space, "live")
            for second in range(plan.seconds):
                heard = sum(1 for one in crowd if one.heard)
                progress.step(f"on air: {second + 1} of {plan.seconds} s, {heard} are listening")
                await asyncio.sleep(1.0)
            await host.step(space, "end")
            ended_at = time.monotonic()
            progress.step("ended; the recording is being posted")
            door = await evening.posted(host, installation.listen_url, space)
            ready_at = time.monotonic()
    progress.step("the replay is held against what was said")
    replay = await asyncio.to_thread(evening.fetch, installation.listen_url + door["replay"]["m4a"])
    receipt = json.loads(await host.page(installation.listen_url + door["replay"]["receipt"]))
    return judge(
        Evening(
            crowd=tuple(crowd),
            went_at=went_at,
            replay=replay,
            gaps=len(receipt["receipt"]["gaps"]),
            expected_s=ended_at - went_at,
            replay_ready_s=ready_at - ended_at,
        )
    )


class _Progress:
    """Steps with their times, drawn on standard error."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._steps: list[tuple[float, str]] = []
        self._screen: Screen | None = None

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        with Screen(console=Console(stderr=True), refresh_per_second=4) as self._screen:
            yield

    def step(self, text: str) -> None:
        """A new step; one that begins like the last replaces it."""
        if self._steps and self._steps[-1][1].split(":")[0] == text.split(":", maxsplit=1)[0]:
            self._steps[-1] = (self._steps[-1][0], text)
        else:
            self._steps.append((time.monotonic() - self._began, text))
        table = Table.grid(padding=(0, 2))
        for at, said in self._steps:
            table.add_row(f"{at:5.1f} s", said)
        assert self._screen is not None
        self._screen.update(table)


def _show(result: Result) -> None:
    table = Table("number", "measured", box=None)
    for name, value in asdict(result).items():
        table.add_row(name, "\n".join(value) if isinstance(value, tuple) else str(value))
    Console().print(table)
