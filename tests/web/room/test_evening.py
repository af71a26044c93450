"""An evening with two studios and an edge, while servers restart: nothing is lost, doubled or
shown in another order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hustings import limits
from hustings.keys import Keys
from hustings.log.subjects import Kind
from hustings.space import decode
from hustings.space.event import Ended, HandInvited
from hustings.web.room.tickets import Tickets
from hustings.web.studio import now_ms
from tests.edge.house import House
from tests.web.room.crowd import Listener, guest, opened, written
from tests.web.running import Engines, Running, server_events, studio, until

_PERSONS = 40
_EACH = 4


def _listener(web: Running, client: httpx.AsyncClient, space: str, number: int) -> Listener:
    person = f"g-{number:016d}"
    tickets = Tickets(Keys(web.folder / "keys"))
    token = tickets.make(space, person=person, name=f"Guest {number}", sign_in="", now_ms=now_ms())
    return Listener(client, space, person, token)


@asynccontextmanager
async def _heard(host: httpx.AsyncClient, space: str) -> AsyncIterator[list[str]]:
    """The ids of messages as they come to a page of the studio, which has loaded those before."""
    ids: list[str] = []

    async def listen(answer: httpx.Response) -> None:
        async for name, data in server_events(answer):
            if name == "talk":
                ids.extend(one["id"] for one in data["said"])

    async with host.stream("GET", f"/api/spaces/{space}/events", timeout=60) as answer:
        task = asyncio.create_task(listen(answer))
        # What was written before this is answered is no news to the page.
        assert (await host.get(f"/api/spaces/{space}/talk")).json()["chat"] == []
        yield ids
        task.cancel()
        await asyncio.wait((task,))


@asynccontextmanager
async def _told(house: House, space: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The chat as it comes to a listener."""
    stream = await house.open(f"/live/{space}/events")
    assert stream.status == 200
    told: list[dict[str, Any]] = []

    async def listen() -> None:
        async for line in stream.reader:
            if line.startswith(b"data: "):
                told.extend(one for one in json.loads(line[6:]) if one["type"] == "chat")

    task = asyncio.create_task(listen())
    yield told
    task.cancel()
    await asyncio.wait((task,))
    await stream.close()


async def _write(one: Listener, number: int, kept: list[str]) -> None:
    for index in range(_EACH):
        answer = await one.post("chat", {"text": f"{number} says {index}"})
        if answer.status_code == 201:
            kept.append(answer.json()["id"])
        else:
            assert answer.status_code == 503, answer.text
        await asyncio.sleep(0.3)


@pytest.mark.timeout(60)
async def test_what_was_acknowledged_is_shown_once_in_one_order(
    tmp_path: Path, servers: Engines
) -> None:
    async with (
        studio(tmp_path, servers) as one,
        studio(tmp_path, servers, instance="web-1") as two,
        one.host() as host,
        two.host() as there,
        one.browser() as first,
        two.browser() as second,
    ):
        space = await opened(host)
        log_and_live = (one.record, one.live)
        house = House(
            tmp_path, servers.live, servers.log, servers.passwords, log_and_live, log_and_live
        )
        await house.start_edge()
        try:
            async with (
                _heard(host, space) as here,
                _heard(there, space) as elsewhere,
                _told(house, space) as told,
            ):
                kept: list[str] = []
                writing = [
                    asyncio.create_task(
                        _write(
                            _listener(one, (first, second)[number % 2], space, number), number, kept
                        )
                    )
                    for number in range(_PERSONS)
                ]
                await asyncio.sleep(0.4)
                for server in (servers.live, servers.log):
                    await server.stop()
                    await server.start()
                await asyncio.gather(*writing)
                assert len(kept) > _PERSONS

                entries = await written(one, space)
                logged = [piece.id for entry in entries for piece in entry]
                assert len(set(logged)) == len(logged)
                assert set(kept) <= set(logged)

                async def all_heard() -> bool:
                    return len(here) >= len(logged) <= len(elsewhere)

                await until(all_heard, within_s=15)
                assert here == logged == elsewhere

                await _all_is_told(house, space, told, logged)
        finally:
            for edge in list(house.edges):
                await house.stop_edge(edge)


async def _all_is_told(house: House, space: str, told: list[Any], logged: list[str]) -> None:
    """A listener is shown or told of every message, in the log's order."""

    async def all_told() -> bool:
        count: int = sum(len(t["messages"]) + t["more"] for t in told)
        return count >= len(logged)

    await until(all_told, within_s=15)
    shown = [said["id"] for chat in told for said in chat["messages"]]
    assert shown == [one for one in logged if one in set(shown)]
    assert sum(chat["more"] for chat in told) == len(logged) - len(shown)
    answer = await house.get(f"/live/{space}/talk.json")
    listed = [said["id"] for said in answer.json()["chat"]]
    assert listed == logged[-limits.CHAT_LISTED_COUNT :]


async def _events(web: Running, space: str, kind: type) -> list[Any]:
    events = [decode(entry.data) async for entry in web.record.read(space, [Kind.EV])]
    return [event for event in events if isinstance(event, kind)]


async def test_two_hosts_at_two_studios(tmp_path: Path, servers: Engines) -> None:
    """A hand is invited once; an end and its undoing leave one of the two."""
    async with studio(tmp_path, servers) as one, one.host() as host:
        space = await opened(host)
        assert (await host.post(f"/api/spaces/{space}/live")).status_code == 200
        async with guest(one, space) as gil:
            assert (await gil.post("hand")).status_code == 201
            person = gil.person
    # A restart later the hand is still up.
    async with (
        studio(tmp_path, servers) as one,
        studio(tmp_path, servers, instance="web-1") as two,
        one.host() as host,
        two.host() as there,
    ):
        invite = f"/api/spaces/{space}/hands/{person}/invite"
        answers = await asyncio.gather(*(c.post(invite) for c in (host, there, host, there)))
        assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
        [invited] = await _events(one, space, HandInvited)
        assert (await one.space(space)).hands[person].seat == invited.seat
        base = f"/api/spaces/{space}"
        for _ in range(3):
            soon = {"in_ms": 500}
            answers = await asyncio.gather(
                *(c.post(f"{base}/end", json=soon) for c in (host, there))
            )
            assert sorted(a.status_code for a in answers) == [200, 409]
            await asyncio.sleep(0.47)
            undone = await there.post(f"{base}/keep-going")
            await asyncio.sleep(0.6)
            ended = await _events(one, space, Ended)
            assert len(ended) == (0 if undone.status_code == 200 else 1)
            if ended:
                break


async def test_pages_that_leave_are_forgotten(
    web: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WATCHERS_COUNT", 5)
    async with web.host() as host:
        space = await opened(host)
        for _ in range(4):
            async with web.host() as page:
                streams = [page.stream("GET", f"/api/spaces/{space}/events") for _ in range(5)]
                for stream in streams:
                    assert (await stream.__aenter__()).status_code == 200
            # Their connections are closed, as when a browser's page goes.

            async def room() -> bool:
                async with host.stream("GET", f"/api/spaces/{space}/events") as answer:
                    return answer.status_code == 200

            await until(room, within_s=3)
