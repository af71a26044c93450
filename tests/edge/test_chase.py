"""Listeners on their way back: they read the past at their own pace, and are nobody's burden."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from hustings.edge import push
from hustings.edge.forms import Form
from tests.edge.corridor import corridor, received

CHUNKS = 50
FROM = "form=push-aac&from={}"


def told(data: bytes) -> bool:
    """Whether a listener has caught up: it is told how things are."""
    return b'"count":7' in data


async def test_one_who_leaves_while_the_past_is_being_read_harms_nobody(tmp_path: Path) -> None:
    async with corridor(tmp_path, count=CHUNKS, primed=False) as c:
        client = await c.come(FROM.format(0))
        while not c.programme.listening:
            await asyncio.sleep(0)
        client.close()
        await asyncio.sleep(0.05)
        c.programme.close()  # ended meanwhile: whoever waited would be parked at once
        while c.programme.listening:
            await asyncio.sleep(0)
        with await c.come(FROM.format(0)) as other:
            assert b"200 OK" in await received(other, lambda data: b"\r\n\r\n" in data)


async def test_one_who_is_slow_does_not_keep_others_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_CHASES", 1)
    async with corridor(tmp_path, count=CHUNKS) as c:
        with (
            await c.come(FROM.format(0), small=True) as slow,
            await c.come(FROM.format(0)) as quick,
        ):
            assert (await received(quick, told)).count(b"moof") == CHUNKS
            assert c.programme.chasing[1] == 1
            assert (await received(slow, told)).count(b"moof") == CHUNKS


async def test_a_socket_that_is_writable_wakes_nobody_who_is_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with corridor(tmp_path, count=CHUNKS) as c:
        wakes, go_on = 0, asyncio.Event()
        ready, history = push._Chaser.ready, c.programme.history

        def counted(self: push._Chaser, mask: int) -> None:
            nonlocal wakes
            wakes += 1
            ready(self, mask)

        async def slow(form: Form, n: int, *, cadence: int) -> tuple[bytes, int]:
            if n:
                await go_on.wait()
            return await history(form, n, cadence=cadence)

        monkeypatch.setattr(push._Chaser, "ready", counted)
        monkeypatch.setattr(c.programme, "history", slow)
        with await c.come(FROM.format(0), small=True) as client:
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
    async with corridor(tmp_path, count=CHUNKS) as c:
        with await c.come(FROM.format(CHUNKS * 320)) as client:
            data = await received(client, told)
            assert b"moof" not in data
