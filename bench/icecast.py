"""The peer Icecast 2, as Debian packages it, and the source client that feeds it.

Its configuration is that of its documentation ("Config File", icecast.org/docs) with what a live
stage would set: no burst, because the burst is what delays a listener; a queue that holds some
seconds; as many clients as come. Access log at its default, off the disk's way in the bench's own
folder. It listens on loopback and gives up root for an unprivileged user.

The source speaks HTTP PUT, as Icecast's documentation asks of source clients since 2.4, and sends
Ogg Opus pages in real time: the packets are those of our own programme.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import pwd
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from bench import packages, programme
from bench.child import Child
from bench.ours import free_port
from hustings.formats import ogg

_PASSWORD: Final = "bench"  # of a server on loopback that lives for minutes
_PACKET_MS: Final = 20
_READY_S: Final = 20.0
CONFIGURATION: Final = """<icecast>
  <limits>
    <clients>{clients}</clients>
    <sources>4</sources>
    <queue-size>524288</queue-size>
    <client-timeout>30</client-timeout>
    <header-timeout>15</header-timeout>
    <source-timeout>3600</source-timeout>
    <burst-on-connect>0</burst-on-connect>
    <burst-size>0</burst-size>
  </limits>
  <authentication>
    <source-password>{password}</source-password>
    <admin-user>admin</admin-user>
    <admin-password>{password}</admin-password>
  </authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <http-headers><header name="Access-Control-Allow-Origin" value="*" /></http-headers>
  <fileserve>0</fileserve>
  <paths>
    <basedir>/usr/share/icecast2</basedir>
    <logdir>{folder}</logdir>
    <webroot>/usr/share/icecast2/web</webroot>
    <adminroot>/usr/share/icecast2/admin</adminroot>
  </paths>
  <logging>
    <accesslog>access.log</accesslog>
    <errorlog>error.log</errorlog>
    <loglevel>2</loglevel>
    <logsize>100000</logsize>
  </logging>
  <security><chroot>0</chroot></security>
</icecast>
"""


class Icecast:
    """A running Icecast. `port` is where it listens."""

    name = "Icecast"

    def __init__(self, child: Child, port: int, version: str) -> None:
        self.child = child
        self.port = port
        self.version = version

    @contextlib.asynccontextmanager
    async def source(self, mount: str, *, page_ms: int) -> AsyncIterator[Source]:
        """A source client on `/mount`, connected and paused."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        right = base64.b64encode(f"source:{_PASSWORD}".encode()).decode()
        writer.write(
            (
                f"PUT /{mount} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {right}\r\n"
                "User-Agent: bench\r\nContent-Type: audio/ogg\r\nIce-Public: 0\r\n"
                "Expect: 100-continue\r\n\r\n"
            ).encode()
        )
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        if not answer.startswith((b"HTTP/1.1 100", b"HTTP/1.0 200", b"HTTP/1.1 200")):
            raise RuntimeError(f"Icecast refuses the source: {answer[:100]!r}")
        made = Source(writer, page_ms=page_ms)
        sending = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            sending.cancel()
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await sending
                await writer.wait_closed()


class Source:
    """A source client: pages of `page_ms` of the programme, in real time while `playing` is set."""

    def __init__(self, writer: asyncio.StreamWriter, *, page_ms: int) -> None:
        self.playing = asyncio.Event()
        self._writer = writer
        self._page_ms = page_ms

    async def run(self) -> None:
        """Send without end."""
        stream = ogg.Stream(serial=1)
        self._writer.write(stream.begin(ogg.head(), ogg.tags(vendor="bench")))
        making = pages(self._page_ms)
        due_s = time.monotonic()
        while True:
            if not self.playing.is_set():
                await self.playing.wait()
                due_s = time.monotonic()
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            self._writer.write(next(making))
            await self._writer.drain()
            due_s += self._page_ms / 1000


def pages(page_ms: int) -> Iterator[bytes]:
    """Pages that last `page_ms` in the mean, each of whole packets."""
    packets = programme.packets()
    sent = number = 0
    while True:
        count = (number + 1) * page_ms // _PACKET_MS - number * page_ms // _PACKET_MS
        body = [packets[(sent + i) % len(packets)] for i in range(count)]
        sent += count
        lacing = b"".join(bytes([255] * (len(one) // 255) + [len(one) % 255]) for one in body)
        yield ogg.page_of(
            flags=0,
            granule=sent * 960,
            serial=1,
            number=number + 2,
            lacing=lacing,
            body=b"".join(body),
        )
        number += 1


@contextlib.asynccontextmanager
async def icecast(folder: Path, *, clients: int) -> AsyncIterator[Icecast]:
    """A running Icecast for that many listeners; `packages.Missing` when it cannot be had."""
    program = packages.need("icecast2", package="icecast2")
    user = pwd.getpwnam("nobody")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    port = free_port()
    configuration = folder / "icecast.xml"
    configuration.write_text(
        CONFIGURATION.format(clients=clients + 50, password=_PASSWORD, port=port, folder=folder)
    )
    child = await Child.start(
        [str(program), "-c", str(configuration)], words=folder / "icecast.txt", user=user.pw_uid
    )
    try:
        await answering(port, child)
        yield Icecast(child, port, version(program, "-v").removeprefix("Icecast "))
    finally:
        await child.stop()


async def answering(port: int, child: Child) -> None:
    """Wait until a server accepts connections."""
    until_s = time.monotonic() + _READY_S
    while time.monotonic() < until_s and child.process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise RuntimeError(f"no answer on port {port}: {child.said()}")


def version(program: Path, flag: str) -> str:
    """What a program says to its version flag."""
    said = subprocess.run([str(program), flag], capture_output=True, text=True, check=False)
    return (said.stdout + said.stderr).strip()
