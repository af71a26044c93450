"""The event stream: state at once and at each change, levels, listeners, and its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from hustings import limits
from hustings.log import subjects
from hustings.log.contract import Entry
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
        connected("archive", servers.live, servers.log, servers.passwords) as (_, archive),
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
            here = {"listening": 7, "rungs": {"live": 5, "slow": 2}, "waiting": 3, "turned_away": 1}
            whole = json.dumps({"peak": 412, "distinct": 530, "listener_minutes": 99}).encode()
            await archive.publish(subjects.crowd_whole(space), whole)
            await edge.publish(
                subjects.crowd("edge-1"), json.dumps({"spaces": {space: here}}).encode()
            )
            crowd = await expect(stream, "crowd", listening=407, peak=412)
            assert crowd["rungs"] == {"live": 5, "slow": 2}
            assert (crowd["waiting"], crowd["turned_away"], crowd["distinct"]) == (3, 1, 530)
            warned = Warned(at_ms=1, code="silent", advice="No sound arrives.", n=1, seat=seat)
            await live.publish(subjects.live(space, "obs"), encode(warned))
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


async def test_stream_ends_with_the_sign_in(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WATCH_PING_S", 0.2)
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with events(host, space) as stream:
            await expect(stream, "state")
            await host.post("/sign-out")
            assert [name async for name, _ in stream if name == "state"] == []
        is_problem(await host.get(f"/api/spaces/{space}/events"), 401, "sign-in")


async def test_whoever_sits_down_tells_the_seats_other_pages(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with (
            web.speaker(host, space) as (speaker, _),
            events(speaker, space) as own,
            events(host, space) as other,
        ):
            await expect(own, "state")
            await expect(other, "state")
            answer = await speaker.post(f"/api/spaces/{space}/ticket", json={"page": "p1"})
            assert answer.status_code == 200
            assert await expect(own, "taken") == {"page": "p1"}
            await host.post(f"/api/spaces/{space}/doors")
            names = []
            async for name, data in other:
                names.append(name)
                if name == "state" and data["status"] == "doors":
                    break
            assert "taken" not in names, "it is for the same seat only"
            bad = {"page": "<b>"}
            is_problem(await speaker.post(f"/api/spaces/{space}/ticket", json=bad), 422, "value")


async def test_followed_space_is_not_read_again(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = web.record.read

    def counted(space: str, kinds: Collection[Kind], *, after: int = 0) -> AsyncIterator[Entry]:
        if Kind.OBS in kinds:
            reads.append(space)
        return read(space, kinds, after=after)

    async with web.host() as host:
        made = await make_space(host)
        path = f"/api/spaces/{made['id']}"
        seat = f"{path}/seats/{made['seats'][0]['id']}"
        async with events(host, made["id"]) as stream:
            await expect(stream, "state")
            monkeypatch.setattr(web.record, "read", counted)
            for _ in range(20):
                assert (await host.get(path)).json()["seats"][0]["muted"] is False
            assert reads == []
            # Whoever has decided something reads it, however late the follower is.
            for _ in range(10):
                for verb, muted in (("mute", True), ("unmute", False)):
                    assert (await host.post(f"{seat}/{verb}")).status_code == 200
                    assert (await host.get(path)).json()["seats"][0]["muted"] is muted


async def test_who_is_no_cohost_any_more_sees_no_more_than_others(web: Running) -> None:
    async with web.host() as host:
        space = (await make_space(host))["id"]
        async with web.speaker(host, space, role="cohost") as (cohost, seat):
            block = {"person": "g-k3v9q1xzm4rk3tpl", "name": "Loud", "reason": "Insults."}
            assert (await host.post(f"/api/spaces/{space}/blocks", json=block)).status_code == 201
            async with events(cohost, space) as stream:
                seen = await expect(stream, "state")
                assert [one["name"] for one in seen["blocked"]] == ["Loud"]
                path = f"/api/spaces/{space}/seats/{seat}"
                assert (await host.put(path, json={"role": "speaker"})).status_code == 200
                assert not (await expect(stream, "state"))["blocked"]
