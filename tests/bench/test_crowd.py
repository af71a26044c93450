"""A crowd at the floor, both as processes: it counts what is due and notices what is not."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bench.audience import crowd, gather, join
from bench.floor import floor

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")

COUNT = 40
EVERY_MS = 100
SIZE = 200


async def test_everybody_gets_every_frame(tmp_path: Path) -> None:
    async with (
        floor(tmp_path, frame_bytes=SIZE, every_ms=EVERY_MS) as below,
        crowd("floor", below.port, "/", number_ms=EVERY_MS, size=SIZE) as people,
    ):
        came = await join(people, COUNT, within_s=0.1)
        assert len(came["in_s"]) == COUNT
        await people.ask("mark")
        await asyncio.sleep(0.5)
        heard = await people.ask("report")
        # Both were asked for in the pause after a frame: all have heard equally many.
        assert heard["frames_min"] == heard["frames_max"] > 0
        assert heard["frames"] == heard["numbers"] == COUNT * heard["frames_min"]
        assert heard["bytes"] == heard["frames"] * SIZE
        assert (heard["listeners"], heard["gaps"], heard["gone"]) == (COUNT, 0, 0)


async def test_a_server_that_stands_still_leaves_them_silent(tmp_path: Path) -> None:
    async with (
        floor(tmp_path, frame_bytes=SIZE, every_ms=EVERY_MS) as below,
        crowd("floor", below.port, "/", number_ms=EVERY_MS, size=SIZE) as people,
    ):
        await join(people, COUNT, within_s=0)
        await people.ask("mark")
        below.child.pause()
        await asyncio.sleep(0.5)
        below.child.go_on()
        while not (heard := await people.ask("report"))["frames_min"]:
            pass
        assert heard["stalled"] == COUNT
        assert heard["silence_max_s"] >= 0.5


async def test_frames_of_another_size_are_not_taken(tmp_path: Path) -> None:
    async with (
        floor(tmp_path, frame_bytes=SIZE, every_ms=EVERY_MS) as below,
        crowd("floor", below.port, "/", number_ms=EVERY_MS, size=SIZE - 1) as people,
    ):
        # The first one looks right; the second begins where it must not, maybe before all are in.
        await people.ask("join", count=COUNT, within_s=0, wait_s=30)
        while (heard := await people.ask("report"))["gone"] < COUNT:
            pass
        assert heard["why"][0] == "Broken: a frame's filling"


async def test_whoever_was_lost_comes_again(tmp_path: Path) -> None:
    async with (
        floor(tmp_path, frame_bytes=SIZE, every_ms=EVERY_MS) as below,
        crowd("floor", below.port, "/", number_ms=EVERY_MS, size=SIZE) as people,
    ):
        await join(people, COUNT // 2, within_s=0)
        assert (await people.ask("weed"))["listeners"] == COUNT // 2
        await people.ask("leave")
        await gather(people, COUNT, per_s=1_000)
        assert (await people.ask("report"))["listeners"] == COUNT
