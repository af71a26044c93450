"""A cache in front: nginx as it is documented, 2,000 listeners' requests, a takeover and a gap. The
edge is asked for each segment once, and afterwards every byte that was kept is the log's truth."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from hustings.chunk import SEGMENT_CHUNKS, Chunk, segment_of, unpack
from hustings.formats import fmp4
from hustings.log.subjects import Kind
from tests.edge.house import SPACE, Answer, House
from tests.formats.validator import parse, problems

NGINX: Final = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
DOCS: Final = Path(__file__).parents[2] / "docs" / "hls.md"
LISTENERS: Final = 2_000
CONNECTIONS: Final = 100  # keep-alive, each with the requests of twenty listeners in a row

pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx")


@dataclass
class Cache:
    """A running nginx. `seen` says what it asked the edge for, and what it got."""

    port: int
    log: Path

    def seen(self) -> Counter[str]:
        """Addresses that were fetched from the edge with success."""
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return Counter(path for path, how, status in lines if how != "HIT" and status == "200")


@pytest.fixture
async def cache(h: House, tmp_path: Path) -> AsyncIterator[Cache]:
    assert NGINX is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path / "nginx"
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(_configuration(folder, port=port, edge=h.port))
    process = await asyncio.create_subprocess_exec(
        *(NGINX, "-c", str(configuration), "-p", str(folder)),
        *("-e", str(folder / "error.log")),
    )
    try:
        async with asyncio.timeout(5):
            while not await _answers(port):
                assert process.returncode is None, (folder / "error.log").read_text()
                await asyncio.sleep(0.02)
        yield Cache(port, folder / "seen.log")
    finally:
        process.terminate()
        await process.wait()


def _configuration(folder: Path, *, port: int, edge: int) -> str:
    """The documented configuration, with this test's places in it."""
    found = re.search(r"```nginx\n(.*?)```", DOCS.read_text(), re.S)
    assert found is not None
    documented = found[1]
    for there, here in (
        ("/var/cache/nginx/hustings", f"{folder}/cache"),
        ("server 127.0.0.1:8001;", f"server 127.0.0.1:{edge};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert there in documented
        documented = documented.replace(there, here)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user}\ndaemon off;\nworker_processes 1;\npid {folder}/pid;\n"
        "events { worker_connections 2048; }\n"
        f"http {{\n{places}keepalive_requests 100000;\n"
        "log_format seen '$request_uri $upstream_cache_status $status';\n"
        f"access_log {folder}/seen.log seen;\n{documented}\n}}\n"
    )


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class Listeners:
    """Some listeners on one connection, each of whom asks for every segment as it comes."""

    def __init__(self, port: int, count: int) -> None:
        self.port = port
        self.count = count
        self.heard: dict[str, set[bytes]] = {}

    async def play(self, segments: range, codec: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for k in segments:
            address = f"/live/{SPACE}/{codec}/{k}.m4s"
            lacking = self.count
            while lacking:
                writer.write(_request(address) * lacking)
                for _ in range(lacking):
                    answer = await read(reader)
                    if answer.status == 200:
                        lacking -= 1
                        self.heard.setdefault(address, set()).add(answer.body)
                    else:
                        assert (answer.status, answer.fields["cache-control"]) == (404, "no-store")
                if lacking:
                    await asyncio.sleep(0.1)
        writer.close()


def _request(address: str) -> bytes:
    return f"GET {address} HTTP/1.1\r\nHost: listen.example\r\n\r\n".encode()


async def read(reader: asyncio.StreamReader) -> Answer:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:] if line)}
    body = await reader.readexactly(int(fields["content-length"]))
    return Answer(int(lines[0].split(" ")[1]), fields, body)


async def stage(h: House, segments: int) -> None:
    """A takeover in the third segment, and a gap that swallows a whole one; then the end."""
    replaced = {15}  # said by a stage that had lost its lease: heard live, and never logged
    lost = set(range(26, 38))
    last = segments * SEGMENT_CHUNKS - 3
    for n in range(last + 1):
        if n not in lost:
            await h.chunk(n, log=n not in replaced, epoch=2 if n > 15 else 1)
        await asyncio.sleep(0.04)
    await h.end(last)


