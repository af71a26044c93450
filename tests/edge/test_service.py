"""The service as a role: starts lightly, rests when nothing happens, leaves in good order."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hustings import limits
from hustings.errors import ConfigError
from hustings.space import event as e
from hustings.store.objects import Objects
from tests.edge.house import SPACE, House, events_in, head, house, numbers_in, request
from tests.edge.serving import make_certificate, trusting


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, hustings.edge.service; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "av", "fastapi", "sqlalchemy", "jinja2", "OpenSSL", "nats"}


async def test_stopping_lets_answers_out_and_players_resume(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    await stream.piece()
    edge = h.edges[0]

    async def next_segment() -> int:
        return (await h.get(f"/live/{SPACE}/opus/0.m4s")).status

    waiting = asyncio.create_task(next_segment())
    await h.get("/healthz")  # on a later connection: the other is being waited on by now
    edge.hurry.set()
    edge.stopping.set()
    # Cut without the body's last chunk: the player knows that this was not the end.
    with pytest.raises(asyncio.IncompleteReadError):
        await stream.piece()
    assert await waiting == 503
    async with asyncio.timeout(3):
        await edge.task
    # Newcomers wait at the socket that the supervisor keeps open.
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(request("/healthz"))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert reader is not None


async def test_listeners_are_told_to_move_and_hear_on_until_they_do(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    edge = h.edges[0]
    stream, reader = await h.push(), await h.open(f"/live/{SPACE}/events")
    await stream.upto(lambda data: numbers_in(data) != [])
    edge.stopping.set()
    told = await stream.upto(lambda data: b"within_ms" in data)
    move = next(one for one in events_in(told) if one["type"] == "move")
    assert move["within_ms"] == limits.MOVE_MS
    await reader.upto(lambda data: b'"move"' in data)
    await h.chunk(3)
    heard = await stream.upto(lambda data: 3 in numbers_in(data))
    assert not edge.task.done(), heard
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await h.get("/healthz")  # newcomers wait at the socket for whoever shares it
    await stream.close()
    await reader.close()
    async with asyncio.timeout(2):
        await edge.task


async def test_who_does_not_move_is_cut_off(h: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DRAIN_S", 0.5)
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    stream = await h.push()
    h.edges[0].stopping.set()
    with pytest.raises(asyncio.IncompleteReadError):
        await stream.upto(lambda data: False)
    async with asyncio.timeout(3):
        await h.edges[0].task


async def test_stopping_is_not_kept_up_by_who_asks_meanwhile(h: House) -> None:
    await h.open_with(3)
    await h.until(lambda s: s["n"] == 2)
    edge = h.edges[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(request(f"/live/{SPACE}/door.json"))
    _, fields = await head(reader)
    await reader.readexactly(int(fields["content-length"]))
    await h.log_server.stop()
    # An answer in hand that takes two seconds: the log does not say whether there is such a space.
    busy = asyncio.create_task(h.get("/live/nosuchone1/door.json"))
    await h.get("/healthz")  # on a later connection: the other is being waited on by now
    edge.stopping.set()
    # A connection that rests is ended: its next request is for another edge.
    assert await reader.read() == b""
    async with asyncio.timeout(6):
        await edge.task
    assert (await busy).status == 503
    writer.close()
    await writer.wait_closed()


async def test_an_idle_edge_rests(h: House) -> None:
    await h.open_with(2)
    await h.until(lambda s: s["n"] == 1)
    await h.schedule()
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    await asyncio.sleep(2)
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    assert spent / (time.monotonic() - began) < 0.05


async def test_listeners_over_tls(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path, "listen.example")
    async with house(tmp_path, listen_tls_cert=str(cert), listen_tls_key=str(key)) as h:
        await h.open_with(3)
        reader, writer = await asyncio.open_connection("127.0.0.1", h.port, ssl=trusting())
        writer.write(request(f"/live/{SPACE}/push"))
        await reader.readuntil(b"\r\n\r\n")
        data = b""
        for n in range(3, 8):
            await h.chunk(n)
            while n not in numbers_in(data):
                size = int(await reader.readline(), 16)
                data += await reader.readexactly(size)
                await reader.readexactly(2)
        assert numbers_in(data) == list(range(numbers_in(data)[0], 8))
        version = writer.get_extra_info("ssl_object").version()
        assert version == "TLSv1.3"
        writer.close()
        with contextlib.suppress(ssl.SSLError):  # a chunk was on its way
            await writer.wait_closed()


async def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    path = str(tmp_path / "cert.pem")
    with pytest.raises((ConfigError, ssl.SSLError)) as caught:
        async with house(tmp_path, listen_tls_cert=path, listen_tls_key=path):
            pass
    assert isinstance(caught.value, ConfigError)
    assert caught.value.setting == "listen_tls_cert"


async def test_in_a_hurry_answers_in_hand_are_not_waited_for_long(
    h: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FINISH_S", 0.1)

    async def slow(self: Objects, path: str) -> int | None:
        await asyncio.sleep(4)
        return None

    monkeypatch.setattr(Objects, "size", slow)
    await h.open_with(1)
    await h.end(0)
    await h.event(e.Posted(at_ms=9, by="archive", recording_seconds=2, receipt_sha256="ab" * 32))
    await h.until(lambda s: s["status"] == "posted")
    busy = asyncio.create_task(h.get(f"/live/{SPACE}/replay.m4a"))
    await h.get("/healthz")  # on a later connection: the other is being waited on by now
    began = time.monotonic()
    h.edges[0].hurry.set()
    h.edges[0].stopping.set()
    await h.edges[0].task
    assert time.monotonic() - began < 2
    with pytest.raises(asyncio.IncompleteReadError):
        await busy
