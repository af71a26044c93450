"""Polls: opened, tallied, closed; options checked."""

from __future__ import annotations

import json

import pytest

from hustings import limits
from hustings.log import subjects
from tests.servers import connected
from tests.web.room.crowd import guest, opened
from tests.web.running import Running, is_problem, until

POLL = {"question": "Which stop?", "options": ["Market", "Harbour"]}


async def test_a_poll_from_opening_to_result(web: Running) -> None:
    servers = web.engines
    async with (
        web.host() as host,
        connected("archive", servers.live, servers.log, servers.passwords) as (_, archive),
    ):
        space = await opened(host)
        base = f"/api/spaces/{space}"
        made = await host.post(f"{base}/polls", json={**POLL, "multiple": True, "show": "after"})
        assert made.status_code == 201, made.text
        [poll] = made.json()["polls"]
        assert (poll["multiple"], poll["show"], poll["closed"]) == (True, "after", False)
        [seen] = (await host.get(f"{base}/talk")).json()["polls"]
        assert seen["tally"] is None

        async def tallied() -> bool:
            ballots = {poll["id"]: {"counts": [3, 2], "voters": 4}}
            await archive.publish(subjects.tally(space), json.dumps({"ballots": ballots}).encode())
            [seen] = (await host.get(f"{base}/talk")).json()["polls"]
            return bool(seen["tally"] == ballots[poll["id"]])

        await until(tallied)
        closed = await host.post(f"{base}/polls/{poll['id']}/close")
        assert closed.json()["polls"][0]["closed"] is True
        is_problem(await host.post(f"{base}/polls/{poll['id']}/close"), 409, "done")
        is_problem(await host.post(f"{base}/polls/nonesuch/close"), 409, "missing")


@pytest.mark.parametrize(
    "body",
    [
        {**POLL, "options": ["Only one"]},
        {**POLL, "options": ["The same", "The same"]},
        {**POLL, "options": ["x"] * (limits.POLL_OPTIONS_COUNT + 1)},
        {**POLL, "options": ["Market", " "]},
        {**POLL, "question": ""},
        {**POLL, "show": "never"},
        {**POLL, "more": 1},
        {},
    ],
)
async def test_polls_that_cannot_be(web: Running, body: dict[str, object]) -> None:
    async with web.host() as host:
        space = await opened(host)
        is_problem(await host.post(f"/api/spaces/{space}/polls", json=body), 422, "value")


async def test_only_hosts_open_polls(web: Running) -> None:
    async with web.host() as host:
        space = await opened(host)
        async with web.speaker(host, space) as (speaker, _), guest(web, space) as gil:
            answer = await speaker.post(f"/api/spaces/{space}/polls", json=POLL)
            is_problem(answer, 403, "role")
            is_problem(await gil.post("polls", POLL), 403, "cross-site")
