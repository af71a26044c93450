"""Reactions: added up by the edges, told once a second, paced by visitor; nothing for the log."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest

from hustings import limits
from hustings.crowd import REACTIONS
from hustings.edge.head import Request
from hustings.edge.say import Pace, Said, Sayings
from hustings.errors import BadInput
from hustings.log.subjects import Kind
from hustings.space import Space
from hustings.talk import Talk
from tests.edge.crowds import ears
from tests.edge.house import SPACE, House, Stream, events_in, head

_CLIENTS: Final = 4
_EACH: Final = 5_000
_VISITORS: Final = 1_000  # of each client: five reactions each, half of what is allowed at once


def _body(**values: Any) -> bytes:
    return json.dumps({"kind": "reaction", **values}).encode()


def _request(body: bytes, *, address: str = "127.0.0.1") -> Request:
    return Request(
        method="POST", parts=(), query={}, headers={}, minor=1, body=body, address=address
    )


class _Place:
    """Nothing is known of it."""

    def __init__(self) -> None:
        self.space = SPACE
        self.state: Space | None = None
        self.said = Said()
        self.talk = Talk()


def _no_votes(space: str, ballot: str, voter: str, choices: tuple[int, ...], *, at_ms: int) -> bool:
    raise AssertionError("nobody votes here")


def test_what_is_no_reaction_is_refused() -> None:
    place, sayings = _Place(), Sayings(_no_votes)
    v = "v" * 16
    for body in (
        b"",
        b"[]",
        b"{",
        _body(),
        _body(what="boo", v=v),
        _body(what="clap", v="short"),
        _body(what="clap", v=v, t="x" * 40),
        _body(what="c" * 10_000, v=v),
        json.dumps({"kind": "vote", "what": "yes", "v": v}).encode(),
        json.dumps({"kind": "vote", "ballot": "p1", "choices": [0]}).encode(),
        json.dumps({"kind": "vote", "ballot": "p1", "choices": "0", "v": v}).encode(),
    ):
        with pytest.raises(BadInput):
            sayings.answer(_request(body), place, now_s=0.0, wall_ms=0)
    assert place.said.take() == {}
    for what in sorted(REACTIONS):
        request = _request(_body(what=what, v=v))
        assert sayings.answer(request, place, now_s=0.0, wall_ms=0).status == 204
    assert place.said.take() == dict.fromkeys(REACTIONS, 1)


def test_each_visitor_has_a_pace_of_its_own() -> None:
    place, sayings = _Place(), Sayings(_no_votes)

    def say(v: str | None, *, at_s: float, address: str = "127.0.0.1") -> int:
        body = _body(what="clap") if v is None else _body(what="clap", v=v)
        request = _request(body, address=address)
        return sayings.answer(request, place, now_s=at_s, wall_ms=0).status

    ada, bob = "a" * 16, "b" * 16
    burst = [say(ada, at_s=0.0) for _ in range(limits.SAID_BURST_COUNT + 3)]
    assert burst == [204] * limits.SAID_BURST_COUNT + [429] * 3
    assert say(bob, at_s=0.0) == 204
    assert [say(ada, at_s=1.0) for _ in range(6)] == [204] * 5 + [429]
    assert [say(ada, at_s=99.0) for _ in range(11)] == [204] * 10 + [429]
    # Without a key of its own a visitor is its address.
    assert [say(None, at_s=0.0) for _ in range(11)] == [204] * 10 + [429]
    assert say(None, at_s=0.0, address="127.0.0.2") == 204


def test_the_table_of_paces_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SAYERS_COUNT", 10)
    pace = Pace()
    for i in range(1_000):
        assert pace.allows(i.to_bytes(8), now_s=0.0)
    assert len(pace._tokens) == 10


def test_edges_are_added_up_and_each_second_is_told_once() -> None:
    said = Said()
    said.add("clap")
    said.add("clap")
    said.heard({"clap": 3, "no": 1, "<b>": 9})
    assert said.take() == {"clap": 2}
    assert said.take() == {}
    assert said.told() == {"clap": 5, "no": 1}
    assert said.told() == {}


async def test_twenty_thousand_reactions_cost_one_event_a_second(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    before = await _entries(h)
    async with ears(h, salt=False) as heard:
        # One listener with the sound, one reader at another edge.
        listener = await h.push()
        await h.start_edge(index=1)
        reader = await h.open(f"/live/{SPACE}/events")
        playing = asyncio.create_task(_play(h, from_n=3))
        told = [asyncio.create_task(one) for one in (_pushed(listener), _read(reader))]
        try:
            crowd = [_say(h.edges[i % 2].port, client=i) for i in range(_CLIENTS)]
            assert sum(await asyncio.gather(*crowd)) == _CLIENTS * _EACH
            for sums, events in await asyncio.wait_for(asyncio.gather(*told), timeout=20):
                assert sums == {"clap": _CLIENTS * _EACH // 2, "heart": _CLIENTS * _EACH // 2}
                assert events < 40
            assert heard.said == {"clap": _CLIENTS * _EACH // 2, "heart": _CLIENTS * _EACH // 2}
        finally:
            playing.cancel()
        assert await _entries(h) == before
    refused = await h.get(f"/live/{SPACE}/say")
    assert refused.status in (404, 405)


async def _say(port: int, *, client: int) -> int:
    """Post reactions of many visitors down one connection without waiting; how many were taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def write() -> None:
        for i in range(_EACH):
            v = f"client{client}visitor{i % _VISITORS}".rjust(24, "-")
            body = _body(v=v, t="tab1", what=("clap", "heart")[i % 2])
            fields = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            writer.write(f"POST /live/{SPACE}/say HTTP/1.1\r\n{fields}\r\n\r\n".encode() + body)
            if i % 100 == 0:
                await writer.drain()

    writing = asyncio.create_task(write())
    taken = 0
    for _ in range(_EACH):
        status, _fields = await head(reader)
        assert status == 204
        taken += 1
    await writing
    writer.close()
    return taken


async def _play(h: House, *, from_n: int) -> None:
    """The programme goes on: chunks on the live path only, so that the log stays as it is."""
    n = from_n
    while True:
        await h.chunk(n, log=False)
        n += 1
        await asyncio.sleep(0.1)


async def _pushed(stream: Stream) -> tuple[dict[str, int], int]:
    return await _sum(stream, events_in)


async def _read(stream: Stream) -> tuple[dict[str, int], int]:
    def events(data: bytes) -> list[Any]:
        lines = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: ")]
        return [one for line in lines for one in json.loads(line)]

    return await _sum(stream, events)


async def _sum(stream: Stream, events: Any) -> tuple[dict[str, int], int]:
    """What a visitor was told in all, once that is everything, and in how many events."""
    sums: dict[str, int] = {}
    count = 0
    while sum(sums.values()) < _CLIENTS * _EACH:
        for one in events(await stream.piece()):
            if one["type"] == "reactions":
                count += 1
                for what, said in one["counts"].items():
                    sums[what] = sums.get(what, 0) + said
    return sums, count


async def _entries(h: House) -> list[int]:
    """The last sequence of each kind in the log."""
    last = [await h.stage[0].last(SPACE, kind) for kind in Kind]
    return [0 if entry is None else entry.seq for entry in last]
