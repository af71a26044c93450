"""Doors that open by themselves: once, however many studios there are."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path

import httpx
import pytest

from hustings import limits
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import Role, Space, decode
from hustings.space.command import EndSoon, GoLive, KeepGoing, OpenDoors
from hustings.space.event import DoorsOpened, Ended
from hustings.web import timers
from hustings.web.catalogue import Catalogue
from hustings.web.database import Database
from hustings.web.studio import now_ms
from tests.servers import connected
from tests.web.running import Engines, Running, is_problem, make_space, studio, until


async def opened(web: Running, space: str) -> list[DoorsOpened]:
    events = [decode(e.data) async for e in web.record.read(space, [Kind.EV])]
    return [e for e in events if isinstance(e, DoorsOpened)]


async def status(host: httpx.AsyncClient, space: str, wanted: str) -> bool:
    answer = await host.get(f"/api/spaces/{space}")
    return bool(answer.json()["status"] == wanted)


async def test_doors_open_once_with_two_studios(tmp_path: Path, servers: Engines) -> None:
    async with (
        studio(tmp_path, servers) as one,
        studio(tmp_path, servers, instance="web-1") as two,
        one.host() as host,
        two.host() as there,
    ):
        soon = time.time_ns() // 1_000_000 + 700
        made = [
            await make_space(host, starts_at_ms=soon + 60_000, doors_at_ms=soon) for _ in range(5)
        ]
        for space in made:
            await until(partial(status, there, space["id"], "doors"))
        # Whoever comes late has looked again after the opening.
        await asyncio.sleep(2 * limits.DOORS_CHECK_S)
        for space in made:
            [event] = await opened(one, space["id"])
            assert event.by == "timer"


async def test_doors_wait_for_the_log(web: Running) -> None:
    async with web.host() as host:
        soon = time.time_ns() // 1_000_000 + 500
        made = await make_space(host, starts_at_ms=soon + 60_000, doors_at_ms=soon)
        await web.engines.log.stop()
        # Their time comes and goes while there is no log.
        await asyncio.sleep(2 * limits.DOORS_CHECK_S)
        await web.engines.log.start()
        await until(lambda: status(host, made["id"], "doors"), within_s=15)
        assert len(await opened(web, made["id"])) == 1


async def test_space_without_a_log_keeps_no_other_from_opening(web: Running) -> None:
    servers = web.engines
    async with (
        web.host() as host,
        connected("archive", servers.live, servers.log, servers.passwords) as (record, _),
    ):
        soon = time.time_ns() // 1_000_000 + 500
        times = {"starts_at_ms": soon + 60_000, "doors_at_ms": soon}
        lost = await make_space(host, title="Lost", **times)
        await record.delete(lost["id"])
        made = await make_space(host, **times)
        await until(lambda: status(host, made["id"], "doors"))
        is_problem(await host.get(f"/api/spaces/{lost['id']}"), 404, "not-found")
        assert "Lost" in (await host.get("/")).text


async def test_catalogue_follows_what_others_decide(web: Running) -> None:
    database = Database(web.database_url)
    catalogue = Catalogue(database)
    async with web.host() as host:
        space = (await make_space(host))["id"]
        await propose(web.record, web.live, space, OpenDoors(by="system"), now_ms=1)

        async def known() -> bool:
            listed = await catalogue.get(space)
            return listed is not None and listed.status == "doors"

        await until(known)
    await database.close()


async def _ended(web: Running, space: str) -> list[Ended]:
    events = [decode(e.data) async for e in web.record.read(space, [Kind.EV])]
    return [e for e in events if isinstance(e, Ended)]


async def _live(web: Running, host: httpx.AsyncClient) -> str:
    space = str((await make_space(host))["id"])
    for command in (OpenDoors(by="a"), GoLive(by="a")):
        await propose(web.record, web.live, space, command, now_ms=1)
    return space


def _soon(in_ms: int) -> EndSoon:
    return EndSoon(by="a", role=Role.HOST, in_ms=in_ms)


async def test_an_announced_end_comes_once_with_two_studios(
    tmp_path: Path, servers: Engines
) -> None:
    async with (
        studio(tmp_path, servers) as one,
        studio(tmp_path, servers, instance="web-1"),
        one.host() as host,
    ):
        spaces = [await _live(one, host) for _ in range(3)]
        for space in spaces:
            made = await propose(one.record, one.live, space, _soon(600), now_ms=now_ms())
            assert isinstance(made, Space)
        assert await _ended(one, spaces[0]) == []
        for space in spaces:
            await until(partial(status, host, space, "ended"))
        await asyncio.sleep(2 * limits.DOORS_CHECK_S)
        for space in spaces:
            [event] = await _ended(one, space)
            assert event.by == "timer"


async def test_an_end_that_was_undone_does_not_come(web: Running) -> None:
    async with web.host() as host:
        undone, meant = await _live(web, host), await _live(web, host)
        for space in (undone, meant):
            await propose(web.record, web.live, space, _soon(500), now_ms=now_ms())
        keep = KeepGoing(by="a", role=Role.HOST)
        assert isinstance(await propose(web.record, web.live, undone, keep, now_ms=now_ms()), Space)
        await until(partial(status, host, meant, "ended"))
        await asyncio.sleep(2 * limits.DOORS_CHECK_S)
        assert await _ended(web, undone) == []
        # Announced anew, it comes.
        await propose(web.record, web.live, undone, _soon(100), now_ms=now_ms())
        await until(partial(status, host, undone, "ended"))


async def test_an_announced_end_comes_without_the_live_path(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "_LOOK_S", 0.3)
    async with web.host() as host:
        space = await _live(web, host)
        await until(partial(status, host, space, "live"))
        await web.engines.live.stop()
        answer = await host.post(f"/api/spaces/{space}/end", json={"in_ms": 300})
        assert answer.status_code == 200, answer.text
        await until(partial(status, host, space, "ended"))
        await web.engines.live.start()


async def test_an_end_announced_before_a_restart_of_the_studio_comes(
    tmp_path: Path, servers: Engines
) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space = await _live(web, host)
        await propose(web.record, web.live, space, _soon(1_500), now_ms=now_ms())
        record = [entry.data async for entry in web.record.read(space, [Kind.EV])]
    async with studio(tmp_path, servers) as web, web.host() as host:
        await until(partial(status, host, space, "ended"))
        assert len(record) + 1 == len([e async for e in web.record.read(space, [Kind.EV])])
