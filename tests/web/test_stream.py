"""The event stream: state at once and at each change, levels, listeners, and its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from hustings.log import subjects
from hustings.log.subjects import Kind
from hustings.space import encode
from hustings.space.event import SeatJoined, Warned
from tests.servers import connected
from tests.web.running import Running, is_problem, make_space, server_events


@asynccontextmanager
async def events(client: httpx.AsyncClient, space: str) -> AsyncIterator[AsyncIterator[Any]]:
    async with (
        client.stream("GET", f"/api/spaces/{space}/events") as answer,
        asyncio.timeout(10),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield server_events(answer)


async def expect(stream: AsyncIterator[Any], name: str, **fields: Any) -> Any:
    """The next event of this name with these fields."""
    async for found, data in stream:
        if found == name and fields.items() <= data.items():
            return data
    raise AssertionError("the stream has ended")


async def test_state_changes_arrive(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with events(host, space) as stream:
            assert (await expect(stream, "state"))["status"] == "scheduled"
            await host.post(f"/api/spaces/{space}/doors")
            await expect(stream, "state", status="doors")


async def test_what_the_stage_and_the_edges_tell_arrives(web: Running) -> None:
    servers = web.engines
    async with (
        web.host() as host,
        connected("stage", servers.live, servers.log, servers.passwords) as (record, live),
        connected("edge", servers.live, servers.log, servers.passwords) as (_, edge),
    ):
        made = await make_space(host)
        space, seat = made["id"], made["seats"][0]["id"]
        async with events(host, space) as stream:
            await expect(stream, "state")
            joined = SeatJoined(at_ms=1, seat=seat, join=1, n=0)
            await record.append(space, Kind.OBS, encode(joined), message_id="a")
            state = await expect(stream, "state")
            assert state["seats"][0]["connected"] is True
            levels = json.dumps({"n": 5, "levels": {seat: -23.5}}).encode()
            await live.publish(subjects.live(space, "levels"), levels)
            assert await expect(stream, "levels") == {seat: -23.5}
            for name, count in (("edge-0", 400), ("edge-1", 12)):
                gauge = json.dumps({"spaces": {space: {"listening": count}}}).encode()
                await edge.publish(subjects.crowd(name), gauge)
            await expect(stream, "listening", count=412)
            await edge.publish(subjects.crowd("edge-1"), b'{"spaces": {}}')
            await expect(stream, "listening", count=400)
            warned = Warned(at_ms=1, code="silent", advice="No sound arrives.", n=1, seat=seat)
            await record.append(space, Kind.OBS, encode(warned), message_id="b")
            assert (await expect(stream, "warning"))["advice"] == "No sound arrives."


async def test_nonsense_on_the_live_path_is_passed_over(web: Running) -> None:
    servers = web.engines
    async with (
        web.host() as host,
        connected("stage", servers.live, servers.log, servers.passwords) as (_, live),
        connected("edge", servers.live, servers.log, servers.passwords) as (_, edge),
    ):
        space = (await make_space(host))["id"]
        async with events(host, space) as stream:
            await expect(stream, "state")
            for data in (b"", b"{", b'{"levels": {"a": "loud"}}', b"\xff"):
                await live.publish(subjects.live(space, "levels"), data)
                await edge.publish(subjects.crowd("edge-0"), data)
            good = json.dumps({"n": 5, "levels": {"a": -1.0}}).encode()
            await live.publish(subjects.live(space, "levels"), good)
            assert await expect(stream, "levels") == {"a": -1.0}


async def test_stream_goes_on_after_an_outage_of_the_log(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with events(host, space) as stream:
            await expect(stream, "state")
            await web.engines.log.stop()
            # What was seen last is still shown, and tickets are still given.
            answer = await host.get(f"/api/spaces/{space}", timeout=30)
            assert answer.json()["status"] == "scheduled"
            await web.engines.log.start()
            answer = await host.post(f"/api/spaces/{space}/doors", timeout=30)
            await expect(stream, "state", status="doors")


async def test_stream_ends_with_the_seat(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with web.speaker(host, space) as (speaker, seat):
            async with events(speaker, space) as stream:
                await expect(stream, "state")
                await host.delete(f"/api/spaces/{space}/seats/{seat}")
                last = [data async for name, data in stream if name == "state"]
                assert seat not in [s["id"] for s in last[-1]["seats"]]
            is_problem(await speaker.get(f"/api/spaces/{space}/events"), 403, "seat")
