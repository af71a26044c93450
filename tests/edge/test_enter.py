"""The ladder at a real edge: who listens stays, others get a true rung and come in in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hustings import limits, pin
from hustings.config import Settings
from tests.edge.house import (
    SPACE,
    Answer,
    House,
    Stream,
    events_in,
    head,
    house,
    numbers_in,
    request,
)

FIELDS = {
    *("rung", "cadence_ms", "push", "edge", "segments", "events", "number", "called", "place"),
    *("estimate_s", "line", "again_ms", "limit"),
}


def key(who: int) -> str:
    return f"visitor-{who:010d}"


async def enter(h: House, who: int | None, *, port: int | None = None, **values: Any) -> Any:
    answer = await post(h, who, port=port, **values)
    assert answer.status == 200, answer
    assert answer.fields["cache-control"] == "no-store"
    document = answer.json()
    assert set(document) == FIELDS
    assert document["again_ms"] > 0
    return document


async def post(h: House, who: int | None, *, port: int | None = None, **values: Any) -> Answer:
    keys = {} if who is None else {"v": key(who), "t": "tab1"}
    return await send(h, json.dumps({**keys, **values}).encode(), port=port)


async def send(h: House, body: bytes, *, port: int | None = None) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port or h.port)
    try:
        writer.write(
            f"POST /live/{SPACE}/enter HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        status, fields = await head(reader)
        return Answer(status, fields, await reader.readexactly(int(fields["content-length"])))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def push(h: House, who: int, query: str = "", *, port: int | None = None) -> Stream:
    return await h.open(f"/live/{SPACE}/push?v={key(who)}&t=tab1{query}", port=port)


async def lines(stream: Stream) -> list[Any]:
    """The payloads of one event message."""
    piece = (await stream.piece()).decode()
    data = [line[6:] for line in piece.splitlines() if line.startswith("data: ")]
    return [payload for text in data for payload in json.loads(text)]


async def until(ask: Callable[[], Awaitable[Any]], *, within_s: float = 8) -> Any:
    async with asyncio.timeout(within_s):
        while not (found := await ask()):
            await asyncio.sleep(0.05)
    return found


async def live(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place is not kept for whoever has left."""
    monkeypatch.setattr(limits, "HELD_S", 0.0)


async def test_there_is_room(h: House) -> None:
    await live(h)
    answer = await enter(h, 1, codec="aac")
    assert (answer["rung"], answer["cadence_ms"]) == ("live", 320)
    assert answer["push"] == f"/live/{SPACE}/push?codec=aac"
    assert answer["number"] is answer["line"] is answer["place"] is answer["called"] is None
    stream = await h.open(answer["push"])
    assert stream.status == 200


async def test_a_full_edge_keeps_who_listens_and_gives_others_a_rung(tmp_path: Path) -> None:
    async with house(tmp_path, listeners_max=1, readers_max=1) as h:
        await live(h)
        listener = await push(h, 1)
        refused = await push(h, 2)
        assert refused.status == 503
        assert int(refused.fields["retry-after"]) > 0
        for name in ("listen.aac", "listen.ogg"):
            assert (await h.get(f"/live/{SPACE}/{name}")).status == 503
        second, third = await enter(h, 2), await enter(h, 3)
        assert (second["rung"], second["number"], second["place"]) == ("text", 1, 0)
        assert second["events"] == f"/live/{SPACE}/events"
        assert (third["rung"], third["number"], third["place"]) == ("wait", 2, 1)
        assert third["events"] is None
        assert (await enter(h, 2))["number"] == 1
        reader = await h.open(f"{second['events']}?v={key(2)}&t=tab1&line={second['line']}")
        assert reader.status == 200
        other = await h.get(f"/live/{SPACE}/events")
        assert (other.status, other.json()["code"]) == (503, "full")
        # Nothing of all this reached the one who listens.
        data = await listener.piece()
        for n in range(3, 8):
            await h.chunk(n)
            data += await listener.piece()
        assert numbers_in(data) == list(range(8))


