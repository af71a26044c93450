"""Listeners on their way back: they read the past at their own pace, and are nobody's burden."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hustings.edge import push
from hustings.edge.broadcast import Broadcaster
from hustings.edge.forms import Form
from hustings.edge.head import Request
from hustings.edge.http import Outcome
from hustings.edge.programme import Programme
from hustings.edge.push import Push
from hustings.edge.segments import Segments
from hustings.edge.spool import Spool
from hustings.log.memory import MemoryLog
from tests import programme
from tests.edge.house import SPACE, request
from tests.edge.serving import Serving, serving

CHUNKS = 50


@dataclass
class Corridor:
    """A programme of `CHUNKS` chunks behind a server that knows nothing else."""

    programme: Programme
    serving: Serving

    async def come(self, from_ms: int = 0, *, small: bool = False) -> socket.socket:
        """A listener who asks to resume; a `small` one takes a few kilobytes at a time."""
        client = socket.socket()
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", self.serving.port))
        await loop.sock_sendall(client, request(f"/?from={from_ms}"))
        return client


@contextlib.asynccontextmanager
async def corridor(folder: Path) -> AsyncIterator[Corridor]:
    made: list[tuple[Push, Programme]] = []

    def answer(asked: Request) -> Outcome:
        push, heard = made[0]
        return push.admit(heard, Form.AAC, asked, from_ms=int(asked.query["from"]), name="")

    async with serving(answer) as one:
        poller, tasks = one.server.poller, one.tasks
        log = MemoryLog(now_ns=lambda: 0)
        segments = Segments(SPACE, log=log, spool=Spool(folder), tasks=tasks)
        broadcaster = Broadcaster(poller, one.metrics)
        heard = Programme(
            broadcaster=broadcaster,
            metrics=one.metrics,
            segments=segments,
            whole=lambda: [{"type": "listening", "count": 7}],
        )
        made.append((Push(tasks=tasks, poller=poller), heard))
        for n in range(CHUNKS):
            heard.put(programme.chunk(n))
        sending = tasks.create_task(broadcaster.run())
        try:
            yield Corridor(heard, one)
        finally:
            sending.cancel()
            heard.cut()
            await made[0][0].close()


async def received(client: socket.socket, wanted: bytes) -> bytes:
    """What a listener gets up to `wanted`."""
    data = b""
    async with asyncio.timeout(5):
        while wanted not in data:
            got = await asyncio.get_running_loop().sock_recv(client, 65_536)
            assert got, "the stream was cut"
            data += got
    return data


async def test_one_who_leaves_while_the_past_is_being_read_harms_nobody(tmp_path: Path) -> None:
    async with corridor(tmp_path) as c:
        client = await c.come()
        while not c.programme.chasing:
            await asyncio.sleep(0)
        client.close()
        await asyncio.sleep(0.05)
        c.programme.close()  # ended meanwhile: whoever waited would be parked at once
        while c.programme.chasing:
            await asyncio.sleep(0)
        with await c.come() as other:
            assert b"200 OK" in await received(other, b"\r\n\r\n")


async def test_one_who_is_slow_does_not_keep_others_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_CHASES", 1)
    async with corridor(tmp_path) as c:
        c.programme.primed.set()
        with await c.come(small=True) as slow, await c.come() as quick:
            assert (await received(quick, b'"count":7')).count(b"moof") == CHUNKS
            assert c.programme.chasing == 1
            assert (await received(slow, b'"count":7')).count(b"moof") == CHUNKS


async def test_a_socket_that_is_writable_wakes_nobody_who_is_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with corridor(tmp_path) as c:
        c.programme.primed.set()
        wakes, go_on = 0, asyncio.Event()
        ready, history = push._Chaser.ready, c.programme.history

        def counted(self: push._Chaser, mask: int) -> None:
            nonlocal wakes
            wakes += 1
            ready(self, mask)

        async def slow(form: Form, n: int) -> tuple[bytes, int]:
            if n:
                await go_on.wait()
            return await history(form, n)

        monkeypatch.setattr(push._Chaser, "ready", counted)
        monkeypatch.setattr(c.programme, "history", slow)
        with await c.come(small=True) as client:
            while not wakes:
                await asyncio.sleep(0.01)
                with contextlib.suppress(BlockingIOError):
                    client.recv(4_096)
            loop = asyncio.get_running_loop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    while True:
                        await loop.sock_recv(client, 65_536)
            before = wakes
            await asyncio.sleep(0.1)
            assert wakes - before <= 1
            go_on.set()


async def test_one_who_has_missed_nothing_is_told_how_things_are(tmp_path: Path) -> None:
    async with corridor(tmp_path) as c:
        c.programme.primed.set()
        with await c.come(CHUNKS * 320) as client:
            data = await received(client, b'"count":7')
            assert b"moof" not in data
