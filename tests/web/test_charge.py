"""A deputy in charge: once, however many studios; with a co-host's rights, for a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hustings import limits
from hustings.log.subjects import Kind
from hustings.space import decode
from hustings.space.charge_event import DeputyInCharge, HostInCharge
from tests.servers import connected
from tests.web.agenda.people import account
from tests.web.desk.evening import Stage
from tests.web.running import Engines, Running, is_problem, make_space, studio, until

AWAY_S = 0.5


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HOST_AWAY_S", AWAY_S)


@pytest.fixture
async def stage(servers: Engines) -> AsyncIterator[Stage]:
    """What a stage would tell."""
    ends = (servers.live, servers.log, servers.passwords)
    async with connected("stage", *ends) as (record, live), connected("archive", *ends) as (_, a):
        yield Stage(record, live, a)


async def charges(web: Running, space: str) -> list[DeputyInCharge | HostInCharge]:
    events = [decode(e.data) async for e in web.record.read(space, [Kind.EV])]
    return [e for e in events if isinstance(e, DeputyInCharge | HostInCharge)]


async def in_charge(client: httpx.AsyncClient, space: str, seat: str) -> bool:
    return bool((await client.get(f"/api/spaces/{space}")).json()["in_charge"] == seat)


async def live_space(host: httpx.AsyncClient, stage: Stage) -> tuple[str, str]:
    """A live space whose host is on stage: it, and the host's seat."""
    made = await make_space(host)
    for verb in ("doors", "live"):
        assert (await host.post(f"/api/spaces/{made['id']}/{verb}")).is_success
    seat = made["seats"][0]["id"]
    await stage.sits(made["id"], seat)
    return made["id"], seat


