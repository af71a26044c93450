"""What the crowd writes reaches pages: from the log, paced, and not what was taken down."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from hustings import limits
from hustings.keys import ensure
from hustings.log import subjects
from hustings.log.subjects import Kind
from hustings.space import event as e
from hustings.talk import Asked, Count, Piece, Said, Voted, encode
from hustings.ticket import Scope, Ticket, sign
from tests.edge.house import SPACE, House, Stream, events_in

if TYPE_CHECKING:
    from hustings.log.jetstream import JetStreamLog

Seen = Callable[[dict[str, Any]], object]


def said(number: int) -> Said:
    return Said(id=f"m{number}", person="g-1", name="Grace", text=f"Text {number}", at_ms=number)


def late(number: int, *, clock_ms: int) -> Said:
    return Said(id=f"m{number}", person="g-1", name="Ada", text="Hello", at_ms=clock_ms)


def asked(number: int) -> Asked:
    return Asked(id=f"q{number}", person="g-1", name="Grace", text="Why?", at_ms=number)


async def write(h: House, *pieces: Piece) -> None:
    h.count += 1
    number = f"talk.{h.count}"
    await h.web[0].append(SPACE, Kind.TALK, encode(list(pieces)), message_id=number)


async def talk(h: House, true: Seen = lambda _: True, **fields: Any) -> Any:
    """talk.json, once it is as wanted."""
    async with asyncio.timeout(10):
        while True:
            answer = await h.get(f"/live/{SPACE}/talk.json", **fields)
            assert answer.status == 200, answer
            if true(answer.json()):
                return answer.json()
            await asyncio.sleep(0.05)


async def told(stream: Stream, h: House, true: Seen) -> list[Any]:
    """What rides with the sound, chunk by chunk, until one of it is as wanted."""
    seen: list[Any] = []
    async with asyncio.timeout(10):
        n = (await h.door())["n"] + 1
        while not any(true(one) for one in seen):
            await h.chunk(n)
            seen += events_in(await stream.piece())
            n += 1
            await asyncio.sleep(0.15)
    return seen


async def test_history_then_what_is_new(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUESTIONS_TOLD_S", 0.2)
    await h.open_with(3)
    await write(h, *[said(i) for i in range(30)], asked(1))
    state = await talk(h, lambda t: len(t["chat"]) == 30 and t["questions"])
    assert state["chat"][-1]["text"] == "Text 29"
    stream = await h.push()
    first = events_in(await stream.piece())
    assert [one["type"] for one in first] == ["status", "seats", "listening", "room"]
    await write(h, said(30))
    seen = await told(stream, h, lambda one: one["type"] == "chat")
    # Nothing of the history is told to anybody as new.
    chats = [one for one in seen if one["type"] == "chat"]
    assert [message["id"] for one in chats for message in one["messages"]] == ["m30"]
    await write(h, asked(2))
    await told(stream, h, lambda one: one == {"type": "questions", "changed": True})
    await h.event(e.QuestionMarked(at_ms=5, by="web", question="q2", state="asking"))
    on = await told(stream, h, lambda one: bool(one.get("asking")))
    assert on[-1]["asking"] == {"id": "q2", "name": "Grace", "text": "Why?"}
    await h.event(e.MessageRemoved(at_ms=5, by="web", message="m30", reason="rude"))
    gone = await told(stream, h, lambda one: one.get("removed") == ["m30"])
    assert gone
    state = await talk(h, lambda t: t["room"]["removed"] == ["m30"])
    assert [one["id"] for one in state["chat"]][-1] == "m29"


async def test_a_flood_is_carried_as_fast_as_it_can_be_read(h: House) -> None:
    """Two hundred messages in a moment: eight ride with the sound, the others are counted."""
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    await write(h, said(0))
    await talk(h, lambda t: t["chat"])
    stream = await h.push()
    await stream.piece()
    await asyncio.sleep(1.1)
    began = time.monotonic()
    for batch in range(10):
        await write(h, *[said(1 + 20 * batch + i) for i in range(20)])
    carried: set[str] = set()
    left_out = 0

    def whole(one: dict[str, Any]) -> bool:
        nonlocal left_out
        if one["type"] == "chat":
            carried.update(message["id"] for message in one["messages"])
            left_out += one.pop("more", 0)
        return len(carried - {"m0"}) + left_out == 200

    await told(stream, h, whole)
    carried.discard("m0")  # may have been history
    most = limits.CHAT_SHOWN_PER_S * (1 + time.monotonic() - began)
    assert limits.CHAT_SHOWN_PER_S <= len(carried) <= most
    assert len((await talk(h))["chat"]) == limits.CHAT_LISTED_COUNT
    metrics = (await h.get("/metrics")).body.decode()
    assert f"hustings_edge_chat_left_out_total {left_out}" in metrics


async def test_a_space_without_a_crowds_stream_is_no_error(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of an earlier version: served as ever, and followed once somebody writes."""
    monkeypatch.setattr(limits, "TALK_AGAIN_S", 0.2)
    log = cast("JetStreamLog", h.web[0])
    await log._create(subjects.stream(SPACE), f"log.{SPACE}.>")
    await h.event(e.Scheduled(at_ms=1, by="web", title="An old one", starts_at_ms=1))
    assert (await talk(h))["chat"] == []
    await h.doors()
    await h.chunk(0)
    await h.until(lambda s: s["n"] == 0)
    await write(h, said(1))
    assert (await talk(h, lambda t: t["chat"]))["chat"][0]["id"] == "m1"