async def test_waiting_visitors_come_in_in_order(tmp_path: Path, at_once: None) -> None:
    async with house(tmp_path, listeners_max=2) as h:
        await live(h)
        listeners = [await push(h, who) for who in (1, 2)]
        third, fourth = await enter(h, 3), await enter(h, 4)
        reader = await h.open(f"/live/{SPACE}/events?v={key(3)}&t=tab1")
        await lines(reader)
        assert (await push(h, 4, f"&line={fourth['line']}")).status == 503
        await listeners[0].close()
        told: list[Any] = []
        async with asyncio.timeout(8):
            while not any(p["type"] == "line" and p["called"] == third["number"] for p in told):
                told += await lines(reader)
        # The place is the third one's: neither who comes later nor who waits behind it gets it.
        assert (await push(h, 5)).status == 503
        assert (await push(h, 4, f"&line={fourth['line']}")).status == 503
        again = await enter(h, 3, line=third["line"])
        assert (again["rung"], again["push"]) == ("live", f"/live/{SPACE}/push?codec=opus")
        promoted = await push(h, 3, f"&line={third['line']}")
        assert promoted.status == 200
        waits = await enter(h, 4, line=fourth["line"])
        assert (waits["rung"], waits["number"], waits["place"]) == ("text", 2, 0)
        assert waits["called"] == 1
        await listeners[1].close()

        async def called() -> bool:
            return bool((await enter(h, 4, line=fourth["line"]))["rung"] == "live")

        await until(called)
        assert (await push(h, 4, f"&line={fourth['line']}")).status == 200


async def test_who_comes_back_keeps_its_place(tmp_path: Path) -> None:
    async with house(tmp_path, listeners_max=1) as h:
        await live(h)
        first = await push(h, 1)
        await enter(h, 2)
        assert (await enter(h, 1))["rung"] == "live"
        # While the old connection is open, it is replaced.
        second = await push(h, 1, "&from=320")
        assert second.status == 200
        async with asyncio.timeout(5):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while await first.piece():
                    pass
        # After it was closed its place is kept for some seconds, whoever waits.
        await second.close()
        await h.until(lambda s: s["listening"] == 0)
        await asyncio.sleep(1.1)  # the edge has looked at its load meanwhile
        assert (await push(h, 2)).status == 503
        third = await push(h, 1, "&from=320")
        assert third.status == 200
        await h.until(lambda s: s["listening"] == 1)


async def test_who_is_called_and_does_not_come_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    monkeypatch.setattr(limits, "CLAIM_S", 0.5)
    monkeypatch.setattr(limits, "LINE_AGAIN_S_MIN", 0.5)
    async with house(tmp_path, listeners_max=1, readers_max=0) as h:
        await live(h)
        listener = await push(h, 1)
        absent, present = await enter(h, 2), await enter(h, 3)
        await listener.close()

        async def called() -> Any:
            return (await enter(h, 3, line=present["line"]))["rung"] == "live"

        await until(called)
        assert (await push(h, 3, f"&line={present['line']}")).status == 200
        # Its number was called; but now there is no place, and it gets a new one.
        assert (await push(h, 2, f"&line={absent['line']}")).status == 503
        assert (await enter(h, 2, line=absent["line"]))["number"] == 3


async def test_beyond_the_edge_there_is_the_cdn(tmp_path: Path) -> None:
    async with house(tmp_path, listeners_max=1, cdn_url="https://cdn.example/") as h:
        await h.open_with(14)
        await h.until(lambda s: s["n"] == 13)
        await push(h, 1)

        async def settled() -> Any:
            answer = await enter(h, 2)
            assert answer["rung"] == "segments"
            assert answer["segments"]["base"] == f"https://cdn.example/live/{SPACE}/"
            return answer["segments"]["k"] == 1

        await until(settled)
        assert (await enter(h, 2, rung="segments"))["rung"] == "segments"
        await h.until(lambda s: s["listening"] == 2)


async def test_an_edge_that_leaves_takes_nobody_in(h: House) -> None:
    await live(h)
    listener = await push(h, 1)
    targets = (f"push?v={key(1)}&t=tab1&from=0", "listen.aac", "events")
    come = [await asyncio.open_connection("127.0.0.1", h.port) for _ in targets]
    await h.door()  # who came before this one has been let in
    h.edges[0].stopping.set()
    for (reader, writer), target in zip(come, targets, strict=True):
        writer.write(request(f"/live/{SPACE}/{target}"))
        status, fields = await head(reader)
        # The next try is on a new connection, which is another edge's.
        assert (status, fields["connection"], fields["retry-after"]) == (503, "close", "1")
        writer.close()
    await h.chunk(3)
    await listener.upto(lambda d: 3 in numbers_in(d))


