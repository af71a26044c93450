"""Strangers flood the media port with whatever it takes in: nobody on stage or off it notices."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tests.journey import broken
from tests.journey.broken import Kill
from tests.journey.flood import KINDS
from tests.journey.people import night

ROOT = Path(__file__).parents[2]
PER_S = 5_000
SECONDS = 1.5
# Reading the code costs a slot (0.1 s) at a change of speakers, and the flood takes processor time
# from everybody in this test. Who is pushed from a seat, or waits behind a flood, loses seconds.
LOST_S = 0.3


async def test_a_flood_is_not_heard(tmp_path: Path) -> None:
    async with night(tmp_path) as now:
        index = int(now.busy_stage().rpartition("-")[2])
        port = now.installation.media_port + index
        for kind in KINDS:
            now.kills.append(Kill(kind, time.monotonic()))
            flood = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.journey.flood", str(port), kind, str(PER_S),
                str(SECONDS), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            told, _ = await flood.communicate()
            assert int(told) > PER_S * SECONDS * 0.5
            await asyncio.sleep(1.0)
        joins = [speaker.joins for speaker in now.speakers]
        await asyncio.sleep(1.5)
    lost = {
        (flood.what, one.codec): broken.seconds_lost(one, flood)
        for flood in now.kills
        for one in now.crowd
    }
    assert joins == [1, 1], "nobody had to come back"
    assert max(lost.values()) <= LOST_S + 1e-9, lost