async def test_the_document_is_kept_for_a_moment_and_packed(h: House) -> None:
    await h.open_with(1)
    await write(h, said(1))
    await talk(h, lambda t: t["chat"])
    plain = await h.get(f"/live/{SPACE}/talk.json")
    assert plain.fields["cache-control"] == "public, max-age=1"
    assert plain.fields["content-type"] == "application/json"
    same = await h.get(f"/live/{SPACE}/talk.json", if_none_match=plain.fields["etag"])
    assert same.status == 304
    small = await h.get(f"/live/{SPACE}/talk.json", accept_encoding="gzip")
    assert gzip.decompress(small.body) == plain.body
    await write(h, said(2))
    await talk(h, lambda t: len(t["chat"]) == 2)
    other = await h.get(f"/live/{SPACE}/talk.json", if_none_match=plain.fields["etag"])
    assert other.status == 200
    assert (await h.get("/live/nowherexyz/talk.json")).status == 404


async def test_a_private_rooms_talk_needs_the_ticket(h: House) -> None:
    keys = ensure(h.folder)
    await h.schedule(private=True)
    await write(h, said(1))
    assert (await h.get(f"/live/{SPACE}/talk.json")).status == 401
    right = Ticket(
        space=SPACE, seat="", name="", role="", scope=Scope.LISTEN, exp=int(time.time()) + 60
    )
    token = sign(right, private_key=keys.ticket_private())
    state = await talk(h, lambda t: t["chat"], authorization=f"Bearer {token}")
    assert state["chat"][0]["id"] == "m1"


async def test_what_was_posted_keeps_its_talk(h: House) -> None:
    """The archive counts no more: an edge that begins later counts the votes in the log."""
    await h.open_with(1)
    await h.event(e.PollOpened(at_ms=5, by="web", poll="p", question="?", options=("a", "b")))
    voters = {f"{i:016x}": [i % 2] for i in range(5)}
    await write(h, Voted(votes={"p": voters}))
    await write(h, said(1), asked(1))
    await h.event(e.MessageRemoved(at_ms=5, by="web", message="m1"))
    await h.end(0)
    await h.event(e.Posted(at_ms=6, by="archive", recording_seconds=1.0, receipt_sha256="x"))
    await h.start_edge(index=1)
    state = await talk(h, lambda t: t["questions"])
    assert state["polls"][0]["counts"] == [3, 2]
    assert state["polls"][0]["voters"] == 5
    assert state["chat"] == []


async def test_messages_stand_in_the_order_of_the_log(h: House) -> None:
    """Not by the clocks of the studios that took them: frames and talk.json say the same numbers,
    and so does an edge that comes later."""
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    await write(h, late(0, clock_ms=9_000_000), late(1, clock_ms=5))
    await talk(h, lambda t: len(t["chat"]) == 2)
    stream = await h.push()
    await stream.piece()
    await write(h, asked(1), late(2, clock_ms=9_000_000))
    await write(h, late(3, clock_ms=1))
    seen = await told(stream, h, lambda one: "m3" in str(one.get("messages")))
    carried = [m for one in seen if one["type"] == "chat" for m in one["messages"]]
    assert {"m2", "m3"} <= {one["id"] for one in carried}
    assert all(one["id"] == f"m{one['number']}" for one in carried)
    await h.start_edge(index=1)
    state = await talk(h, lambda t: len(t["chat"]) == 4)
    assert [(one["id"], one["number"]) for one in state["chat"]] == [(f"m{i}", i) for i in range(4)]


async def test_a_restored_message_is_named(h: House) -> None:
    await h.open_with(1)
    await write(h, said(1))
    await h.event(e.MessageRemoved(at_ms=5, by="web", message="m1"))
    await talk(h, lambda t: t["room"]["removed"] == ["m1"])
    await h.event(e.MessageRestored(at_ms=6, by="web", message="m1"))
    state = await talk(h, lambda t: not t["room"]["removed"] and t["chat"])
    assert state["room"]["restored"] == ["m1"]
    await h.event(e.MessageRemoved(at_ms=7, by="web", message="m1"))
    state = await talk(h, lambda t: t["room"]["removed"] == ["m1"])
    assert "restored" not in state["room"]


async def test_votes_of_what_was_posted_are_counted_once(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edge keeps the result, over a restart and beyond the log's end, while nothing is added."""
    await h.open_with(1)
    await h.event(e.PollOpened(at_ms=5, by="web", poll="p", question="?", options=("a", "b")))
    await write(h, Voted(votes={"p": {f"{i:016x}": [i % 2] for i in range(5)}}))
    await write(h, said(1), asked(1))
    await h.end(0)
    await h.event(e.Posted(at_ms=6, by="archive", recording_seconds=1.0, receipt_sha256="x"))
    counted: list[None] = []
    count = Count.apply
    monkeypatch.setattr(Count, "apply", lambda self, voted: counted.append(count(self, voted)))
    edge = await h.start_edge(index=5)
    first = await talk(h, lambda t: t["questions"])
    assert first["polls"][0]["counts"] == [3, 2]
    assert counted == [None]
    await h.stop_edge(edge)
    await h.start_edge(index=5)
    assert await talk(h, lambda t: t["questions"]) == first
    assert counted == [None]
    await h.stop_edge(h.edges[-1])
    await write(h, Voted(votes={"p": {"ff" * 8: [0]}}))
    await h.start_edge(index=5)
    more = await talk(h, lambda t: t["questions"])
    assert more["polls"][0]["counts"] == [4, 2]
