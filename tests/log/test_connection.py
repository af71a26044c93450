"""Connections to servers that are late, gone, back again, or do not want us."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hustings import limits
from hustings.config import Settings
from hustings.errors import ConfigError, LogAway, NoResponder
from hustings.log import subjects
from hustings.log.connect import connect, prepare
from hustings.log.connection import Connection
from hustings.log.contract import Message
from hustings.log.server import NatsServer
from tests.halting import halt
from tests.log.conftest import Servers
from tests.log.waiting import until
from tests.servers import settings_as


async def _kill(server: NatsServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL


async def test_it_waits_for_a_server_that_is_not_there_yet(servers: Servers) -> None:
    await servers.live.stop()
    connection = Connection(name="early", user="web")
    opening = asyncio.ensure_future(
        connection.open([servers.live.url], password=servers.passwords["web"])
    )
    await asyncio.sleep(0.2)
    assert not opening.done()
    await servers.live.start()
    await asyncio.wait_for(opening, 5)
    assert connection.up
    await connection.close()


async def test_giving_up_waiting_leaves_nothing_behind(servers: Servers) -> None:
    await servers.live.stop()
    connection = Connection(name="impatient", user="web")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await connection.open([servers.live.url], password="p")
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


async def test_a_wrong_password_is_told_at_once(servers: Servers) -> None:
    """Again and again: where a cancellation was lost in the client, it went on trying."""
    settings = settings_as("web", servers.live, servers.log, {"web": "wrong"})
    for _ in range(100):
        async with asyncio.timeout(5):
            with pytest.raises(ConfigError, match="nats_user"):
                await connect(settings, name="test")
    gc.collect()  # a socket that was left open fails this test, and no other


@pytest.mark.parametrize("missing", ["live_servers", "log_servers"])
async def test_settings_without_servers_are_told(missing: str) -> None:
    nowhere = ("nats://127.0.0.1:1",)
    settings = Settings(
        live_servers=() if missing == "live_servers" else nowhere,
        log_servers=() if missing == "log_servers" else nowhere,
    )
    with pytest.raises(ConfigError, match=missing):
        await connect(settings, name="test")


async def test_an_authority_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = Settings(
        live_servers=("tls://127.0.0.1:1",),
        log_servers=("tls://127.0.0.1:1",),
        nats_ca=str(tmp_path / "none.pem"),
    )
    with pytest.raises(ConfigError, match="nats_ca"):
        await connect(settings, name="test")


async def test_a_request_in_flight_fails_when_the_connection_breaks(servers: Servers) -> None:
    _, gate = await servers.role("gate")
    _, stage = await servers.role("stage")
    asked = asyncio.Event()

    async def hang(message: Message) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        return b""

    await stage.serve("stage.aaaa.offer", hang)
    began = time.monotonic()
    asking = asyncio.ensure_future(gate.request("stage.aaaa.offer", b"", timeout=60))
    await asked.wait()
    await _kill(servers.live)
    with pytest.raises(NoResponder):
        await asking
    assert time.monotonic() - began < 5


async def test_subscriptions_and_services_survive_kill_9_of_the_server(servers: Servers) -> None:
    _, stage = await servers.role("stage")
    _, gate = await servers.role("gate")
    _, web = await servers.role("web")
    heard: list[bytes] = []

    async def hear(message: Message) -> None:
        heard.append(message.data)

    async def answer(message: Message) -> bytes:
        return b"here"

    await web.subscribe("live.*.ev", hear)
    await stage.serve("stage.aaaa.offer", answer)
    for _ in range(3):
        await _kill(servers.live)
        await servers.live.start()
        back = time.monotonic()
        heard.clear()
        while not heard:
            await stage.publish("live.aaaa.ev", b"x")
            await asyncio.sleep(0.01)
        assert time.monotonic() - back < 1.0
        assert await gate.request("stage.aaaa.offer", b"", timeout=2) == b"here"


async def test_a_subscription_made_while_the_server_is_away_holds(servers: Servers) -> None:
    _, stage = await servers.role("stage")
    connection = Connection(name="test", user="web")
    await connection.open([servers.live.url], password=servers.passwords["web"])
    heard: list[bytes] = []

    async def hear(message: object) -> None:
        heard.append(b"x")

    await _kill(servers.live)
    await until(lambda: not connection.up)
    async with asyncio.timeout(1):
        subscription = await connection.subscribe("live.*.ev", hear)
    await servers.live.start()
    while not heard:
        await stage.publish("live.aaaa.ev", b"x")
        await asyncio.sleep(0.01)
    await connection.unsubscribe(subscription)
    await connection.unsubscribe(subscription)
    await connection.close()
    await connection.close()


@pytest.mark.parametrize("serving", [False, True])
async def test_a_server_that_dies_while_it_is_subscribed_to_ends_nothing(
    servers: Servers, serving: bool
) -> None:
    _, stage = await servers.role("stage")
    _, gate = await servers.role("gate")
    heard: list[bytes] = []

    async def hear(message: Message) -> None:
        heard.append(message.data)

    async def answer(message: Message) -> bytes:
        heard.append(message.data)
        return b""

    await _stop(servers.live)  # the subscription waits for its answer
    if serving:
        subscribing = asyncio.ensure_future(stage.serve("stage.aaaa.offer", answer))
    else:
        subscribing = asyncio.ensure_future(stage.subscribe("stage.open", hear))
    await asyncio.sleep(0.1)
    assert not subscribing.done()
    await _kill(servers.live)
    await servers.live.start()
    end = await asyncio.wait_for(subscribing, 5)
    while not heard:
        await gate.publish("stage.aaaa.offer" if serving else "stage.open", b"x")
        await asyncio.sleep(0.01)
    await end()


async def test_a_server_that_is_slow_is_waited_for(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.REQUEST_S", 0.1)
    _, stage = await servers.role("stage")
    pid = await _stop(servers.live)
    subscribing = asyncio.ensure_future(stage.subscribe("stage.open", _ignore))
    await asyncio.sleep(0.35)
    assert not subscribing.done()
    os.kill(pid, signal.SIGCONT)
    await asyncio.wait_for(subscribing, 5)


async def _stop(server: NatsServer) -> int:
    assert server.pid is not None
    await halt(server.pid)
    return server.pid


async def _ignore(message: Message) -> None:
    pass


async def test_publishing_never_waits_and_is_bounded_while_the_server_is_away(
    servers: Servers,
) -> None:
    _, stage = await servers.role("stage")
    _, web = await servers.role("web")
    heard: list[int] = []

    async def hear(message: Message) -> None:
        heard.append(int(message.data[:6]))

    await web.subscribe("live.*.ev", hear)
    await _kill(servers.live)
    async with asyncio.timeout(5):
        for i in range(1000):
            await stage.publish("live.aaaa.ev", b"%06d" % i + bytes(10_000))
    await servers.live.start()
    while not heard or heard[-1] != 999_999:
        await stage.publish("live.aaaa.ev", b"999999")
        await asyncio.sleep(0.01)
    held = [number for number in heard if number != 999_999]
    assert len(held) <= limits.LIVE_BUFFER_BYTES // 10_000
    assert getattr(stage, "dropped") >= 1000 - limits.LIVE_BUFFER_BYTES // 10_000  # noqa: B009


async def test_publishing_never_waits_for_a_server_that_does_not_read(servers: Servers) -> None:
    _, stage = await servers.role("stage")
    assert servers.live.pid is not None
    os.kill(servers.live.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(3):
            for _ in range(2000):
                await stage.publish("live.aaaa.mix", bytes(10_000))
                await asyncio.sleep(0)
        assert getattr(stage, "dropped") > 0  # noqa: B009
    finally:
        os.kill(servers.live.pid, signal.SIGCONT)


async def test_a_request_without_a_connection_waits_its_own_time_only(servers: Servers) -> None:
    connection = Connection(name="test", user="web")
    await connection.open([servers.log.url], password=servers.passwords["web"])
    await _kill(servers.log)
    await until(lambda: not connection.up)
    began = time.monotonic()
    with pytest.raises(LogAway):
        await connection.request("$JS.API.STREAM.NAMES", b"", timeout=0.3)
    assert 0.25 < time.monotonic() - began < 2
    asking = asyncio.ensure_future(connection.request("$JS.API.STREAM.NAMES", b"", timeout=10))
    await servers.log.start()
    assert b"streams" in (await asking).data
    await connection.close()


async def test_a_connection_ended_by_the_server_for_good_is_known(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hustings.limits.REQUEST_S", 0.2)
    settings = settings_as("web", servers.live, servers.log, servers.passwords)
    log, _, close = await connect(settings, name="test")
    losing = asyncio.ensure_future(close.lost())
    await asyncio.sleep(0)
    assert not losing.done()
    # A protocol error that this client answers by closing: what a revoked user meets as well.
    await close.log._client._process_err("'user authentication revoked'")
    await asyncio.wait_for(losing, 5)
    with pytest.raises(LogAway):
        await log.spaces()
    await close()


async def test_errors_are_logged_and_not_thrown_about(
    servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    _, web = await servers.role("web")
    await _kill(servers.live)
    with socket.socket() as other:
        # Somebody else answers at the port meanwhile, and not in NATS' words.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", servers.live.port))
        other.listen()
        other.settimeout(5)
        strange, _ = await asyncio.to_thread(other.accept)
        strange.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        strange.close()
    await servers.live.start()
    with pytest.raises(NoResponder):
        await web.request("stage.open", b"", timeout=5)
    assert "Traceback" not in caplog.text


async def test_before_it_is_opened_it_behaves_as_in_an_outage(servers: Servers) -> None:
    settings = settings_as("edge", servers.live, servers.log, servers.passwords)
    log, live, connections = prepare(settings, name="early")
    heard = asyncio.Event()

    async def hear(message: Message) -> None:
        heard.set()

    with pytest.raises(LogAway):
        await log.exists("abcdefghij")
    await live.publish(subjects.crowd("early"), b"nobody gets this")
    subscribing = asyncio.ensure_future(live.subscribe(subjects.crowd("*"), hear))
    await asyncio.sleep(0)
    assert not subscribing.done()
    await connections.open()
    await asyncio.wait_for(subscribing, 5)
    await live.publish(subjects.crowd("early"), b"now")
    await asyncio.wait_for(heard.wait(), 5)
    assert not await log.exists("abcdefghij")
    await connections()


def test_a_role_does_not_load_what_nats_brings_along() -> None:
    code = "import sys, hustings.log.connection; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
