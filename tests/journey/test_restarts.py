"""The supervisor goes, and comes back, in mid-speech: the space resumes at its address."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from hustings.clock import SAMPLE_RATE
from hustings.drills import evening
from tests.journey import broken
from tests.journey.people import Night, night, runs, until

SPEECH_S = 4.0


async def door_says(now: Night, status: str, *, seconds: float) -> dict[str, object]:
    """Wait until the door shows a status; returns the door."""
    door: dict[str, object] = {}
    async with asyncio.timeout(seconds):
        while door.get("status") != status:
            door = await evening.look(now.host, now.installation.listen_url, now.space)
            await asyncio.sleep(0.05)
    return door


async def finish(now: Night) -> tuple[dict[str, Any], list[float], float]:
    """End the space; returns the receipt, the speech its replay lacks, and the replay's length."""
    await now.host.step(now.space, "end")
    door = await evening.posted(now.host, now.installation.listen_url, now.space)
    listen_url = now.installation.listen_url
    receipt = json.loads(await now.host.page(listen_url + door["replay"]["receipt"]))["receipt"]
    replay = await asyncio.to_thread(evening.fetch, listen_url + door["replay"]["m4a"])
    return receipt, broken.seconds_missing(replay), len(replay) / SAMPLE_RATE


async def test_ctrl_c_in_a_live_space(tmp_path: Path) -> None:
    async with night(tmp_path) as now:
        children = list(now.installation.processes().values())
        os.kill(now.installation.pid, signal.SIGINT)
        assert await now.installation.ended() == 0
        assert not [pid for pid in children if runs(pid)], "a process was left behind"
        await now.installation.start()
        # The space was held by the platform, and goes on when its people are back.
        held = [line for line in now.installation.lines if "held" in line]
        door = await door_says(now, "live", seconds=15)
        assert door["space"] == now.space, held
        heard = [len(one.heard) for one in now.crowd]
        assert await until(
            lambda: all(len(o.heard) > h + 10 for o, h in zip(now.crowd, heard, strict=True)),
            seconds=15,
        ), "the listeners did not come back by themselves"
        await asyncio.sleep(SPEECH_S)
        receipt, _, seconds = await finish(now)
    assert receipt["gaps"] == []
    assert len(receipt["holds"]) == 1, receipt["holds"]
    assert seconds == pytest.approx(receipt["audio"]["duration_ms"] / 1000, abs=0.1)


async def test_the_supervisor_is_killed_in_a_live_space(tmp_path: Path) -> None:
    async with night(tmp_path) as now:
        children = list(now.installation.processes().values())
        spoken_s = 3.0
        os.kill(now.installation.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        await now.installation.ended()
        assert await until(lambda: not any(map(runs, children)), seconds=12), "a role outlived it"
        await now.installation.start()
        await door_says(now, "live", seconds=15)
        away_s = time.monotonic() - killed_at
        await asyncio.sleep(SPEECH_S)
        receipt, missing, seconds = await finish(now)
    # Nothing that was acknowledged is gone: the replay holds the speech of both sides.
    assert seconds >= spoken_s - 1.0 + SPEECH_S - 1.0
    assert max(missing, default=0.0) <= away_s + 2.0
    assert seconds == pytest.approx(receipt["audio"]["duration_ms"] / 1000, abs=0.1)
