"""Live captions: handed on at once to those who want them, and the newest to newcomers."""

from __future__ import annotations

import json
from typing import Any

from hustings.log import subjects
from tests.edge.house import SPACE, House, house
from tests.servers import connected

CAPTIONS = f"/live/{SPACE}/captions"


def caption(number: int, text: str, *, final: bool = True) -> dict[str, Any]:
    return {
        "seat": "s1", "name": "Ada", "id": f"c{number}", "final": final, "at_ms": 320 * number,
        "end_ms": 320 * number + 900, "text": text,
    }  # fmt: skip


def told(data: bytes) -> list[dict[str, Any]]:
    events = [part for part in data.decode().split("\n\n") if part.startswith("event: caption")]
    return [json.loads(part.partition("data: ")[2]) for part in events]


async def test_they_come_as_they_are_said(h: House) -> None:
    await h.open_with(1)
    await h.go_live(1)
    await h.until(lambda s: s["status"] == "live" and not s["captions"])
    reader = await h.open(CAPTIONS)
    assert reader.fields["content-type"] == "text/event-stream"
    await reader.upto(lambda data: b"quiet" in data)
    async with connected("captions", h.live_server, h.log_server, h.passwords) as (_, live):
        for one in (
            caption(1, "At nine", final=False),
            caption(1, "At nine in the evening."),
            {"seat": "broken"},
            caption(2, "The <b>water</b>"),
        ):
            await live.publish(subjects.live(SPACE, "captions"), json.dumps(one).encode())
        got = told(await reader.upto(lambda data: b"water" in data))
        assert [(one["id"], one["final"], one["text"]) for one in got] == [
            ("c1", False, "At nine"),
            ("c1", True, "At nine in the evening."),
            ("c2", True, "The <b>water</b>"),
        ]
        await h.until(lambda s: s["captions"])
        later = await h.open(CAPTIONS)
        first = told(await later.upto(lambda data: b"water" in data))
        assert [one["id"] for one in first] == ["c1", "c2"]


async def test_only_for_who_may_hear_it_and_while_it_lasts(h: House) -> None:
    await h.schedule(private=True)
    await h.doors()
    assert (await h.get(CAPTIONS)).status == 401


async def test_there_is_an_end_to_it(h: House) -> None:
    await h.open_with(1)
    await h.end(0)
    await h.until(lambda s: s["status"] == "ended")
    assert (await h.get(CAPTIONS)).status == 410


async def test_readers_are_bounded_and_let_go(tmp_path: Any) -> None:
    async with house(tmp_path, readers_max=1) as h:
        await h.open_with(1)
        await h.go_live(1)
        reader = await h.open(CAPTIONS)
        assert reader.status == 200

        async def full() -> bool:
            return (await h.get(CAPTIONS)).status == 503

        for _ in range(40):
            if await full():
                break
        else:
            raise AssertionError("any number may read")
        edge = h.edges[0]
        edge.stopping.set()
        await edge.task
        assert b"quiet" in await reader.rest()
        h.edges.remove(edge)
        await edge.close()
        edge.listener.close()
