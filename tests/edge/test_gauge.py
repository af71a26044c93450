"""The count that is shown is the sum over all edges, and forgets those that fall silent."""

from __future__ import annotations

import asyncio
import json

import pytest

from hustings import limits
from hustings.log import subjects
from hustings.log.contract import Message
from tests.edge.house import SPACE, House
from tests.servers import connect_as


async def test_two_edges_show_one_count(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    for _ in range(3):
        await h.push()
    await h.start_edge(index=1)
    for _ in range(2):
        await h.push()
    await h.until(lambda s: s["listening"] == 5)
    h.edges.reverse()
    await h.until(lambda s: s["listening"] == 5)
    # An edge that dies no longer counts, soon after.
    monkeypatch.setattr(limits, "CROWD_STALE_S", 1.5)
    h.edges.reverse()
    await h.stop_edge(h.edges[1])
    await h.until(lambda s: s["listening"] == 3)


async def test_the_gauge_is_told_each_second_while_there_is_somebody(h: House) -> None:
    log, live, close = await connect_as("archive", h.live_server, h.log_server, h.passwords)
    told: list[dict[str, object]] = []

    async def hear(message: Message) -> None:
        assert message.subject == subjects.crowd("edge-0-test")
        told.append(json.loads(message.data))

    end = await live.subscribe(subjects.crowd("*"), hear)
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    await asyncio.sleep(1.2)
    assert told == []
    stream = await h.push()
    async with asyncio.timeout(5):
        while len(told) < 2:
            await asyncio.sleep(0.05)
        await stream.close()
        while told[-1]["spaces"]:
            await asyncio.sleep(0.05)
    assert {"spaces": {SPACE: {"listening": 1}}} in told
    count = len(told)
    await asyncio.sleep(1.5)
    assert len(told) == count
    await end()
    await close()
    assert log is not None


async def test_a_broken_gauge_disturbs_nobody(h: House) -> None:
    await h.open_with(1)
    _, live, close = await connect_as("edge", h.live_server, h.log_server, h.passwords)
    await live.publish(subjects.crowd("other"), b'{"spaces": 7}')
    crowd = {"spaces": {SPACE: {"listening": 40}}}
    await live.publish(subjects.crowd("third"), json.dumps(crowd).encode())
    await h.until(lambda s: s["listening"] == 40)
    await close()
