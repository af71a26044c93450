"""Everything but the edges is gone: the door still says what is true, and nobody is sent away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.journey.people import Night, night, until

DEAD = ("web-0", "archive-0", "gate-0", "log", "live")
GONE_S = 2.0  # by then a process that is restarted would be back
WAIT_S = 15.0


async def test_the_door_answers_when_all_else_is_down(tmp_path: Path) -> None:
    async with night(tmp_path, restart=False) as now:
        listen_url = now.installation.listen_url
        connections = [one.connections for one in now.crowd]
        for what in DEAD:
            await now.kill(what, back_s=0.2)
            assert not now.back[what]
        await asyncio.sleep(GONE_S)
        assert set(DEAD) & set(now.installation.processes()) == set(), "restarted after all"
        heard = [len(one.heard) for one in now.crowd]
        status, text = await page(f"{listen_url}/s/{now.space}")
        assert (status, "A night of failures" in text) == (200, True)
        # Its sound is silence by now, but its connection is the one it had.
        assert await until(
            lambda: all(len(o.heard) > h + 9 for o, h in zip(now.crowd, heard, strict=True)),
            seconds=WAIT_S,
        )
        assert [one.connections for one in now.crowd] == connections
        # Of a space that was never heard of, nothing can be known now: that is not a 404.
        status, text = await page(f"{listen_url}/s/neverheard")
        assert status == 503
        assert "not available" not in text
        # An edge that is started now knows what the last one kept.
        async with edge_by_hand(now) as again:
            assert await until_answers(f"{again}/healthz")
            status, text = await page(f"{again}/s/{now.space}")
            assert (status, "A night of failures" in text) == (200, True)
            status, _ = await page(f"{again}/s/neverheard")
            assert status == 503


@asynccontextmanager
async def edge_by_hand(now: Night) -> AsyncIterator[str]:
    """An edge with the settings and the spool of the installation's own, which is killed."""
    pid = now.installation.processes()["edge-0"]
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    given = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    for name in ("HUSTINGS_READY_FD", "HUSTINGS_LISTENER_FD", "HUSTINGS_PARENT"):
        given.pop(name, None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    await now.kill("edge-0", back_s=0.2)
    assert not now.back["edge-0"]
    edge = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hustings", "run", "edge"),
        env={**os.environ, **given, "HUSTINGS_LISTEN_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        edge.terminate()
        async with asyncio.timeout(WAIT_S):
            assert await edge.wait() == 0


async def until_answers(url: str) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WAIT_S):
            while True:
                with contextlib.suppress(OSError):
                    if (await page(url))[0] == 200:
                        return True
                await asyncio.sleep(0.05)
    return False


async def page(url: str) -> tuple[int, str]:
    """Status and text of an address."""

    def fetch() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    return await asyncio.to_thread(fetch)
