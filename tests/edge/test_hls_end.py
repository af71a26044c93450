"""The end of a programme in its playlists: said once it is true, and not before."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hustings.edge.head import Request
from hustings.edge.hls import Hls
from hustings.edge.reply import Reply
from hustings.edge.segments import Segments
from hustings.edge.spool import Spool
from hustings.log.memory import MemoryLog
from hustings.space import Space, Status
from hustings.space import event as e
from tests import programme
from tests.edge.house import SPACE, House
from tests.formats.validator import Listing, parse

INDEX = f"/live/{SPACE}/index.m3u8"


async def test_posted_is_not_yet_read_to_the_end(tmp_path: Path) -> None:
    """The news overtakes the sound on an edge that was cut off: what it has is not the whole."""
    log = MemoryLog(now_ns=time.time_ns)
    async with asyncio.TaskGroup() as tasks:
        segments = Segments(SPACE, log=log, spool=Spool(tmp_path), tasks=tasks)
        state = Space(id=SPACE, status=Status.POSTED, live_n=0, opened_at_ms=3)
        hls = Hls(segments, state=lambda: state)
        asked = Request(method="GET", parts=("live", SPACE, "dvr.m3u8"), query={}, headers={})
        segments.caught_up.set()

        async def listed() -> tuple[Listing, str]:
            answer = await hls.dvr(asked)
            assert isinstance(answer, Reply)
            return parse(answer.body.decode()), dict(answer.fields)["Cache-Control"]

        for n in range(12):
            await segments.put(programme.chunk(n))
        made, kept = await listed()
        assert (made.ended, kept) == (False, "public, max-age=1")
        for n in range(12, 18):
            await segments.put(programme.chunk(n))
        await segments.finish()
        made, kept = await listed()
        assert (made.ended, kept) == (True, "public, max-age=60")
        assert [s.uri for s in made.segments] == [f"aac/{k}.m4s" for k in range(3)]


async def test_who_waits_for_sound_that_never_comes_gets_no_empty_playlist(h: House) -> None:
    await h.schedule()
    await h.doors()
    await h.until(lambda s: s["status"] == "doors")
    waiting = asyncio.create_task(h.get(INDEX))
    await h.get("/healthz")
    await asyncio.sleep(0.2)
    await h.event(e.Cancelled(at_ms=9, by="host"))
    answer = await waiting
    assert (answer.status, answer.fields["cache-control"]) == (503, "no-store")
