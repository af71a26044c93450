"""The recording is served from the store, whole and by range, while it is posted."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from hustings import limits
from hustings.config import Settings
from hustings.space import event as e
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
