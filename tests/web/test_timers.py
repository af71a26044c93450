"""Doors that open by themselves: once, however many studios there are."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path

import httpx

from hustings import limits
from hustings.log.propose import propose
from hustings.log.subjects import Kind
from hustings.space import decode
from hustings.space.command import OpenDoors
from hustings.space.event import DoorsOpened
from hustings.web.catalogue import Catalogue
from hustings.web.database import Database
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
    database = Database(f"sqlite+aiosqlite:///{web.folder / 'hustings.db'}")
    catalogue = Catalogue(database)
    async with web.host() as host:
        space = (await make_space(host))["id"]
        await propose(web.record, web.live, space, OpenDoors(by="system"), now_ms=1)

        async def known() -> bool:
            listed = await catalogue.get(space)
            return listed is not None and listed.status == "doors"

        await until(known)
    await database.close()
