"""Requests to nginx as the peer is run: counted, and every answer looked at."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.nginx import nginx
from bench.worker import Worker

PLACES = "/usr/sbin:/usr/bin"
pytestmark = pytest.mark.skipif(shutil.which("nginx", path=PLACES) is None, reason="needs nginx")

FIELDS = {"Accept": "*/*"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: the worker of nginx is an unprivileged user, who must reach the files."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        made.chmod(0o711)
        yield made


async def test_every_path_is_asked_for(folder: Path) -> None:
    files = {"/a.m4s": b"a" * 3_000, "/b.m4s": b"b" * 70_000}
    async with nginx(folder, files=files) as peer, Worker("asker") as asking:
        await asking.ask("open", port=peer.port, connections=4, fields=FIELDS)
        before_s = peer.child.cpu_s()
        answer = await asking.ask("run", paths=list(files), requests=400, same=True)
        assert peer.child.cpu_s() > before_s
        heads = answer["bytes"] - 200 * sum(map(len, files.values()))
        assert 400 * 200 < heads < 400 * 600
        held = await asking.ask("hold", path="/b.m4s")
        assert (len(held["at_s"]), held["bodies"]) == (4, 1)
        assert min(held["at_s"]) > 0


async def test_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    async with nginx(folder, files={"/a.m4s": b"a"}) as peer, Worker("asker") as asking:
        await asking.ask("open", port=peer.port, connections=2, fields=FIELDS)
        answer = await asking.ask("run", paths=["/none.m4s"], requests=10, same=True)
        assert "HTTP/1.1 404" in answer["error"]


async def test_a_body_that_changes_is_an_error() -> None:
    count = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                count += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % (count // 8))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Worker("asker") as asking:
            await asking.ask("open", port=port, connections=1, fields=FIELDS)
            given = {"paths": ["/"], "requests": 9}
            assert "error" not in await asking.ask("run", same=False, **given)
            assert "another body" in (await asking.ask("run", same=True, **given))["error"]
