"""The recording is served from the store, whole and by range, while it is posted."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from hustings import limits
from hustings.config import Settings
from hustings.edge.head import parse
from hustings.edge.replay import Replay
from hustings.log.propose import propose
from hustings.space import Role, Space, Status
from hustings.space import event as e
from hustings.space.command import Publish
from hustings.store import layout
from hustings.store.objects import Objects
from tests.edge.house import SPACE, Answer, House, head, request

DATA = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(20_000))
M4A = f"/live/{SPACE}/replay.m4a"


async def post(h: House) -> None:
    objects = Objects.open(Settings(data=str(h.folder / "data")))
    await objects.put(layout.replay_aac(SPACE), DATA)
    await objects.put(layout.replay_opus(SPACE), b"OggS")
    await objects.put(layout.receipt(SPACE), b"{}")
    await objects.put(layout.timeline(SPACE), b"[]")
    await objects.put(layout.stem(SPACE, "s1"), b"OggS1")
    await h.open_with(2)
    await h.end(1)
    posted = e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32)
    await h.event(posted)
    await h.until(lambda s: s["status"] == "posted")


async def test_whole_files_and_their_types(h: House) -> None:
    await post(h)
    replay = (await h.door())["replay"]
    assert replay["stems"] == {"s1": f"/live/{SPACE}/stems/s1.opus"}
    types = {
        "m4a": "audio/mp4",
        "opus": "audio/ogg; codecs=opus",
        "receipt": "application/json",
        "timeline": "application/json",
    }
    for name, kind in types.items():
        answer = await h.get(replay[name])
        assert (answer.status, answer.fields["content-type"]) == (200, kind)
        assert answer.fields["accept-ranges"] == "bytes"
    assert (await h.get(M4A)).body == DATA
    assert (await h.get(replay["stems"]["s1"])).body == b"OggS1"
    ahead = await h.get(M4A, method="HEAD")
    assert (ahead.status, ahead.fields["content-length"]) == (200, str(len(DATA)))
    known = await h.get(M4A, If_None_Match=ahead.fields["etag"])
    assert known.status == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=300000-", 300_000, len(DATA)),
        ("bytes=-500", len(DATA) - 500, len(DATA)),
        ("bytes=-9999999", 0, len(DATA)),
        (f"bytes=0-{10**9}", 0, len(DATA)),
    ],
)
async def test_ranges(h: House, asked: str, start: int, end: int) -> None:
    await post(h)
    answer = await h.get(M4A, Range=asked)
    assert answer.status == 206
    assert answer.body == DATA[start:end]
    assert answer.fields["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"


async def test_ranges_that_cannot_be_and_those_that_are_ignored(h: House) -> None:
    await post(h)
    for asked in (f"bytes={len(DATA)}-", "bytes=-0"):
        answer = await h.get(M4A, Range=asked)
        assert answer.status == 416
        assert answer.fields["content-range"] == f"bytes */{len(DATA)}"
        # A cache that forgets what was asked for must not give this to others.
        assert answer.fields["cache-control"] == "no-store"
    for asked in ("bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b", "bytes"):
        assert (await h.get(M4A, Range=asked)).status == 200, asked
    etag = (await h.get(M4A, method="HEAD")).fields["etag"]
    answers: list[Answer] = [
        await h.get(M4A, Range="bytes=0-9", If_Range=tag) for tag in (etag, '"older"')
    ]
    assert [a.status for a in answers] == [206, 200]


async def test_only_while_it_is_posted(h: House) -> None:
    await post(h)
    for name in ("stems/s2.opus", "stems/..%2f..%2freplay.opus", "stems/s1.opus/x", "stems"):
        assert (await h.get(f"/live/{SPACE}/{name}")).status == 404, name
    await h.event(e.Withheld(at_ms=9, by="web", reason="x"))
    await h.until(lambda s: s["status"] == "withheld")
    for name in ("replay.m4a", "receipt.json", "stems/s1.opus"):
        answer = await h.get(f"/live/{SPACE}/{name}")
        assert (answer.status, answer.fields["cache-control"]) == (404, "no-store")


async def test_what_was_withheld_for_review_is_served_once_it_is_published(h: House) -> None:
    await post(h)
    await h.event(e.Withheld(at_ms=9, by="archive"))
    await h.until(lambda s: s["status"] == "withheld")
    assert (await h.get(M4A)).status == 404
    published = Publish(by="host", role=Role.HOST)
    assert isinstance(await propose(*h.web, SPACE, published, now_ms=10), Space)
    await h.until(lambda s: s["status"] == "posted")
    assert (await h.get(M4A, Range="bytes=0-9")).status == 206


async def test_a_crowd_at_the_door_asks_the_store_once(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(h)
    await h.stop_edge(h.edges[0])
    await h.start_edge()  # nobody has been here yet
    asked, listing = 0, Objects.sizes

    async def counted(self: Objects, prefix: str) -> dict[str, int]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return await listing(self, prefix)

    monkeypatch.setattr(Objects, "sizes", counted)
    doors = await asyncio.gather(*(h.door() for _ in range(20)))
    assert [list(door["replay"]["stems"]) for door in doors] == [["s1"]] * 20
    assert asked == 1


async def test_a_store_that_does_not_answer_keeps_nobody_at_the_door(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(h)
    await h.stop_edge(h.edges[0])
    await h.start_edge()

    async def silent(self: Objects, prefix: str) -> dict[str, int]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(Objects, "sizes", silent)
    monkeypatch.setattr(limits, "REQUEST_S", 0.3)
    async with asyncio.timeout(5):
        doors = await asyncio.gather(*(h.door() for _ in range(3)))
    assert [door["replay"]["stems"] for door in doors] == [{}] * 3
    assert all(door["replay"]["m4a"] == M4A for door in doors)


async def test_many_readers_leave_turns_to_those_who_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = Objects.open(Settings(data=str(tmp_path)))
    await objects.put(layout.replay_aac(SPACE), DATA)
    space = Space(id=SPACE, status=Status.POSTED, receipt_sha256="ab" * 32)
    asked = parse(request(M4A))
    assert asked is not None
    replay, read, get = Replay(objects), asyncio.Event(), Objects.get
    turn, blocks = 0, Counter[int]()

    async def at_once(self: Objects, path: str, start: int, end: int) -> bytes:
        block = await get(self, path, start, end)
        await read.wait()
        return block

    async def load() -> bytes:
        answer = await replay.answer(asked[0], space, ("replay.m4a",))
        data = b""
        assert answer.stream is not None
        async for block in answer.stream:
            blocks[turn] += 1
            data += block
        return data

    monkeypatch.setattr(Objects, "get", at_once)
    loads = [asyncio.create_task(load()) for _ in range(60)]
    asyncio.get_running_loop().call_later(0.3, read.set)
    while not all(one.done() for one in loads):
        turn += 1
        await asyncio.sleep(0)
    assert {one.result() == DATA for one in loads} == {True}
    assert max(blocks.values()) <= 5  # four, and one whose turn had begun


async def test_too_many_readers_are_told_to_wait(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await post(h)
    monkeypatch.setattr(limits, "DOWNLOADS_COUNT", 0)
    answer = await h.get(M4A)
    assert (answer.status, answer.json()["code"]) == (503, "busy")


async def test_one_connection_reads_as_players_do(h: House) -> None:
    """Head, then ranges, on a connection that is kept."""
    await post(h)
    reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
    got = b""
    for start in range(0, len(DATA), 200_000):
        writer.write(request(M4A, fields={"Range": f"bytes={start}-{start + 199_999}"}))
        status, fields = await head(reader)
        assert status == 206
        got += await reader.readexactly(int(fields["content-length"]))
    assert got == DATA
    writer.close()
    await writer.wait_closed()
    assert json.loads((await h.get(f"/live/{SPACE}/receipt.json")).body) == {}