async def truth(h: House) -> dict[int, list[Chunk]]:
    """The log's chunks by segment."""
    found: dict[int, list[Chunk]] = {}
    async for entry in h.stage[0].read(SPACE, {Kind.MIX}):
        one = unpack(entry.data)
        found.setdefault(segment_of(one.n), []).append(one)
    return found


def body(codec: fmp4.Codec, chunks: list[Chunk]) -> bytes:
    return fmp4.segment(codec, [(c.n, c.opus if codec == "opus" else c.aac) for c in chunks])


async def test_every_byte_that_a_cache_keeps_is_true(h: House, cache: Cache) -> None:
    segments = 9
    await h.schedule()
    await h.doors()
    await h.go_live(0)
    await h.chunk(0)
    await h.until(lambda s: s["n"] == 0)
    listeners = [Listeners(cache.port, LISTENERS // CONNECTIONS) for _ in range(CONNECTIONS)]
    playing = [
        asyncio.create_task(one.play(range(segments), "aac" if i % 2 else "opus"))
        for i, one in enumerate(listeners)
    ]
    staging = asyncio.create_task(stage(h, segments))
    # And somebody who asks for what is not there, and for playlists, all the time.
    while not staging.done():
        for name in ("aac/8.m4s", "aac/p50.m4s", "aac/p15.m4s", "index.m3u8", "dvr.m3u8"):
            await h.get(f"/live/{SPACE}/{name}", port=cache.port)
        await asyncio.sleep(0.1)
    await staging
    async with asyncio.timeout(30):
        await asyncio.gather(*playing)
    heard: dict[str, set[bytes]] = {}
    for one in listeners:
        for address, bodies in one.heard.items():
            heard.setdefault(address, set()).update(bodies)
    seen = cache.seen()
    logged = await truth(h)
    for codec in fmp4.CODECS:
        for k in range(segments):
            address = f"/live/{SPACE}/{codec}/{k}.m4s"
            true = body(codec, logged.get(k, []))
            assert heard[address] == {true}, address
            assert seen[address] == 1, address
            kept = await h.get(address, port=cache.port)
            assert kept.body == true
    assert cache.seen() == seen, "all of it was kept"
    assert 15 not in [c.n for c in logged[2]]
    assert 5 not in logged
    await _playlists(h, cache)


async def _playlists(h: House, cache: Cache) -> None:
    """What the cache says of playlists is what the edge says, once a second has passed."""
    async with asyncio.timeout(8):
        while True:
            answer = await h.get(f"/live/{SPACE}/index.m3u8", port=cache.port)
            made = parse(answer.body.decode())
            assert problems(made) == []
            if made.ended:
                break
            await asyncio.sleep(0.2)
    for name in ("index.m3u8", "dvr.m3u8", "aac/init.mp4"):
        through = await h.get(f"/live/{SPACE}/{name}", port=cache.port)
        straight = await h.get(f"/live/{SPACE}/{name}")
        assert through.body == straight.body


async def test_a_blocked_playlist_is_asked_for_once(h: House, cache: Cache) -> None:
    await h.open_with(8)
    await h.go_live(0)
    await h.until(lambda s: s["n"] == 7)
    address = f"/live/{SPACE}/index.m3u8?_HLS_msn=1&_HLS_part=2"
    waiting = [asyncio.create_task(h.get(address, port=cache.port)) for _ in range(40)]
    await asyncio.sleep(0.3)
    await h.chunk(8)
    answers = await asyncio.gather(*waiting)
    assert {a.status for a in answers} == {200}
    assert len({a.body for a in answers}) == 1
    assert cache.seen()[address] == 1
    part = await h.get(f"/live/{SPACE}/aac/p8.m4s", port=cache.port)
    again = await h.get(f"/live/{SPACE}/aac/p8.m4s", port=cache.port)
    assert part.body == again.body
    assert cache.seen()[f"/live/{SPACE}/aac/p8.m4s"] == 1
