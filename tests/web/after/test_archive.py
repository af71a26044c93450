"""The whole way: asked for in the studio, made by the real archive, and gone when one listens."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx
import numpy as np

from hustings.clock import CHUNK_SAMPLES
from hustings.log.subjects import Kind
from tests.archive.script import Script
from tests.edge.archives import Archive
from tests.edge.house import House
from tests.servers import connected
from tests.tones import decode_file, tone, tone_level_dbfs
from tests.web import running
from tests.web.running import Engines, Running, make_space, until

_LOW: Final = 400
_HIGH: Final = 1_000
_PART: Final = 10  # slots: 3.2 s low, 3.2 s high, 3.2 s low


async def test_cut_in_the_studio_and_taken_back(tmp_path: Path, servers: Engines) -> None:
    (tmp_path / "archive").mkdir()
    ends = {"live_server": servers.live, "log_server": servers.log, "passwords": servers.passwords}
    archive = Archive(cast("House", SimpleNamespace(folder=tmp_path, **ends)))
    async with running.studio(tmp_path / "archive", servers) as web, web.host() as host:
        await archive.start()
        try:
            room = await _spoken(web, host)
            made = await until(lambda: _finished(host, room), within_s=30)
            assert made["original_ms"] == 3 * _PART * 320
            edit = {"kind": "cut", "from_ms": 3_200, "to_ms": 6_400, "reason": "A whistle."}
            asked = edit | {"revision": made["revision"]}
            told = asyncio.create_task(_told(host, room))
            answer = await host.post(f"{room}/recording/edits", json=asked)
            assert answer.json()["making"], answer.text
            async with asyncio.timeout(30):
                work = await told
            assert work["part"] == "sound"
            assert 0 <= work["done"] <= 1
            made = await until(lambda: _finished(host, room), within_s=30)
            assert (made["duration_ms"], made["failed"]) == (6_400, "")
            assert made["edits"][0]["state"] == "made"
            page = room.replace("/api/spaces", "/s")
            assert not _whistles((await host.get(f"{page}/recording.m4a")).content)
            assert _whistles((await host.get(f"{page}/original/replay.m4a")).content)
            receipt = (await host.get(f"{page}/receipt.json")).json()["receipt"]
            assert [one["reason"] for one in receipt["edits"]] == ["A whistle."]
            await host.delete(f"{room}/recording/edits/{made['edits'][0]['id']}")
            made = await until(lambda: _finished(host, room), within_s=30)
            assert (made["duration_ms"], made["edits"][0]["state"]) == (9_600, "undone")
            assert _whistles((await host.get(f"{page}/recording.m4a")).content)
        finally:
            await archive.kill()


async def _told(host: httpx.AsyncClient, room: str) -> dict[str, Any]:
    """What the studio says first of the archive's work."""
    async with host.stream("GET", f"{room}/events", timeout=30) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if line == "event: work":
                told: dict[str, Any] = json.loads((await anext(lines)).removeprefix("data: "))
                return told
    raise AssertionError("the stream ended")


async def _spoken(web: Running, host: httpx.AsyncClient) -> str:
    """A space with three stretches of sound, ended; its address in the API."""
    space = (await make_space(host))["id"]
    room = f"/api/spaces/{space}"
    script = Script(space=space, wall_ms=time.time_ns() // 1_000_000)
    for hz in (_LOW, _HIGH, _LOW):
        sound = np.resize(tone(hz, 1.0), _PART * CHUNK_SAMPLES).astype(np.float32)
        script.live(sound)
    engines = web.engines
    async with connected("stage", engines.live, engines.log, engines.passwords) as (log, _):
        await host.post(f"{room}/doors")
        await host.post(f"{room}/live")
        for entry in script.entries:
            if entry.kind in (Kind.MIX, Kind.OBS):
                message_id = f"{space}-{entry.seq}"
                await log.append(space, entry.kind, entry.data, message_id=message_id)
    answer = await host.post(f"{room}/end")
    assert answer.is_success, answer.text
    return room


async def _finished(host: httpx.AsyncClient, room: str) -> dict[str, Any] | None:
    """The recording, once everything that was asked for is made."""
    answer = await host.get(f"{room}/recording")
    made: dict[str, Any] = answer.json()
    return made if answer.is_success and not made["making"] else None


def _whistles(sound: bytes) -> bool:
    """Whether the high tone is in it anywhere."""
    heard = decode_file(sound, format="mp4")
    return any(
        tone_level_dbfs(heard[at : at + 9_600], _HIGH) > -30 for at in range(0, len(heard), 9_600)
    )