async def test_a_deputy_takes_over_once_and_gives_it_back(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    async with (
        studio(tmp_path, servers) as one,
        studio(tmp_path, servers, instance="web-1") as two,
        one.host() as host,
    ):
        space, own = await live_space(host, stage)
        room = f"/api/spaces/{space}"
        async with one.speaker(host, space) as (deputy, seat):
            await stage.sits(space, seat)
            named = await host.put(f"{room}/deputy", json={"seat": seat})
            assert named.json()["deputy"] == seat
            is_problem(await deputy.post(f"{room}/hold"), 403, "role")
            await stage.loses(space, own)
            await until(lambda: in_charge(deputy, space, seat))
            assert (await deputy.get(room)).json()["seats"][0]["lost"]
            assert (await deputy.post(f"{room}/hold", json={"reason": "One moment."})).is_success
            assert (await deputy.post(f"{room}/seats/{own}/mute")).is_success
            is_problem(await deputy.put(f"{room}/deputy", json={"seat": ""}), 403, "role")
            assert 'id="next-step"' in (await deputy.get(f"/s/{space}/stage")).text
            assert (await host.post(f"{room}/resume")).is_success  # the host's rights stay
            # Whoever comes late has looked again after the change.
            await asyncio.sleep(2 * AWAY_S)
            [taken] = await charges(two, space)
            assert (taken.by, getattr(taken, "seat", "")) == ("timer", seat)
            await stage.regains(space, own)
            await until(lambda: in_charge(deputy, space, ""))
            is_problem(await deputy.post(f"{room}/hold"), 403, "role")
            await asyncio.sleep(0.3)
            assert [type(one) for one in await charges(two, space)] == [
                DeputyInCharge,
                HostInCharge,
            ]


async def test_a_host_who_is_back_in_time_stays_in_charge(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        async with web.speaker(host, space, role="cohost") as (_, seat):
            await stage.sits(space, seat)
            await stage.loses(space, own)
            await asyncio.sleep(AWAY_S / 2)
            await stage.regains(space, own)
            await asyncio.sleep(2 * AWAY_S)
            assert await charges(web, space) == []


async def test_a_studio_that_starts_later_puts_a_co_host_in_charge(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        async with web.speaker(host, space, role="cohost") as (_, seat):
            await stage.sits(space, seat)
    await stage.loses(space, own)
    await asyncio.sleep(AWAY_S)
    async with studio(tmp_path, servers) as web, web.host() as host:
        await until(lambda: in_charge(host, space, seat))


async def test_a_deputy_leaves_the_roles_as_they_are(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    no = "Who stands in for the host gives and takes no roles."
    async with studio(tmp_path, servers) as web, web.host() as host, account(web, "Amara"):
        space, own = await live_space(host, stage)
        api, page = f"/api/spaces/{space}/cohosts", f"/s/{space}/cohosts"
        async with web.speaker(host, space) as (deputy, seat):
            await stage.sits(space, seat)
            await host.put(f"/api/spaces/{space}/deputy", json={"seat": seat})
            await stage.loses(space, own)
            await until(lambda: in_charge(deputy, space, seat))
            is_problem(await deputy.post(api, json={"who": "amara"}), 403, "role")
            added = await deputy.post(page, data={"who": "amara"})
            assert added.status_code == 422
            assert no in added.text
            made = (await host.post(api, json={"who": "amara"})).json()
            gone = await deputy.post(f"{page}/{made['id']}/remove")
            assert gone.status_code == 422
            assert no in gone.text
            assert len((await host.get(api)).json()) == 1
            cohost = {"name": "Dee", "role": "cohost"}
            seats = f"/api/spaces/{space}/seats"
            dee = f"{seats}/{(await host.post(seats, json=cohost)).json()['seat']}"
            is_problem(await deputy.post(f"{dee}/link"), 403, "role")
            is_problem(await deputy.delete(dee), 403, "role")
            assert (await deputy.post(f"{seats}/{seat}/link")).status_code == 201


async def test_a_deputy_ends_the_space(tmp_path: Path, servers: Engines, stage: Stage) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        async with web.speaker(host, space) as (deputy, seat):
            await stage.sits(space, seat)
            await host.put(f"/api/spaces/{space}/deputy", json={"seat": seat})
            await stage.loses(space, own)
            await until(lambda: in_charge(deputy, space, seat))
            ended = await deputy.post(f"/api/spaces/{space}/end")
            assert (ended.json()["status"], ended.json()["in_charge"]) == ("ended", "")
            assert (await web.space(space)).in_charge == ""


async def test_a_host_who_leaves_the_stage_is_in_charge_while_at_the_desk(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        async with web.speaker(host, space, role="cohost") as (cohost, seat):
            await stage.sits(space, seat)
            async with host.stream("GET", f"/api/spaces/{space}/events") as desk:
                lines = desk.aiter_lines()
                await anext(lines)
                await stage.loses(space, own, cause="bye")
                await asyncio.sleep(3 * AWAY_S)
                assert await charges(web, space) == []
            await until(lambda: in_charge(cohost, space, seat))  # the desk is closed as well
            async with host.stream("GET", f"/api/spaces/{space}/events") as desk:
                lines = desk.aiter_lines()
                await anext(lines)
                await until(lambda: in_charge(cohost, space, ""))


async def test_a_desk_that_is_loaded_anew_puts_nobody_in_charge(
    tmp_path: Path, servers: Engines, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HOST_AWAY_S", 3.0)
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        async with web.speaker(host, space, role="cohost") as (_, seat):
            await stage.sits(space, seat)
            for left in (True, False):  # the desk is closed twice, each time for a moment
                async with host.stream("GET", f"/api/spaces/{space}/events") as desk:
                    lines = desk.aiter_lines()
                    await anext(lines)
                    if left:
                        await stage.loses(space, own, cause="bye")
                    await asyncio.sleep(2.5)
                await asyncio.sleep(1.5)
            assert await charges(web, space) == []


async def test_a_deputy_whose_seat_is_given_back_is_in_charge_again(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        room = f"/api/spaces/{space}"
        async with web.speaker(host, space) as (deputy, seat):
            await stage.sits(space, seat)
            await host.put(f"{room}/deputy", json={"seat": seat})
            await stage.loses(space, own)
            await until(lambda: in_charge(deputy, space, seat))
            assert (await host.delete(f"{room}/seats/{seat}")).is_success
            await until(lambda: in_charge(host, space, ""))
            await stage.loses(space, seat, cause="removed")
            assert (await host.post(f"{room}/seats/{seat}/restore")).is_success
            await stage.regains(space, seat)
            await until(lambda: in_charge(host, space, seat))


async def test_another_deputy_may_be_named_in_the_same_absence(
    tmp_path: Path, servers: Engines, stage: Stage
) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        room = f"/api/spaces/{space}"
        async with (
            web.speaker(host, space) as (first, ben),
            web.speaker(host, space) as (second, eve),
        ):
            for seat in (ben, eve):
                await stage.sits(space, seat)
            await host.put(f"{room}/deputy", json={"seat": ben})
            await stage.loses(space, own)
            await until(lambda: in_charge(first, space, ben))
            assert (await first.delete(f"{room}/seats/{ben}")).is_success
            await host.put(f"{room}/deputy", json={"seat": eve})
            await until(lambda: in_charge(second, space, eve))


async def test_an_answer_knows_who_is_back(tmp_path: Path, servers: Engines, stage: Stage) -> None:
    async with studio(tmp_path, servers) as web, web.host() as host:
        space, own = await live_space(host, stage)
        room = f"/api/spaces/{space}"
        async with web.speaker(host, space) as (ben, seat):
            await stage.sits(space, seat)

            def away(answer: httpx.Response) -> bool:
                return any(s["away"] for s in answer.json()["seats"] if s["id"] == seat)

            assert away(await ben.put(f"{room}/seats/{seat}/away", json={"away": True}))
            assert away(await host.post(f"{room}/seats/{own}/mute"))
            await stage.regains(space, seat)  # the page was loaded anew, and says nothing of it

            async def back() -> bool:
                return not away(await host.get(room))

            await until(back)
            assert not away(await host.post(f"{room}/seats/{own}/unmute"))
