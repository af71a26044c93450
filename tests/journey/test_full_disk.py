"""The disk fills up in mid-speech: listeners go on, the host is told, and nothing is lost.

Needs root: the data folder is a small file system of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hustings.drills import evening
from tests.journey import broken
from tests.journey.broken import Kill
from tests.journey.people import night, until

SIZE = "192m"
TOLD_S = 5.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own with little room."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    folder = tmp_path / "data"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass


async def test_a_full_disk(small_disk: Path) -> None:
    async with night(small_disk) as now:
        desk = asyncio.create_task(
            asyncio.to_thread(now.host.first_event, f"/spaces/{now.space}/events", "warning")
        )
        await asyncio.sleep(1.0)
        full = Kill("disk", time.monotonic())
        fill(small_disk / "filler")
        async with asyncio.timeout(TOLD_S):
            warning = await desk
        assert warning["code"] == "disk_low"
        assert await until(
            lambda: any("disk" in line and "risk" in line for line in now.installation.lines),
            seconds=TOLD_S,
        ), "the operator is not told"
        await asyncio.sleep(6.0)
        (small_disk / "filler").unlink()
        assert await until(
            lambda: any("space is back" in line for line in now.installation.lines), seconds=6.0
        )
        await asyncio.sleep(3.0)
        await now.host.step(now.space, "end")
        door = await evening.posted(now.host, now.installation.listen_url, now.space)
        address = now.installation.listen_url + door["replay"]["m4a"]
        replay = await asyncio.to_thread(evening.fetch, address)
    for one in now.crowd:
        assert broken.seconds_lost(one, full) <= 0.1
        assert broken.samples_missing(one) == 0
    assert max(broken.seconds_missing(replay), default=0.0) <= 0.1, "the stage held what was said"
