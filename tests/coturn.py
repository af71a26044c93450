"""Debian's coturn on loopback, with the secret that Hustings is given."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

SECRET: Final = "a secret of two servers"
RELAYS_COUNT: Final = 20
needed = pytest.mark.skipif(shutil.which("turnserver") is None, reason="needs coturn")


@dataclass(slots=True)
class Coturn:
    """One server. `lines` is what it says."""

    port: int
    lines: list[str] = field(default_factory=list)

    def url(self, transport: str = "udp") -> str:
        """Its address."""
        return f"turn:127.0.0.1:{self.port}?transport={transport}"


@asynccontextmanager
async def coturn(folder: Path, *, secret: str = SECRET) -> AsyncIterator[Coturn]:
    """A server that relays on loopback only."""
    server = Coturn(_free_port())
    first = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        *("turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--verbose"),
        *("--listening-ip=127.0.0.1", f"--listening-port={server.port}", "--relay-ip=127.0.0.1"),
        *(f"--min-port={first}", f"--max-port={first + RELAYS_COUNT}"),
        *("--use-auth-secret", f"--static-auth-secret={secret}", "--realm=hustings.test"),
        *("--allow-loopback-peers", "--log-file=stdout", f"--pidfile={folder / 'turn.pid'}"),
        f"--userdb={folder / 'turn.db'}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    reading = asyncio.create_task(_read(process, server.lines))
    try:
        async with asyncio.timeout(10):
            while not _listens(server.port):
                assert process.returncode is None, server.lines
                await asyncio.sleep(0.05)
        yield server
    finally:
        process.terminate()
        await process.wait()
        await reading


async def _read(process: asyncio.subprocess.Process, lines: list[str]) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        lines.append(line.decode(errors="replace").rstrip())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