async def test_who_heard_through_caches_is_gone_after_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SEEN_S", 1.0)
    async with house(tmp_path, cdn_url="https://cdn.example") as h:
        await live(h)
        await enter(h, 1, rung="segments")
        await h.end(2)
        await h.until(lambda s: s["status"] == "ended" and s["listening"] == 0)


async def test_an_operator_pins_a_rung(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await live(h)
        listener = await push(h, 1)
        settings = Settings(data=str(tmp_path / "data"))
        pin.write(settings, "text")

        async def on(rung: str, who: int = 2) -> bool:
            return bool((await enter(h, who))["rung"] == rung)

        await until(lambda: on("text"))
        assert (await push(h, 2)).status == 503
        await h.chunk(3)
        data = await listener.upto(lambda d: 3 in numbers_in(d))
        async with asyncio.timeout(5):
            while {"type": "rung", "rung": "text"} not in events_in(data):
                data += await listener.piece()
        pin.write(settings, "slower")
        await until(lambda: on("slower"))
        slow = await push(h, 2)
        assert (slow.status, slow.fields["x-cadence-ms"]) == (200, "1920")
        pin.write(settings, "auto")
        await until(lambda: on("live", 3))
        assert await on("slower", 2)  # its own place stays as it was given
        metrics = (await h.get("/metrics")).body.decode()
        assert re.search(r"^hustings_edge_rung_changes_total [1-3]$", metrics, re.M)


async def test_a_slower_cadence_may_be_asked_for(h: House) -> None:
    await live(h)
    stream = await push(h, 1, "&cadence=960")
    assert stream.fields["x-cadence-ms"] == "960"
    assert (await push(h, 2, "&cadence=500")).status == 400


async def test_what_is_no_question_is_refused(h: House) -> None:
    await live(h)
    for body in (
        b"[]",
        b"{",
        b'{"v": 7}',
        b'{"v": "short"}',
        b'{"rung": "high"}',
        b'{"codec":"x"}',
    ):
        answer = await send(h, body)
        assert (answer.status, answer.json()["code"]) == (400, "input"), body
    assert (await send(h, b"{}")).json()["rung"] == "live"
    assert (await h.get(f"/live/{SPACE}/enter")).status == 404
    await h.end(2)
    await h.until(lambda s: s["status"] == "ended")
    assert (await until(lambda: _over(h))).json()["code"] == "over"


async def _over(h: House) -> Answer | None:
    answer = await post(h, 1)
    return answer if answer.status == 410 else None


async def test_a_space_takes_as_many_as_its_host_wants(h: House) -> None:
    """Over all edges: newcomers read along and are told why, those who listen stay."""
    await h.schedule(listeners_max=4)
    await h.doors()
    for n in range(3):
        await h.chunk(n)
    await h.start_edge(index=1)
    first, second = (edge.port for edge in h.edges)
    for port in (first, second):
        while (await h.get(f"/live/{SPACE}/door.json", port=port)).json()["n"] != 2:
            await asyncio.sleep(0.05)
    assert (await h.door())["listeners_max"] == 4
    listening = [
        await h.open(f"/live/{SPACE}/push?v={key(i)}&t=tab1", port=first) for i in range(3)
    ]
    assert [one.status for one in listening] == [200] * 3

    async def told() -> bool:
        return bool((await h.door())["listening"] == 3)

    async with asyncio.timeout(8):
        while not await told():
            await asyncio.sleep(0.05)
    # At the other edge there is one place, and all come at once.
    crowd = await asyncio.gather(
        *(h.open(f"/live/{SPACE}/push?v={key(10 + i)}&t=tab1", port=second) for i in range(5))
    )
    assert sorted(one.status for one in crowd) == [200] + [503] * 4
    refused = await h.get(f"/live/{SPACE}/listen.aac", port=second)
    assert (refused.status, refused.json()["code"]) == (503, "full")
    assert "for 4 listeners" in refused.json()["detail"]
    offer = await enter(h, 20, port=second)
    assert (offer["rung"], offer["limit"], offer["number"]) == ("text", 4, None)
    assert offer["events"] == f"/live/{SPACE}/events"
    # Who listens may come back, whatever the load.
    again = await h.open(f"/live/{SPACE}/push?v={key(0)}&t=tab1", port=first)
    assert again.status == 200
    for stream in (*listening, again):
        await stream.close()

    async def free() -> bool:
        return bool((await enter(h, 20, port=second))["rung"] == "live")

    async with asyncio.timeout(8):
        while not await free():
            await asyncio.sleep(0.05)
    assert (await enter(h, 20, port=second))["limit"] is None
