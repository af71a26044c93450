"""The count that is shown is the sum over all edges, and forgets those that fall silent."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable

import pytest

from hustings import limits
from hustings.crowd import Gauge as Message
from hustings.crowd import Here, Rung, Sketch
from hustings.crowd.gauge import decode
from hustings.edge.gauge import Gauge
from hustings.edge.gauge import House as HouseHere
from hustings.log import subjects
from hustings.log.contract import Message as Came
from tests.edge.crowds import crowd, ears
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


async def test_the_gauge_is_told_each_second_and_says_who_is_here(h: House) -> None:
    async with ears(h) as heard:
        await _until(lambda: heard.gauges >= 2)  # also while there is nobody
        assert heard.newest == {"edge-0-test": Here()}
        await h.open_with(2)
        await h.until(lambda s: s["n"] == 1)
        stream = await h.push("?cadence=960")
        await _until(lambda: heard.listening == 1)
        assert heard.newest["edge-0-test"].rungs == {Rung.SLOW: 1}
        reader = await h.open(f"/live/{SPACE}/events")
        await _until(lambda: heard.newest["edge-0-test"].rungs.get(Rung.TEXT) == 1)
        await stream.close()
        await _until(lambda: heard.listening == 0)
        await reader.close()
        await _until(lambda: not heard.newest["edge-0-test"].rungs)


async def test_an_edge_that_stops_says_that_nobody_listens_there(h: House) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    await h.start_edge(index=1)
    for _ in range(3):
        await h.push()
    async with ears(h) as heard:
        await _until(lambda: heard.listening == 3)
        await h.stop_edge(h.edges[1])
        await _until(lambda: heard.listening == 0)


async def test_a_restarted_edge_counts_nobody_twice(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new process has an empty sketch; the same salt makes the same visitors of those who
    come back."""
    monkeypatch.setattr(limits, "SKETCH_EVERY_S", 0.5)
    await h.open_with(3)
    names = [f"?v={f'visitor{i}'.rjust(16, '-')}&t=tab1" for i in range(40)]
    async with ears(h) as heard, crowd(h) as listeners:
        for name in names[:30]:
            await listeners.join(name)
        await h.chunk(3)
        await _until(lambda: heard.sketch.estimate() == 30)
        await h.stop_edge(h.edges[0])
        await h.start_edge()
        await h.until(lambda s: s["n"] is not None)
        async with crowd(h) as others:
            for name in names[20:]:
                await others.join(f"{name}&from=0")
            await h.chunk(4)
            await _until(lambda: heard.sketch.estimate() == 40)
            await _until(lambda: heard.listening == 20)


async def test_who_comes_back_to_another_edge_is_counted_there_only(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its old connection hangs in a network that is gone; only the other edge's gauge tells."""
    await h.open_with(3)
    name = f"?v={'v' * 16}&t=tab1"
    other = await h.start_edge(index=1)
    async with ears(h) as heard, crowd(h, h.edges[0].port) as old, crowd(h, other.port) as new:
        left_over = await old.join(name)
        await _until(lambda: heard.listening == 1)
        await asyncio.sleep(2.1)  # it is not taken for one that has just come the other way
        await new.join(f"{name}&from=0")
        await _until(lambda: heard.listening == 1 and old.closed(left_over))
        assert heard.newest["edge-1-test"].listening == 1


async def test_neighbours_tell_how_much_room_they_have(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CROWD_STALE_S", 1.5)
    _, live, close = await connect_as("edge", h.live_server, h.log_server, h.passwords)
    house = HouseHere(url="https://one.example", headroom=70, rung=Rung.SLOW, calls={SPACE: 5})
    one, other = (
        Gauge(edge=name, live=live, here=dict, house=lambda: house, told=lambda: None)
        for name in ("one", "other")
    )
    tasks = [asyncio.create_task(gauge.run()) for gauge in (one, other)]
    try:
        await _until(lambda: any(n.edge == "one" for n in other.neighbours()))
        seen = next(n for n in other.neighbours() if n.edge == "one")
        assert (seen.url, seen.headroom, seen.rung) == ("https://one.example", 70, Rung.SLOW)
        assert seen.calls == {SPACE: 5}
        assert "other" not in {n.edge for n in other.neighbours()}
        tasks[0].cancel()
        await _until(lambda: all(n.edge != "one" for n in other.neighbours()))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await close()


async def test_a_sketch_is_sent_when_it_changed_and_now_and_then(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SKETCH_EVERY_S", 0.0)
    monkeypatch.setattr(limits, "SKETCHES_BYTES", 1)
    _, live, close = await connect_as("edge", h.live_server, h.log_server, h.passwords)
    counted = {"one": _Counted(), "two": _Counted()}
    gauge = Gauge(edge="x", live=live, here=lambda: counted, told=lambda: None)

    async def sketches() -> list[str]:
        """Of which spaces one is sent now."""
        told.clear()
        await gauge.tell()
        await _until(lambda: bool(told))
        return sorted(space for space, here in told[0].spaces.items() if here.sketch)

    told: list[Message] = []

    async def hear(message: Came) -> None:
        if message.subject == subjects.crowd("x"):
            told.append(decode(message.data))

    end = await live.subscribe(subjects.crowd("*"), hear)
    assert await sketches() == []  # nobody yet
    for one in counted.values():
        one.sketch.add(1)
    assert await sketches() == ["one"]  # there is room for one in a gauge
    assert await sketches() == ["two"]
    assert await sketches() == []
    monkeypatch.setattr(limits, "SKETCH_WHOLE_S", 0.0)
    assert await sketches() == ["one"]
    await end()
    await close()


async def test_the_crowds_of_many_spaces_are_told_too(h: House) -> None:
    _, live, close = await connect_as("edge", h.live_server, h.log_server, h.passwords)
    counted = {f"space{i}": _Counted() for i in range(25)}
    hashes = random.Random(7)
    for _ in range(200_000):
        counted["space0"].sketch.add(hashes.getrandbits(64))
    for one in counted.values():
        one.sketch.merge(counted["space0"].sketch)  # as great as a sketch gets
    gauge = Gauge(edge="x", live=live, here=lambda: counted, told=lambda: None)
    told: list[Message] = []

    async def hear(message: Came) -> None:
        if message.subject == subjects.crowd("x"):
            told.append(decode(message.data))

    end = await live.subscribe(subjects.crowd("*"), hear)
    sent: list[str] = []
    for second in range(1, 6):
        await gauge.tell()
        await _until(lambda second=second: len(told) == second)  # type: ignore[misc]
        assert len(told[-1].spaces) == len(counted), "the figures of all are told each second"
        sent += [space for space, here in told[-1].spaces.items() if here.sketch]
    assert sorted(sent) == sorted(counted)
    await end()
    await close()


class _Counted:
    """A space of which the sketch is all there is to tell."""

    def __init__(self) -> None:
        self.sketch = Sketch()

    def count(self) -> Here:
        return Here(listening=1)

    def elsewhere(self, told: Here) -> None:
        pass


async def test_a_broken_gauge_disturbs_nobody(h: House) -> None:
    await h.open_with(1)
    _, live, close = await connect_as("edge", h.live_server, h.log_server, h.passwords)
    await live.publish(subjects.crowd("other"), b'{"spaces": 7}')
    crowd = {"spaces": {SPACE: {"listening": 40}}}
    await live.publish(subjects.crowd("third"), json.dumps(crowd).encode())
    await h.until(lambda s: s["listening"] == 40)
    await close()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():
            await asyncio.sleep(0.05)
